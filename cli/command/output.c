/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <errno.h>
#include <stdio_ext.h>
#include <string.h>
#include <unistd.h>

#include "die.h"
#include "status.h"
#include "text_file.h"

static const char *command, *path;
static struct text_file file;
static bool drafted; /* `file` is open */
static void (*then)(void);

static void forget_draft(void)
{
	if (drafted)
		unlink(file.draft);
	if (then)
		then();
}

bool output_is_standard(const char *name)
{
	return !name || !strcmp(name, "-");
}

static void cannot_write(int error)
{
	die(STATUS_INPUT, "%s: %s cannot be written: %s", command,
	    output_is_standard(path) ? "the standard output" : path,
	    strerror(error));
}

FILE *output_open(const char *of, const char *name)
{
	FILE *out = stdout;
	int error;

	command = of;
	path = name;
	if (output_is_standard(path))
		return out;
	error = text_file_create(&file, path);
	if (!error) {
		drafted = true;
		if (quit_first != forget_draft)
			then = quit_first;
		quit_first = forget_draft;
		return file.out;
	}
	if (error == -EINVAL)
		out = fopen(path, "we");
	if (error != -EINVAL || !out)
		cannot_write(error == -EINVAL ? errno : -error);
	return out;
}

void output_close(FILE *out)
{
	int error = 0;

	if (drafted) {
		drafted = false;
		error = -text_file_commit(&file);
	} else if (ferror(out) || (out == stdout ? fflush(out) : fclose(out))) {
		error = errno ? errno : EIO;
	}
	if (!error)
		return;
	/* What could not go there is reported once. */
	if (out == stdout)
		__fpurge(out);
	cannot_write(error);
}
