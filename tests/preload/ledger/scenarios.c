/* SPDX-License-Identifier: MIT */
/*
 * A scenario of garbage collection, from standard input, a line a word:
 *
 *	base N              N objects that are frozen at first (Python's own)
 *	make T I            variable I is a new object of type T: N, or U, which
 *	                    has no clear and so is uncollectable
 *	bulk T N L          N objects in cycles of L, which nobody knows
 *	link I S J          slot S of I holds J; unlink I S: nothing
 *	take I J S          variable I holds what slot S of J does
 *	drop I              variable I holds nothing
 *	collect G           and so on: the calls of refknot.h
 *
 * Words that ask print a line, and so does each call of a callback. Python does
 * the same in scenarios.py, and what both print is compared.
 */
#include <refknot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS     4
#define VARIABLES 64

struct node {
	int references;
	struct node *slots[SLOTS];
};

static const char *const slot_names[SLOTS] = { "s0", "s1", "s2", "s3" };
static struct node *variables[VARIABLES];
static long base;

static struct node *node_new(const char *type)
{
	struct node *n = calloc(1, sizeof(*n));

	if (!n)
		abort();
	n->references = 1;
	refknot_object(n, type);
	return n;
}

static struct node *hold(struct node *n)
{
	if (n) {
		n->references++;
		refknot_retain(n);
	}
	return n;
}

static void set(struct node *n, int slot, struct node *to);

static void let_go(struct node *n)
{
	if (!n)
		return;
	if (n->references > 1)
		refknot_release(n);
	if (--n->references)
		return;
	n->references = 1; /* for whoever looks meanwhile */
	for (int i = 0; i < SLOTS; i++)
		set(n, i, NULL);
	refknot_release(n);
	free(n);
}

static void set(struct node *n, int slot, struct node *to)
{
	struct node *before = n->slots[slot];

	if (to) {
		to->references++;
		refknot_retain_by(to, n, slot_names[slot]);
	}
	n->slots[slot] = to;
	if (!before)
		return;
	/* The last reference ends with the object. */
	if (before->references > 1) {
		refknot_release_by(before, n, slot_names[slot]);
		before->references--;
		return;
	}
	refknot_move(before, n, NULL);
	let_go(before);
}

static void clear(void *object)
{
	struct node *n = hold(object);

	for (int i = 0; i < SLOTS; i++)
		set(n, i, NULL);
	let_go(n);
}

static void assign(int i, struct node *n)
{
	struct node *before = variables[i];

	variables[i] = n;
	let_go(before);
}

static void bulk(const char *type, long number, long length)
{
	for (long made = 0; made < number; made += length) {
		struct node *first = node_new(type), *current = hold(first);

		for (long i = 1; i < length; i++) {
			struct node *next = node_new(type);

			set(current, 0, next);
			let_go(current);
			current = next;
		}
		set(current, 0, first);
		let_go(first);
		let_go(current);
	}
}

static void called(enum refknot_phase phase, int generation, long found,
		   long uncollectable, void *data)
{
	(void)data;
	printf("%s %d %ld %ld\n", phase == REFKNOT_START ? "start" : "stop",
	       generation, found, uncollectable);
}

/* --- What can be asked ------------------------------------------------------- */

static int is_own(const struct refknot_info *object)
{
	return strcmp(object->type, "Base") != 0;
}

static int count_own(const struct refknot_info *object, void *data)
{
	*(long *)data += is_own(object);
	return 0;
}

struct referrers {
	const void *of[1024];
	int count;
};

static int add_referrer(const struct refknot_info *object, void *data)
{
	struct referrers *r = data;
	int i = 0;

	while (i < r->count && r->of[i] != object->address)
		i++;
	/* Python does not show what is frozen. */
	if (i == r->count && i < 1024 && object->generation < 3)
		r->of[r->count++] = object->address;
	return 0;
}

static void tell_edges(const struct node *n)
{
	struct referrers r = { .count = 0 };
	long referents = 0;

	refknot_get_referrers(n, add_referrer, &r);
	refknot_get_referents(n, count_own, &referents);
	printf("edges %d %ld\n", r.count, referents);
}

static long objects(int generation)
{
	long count = 0;

	refknot_get_objects(generation, count_own, &count);
	return count;
}

static void tell_stats(void)
{
	struct refknot_stats s[3];

	refknot_get_stats(s);
	printf("stats");
	for (int i = 0; i < 3; i++)
		printf(" %lu %lu %lu", (unsigned long)s[i].collections,
		       (unsigned long)s[i].collected,
		       (unsigned long)s[i].uncollectable);
	printf("\n");
}

