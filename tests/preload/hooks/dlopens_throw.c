/* SPDX-License-Identifier: MIT */
/* C that opens a C++ library (argument 1), which throws, and closes it. */
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
	int (*function)(void);

	if (!library)
		return 1;
	*(void **)&function = dlsym(library, "throw_and_catch");
	printf("%d caught\n", function());
	dlclose(library);
	printf("%p\n", dlsym(RTLD_DEFAULT, "throw_and_catch"));
	return 0;
}
