/* SPDX-License-Identifier: MIT */
#include "real.h"

#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <string.h>

#include "aside.h"
#include "bypass.h"
#include "compiler.h"
#include "dynamic.h"
#include "environment.h"
#include "image.h"
#include "leftovers.h"
#include "libc.h"
#include "skipped.h"
#include "sys.h"
#include "text.h"

/*
 * glibc's own allocator, by its public names. They are looked up in the C
 * library and not bound: what others bind to these names is refknot's.
 */
static struct real_family libc_own;

static bool resolving, glibc = true, alone = true;

/* For C libraries that lack it: the same by what they have. */
static int own_posix_memalign(void **p, size_t alignment, size_t size)
{
	void *q;

	if (!alignment || alignment % sizeof(void *) ||
	    (alignment & (alignment - 1)))
		return EINVAL;
	q = real.memalign(alignment, size);
	if (!q)
		return ENOMEM;
	*p = q;
	return 0;
}

static void *address_of(long p)
{
	if (p > -4096 && p < 0) {
		libc_errno = (int)-p;
		return (void *)-1;
	}
	return (void *)p;
}

/* Until the C library's is known. */
static void *own_mmap(void *at, size_t size, int access, int flags, int fd,
		      int64_t offset)
{
	return address_of(sys_mapping(at, size, access, flags, fd, offset));
}

static int answer(long error)
{
	if (error >= 0)
		return (int)error;
	libc_errno = (int)-error;
	return -1;
}

static int own_munmap(void *p, size_t size)
{
	return answer(sys_unmapping(p, size));
}

static int own_mprotect(void *p, size_t size, int access)
{
	return answer(sys_protecting(p, size, access));
}

static int own_pkey_mprotect(void *p, size_t size, int access, int key)
{
	return answer(sys_keying(p, size, access, key));
}

static void *own_mremap(void *p, size_t size, size_t wanted, int flags,
			void *to)
{
	return address_of(sys_moving(p, size, wanted, flags, to));
}

static int own_madvise(void *p, size_t size, int advice)
{
	return answer(sys_advise(p, size, advice));
}

static void own_exit(int status)
{
	sys_exit(status);
}

/* The first call of any hook: find the allocator, then ask it. */
#define FIRST(name, parameters, arguments)                                     \
	static void *first_##name parameters                                   \
	{                                                                      \
		real_resolve();                                                \
		return real.name arguments;                                    \
	}
FIRST(malloc, (size_t size), (size))
FIRST(calloc, (size_t n, size_t size), (n, size))
FIRST(realloc, (void *p, size_t size), (p, size))
FIRST(aligned_alloc, (size_t alignment, size_t size), (alignment, size))
FIRST(memalign, (size_t alignment, size_t size), (alignment, size))
FIRST(valloc, (size_t size), (size))
FIRST(pvalloc, (size_t size), (size))

static void first_free(void *p)
{
	real_resolve();
	real.free(p);
}

static size_t first_usable_size(void *p)
{
	real_resolve();
	return real.usable_size != first_usable_size ? real.usable_size(p) : 0;
}

static long first_syscall(long number, long a, long b, long c, long d, long e,
			  long f)
{
	real_resolve();
	return real_syscall(number, a, b, c, d, e, f);
}

long (*real_syscall)(long, long, long, long, long, long, long) = first_syscall;

void *real_swapcontext, *real_setcontext;
struct real_family real_private;
struct real real = {
	.malloc = first_malloc,
	.calloc = first_calloc,
	.realloc = first_realloc,
	.free = first_free,
	.usable_size = first_usable_size,
	.posix_memalign = own_posix_memalign,
	.aligned_alloc = first_aligned_alloc,
	.memalign = first_memalign,
	.valloc = first_valloc,
	.pvalloc = first_pvalloc,
	.mmap = own_mmap,
	.mmap64 = own_mmap,
	.munmap = own_munmap,
	.mprotect = own_mprotect,
	.pkey_mprotect = own_pkey_mprotect,
	.madvise = own_madvise,
	.mremap = own_mremap,
	.exit_now = own_exit,
	.exit_now2 = own_exit,
};

