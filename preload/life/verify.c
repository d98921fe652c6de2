/* SPDX-License-Identifier: MIT */
#include "verify.h"

#include <dlfcn.h>
#include <string.h>

#include "aside.h"
#include "dynamic.h"
#include "image.h"
#include "libc.h"
#include "messages.h"
#include "oracle.h"
#include "text.h"
#include "walk.h"

#define FRAMES (WALK_MOST + 1) /* ours, and one more */
#define SHOWN  3               /* differences that are printed */

static int (*oracle)(uint64_t sp, uint64_t *pcs, int most);
static int (*knows)(uint64_t pc);
static uint32_t shown;

static const struct store_frame *frame_of(uint32_t node)
{
	return (const struct store_frame *)store_at(
		   store.header->tables[STORE_FRAMES].offset) +
	       node;
}

static const struct link_map *map_of(uint64_t pc)
{
	struct image image;

	return image_find(pc, &image) ? image.map : NULL;
}

static void add_own_directory(struct text *t)
{
	const struct link_map *map = map_of(ADDRESS(add_own_directory));
	size_t base;

	if (!map)
		return;
	base = (size_t)(text_base(map->l_name) - map->l_name);
	if (base < t->room) {
		memcpy(t->data, map->l_name, base);
		t->size = base;
	}
}

static void add_place(struct text *t, uint64_t pc)
{
	const struct link_map *map = map_of(pc - 1);

	text_add(t, " ");
	text_add(t, !map           ? "?"
		    : *map->l_name ? text_base(map->l_name)
				   : "main");
	text_add(t, "+");
	text_hex(t, pc - (map ? map->l_addr : 0));
}

struct difference {
	uint32_t node;       /* of ours */
	const uint64_t *pcs; /* libunwind's */
	int n;
};

/* Both stacks, as `addr2line -e` takes them. */
static COLD void show(void *data)
{
	const struct difference *d = data;
	uint32_t node = d->node;
	char line[4096];
	struct text t = { line, sizeof(line), 0 };

	if (__atomic_fetch_add(&shown, 1, __ATOMIC_RELAXED) >= SHOWN)
		return;
	text_add(&t, "a call stack differs: refknot");
	for (int i = 0; node && i < 40; i++, node = frame_of(node)->parent)
		add_place(&t, frame_of(node)->address);
	text_add(&t, "; libunwind");
	for (int i = 0; i < d->n && i < 40; i++)
		add_place(&t, d->pcs[i]);
	messages_say(line);
}

static enum rkn_limit_number compare(struct walk *w, uint32_t node,
				     const uint64_t *pcs, int n)
{
	uint32_t ours = node;
	int i = 0;

	/* libunwind gives the address that a signal interrupted as it is; ours
	 * is one more. */
	for (; ours && i < n; i++, ours = frame_of(ours)->parent)
		if (frame_of(ours)->address - pcs[i] > 1)
			return RKN_LIMIT_STACK_DIFFERS;
	if (ours)
		return RKN_LIMIT_STACK_UNVERIFIED;
	if (i == n || w->cut)
		return RKN_LIMITS;
	/*
	 * Ours ends first. Could it have gone on? Where there is no table
	 * libunwind guesses by the frame pointer, and what a signal interrupted
	 * on another stack is not followed.
	 */
	if (w->truncated && !(i && knows(pcs[i - 1]) &&
			      !cfi_is_signal_frame(pcs[i - 1], &w->work)))
		return RKN_LIMITS;
	return RKN_LIMIT_STACK_DIFFERS;
}

/* The thread is inside, in the hook whose frame is `frame`. */
static COLD void verify_stack(struct thread *t, const void *frame)
{
	const uint64_t *words = frame;
	uint64_t *pcs = (uint64_t *)t->walk.fresh; /* scratch of that size */
	uint64_t sp = ADDRESS(words + 2);
	const struct walk_leaf *leaf;
	enum rkn_limit_number result;
	int n;

	if (++t->unverified < (uint64_t)process.settings.verify)
		return;
	t->unverified = 0;
	leaf = walk_from(t, frame);
	if (!leaf->node)
		return;
	static_assert(sizeof(t->walk.fresh) >= FRAMES * sizeof(*pcs),
		      "no room");
	t->verifying = true;
	n = oracle(sp, pcs, FRAMES);
	result = compare(&t->walk, leaf->node, pcs, n);
	t->verifying = false;
	t->area->limits[RKN_LIMIT_STACK_VERIFIED]++;
	if (result != RKN_LIMITS)
		t->area->limits[result]++;
	if (result == RKN_LIMIT_STACK_DIFFERS)
		aside(show, &(struct difference){ leaf->node, pcs, n });
}

COLD void verify_init(void)
{
	static char path[4096];
	struct text t = { path, sizeof(path), 0 };
	struct thread *self;
	const struct link_map *library; /* what dlopen() gives is that */

	if (!process.settings.verify)
		return;
	add_own_directory(&t);
	text_add(&t, ORACLE_LIBRARY);
	/* What the loader allocates now is not the program's. */
	self = thread_enter(NULL);
	if (self)
		self->verifying = true;
	library = text_whole(&t) && libc()->dlopen
		      ? libc()->dlopen(path, RTLD_NOW | RTLD_LOCAL)
		      : NULL;
	if (library) {
		oracle = (int (*)(uint64_t, uint64_t *, int))(
		    uintptr_t)dynamic_in(library, ORACLE_FUNCTION);
		knows = (int (*)(uint64_t))(uintptr_t)dynamic_in(library,
								 ORACLE_KNOWS);
	}
	if (self) {
		self->verifying = false;
		thread_leave(self);
	}
	if (oracle && knows) {
		thread_verify = verify_stack;
		process_flush(); /* gates that are open already */
	} else {
		messages_say("REFKNOT_VERIFY: librefknot_oracle.so cannot be "
			     "loaded from beside the shim; call stacks are not "
			     "verified");
	}
}
