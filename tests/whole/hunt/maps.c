/* SPDX-License-Identifier: MIT */
/* Mappings at odd places and of odd kinds, and what execve left. */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act.h"

#define PAGE 4096ul
#define MEGA (1ul << 20)

static void *anonymous(void *at, size_t size, int protection, int flags)
{
	return mmap(at, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | flags,
		    -1, 0);
}

static bool fixed(uintptr_t at)
{
	char *p = anonymous((void *)at, MEGA, PROT_READ | PROT_WRITE,
			    MAP_FIXED_NOREPLACE);

	if (p == MAP_FAILED)
		return false;
	p[0] = p[MEGA - 1] = 1;
	return true;
}

/* A file's mapping that goes beyond what is left of the file. */
static bool beyond(int flags)
{
	int fd = open("mapped", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	char *p;

	if (fd < 0 || ftruncate(fd, 16 * PAGE))
		return false;
	p = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (p == MAP_FAILED)
		return false;
	p[0] = p[8 * PAGE] = 1;
	if (ftruncate(fd, 100))
		return false;
	close(fd);
	return true;
}

static bool many(void)
{
	for (int i = 0; i < 1500; i++) {
		char *p = anonymous(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, 0);

		if (p == MAP_FAILED || mprotect(p, PAGE, PROT_READ))
			return false;
		p[PAGE] = 1;
	}
	return true;
}

/* As many as the kernel allows; then all but some are taken away. */
static bool all(void)
{
	size_t count = 0, size = 200000 * PAGE;
	char *p = anonymous(NULL, size, PROT_NONE, MAP_NORESERVE);

	if (p == MAP_FAILED)
		return false;
	while (count < 100000 &&
	       !mprotect(p + 2 * count * PAGE, PAGE, PROT_READ))
		count++;
	free(malloc(1000));
	free(malloc(MEGA));
	if (!count || munmap(p, size))
		return false;
	return true;
}

static bool advised(int advice)
{
	char *p = anonymous(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, 0);

	if (p == MAP_FAILED)
		return false;
	memset(p, 1, 16 * PAGE);
	return !madvise(p, 16 * PAGE, advice);
}

static bool holes(void)
{
	char *p = anonymous(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, 0);

	if (p == MAP_FAILED)
		return false;
	memset(p, 2, 64 * PAGE);
	for (unsigned i = 0; i < 64; i += 2)
		if (i % 4)
			munmap(p + i * PAGE, PAGE);
		else
			mprotect(p + i * PAGE, PAGE, PROT_NONE);
	return true;
}

/* Who touches it waits for ever. */
static bool served_by_nobody(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	char *p = anonymous(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, 0);
	struct uffdio_register range = { .range = { (uintptr_t)p, 16 * PAGE },
					 .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | 1);

	if (fd < 0 || p == MAP_FAILED || ioctl(fd, UFFDIO_API, &api))
		return false;
	return !ioctl(fd, UFFDIO_REGISTER, &range);
}

static bool moved(void)
{
	char *p = anonymous(NULL, MEGA, PROT_READ | PROT_WRITE, 0);

	if (p == MAP_FAILED)
		return false;
	p[5] = 1;
	p = mremap(p, MEGA, 64 * MEGA, MREMAP_MAYMOVE);
	return p != MAP_FAILED && p[5] == 1;
}

static bool keyed(void)
{
	char *p = anonymous(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, 0);
	int key = pkey_alloc(0, 0);

	if (key < 0 || p == MAP_FAILED)
		return false;
	p[0] = 1;
	return !pkey_mprotect(p, 16 * PAGE, PROT_READ | PROT_WRITE, key) &&
	       !pkey_set(key, PKEY_DISABLE_ACCESS);
}

static bool in_memory_file(void)
{
	int fd = memfd_create("m", MFD_CLOEXEC);
	char *p;

	if (fd < 0 || ftruncate(fd, MEGA))
		return false;
	p = mmap(NULL, MEGA, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return false;
	p[MEGA / 2] = 1;
	return true;
}

static bool device(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	char *p = fd < 0 ? MAP_FAILED
			 : mmap(NULL, MEGA, PROT_READ | PROT_WRITE, MAP_PRIVATE,
				fd, 0);

	if (fd >= 0)
		close(fd);
	if (p == MAP_FAILED)
		return false;
	p[100] = 1;
	return true;
}

static bool broken_heap_end(void)
{
	char *p = sbrk(64 << 10);

	if (p == (void *)-1)
		return false;
	memset(p, 3, 64 << 10);
	return true;
}

static bool make(long which)
{
	int all_of = PROT_READ | PROT_WRITE | PROT_EXEC;

	switch (which) {
	case 0:
		return anonymous(NULL, 1ul << 40, PROT_NONE, MAP_NORESERVE) !=
		       MAP_FAILED;
	case 1:
		return anonymous(NULL, 1ul << 45, PROT_READ | PROT_WRITE,
				 MAP_NORESERVE) != MAP_FAILED;
	case 2:
		return fixed(0x10000);
	case 3:
		return fixed(0x10000000000);
	case 4:
		return fixed(0x7ffe0000);
	case 5:
		return beyond(MAP_PRIVATE);
	case 6:
		return beyond(MAP_SHARED);
	case 7:
		return many();
	case 8:
		return all();
	case 9:
		return advised(MADV_DONTFORK);
	case 10:
		return advised(MADV_WIPEONFORK);
	case 11:
		return advised(MADV_FREE);
	case 12:
		return holes();
	case 13:
		return served_by_nobody();
	case 14:
		return moved();
	case 15:
		return keyed();
	case 16:
		return in_memory_file();
	case 17:
		return device("/dev/zero");
	case 18:
		return broken_heap_end();
	case 19:
		return anonymous(NULL, MEGA, all_of, 0) != MAP_FAILED;
	case 20:
		return anonymous(NULL, MEGA, PROT_READ | PROT_WRITE,
				 MAP_GROWSDOWN | MAP_STACK) != MAP_FAILED;
	case 21:
		return !mlockall(MCL_FUTURE) && !munlockall();
	case 22:
		return advised(MADV_HUGEPAGE);
	default:
		return anonymous(NULL, 1ul << 46, PROT_READ, MAP_NORESERVE) !=
		       MAP_FAILED;
	}
}

/* map:WHICH */
void act_do_map(const struct act *a)
{
	act_say("map", make(a->n[0]));
}

/* argv:HOW: the last argument, or all of their text, is not there any more */
void act_do_argv(const struct act *a)
{
	char **last = act_last_argument;

	if (a->n[0]) {
		memset(*last, 'X', strlen(*last));
	} else {
		/* Never anybody else's: what is kept there would be written
		 * over by argv:1. */
		*last = anonymous(NULL, PAGE, PROT_NONE, 0);
	}
}

/* environ:HOW */
void act_do_environ(const struct act *a)
{
	static char *none[1];
	static char path[] = "PATH=/usr/bin:/bin";
	static char *one[] = { path, NULL };
	static char names[40][sizeof("N00=value")];

	switch (a->n[0]) {
	case 0:
		environ = NULL;
		break;
	case 1:
		environ = none;
		break;
	case 2:
		environ = one;
		break;
	case 3:
		act_say("clearenv", clearenv());
		break;
	case 4:
		for (int i = 0; i < 40; i++) {
			strcpy(names[i], "N00=value");
			names[i][1] = (char)('0' + i / 10);
			names[i][2] = (char)('0' + i % 10);
			putenv(names[i]);
		}
		break;
	case 5:
		for (char **e = environ; e && *e; e++)
			memset(*e, 'E', strlen(*e));
		break;
	default:
		unsetenv("LD_PRELOAD");
	}
}
