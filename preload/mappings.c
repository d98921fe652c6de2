/* SPDX-License-Identifier: MIT */
/* Mappings that the program makes and unmaps itself: see gone.h. */
#include <stdint.h>
#include <sys/mman.h>

#include "compiler.h"
#include "contexts.h"
#include "gone.h"
#include "real.h"

static void *noted(void *p, size_t size, int access, int flags)
{
	if (p != MAP_FAILED)
		contexts_forget((uint64_t)(uintptr_t)p,
				(uint64_t)(uintptr_t)p + size);
	if (p != MAP_FAILED)
		gone_mapped((uint64_t)(uintptr_t)p, size,
			    (flags & MAP_TYPE) == MAP_PRIVATE &&
				flags & MAP_ANONYMOUS && access & PROT_WRITE);
	return p;
}

/* The two are the same in the C library; a library between may have one. */
EXPORT void *mmap64(void *at, size_t size, int access, int flags, int fd,
		    off64_t offset)
{
	real_resolve();
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
	return noted(real.mmap(at, size, access, flags, fd, offset), size,
		     access, flags);
}

EXPORT int munmap(void *p, size_t size)
{
	real_resolve();
	gone_unmapping((uint64_t)(uintptr_t)p, size);
	contexts_forget((uint64_t)(uintptr_t)p, (uint64_t)(uintptr_t)p + size);
	return real.munmap(p, size);
}
