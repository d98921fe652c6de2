/* SPDX-License-Identifier: MIT */
/*
 * What users of jansson do right and wrong: one corner a run, by name. What
 * must be found in each stands in test_documents.py.
 */
#include <pthread.h>
#include <string.h>

#include "corners.h"

#define READERS 4

static json_t *config, *other, *kept[64];

/* A program's own type that keeps a document. */
struct session {
	json_t *document;
	char user[24];
};

static NOINLINE struct session *session_new(json_t *document)
{
	struct session *s = calloc(1, sizeof(*s));

	refknot_object(s, "Session");
	s->document = document;
	refknot_move(document, NULL, s);
	return s;
}

static NOINLINE void session_free(struct session *s)
{
	json_decref_by(s->document, (json_t *)s);
	refknot_release(s);
	free(s);
}

static NOINLINE json_t *object_of(int entries)
{
	json_t *o = json_object();
	char key[16];

	for (int i = 0; i < entries; i++) {
		snprintf(key, sizeof(key), "key %d", i);
		json_object_set_new(o, key, json_integer(i));
	}
	return o;
}

static NOINLINE json_t *array_of(int entries)
{
	json_t *a = json_array();

	for (int i = 0; i < entries; i++)
		json_array_append_new(a, json_string("element"));
	return a;
}

/* The owner of `config`: it takes it here and gives it back there. */
static NOINLINE void load(json_t *document)
{
	config = document;
}

static NOINLINE void unload(void)
{
	json_t *c = config;

	config = NULL;
	json_decref(c);
}

static NOINLINE void reader1(void)
{
	json_decref(json_incref(config));
}

/* One of the callers that borrow a reference each; it may forget to return it.
 */
static NOINLINE void reader2(int forgets)
{
	json_t *c = json_incref(config);

	if (!forgets)
		json_decref(c);
}

static NOINLINE void reader3(void)
{
	json_decref(json_incref(config));
}

static NOINLINE void reader4(void)
{
	json_decref(json_incref(config));
}

static NOINLINE void read_by_all(int forgets)
{
	reader1();
	reader2(forgets);
	reader3();
	reader4();
}

/* --- Right ------------------------------------------------------------- */

static NOINLINE json_t *parsed(void)
{
	return json_loads("{\"a\": [1, 2.5, \"three\", null, true], "
			  "\"b\": {\"c\": {}, \"d\": [[]]}}",
			  0, NULL);
}

static NOINLINE void parse_copy_and_free(void)
{
	json_t *document = parsed(), *copy = json_deep_copy(document);
	json_t *shallow = json_copy(copy);
	char *text = json_dumps(shallow, JSON_SORT_KEYS);

	CHECK(json_equal(document, copy));
	free(text);
	json_decref(document);
	json_decref(copy);
	json_decref(shallow);
}

static NOINLINE void documents_in_use(void)
{
	config = parsed();
	other = json_deep_copy(config);
	kept[0] = json_copy(config);
	kept[1] = json_incref(json_object_get(config, "a"));
	read_by_all(0);
}

static NOINLINE void values_are_shared(void)
{
	json_t *value = json_string("shared"), *list = json_array();

	config = json_object();
	json_object_set(config, "one", value);
	json_object_set(config, "two", value);
	json_array_append(list, value);
	json_array_insert(list, 0, value);
	json_array_set(list, 1, value);
	json_object_set_new(config, "list", list);
	json_decref(value);
	json_object_del(config, "one");
	json_array_remove(list, 0);
}

static NOINLINE void containers_change(void)
{
	json_t *more = array_of(3);
	void *iter;

	config = object_of(20);
	json_object_set_new(config, "key 3", json_string("another"));
	iter = json_object_iter_at(config, "key 4");
	json_object_iter_set_new(config, iter, json_real(0.5));
	json_object_set_new(config, "list", array_of(30));
	json_array_extend(json_object_get(config, "list"), more);
	json_array_clear(more);
	json_object_update_new(config, object_of(2));
	json_decref(more);
	other = json_incref(json_object_get(config, "list"));
	json_object_clear(config);
}

static NOINLINE void *consume(void *documents)
{
	json_t **list = documents;

	for (int i = 0; i < 8; i++)
		if (list[i]) {
			json_decref(list[i]);
			list[i] = NULL;
		}
	return NULL;
}

static NOINLINE void in_another_thread(void *(*f)(void *), void *data)
{
	pthread_t thread;

	pthread_create(&thread, NULL, f, data);
	pthread_join(thread, NULL);
}

