/* SPDX-License-Identifier: MIT */
#include "peak.h"

#include <inttypes.h>

#include "die.h"
#include "units.h"

const char *peak_why_unknown(const struct model *m)
{
	if (!model_knows(m, RKN_CHUNK_STACKS))
		return "that part of the recording is missing";
	if (!(m->meta.flags & RKN_META_PEAKS))
		return "an older refknot recorded it, which did not note it, or threads freed much at that moment";
	return NULL;
}

/* At the same time; of an older recording all that there were. Thread 0 is none. */
static uint64_t threads(const struct model *m)
{
	if (m->meta.areas)
		return m->meta.areas;
	return m->thread_count ? m->thread_count - 1 : 0;
}

uint64_t peak_error(const struct model *m)
{
	return threads(m) > 1 ? threads(m) * RKN_PEAK_THREAD : 0;
}

char *peak_error_text(const struct model *m)
{
	char bytes[UNITS_SIZE];

	if (!peak_error(m))
		return NULL;
	return xasprintf(
	    "at most %" PRIu64
	    " threads allocated at a time: at another moment up to %s more may have been alive",
	    threads(m), units_bytes(bytes, peak_error(m)));
}
