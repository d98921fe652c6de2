/* SPDX-License-Identifier: MIT */
/*
 * Mappings that the program makes and unmaps itself: see gone.h; and what else
 * makes memory unreadable: see seals.h.
 */
#include <sys/mman.h>

#include "compiler.h"
#include "contexts.h"
#include "gone.h"
#include "real.h"
#include "seals.h"

/* Something else is there instead. */
static void replacing(int flags)
{
	if (flags & MAP_FIXED)
		seals_change();
}

static void *noted(void *p, size_t size, int access, int flags)
{
	replacing(flags);
	if (p != MAP_FAILED)
		contexts_forget(ADDRESS(p), ADDRESS(p) + size);
	if (p != MAP_FAILED)
		gone_mapped(ADDRESS(p), size,
			    (flags & MAP_TYPE) == MAP_PRIVATE &&
				flags & MAP_ANONYMOUS && access & PROT_WRITE);
	return p;
}

/* The two are the same in the C library; a library between may have one. */
EXPORT void *mmap64(void *at, size_t size, int access, int flags, int fd,
		    off64_t offset)
{
	real_resolve();
	replacing(flags);
	return noted(real.mmap64(at, size, access, flags, fd, offset), size,
		     access, flags);
}

/* The headers make mmap() a call of mmap64(). */
EXPORT void *mappings_mmap(void *at, size_t size, int access, int flags, int fd,
			   off64_t offset) __asm__("mmap");
EXPORT void *mappings_mmap(void *at, size_t size, int access, int flags, int fd,
			   off64_t offset)
{
	real_resolve();
	replacing(flags);
	return noted(real.mmap(at, size, access, flags, fd, offset), size,
		     access, flags);
}

EXPORT int munmap(void *p, size_t size)
{
	int result;

	real_resolve();
	gone_unmapping(ADDRESS(p), size);
	contexts_forget(ADDRESS(p), ADDRESS(p) + size);
	seals_change();
	result = real.munmap(p, size);
	seals_change();
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

/* The fifth argument is there or not; the next function knows. */
EXPORT void *mappings_mremap(void *p, size_t size, size_t wanted, int flags,
			     void *to) __asm__("mremap");
EXPORT void *mappings_mremap(void *p, size_t size, size_t wanted, int flags,
			     void *to)
{
	void *result;

	real_resolve();
	seals_change();
	result = real.mremap(p, size, wanted, flags, to);
	seals_change();
	return result;
}
