/* SPDX-License-Identifier: MIT */
#include "marks.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "aside.h"
#include "ledger_gate.h"
#include "ledger_tables.h"
#include "libc.h"
#include "messages.h"
#include "names.h"
#include "objects.h"
#include "own_memory.h"
#include "sys.h"
#include "text.h"
#include "timeline.h"

#define PATIENCE 100 /* tries to close the gate */
#define TOLD     4   /* of what grew, in a message */

struct sum {
	int64_t live;
	int64_t bytes;
};

/* What is alive, by the number of the stack or of the type. */
struct census {
	struct sum *stacks, *types;
	uint32_t stack_count, type_count;
	struct sum all;
};
static struct census census;

void marks_reset(void)
{
	census = (struct census){ 0 };
}

/* Records that may be read: few are added meanwhile, and are left out. */
static uint32_t records(enum store_table_number number)
{
	const struct store_table *t = &store.header->tables[number];
	uint64_t n = __atomic_load_n(&t->count, __ATOMIC_ACQUIRE);

	return (uint32_t)(n < t->capacity ? n : t->capacity);
}

static int64_t bytes_of(const struct store_counter *counter)
{
	return (int64_t)(READ_ONCE(counter->allocated_bytes) -
			 READ_ONCE(counter->freed_bytes));
}

/* What an area counted, of all stacks that were known as the census began. */
static void add_area(struct census *c, const struct store_area *a)
{
	for (uint32_t i = 0; i < c->stack_count; i++) {
		uint64_t page =
		    READ_ONCE(a->counters[i / STORE_COUNTERS_PER_PAGE]);
		const struct store_counter *from;

		if (!page) {
			i |= STORE_COUNTERS_PER_PAGE - 1;
			continue;
		}
		from = (const struct store_counter *)store_at(page * 4096) +
		       i % STORE_COUNTERS_PER_PAGE;
		c->stacks[i].live += (int64_t)(READ_ONCE(from->allocations) -
					       READ_ONCE(from->frees));
		c->stacks[i].bytes += bytes_of(from);
		c->all.bytes += bytes_of(from);
	}
	c->all.live +=
	    (int64_t)(READ_ONCE(a->allocations) - READ_ONCE(a->frees));
	c->all.bytes += bytes_of(&a->rest);
}

static bool begin(struct census *c)
{
	uint64_t stacks = store.header->tables[STORE_STACKS].capacity;
	uint64_t types = store.header->tables[STORE_NAMES].capacity;

	if (!c->stacks)
		c->stacks = own_memory_map(stacks * sizeof(*c->stacks));
	if (!c->types)
		c->types = own_memory_map(types * sizeof(*c->types));
	if (!c->stacks || !c->types)
		return false;
	memset(c->stacks, 0, c->stack_count * sizeof(*c->stacks));
	memset(c->types, 0, c->type_count * sizeof(*c->types));
	c->stack_count = records(STORE_STACKS);
	c->type_count = records(STORE_NAMES);
	c->all = (struct sum){ 0 };
	return true;
}

/* Closes the gate until ledger_gate_open(), and makes the census; false: it
 * cannot be made, and the gate is open. */
static bool take(struct thread *t, struct census *c)
{
	unsigned tries = 0;

	while (!ledger_gate_close(t)) {
		if (++tries == PATIENCE)
			return false;
		sys_rest(100000);
	}
	if (!begin(c)) {
		ledger_gate_open();
		return false;
	}
	for (uint32_t i = 1; i < thread_numbers(); i++) {
		const struct store_area *a = store_record(STORE_AREAS, i);

		if (a)
			add_area(c, a);
	}
	for (uint32_t i = 1; i < objects_end(); i++) {
		const struct store_object *o = objects_at(i);
		uint32_t type = o->type < c->type_count ? o->type : NAMES_MORE;
		struct objects_part part;

		/* A block that has objects is theirs, and not counted for its
		 * stack. */
		if (!(o->flags & STORE_OBJECT_TRACKED) ||
		    objects_live(o->address) != o || !objects_part(o, &part))
			continue;
		c->types[type].live++;
		c->types[type].bytes += (int64_t)part.bytes;
		if (!part.first || part.stack >= c->stack_count)
			continue;
		c->stacks[part.stack].live--;
		c->stacks[part.stack].bytes -= (int64_t)part.block_bytes;
	}
	return true;
}

