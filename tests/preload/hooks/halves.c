/* SPDX-License-Identifier: MIT */
/*
 * Each block is had by one way and freed by another: by the public names, by
 * glibc's own, and by addresses that the loader told of the C library itself.
 */
#include <dlfcn.h>

#include "hooks.h"

#define WAYS 3

void *__libc_malloc(size_t size);
void *__libc_realloc(void *p, size_t size);
void __libc_free(void *p);

static void *(*mallocs[WAYS])(size_t) = { malloc, __libc_malloc };
static void *(*reallocs[WAYS])(void *, size_t) = { realloc, __libc_realloc };
static void (*frees[WAYS])(void *) = { free, __libc_free };

static NOINLINE void lose_by(void *(*f)(size_t), size_t size)
{
	memset(f(size), 1, size);
}

int main(void)
{
	void *libc = dlopen("libc.so.6", RTLD_NOW);

	*(void **)&mallocs[2] = dlsym(libc, "malloc");
	*(void **)&reallocs[2] = dlvsym(libc, "realloc", "GLIBC_2.2.5");
	*(void **)&frees[2] = dlsym(libc, "free");
	for (int i = 0; i < 100 * WAYS * WAYS * WAYS; i++) {
		char *p = mallocs[i % WAYS]((size_t)i);

		CHECK(p);
		p = reallocs[i / WAYS % WAYS](p, (size_t)i + 100);
		CHECK(p);
		frees[i / WAYS / WAYS % WAYS](p);
	}
	for (size_t i = 0; i < WAYS; i++)
		lose_by(mallocs[i], 101 + i);
	scrub();
	return 0;
}
