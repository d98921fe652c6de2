/* SPDX-License-Identifier: MIT */
/*
 * Objects whose counts are known, with memory of their own: which pointers are
 * references, and so what is a cycle. At the end random objects, whose strong
 * references are known because the test makes them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "judged.h"

static uint32_t add(const char *type, int64_t count)
{
	return scene_object(&s, scene_block(&s, in_a, 64), 0, type, count);
}

static uint32_t add_plain(void)
{
	return scene_block(&s, in_a, 32);
}

static uint32_t block(uint32_t object)
{
	return s.objects[object].block;
}

/* Blocks point at each other, at what offsets does not matter. */
static void point(uint32_t from, uint64_t offset, uint32_t to)
{
	scene_edge(&s, from, offset, to, 0);
}

static void point_inside(uint32_t from, uint64_t offset, uint32_t to)
{
	scene_edge(&s, from, offset, to, 16);
}

static const struct finding *only(enum finding_kind kind)
{
	judge();
	assert_int_equal(f.count, 1);
	assert_int_equal(f.list[0].kind, kind);
	return &f.list[0];
}

static void expect(enum finding_kind kind, uint64_t objects, uint64_t held,
		   uint64_t references)
{
	const struct finding *found = only(kind);

	assert_int_equal(found->objects, objects);
	assert_int_equal(found->held_objects, held);
	assert_int_equal(found->references, references);
}

/* --- One object and what is its own ---------------------------------------- */

/* A list whose head is in `o`, of `count` nodes; each leads to both of its
 * neighbours. */
static void add_list(uint32_t o, unsigned count)
{
	uint32_t before = block(o), head = before;

	if (!count)
		point_inside(head, 16, head);
	for (unsigned i = 0; i < count; i++) {
		uint32_t node = add_plain();

		scene_edge(&s, before, before == head ? 16 : 0, node, 0);
		scene_edge(&s, node, 8, before, before == head ? 16 : 0);
		before = node;
	}
	if (count) {
		scene_edge(&s, before, 0, head, 16);
		scene_edge(&s, head, 24, before, 0);
	}
}

static void lists_of_an_object_are_no_cycles(void **state)
{
	static const unsigned lengths[] = { 0, 1, 2, 5 };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		judged_setup(state);
		add_list(add("Obj", 1), lengths[i]);
		expect(FINDING_REFERENCE, 1, lengths[i], 1);
		assert_int_equal(f.list[0].held_cycles, 0);
	}
}

static void a_pointer_back_to_the_start_is_none_either(void **state)
{
	uint32_t o, child;

	(void)state;
	o = add("Obj", 2);
	child = add_plain();
	point(block(o), 8, child);
	point(child, 0, block(o));
	expect(FINDING_REFERENCE, 1, 1, 2);
}

static void nor_are_rows_behind_buckets(void **state)
{
	uint32_t o, buckets, rows[3];

	(void)state;
	o = add("Table", 1);
	buckets = add_plain();
	point(block(o), 8, buckets);
	for (unsigned i = 0; i < 3; i++) {
		rows[i] = add_plain();
		point(buckets, 8 * i, rows[i]);
		point_inside(rows[i], 8, block(o));
		if (i)
			point(rows[i], 16, rows[i - 1]);
	}
	point(rows[0], 16, rows[2]);
	expect(FINDING_REFERENCE, 1, 4, 1);
	assert_int_equal(f.list[0].held_cycles, 0);
}

static void what_is_at_zero_is_not_held_by_its_own(void **state)
{
	uint32_t o, child;

	(void)state;
	o = add("Obj", 0);
	s.objects[o].event_count = 1;
	child = add_plain();
	point(block(o), 8, child);
	point(child, 0, block(o));
	expect(FINDING_ZERO, 1, 1, 0);
}

