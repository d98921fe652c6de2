/* SPDX-License-Identifier: MIT */
/*
 * tables LOG: blocks whose first words lead to tables of functions, and some
 * whose first words lead to other things in the program.  LOG gets the address
 * of each and what is right: a table's name, "place" for one that has none in a
 * stripped program, or "-" for no name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct methods {
	int (*open)(int);
	int (*shut)(int);
	void *data;
};

struct driver {
	const char *name;
	int (*probe)(int);
	int (*remove)(int);
};

struct node {
	struct node *next;
	int (*visit)(int);
};

static int half(int x)
{
	return x / 2;
}

static int twice(int x)
{
	return x * 2;
}

const struct methods file_methods = { half, twice, NULL };
struct methods changed_methods = { twice, half, NULL };
const struct driver disk_driver = { "disk", half, twice };
struct node nodes = { &nodes, half };
const int primes[] = { 2, 3, 5, 7 };
struct methods empty_methods; /* in memory that no file has */
const char *const names[] = { "one", "two" };

static FILE *told;
void *kept[32];

static void *keep(const void *first, const char *right)
{
	static unsigned count;
	const void **block = calloc(4, sizeof(*block));

	block[0] = first;
	kept[count++] = block;
	fprintf(told, "%p %s\n", (void *)block, right);
	return block;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 1;
	told = fopen(argv[1], "w");
	if (!told)
		return 1;
	changed_methods.data = told;
	keep(&file_methods, "file_methods");
	keep(&changed_methods, "changed_methods");
	keep(&disk_driver, "disk_driver");
	keep(&nodes, "-");
	keep(primes, "-");
	keep(&empty_methods, "-");
	keep(names, "-");
	keep("a string", "-");
	keep("6\x11@", "-"); /* where a program may have its code */
	keep((const char *)&primes[1], "-");
	keep((const char *)&file_methods + 8, "file_methods+0x8");
	keep((const char *)&file_methods + 1, "-");
	keep((const void *)half, "-");
	keep(told, "-");
	fclose(told);
	_exit(0);
}
