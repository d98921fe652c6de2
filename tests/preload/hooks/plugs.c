/* SPDX-License-Identifier: MIT */
/*
 * Opens the plug-in of argument 1, with RTLD_DEEPBIND and the flag that argument
 * 2 names, or ("apart") in a namespace of its own. Memory goes both ways.
 */
#include <dlfcn.h>

#include <stdbool.h>

#include "hooks.h"

static void *open_it(const char *path, const char *how)
{
	if (strcmp(how, "apart") == 0)
		return dlmopen(LM_ID_NEWLM, path, RTLD_NOW);
	return dlopen(path, RTLD_DEEPBIND |
				(strcmp(how, "lazy") ? RTLD_NOW : RTLD_LAZY));
}

int main(int argc, char **argv)
{
	bool both = argc > 3; /* the two share their allocator */
	void *plug = open_it(argv[1], argv[2]);
	char *(*takes)(char *), *(*gives)(size_t);
	void (*loses)(void), (*frees)(char *);
	char *strings[100];

	if (!plug)
		return 1;
	*(void **)&takes = dlsym(plug, "plug_takes");
	*(void **)&gives = dlsym(plug, "plug_gives");
	*(void **)&loses = dlsym(plug, "plug_loses");
	*(void **)&frees = dlsym(plug, "plug_frees");
	for (int i = 0; i < 100; i++)
		strings[i] = both ? strdup("of the host's") : gives(14);
	for (int i = 0; i < 100; i++)
		takes(strings[i]);
	for (int i = 0; i < 100; i++)
		strings[i] = gives(500);
	for (int i = 0; i < 100; i++)
		both ? free(strings[i]) : frees(strings[i]);
	loses();
	lose(444);
	scrub();
	printf("%d\n", takes(NULL) != NULL);
	return 0;
}