static void in_use_its_own_memory_counts_for_nothing(void **state)
{
	static const unsigned lengths[] = { 1, 2, 5 };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		uint32_t o;

		judged_setup(state);
		o = add("Obj", 2);
		add_list(o, lengths[i]);
		scene_root(&s, block(o), 0);
		expect(FINDING_OVER, 1, 0, 1);
	}
}

static void in_use_others_may_hold_it(void **state)
{
	uint32_t o, other;

	(void)state;
	o = add("Obj", 2);
	other = add("Other", 1);
	add_list(o, 2);
	point(block(other), 8, block(o));
	scene_root(&s, block(o), 0);
	scene_root(&s, block(other), 0);
	judge();
	assert_int_equal(f.count, 0);
}

static void a_node_in_a_global_is_not_its_own(void **state)
{
	uint32_t o, node;

	(void)state;
	o = add("Obj", 2);
	node = add_plain();
	point(block(o), 8, node);
	point(node, 0, block(o));
	scene_root(&s, block(o), 0);
	scene_root(&s, node, 0);
	judge();
	assert_int_equal(f.count, 0);
}

static void counts_that_say_nothing_leave_a_cycle(void **state)
{
	uint32_t o, child;

	(void)state;
	o = add("Obj", -1);
	child = add_plain();
	point(block(o), 8, child);
	point(child, 0, block(o));
	expect(FINDING_CYCLE, 2, 0, 0);
}

static void blocks_without_counts_make_cycles_as_before(void **state)
{
	uint32_t o, a, b;

	(void)state;
	o = add("Obj", 1);
	scene_root(&s, block(o), 0);
	a = add_plain();
	b = add_plain();
	point(a, 8, b);
	point(b, 8, a);
	expect(FINDING_CYCLE, 2, 0, 0);
}

/* --- Memory that holds its owner -------------------------------------------- */

static void a_block_that_is_named_as_the_holder_closes_a_cycle(void **state)
{
	uint32_t o, request;

	(void)state;
	o = add("Connection", 1);
	request = add_plain();
	point(block(o), 8, request);
	point(request, 0, block(o));
	scene_reference(&s, o, 0, "conn")->holder =
	    s.blocks[request].address + 8;
	expect(FINDING_CYCLE, 2, 0, 0);
}

/* request() makes a request and takes a reference for it. */
static void add_request(uint32_t o, bool made_there)
{
	uint32_t alloc = scene_in(&s, "request"), take = scene_in(&s, "ref");
	uint32_t request = scene_block(&s, alloc, 32);
	uint32_t in_main = s.frames[s.stacks[alloc].frame].parent;

	s.frames[s.stacks[take].frame].parent = in_main;
	point(block(o), 8, request);
	point(request, 0, block(o));
	scene_reference(&s, o, 0, NULL)->stack = take;
	if (made_there)
		s.frames[s.stacks[in_a].frame].parent = in_main;
}

static void so_does_one_made_where_the_reference_was_taken(void **state)
{
	uint32_t o;

	(void)state;
	o = add("Connection", 1);
	add_request(o, false);
	expect(FINDING_CYCLE, 2, 0, 0);
}

static void unless_the_object_was_made_there_too(void **state)
{
	uint32_t o;

	(void)state;
	o = add("Connection", 1);
	add_request(o, true);
	expect(FINDING_REFERENCE, 1, 1, 1);
}

static void in_use_such_requests_explain_the_count(void **state)
{
	uint32_t o;

	(void)state;
	o = add("Connection", 2);
	add_request(o, false);
	scene_root(&s, block(o), 0);
	judge();
	assert_int_equal(f.count, 0);
}

/* make_request() makes `blocks` that may hold the connection, for request(), which
 * takes one reference, and makes the connection as well. */
