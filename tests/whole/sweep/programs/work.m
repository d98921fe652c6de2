a = reshape(1:400, 20, 20); printf("%d %d\n", trace(a * a), rank(a));
s = struct("k", {{1, 2, 3}}); printf("%d\n", numel(s.k));
printf("%s\n", strjoin(cellfun(@(x) upper(x), {"a", "b"}, "UniformOutput", false), "-"));