/* The C library's other names for its own. */
static const struct {
	char name[sizeof("__libc_memalign")];
	uint8_t member; /* offset in struct real_family */
} private_names[] = {
	{ "__libc_malloc", offsetof(struct real_family, malloc) },
	{ "__libc_calloc", offsetof(struct real_family, calloc) },
	{ "__libc_realloc", offsetof(struct real_family, realloc) },
	{ "__libc_free", offsetof(struct real_family, free) },
	{ "__libc_memalign", offsetof(struct real_family, memalign) },
	{ "__libc_valloc", offsetof(struct real_family, valloc) },
	{ "__libc_pvalloc", offsetof(struct real_family, pvalloc) },
};
#define PRIVATE_NAMES (sizeof(private_names) / sizeof(*private_names))

static void *private_member(struct real_family *f, size_t i)
{
	return (char *)f + private_names[i].member;
}

static COLD void find_in_libc(const struct dynamic *d, const char *name,
			      void *member)
{
	const ElfW(Sym) *s = dynamic_find(d, name);

	if (s && !*(void **)member)
		WRITE_ONCE(*(uint64_t *)member, d->base + s->st_value);
}

/* What is known stays: bypass_close() changes what the table says. */
static COLD void find_libc(void)
{
	const struct link_map *map = dynamic_libc();
	struct dynamic d;

	if (!map || !dynamic_read(&d, map))
		return;
	for (size_t i = 0; i < PRIVATE_NAMES; i++)
		find_in_libc(&d, private_names[i].name,
			     private_member(&libc_own, i));
	find_in_libc(&d, "posix_memalign", &libc_own.posix_memalign);
	find_in_libc(&d, "aligned_alloc", &libc_own.aligned_alloc);
}

static COLD void find(const char *name, void *member)
{
	void *f = dynamic_next(name);

	if (f)
		*(void **)member = f;
}

static COLD void find_all(struct real *r)
{
	find("dlclose", &r->dlclose);
	find("mmap", &r->mmap);
	find("mmap64", &r->mmap64);
	find("munmap", &r->munmap);
	find("mprotect", &r->mprotect);
	find("pkey_mprotect", &r->pkey_mprotect);
	find("madvise", &r->madvise);
	find("mremap", &r->mremap);
	find("sbrk", &r->sbrk);
	find("brk", &r->brk);
	find("_exit", &r->exit_now);
	find("_Exit", &r->exit_now2);
	find("prctl", &r->prctl);
	find("prlimit64", &r->prlimit64);
	find("execve", &r->execve);
	find("execvpe", &r->execvpe);
	find("fexecve", &r->fexecve);
	find("execveat", &r->execveat);
	find("posix_spawn", &r->posix_spawn);
	find("posix_spawnp", &r->posix_spawnp);
	find("wait", &r->wait);
	find("waitpid", &r->waitpid);
	find("wait3", &r->wait3);
	find("wait4", &r->wait4);
	find("waitid", &r->waitid);
	find("mlockall", &r->mlockall);
	find("munlockall", &r->munlockall);
	find("mlock2", &r->mlock2);
	find("system", &r->system);
	find("popen", &r->popen);
	find("pidfd_spawn", &r->pidfd_spawn);
	find("pidfd_spawnp", &r->pidfd_spawnp);
#define PRIVILEGE(name, parameters, arguments, hides) find(#name, &r->name);
#include "privileges.def"
#undef PRIVILEGE
#define KILL(name, parameters, arguments, pid, tid) find(#name, &r->name);
#include "kills.def"
#undef KILL
	find("syscall", &real_syscall);
	find("swapcontext", &real_swapcontext);
	find("setcontext", &real_setcontext);
	find("sigaction", &r->sigaction);
	find("signal", &r->signal);
	find("sysv_signal", &r->sysv_signal);
	find("sigset", &r->sigset);
	find("siginterrupt", &r->siginterrupt);
	find("sigwaitinfo", &r->sigwaitinfo);
	find("sigtimedwait", &r->sigtimedwait);
	find("sigaltstack", &r->sigaltstack);
	find("free", &r->free);
	find("realloc", &r->realloc);
	find("calloc", &r->calloc);
	find("malloc_usable_size", &r->usable_size);
	find("posix_memalign", &r->posix_memalign);
	find("aligned_alloc", &r->aligned_alloc);
	find("memalign", &r->memalign);
	find("valloc", &r->valloc);
	find("pvalloc", &r->pvalloc);
	find("malloc", &r->malloc);
}

static COLD bool in_one_library(const void *a, const void *b)
{
	struct image of_a, of_b;

	return image_find(ADDRESS(a), &of_a) && image_find(ADDRESS(b), &of_b) &&
	       of_a.map == of_b.map;
}

static enum leftovers_links links(void)
{
	static const char perturb[] = "glibc.malloc.perturb=";