static void add_made_for_another(uint32_t o, unsigned blocks)
{
	uint32_t alloc = scene_in(&s, "make_request");
	uint32_t take = scene_in(&s, "ref"), call = scene_in(&s, "request");

	s.frames[s.stacks[alloc].frame].parent = s.stacks[call].frame;
	s.frames[s.stacks[take].frame].parent =
	    s.frames[s.stacks[call].frame].parent;
	for (unsigned i = 0; i < blocks; i++) {
		uint32_t request = scene_block(&s, alloc, 32);

		point(block(o), 8 + 8 * i, request);
		point(request, 0, block(o));
	}
	scene_reference(&s, o, 0, NULL)->stack = take;
}

static void in_use_what_may_hold_is_no_finding(void **state)
{
	uint32_t o;

	(void)state;
	o = add("Connection", 2);
	add_made_for_another(o, 1);
	scene_root(&s, block(o), 0);
	judge();
	assert_int_equal(f.count, 0);
}

static void more_blocks_than_references_may_not_hold(void **state)
{
	uint32_t o;

	(void)state;
	o = add("Connection", 2);
	add_made_for_another(o, 2);
	scene_root(&s, block(o), 0);
	expect(FINDING_OVER, 1, 0, 1);
}

static void lost_what_may_hold_is_no_cycle(void **state)
{
	uint32_t o;

	(void)state;
	o = add("Connection", 1);
	add_made_for_another(o, 1);
	expect(FINDING_REFERENCE, 1, 1, 1);
}

/* The counter says 2, and one block may be the second. */
static void add_counted(int64_t told, unsigned blocks)
{
	uint32_t o = add("Connection", 2);

	s.objects[o].flags |= RKN_OBJECT_COUNTED;
	s.objects[o].told = told;
	for (unsigned i = 0; i < blocks; i++) {
		uint32_t request = add_plain();

		point(block(o), 8 + 8 * i, request);
		point(request, 0, block(o));
	}
	scene_root(&s, block(o), 0);
}

static void what_was_not_told_may_be_held_by_any(void **state)
{
	(void)state;
	add_counted(1, 1);
	judge();
	assert_int_equal(f.count, 0);
	judged_setup(state);
	add_counted(1, 2);
	expect(FINDING_OVER, 1, 0, 1);
	judged_setup(state);
	add_counted(2, 1);
	expect(FINDING_OVER, 1, 0, 1);
}

/* --- Several objects ---------------------------------------------------------- */

/* a -> rows -> b -> node -> a, each counted. */
static void add_ring(int64_t count_a)
{
	uint32_t a = add("A", count_a), b = add("B", 1);
	uint32_t rows = add_plain(), node = add_plain();

	point(block(a), 8, rows);
	point(rows, 0, block(b));
	point(block(b), 8, node);
	point(node, 0, block(a));
	point_inside(rows, 8, block(a));
	point_inside(node, 8, block(b));
}

static void a_cycle_may_go_through_private_memory(void **state)
{
	(void)state;
	add_ring(1);
	expect(FINDING_CYCLE, 4, 0, 0);
}

static void one_with_a_missing_release_is_both(void **state)
{
	(void)state;
	add_ring(3);
	expect(FINDING_CYCLE, 4, 0, 2);
}

static void a_shared_block_is_nobodys_own(void **state)
{
	uint32_t a, b, shared;

	(void)state;
	a = add("A", 1);
	b = add("B", 1);
	shared = add_plain();
	point(block(a), 8, shared);
	point(block(b), 8, shared);
	point(shared, 0, block(a));
	scene_root(&s, block(b), 0);
	scene_root(&s, block(a), 0);
	judge();
	assert_int_equal(f.count, 0);
	s.m.root_count = 0;
	s.objects[b].count = 2;
	point(shared, 8, block(b));
	expect(FINDING_CYCLE, 3, 0, 1);
}

static void a_holder_of_the_list_may_hold_a_node_of_it(void **state)
{
	uint32_t o, plain;

	(void)state;
	o = add("Obj", 1);
	plain = add_plain(); /* nobody's: it may be what holds */
	add_list(o, 1);
	point(plain, 0, 2);
	judge();
	assert_int_equal(f.count, 1);
	assert_int_equal(f.list[0].kind, FINDING_LEAK);
	assert_int_equal(f.list[0].held_objects, 2);
}

