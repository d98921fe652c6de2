/* SPDX-License-Identifier: MIT */
#include "sites.h"

#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "place.h"
#include "symbols_own.h"
#include "xmalloc.h"

struct sites {
	const struct model *m;
	struct symbols *symbols;
	struct flow_module
	    *modules;       /* one a module; symbols NULL: not opened */
	struct site *list;  /* one a stack */
	uint64_t *smallest; /* likewise: of its blocks, bytes */
	struct source_file *files;
};

struct sites *sites_open(const struct model *m, struct symbols *s)
{
	struct sites *sites = xcalloc(1, sizeof(*sites));

	sites->m = m;
	sites->symbols = s;
	sites->modules = xcalloc(m->module_count + 1, sizeof(*sites->modules));
	sites->list = xcalloc(m->stack_count + 1, sizeof(*sites->list));
	sites->smallest = xcalloc(m->stack_count + 1, sizeof(*sites->smallest));
	for (size_t i = 0; i < m->block_count; i++) {
		uint64_t *least = &sites->smallest[m->blocks[i].stack];

		if (!*least || m->blocks[i].size < *least)
			*least = m->blocks[i].size;
	}
	return sites;
}

void sites_close(struct sites *s)
{
	for (size_t i = 0; i < s->m->module_count; i++)
		if (s->modules[i].symbols)
			flow_module_close(&s->modules[i]);
	free(s->modules);
	free(s->list);
	free(s->smallest);
	source_files_release(&s->files);
	free(s);
}

struct flow_module *sites_module(struct sites *s, uint32_t module)
{
	if (module == RKN_NONE)
		return NULL;
	if (!s->modules[module].symbols)
		flow_module_open(&s->modules[module], s->symbols, module);
	return &s->modules[module];
}

/* How good a claim is, of blocks of which the smallest has that size. */
static unsigned worth(const struct claim *c, uint64_t smallest)
{
	bool whole = c->type->kind == C_STRUCT || c->type->kind == C_UNION;

	return (unsigned)(!c->offset) << 3 |
	       (unsigned)(whole && c->type->size == smallest) << 2 |
	       (unsigned)(c->type->size <= smallest) << 1 |
	       (unsigned)(c->kind == CLAIM_VARIABLE);
}

/* Of two that are alike: a variable of an inner block, but the outer one of two
 * constructors, of which the inner one is a base's. */
static bool is_nearer(const struct claim *c, const struct claim *than)
{
	bool this = c->name && than->name && !strcmp(c->name, "this") &&
		    !strcmp(than->name, "this");

	return this ? c->depth < than->depth : c->depth > than->depth;
}

/* `this` of a constructor whose class has not the size of the block: the class is
 * a base's or a member's, or something is built in an arena. */
static bool is_part(const struct claim *c, uint64_t smallest)
{
	return c->name && !strcmp(c->name, "this") && c->type->size != smallest;
}

/* As of two branches that use the block as different structures. */
static bool contradicts(const struct claim *c, const struct claim *best)
{
	return c->offset == best->offset && c->kind == best->kind &&
	       c->type->kind == C_STRUCT && best->type->kind == C_STRUCT &&
	       !(c->name && !strcmp(c->name, "this")) &&
	       !c_begins_with(c->type, best->type) &&
	       !c_begins_with(best->type, c->type);
}

/*
 * The claim that tells most; NULL: none tells a type.  In C++ the result is
 * `this` of the constructors of bases and members, too, and variables may be
 * declared as a base: the larger type is the block's.
 */
static const struct claim *best_of(const struct flow *f, uint64_t smallest)
{
	const struct claim *best = NULL;

	for (size_t i = 0; i < f->count; i++) {
		const struct claim *c = &f->claims[i];
		unsigned value, most;

		if (c->offset < 0 || !c_is_telling(c->type) ||
		    is_part(c, smallest))
			continue;
		value = worth(c, smallest);
		most = best ? worth(best, smallest) : 0;
		if (!best || value > most ||
		    (value == most && c->type->size > best->type->size &&
		     c->type->kind == C_STRUCT) ||
		    (value == most && c->type->size == best->type->size &&
		     is_nearer(c, best)))
			best = c;
	}
	for (size_t i = 0; best && i < f->count; i++)
		if (contradicts(&f->claims[i], best))
			return NULL;
	return best;
}

/* The claim that there is a structure somewhere in the block; NULL: none, or for
 * several. */
static const struct claim *inside_of(const struct flow *f)
{
	const struct claim *found = NULL;

	for (size_t i = 0; i < f->count; i++) {
		const struct claim *c = &f->claims[i];

		if (c->offset != FLOW_INSIDE || c->type->kind != C_STRUCT)
			continue;
		if (found && found->type != c->type)
			return NULL;
		found = c;
	}
	return found;
}

