/* SPDX-License-Identifier: MIT */
/*
 * Mappings that the program makes and unmaps itself: see gone.h and mapped.h; and
 * what else makes memory unreadable: see seals.h.
 */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <refknot/format.h>

#include "compiler.h"
#include "contexts.h"
#include "gone.h"
#include "mapped.h"
#include "mappings.h"
#include "real.h"
#include "seals.h"

#define HERE __builtin_frame_address(0)

/* Something else is there instead. */
static void replacing(int flags)
{
	if (flags & MAP_FIXED)
		seals_change();
}

static uint32_t kind_of(const void *at, int access, int flags)
{
	return (at ? RKN_MAPPED_NEAR : 0) |
	       ((flags & MAP_ANONYMOUS) ? 0 : RKN_MAPPED_FILE) |
	       ((flags & MAP_TYPE) == MAP_PRIVATE ? 0 : RKN_MAPPED_SHARED) |
	       (access == PROT_NONE ? RKN_MAPPED_HIDDEN : 0) |
	       ((flags & MAP_FIXED) ? RKN_MAPPED_FIXED : 0);
}

static void *noted(void *p, const void *at, size_t size, int access, int flags,
		   const void *frame)
{
	replacing(flags);
	if (p == MAP_FAILED)
		return p;
	contexts_forget(ADDRESS(p), ADDRESS(p) + size);
	gone_mapped(ADDRESS(p), size,
		    (flags & MAP_TYPE) == MAP_PRIVATE &&
			flags & MAP_ANONYMOUS && access & PROT_WRITE);
	mapped_add(ADDRESS(p), size, kind_of(at, access, flags), frame);
	return p;
}

/* The two are the same in the C library; a library between may have one. */
CLEAN_ALL EXPORT void *mmap64(void *at, size_t size, int access, int flags,
			      int fd, off64_t offset)
{
	real_resolve();
	replacing(flags);
	return noted(real.mmap64(at, size, access, flags, fd, offset), at, size,
		     access, flags, HERE);
}

/* The headers make mmap() a call of mmap64(). */
EXPORT void *mappings_mmap(void *at, size_t size, int access, int flags, int fd,
			   off64_t offset) __asm__("mmap");
CLEAN_ALL EXPORT void *mappings_mmap(void *at, size_t size, int access,
				     int flags, int fd, off64_t offset)
{
	real_resolve();
	replacing(flags);
	return noted(real.mmap(at, size, access, flags, fd, offset), at, size,
		     access, flags, HERE);
}

CLEAN_ALL EXPORT int munmap(void *p, size_t size)
{
	const uint64_t since = mapped_moment();
	int result;

	real_resolve();
	gone_unmapping(ADDRESS(p), size);
	contexts_forget(ADDRESS(p), ADDRESS(p) + size);
	seals_change();
	result = real.munmap(p, size);
	seals_change();
	if (!result)
		mapped_remove(ADDRESS(p), size, since);
	return result;
}

EXPORT int mprotect(void *p, size_t size, int access)
{
	int result;

	real_resolve();
	if (access & PROT_READ)
		return real.mprotect(p, size, access);
	seals_change();
	result = real.mprotect(p, size, access);
	seals_change();
	return result;
}

EXPORT int pkey_mprotect(void *p, size_t size, int access, int key)
{
	real_resolve();
	seals_use_keys();
	return real.pkey_mprotect(p, size, access, key);
}

EXPORT int madvise(void *p, size_t size, int advice)
{
	int result;

	real_resolve();
	if (advice != SEALS_GUARD)
		return real.madvise(p, size, advice);
	seals_change();
	result = real.madvise(p, size, advice);
	seals_change();
	return result;
}

static void moved(uint64_t from, uint64_t size, uint64_t wanted, int flags,
		  uint64_t to, uint64_t since, const void *frame)
{
	uint32_t kind = 0;

	/* Without a size it is another mapping of the same shared memory. */
	if (!size)
		kind = RKN_MAPPED_SHARED;
	else if (!(flags & MREMAP_DONTUNMAP))
		kind = mapped_remove(from, size, since);
	mapped_add(to, wanted,
		   (kind & ~(uint32_t)RKN_MAPPED_FIXED) |
		       ((flags & MREMAP_FIXED) ? RKN_MAPPED_FIXED : 0),
		   frame);
}

/* The fifth argument is there or not; the next function knows. */
EXPORT void *mappings_mremap(void *p, size_t size, size_t wanted, int flags,
			     void *to) __asm__("mremap");
CLEAN_ALL EXPORT void *mappings_mremap(void *p, size_t size, size_t wanted,
				       int flags, void *to)
{
	const uint64_t since = mapped_moment();
	void *result;

	real_resolve();
	seals_change();
	result = real.mremap(p, size, wanted, flags, to);
	seals_change();
	if (result != MAP_FAILED)
		moved(ADDRESS(p), size, wanted, flags, ADDRESS(result), since,
		      HERE);
	return result;
}

/* What malloc asks for does not come here. */
CLEAN_ALL EXPORT void *sbrk(intptr_t more)
{
	void *before;

	real_resolve();
	before = real.sbrk(more);
	if (more && before != (void *)-1)
		mapped_break(ADDRESS(before), ADDRESS(before) + (uint64_t)more,
			     HERE);
	return before;
}

CLEAN_ALL EXPORT int brk(void *to)
{
	uint64_t before = sys_break();
	int result;

	real_resolve();
	result = real.brk(to);
	/* What is not to be had leaves the break where it is, and is no failure
	 * if it is 0. */
	if (!result)
		mapped_break(before, sys_break(), HERE);
	return result;
}

void mappings_called(long number, const long *a, long result, uint64_t since,
		     const void *frame)
{
	if (result == -1)
		return;
	if (number == SYS_mmap)
		mapped_add((uint64_t)result, (uint64_t)a[1],
			   kind_of((const void *)a[0], (int)a[2], (int)a[3]),
			   frame);
	else if (number == SYS_munmap)
		mapped_remove((uint64_t)a[0], (uint64_t)a[1], since);
	else if (number == SYS_mremap)
		moved((uint64_t)a[0], (uint64_t)a[1], (uint64_t)a[2], (int)a[3],
		      (uint64_t)result, since, frame);
}