/* A parent whose children point back, which nobody counts. */
static void add_family(unsigned children, bool named)
{
	uint32_t parent = add("Parent", 1);

	for (unsigned i = 0; i < children; i++) {
		uint32_t child = add("Child", 1);

		point(block(parent), 8 + 8 * i, block(child));
		point(block(child), 8, block(parent));
		if (named)
			scene_reference(&s, child, parent, "children");
	}
}

static void more_children_than_references_do_not_hold(void **state)
{
	for (unsigned named = 0; named < 2; named++) {
		judged_setup(state);
		add_family(3, named);
		expect(FINDING_REFERENCE, 1, 3, 1);
	}
}

static void as_many_may_hold(void **state)
{
	(void)state;
	add_family(2, true);
	s.objects[1].count = 2;
	expect(FINDING_CYCLE, 3, 0, 0);
}

static void what_may_be_a_back_pointer_blames_no_owner(void **state)
{
	const struct finding *cycle;

	(void)state;
	add_family(1, true);
	cycle = only(FINDING_CYCLE);
	assert_int_equal(cycle->references, 0);
	assert_int_equal(cycle->hint, RKN_NONE);
	assert_int_equal(cycle->reference, RKN_NONE);
	assert_int_not_equal(cycle->undeclared, RKN_NONE);
	assert_int_equal(s.m.edges[cycle->undeclared].from, 1);
	assert_int_equal(s.m.edges[cycle->undeclared].to, 0);
	assert_string_equal(finding_confidence(cycle, &s.m), "medium");
}

static void a_named_cycle_keeps_its_hint(void **state)
{
	const struct finding *cycle;
	uint32_t a, b;

	(void)state;
	a = add("A", 1);
	b = add("B", 1);
	point(block(a), 8, block(b));
	point(block(b), 8, block(a));
	scene_reference(&s, a, b, "up");
	scene_reference(&s, b, a, "down");
	cycle = only(FINDING_CYCLE);
	assert_int_not_equal(cycle->hint, RKN_NONE);
	assert_int_equal(cycle->undeclared, RKN_NONE);
	assert_string_equal(finding_confidence(cycle, &s.m), "high");
}

/* All references on `a` have holders: what else points at it is stale. */
static void a_stale_slot_closes_no_cycle(void **state)
{
	uint32_t a, b, holder, rows;

	(void)state;
	a = add("A", 1);
	b = add("B", 1);
	holder = add("Holder", 1);
	rows = add_plain();
	point(block(holder), 8, block(a));
	point(block(a), 8, block(b));
	point(block(b), 8, rows);
	point(rows, 0, block(a));
	scene_reference(&s, a, holder, "slot");
	expect(FINDING_REFERENCE, 1, 3, 1);
	assert_int_equal(f.list[0].held_cycles, 0);
}

static void a_holders_memory_may_be_linked_both_ways(void **state)
{
	uint32_t first, second, held, lost, nodes[2];

	(void)state;
	first = add("Holder", 1);
	second = add("Holder", 1);
	held = add("Held", 1);
	lost = add("Held", 1);
	scene_root(&s, block(first), 0);
	scene_root(&s, block(second), 0);
	nodes[0] = add_plain();
	nodes[1] = add_plain();
	point(block(first), 8, nodes[0]);
	point(nodes[0], 0, nodes[1]);
	point(nodes[1], 0, nodes[0]);
	point(nodes[1], 8, block(held));
	scene_reference(&s, held, first, "slot");
	scene_reference(&s, lost, second, "slot");
	/* The first one's pointer tells that the second one's is missing. */
	expect(FINDING_LEAK, 1, 0, 0);
}

/* --- Random objects ---------------------------------------------------------- */

#define OBJECTS 7
#define PRIVATE 3 /* blocks of one object, at most */

static uint32_t seed;

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 16) % below;
}

