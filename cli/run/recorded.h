/* SPDX-License-Identifier: MIT */
/*
 * Recordings in a directory by the run that made them.  They say themselves which
 * run that was, and what it found in them, so copies and other names do not matter.
 */
#ifndef RECORDED_H
#define RECORDED_H

#include <refknot/format.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cache.h"

struct recorded {
	char *path;
	uint64_t time_ns; /* wall clock: when its run ended, else when it was
			     written */
	struct rkn_meta meta; /* of what is not a finished recording all 0 */
	bool unread;          /* it had to be judged, and could not be read */
	bool replaced; /* not checked, and its process went on as another */
};

/* The processes of one run, the worst first (losses.h). */
struct recorded_run {
	struct recorded *list;
	size_t count;
};

/*
 * The run of the recording `of`, as far as its recordings are beside it; with
 * NULL the newest in the working directory. What no run made is alone. Where the
 * run made no report, recordings are judged now, and say so from then on, with symbols from `c` (NULL: no
 * cache), but without `all` not if there is only one that may have findings. Empty:
 * there is none. The caller releases it.
 */
void recorded_run(struct recorded_run *r, const char *of, bool all,
		  struct cache *c);
void recorded_release(struct recorded_run *r);

/* The newest run in the working directory, likewise; it judges none, so which is the
 * worst is known only where the run has judged them. */
void recorded_newest_run(struct recorded_run *r);

/* The recording of process `pid` in the working directory, of several in the newest
 * run the worst; for the caller to free. NULL: there is none. */
char *recorded_of_pid(uint32_t pid);

/* The one that commands read if none is named, without judging any: of several
 * that are not judged, the program's own. For the caller to free; NULL: none. */
char *recorded_newest(void);

#endif
