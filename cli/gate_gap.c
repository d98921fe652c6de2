/* SPDX-License-Identifier: MIT */
#include "gate_gap.h"

#include <signal.h>
#include <stdlib.h>

#include "die.h"
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

/* Whether the process was gone before anybody could look at it. */
static bool is_cut_off(const struct model *m)
{
	return !(m->meta.flags & (RKN_META_SNAPSHOT | RKN_META_OFF |
				  RKN_META_SANDBOX | RKN_META_NO_SNAPSHOT)) &&
	       (m->meta.end == RKN_END_UNKNOWN ||
		(m->meta.end == RKN_END_SIGNAL &&
		 m->meta.end_value == SIGKILL));
}

/* Who saw it end is its parent, which is not always us. */
static char *why_cut_off(const struct model *m)
{
	char objects[UNITS_SIZE], bytes[UNITS_SIZE];

	units_count(objects, m->block_count, "object");
	units_bytes(bytes, verdict_live_bytes(m));
	return xasprintf(
	    "%s, so its exit check could not be made: known is that %s of %s were alive",
	    m->meta.end == RKN_END_SIGNAL
		? "killed by SIGKILL, which nothing can catch"
		: "its end was not seen (killed by SIGKILL, gone on as a program that was not recorded, or still running)",
	    objects, bytes);
}

char *gate_gap(const struct model *m, const struct findings *f)
{
	struct verdict_gap gaps[VERDICT_GAPS];
	size_t n = verdict_gaps(gaps, m, f);

	if (m->truncated)
		return xstrdup(m->error);
	if (!f->checked && is_cut_off(m))
		return why_cut_off(m);
	if (!f->checked)
		return xasprintf("leaks and cycles were not checked: %s",
				 f->why);
	for (size_t i = 0; i < n; i++)
		if (is_grave(gaps[i].limit))
			return xasprintf("%s (%s)", gaps[i].said, gaps[i].why);
	return NULL;
}
