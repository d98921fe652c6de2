/* SPDX-License-Identifier: MIT */
#include "root_places.h"

#include <stdlib.h>

#include "flow.h"
#include "list.h"

#define RED_ZONE                                                               \
	128u /* bytes below its stack pointer that a function may use */

enum { RBX = 3, RBP = 6, RSP = 7, R12 = 12, R15 = 15, NO_REGISTER = 16 };

/* DWARF's numbers, in the order of struct rkn_live_thread. */
static const unsigned char registers[] = {
	8, 9, 10, 11, 12, 13, 14, 15, 5, 4, RBP, RBX, 1, 0, 2, RSP,
};
#define REGISTERS sizeof(registers)

struct spot { /* memory that one thing is in */
	uint64_t start, end;
	uint32_t number;
};

struct spots {
	struct spot *list; /* ascending start */
	size_t count;
};

struct root_places {
	const struct model *m;
	struct sites *sites;
	bool made;           /* the following is */
	struct spots frames; /* their numbers */
	struct spots kept;   /* registers; numbers of threads */
	struct spots tls;    /* likewise */
	uint32_t *thread_of; /* of each live frame, by number + 1; 0: none */
};

struct root_places *root_places_open(const struct model *m, struct sites *s)
{
	struct root_places *p = xcalloc(1, sizeof(*p));

	p->m = m;
	p->sites = s;
	return p;
}

void root_places_close(struct root_places *p)
{
	free(p->frames.list);
	free(p->kept.list);
	free(p->tls.list);
	free(p->thread_of);
	free(p);
}

/* --- What is where -------------------------------------------------------------- */

static void add(struct spots *s, uint64_t start, uint64_t end, uint32_t number)
{
	if (start < end)
		*LIST_ADD(s->list, s->count) =
		    (struct spot){ start, end, number };
}

static int by_start(const void *a, const void *b)
{
	const struct spot *x = a, *y = b;

	return ORDER(x->start, y->start) ?: ORDER(x->number, y->number);
}

static void sort(struct spots *s)
{
	if (s->count)
		qsort(s->list, s->count, sizeof(*s->list), by_start);
}

static const struct spot *spot_at(const struct spots *s, uint64_t address)
{
	size_t i = LOWER_BOUND(s->count, k, s->list[k].start <= address);

	return i && address < s->list[i - 1].end ? &s->list[i - 1] : NULL;
}

/* The CFA is where the caller's frame begins; 0: it is not known. */
static uint64_t cfa_of(const struct root_places *p, uint32_t frame)
{
	const struct rkn_live_thread *t =
	    &p->m->live_threads[p->thread_of[frame] - 1];

	return frame + 1 - t->first < t->frames
		   ? p->m->live_frames[frame + 1].sp
		   : 0;
}

static void add_frames(struct root_places *p, uint32_t thread)
{
	const struct rkn_live_thread *t = &p->m->live_threads[thread];

	for (uint32_t i = t->first; i < t->first + t->frames; i++)
		p->thread_of[i] = thread + 1;
	for (uint32_t i = t->first; i < t->first + t->frames; i++) {
		const struct rkn_live_frame *f = &p->m->live_frames[i];
		const uint64_t below =
		    f->flags & RKN_LIVE_INTERRUPTED ? RED_ZONE : 0;

		if (f->sp >= below)
			add(&p->frames, f->sp - below, cfa_of(p, i), i);
	}
}

static void make(struct root_places *p)
{
	const struct model *m = p->m;
	uint64_t most = 0;

	p->made = true;
	p->thread_of = xcalloc(m->live_frame_count + 1, sizeof(*p->thread_of));
	for (size_t i = 0; i < m->tls_count; i++)
		if (m->tls[i].below > most)
			most = m->tls[i].below;
	for (uint32_t i = 0; i < m->live_thread_count; i++) {
		const struct rkn_live_thread *t = &m->live_threads[i];

		add_frames(p, i);
		if (t->pointer >= most)
			add(&p->tls, t->pointer - most, t->pointer, i);
		if (t->registers)
			add(&p->kept, t->registers,
			    t->registers + 8 * REGISTERS, i);
	}
	sort(&p->frames);
	sort(&p->tls);
	sort(&p->kept);
}

/* --- Variables of frames ---------------------------------------------------------- */

/* What is known of the frame's code; NULL: nothing. */
static const struct locals *locals_of(struct root_places *p, uint32_t frame)
{
	const struct rkn_live_frame *f = &p->m->live_frames[frame];
	struct flow_module *module = sites_module(p->sites, f->module);
	const struct locals *l;

	if (!module)
		return NULL;
	l = locals_at(module, f->pc - 1 - p->m->modules[f->module].base);
	return l->known ? l : NULL;
}

/* Where the variable is in memory; false: in none, or that is not known. */
static bool address_of(const struct root_places *p, uint32_t frame,
		       const struct local *v, uint64_t *address)
{
	const struct rkn_live_frame *f = &p->m->live_frames[frame];
	uint64_t base = 0;

	if (v->kind == PLACE_FRAME)
		base = cfa_of(p, frame);
	else if (v->kind == PLACE_NEAR && v->reg == RSP)
		base = f->sp;
	else if (v->kind == PLACE_NEAR && v->reg == RBP)
		base = f->rbp;
	*address = base + (uint64_t)v->offset;
	return base;
}

static void set_local(const struct root_places *p, struct root_place *place,
		      uint32_t frame, const struct local *v, uint64_t offset)
{
	const struct rkn_live_frame *f = &p->m->live_frames[frame];

	place->kind = ROOT_PLACE_LOCAL;
	place->local = v;
	place->type = v->type;
	place->offset = offset;
	place->module = f->module;
	place->pc = f->pc;
}

