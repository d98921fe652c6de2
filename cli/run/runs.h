/* SPDX-License-Identifier: MIT */
/* What this user's runs have: recordings in a directory, processes that are
 * recorded now, and stores that runs left behind. */
#ifndef RUNS_H
#define RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct runs_recording {
	char *path;
	uint64_t bytes;   /* on the disk */
	uint64_t time_ns; /* wall clock: when it was written */
};

enum runs_state {
	RUNS_NOW,  /* a run goes on */
	RUNS_USED, /* it has ended, and processes of it are still recorded */
	RUNS_LEFT, /* it was killed; the next run removes this */
	RUNS_KEPT, /* kept for people, who remove it */
};

extern const char *const runs_state_names[]; /* by enum runs_state */

/* The directory of one run's stores. */
struct runs_one {
	char *path;
	enum runs_state state;
	uint64_t bytes;   /* that its files take, which are sparse */
	uint64_t time_ns; /* wall clock: the last that was written to it */
	/* Its files, by name: "redis-server.4711.rkn". */
	struct runs_store {
		char *name;
		uint64_t bytes;
	} * stores;
	size_t store_count;
};

struct runs {
	struct runs_recording *recordings; /* newest first */
	size_t recording_count;
	struct runs_one *list; /* by state, then newest first */
	size_t count;
};

/* `directory`: where recordings are looked for. */
void runs_find(struct runs *r, const char *directory);
void runs_release(struct runs *r);

/* Removes it; false: it is in use by now, or has what no run made. */
bool runs_remove(const struct runs_one *one);

#endif
