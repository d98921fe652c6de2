variable i, s = 0, a = Assoc_Type[Integer_Type];
for (i = 0; i < 500; i++) a[string(i)] = i;
foreach i (assoc_get_values(a)) s += i;
message(string(s));