/* The last mark called `name`, and how many there are; NULL. */
static struct rkn_mark *find(uint32_t name, uint32_t *count)
{
	struct rkn_mark *found = NULL;

	*count = 0;
	for (uint32_t i = 1; i < records(STORE_MARKS); i++) {
		struct rkn_mark *m = store_record(STORE_MARKS, i);

		if (!m || !m->number || m->name != name)
			continue;
		++*count;
		if (!found || m->number > found->number)
			found = m;
	}
	return found;
}

static struct rkn_census *write_rows(struct rkn_census *to, const struct sum *s,
				     uint32_t count, bool types)
{
	for (uint32_t i = 0; i < count; i++) {
		if (s[i].live <= 0)
			continue;
		*to++ = (struct rkn_census){
			.stack = types ? RKN_NONE : i,
			.type = types ? i : RKN_NONE,
			.live = (uint64_t)s[i].live,
			.bytes = s[i].bytes > 0 ? (uint64_t)s[i].bytes : 0,
		};
	}
	return to;
}

static bool write(struct thread *t, uint32_t name, const struct census *c)
{
	struct store_table *table = &store.header->tables[STORE_CENSUS];
	uint32_t kept, number = 1;
	uint64_t rows = 0, room, first;
	struct rkn_mark *m = find(name, &kept);
	struct rkn_census *to;

	for (uint32_t i = 0; i < c->stack_count; i++)
		rows += c->stacks[i].live > 0;
	for (uint32_t i = 0; i < c->type_count; i++)
		rows += c->types[i].live > 0;
	if (m)
		number = m->number + 1;
	if (kept < MARKS_KEPT)
		m = store_record(STORE_MARKS, store_append(STORE_MARKS));
	if (!m)
		return false;
	first = m->first;
	if (rows > m->room) {
		/* A mark that is made again and again leaves its old rows
		 * behind when it grows: twice the room each time, so that they
		 * are no more than the new. */
		room = 2ull * m->room > rows ? 2ull * m->room : rows;
		first = table->count;
		if (first + room > table->capacity ||
		    !store_ready(table->offset + first * table->record_size,
				 room * table->record_size))
			return false;
		table->count += room;
		m->room = (uint32_t)room;
	}
	m->first = (uint32_t)first;
	m->rows = (uint32_t)rows;
	if (rows) {
		to = store_record(STORE_CENSUS, first);
		to = write_rows(to, c->stacks, c->stack_count, false);
		write_rows(to, c->types, c->type_count, true);
	}
	m->name = name;
	m->thread = t->serial;
	m->time_ns = sys_clock(CLOCK_MONOTONIC) - store.header->start_mono_ns;
	timeline_set_now(m->time_ns);
	m->birth = (t->extra >> STORE_BIRTH_SHIFT) - 1;
	m->blocks = (uint64_t)(c->all.live > 0 ? c->all.live : 0);
	m->bytes = (uint64_t)(c->all.bytes > 0 ? c->all.bytes : 0);
	__atomic_store_n(&m->number, number, __ATOMIC_RELEASE);
	return true;
}

void marks_make(const char *name)
{
	struct thread *t = ledger_tables_enter();
	enum rkn_limit_number missed = RKN_LIMITS;

	if (!t)
		return;
	/* What this thread allocates from now on has higher numbers. */
	thread_births(t);
	if (!take(t, &census)) {
		missed = RKN_LIMIT_CALL_MISSED;
	} else {
		if (!write(t, names_number(name, t->area->limits), &census))
			missed = RKN_LIMIT_REGIONS_FULL;
		ledger_gate_open();
	}
	if (missed != RKN_LIMITS)
		t->area->limits[missed]++;
	thread_leave(t);
}