static NOINLINE void produce(json_t **list)
{
	for (int i = 0; i < 8; i++)
		list[i] = object_of(2);
}

static NOINLINE void passed_between_threads(void)
{
	produce(kept);
	in_another_thread(consume, kept);
}

/* A table that grows holds what is in it; refknot follows it. */
static NOINLINE json_t **table_with(int entries)
{
	json_t **table = malloc(2 * sizeof(*table)), **bigger;

	refknot_object(table, "Table");
	for (int i = 0; i < 2; i++) {
		table[i] = object_of(1);
		refknot_move(table[i], NULL, table);
	}
	bigger = realloc(table, (size_t)entries * 4096);
	memset(bigger + 2, 0, (size_t)entries * 4096 - 2 * sizeof(*bigger));
	for (int i = 2; i < entries; i++) {
		bigger[i] = object_of(1);
		refknot_move(bigger[i], NULL, bigger);
	}
	return bigger;
}

static NOINLINE void table_free(json_t **table, int from, int entries)
{
	for (int i = from; i < entries; i++)
		json_decref_by(table[i], (json_t *)table);
	refknot_release(table);
	free(table);
}

static NOINLINE void holders_move(void)
{
	table_free(table_with(5), 0, 5);
	kept[0] = (json_t *)table_with(5);
}

/* A block in which many smaller ones began before, with objects in them. */
static struct {
	char *base;
	size_t used;
	void *free_list[8];
} pool;

#define POOL_SIZE 122880 /* below that, it comes from where they were */

static NOINLINE void pool_prepare(void)
{
	static char *blocks[128];
	uintptr_t first = 0;

	for (int i = 0; i < 128; i++) {
		blocks[i] = malloc(1500); /* 1,520 from one to the next */
		refknot_object(blocks[i], "Before");
		first = first ? first : (uintptr_t)blocks[i];
	}
	for (int i = 0; i < 128; i++) {
		refknot_release(blocks[i]);
		free(blocks[i]);
		blocks[i] = NULL;
	}
	pool.base = malloc(POOL_SIZE);
	CHECK((uintptr_t)pool.base <= first &&
	      first < (uintptr_t)pool.base + POOL_SIZE);
}

/* In steps of 16 bytes, each size in a list of its own. */
static void *pool_malloc(size_t size)
{
	size_t list = (size + 15) / 16;
	void *p;

	if (list >= 8)
		return malloc(size);
	p = pool.free_list[list];
	if (p) {
		memcpy(&pool.free_list[list], p, sizeof(p));
		return p;
	}
	p = pool.base + pool.used;
	pool.used += list * 16;
	if (pool.used > POOL_SIZE)
		abort();
	return p;
}

static void pool_free(void *p)
{
	char *c = p;
	size_t list;

	if (c < pool.base || c >= pool.base + POOL_SIZE) {
		free(p);
		return;
	}
	/* Values are of 24 or 32 bytes; only they are objects. */
	list = 2;
	refknot_object_end(p);
	memcpy(p, &pool.free_list[list], sizeof(p));
	pool.free_list[list] = p;
}

/* Only values come from it: all have room in 32 bytes. */
static void *value_malloc(size_t size)
{
	return size == 24 || size == 32 ? pool_malloc(32) : malloc(size);
}

static NOINLINE void pool_use(void)
{
	pool_prepare();
	json_set_alloc_funcs(value_malloc, pool_free);
}

static NOINLINE void in_a_pool(void)
{
	pool_use();
	config = array_of(1500);
	json_array_append_new(config, json_integer(1));
	read_by_all(0);
	other = json_deep_copy(config);
	unload();
}

/* --- A release is missing ---------------------------------------------- */

static NOINLINE void forgotten_of_an_object(void)
{
	load(object_of(5));
	read_by_all(1);
	unload();
}

static NOINLINE void forgotten_of_an_empty_object(void)
{
	load(json_object());
	read_by_all(1);
	unload();
}

static NOINLINE void forgotten_of_an_array(void)
{
	load(array_of(5));
	read_by_all(1);
	unload();
}

static NOINLINE void forgotten_of_a_string(void)
{
	load(json_string("leaf"));
	read_by_all(1);
	unload();
}

static NOINLINE void forgotten_of_a_tree(void)
{
	json_t *tree = object_of(3);

	json_object_set_new(tree, "branch", object_of(3));
	json_object_set_new(tree, "list", array_of(3));
	load(tree);
	read_by_all(1);
	unload();
}

static NOINLINE void forgotten_in_a_global(void)
{
	load(object_of(5));
	read_by_all(1);
}