	if (!glibc)
		return LEFTOVERS_LINKS_FIRST;
	/* Another allocator has some of the names, with headers of its own. */
	if (!alone)
		return LEFTOVERS_LINKS_NONE;
	/* With these glibc's malloc fills what it hands out, and leaves no
	 * links. */
	for (char *const *v = environment_variables(); v && *v; v++) {
		if (text_begins(*v, "MALLOC_PERTURB_="))
			return LEFTOVERS_LINKS_NONE;
		if (!text_begins(*v, "GLIBC_TUNABLES="))
			continue;
		for (const char *c = *v; *c; c++)
			if (text_begins(c, perturb))
				return LEFTOVERS_LINKS_NONE;
	}
	return LEFTOVERS_LINKS_GLIBC;
}

/*
 * A signal handler that allocates meanwhile finds the same by itself, and leaves
 * it to whom it interrupts to close the ways past.  Nothing here allocates.
 */
static COLD void resolve(void *unused)
{
	bool nested = READ_ONCE(resolving);
	struct real next;

	(void)unused;
	if (READ_ONCE(real.malloc) != first_malloc)
		return;
	WRITE_ONCE(resolving, true);
	find_libc();
	next = real;
	/* Where none is defined behind refknot. */
	next.family = libc_own;
	next.posix_memalign = own_posix_memalign;
	next.aligned_alloc = libc_own.memalign;
	find_all(&next);
	if (READ_ONCE(real.malloc) == first_malloc) {
		/* Does nothing else stand between refknot and the C library? */
		alone = memcmp(&next.family, &libc_own, sizeof(libc_own)) == 0;
		/* What the names that are glibc's only lead to, for callers
		 * that use them beside another allocator, which may define
		 * them, too. */
		real_private = libc_own;
		for (size_t i = 0; !alone && i < PRIVATE_NAMES; i++)
			find(private_names[i].name,
			     private_member(&real_private, i));
		glibc = next.malloc == libc_own.malloc;
		leftovers_links = links();
		real = next;
	}
	if (nested)
		return;
	if (skipped_find_out())
		leftovers_links = LEFTOVERS_LINKS_NONE;
	else if (alone)
		bypass_close();
	WRITE_ONCE(resolving, false);
}

COLD void real_resolve(void)
{
	if (READ_ONCE(real.malloc) == first_malloc)
		aside(resolve, NULL);
}

bool real_is_glibc(void)
{
	return glibc;
}

const struct real_family *real_libc(void)
{
	return &libc_own;
}

bool real_is_alone(void)
{
	return alone;
}

static bool needs_cxx(const struct link_map *l)
{
	const char *texts = NULL;

	for (const ElfW(Dyn) *d = l->l_ld; d && d->d_tag != DT_NULL; d++)
		if (d->d_tag == DT_STRTAB)
			texts = (const char *)d->d_un.d_ptr;
	for (const ElfW(Dyn) *d = l->l_ld; texts && d->d_tag != DT_NULL; d++)
		if (d->d_tag == DT_NEEDED &&
		    (text_begins(texts + d->d_un.d_val, "libstdc++.") ||
		     text_begins(texts + d->d_un.d_val, "libc++.")))
			return true;
	return false;
}

/* Does it take operator new, or new[], from another module? */
static bool takes_operators(const struct dynamic *d, const ElfW(Rela) * r,
			    size_t count)
{
	for (; count; count--, r++) {
		const ElfW(Sym) *s = &d->symbols[ELF64_R_SYM(r->r_info)];
		const char *name = d->texts + s->st_name;

		if (s->st_shndx == SHN_UNDEF &&
		    (text_begins(name, "_Znw") || text_begins(name, "_Zna")))
			return true;
	}
	return false;
}

/* A linker leaves the C++ library out where the allocator has all that is
 * asked for. */
static COLD bool uses_operators(const struct link_map *l)
{
	struct dynamic d;

	return needs_cxx(l) || (dynamic_read(&d, l) &&
				(takes_operators(&d, d.calls, d.call_count) ||
				 takes_operators(&d, d.data, d.data_count)));
}

COLD bool real_hides_operators(void)
{
	void *new = glibc ? NULL : dynamic_first("_Znwm");

	if (!new || !in_one_library(new, (void *)(uintptr_t)real.malloc))
		return false;
	for (const struct link_map *l = _r_debug.r_map; l; l = l->l_next)
		if (!in_one_library(l->l_ld, new) && uses_operators(l))
			return true;
	return false;
}
