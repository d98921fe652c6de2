/* SPDX-License-Identifier: MIT */
/*
 * Mappings that the program makes and unmaps itself: see gone.h and mapped.h; and
 * what else makes memory unreadable: see seals.h.
 */
#include <sys/mman.h>
#include <unistd.h>

#include <refknot/format.h>

#include "compiler.h"
#include "contexts.h"
#include "gone.h"
#include "mapped.h"
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
EXPORT void *mmap64(void *at, size_t size, int access, int flags, int fd,
		    off64_t offset)
{
	real_resolve();
	replacing(flags);
	return noted(real.mmap64(at, size, access, flags, fd, offset), at, size,
		     access, flags, HERE);
}

/* The headers make mmap() a call of mmap64(). */
EXPORT void *mappings_mmap(void *at, size_t size, int access, int flags, int fd,
			   off64_t offset) __asm__("mmap");
EXPORT void *mappings_mmap(void *at, size_t size, int access, int flags, int fd,
			   off64_t offset)
{
	real_resolve();
	replacing(flags);
	return noted(real.mmap(at, size, access, flags, fd, offset), at, size,
		     access, flags, HERE);
}

EXPORT int munmap(void *p, size_t size)
{
	struct mapped_cut cut;
	int result;

	real_resolve();
	gone_unmapping(ADDRESS(p), size);
	contexts_forget(ADDRESS(p), ADDRESS(p) + size);
	mapped_remove(ADDRESS(p), size, &cut);
	seals_change();
	result = real.munmap(p, size);
	seals_change();
	if (result)
		mapped_undo(ADDRESS(p), size, &cut);
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
	struct mapped_cut cut = { 0 };
	void *result;

	real_resolve();
	if (!(flags & MREMAP_DONTUNMAP))
		mapped_remove(ADDRESS(p), size, &cut);
	seals_change();
	result = real.mremap(p, size, wanted, flags, to);
	seals_change();
	if (result == MAP_FAILED)
		mapped_undo(ADDRESS(p), size, &cut);
	else
		mapped_add(ADDRESS(result), wanted,
			   (cut.flags & ~(uint32_t)RKN_MAPPED_FIXED) |
			       ((flags & MREMAP_FIXED) ? RKN_MAPPED_FIXED : 0),
			   HERE);
	return result;
}

/* What malloc asks for does not come here. */
EXPORT void *sbrk(intptr_t more)
{
	void *before;

	real_resolve();
	before = real.sbrk(more);
	if (more && before != (void *)-1)
		mapped_break(ADDRESS(before), ADDRESS(before) + (uint64_t)more,
			     HERE);
	return before;
}

EXPORT int brk(void *to)
{
	uint64_t before = sys_break();
	int result;

	real_resolve();
	result = real.brk(to);
	if (!result)
		mapped_break(before, ADDRESS(to), HERE);
	return result;
}
