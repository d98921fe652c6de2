%module work
%inline %{
struct point { int x, y; };
int add(int a, int b) { return a + b; }
%}
