/* SPDX-License-Identifier: MIT */
#include "symbols_tails.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "hash.h"
#include "symbols_own.h"

#define MOST_NODES 128 /* functions that are looked at for one answer */
#define PROGRAM    0   /* module: as the loader lists them */

/* Where an edge leads to, beside the number of a node. */
#define GOAL    UINT32_MAX
#define NOWHERE (UINT32_MAX - 1) /* else */
#define UNKNOWN (UINT32_MAX - 2)

struct node { /* a function */
	uint32_t module;
	uint64_t start;
	struct code_exits exits;
	uint32_t *to; /* one an exit */
	bool reaches; /* the goal */
	bool open;    /* it may be left to what is not known, */
	bool loose;   /* or a function may that it leads to */
	bool taken;   /* it is in the answer */
};

struct search {
	struct symbols *s;
	enum tails_goal goal;
	uint32_t module;      /* TAILS_FRAME: of the function, */
	uint64_t start;       /* its first address, */
	const char *function; /* its name; NULL */
	struct node nodes[MOST_NODES];
	size_t count;
};

struct tails_name {      /* a function that one module defines for others */
	uint32_t module; /* RKN_NONE: none does, or several do */
	uint64_t start;
	UT_hash_handle hh;
	char name[];
};

/* --- Names ----------------------------------------------------------------- */

/* What the shim hooks: no frame of theirs is on a stack. */
static bool is_hook(const char *name)
{
	static const char *const hooks[] = {
		"malloc",
		"calloc",
		"realloc",
		"reallocarray",
		"free",
		"cfree",
		"posix_memalign",
		"aligned_alloc",
		"memalign",
		"valloc",
		"pvalloc",
		"free_sized",
		"free_aligned_sized",
	};

	if (!strncmp(name, "__libc_", strlen("__libc_")))
		name += strlen("__libc_");
	for (size_t i = 0; i < sizeof(hooks) / sizeof(*hooks); i++)
		if (!strcmp(name, hooks[i]))
			return true;
	return false;
}

static struct tails_name *look_everywhere(struct symbols *s, const char *name)
{
	size_t size = strlen(name) + 1;
	struct tails_name *n = xcalloc(1, sizeof(*n) + size);

	memcpy(n->name, name, size);
	n->module = RKN_NONE;
	for (uint32_t i = 0; i < s->model->module_count; i++) {
		uint64_t start = symbols_own_find(s, i, name);

		if (!start)
			continue;
		if (n->module != RKN_NONE) {
			n->module = RKN_NONE;
			break; /* which one? */
		}
		n->module = i;
		n->start = start;
		if (i == PROGRAM)
			break; /* it comes before all */
	}
	HASH_ADD_KEYPTR(hh, s->names, n->name, size - 1, n);
	return n;
}

static const struct tails_name *find_name(struct symbols *s, const char *name)
{
	struct tails_name *n;

	HASH_FIND_STR(s->names, name, n);
	return n ? n : look_everywhere(s, name);
}

bool tails_named(struct symbols *s, const char *name,
		 struct tails_place *function)
{
	const struct tails_name *n = find_name(s, name);

	*function = (struct tails_place){ n->module, n->start };
	return n->module != RKN_NONE;
}

void tails_release(struct symbols *s)
{
	HASH_FREE(s->names);
}

/* --- Functions ------------------------------------------------------------- */

static uint32_t node_at(struct search *x, uint32_t module, uint64_t start)
{
	if (x->goal == TAILS_FRAME && module == x->module && start == x->start)
		return GOAL;
	for (uint32_t i = 0; i < x->count; i++)
		if (x->nodes[i].module == module && x->nodes[i].start == start)
			return i;
	if (x->count == MOST_NODES)
		return UNKNOWN;
	x->nodes[x->count] = (struct node){ .module = module, .start = start };
	return (uint32_t)x->count++;
}

/* Which one the loader found. */
static uint32_t node_named(struct search *x, const char *name)
{
	const struct tails_name *n;

	if (x->goal != TAILS_FRAME
		? is_hook(name)
		: (x->function && !strcmp(x->function, name)) ||
		      symbols_own_find(x->s, x->module, name) == x->start)
		return GOAL;
	if (is_hook(name))
		return NOWHERE;
	n = find_name(x->s, name);
	return n->module == RKN_NONE ? UNKNOWN
				     : node_at(x, n->module, n->start);
}

static uint32_t resolve(struct search *x, uint32_t module,
			const struct code_target *to)
{
	switch (to->kind) {
	case CODE_ADDRESS:
		return node_at(x, module, to->address);
	case CODE_NAME:
		return node_named(x, to->name);
	case CODE_OURS:
		return x->goal == TAILS_ANY ? GOAL : NOWHERE;
	default:
		return UNKNOWN;
	}
}

/* --- Ways ------------------------------------------------------------------ */

static bool leads_on(const struct search *x, uint32_t to)
{
	return to == GOAL || (to < x->count && x->nodes[to].reaches);
}

/* Is there more to say of `n`, by those that it leads to? */
static bool learn(const struct search *x, struct node *n)
{
	bool reaches = false, loose = n->open;

	for (size_t i = 0; i < n->exits.count; i++) {
		uint32_t to = n->to[i];

		reaches |= leads_on(x, to);
		loose |= to < x->count && x->nodes[to].loose;
	}
	if (reaches == n->reaches && loose == n->loose)
		return false;
	n->reaches = reaches;
	n->loose = loose;
	return true;
}

