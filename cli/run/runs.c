/* SPDX-License-Identifier: MIT */
#include "runs.h"

#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "list.h"
#include "live.h"
#include "owner.h"
#include "processes.h"
#include "recording_path.h"

#define BLOCK 512 /* bytes, of st_blocks */

const char *const runs_state_names[] = {
	[RUNS_NOW] = "now",
	[RUNS_USED] = "used",
	[RUNS_LEFT] = "left",
	[RUNS_KEPT] = "kept",
};

static uint64_t written(const struct stat *st)
{
	return (uint64_t)st->st_mtim.tv_sec * 1000000000u +
	       (uint64_t)st->st_mtim.tv_nsec;
}

static int newest_recording(const void *a, const void *b)
{
	const struct runs_recording *x = a, *y = b;

	return ORDER(y->time_ns, x->time_ns);
}

static int by_state(const void *a, const void *b)
{
	const struct runs_one *x = a, *y = b;

	return ORDER(x->state, y->state) ?: ORDER(y->time_ns, x->time_ns);
}

static void find_recordings(struct runs *r, const char *directory)
{
	char *pattern = xasprintf("%s/*" RECORDING_PATH_SUFFIX, directory);
	glob_t found = { 0 };
	struct stat st;

	if (glob(pattern, 0, NULL, &found))
		found.gl_pathc = 0;
	for (size_t i = 0; i < found.gl_pathc; i++)
		if (!stat(found.gl_pathv[i], &st) && S_ISREG(st.st_mode))
			*LIST_ADD(r->recordings, r->recording_count) =
			    (struct runs_recording){
				    xstrdup(found.gl_pathv[i]),
				    (uint64_t)st.st_blocks * BLOCK,
				    written(&st),
			    };
	globfree(&found);
	free(pattern);
	if (r->recording_count)
		qsort(r->recordings, r->recording_count, sizeof(*r->recordings),
		      newest_recording);
}

static void add_stores(struct runs_one *one)
{
	DIR *directory = opendir(one->path);
	struct dirent *entry;
	struct stat st;

	while (directory && (entry = readdir(directory))) {
		if (entry->d_name[0] == '.' ||
		    fstatat(dirfd(directory), entry->d_name, &st,
			    AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(st.st_mode))
			continue;
		*LIST_ADD(one->stores, one->store_count) = (struct runs_store){
			xstrdup(entry->d_name),
			(uint64_t)st.st_blocks * BLOCK,
		};
		one->bytes += (uint64_t)st.st_blocks * BLOCK;
		if (written(&st) > one->time_ns)
			one->time_ns = written(&st);
	}
	if (directory)
		closedir(directory);
}

static enum runs_state state_of(const char *path)
{
	enum owner_state owner = owner_look(path);

	if (owner == OWNER_LIVES)
		return RUNS_NOW;
	if (processes_any(path))
		return RUNS_USED;
	return owner == OWNER_KILLED ? RUNS_LEFT : RUNS_KEPT;
}

static void add(const char *path, void *data)
{
	struct runs *r = data;
	struct runs_one one = { .path = xstrdup(path),
				.state = state_of(path) };
	struct stat st;

	if (!stat(path, &st))
		one.time_ns = written(&st);
	add_stores(&one);
	*LIST_ADD(r->list, r->count) = one;
}

void runs_find(struct runs *r, const char *directory)
{
	*r = (struct runs){ 0 };
	find_recordings(r, directory);
	live_each_directory(directory, add, r);
	if (r->count)
		qsort(r->list, r->count, sizeof(*r->list), by_state);
}

void runs_release(struct runs *r)
{
	for (size_t i = 0; i < r->recording_count; i++)
		free(r->recordings[i].path);
	for (size_t i = 0; i < r->count; i++) {
		for (size_t k = 0; k < r->list[i].store_count; k++)
			free(r->list[i].stores[k].name);
		free(r->list[i].stores);
		free(r->list[i].path);
	}
	free(r->recordings);
	free(r->list);
}

bool runs_remove(const struct runs_one *one)
{
	return owner_remove(one->path);
}
