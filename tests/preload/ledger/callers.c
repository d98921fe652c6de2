/* SPDX-License-Identifier: MIT */
/*
 * Who forgot to give back, where the owner takes in one function and gives back
 * in another: callers NAME. What test_callers.py expects of each stands there.
 */
#include <refknot.h>
#include <stdlib.h>

#include "corners.h"

struct thing {
	int references;
	char rest[44];
};

static struct thing *owned, *second;

#define DONE() __asm__ volatile("" : : : "memory")

static NOINLINE struct thing *thing_new(void)
{
	struct thing *t = calloc(1, sizeof(*t));

	t->references = 1;
	refknot_object(t, "Thing");
	DONE();
	return t;
}

static NOINLINE struct thing *thing_ref(struct thing *t)
{
	t->references++;
	refknot_retain(t);
	DONE();
	return t;
}

/* Gives back for thing_unref(), which is called by many. */
static NOINLINE void thing_put(struct thing *t)
{
	refknot_release(t);
	if (!--t->references)
		free(t);
	DONE();
}

static NOINLINE void thing_unref(struct thing *t)
{
	thing_put(t);
	DONE();
}

static NOINLINE void load(void)
{
	owned = thing_new();
	DONE();
}

static NOINLINE void load_second(void)
{
	second = thing_new();
	DONE();
}

static NOINLINE void unload(void)
{
	struct thing *t = owned;

	owned = NULL;
	thing_unref(t);
	DONE();
}

static NOINLINE void reader1(void)
{
	struct thing *t = thing_ref(owned);

	thing_unref(t);
	DONE();
}

static NOINLINE void reader2(int forgets)
{
	struct thing *t = thing_ref(owned);

	if (!forgets)
		thing_unref(t);
	DONE();
}

static NOINLINE void reader3(int forgets)
{
	reader2(forgets);
	DONE();
}

static void one_forgets(void)
{
	load();
	reader1();
	reader2(0);
	reader2(1);
	reader1();
	unload();
}

/* By nearness what reader2() took is paired with what unload() gave. */
static NOINLINE void phase(void)
{
	reader2(1);
	unload();
	DONE();
}

static void in_one_phase(void)
{
	load();
	reader1();
	phase();
}

static void forgets_often(void)
{
	load();
	reader1();
	for (int i = 0; i < 3; i++)
		reader2(1);
	unload();
}

static void owner_forgets(void)
{
	load();
	reader1();
	reader2(0);
	owned = NULL;
}

/* Two callers of the one that forgets. */
static void forgets_for_two(void)
{
	load();
	reader1();
	reader2(1);
	reader3(1);
	unload();
}

/* Annotated where it is called, without thing_ref(). */
static NOINLINE void take_directly(struct thing *t)
{
	t->references++;
	refknot_retain(t);
	DONE();
}

static NOINLINE void give_directly(struct thing *t)
{
	refknot_release(t);
	t->references--;
	DONE();
}

static NOINLINE void both_directly(struct thing *t)
{
	refknot_retain(t);
	refknot_release(t);
	DONE();
}

static void direct(void)
{
	load();
	both_directly(owned);
	take_directly(owned);
	give_directly(owned);
	owned = NULL;
}

/* Releases that name their holders are certain. */
static NOINLINE void hold(struct thing *holder, struct thing *t)
{
	t->references++;
	refknot_retain_by(t, holder, "slot");
	DONE();
}

static NOINLINE void drop(struct thing *holder, struct thing *t)
{
	refknot_release_by(t, holder, "slot");
	t->references--;
	DONE();
}

static void named(void)
{
	load();
	load_second();
	hold(second, owned);
	drop(second, owned);
	reader2(1);
	unload();
	thing_unref(second);
	second = NULL;
}

/* What it takes for a session, and gives back for itself, is even; the session
 * ends with its own. */
static NOINLINE void opens_itself(struct thing *session)
{
	struct thing *t = thing_new();

	refknot_retain_by(t, session, "slot");
	refknot_release(t);
	DONE();
}

static void left_to_ended(void)
{
	second = thing_new();
	opens_itself(second);
	thing_unref(second);
	second = NULL;
}

/* Which of two holders a release for nobody was meant for, nobody can tell. */
static NOINLINE void opens_twice(struct thing *one, struct thing *two)
{
	struct thing *t = thing_new();

	refknot_retain_by(t, one, "slot");
	refknot_retain_by(t, two, "slot");
	refknot_release(t);
	refknot_release(t);
	DONE();
}

static void left_to_one_of_two(void)
{
	struct thing *one = thing_new(), *two = thing_new();

	opens_twice(one, two);
	thing_unref(one);
	thing_unref(two);
}

/* Fifty alike, and two ways to forget one. */
static void many(void)
{
	for (int i = 0; i < 50; i++) {
		load();
		reader1();
		if (i % 5)
			reader2(1);
		else
			reader3(1);
		unload();
	}
}

/* More calls than are kept. */
static void old_calls(void)
{
	load();
	reader2(1);
	for (int i = 0; i < 100; i++)
		reader1();
	unload();
}

/* What it gives back may be what it took, or the owner's. */
static NOINLINE void reader4(void)
{
	struct thing *t = thing_ref(owned);

	give_directly(t);
	DONE();
}

static void one_asks_only(void)
{
	load();
	reader1();
	reader4();
	reader4();
	reader2(1);
	owned = NULL;
}

static void one_asks_and_none_forgets(void)
{
	load();
	reader1();
	reader4();
	owned = NULL;
}

/* It takes two and gives one. */
static NOINLINE void uneven(void)
{
	struct thing *t = thing_ref(owned);

	thing_ref(t);
	give_directly(t);
	DONE();
}

static void one_asks_and_forgets(void)
{
	load();
	reader1();
	reader2(0);
	uneven();
	unload();
}

/* What others of the type went through tells of helpers, too. */
static NOINLINE void use_second(void)
{
	struct thing *t = thing_ref(second);

	thing_unref(t);
	DONE();
}

static void others_tell(void)
{
	load_second();
	use_second();
	load();
	reader2(1);
	unload();
}

/* A helper of a helper, proven by the one that is even. */
static NOINLINE struct thing *look_up(void)
{
	struct thing *t = thing_ref(owned);

	DONE();
	return t;
}

static NOINLINE void looks_up(void)
{
	struct thing *t = look_up();

	thing_unref(t);
	DONE();
}

static NOINLINE void looks_up_and_forgets(void)
{
	look_up();
	DONE();
}

static void looked_up(void)
{
	load();
	reader1();
	looks_up();
	looks_up_and_forgets();
	unload();
}

/* One was taken that refknot was not told of. */
static void untold(void)
{
	owned = calloc(1, sizeof(*owned));
	owned->references = 1;
	refknot_object_counted(owned, "Thing", &owned->references);
	owned->references++;
	owned = NULL;
}

static const struct corner corners[] = {
	CORNER(one_forgets),
	CORNER(in_one_phase),
	CORNER(forgets_often),
	CORNER(owner_forgets),
	CORNER(direct),
	CORNER(forgets_for_two),
	CORNER(named),
	CORNER(many),
	CORNER(old_calls),
	CORNER(untold),
	CORNER(one_asks_only),
	CORNER(one_asks_and_none_forgets),
	CORNER(others_tell),
	CORNER(one_asks_and_forgets),
	CORNER(looked_up),
	CORNER(left_to_ended),
	CORNER(left_to_one_of_two),
};

MAIN(corners)