struct world {
	unsigned n;
	bool named; /* the program names all holders */
	uint32_t object[OBJECTS];
	uint32_t memory[OBJECTS][PRIVATE + 1]; /* blocks, its own first */
	unsigned blocks[OBJECTS];
	unsigned word[SCENE_MOST]; /* free in each block */
	unsigned strong[OBJECTS][OBJECTS];
	unsigned leaked[OBJECTS];
};

static void put(struct world *w, uint32_t from, uint32_t to, uint32_t inside)
{
	scene_edge(&s, from, 8 * w->word[from]++, to, inside);
}

/* The object's blocks lead to each other in both directions and back to it. */
static void make_memory(struct world *w, unsigned i)
{
	uint32_t *m = w->memory[i];

	for (unsigned k = 1; k < w->blocks[i]; k++) {
		put(w, m[draw(k)], m[k], 0);
		if (draw(2))
			put(w, m[k], m[draw(k)], draw(2) * 8);
		if (draw(2))
			put(w, m[k], m[0], draw(2) * 8);
	}
}

static void make_strong(struct world *w, unsigned from, unsigned to)
{
	uint32_t by = w->memory[from][draw(w->blocks[from])];

	put(w, by, block(w->object[to]), 0);
	w->strong[from][to]++;
}

static void make_objects(struct world *w)
{
	for (unsigned i = 0; i < w->n; i++) {
		w->object[i] =
		    scene_object(&s, scene_block(&s, in_a, 256), 0, "Any", 0);
		w->memory[i][0] = block(w->object[i]);
		w->blocks[i] = 1 + draw(PRIVATE + 1);
		for (unsigned k = 1; k < w->blocks[i]; k++)
			w->memory[i][k] = scene_block(&s, in_a, 256);
		make_memory(w, i);
	}
	for (unsigned k = draw(3 * w->n + 1); k-- > 0;) {
		unsigned from = draw(w->n), to = draw(w->n);

		if (from != to)
			make_strong(w, from, to);
	}
}

/* What makes each of them findable: whoever nobody holds was leaked. */
static void make_counts(struct world *w)
{
	for (unsigned to = 0; to < w->n; to++) {
		int64_t count = 0;

		for (unsigned from = 0; from < w->n; from++) {
			count += w->strong[from][to];
			for (unsigned k = 0;
			     w->named && k < w->strong[from][to]; k++)
				scene_reference(&s, w->object[to],
						w->object[from], "slot");
		}
		w->leaked[to] = draw(4) ? 0 : 1 + draw(2);
		if (!count && !w->leaked[to])
			w->leaked[to] = 1;
		s.objects[w->object[to]].count = count + w->leaked[to];
	}
}

/* Where all holders are named, pointers of others' that nobody counts, too. */
static void make_stale(struct world *w)
{
	for (unsigned k = w->named ? draw(4) : 0; k-- > 0;) {
		unsigned from = draw(w->n), to = draw(w->n);

		if (from != to && !w->leaked[to])
			put(w, w->memory[from][draw(w->blocks[from])],
			    block(w->object[to]), 0);
	}
}

static void close_over(const struct world *w, bool reach[OBJECTS][OBJECTS])
{
	for (unsigned i = 0; i < w->n; i++)
		for (unsigned k = 0; k < w->n; k++)
			reach[i][k] = w->strong[i][k];
	for (unsigned via = 0; via < w->n; via++)
		for (unsigned i = 0; i < w->n; i++)
			for (unsigned k = 0; k < w->n; k++)
				reach[i][k] |= reach[i][via] && reach[via][k];
}

/* How many cycles nobody holds, how many references were leaked on those and on
 * objects that nobody holds, and how many such objects there are. */
struct truth {
	uint64_t cycles, singles, cycle_leaks, single_leaks;
};

static struct truth truth_of(const struct world *w)
{
	bool reach[OBJECTS][OBJECTS];
	struct truth t = { 0 };