static NOINLINE void forgotten_of_an_empty_one_in_a_global(void)
{
	load(json_object());
	read_by_all(1);
}

static NOINLINE void forgotten_of_an_element(void)
{
	load(array_of(3));
	json_incref(json_array_get(config, 1));
}

/* The error is seen, and what was parsed is not given back. */
static NOINLINE int load_checked(void)
{
	json_t *document = parsed();

	if (!json_object_get(document, "missing"))
		return -1;
	json_decref(document);
	return 0;
}

static NOINLINE void forgotten_on_an_error_path(void)
{
	CHECK(load_checked() == -1);
}

static NOINLINE int read_name(const json_t *document)
{
	json_t *name = NULL;

	return json_unpack((json_t *)document, "{s:O}", "name", &name);
}

static NOINLINE void forgotten_after_unpack(void)
{
	load(json_pack("{s:s}", "name", "value"));
	CHECK(!read_name(config));
	unload();
}

/* json_object_set() where json_object_set_new() was meant. */
static NOINLINE void fill(json_t *object)
{
	json_object_set(object, "name", json_string("made"));
}

static NOINLINE void set_instead_of_set_new(void)
{
	load(json_object());
	fill(config);
	unload();
}

static NOINLINE void forgets_some(int number)
{
	json_t *o = object_of(number % 3);

	if (number % 4)
		json_decref(o);
}

static NOINLINE void forgotten_in_a_loop(void)
{
	for (int i = 0; i < 20; i++)
		forgets_some(i);
}

/* A slot that was never written has an old pointer back at its object. */
static NOINLINE void forgotten_with_a_stale_slot(void)
{
	struct slots {
		struct slots **table;
		char rest[40];
	} *s = calloc(1, sizeof(*s));

	refknot_object(s, "Slots");
	s->table = calloc(4, sizeof(*s->table));
	s->table[2] = s;
	refknot_retain(s);
	refknot_release(s);
}

static NOINLINE void *consume_but_one(void *documents)
{
	json_t **list = documents;

	list[5] = NULL;
	return consume(list);
}

static NOINLINE void forgotten_in_another_thread(void)
{
	produce(kept);
	in_another_thread(consume_but_one, kept);
}

static NOINLINE void forgotten_in_a_pool(void)
{
	pool_use();
	load(array_of(40));
	read_by_all(1);
	unload();
}

/* --- Given back once too often, or by another ---------------------------- */

static NOINLINE void gives_back_a_borrowed_one(void)
{
	json_decref(json_array_get(config, 1));
}

static NOINLINE void borrowed_is_given_back(void)
{
	load(array_of(3));
	gives_back_a_borrowed_one();
	unload();
}

static NOINLINE void reads_and_gives_back_twice(void)
{
	json_t *c = json_incref(config);

	json_decref(c);
	json_decref(c);
}

static NOINLINE void given_back_twice(void)
{
	load(object_of(2));
	reads_and_gives_back_twice();
	unload();
}

static NOINLINE void takes_from_another(json_t *value)
{
	json_decref_by(value, other);
}

static NOINLINE void given_back_by_a_stranger(void)
{
	json_t *value = json_string("held by one");

	config = json_array();
	other = json_object();
	json_array_append(config, value);
	takes_from_another(value);
	kept[0] = value;
}

static NOINLINE void puts_into_the_second(json_t *value)
{
	json_array_append_new(other, value);
}

/* Two owners of one reference, which are still there. */
static NOINLINE void one_reference_for_two(void)
{
	json_t *value = json_string("owned once");

	config = json_array();
	other = json_array();
	json_array_append_new(config, value);
	puts_into_the_second(value);
}

static NOINLINE void one_reference_for_two_that_end(void)
{
	one_reference_for_two();
	json_decref(config);
	config = NULL;
	json_decref(other);
	other = NULL;
}

static NOINLINE void keeps_a_borrowed_one(void)
{
	json_array_append_new(other, json_object_get(config, "key 1"));
}

static NOINLINE void borrowed_is_stored(void)
{
	config = object_of(3);
	other = json_array();
	keeps_a_borrowed_one();
}

/* --- Freed -------------------------------------------------------------- */

static NOINLINE void frees_by_hand(json_t *json)
{
	refknot_release(json);
	free(json);
}

static NOINLINE void freed_while_it_holds(void)
{
	frees_by_hand(array_of(3));
}

static NOINLINE void frees_what_is_held(void)
{
	free(json_array_get(config, 1));
}

