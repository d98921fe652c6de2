/* SPDX-License-Identifier: MIT */
#include "recorded.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "list.h"
#include "losses.h"
#include "model.h"
#include "parts.h"
#include "progress.h"
#include "reading.h"
#include "recording_path.h"
#include "wishes.h"

/* --- All of a directory ------------------------------------------------------- */

static bool is_recording(const char *name)
{
	const char *suffix = RECORDING_PATH_SUFFIX;
	size_t size = strlen(name);

	return *name != '.' && size > strlen(suffix) &&
	       !strcmp(name + size - strlen(suffix), suffix);
}

/* Damaged recordings are of the run that the file is of. */
static void adopt(struct recorded_run *r)
{
	const struct recorded *known = NULL;

	for (size_t i = 0; i < r->count && !known; i++)
		if (r->list[i].meta.run_pid)
			known = &r->list[i];
	for (size_t i = 0; known && i < r->count; i++) {
		if (r->list[i].meta.pid)
			continue;
		r->list[i].meta.run_pid = known->meta.run_pid;
		r->list[i].meta.run_ns = r->list[i].time_ns =
		    known->meta.run_ns;
	}
}

/* Finds the recordings in the file `path`, if it is one: what is not finished is
 * one. */
static void look(struct recorded_run *r, const char *path)
{
	struct parts parts;
	struct stat st;
	bool finished;

	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return;
	finished = !parts_read(&parts, path);
	for (size_t i = 0; i < (finished ? parts.count : 1); i++) {
		struct recorded *one = LIST_ADD(r->list, r->count);

		*one = (struct recorded){ 0 };
		if (finished)
			one->meta = parts.list[i].meta;
		one->path =
		    finished ? parts_name(&parts, i, path) : xstrdup(path);
		one->time_ns = one->meta.run_ns
				   ? one->meta.run_ns
				   : (uint64_t)st.st_mtim.tv_sec * 1000000000u +
					 (uint64_t)st.st_mtim.tv_nsec;
	}
	if (finished)
		parts_release(&parts);
	adopt(r);
}

/* Whether `b` is of the run of `a`. */
static bool is_same_run(const struct recorded *a, const struct recorded *b)
{
	return a->meta.run_pid && a->meta.run_pid == b->meta.run_pid &&
	       a->meta.run_ns == b->meta.run_ns;
}

/* Whether `r` has the same recording, from a copy of its file perhaps. */
static bool has(const struct recorded_run *r, const struct recorded *one)
{
	for (size_t i = 0; one->meta.pid && i < r->count; i++)
		if (r->list[i].meta.pid == one->meta.pid &&
		    r->list[i].meta.start_ns == one->meta.start_ns)
			return true;
	return false;
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return a && !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* Which recordings of a directory are kept: see read_directory(). */
struct choice {
	const struct recorded *of; /* NULL: any */
	const char *but;           /* NULL: none */
	bool (*wanted)(const struct recorded *one, uint32_t pid); /* NULL */
	uint32_t pid;
};

static bool is_chosen(const struct choice *c, const struct recorded_run *r,
		      const struct recorded *one)
{
	if (c->wanted && !c->wanted(one, c->pid))
		return false;
	if (c->of && (!is_same_run(c->of, one) || has(r, one)))
		return false;
	return !r->count || is_same_run(&r->list[0], one) ||
	       one->time_ns > r->list[0].time_ns;
}

/* Takes the chosen ones of a file. */
static void take(struct recorded_run *r, struct recorded_run *file,
		 const struct choice *c)
{
	for (size_t i = 0; i < file->count; i++) {
		struct recorded *one = &file->list[i];

		if (!is_chosen(c, r, one))
			continue;
		if (r->count && !is_same_run(&r->list[0], one))
			recorded_release(r);
		*LIST_ADD(r->list, r->count) = *one;
		one->path = NULL;
	}
}

/*
 * Reads the directory `name` and keeps the newest run's recordings of those
 * that `wanted` says yes to; with `of` those of its run, without the file `but`,
 * which `r` has.
 */
static void read_directory(struct recorded_run *r, const char *name,
			   const struct choice *c)
{
	DIR *directory = opendir(name);
	bool here = !strcmp(name, ".");
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		struct recorded_run file = { 0 };
		char *path;

		if (!is_recording(entry->d_name))
			continue;
		path = here ? xstrdup(entry->d_name)
			    : xasprintf("%s/%s", name, entry->d_name);
		if (!is_same_file(c->but, path))
			look(&file, path);
		free(path);
		take(r, &file, c);
		recorded_release(&file);
	}
	if (directory)
		closedir(directory);
}

void recorded_release(struct recorded_run *r)
{
	for (size_t i = 0; i < r->count; i++)
		free(r->list[i].path);
	free(r->list);
	*r = (struct recorded_run){ 0 };
}

/* --- One run ------------------------------------------------------------------ */

static int by_process(const void *a, const void *b)
{
	const struct rkn_meta *x = &((const struct recorded *)a)->meta;
	const struct rkn_meta *y = &((const struct recorded *)b)->meta;

	return ORDER(x->pid, y->pid) ?: ORDER(x->start_ns, y->start_ns);
}

