/* SPDX-License-Identifier: MIT */
/* What commands have in common that show one recording, or one object of it. */
#ifndef SHOWING_H
#define SHOWING_H

#include "document.h"
#include "options.h"
#include "recordings.h"

struct showing {
	const char *object; /* as it was named; NULL: the command needs none */
	enum format format;
	size_t limit;               /* rows to show; 0: all */
	struct documents documents; /* to add to, with FORMAT_JSON */
	int status; /* STATUS_INPUT: what was asked for is not there */
};

/* For the arguments "[REC]" of `command`, and the options. Dies if there are more
 * arguments. */
struct showing showing_begin(const char **arguments, const char *command);
/* Visits the recording, with `s`; then prints its documents. Returns the exit
 * status. */
int showing_recording(struct showing *s, const char **arguments,
		      recordings_visit *visit);
/* Both for "[REC] OBJECT". Dies if there is no object, too. */
int showing_object(const char **arguments, const char *command,
		   recordings_visit *visit);

#endif
