/* SPDX-License-Identifier: MIT */
#include "gate_gap.h"

#include <signal.h>

#include "die.h"
#include "killed.h"
#include "units.h"
#include "verdict.h"

/*
 * What makes it worth nothing that a check found nothing: blocks, pointers
 * or ends may not have been seen. Other limits cost details, or lead to
 * false findings.
 */
static const bool grave[RKN_LIMITS + 1] = {
	[RKN_LIMIT_ADDRESS_RANGE] = true, [RKN_LIMIT_STORE_FULL] = true,
	[RKN_LIMIT_THREADS_FULL] = true,  [RKN_LIMIT_THREAD_RUNNING] = true,
	[RKN_LIMIT_NO_SNAPSHOT] = true,   [RKN_LIMIT_NO_MAPS] = true,
	[RKN_LIMIT_SWITCHED_OFF] = true,  [RKN_LIMIT_SNAPSHOT_CUT] = true,
	[RKN_LIMIT_OBJECTS_FULL] = true,  [RKN_LIMIT_SANDBOX] = true,
	[RKN_LIMIT_OPERATORS] = true,     [RKN_LIMIT_CHILDREN] = true,
	[RKN_LIMIT_BYPASS] = true,
};

/* Of a process that could be looked at, but for how it ended. */
static void find_grave(struct gate_gap *gap, const struct model *m,
		       const struct findings *f)
{
	struct verdict_gap gaps[VERDICT_GAPS];
	size_t n = verdict_gaps(gaps, m, f);

	for (size_t i = 0; i < n && !gap->text; i++)
		if (grave[gaps[i].limit])
			*gap = (struct gate_gap){
				.text = xasprintf("%s (%s)", gaps[i].said,
						  gaps[i].cause),
				.consequence = gaps[i].consequence,
				.remedy =
				    *gaps[i].remedy ? gaps[i].remedy : NULL,
				.killed = gap->killed,
			};
}

struct gate_gap gate_gap(const struct model *m, const struct findings *f)
{
	struct gate_gap gap = { .killed = killed_how(m) };
	const uint32_t unchecked =
	    RKN_META_OFF | RKN_META_SANDBOX | RKN_META_NO_SNAPSHOT;
	char objects[UNITS_SIZE], bytes[UNITS_SIZE];

	if (m->truncated) {
		gap.text = xstrdup(m->error);
	} else if (f->checked) {
		find_grave(&gap, m, f);
	} else if (m->meta.end == RKN_END_UNKNOWN &&
		   !(m->meta.flags & (RKN_META_SNAPSHOT | unchecked))) {
		/* The parent saw it end; but a parent is not always recorded,
		 * nor does each one wait. */
		gap.text = xasprintf(
		    "%s, so its exit check could not be made: known is that %s of %s were alive",
		    m->meta.flags & RKN_META_CHECKING
			? "it was ended while it was being checked, as by SIGKILL"
			: "its end was not seen (by a signal that refknot cannot catch, as SIGKILL, ended or gone on as another program by a system call of inline assembly, or still running)",
		    units_count(objects, m->block_count, "object"),
		    units_bytes(bytes, verdict_live_bytes(m)));
	} else if (!gap.killed || m->meta.flags & unchecked) {
		gap.text =
		    xasprintf("leaks and cycles were not checked: %s", f->why);
	}
	gap.fatal = gap.killed && m->meta.end_value == SIGKILL;
	return gap;
}