/* The variable of the frame that `where` is in, of which no byte is below
 * `least`. */
static bool find_in(struct root_places *p, struct root_place *place,
		    uint32_t frame, uint64_t where, uint64_t least)
{
	const struct locals *l = locals_of(p, frame);

	for (size_t i = 0; l && i < l->count; i++) {
		const struct local *v = &l->list[i];
		uint64_t start;

		if (!address_of(p, frame, v, &start) || start < least ||
		    where < start || where - start >= v->type->size)
			continue;
		set_local(p, place, frame, v, where - start);
		return true;
	}
	return false;
}

static bool saves(const struct locals *l, unsigned reg)
{
	for (size_t i = 0; i < l->saved_count; i++)
		if (l->saved[i].reg == reg)
			return true;
	return false;
}

/* Whether a function gives its caller the register back as it got it. */
static bool is_kept(unsigned reg)
{
	return reg == RBX || reg == RBP || (reg >= R12 && reg <= R15);
}

/* The variable that is in `reg` while the code of `frame` runs, or waits for its
 * callee: the frame's own, or that of a caller whose register it left alone. */
static bool find_register(struct root_places *p, struct root_place *place,
			  uint32_t frame, unsigned reg)
{
	for (; frame < p->m->live_frame_count && cfa_of(p, frame); frame++) {
		const struct locals *l = locals_of(p, frame);

		for (size_t i = 0; l && i < l->count; i++)
			if (l->list[i].kind == PLACE_REGISTER &&
			    l->list[i].reg == reg) {
				set_local(p, place, frame, &l->list[i], 0);
				return true;
			}
		/* A handler's caller is code that was interrupted, whose
		 * registers the kernel has. */
		if (!l || !is_kept(reg) || saves(l, reg) ||
		    p->m->live_frames[frame + 1].flags & RKN_LIVE_INTERRUPTED)
			return false;
	}
	return false;
}

/* Whether the frame keeps a register of its caller's at `where`; then it is
 * *reg. */
static bool is_saved(struct root_places *p, uint32_t frame, uint64_t where,
		     unsigned *reg)
{
	const struct locals *l = locals_of(p, frame);

	for (size_t i = 0; l && i < l->saved_count; i++)
		if (cfa_of(p, frame) + (uint64_t)l->saved[i].offset == where) {
			*reg = l->saved[i].reg;
			return true;
		}
	return false;
}

static bool is_callee_of(const struct root_places *p, uint32_t frame)
{
	return frame > p->m->live_threads[p->thread_of[frame] - 1].first &&
	       !(p->m->live_frames[frame].flags & RKN_LIVE_INTERRUPTED);
}

static void find_on_stack(struct root_places *p, struct root_place *place,
			  uint64_t where)
{
	const struct spot *spot = spot_at(&p->frames, where);
	const uint32_t frame = spot ? spot->number : 0;
	unsigned reg;

	if (!spot || find_in(p, place, frame, where, 0))
		return;
	/* What a caller hands over on the stack are its callee's parameters. */
	if (is_callee_of(p, frame) &&
	    find_in(p, place, frame - 1, where, cfa_of(p, frame - 1)))
		return;
	if (is_saved(p, frame, where, &reg)) {
		find_register(p, place, frame + 1, reg);
		return;
	}
	place->kind = ROOT_PLACE_FRAME;
	place->module = p->m->live_frames[frame].module;
	place->pc = p->m->live_frames[frame].pc;
}

static bool find_kept(struct root_places *p, struct root_place *place,
		      uint64_t where)
{
	const struct spot *spot = spot_at(&p->kept, where);
	const struct rkn_live_thread *t =
	    spot ? &p->m->live_threads[spot->number] : NULL;

	if (t && t->frames)
		find_register(p, place, t->first,
			      registers[(where - spot->start) / 8]);
	return spot;
}

/* --- Variables of threads --------------------------------------------------------- */

static bool find_thread_local(struct root_places *p, struct root_place *place,
			      uint64_t where)
{
	const struct spot *spot = spot_at(&p->tls, where);

	for (size_t i = 0; spot && i < p->m->tls_count; i++) {
		const struct rkn_tls *t = &p->m->tls[i];
		const uint64_t below = spot->end - where;
		struct flow_module *module;

		if (below > t->below || t->below - below >= t->size)
			continue;
		place->kind = ROOT_PLACE_THREAD_LOCAL;
		place->module = t->module;
		place->offset = t->below - below;
		module = sites_module(p->sites, t->module);
		place->global =
		    module ? flow_global(module, place->offset, true) : NULL;
		if (place->global) {
			place->offset -= place->global->address;
			place->type = place->global->type;
		}
		return true;
	}
	return spot;
}

struct root_place root_places_of(struct root_places *p,
				 const struct rkn_root *root)
{
	struct root_place place = { .kind = ROOT_PLACE_NONE,
				    .module = RKN_NONE };
	uint64_t at = root->where;

	switch (root->kind) {
	case RKN_ROOT_DATA:
		place.global = sites_global(p->sites, root->owner, &at);
		if (!place.global)
			break;
		place.kind = ROOT_PLACE_GLOBAL;
		place.type = place.global->type;
		place.offset = at;
		place.module = root->owner;
		break;
	case RKN_ROOT_STACK:
	case RKN_ROOT_REGISTER:
	case RKN_ROOT_TLS:
		if (!at)
			break;
		if (!p->made)
			make(p);
		if (!find_thread_local(p, &place, at) &&
		    !find_kept(p, &place, at))
			find_on_stack(p, &place, at);
		break;
	case RKN_ROOT_MAP: /* it is on the stack of a thread that is on its
			      signal stack, perhaps */
		if (!p->made)
			make(p);
		find_on_stack(p, &place, at);
		break;
	default:
		break;
	}
	return place;
}
