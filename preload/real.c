/* SPDX-License-Identifier: MIT */
#include "real.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>

#include "compiler.h"
#include "environment.h"
#include "leftovers.h"
#include "sys.h"

/* glibc's public names of its allocator; other C libraries lack them. */
extern void *__libc_malloc(size_t) __attribute__((weak));
extern void *__libc_calloc(size_t, size_t) __attribute__((weak));
extern void *__libc_realloc(void *, size_t) __attribute__((weak));
extern void *__libc_memalign(size_t, size_t) __attribute__((weak));
extern void *__libc_valloc(size_t) __attribute__((weak));
extern void *__libc_pvalloc(size_t) __attribute__((weak));
extern void __libc_free(void *) __attribute__((weak));

/*
 * What dlsym itself allocated while it looked for an allocator that is not
 * glibc's: those few blocks stay glibc's.
 */
#define EARLY_MOST 64
static void *early[EARLY_MOST];
static unsigned early_count;
static bool resolving, glibc = true;
static void (*next_free)(void *);
static void *(*next_realloc)(void *, size_t);

static void *note(void *p)
{
	if (p && resolving && early_count < EARLY_MOST)
		early[early_count++] = p;
	return p;
}

static bool is_early(const void *p)
{
	for (unsigned i = 0; i < early_count; i++)
		if (early[i] == p)
			return true;
	return false;
}

static void *early_malloc(size_t size)
{
	return note(__libc_malloc(size));
}

static void *early_calloc(size_t n, size_t size)
{
	return note(__libc_calloc(n, size));
}

static void *early_realloc(void *p, size_t size)
{
	return note(__libc_realloc(p, size));
}

static void *early_memalign(size_t alignment, size_t size)
{
	return note(__libc_memalign(alignment, size));
}

static void *early_valloc(size_t size)
{
	return note(__libc_valloc(size));
}

static void *early_pvalloc(size_t size)
{
	return note(__libc_pvalloc(size));
}

static void early_free(void *p)
{
	__libc_free(p);
}

static void guarded_free(void *p)
{
	if (is_early(p))
		__libc_free(p);
	else
		next_free(p);
}

/* The block moves to the allocator that is in charge now. */
static void *guarded_realloc(void *p, size_t size)
{
	void *q;

	if (!is_early(p))
		return next_realloc(p, size);
	p = __libc_realloc(p, size);
	q = p ? real.malloc(size) : NULL;
	if (q)
		memcpy(q, p, size);
	__libc_free(p);
	return q;
}

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
	.exit_now = own_exit,
	.exit_now2 = own_exit,
};

/* While dlsym runs, whatever it allocates is glibc's. */
static void use_glibc(void)
{
	real.malloc = early_malloc;
	real.calloc = early_calloc;
	real.realloc = early_realloc;
	real.aligned_alloc = early_memalign;
	real.memalign = early_memalign;
	real.valloc = early_valloc;
	real.pvalloc = early_pvalloc;
	real.free = early_free;
}

/* dlsym's functions have no other type. */
static void find(const char *name, void *member)
{
	void *f = dlsym(RTLD_NEXT, name);

	if (f)
		*(void **)member = f;
}

static void find_all(struct real *r)
{
	find("dlclose", &r->dlclose);
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
	find("syscall", &real_syscall);
	find("swapcontext", &real_swapcontext);
	find("setcontext", &real_setcontext);
	find("sigaction", &r->sigaction);
	find("signal", &r->signal);
	find("sysv_signal", &r->sysv_signal);
	find("sigset", &r->sigset);
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

static void guard_early(struct real *r)
{
	next_free = r->free;
	next_realloc = r->realloc;
	if (glibc || !early_count)
		return;
	r->free = guarded_free;
	r->realloc = guarded_realloc;
}

static bool in_one_library(const void *a, const void *b)
{
	Dl_info of_a, of_b;

	return dladdr(a, &of_a) && dladdr(b, &of_b) &&
	       of_a.dli_fbase == of_b.dli_fbase;
}

/* Other allocators define __libc_malloc, too: what counts is where it is. */
static bool is_the_c_library(void *(*f)(size_t))
{
	return in_one_library((void *)(uintptr_t)f,
			      (void *)(uintptr_t)getauxval);
}

static bool has_tunable(const char *list, const char *name)
{
	for (; *list; list++)
		if (strncmp(list, name, strlen(name)) == 0)
			return true;
	return false;
}

/* With these glibc's malloc fills what it hands out, and leaves no links. */
static bool fills(char *const *variables)
{
	for (; variables && *variables; variables++)
		if (strncmp(*variables, "MALLOC_PERTURB_=", 16) == 0 ||
		    (strncmp(*variables, "GLIBC_TUNABLES=", 15) == 0 &&
		     has_tunable(*variables, "glibc.malloc.perturb=")))
			return true;
	return false;
}

static enum leftovers_links links(void)
{
	if (!glibc)
		return LEFTOVERS_LINKS_FIRST;
	return fills(environment_variables()) ? LEFTOVERS_LINKS_NONE
					      : LEFTOVERS_LINKS_GLIBC;
}

/*
 * A name that is not found leaves a message, allocated, for dlerror: it is
 * taken away, so that the program does not see it.
 */
COLD void real_resolve(void)
{
	struct real found;

	if (resolving || real.malloc != first_malloc)
		return;
	resolving = true;
	use_glibc();
	found = real;
	find_all(&found);
	dlerror(); /* hands it out */
	dlerror(); /* frees it */
	glibc = found.malloc == early_malloc || is_the_c_library(found.malloc);
	guard_early(&found);
	real = found;
	leftovers_links = links();
	resolving = false;
}

bool real_is_resolving(void)
{
	return resolving;
}

bool real_is_glibc(void)
{
	return glibc;
}

static bool needs_cxx(const struct link_map *l)
{
	const char *texts = NULL;

	for (const ElfW(Dyn) *d = l->l_ld; d && d->d_tag != DT_NULL; d++)
		if (d->d_tag == DT_STRTAB)
			texts = (const char *)d->d_un.d_ptr;
	for (const ElfW(Dyn) *d = l->l_ld; texts && d->d_tag != DT_NULL; d++)
		if (d->d_tag == DT_NEEDED &&
		    (strncmp(texts + d->d_un.d_val, "libstdc++.", 10) == 0 ||
		     strncmp(texts + d->d_un.d_val, "libc++.", 7) == 0))
			return true;
	return false;
}

COLD bool real_hides_operators(void)
{
	void *new = glibc ? NULL : dlsym(RTLD_DEFAULT, "_Znwm");

	dlerror();
	dlerror();
	if (!new || !in_one_library(new, (void *)(uintptr_t)real.malloc))
		return false;
	for (const struct link_map *l = _r_debug.r_map; l; l = l->l_next)
		if (!in_one_library(l->l_ld, new) && needs_cxx(l))
			return true;
	return false;
}
