/* SPDX-License-Identifier: MIT */
/* Blocks that are lost, kept, and neither. */
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "act.h"
#include "book.h"

#define KEPT 64

struct kept {
	void *volatile block;
	int number;
};

static struct kept kept[KEPT];
static int kept_count;
static void *volatile *kept_map;

/* What cannot grow is not lost. */
static void *grown(size_t size)
{
	void *p = malloc(size / 2 + 1), *larger = realloc(p, size);

	if (!larger)
		free(p);
	return larger;
}

static NOINLINE void *allocate(long how, size_t size)
{
	void *p = NULL;

	switch (how) {
	case 1:
		return calloc(1, size);
	case 2:
		return posix_memalign(&p, 64, size) ? NULL : p;
	case 3:
		return grown(size);
	case 4:
		return aligned_alloc(4096, size);
	case 5:
		return memalign(256, size);
	default:
		return malloc(size);
	}
}

static NOINLINE void lose(long size, long how)
{
	void *volatile p = allocate(how, (size_t)size);

	if (!p)
		act_say("leak", 0);
	else
		book_add(p, (uint64_t)size,
			 act_unwashed || act_over ? BOOK_UNSURE : BOOK_LOST);
	p = NULL;
}

/* leak:SIZE:HOW */
void act_do_leak(const struct act *a)
{
	lose(a->n[0], a->n[1]);
	act_clean();
}

static NOINLINE void keep(long size, long how, long where)
{
	void *p = allocate(how, (size_t)size);

	if (!p || kept_count == KEPT) {
		act_say("keep", 0);
		free(p);
		return;
	}
	if (where == 1 && !kept_map) {
		void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		kept_map = map == MAP_FAILED ? NULL : map;
	}
	kept[kept_count].number = book_add(p, (uint64_t)size, BOOK_KEPT);
	if (where == 1 && kept_map)
		kept_map[kept_count] = p;
	else if (where == 2 && kept_count && kept[kept_count - 1].block &&
		 malloc_usable_size(kept[kept_count - 1].block) >= 24)
		((void *volatile *)kept[kept_count - 1].block)[1] = p;
	else
		kept[kept_count].block = p;
	kept_count++;
}

/* keep:SIZE:HOW:WHERE: in a variable, a mapping or in the block before */
void act_do_keep(const struct act *a)
{
	keep(a->n[0], a->n[1], a->n[2]);
	act_clean();
}

/* Free the last that a variable keeps, if nothing hangs on it. */
void act_do_drop(const struct act *a)
{
	(void)a;
	if (!kept_count || !kept[kept_count - 1].block)
		return;
	kept_count--;
	book_change(kept[kept_count].number, BOOK_FREED);
	free(kept[kept_count].block);
	kept[kept_count].block = NULL;
}

static NOINLINE void churn(long count, long size)
{
	void *volatile some[16] = { NULL };

	for (long i = 0; i < count; i++) {
		void *volatile *p = &some[i % 16];

		free(*p);
		*p = malloc((size_t)(size + i % 7 * 40));
		if (*p)
			memset(*p, 1, 8);
	}
	for (int i = 0; i < 16; i++) {
		free(some[i]);
		some[i] = NULL;
	}
}

/* churn:COUNT:SIZE */
void act_do_churn(const struct act *a)
{
	churn(a->n[0], a->n[1]);
	act_say("churn", a->n[0]);
}

/* odd:WHICH: calls of the family that fail, or that few programs make */
void act_do_odd(const struct act *a)
{
	static volatile size_t huge = (size_t)1 << 62;
	void *p = NULL, *volatile q;
	int done;

	errno = 0;
	switch (a->n[0]) {
	case 0:
		q = malloc(huge);
		break;
	case 1:
		q = calloc(huge, 8);
		break;
	case 2:
		p = malloc(100);
		q = realloc(p, huge);
		free(p);
		break;
	case 3:
		done = posix_memalign(&p, 24, 100);
		act_say("posix_memalign", done);
		return;
	case 4:
		q = malloc(0);
		act_say("malloc(0)", q != NULL);
		free(q);
		return;
	case 5:
		q = realloc(malloc(50), 0);
		break;
	case 6:
		q = reallocarray(NULL, huge, huge);
		break;
	case 7:
		act_say("trim", malloc_trim(0));
		return;
	case 8:
		q = malloc((size_t)1 << 45);
		break;
	case 9:
		act_say("mallopt", mallopt(M_ARENA_MAX, 1));
		return;
	default:
		q = malloc(300u << 20);
		act_say("300 MiB", q != NULL);
		free(q);
		return;
	}
	act_say("odd", q ? 1 : -errno);
}

static NOINLINE void use_plugin(void *library, long size)
{
	void *(*make)(size_t) =
	    (void *(*)(size_t))dlsym(library, "plugin_make");
	void *volatile p = make((size_t)size);

	if (p)
		book_add(p, (uint64_t)size, BOOK_LOST);
	p = NULL;
}

static NOINLINE void load(long how, long size, bool stays)
{
	static const int flags[] = { RTLD_NOW, RTLD_LAZY | RTLD_GLOBAL,
				     RTLD_NOW | RTLD_DEEPBIND, RTLD_NOW };
	void *library = how == 3 ? dlmopen(LM_ID_NEWLM, act_plugin, RTLD_NOW)
				 : dlopen(act_plugin, flags[how]);

	act_unwashed |= how == 3; /* its C library has leftovers of its own */
	act_say("load", library != NULL);
	if (!library)
		return;
	if (size && how != 3)
		use_plugin(library, size);
	if (!stays)
		act_say("unload", dlclose(library));
}

/* load:HOW:SIZE:STAYS: the plug-in, which loses SIZE bytes */
void act_do_load(const struct act *a)
{
	load(a->n[0], a->n[1], a->n[2]);
	act_clean();
}
