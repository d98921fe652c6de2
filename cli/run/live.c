/* SPDX-License-Identifier: MIT */
#include "live.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <refknot/store.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "beginning.h"
#include "die.h"
#include "hash.h"
#include "list.h"
#include "model.h"
#include "owner.h"
#include "path_safety.h"
#include "processes.h"

#define SHARED_MEMORY "/dev/shm"
#define PLENTY        (1ull << 30) /* bytes free on it, and a quarter of memory */
/* Bytes of a store: reading it takes as much memory, which a program that is running
 * may need. */
#define LARGE          (64u << 20)
#define ENDING_POLLS   200 /* of ENDING_POLL_NS each */
#define ENDING_POLL_NS 10000000

static uint64_t room(const char *directory, long *type)
{
	struct statfs fs;

	if (statfs(directory, &fs))
		return 0;
	*type = (long)fs.f_type;
	return (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize;
}

static bool shared_memory_is_roomy(void)
{
	uint64_t plenty = PLENTY, bytes;
	struct sysinfo info;
	long type = 0;

	bytes = room(SHARED_MEMORY, &type);
	if (!sysinfo(&info) &&
	    (uint64_t)info.totalram * info.mem_unit / 4 > plenty)
		plenty = (uint64_t)info.totalram * info.mem_unit / 4;
	return type == TMPFS_MAGIC && bytes >= plenty;
}

static int make_in(struct live *l, const char *parent, const char *name)
{
	char *path, *notes;
	struct stat st;
	int error;

	error = owner_make(parent, name, &path, &l->owner);
	if (error)
		return error;
	l->directory = realpath(path, NULL);
	free(path);
	if (!l->directory || lstat(l->directory, &st))
		return -errno;
	l->device = st.st_dev;
	l->inode = st.st_ino;
	/* Without it, processes leave no notes. */
	notes = xasprintf("%s/" STORE_EXECUTED, l->directory);
	mkdir(notes, 0700);
	free(notes);
	return 0;
}

static bool make_safely(struct live *l, const char *parent, const char *name)
{
	return !path_safety_replaceable(parent) && !make_in(l, parent, name);
}

static const char *temporary_directory(void)
{
	const char *path = getenv("TMPDIR");

	return path && *path ? path : "/tmp";
}

void live_each_directory(const char *beside,
			 void (*f)(const char *path, void *data), void *data)
{
	owner_each(SHARED_MEMORY, "refknot", f, data);
	owner_each(beside, ".refknot", f, data);
	owner_each(temporary_directory(), "refknot", f, data);
}

void live_sweep(struct live *l, const char *beside)
{
	if (l->swept)
		return;
	l->swept = true;
	owner_sweep(SHARED_MEMORY, "refknot");
	owner_sweep(beside, ".refknot");
	owner_sweep(temporary_directory(), "refknot");
}

int live_open(struct live *l, const char *beside)
{
	const char *temporary = temporary_directory();
	bool roomy = shared_memory_is_roomy();
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	*l = (struct live){
		.owner = -1,
		.begun_ns =
		    (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec,
	};
	if (!roomy) {
		live_sweep(l, beside);
		roomy = shared_memory_is_roomy();
	}
	if ((roomy && make_safely(l, SHARED_MEMORY, "refknot")) ||
	    make_safely(l, beside, ".refknot") ||
	    make_safely(l, temporary, "refknot"))
		return 0;
	/* A user who can write there can change the recording, too. */
	return make_in(l, beside, ".refknot");
}

bool live_is_there(const struct live *l)
{
	struct stat st;

	return !lstat(l->directory, &st) && st.st_dev == l->device &&
	       st.st_ino == l->inode;
}

void live_each_note(const struct live *l,
		    void (*f)(const struct live_note *note, void *data),
		    void *data)
{
	char *path = xasprintf("%s/" STORE_EXECUTED, l->directory);
	DIR *directory = live_is_there(l) ? opendir(path) : NULL;
	struct dirent *entry;
	char text[PATH_MAX];

	free(path);
	while (directory && (entry = readdir(directory))) {
		struct live_note note = { .text = text };
		int end = 0;
		ssize_t size;

		if (sscanf(entry->d_name, "%" SCNu32 "-%" SCNu64 "%n",
			   &note.pid, &note.time_ns, &end) != 2)
			continue;
		note.suffix = entry->d_name + end;
		size = readlinkat(dirfd(directory), entry->d_name, text,
				  sizeof(text) - 1);
		if (size <= 0)
			continue;
		text[size] = '\0';
		f(&note, data);
	}
	if (directory)
		closedir(directory);
}

uint64_t live_room(const struct live *l)
{
	long type;

	return room(l->directory, &type);
}

/* What live_list() has of a store that was replaced: the finished form has no
 * monotonic time. */
struct live_finished {
	struct live_store store; /* its path is the key */
	bool failed;             /* it was not replaced */
	UT_hash_handle hh;
};

static void release_finished(struct live *l)
{
	struct live_finished *f, *next;

	HASH_ITER (hh, l->finished, f, next) {
		HASH_DEL(l->finished, f);
		free(f->store.path);
		free(f);
	}
}

static struct live_finished *find_finished(const struct live *l,
					   const char *path)
{
	struct live_finished *f;

	HASH_FIND_STR(l->finished, path, f);
	return f;
}

bool live_close(struct live *l)
{
	bool gone = true;

	if (l->directory && live_is_there(l)) {
		char *path = xasprintf("%s/" STORE_EXECUTED, l->directory);
		char *away = xasprintf("%s/.gone", l->directory);
		DIR *directory = rename(path, away) ? NULL : opendir(away);
		struct dirent *entry;

		/* Rename first, so that running processes add no more
		 * notes. */
		while (directory && (entry = readdir(directory)))
			unlinkat(dirfd(directory), entry->d_name, 0);
		if (directory)
			closedir(directory);
		rmdir(away);
		free(away);
		free(path);
		owner_release(l->directory, l->owner);
		gone = !rmdir(l->directory);
	}
	release_finished(l);
	free(l->directory);
	l->directory = NULL;
	return gone;
}

/* *empty: it is not all there yet. */
static bool read_header(const char *path, struct store_header *h, bool *empty)
{
	static const char nothing[sizeof(h->magic)];

	/* The program knows the directory, and may have put a pipe there. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY |
				O_NONBLOCK);
	struct stat st;
	bool ok;

	*empty = false;
	if (fd < 0)
		return false;
	memset(h, 0, sizeof(*h));
	ok = !fstat(fd, &st) && S_ISREG(st.st_mode) &&
	     pread(fd, h, sizeof(*h), 0) >= 0;
	*empty = ok && (!memcmp(h->magic, nothing, sizeof(h->magic)) ||
			!h->start_mono_ns);
	ok = ok && !*empty && !memcmp(h->magic, STORE_MAGIC, sizeof(h->magic));
	close(fd);
	return ok;
}

static void describe(struct live_store *store, const struct store_header *h)
{
	store->pid = h->meta.pid;
	store->start_ns = h->meta.start_ns;
	store->start_mono_ns = h->start_mono_ns;
	store->forked = h->meta.flags & RKN_META_FORKED;
}

/* A process that has begun its exit snapshot, or was killed, is about to be gone;
 * one that begins its store is about to have it. */
static void look(struct live_store *store)
{
	const struct timespec pause = { .tv_nsec = ENDING_POLL_NS };
	struct store_header h;

	for (int i = 0; i < ENDING_POLLS; i++) {
		store->readable = read_header(store->path, &h, &store->empty);
		store->alive = store->empty && processes_write(store->path);
		if (store->alive) {
			nanosleep(&pause, NULL);
			continue;
		}
		if (!store->readable)
			return;
		describe(store, &h);
		store->alive = processes_map(h.meta.pid, store->path);
		if (!store->alive || (h.state < STORE_SNAPSHOT &&
				      !processes_is_killed(h.meta.pid)))
			return;
		nanosleep(&pause, NULL);
	}
}

static int by_start(const void *a, const void *b)
{
	const struct live_store *x = a, *y = b;

	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static struct beginning beginning_of(const struct live_store *s)
{
	return (struct beginning){ s->pid, s->forked, s->start_ns };
}

/* And not just made: a lease would be in the way of who opens it. */
static bool is_small(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && st.st_size &&
	       (uint64_t)st.st_blocks * 512 <= LARGE;
}

/* Not on stacked file systems such as overlayfs: what is mapped there is another
 * file, of which a lease knows nothing. So it is tried once. */
static bool leases_tell(struct live *l)
{
	char *path;
	void *map = MAP_FAILED;
	int fd;

	if (l->leases)
		return l->leases == LIVE_LEASES_TELL;
	path = xasprintf("%s/.lease", l->directory);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0 && !ftruncate(fd, 1))
		map = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	l->leases = map != MAP_FAILED && processes_write(path)
			? LIVE_LEASES_TELL
			: LIVE_LEASES_DO_NOT;
	if (map != MAP_FAILED)
		munmap(map, 1);
	if (fd >= 0)
		unlink(path);
	free(path);
	return l->leases == LIVE_LEASES_TELL;
}

static void note_finished(struct live *l, const struct live_store *store,
			  bool failed)
{
	struct live_finished *f = xcalloc(1, sizeof(*f));

	f->store = *store;
	f->failed = failed;
	HASH_ADD_KEYPTR(hh, l->finished, f->store.path, strlen(f->store.path),
			f);
}

bool live_finish(struct live *l, const char *name)
{
	struct live_store store = { .readable = true };
	struct store_header h;
	struct model m;
	int error;

	store.path = xasprintf("%s/%s", l->directory, name);
	/* In this order: what nothing writes any more stays as it is read. */
	if (find_finished(l, store.path) || !is_small(store.path) ||
	    !leases_tell(l) || processes_write(store.path) ||
	    !read_header(store.path, &h, &store.empty)) {
		free(store.path);
		return false;
	}
	describe(&store, &h);
	error = model_load(&m, store.path);
	if (!error) {
		error = model_save(&m, store.path);
		model_release(&m);
	} else if (error == -ENODATA) {
		model_release(&m);
	}
	/* At the end it is tried once more. */
	note_finished(l, &store, error);
	return !error;
}

/* Whether the file is what live_finish() left: then *store gets the rest. */
static bool is_finished(const struct live *l, struct live_store *store)
{
	const struct live_finished *f = find_finished(l, store->path);
	char *path = store->path;
	struct rkn_meta meta;

	if (!f || f->failed || model_peek(path, &meta) ||
	    meta.pid != f->store.pid)
		return false;
	*store = f->store;
	store->path = path;
	return true;
}

struct live_store *live_list(const struct live *l, size_t *count)
{
	struct live_store *list = NULL;
	DIR *directory = live_is_there(l) ? opendir(l->directory) : NULL;
	struct dirent *entry;

	*count = 0;
	while (directory && (entry = readdir(directory))) {
		/* A store is never a link: what that leads to is not ours. */
		if (entry->d_name[0] == '.' || entry->d_type == DT_LNK)
			continue;
		LIST_GROW(list, *count);
		list[*count] = (struct live_store){
			.path = xasprintf("%s/%s", l->directory, entry->d_name),
		};
		if (!is_finished(l, &list[*count]))
			look(&list[*count]);
		++*count;
	}
	if (directory)
		closedir(directory);
	if (list)
		qsort(list, *count, sizeof(*list), by_start);
	for (size_t i = 0; i < *count; i++)
		for (size_t j = i + 1; j < *count; j++)
			list[i].replaced |= beginning_replaces(
			    beginning_of(&list[j]), beginning_of(&list[i]));
	return list;
}

void live_list_release(struct live_store *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(list[i].path);
	free(list);
}
