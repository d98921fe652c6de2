int main (string[] args) {
	var list = new GenericArray<string> ();
	for (int i = 0; i < 10; i++)
		list.add ("n%d".printf (i));
	stdout.printf ("%d\n", list.length);
	return 0;
}
