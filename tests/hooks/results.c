/* SPDX-License-Identifier: MIT */
/* What each function returns and does to errno, in every corner. */
#include <dlfcn.h>
#include <malloc.h>
#include <stdint.h>

#include "hooks.h"

/* As programs linked against a glibc before 2.26 call it. */
void old_cfree(void *p);
__asm__(".symver old_cfree, cfree@GLIBC_2.2.5");

static volatile size_t huge = PTRDIFF_MAX;
static volatile size_t half = SIZE_MAX / 2 + 1;

static int aligned(const void *p, size_t to)
{
	return p && (uintptr_t)p % to == 0;
}

static void failures(void)
{
	char *p;
	void *kept = (void *)8;

	errno = 0;
	CHECK(!malloc(huge) && errno == ENOMEM);
	errno = 0;
	CHECK(!calloc(half, 2) && errno == ENOMEM);
	errno = 0;
	CHECK(!calloc(half, 4) && errno == ENOMEM);
	errno = 0;
	CHECK(!reallocarray(NULL, half, 2) && errno == ENOMEM);
	errno = 0;
	p = strcpy(malloc(30), "kept");
	CHECK(!realloc(p, huge) && errno == ENOMEM);
	CHECK(!strcmp(p, "kept"));
	errno = 0;
	CHECK(!reallocarray(p, half, 2) && errno == ENOMEM);
	CHECK(!strcmp(p, "kept"));
	free(p);
	errno = 7;
	CHECK(posix_memalign(&kept, 3, 8) == EINVAL && kept == (void *)8);
	CHECK(posix_memalign(&kept, 4, 8) == EINVAL && kept == (void *)8);
	CHECK(posix_memalign(&kept, 64, huge) == ENOMEM && kept == (void *)8);
	errno = 0;
	CHECK(!aligned_alloc(64, huge) && errno == ENOMEM);
	errno = 0;
	CHECK(!pvalloc(huge) && errno == ENOMEM);
}

static void moves(void)
{
	char *p = strcpy(malloc(24), "moved"), *small, *fence;

	p = realloc(p, 24);
	CHECK(!strcmp(p, "moved"));
	fence = malloc(24);
	p = realloc(p, 1 << 20);
	CHECK(!strcmp(p, "moved"));
	p = realloc(p, 4 << 20);
	CHECK(!strcmp(p, "moved"));
	small = realloc(p, 16);
	CHECK(!strcmp(small, "moved"));
	CHECK(!realloc(small, 0));
	free(fence);
	p = realloc(NULL, 40);
	CHECK(p && malloc_usable_size(p) >= 40);
	p = reallocarray(p, 10, 10);
	CHECK(p && malloc_usable_size(p) >= 100);
	free(p);
}

static void alignments(void)
{
	void *p = NULL;

	for (size_t to = 8; to <= 1 << 16; to *= 2) {
		if (posix_memalign(&p, to, 10) || !aligned(p, to))
			printf("NO: posix_memalign %zu\n", to);
		free(p);
		p = memalign(to, 10);
		if (!aligned(p, to))
			printf("NO: memalign %zu\n", to);
		free(p);
	}
	p = valloc(10);
	CHECK(aligned(p, 4096));
	free(p);
	p = pvalloc(10);
	CHECK(aligned(p, 4096) && malloc_usable_size(p) >= 4096);
	free(p);
	p = aligned_alloc(256, 256);
	CHECK(aligned(p, 256));
	free(p);
	p = calloc(3, 100);
	CHECK(!memcmp(p, (char[300]){ 0 }, 300));
	free(p);
}

/* Same sizes as without refknot: it adds no header. */
static void usable(void)
{
	for (size_t size = 0; size < 300; size += 7) {
		void *p = malloc(size);

		printf("%zu of %zu\n", malloc_usable_size(p), size);
		free(p);
	}
	CHECK(malloc_usable_size(NULL) == 0);
}

static void frees(void)
{
	void (*sized)(void *, size_t);
	void (*aligned_sized)(void *, size_t, size_t);

	free(NULL);
	errno = 5;
	free(malloc(10));
	CHECK(errno == 5);
	free(malloc(1 << 20));
	CHECK(errno == 5);
	*(void **)&sized = dlsym(RTLD_DEFAULT, "free_sized");
	*(void **)&aligned_sized = dlsym(RTLD_DEFAULT, "free_aligned_sized");
	if (sized)
		sized(malloc(10), 10);
	if (aligned_sized)
		aligned_sized(aligned_alloc(64, 64), 64, 64);
	old_cfree(malloc(10));
	puts("yes: freed");
}

int main(void)
{
	failures();
	moves();
	alignments();
	usable();
	frees();
	errno = 9;
	free(malloc(33));
	CHECK(errno == 9);
	return 0;
}
