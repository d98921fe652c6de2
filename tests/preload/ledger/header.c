/* SPDX-License-Identifier: MIT */
/* Uses every call of refknot.h; C and C++. Compiled in many ways by
 * test_header.py; prints how it sees itself. */
#include <refknot.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef LIBRARY
int library_count(void);
#define main library_main
#endif

static int visit(const struct refknot_info *o, void *data)
{
	(void)o;
	(void)data;
	return 0;
}

static void callback(enum refknot_phase phase, int generation, long found,
		     long uncollectable, void *data)
{
	(void)phase;
	(void)generation;
	(void)found;
	(void)uncollectable;
	(void)data;
}

static void clear(void *p)
{
	(void)p;
}

static void ask(const void *p)
{
	struct refknot_stats stats[3];
	long numbers[3];

	refknot_get_referrers(p, visit, NULL);
	refknot_get_referents(p, visit, NULL);
	refknot_get_garbage(visit, NULL);
	refknot_drop_garbage();
	refknot_get_count(numbers);
	refknot_get_threshold(numbers);
	refknot_set_threshold(700, 10, 10);
	refknot_get_stats(stats);
	refknot_disable();
	refknot_enable();
	refknot_freeze();
	refknot_unfreeze();
	refknot_add_callback(callback, NULL);
	refknot_collect(2);
	refknot_remove_callback(callback, NULL);
	refknot_set_debug(refknot_get_debug());
	printf("%d %ld\n", refknot_isenabled(), refknot_get_freeze_count());
}

static void tame(const void *p)
{
	refknot_root(p);
	refknot_unroot(p);
	refknot_root_region(p, 8);
	refknot_unroot_region(p, 8);
	refknot_not_leak(p);
	refknot_no_scan(p);
	refknot_ignore(p);
}

static long use(void)
{
	long *p = (long *)malloc(64);
	char *q = (char *)malloc(64);
	long count;

	refknot_type("T", clear);
	refknot_object_counted(p, "T", p);
	refknot_object(q, "T");
	refknot_rename(q, "U");
	refknot_retain(q);
	refknot_release(q);
	refknot_retain_by(q, p, "f");
	refknot_move(q, p, NULL);
	refknot_release(q);
	refknot_link(p, q, "f");
	refknot_unlink(p, q, "f");
	refknot_weak(p, q, "f");
	refknot_unweak(p, q, "f");
	ask(q);
	tame(q);
	refknot_assert_last_release(q);
	count = refknot_getrefcount(q) + refknot_is_tracked(q);
	refknot_object_end(q);
	*p = 0;
	free(q);
	free(p);
	return count;
}

int main(void)
{
	printf("%s %ld\n", refknot_version() ? "recorded" : "alone", use());
	return refknot_present() != (refknot_version() != NULL);
}

#ifdef LIBRARY
int library_count(void)
{
	return library_main();
}
#endif
