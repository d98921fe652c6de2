/* SPDX-License-Identifier: MIT */
/* One object of one recording, for the commands that show it. */
#ifndef SHOWING_H
#define SHOWING_H

#include "document.h"
#include "options.h"
#include "recordings.h"

/* What a command shows of one object. */
struct showing {
	const char *object; /* as it was named */
	enum format format;
	struct documents documents; /* to add to, with FORMAT_JSON */
	int status;                 /* STATUS_INPUT: there is no such object */
};

/*
 * Visit the recording of the arguments "[REC] OBJECT" of `command`, with a struct
 * showing; then print its documents. The exit status. Dies when there are more
 * arguments or none.
 */
int showing_run(const char **arguments, const char *command,
		recordings_visit *visit);

#endif
