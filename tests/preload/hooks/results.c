/* SPDX-License-Identifier: MIT */
/* What each function returns and does to errno, in every corner. */
#include <dlfcn.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* refknot looks at what the kernel filled in, and only at that. */
static void nowhere(void)
{
	siginfo_t *volatile bad = (siginfo_t *)8;

	if (!fork())
		_exit(3);
	errno = 0;
	CHECK(waitid(P_ALL, 0, bad, WEXITED) == -1 && errno == EFAULT);
	while (waitpid(-1, NULL, 0) > 0)
		;
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

/* Of two pages; what they hold stays. */
static void protections(char *p)
{
	char *q;

	mprotect(p, 8192, PROT_READ | PROT_WRITE);
	p[0] = 8;
	errno = 3;
	CHECK(mprotect(p, 4096, PROT_READ) == 0 && *p == 8 && errno == 3);
	CHECK(pkey_mprotect(p, 4096, PROT_NONE, -1) == 0 && errno == 3);
	CHECK(pkey_mprotect(p, 4096, PROT_READ, -1) == 0 && *p == 8);
	CHECK(madvise(p + 4096, 4096, MADV_DONTNEED) == 0 && !p[4096] &&
	      errno == 3);
	errno = 0;
	CHECK(mprotect(p + 1, 4096, PROT_NONE) == -1 && errno == EINVAL);
	errno = 0;
	CHECK(pkey_mprotect(p, 4096, PROT_NONE, 77) == -1 && errno == EINVAL);
	errno = 0;
	CHECK(madvise(p, 4096, 12345) == -1 && errno == EINVAL);
	errno = 0;
	CHECK(mremap(p + 1, 4096, 4096, 0) == MAP_FAILED && errno == EINVAL);
	errno = 3;
	q = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(mremap(p, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, q) == q &&
	      *q == 8 && errno == 3);
	CHECK(mremap(q, 4096, 8192, MREMAP_MAYMOVE) != MAP_FAILED);
	(void)mmap(p, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		   -1, 0);
	errno = 3;
}

/* Mappings, by both names, whole and in pieces. */
static void mappings(void)
{
	typedef void *map(void *, size_t, int, int, int, off_t);
	const int anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
	map *const maps[] = { mmap, (map *)dlsym(RTLD_DEFAULT, "mmap"),
			      (map *)dlsym(RTLD_DEFAULT, "mmap64") };

	for (int i = 0; i < 3; i++) {
		char *p = maps[i](NULL, 3 * 4096, PROT_READ | PROT_WRITE,
				  anonymous, -1, 0);

		errno = 3;
		p[4096] = 7;
		CHECK(munmap(p, 4096) == 0 && p[4096] == 7 && errno == 3);
		CHECK(maps[i](p, 4096, PROT_READ, anonymous | MAP_FIXED, -1,
			      0) == p &&
		      !*p && errno == 3);
		mprotect(p + 4096, 4096, PROT_NONE);
		protections(p + 4096);
		CHECK(munmap(p, 3 * 4096) == 0 && errno == 3);
		CHECK(munmap(p, 3 * 4096) == 0); /* nothing is there */
		errno = 0;
		CHECK(munmap(p + 1, 4096) == -1 && errno == EINVAL);
		errno = 0;
		CHECK(munmap(p, 0) == -1 && errno == EINVAL);
		errno = 0;
		CHECK(maps[i](NULL, huge, PROT_READ, anonymous, -1, 0) ==
			  MAP_FAILED &&
		      errno == ENOMEM);
		errno = 0;
		CHECK(maps[i](NULL, 4096, PROT_READ, MAP_SHARED, -1, 0) ==
			  MAP_FAILED &&
		      errno == EBADF);
		errno = 0;
		CHECK(maps[i](NULL, 4096, PROT_READ, anonymous, -1, 1) ==
			  MAP_FAILED &&
		      errno == EINVAL);
	}
}

int main(void)
{
	failures();
	nowhere();
	moves();
	alignments();
	usable();
	frees();
	mappings();
	errno = 9;
	free(malloc(33));
	CHECK(errno == 9);
	return 0;
}
