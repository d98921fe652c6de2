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
#include <sys/types.h>

struct live_store {
	char *path;
	uint32_t pid;
	uint64_t start_ns; /* wall clock */
	uint64_t start_mono_ns;
	bool alive;    /* its process has it mapped */
	bool readable; /* has a store's header */
	bool empty;    /* nothing of that process is in it yet; with `alive`,
			      that may come */
	bool forked;   /* it began by fork, not by exec */
	bool replaced; /* the process went on as a later one, by exec */
	int ended_by;  /* signal, as others know it; 0: not known */
	uint64_t end_mono_ns; /* when; only with that */
};

struct live_finished;

/* Whether a lease tells that a file is still mapped. */
enum live_leases {
	LIVE_LEASES_NOT_ASKED,
	LIVE_LEASES_TELL,
	LIVE_LEASES_DO_NOT
};

struct live {
	char *directory; /* absolute; NULL: none could be made */
	dev_t device;    /* which it was when it was made */
	ino_t inode;
	int owner;         /* of owner_make(); -1: none */
	bool swept;        /* live_sweep() was called */
	uint64_t begun_ns; /* monotonic: when it was made */
	uint32_t pid;      /* of the program, which began later; 0: not known */
	enum live_leases leases;
	struct live_finished *finished; /* by live_finish() */
};

/*
 * Makes the directory: on /dev/shm if that is a tmpfs with plenty of room, else
 * in `beside`, else in $TMPDIR or /tmp, but only where no other user can
 * replace it; if there is no such place, in `beside`. 0, or the -errno of that.
 * Where shared memory has too little room, live_sweep() comes first.
 */
int live_open(struct live *l, const char *beside);

/* Removes, once, what runs left in these places whose refknot was killed
 * (owner.h). Reads the directories, which the program may watch: not while it
 * runs. */
void live_sweep(struct live *l, const char *beside);

/* Calls `f` with each directory that runs of this user made where they make
 * them, `beside` among these: now, or earlier and it is still there. */
void live_each_directory(const char *beside,
			 void (*f)(const char *path, void *data), void *data);

/* Whether the directory is still the one that was made. */
bool live_is_there(const struct live *l);

/* Bytes free where the stores are. */
uint64_t live_room(const struct live *l);

/*
 * Replaces the store `name` in the directory by its finished form (recording.h) if
 * nothing can write it any more, by the kernel's word, and it is not large; not
 * where the kernel does not tell, as on overlayfs, and once. True when it did. live_list() has the same of either form.
 */
bool live_finish(struct live *l, const char *name);

/*
 * The stores, oldest first; the caller releases the list. Waits up to 2 s for
 * processes that have come to their exit snapshot.
 */
struct live_store *live_list(const struct live *l, size_t *count);
void live_list_release(struct live_store *list, size_t count);

/* What a process noted in the directory by a link, "17-123456789-ended". */
struct live_note {
	uint32_t pid;
	uint64_t time_ns;   /* monotonic */
	const char *suffix; /* "-ended"; "": none */
	char *text;         /* where the link leads */
};
/* Calls `f` for each; what it is given lives until it returns. */
void live_each_note(const struct live *l,
		    void (*f)(const struct live_note *note, void *data),
		    void *data);

/* Removes the directory if nothing is left in it; false if it stays. */
bool live_close(struct live *l);

#endif
