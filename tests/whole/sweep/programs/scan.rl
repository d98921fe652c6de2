#include <string.h>
%%{
	machine words;
	main := ( [a-z]+ ' ' )* [0-9]+;
}%%
%% write data;
int run(const char *p)
{
	const char *pe = p + strlen(p);
	int cs;
	%% write init;
	%% write exec;
	return cs;
}