static int worst_first(const void *a, const void *b)
{
	const struct recorded *x = a, *y = b;

	return losses_compare(&x->meta, &y->meta);
}

static void judge(struct recorded *one, struct cache *c)
{
	struct model m;
	struct reading in;
	struct wishes wishes;
	struct findings found;
	int error = reading_load(&m, one->path);

	if (error && error != -ENODATA) {
		one->unread = true;
		one->meta.flags |= RKN_META_UNJUDGED;
		return;
	}
	reading_open(&in, &m, c);
	wishes_findings(&wishes, &found, &in);
	losses_note(&one->meta, &found, &m);
	/* So the next command knows. Where it cannot be written, that judges
	 * anew. */
	if (!error && one->meta.pid && one->meta.run_pid)
		model_note(one->path, &one->meta);
	findings_release(&found);
	wishes_release(&wishes);
	reading_close(&in);
	model_release(&m);
}

/* How many may have findings, as far as is known. */
static size_t suspects(const struct recorded_run *r, bool *all_known)
{
	size_t n = 0;

	*all_known = true;
	for (size_t i = 0; i < r->count; i++) {
		const struct rkn_meta *m = &r->list[i].meta;

		if (losses_are_known(m) && !losses_findings(m))
			continue;
		n++;
		*all_known &= losses_are_known(m);
	}
	return n;
}

static void sort(struct recorded_run *r)
{
	if (!r->count)
		return;
	qsort(r->list, r->count, sizeof(*r->list), by_process);
	for (size_t i = 0; i + 1 < r->count; i++)
		r->list[i].replaced =
		    r->list[i].meta.pid == r->list[i + 1].meta.pid &&
		    !(r->list[i + 1].meta.flags & RKN_META_FORKED) &&
		    !(r->list[i].meta.flags & RKN_META_JUDGED);
	qsort(r->list, r->count, sizeof(*r->list), worst_first);
}

/* All of the run that the recording `of` is of; that alone if no run made it. */
static void read_run(struct recorded_run *r, const char *of)
{
	char *path = parts_file(of), *directory = recording_path_directory(of);
	const struct recorded *named = NULL;
	struct recorded_run file = { 0 };
	bool whole = !strcmp(path, of);

	look(&file, path);
	/* Without a part of that name no other is meant. */
	for (size_t i = 0; i < file.count; i++)
		if (file.list[i].meta.run_pid &&
		    (whole ? !named : !strcmp(file.list[i].path, of)))
			named = &file.list[i];
	/* Whatever the file is called, its own come first. */
	for (size_t i = 0; named && i < file.count; i++)
		if (is_same_run(named, &file.list[i])) {
			*LIST_ADD(r->list, r->count) = file.list[i];
			r->list[r->count - 1].path = xstrdup(file.list[i].path);
		}
	if (named)
		read_directory(r, directory,
			       &(struct choice){ .of = named, .but = path });
	if (!r->count)
		*LIST_ADD(r->list, r->count) =
		    (struct recorded){ .path = xstrdup(of) };
	recorded_release(&file);
	free(directory);
	free(path);
}

void recorded_run(struct recorded_run *r, const char *of, bool all,
		  struct cache *c)
{
	bool known;

	*r = (struct recorded_run){ 0 };
	if (of)
		read_run(r, of);
	else
		read_directory(r, ".", &(struct choice){ 0 });
	progress_begin("judging processes", NULL, r->count);
	if (suspects(r, &known) > !all && !known)
		for (size_t i = 0; i < r->count; i++) {
			progress_at(i);
			if (!losses_are_known(&r->list[i].meta))
				judge(&r->list[i], c);
		}
	progress_end();
	sort(r);
}

void recorded_newest_run(struct recorded_run *r)
{
	*r = (struct recorded_run){ 0 };
	read_directory(r, ".", &(struct choice){ 0 });
	sort(r);
}

char *recorded_newest(void)
{
	struct recorded_run r;
	char *path = NULL;

	recorded_newest_run(&r);
	if (r.count)
		path = xstrdup(r.list[0].path);
	recorded_release(&r);
	return path;
}

/* A live store has its number in its name only. */
static bool is_of_pid(const struct recorded *one, uint32_t pid)
{
	const char *at;
	char *name;
	bool is;

	if (one->meta.pid)
		return one->meta.pid == pid;
	name = xasprintf(".%" PRIu32 ".", pid);
	at = strstr(one->path, name);
	is = at && strspn(at + strlen(name), "0123456789.rkn") ==
		       strlen(at + strlen(name));
	free(name);
	return is;
}

char *recorded_of_pid(uint32_t pid)
{
	struct recorded_run r = { 0 };
	char *path = NULL;

	read_directory(&r, ".",
		       &(struct choice){ .wanted = is_of_pid, .pid = pid });
	sort(&r);
	if (r.count)
		path = xstrdup(r.list[0].path);
	recorded_release(&r);
	return path;
}
