/* SPDX-License-Identifier: MIT */
/*
 * The private directory of one run's live stores, and which of them belong to
 * processes that are still there.
 */
#ifndef LIVE_H
#define LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct live_store {
	char *path;
	uint32_t pid;
	uint64_t start_ns; /* wall clock */
	bool alive;        /* its process has it mapped */
	bool readable;     /* has a store's header */
	bool replaced;     /* the process went on as a later one, by exec */
};

struct live {
	char *directory; /* absolute; NULL: none could be made */
};

/*
 * Make the directory: on /dev/shm when that is a tmpfs with plenty of room,
 * else in `output_directory`, else in $TMPDIR or /tmp. 0, or the -errno of
 * `output_directory`.
 */
int live_open(struct live *l, const char *output_directory);

/* Bytes free where the stores are. */
uint64_t live_room(const struct live *l);

/*
 * The stores, oldest first; the caller releases the list. Waits up to 2 s for
 * processes that have come to their exit snapshot.
 */
struct live_store *live_list(const struct live *l, size_t *count);
void live_list_release(struct live_store *list, size_t count);

/* Remove the directory if nothing is left in it; false when it stays. */
bool live_close(struct live *l);

#endif
