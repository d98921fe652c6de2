/* SPDX-License-Identifier: MIT */
/*
 * refknot-tutorial(7), reading a stack: all memory comes from xmalloc(), as in
 * many programs. Two functions copy text; one of their callers forgets it.
 *
 *     cc -g first_stack.c -o first_stack
 *
 * refknot: leak 2 objects, 16 bytes, in xmalloc
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *xmalloc(size_t size)
{
	void *p = malloc(size);

	if (!p)
		abort();
	return p;
}

static char *copy(const char *text)
{
	return strcpy(xmalloc(strlen(text) + 1), text);
}

static void print_title(const char *text)
{
	char *title = copy(text);

	title[0] = 'T';
	puts(title);
	free(title);
}

static void print_line(const char *text)
{
	char *line = copy(text);

	if (line[0] == '#')
		return; /* a comment: nothing to print */
	puts(line);
	free(line);
}

int main(void)
{
	static const char *const lines[] = { "# fruit", "apples", "# herbs" };

	print_title("the list");
	for (int i = 0; i < 3; i++)
		print_line(lines[i]);
	return 0;
}