/* Whether it became text or other bytes; raises `*inner` to the number of the
 * outermost of the frame's functions where it did. */
static bool has_bytes(const struct flow *f, size_t *inner)
{
	bool found = false;

	for (size_t i = 0; i < f->count; i++) {
		const struct claim *c = &f->claims[i];

		if (c->type->kind != C_BYTE)
			continue;
		found = true;
		if (c->inner > *inner)
			*inner = c->inner;
	}
	return found;
}

/* The first of the frame's locations that allocates for itself, by name. */
static const struct location *first_of(const struct location *list,
				       size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!list[i].function || !place_is_wrapper(list[i].function))
			return &list[i];
	return NULL;
}

/* Whether one of them is a function that returns text, by its name. */
static bool has_text(const struct location *list, size_t count)
{
	static const char *const ends[] = { "strdup",
					    "strndup",
					    "asprintf",
					    "asprintf_chk",
					    "getline",
					    "getdelim",
					    "realpath",
					    "getcwd",
					    "strconcat",
					    "strdup_printf",
					    "vasprintf_internal" };

	for (size_t i = 0; i < count; i++) {
		const char *name = list[i].function;
		size_t length = name ? strlen(name) : 0;

		for (size_t k = 0; k < sizeof(ends) / sizeof(*ends); k++) {
			size_t n = strlen(ends[k]);

			if (length >= n &&
			    !memcmp(name + length - n, ends[k], n))
				return true;
		}
	}
	return false;
}

/* One frame of a stack, from the innermost on. */
struct look {
	struct flow_module *module;
	const struct flow *flow;
	uint64_t address; /* ELF address that the call returns to */
	const struct location *list;
	size_t count;
};

static struct look look_at(struct sites *s, uint32_t frame)
{
	static const struct flow nothing;
	const struct rkn_frame *r = &s->m->frames[frame];
	struct look l = { .module = sites_module(s, r->module),
			  .flow = &nothing };

	l.count = symbols_frame(s->symbols, frame, &l.list);
	if (l.module) {
		l.address = r->address - s->m->modules[r->module].base;
		l.flow = flow_of(l.module, l.address);
	}
	return l;
}

/* The result became the value of something that has a type. */
static void settle_claim(struct site *site, const struct look *l,
			 const struct claim *c, int64_t offset)
{
	size_t inner = c->inner;

	site->at = l->list + (inner < l->count ? inner : 0);
	site->type = c->type;
	site->offset = (uint64_t)(offset + c->offset);
	site->by = c->name;
}

/* The function says what the pointer is that it returns. */
static void settle_declared(struct site *site, const struct look *l,
			    int64_t offset)
{
	site->type = l->flow->declared->to;
	site->offset = (uint64_t)offset;
	site->at = l->list;
	for (size_t i = 0; i < l->count; i++) /* the frame's own function */
		if (!l->list[i].tail_call)
			site->at = l->list + i;
}

/* What is known on the way out from the call of an allocation function. */
struct way {
	struct site site;
	uint64_t smallest; /* of the blocks, bytes */
	int64_t offset;    /* of the result, from the block; FLOW_INSIDE */
	bool text; /* without debug information a function's name says more */
};

/* The function is no wrapper, or nothing says so. False: its name is that of
 * one. */
static bool settle_here(struct site *site, const struct look *l, size_t inner)
{
	const struct location *own = first_of(l->list, l->count);

	if (!own)
		return false;
	if (inner < l->count && own < l->list + inner)
		own = l->list + inner;
	site->at = own;
	return true;
}

/* Whether the function tells a type by what becomes of the result in it. */
static bool settle_inside(struct way *w, const struct look *l)
{
	const struct claim *best =
	    w->offset == FLOW_INSIDE ? NULL : best_of(l->flow, w->smallest);
	const struct claim *inside = w->offset ? NULL : inside_of(l->flow);

	if (best) {
		settle_claim(&w->site, l, best, w->offset);
		return true;
	}
	if (!inside || w->site.bytes)
		return false;
	settle_claim(&w->site, l, inside, 0);
	w->site.inside = w->site.type;
	w->site.type = NULL;
	w->site.offset = 0;
	return true;
}

/* Whether the function tells it by what it is declared to return; else the way
 * goes on to its caller. */
