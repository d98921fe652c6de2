/* SPDX-License-Identifier: MIT */
/*
 * A plug-in that is opened so that it finds the C library's own malloc loses
 * three blocks.
 * expect: leak 3 objects 300 bytes in main
 * lsan: refknot is right: LeakSanitizer does not see what that plug-in
 *   allocates
 */
#include <dlfcn.h>

#include "truth.h"

int main(int argc, char **argv)
{
	void *library = dlopen(argv[1], RTLD_NOW | RTLD_DEEPBIND);
	void (*lose)(void);

	(void)argc;
	if (!library)
		abort();
	*(void **)&lose = dlsym(library, "library_lose");
	for (int i = 0; i < 3; i++)
		lose();
	scrub();
	return 0;
}
