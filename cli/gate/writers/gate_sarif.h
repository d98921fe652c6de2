/* SPDX-License-Identifier: MIT */
/* What the gate_sarif*.c files share: SARIF's own nouns as JSON. */
#ifndef GATE_SARIF_H
#define GATE_SARIF_H

#include <jansson.h>

#include "gate.h"

#define SARIF_BASE "SRCROOT" /* where paths in the source tree begin */

/* A message object. */
json_t *sarif_message(const char *text);

/* `prefix`, and the path as RFC 3986 has it: '/' stays. The caller frees it. */
char *sarif_uri(const char *prefix, const char *path);

/*
 * Where a frame is: its function, and its file where that can be named, in the
 * source tree or by an absolute path; with a message unless `text` is NULL.
 * gate_sarif_place.c, like the next two
 */
json_t *sarif_location(const struct gate *g, const struct issue_frame *f,
		       const char *text);
/* The same of a result, for which readers want a file: its program, if nothing
 * better is known. `f` may be NULL. */
json_t *sarif_location_in(const struct gate *g, const struct issue_frame *f,
			  const char *program);
/* Whether the frame's file can be named. */
bool sarif_is_placed(const struct gate *g, const struct issue_frame *f);

#define SARIF_LIMIT "limit" /* the rule of limits */

/* The tool, with a rule a kind of findings, in their order, and then that of
 * limits.
 * gate_sarif_rules.c */
json_t *sarif_tool(void);

#endif
