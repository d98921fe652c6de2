/* SPDX-License-Identifier: MIT */
/*
 * The frames of the threads that stand still: by them a word on a stack is a
 * variable of a function that has not returned.  Walked from each thread's own
 * registers, by the rules that call stacks are walked by.
 */
#include "members.h"
#include "memory.h"
#include "modules.h"
#include "own_memory.h"
#include "picture.h"
#include "unwind.h"

#define FRAMES_MOST 256u       /* of one thread */
#define ALL_MOST    (1u << 18) /* of all */
#define KNOWN       256u       /* places in code whose module is known */

struct walker {
	struct picture *p;
	struct picture_list frames;
	uint64_t count; /* of frames so far */
	struct {
		uint64_t pc;
		uint32_t module;
	} known[KNOWN];
	struct cfi_work work;
};

/* Many threads wait at the same places. */
static uint32_t module_at(struct walker *w, uint64_t pc)
{
	const uint32_t i = (uint32_t)(pc * 0x9e3779b97f4a7c15ull >> 32) % KNOWN;

	if (w->known[i].pc != pc) {
		w->known[i].module = modules_find(pc - 1);
		w->known[i].pc = pc;
	}
	return w->known[i].module;
}

/* Words of the stack that `sp` is on: none, if there is no such memory. */
static struct cfi_bounds bounds_at(const struct walker *w, uint64_t sp)
{
	const struct map *map = memory_map(w->p->maps, w->p->map_count, sp);

	return map && map->readable && map->writable && !(sp % 8)
		   ? (struct cfi_bounds){ sp, map->end }
		   : (struct cfi_bounds){ sp, sp };
}

/* A handler may run on another stack than the code that it interrupted. */
static enum cfi_kind leave_handler(struct walker *w, struct cfi_frame *f,
				   struct cfi_bounds *bounds)
{
	const enum cfi_kind kind = cfi_step(f, bounds, &w->work);

	if (kind == CFI_PLAIN)
		*bounds = bounds_at(w, f->sp);
	return kind;
}

static enum cfi_kind step(struct walker *w, struct cfi_frame *f,
			  struct cfi_bounds *bounds, bool *interrupted)
{
	const struct walk_step s = { *f, unwind_rule(f->pc, &w->work) };
	enum cfi_kind kind;

	*interrupted = (s.rule & RULE_KIND) == RULE_SPECIAL &&
		       cfi_is_signal_frame(f->pc, &w->work);
	if (*interrupted)
		kind = leave_handler(w, f, bounds);
	else
		kind = unwind_step(&s, bounds, f, &w->work);
	if (kind == CFI_PLAIN && (f->pc - 1) >> RULE_ADDRESS_BITS)
		return CFI_NONE;
	return kind;
}

/* The caller of a function of the outermost frames is there only if it can be
 * found: so the CFA of each frame but a thread's last is known. */
static void walk(struct walker *w, const struct stopped *t,
		 struct rkn_live_thread *row)
{
	struct cfi_bounds bounds = bounds_at(w, t->at.sp);
	enum cfi_kind kind = CFI_PLAIN;
	bool interrupted = t->registers != 0;
	struct cfi_frame f = t->at;

	row->first = (uint32_t)w->count;
	while (kind == CFI_PLAIN && row->frames < FRAMES_MOST &&
	       w->count < ALL_MOST) {
		struct rkn_live_frame *to = picture_list_add(&w->frames);

		if (!to)
			break;
		*to = (struct rkn_live_frame){
			.pc = f.pc,
			.sp = f.sp,
			.rbp = f.rbp,
			.module = module_at(w, f.pc),
			.flags = interrupted ? RKN_LIVE_INTERRUPTED : 0,
		};
		w->count++;
		row->frames++;
		kind = step(w, &f, &bounds, &interrupted);
	}
	if (kind != CFI_END)
		row->flags |= RKN_LIVE_MORE;
}

void live_note(struct picture *p)
{
	struct walker *w = own_memory_map(sizeof(*w));
	struct rkn_live_thread *rows =
	    own_memory_map((p->stop.count + 1ul) * sizeof(*rows));
	struct picture_list list;

	if (!w || !rows)
		return;
	w->p = p;
	picture_list_init(&w->frames, STORE_LIVE_FRAMES);
	for (uint32_t i = 0; i < p->stop.count; i++) {
		const struct stopped *t = &p->stop.threads[i];

		rows[i].pointer = t->pointer;
		rows[i].registers = t->registers;
		rows[i].thread = members_serial(t->tid);
		if (!t->task && t->at.pc)
			walk(w, t, &rows[i]);
	}
	picture_list_finish(p, &w->frames);
	picture_list_init(&list, STORE_LIVE_THREADS);
	for (uint32_t i = 0; i < p->stop.count; i++) {
		struct rkn_live_thread *row = picture_list_add(&list);

		if (row)
			*row = rows[i];
	}
	picture_list_finish(p, &list);
}
