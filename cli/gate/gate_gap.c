/* SPDX-License-Identifier: MIT */
#include "gate_gap.h"

#include <signal.h>

#include "die.h"
#include "killed.h"
#include "units.h"
#include "verdict.h"

/*
 * What makes a result that nothing was found worth nothing: blocks, pointers
 * or ends may not have been seen. Other limits cost details, or lead to
 * findings that are none.
 */
static const enum rkn_limit_number grave[] = {
	RKN_LIMIT_ADDRESS_RANGE, RKN_LIMIT_STORE_FULL,
	RKN_LIMIT_THREADS_FULL,  RKN_LIMIT_THREAD_RUNNING,
	RKN_LIMIT_NO_SNAPSHOT,   RKN_LIMIT_NO_MAPS,
	RKN_LIMIT_SWITCHED_OFF,  RKN_LIMIT_SNAPSHOT_CUT,
	RKN_LIMIT_OBJECTS_FULL,  RKN_LIMIT_SANDBOX,
	RKN_LIMIT_OPERATORS,     RKN_LIMIT_CHILDREN,
	RKN_LIMIT_BYPASS,
};

static bool is_grave(enum rkn_limit_number limit)
{
	for (size_t i = 0; i < sizeof(grave) / sizeof(*grave); i++)
		if (grave[i] == limit)
			return true;
	return false;
}

/* Whether the process was gone before anybody could look at it, and how. */
static bool is_cut_off(const struct model *m)
{
	return m->meta.end == RKN_END_UNKNOWN &&
	       !(m->meta.flags & (RKN_META_SNAPSHOT | RKN_META_OFF |
				  RKN_META_SANDBOX | RKN_META_NO_SNAPSHOT));
}

/* Who saw it end is its parent, which is not always recorded, nor waits. */
static char *why_cut_off(const struct model *m)
{
	char objects[UNITS_SIZE], bytes[UNITS_SIZE];

	units_count(objects, m->block_count, "object");
	units_bytes(bytes, verdict_live_bytes(m));
	return xasprintf(
	    "%s, so its exit check could not be made: known is that %s of %s were alive",
	    m->meta.flags & RKN_META_CHECKING
		? "it was ended while it was being checked, as by SIGKILL"
		: "its end was not seen (by a signal that refknot cannot catch, as SIGKILL, ended or gone on as another program by a system call of inline assembly, or still running)",
	    objects, bytes);
}

static char *not_checked(const struct findings *f)
{
	return xasprintf("leaks and cycles were not checked: %s", f->why);
}

/* Of a process that could be looked at, but for how it ended. */
static char *grave_gap(const struct model *m, const struct findings *f)
{
	struct verdict_gap gaps[VERDICT_GAPS];
	size_t n = verdict_gaps(gaps, m, f);

	for (size_t i = 0; i < n; i++)
		if (is_grave(gaps[i].limit))
			return xasprintf("%s (%s)", gaps[i].said, gaps[i].why);
	return NULL;
}

struct gate_gap gate_gap(const struct model *m, const struct findings *f)
{
	struct gate_gap gap = { .killed = killed_how(m) };

	if (m->truncated)
		gap.text = xstrdup(m->error);
	else if (m->meta.flags &
		 (RKN_META_OFF | RKN_META_SANDBOX | RKN_META_NO_SNAPSHOT))
		gap.text = f->checked ? grave_gap(m, f) : not_checked(f);
	else if (f->checked)
		gap.text = grave_gap(m, f);
	else if (is_cut_off(m))
		gap.text = why_cut_off(m);
	else if (!gap.killed)
		gap.text = not_checked(f);
	gap.fatal = gap.killed && m->meta.end_value == SIGKILL;
	return gap;
}
