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
#include "text_stream.h"

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

/* 0, or the -errno of writing that file now; it changes nothing. */
static int try(const char *path)
{
	struct stat st;
	char *directory;
	int error, fd;

	if (!stat(path, &st)) {
		/* The reader of a pipe would take its closing for the end. */
		if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
			return access(path, W_OK) ? -errno : 0;
		fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
		if (fd < 0)
			return -errno;
		close(fd);
		return 0;
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
		const struct gate_output *one = &o->list[i];
		int error = is_standard(one) ? 0 : try(one->path);

		if (error)
			die(STATUS_INPUT,
			    "--output %s=%s: the file cannot be written: %s",
			    one->writer->name, one->path, strerror(-error));
	}
}

/* --- After ------------------------------------------------------------------- */

static int write_text(const struct gate_output *o, const char *text,
		      size_t size)
{
	bool standard = is_standard(o);
	FILE *out = standard ? stdout : fopen(o->path, "we");
	int error = 0;

	if (!out)
		return -errno;
	if (fwrite(text, 1, size, out) < size || (standard && fflush(out)))
		error = -errno;
	/* What could not go to the standard output is reported now, and not
	 * again when the process ends. */
	if (standard && error) {
		__fpurge(stdout);
		clearerr(stdout);
	}
	if (!standard && fclose(out) && !error)
		error = -errno;
	return error;
}

bool gate_outputs_write(const struct gate_outputs *o, const struct gate *g,
			bool standard)
{
	bool all = true;

	for (size_t i = 0; i < o->count; i++) {
		const struct gate_output *one = &o->list[i];
		size_t size;
		char *text;
		FILE *out;
		int error;

		if (is_standard(one) != standard)
			continue;
		/* The writer prints into memory, so that it does not meet a
		 * file that is full. */
		out = text_stream_open(&text, &size);
		one->writer->write(out, g);
		text_stream_close(out);
		error = write_text(one, text, size);
		free(text);
		if (!error)
			continue;
		warn("--output %s=%s: not all could be written: %s",
		     one->writer->name, one->path, strerror(-error));
		all = false;
	}
	return all;
}

void gate_outputs_release(struct gate_outputs *o)
{
	for (size_t i = 0; i < o->count; i++)
		free(o->list[i].path);
	free(o->list);
	*o = (struct gate_outputs){ 0 };
}