/* --- No growth -------------------------------------------------------------- */

static void add_place(struct text *text, uint32_t stack)
{
	const struct store_stack *s = store_record(STORE_STACKS, stack);
	const struct store_frame *f =
	    s ? store_record(STORE_FRAMES, s->frame) : NULL;
	const struct rkn_module *m =
	    f && f->address && f->module != RKN_NONE
		? store_record(STORE_MODULES, f->module)
		: NULL;
	const char *path, *base;

	if (!m) {
		text_add(text, "a place that is not known");
		return;
	}
	path = store_at(store.header->tables[STORE_TEXT].offset + m->path);
	base = strrchr(path, '/');
	text_add(text, base ? base + 1 : path);
	text_add(text, "+");
	text_hex(text, (f->address & ~STORE_FRAME_GONE) - m->base);
}

struct growth {
	struct text *text;
	const struct rkn_mark *mark;
	unsigned count; /* places that grew */
	bool objects;   /* some type did */
};

static void add_growth(struct growth *g, uint32_t stack, uint32_t type,
		       int64_t live)
{
	const struct rkn_census *then =
	    store_record(STORE_CENSUS, g->mark->first);
	int64_t more = live;

	for (uint32_t i = 0; more > 0 && i < g->mark->rows; i++)
		if (then[i].stack == stack && then[i].type == type) {
			more -= (int64_t)then[i].live;
			break;
		}
	if (more <= 0)
		return;
	g->objects |= type != RKN_NONE;
	if (g->count++ >= TOLD)
		return;
	text_add(g->text, g->count == 1 ? ": " : ", ");
	text_number(g->text, (uint64_t)more);
	text_add(g->text, " ");
	if (type != RKN_NONE) {
		text_add(g->text, names_text(type));
		return;
	}
	text_add(g->text, more == 1 ? "block of " : "blocks of ");
	add_place(g->text, stack);
}

struct comparison {
	const char *name;
	bool grown;
};

/* The census is made, and the gate closed. */
static void compare(void *data)
{
	struct comparison *comparison = data;
	const char *name = comparison->name ? comparison->name : "";
	const struct census *c = &census;
	char line[1024];
	struct text text = { line, sizeof(line), 0 };
	uint32_t kept;
	struct rkn_mark *m = find(names_find(name), &kept);
	struct growth g = { .text = &text, .mark = m };

	text_add(&text, "refknot_assert_no_growth(\"");
	text_add(&text, name);
	text_add(&text, "\"): ");
	if (!m) {
		text_add(&text, "there is no mark of that name");
		comparison->grown = true;
		messages_say_failed(line);
		return;
	}
	text_add(&text, "more is alive than at the mark");
	for (uint32_t i = 0; i < c->type_count; i++)
		add_growth(&g, RKN_NONE, i, c->types[i].live);
	for (uint32_t i = 0; i < c->stack_count; i++)
		add_growth(&g, i, RKN_NONE, c->stacks[i].live);
	if (g.count > TOLD)
		text_add(&text, ", and more");
	text_add(&text, " (refknot diff RECORDING@");
	text_add(&text, name);
	text_add(&text, " RECORDING --by site lists the lines)");
	comparison->grown = g.objects || c->all.live > (int64_t)m->blocks;
	if (comparison->grown)
		messages_say_failed(line);
}

void marks_assert_no_growth(const char *name)
{
	struct thread *t = ledger_tables_enter();
	struct comparison c = { name, false };
	uint32_t kept;

	if (!t)
		return;
	/* A forked child knows no mark of its parent. */
	if (process.forked && !find(names_find(name), &kept)) {
		t->area->limits[RKN_LIMIT_CALL_MISSED]++;
	} else if (take(t, &census)) {
		aside(compare, &c);
		ledger_gate_open();
	} else {
		t->area->limits[RKN_LIMIT_CALL_MISSED]++;
	}
	thread_leave(t);
	if (c.grown)
		libc()->abort();
}