	close_over(w, reach);
	for (unsigned i = 0; i < w->n; i++) {
		bool source = true, first = true;

		for (unsigned k = 0; k < w->n; k++) {
			source &= !reach[k][i] || reach[i][k];
			first &= k >= i || !reach[k][i] || !reach[i][k];
		}
		if (!source)
			continue;
		if (reach[i][i]) {
			t.cycles += first;
			t.cycle_leaks += w->leaked[i];
		} else {
			t.singles++;
			t.single_leaks += w->leaked[i];
		}
	}
	return t;
}

static struct truth told(void)
{
	struct truth t = { 0 };

	judge();
	for (size_t i = 0; i < f.count; i++) {
		const struct finding *one = &f.list[i];

		assert_true(one->kind == FINDING_CYCLE ||
			    one->kind == FINDING_REFERENCE);
		if (one->kind == FINDING_CYCLE) {
			t.cycles += one->count;
			t.cycle_leaks += one->references;
		} else {
			t.singles += one->count;
			t.single_leaks += one->references;
		}
	}
	return t;
}

static void random_objects_are_judged_right(void **state)
{
	uint64_t cycles = 0, singles = 0;

	for (uint32_t i = 0; i < 4000; i++) {
		struct world w = { 0 };
		struct truth is, was;

		judged_setup(state);
		seed = i;
		w.n = 1 + draw(OBJECTS);
		w.named = draw(2);
		make_objects(&w);
		make_counts(&w);
		make_stale(&w);
		is = truth_of(&w);
		was = told();
		if (memcmp(&is, &was, sizeof(is)))
			fail_msg(
			    "seed %u: %llu cycles (%llu leaked), %llu "
			    "references of %llu objects; told %llu (%llu), "
			    "%llu of %llu",
			    i, (unsigned long long)is.cycles,
			    (unsigned long long)is.cycle_leaks,
			    (unsigned long long)is.single_leaks,
			    (unsigned long long)is.singles,
			    (unsigned long long)was.cycles,
			    (unsigned long long)was.cycle_leaks,
			    (unsigned long long)was.single_leaks,
			    (unsigned long long)was.singles);
		cycles += is.cycles;
		singles += is.singles;
	}
	/* They are of all kinds. */
	assert_true(cycles > 500 && singles > 500);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, judged_setup, judged_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lists_of_an_object_are_no_cycles),
		TEST(a_pointer_back_to_the_start_is_none_either),
		TEST(nor_are_rows_behind_buckets),
		TEST(what_is_at_zero_is_not_held_by_its_own),
		TEST(in_use_its_own_memory_counts_for_nothing),
		TEST(in_use_others_may_hold_it),
		TEST(a_node_in_a_global_is_not_its_own),
		TEST(counts_that_say_nothing_leave_a_cycle),
		TEST(blocks_without_counts_make_cycles_as_before),
		TEST(a_block_that_is_named_as_the_holder_closes_a_cycle),
		TEST(so_does_one_made_where_the_reference_was_taken),
		TEST(unless_the_object_was_made_there_too),
		TEST(in_use_such_requests_explain_the_count),
		TEST(in_use_what_may_hold_is_no_finding),
		TEST(more_blocks_than_references_may_not_hold),
		TEST(lost_what_may_hold_is_no_cycle),
		TEST(what_was_not_told_may_be_held_by_any),
		TEST(a_cycle_may_go_through_private_memory),
		TEST(one_with_a_missing_release_is_both),
		TEST(a_shared_block_is_nobodys_own),
		TEST(a_holder_of_the_list_may_hold_a_node_of_it),
		TEST(more_children_than_references_do_not_hold),
		TEST(as_many_may_hold),
		TEST(what_may_be_a_back_pointer_blames_no_owner),
		TEST(a_named_cycle_keeps_its_hint),
		TEST(a_stale_slot_closes_no_cycle),
		TEST(a_holders_memory_may_be_linked_both_ways),
		TEST(random_objects_are_judged_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