static void find_ways(struct search *x)
{
	bool changed = true;

	for (size_t i = 0; i < x->count; i++) {
		struct node *n = &x->nodes[i];

		n->exits = symbols_own_exits(x->s, n->module, n->start);
		n->open = n->exits.open;
		n->to = xcalloc(n->exits.count + 1, sizeof(*n->to));
		for (size_t k = 0; k < n->exits.count; k++) {
			n->to[k] = resolve(x, n->module, &n->exits.list[k].to);
			n->open |= n->to[k] == UNKNOWN;
		}
	}
	while (changed) {
		changed = false;
		for (size_t i = 0; i < x->count; i++)
			changed |= learn(x, &x->nodes[i]);
	}
}

/* Functions that call each other count once, as with GDB. */
static bool is_way(const struct search *x, uint32_t to)
{
	return (leads_on(x, to) || (to < x->count && x->nodes[to].loose)) &&
	       (to == GOAL || !x->nodes[to].taken);
}

/* The only one that `n` leads to on the way; NOWHERE: there are several, or
 * it is not known. */
static uint32_t only_next(const struct search *x, const struct node *n)
{
	uint32_t next = NOWHERE;

	if (n->open)
		return NOWHERE;
	for (size_t i = 0; i < n->exits.count; i++) {
		if (!is_way(x, n->to[i]) || n->to[i] == next)
			continue;
		if (next != NOWHERE)
			return NOWHERE;
		next = n->to[i];
	}
	return next;
}

/* The only one that leads to `to`, on no way that was taken. */
static uint32_t only_before(const struct search *x, uint32_t to)
{
	uint32_t before = NOWHERE;

	for (uint32_t n = 0; n < x->count; n++) {
		bool leads = false;

		for (size_t i = 0; i < x->nodes[n].exits.count; i++)
			leads |= x->nodes[n].to[i] == to;
		if (!leads)
			continue;
		if (before != NOWHERE || x->nodes[n].taken)
			return NOWHERE;
		before = n;
	}
	return before;
}

/* `to` is NOWHERE if that is not known. */
static void add(struct search *x, struct node *n, uint32_t to,
		struct tail *tail)
{
	*tail = (struct tail){ .module = n->module,
			       .others = to == NOWHERE && n->open };
	for (size_t i = 0; i < n->exits.count; i++) {
		if (to == NOWHERE ? !is_way(x, n->to[i]) : n->to[i] != to)
			continue;
		if (tail->count < TAILS_SITES)
			tail->ends[tail->count++] = n->exits.list[i].end;
		else
			tail->others = true;
	}
	if (!tail->count) { /* by a jump that nobody knows */
		tail->ends[tail->count++] = n->start + 1;
		tail->others = true;
	}
	n->taken = true;
}

/* Outermost first what all ways begin with; *whole: it is all. */
static size_t begin_of_ways(struct search *x, struct tail list[TAILS_MOST],
			    bool *whole)
{
	uint32_t at = 0, next;
	size_t count = 0;

	*whole = false;
	while (count < TAILS_MOST) {
		x->nodes[at].taken = true;
		next = only_next(x, &x->nodes[at]);
		add(x, &x->nodes[at], next, &list[count++]);
		if (next == GOAL || next == NOWHERE) {
			*whole = next == GOAL;
			return count;
		}
		at = next;
	}
	return 0; /* too many */
}

/* Innermost first what all ways end with. */
static size_t end_of_ways(struct search *x, struct tail list[TAILS_MOST],
			  size_t most)
{
	size_t count = 0;
	uint32_t to = GOAL;

	for (size_t i = 0; i < x->count; i++)
		if (x->nodes[i].open)
			return 0;
	while (count < most) {
		uint32_t before = only_before(x, to);

		if (before == NOWHERE)
			break;
		add(x, &x->nodes[before], to, &list[count++]);
		to = before;
	}
	return count;
}

static size_t common(struct search *x, struct tail list[TAILS_MOST])
{
	struct tail begin[TAILS_MOST];
	bool whole;
	size_t count = begin_of_ways(x, begin, &whole), ends = 0;

	if (!whole)
		ends = end_of_ways(x, list, TAILS_MOST - count);
	for (size_t i = 0; i < count / 2; i++) {
		struct tail other = begin[i];

		begin[i] = begin[count - 1 - i];
		begin[count - 1 - i] = other;
	}
	memcpy(list + ends, begin, count * sizeof(*list));
	return count + ends;
}

size_t tails_find(struct symbols *s, struct tails_place from,
		  enum tails_goal goal, struct tails_place to,
		  const char *function, struct tail list[TAILS_MOST])
{
	struct code_call call = symbols_own_call(s, from.module, from.address);
	struct search x; /* not all zero: few nodes are used */
	size_t count = 0;

	if (call.to.kind == CODE_UNKNOWN ||
	    (function && (!strcmp(function, "__restore_rt") ||
			  !strcmp(function, "__restore"))))
		return 0;
	x.s = s;
	x.goal = goal;
	x.function = function;
	x.count = 0;
	if (goal == TAILS_FRAME) {
		x.module = to.module;
		x.start = symbols_own_call(s, to.module, to.address).start;
		if (!x.start)
			return 0;
	}
	if (resolve(&x, from.module, &call.to) == 0) {
		find_ways(&x);
		if (x.nodes[0].reaches || x.nodes[0].loose)
			count = common(&x, list);
	}
	for (size_t i = 0; i < x.count; i++) {
		free(x.nodes[i].exits.list);
		free(x.nodes[i].to);
	}
	return count;
}