static void tell_counts(void)
{
	long count[3];

	refknot_get_count(count);
	printf("counts %ld %ld %ld\n", count[0], count[1], count[2]);
}

static int ask(const char *word, int i)
{
	long garbage = 0;

	if (!strcmp(word, "collect"))
		printf("collect %d: %ld\n", i, refknot_collect(i));
	else if (!strcmp(word, "enabled"))
		printf("enabled %d\n", refknot_isenabled());
	else if (!strcmp(word, "frozen"))
		printf("frozen %ld\n", refknot_get_freeze_count() - base);
	else if (!strcmp(word, "garbage"))
		printf("garbage %zu\n",
		       refknot_get_garbage(count_own, &garbage));
	else if (!strcmp(word, "counts"))
		tell_counts();
	else if (!strcmp(word, "objects"))
		printf("objects %ld %ld %ld %ld\n", objects(0), objects(1),
		       objects(2), objects(-1));
	else if (!strcmp(word, "stats"))
		tell_stats();
	else
		return 0;
	return 1;
}

static int ask_of(const char *word, const struct node *n)
{
	if (!strcmp(word, "edges"))
		tell_edges(n);
	else if (!strcmp(word, "references"))
		printf("references %ld\n", refknot_getrefcount(n));
	else if (!strcmp(word, "tracked"))
		printf("tracked %d\n", refknot_is_tracked(n));
	else
		return 0;
	return 1;
}

/* --- What can be done ---------------------------------------------------------- */

static void make_base(long number)
{
	base = number;
	refknot_disable();
	for (long i = 0; i < number; i++)
		node_new("Base");
	refknot_freeze();
	refknot_enable();
}

static int change(const char *word, const long *n)
{
	struct node *first = variables[n[0]];

	if (!strcmp(word, "link") && first)
		set(first, (int)n[1], variables[n[2]]);
	else if (!strcmp(word, "unlink") && first)
		set(first, (int)n[1], NULL);
	else if (!strcmp(word, "take") && variables[n[1]])
		assign((int)n[0], hold(variables[n[1]]->slots[n[2]]));
	else if (!strcmp(word, "drop"))
		assign((int)n[0], NULL);
	else
		return 0;
	return 1;
}

static void control(const char *word, const long *n)
{
	if (!strcmp(word, "threshold"))
		refknot_set_threshold(n[0], n[1], n[2]);
	else if (!strcmp(word, "enable"))
		refknot_enable();
	else if (!strcmp(word, "disable"))
		refknot_disable();
	else if (!strcmp(word, "freeze"))
		refknot_freeze();
	else if (!strcmp(word, "unfreeze"))
		refknot_unfreeze();
	else if (!strcmp(word, "debug"))
		refknot_set_debug((int)n[0]);
	else if (!strcmp(word, "dropgarbage"))
		refknot_drop_garbage();
	else
		fprintf(stderr, "no such word: %s\n", word);
}

/* Words of a variable that holds nothing do nothing. */
static int is_of_variable(const char *word)
{
	static const char *const words[] = { "link",  "unlink",  "take",
					     "edges", "tracked", "references" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(word, words[i]))
			return 1;
	return 0;
}

static void run_word(const char *word, const long *n)
{
	int known = n[0] >= 0 && n[0] < VARIABLES;

	if (ask(word, (int)n[0]) || (known && change(word, n)) ||
	    (known && variables[n[0]] && ask_of(word, variables[n[0]])) ||
	    is_of_variable(word))
		return;
	control(word, n);
}

static void run(const char *line)
{
	char word[16], type[2];
	long n[3] = { 0 };

	if (sscanf(line, "base %ld", n) == 1)
		make_base(n[0]);
	else if (sscanf(line, "make %1s %ld", type, n) == 2)
		assign((int)n[0], node_new(type));
	else if (sscanf(line, "bulk %1s %ld %ld", type, n, n + 1) == 3)
		bulk(type, n[0], n[1]);
	else if (sscanf(line, "%15s %ld %ld %ld", word, n, n + 1, n + 2) > 0)
		run_word(word, n);
}

int main(void)
{
	char line[256];

	if (!refknot_present())
		return 2;
	refknot_type("N", clear);
	refknot_type("U", NULL);
	refknot_add_callback(called, NULL);
	while (fgets(line, sizeof(line), stdin))
		run(line);
	return 0;
}
