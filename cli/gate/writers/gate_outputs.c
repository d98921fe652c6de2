/* SPDX-License-Identifier: MIT */
#include "gate_outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "die.h"
#include "list.h"
#include "recording_path.h"
#include "status.h"

void gate_outputs_add(struct gate_outputs *o, const struct gate_writer *writer,
		      const char *path)
{
	*LIST_ADD(o->list, o->count) =
	    (struct gate_output){ writer, xstrdup(path) };
}

static bool is_standard(const struct gate_output *o)
{
	return !strcmp(o->path, "-");
}

/* --- Before ------------------------------------------------------------------ */

static int try_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* 0, or the -errno of writing that file now; it changes nothing. */
static int gate_outputs_try(const char *path)
{
	struct stat st;
	char *directory;
	int error;

	if (!stat(path, &st)) {
		if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
			return try_file(path);
		/* Whoever reads a pipe would take its closing for the end. */
		return access(path, W_OK) ? -errno : 0;
	}
	if (errno != ENOENT)
		return -errno;
	directory = recording_path_directory(path);
	error = recording_path_check(directory);
	free(directory);
	return error;
}

static bool is_one_file(const char *a, const char *b)
{
	struct stat x, y;

	if (!strcmp(a, "-") || !strcmp(b, "-"))
		return false;
	if (stat(a, &x) || stat(b, &y))
		return !strcmp(a, b);
	return S_ISREG(x.st_mode) && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

void gate_outputs_differ(const struct gate_outputs *o, const char *what,
			 const char *other)
{
	for (size_t i = 0; i < o->count; i++) {
		const char *path = o->list[i].path;

		if (other && is_one_file(path, other))
			die(STATUS_INPUT,
			    "--output would write over %s, %s; give it a file of its own",
			    path, what);
		for (size_t k = 0; k < i; k++)
			if (is_one_file(path, o->list[k].path))
				die(STATUS_INPUT,
				    "two of --output are the file %s; give each a file of its own",
				    path);
	}
}

void gate_outputs_check(const struct gate_outputs *o)
{
	for (size_t i = 0; i < o->count; i++) {
		int error = is_standard(&o->list[i])
				? 0
				: gate_outputs_try(o->list[i].path);

		if (error)
			die(STATUS_INPUT,
			    "--output %s=%s: the file cannot be written: %s",
			    o->list[i].writer->name, o->list[i].path,
			    strerror(-error));
	}
}

/* --- After ------------------------------------------------------------------- */

/* The whole report, so that what a writer cannot bear, a file that is full, is
 * met here; the caller frees it. */
static char *render(const struct gate_writer *writer, const struct gate *g,
		    size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);

	if (!out)
		die(STATUS_INPUT, "out of memory");
	writer->write(out, g);
	if (fclose(out))
		die(STATUS_INPUT, "out of memory");
	return text;
}

/* What could not go to the standard output is told here, not at the end. */
static int write_standard(const char *text, size_t size)
{
	int error = 0;

	if (fwrite(text, 1, size, stdout) < size || fflush(stdout)) {
		error = -errno;
		__fpurge(stdout);
		clearerr(stdout);
	}
	return error;
}

static int write_file(const char *path, const char *text, size_t size)
{
	FILE *out = fopen(path, "we");
	int error = 0;

	if (!out)
		return -errno;
	if (fwrite(text, 1, size, out) < size)
		error = -errno;
	if (fclose(out) && !error)
		error = -errno;
	return error;
}

static bool write_one(const struct gate_output *o, const struct gate *g)
{
	size_t size;
	char *text = render(o->writer, g, &size);
	int error = is_standard(o) ? write_standard(text, size)
				   : write_file(o->path, text, size);

	if (error)
		warn("--output %s=%s: not all could be written: %s",
		     o->writer->name, o->path, strerror(-error));
	free(text);
	return !error;
}

bool gate_outputs_write(const struct gate_outputs *o, const struct gate *g,
			bool standard)
{
	bool all = true;

	for (size_t i = 0; i < o->count; i++)
		if (is_standard(&o->list[i]) == standard)
			all &= write_one(&o->list[i], g);
	return all;
}

void gate_outputs_release(struct gate_outputs *o)
{
	for (size_t i = 0; i < o->count; i++)
		free(o->list[i].path);
	free(o->list);
	*o = (struct gate_outputs){ 0 };
}
