/* SPDX-License-Identifier: MIT */
#include "obstacle.h"

#include <signal.h>
#include <stdio.h>

#include "units.h"

/* What kept the process from being looked at when it ended. */
static const char *no_snapshot(const struct model *m, char *text, size_t size)
{
	const int signal = m->meta.end_value;

	if (m->meta.flags & RKN_META_OFF) {
		snprintf(text, size, "recording switched itself off (%s)",
			 model_text(m, m->meta.message));
		return text;
	}
	if (m->meta.flags & RKN_META_SANDBOX)
		return "a seccomp filter forbids the system calls that it takes";
	if (m->meta.flags & RKN_META_NO_SNAPSHOT)
		return "no snapshot at the end was wanted";
	if (m->meta.flags & RKN_META_CHECKING && m->meta.end == RKN_END_UNKNOWN)
		return "the process was ended while it was checked";
	if (m->meta.end == RKN_END_EXIT)
		return "the process ended by a way that refknot does not see";
	if (m->meta.end == RKN_END_SIGNAL) {
		snprintf(
		    text, size,
		    m->meta.flags & RKN_META_CHECKING
			? "signal %d (%s) ended the process while it was checked"
		    : m->meta.flags & RKN_META_EARLY
			? "signal %d (%s) ended the process before it came to its own code"
		    : signal == SIGKILL
			? "signal %d (%s) ended the process, which nothing can catch"
			: "signal %d (%s) ended the process and refknot's handler could not run: the stack was full, the program had a handler for one signal only (SA_RESETHAND), or such checks are switched off",
		    signal, units_signal(signal));
		return text;
	}
	return "the process was killed, replaced by exec, or still runs; the check is made at its end";
}

const char *obstacle_find(const struct model *m, char *text, size_t size)
{
	if (m->truncated)
		return "the recording was cut short";
	if (m->limits[RKN_LIMIT_NO_MAPS])
		return "the list of mappings could not be read";
	if (m->limits[RKN_LIMIT_SNAPSHOT_CUT])
		return "the snapshot was cut short";
	if (m->limits[RKN_LIMIT_NO_SNAPSHOT] ||
	    !(m->meta.flags & RKN_META_SNAPSHOT))
		return no_snapshot(m, text, size);
	return NULL;
}