static NOINLINE void freed_while_held(void)
{
	config = json_array();
	for (int i = 0; i < 3; i++)
		json_array_append_new(config, json_integer(i));
	kept[0] = json_incref(json_array_get(config, 1));
	frees_what_is_held();
}

static NOINLINE void overwrites(struct session *s)
{
	s->document = object_of(1);
	refknot_move(s->document, NULL, s);
}

static NOINLINE void slot_is_overwritten(void)
{
	struct session *s[3];

	for (int i = 0; i < 3; i++) {
		s[i] = session_new(object_of(2));
		kept[i] = (json_t *)s[i];
	}
	overwrites(s[1]);
}

static NOINLINE void frees_the_session_only(struct session *s)
{
	refknot_release(s);
	free(s);
}

static NOINLINE void holder_is_freed(void)
{
	session_free(session_new(object_of(1)));
	frees_the_session_only(session_new(object_of(2)));
}

static NOINLINE void frees_table_from_2(json_t **table)
{
	table_free(table, 1, 5);
}

static NOINLINE void moved_holder_is_freed(void)
{
	frees_table_from_2(table_with(5));
}

/* --- Cycles --------------------------------------------------------------- */

static NOINLINE void ties(json_t *first, json_t *second)
{
	json_object_set(second, "back", first);
}

static NOINLINE void cycle_of_two_objects(void)
{
	json_t *a = object_of(2), *b = object_of(2);

	json_object_set(a, "on", b);
	ties(a, b);
	json_decref(a);
	json_decref(b);
}

static NOINLINE void ties_array(json_t *object, json_t *array)
{
	json_array_append(array, object);
}

static NOINLINE void cycle_over_an_array(void)
{
	json_t *o = json_object(), *a = array_of(1);

	json_object_set_new(o, "list", a);
	ties_array(o, a);
	json_decref(o);
}

static NOINLINE void adopt(json_t *parent, json_t *child)
{
	json_object_set_new(parent, "child", child);
	json_object_set(child, "parent", parent); /* a weak one is meant */
}

static NOINLINE void strong_where_weak_is_meant(void)
{
	json_t *parent = object_of(1);

	adopt(parent, object_of(1));
	json_decref(parent);
}

static NOINLINE void cycle_beside_a_missing_release(void)
{
	cycle_of_two_objects();
	scrub();
	forgotten_of_an_object();
}

/* A reader has forgotten a reference on it as well. */
static NOINLINE void cycle_that_is_also_held(void)
{
	json_t *parent = object_of(1);

	adopt(parent, object_of(1));
	load(parent);
	read_by_all(1);
	unload();
}

static const struct corner corners[] = {
	CORNER(parse_copy_and_free),
	CORNER(documents_in_use),
	CORNER(values_are_shared),
	CORNER(containers_change),
	CORNER(passed_between_threads),
	CORNER(holders_move),
	CORNER(in_a_pool),
	CORNER(forgotten_of_an_object),
	CORNER(forgotten_of_an_empty_object),
	CORNER(forgotten_of_an_array),
	CORNER(forgotten_of_a_string),
	CORNER(forgotten_of_a_tree),
	CORNER(forgotten_in_a_global),
	CORNER(forgotten_of_an_empty_one_in_a_global),
	CORNER(forgotten_of_an_element),
	CORNER(forgotten_on_an_error_path),
	CORNER(forgotten_after_unpack),
	CORNER(set_instead_of_set_new),
	CORNER(forgotten_in_a_loop),
	CORNER(forgotten_with_a_stale_slot),
	CORNER(forgotten_in_another_thread),
	CORNER(forgotten_in_a_pool),
	CORNER(borrowed_is_given_back),
	CORNER(given_back_twice),
	CORNER(given_back_by_a_stranger),
	CORNER(one_reference_for_two),
	CORNER(one_reference_for_two_that_end),
	CORNER(borrowed_is_stored),
	CORNER(freed_while_it_holds),
	CORNER(freed_while_held),
	CORNER(slot_is_overwritten),
	CORNER(holder_is_freed),
	CORNER(moved_holder_is_freed),
	CORNER(cycle_of_two_objects),
	CORNER(cycle_over_an_array),
	CORNER(strong_where_weak_is_meant),
	CORNER(cycle_beside_a_missing_release),
	CORNER(cycle_that_is_also_held),
};

int main(int argc, char **argv)
{
	json_object_seed(1); /* else its seed is another one each time */
	return corners_run(corners, sizeof(corners) / sizeof(*corners), argc,
			   argv);
}