static bool settle_outside(struct way *w, const struct look *l)
{
	const struct c_type *d = l->flow->declared;

	/* The result may be moved by what is not known. */
	if (w->offset == FLOW_INSIDE || l->flow->returned_offset == FLOW_INSIDE)
		w->offset = FLOW_INSIDE;
	else
		w->offset += l->flow->returned_offset;
	if (!d || d->kind != C_POINTER)
		return false;
	if (w->offset != FLOW_INSIDE && c_is_telling(d->to)) {
		settle_declared(&w->site, l, w->offset);
		return true;
	}
	w->site.bytes |= d->to->kind == C_BYTE;
	return false;
}

/* Whether the compiler says what the call allocates. An array of C++ has the
 * number of its elements before them. */
static bool settle_allocated(struct way *w, const struct look *l)
{
	const struct c_type *type = l->flow->allocated;

	if (!type || w->offset || !c_is_telling(type) || !type->size ||
	    w->smallest % type->size)
		return false;
	w->site.at = l->list;
	w->site.type = type;
	w->site.allocated = true;
	return true;
}

/* Whether the site is in that frame. */
static bool settle(struct way *w, const struct look *l)
{
	const struct c_type *d = l->flow->declared;
	size_t inner = l->flow->handed_on;

	if (!w->site.at)
		w->site.at = l->list;
	w->site.bytes |= has_bytes(l->flow, &inner) || (w->text && d);
	w->text |= has_text(l->list, l->count);
	if (settle_allocated(w, l) || settle_inside(w, l))
		return true;
	/* Without debug information the name says more than that of its
	 * caller, if the function does something with the block. */
	if (!l->flow->returned || (!d && l->flow->used))
		return settle_here(&w->site, l, inner);
	return settle_outside(w, l);
}

/* What a call of the function is looked for by; not as NULL, see source_call.h. */
static const char *name_of(const struct location *l)
{
	return l->function ? l->function : "";
}

/* What the sources of the frame's calls say, the innermost first, up to the site.
 * `callee` is what the frame called, NULL: a function of the C library's. */
static void read_sources(struct sites *s, struct way *w, const struct look *l,
			 const char *callee, bool found)
{
	size_t count = found ? (size_t)(w->site.at - l->list) + 1 : l->count;

	for (size_t i = 0; i < count && !w->site.sourced.type; i++) {
		const struct sourced_look look = { l->address, l->list,
						   l->count, i, callee };

		w->site.sourced = sourced_find(l->module, &s->files, &look);
		callee = name_of(&l->list[i]);
	}
}

const struct source_file *sites_source(struct sites *s, uint32_t frame,
				       const struct location *at)
{
	const struct rkn_frame *r = &s->m->frames[frame];
	struct flow_module *module = sites_module(s, r->module);

	if (!module)
		return NULL;
	return sourced_file(module, &s->files,
			    r->address - s->m->modules[r->module].base, at);
}

/* What was called last, without a frame, by the innermost one; NULL: a function
 * of the C library's. */
static const char *innermost_callee(struct sites *s, uint32_t stack)
{
	const struct location *list;
	size_t count = symbols_innermost(s->symbols, stack, &list);

	return count ? name_of(&list[count - 1]) : NULL;
}

static struct site find(struct sites *s, uint32_t stack)
{
	struct way w = { .site.known = true, .smallest = s->smallest[stack] };
	const char *callee = innermost_callee(s, stack);
	const struct location *at;
	bool found = false;

	for (uint32_t f = s->m->stacks[stack].frame; f && !found;
	     f = s->m->frames[f].parent) {
		const struct look l = look_at(s, f);
		bool whole = !w.offset;

		found = settle(&w, &l);
		if (l.module && whole && !w.site.sourced.type)
			read_sources(s, &w, &l, callee, found);
		callee = name_of(&l.list[l.count - 1]);
	}
	if (w.site.type)
		w.site.bytes = false;
	at = w.site.at;
	if (at && (at->library || place_is_of_libc(at)))
		w.site.at = place_find_beyond(s->m, s->symbols, stack, at);
	return w.site;
}

const struct site *sites_of(struct sites *s, uint32_t stack)
{
	struct site *site = &s->list[stack];

	if (!site->known && s->m->stacks[stack].allocations)
		*site = find(s, stack);
	else if (!site->known)
		*site = (struct site){
			.known = true,
			.at = place_find(s->m, s->symbols, stack),
		};
	return site;
}

const struct global *sites_global(struct sites *s, uint32_t module,
				  uint64_t *address)
{
	struct flow_module *f = sites_module(s, module);
	const struct global *g;

	if (!f)
		return NULL;
	g = flow_global(f, *address - s->m->modules[module].base, false);
	if (g)
		*address -= s->m->modules[module].base + g->address;
	return g;
}

const struct c_type *sites_class(struct sites *s, uint32_t module,
				 const char *name)
{
	struct flow_module *f = sites_module(s, module);

	return f ? flow_class(f, name) : NULL;
}
