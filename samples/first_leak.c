/* SPDX-License-Identifier: MIT */
/*
 * refknot-tutorial(7), your first leak: it greets three people, and forgets
 * one of the two blocks that each greeting takes.
 *
 *     cc -g first_leak.c -o first_leak
 *
 * refknot: leak 3 objects, 72 bytes, in greeting_for
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct greeting {
	const char *name;
	int letters;
	char *text;
};

static struct greeting *greeting_for(const char *name)
{
	struct greeting *g = malloc(sizeof(*g));

	g->name = name;
	g->letters = (int)strlen(name);
	g->text = malloc(32);
	snprintf(g->text, 32, "Hello, %s!", name);
	return g;
}

static void greet(const char *name)
{
	struct greeting *g = greeting_for(name);

	puts(g->text);
	free(g->text);
}

int main(void)
{
	static const char *const names[] = { "Ada", "Grace", "Barbara" };

	for (int i = 0; i < 3; i++)
		greet(names[i]);
	return 0;
}
