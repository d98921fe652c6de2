static const char *lex(const char *s)
{
	/*!re2c
	re2c:define:YYCTYPE = "unsigned char";
	re2c:define:YYCURSOR = s;
	re2c:yyfill:enable = 0;
	[0-9]+ { return "number"; }
	[a-z]+ { return "word"; }
	* { return "other"; }
	*/
}
