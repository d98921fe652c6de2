%{
#include <stdio.h>
int yylex(void); void yyerror(const char *s) { puts(s); }
%}
%token NUM
%left '+' '-'
%left '*' '/'
%%
line: expr '\n' { printf("%d\n", $1); } ;
expr: NUM | expr '+' expr { $$ = $1 + $3; } | expr '*' expr { $$ = $1 * $3; }
    | '(' expr ')' { $$ = $2; } ;
%%
