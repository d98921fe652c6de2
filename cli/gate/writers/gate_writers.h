/* SPDX-License-Identifier: MIT */
/* The formats in which a gate writes its result. */
#ifndef GATE_WRITERS_H
#define GATE_WRITERS_H

#include "gate.h"

struct gate_writer {
	const char *name; /* "sarif" */
	void (*write)(FILE *out, const struct gate *g);
	bool people; /* it ends with the summary line itself */
};

extern const struct gate_writer gate_writers[];
extern const size_t gate_writer_count;

/* Those that are options of their own, beside the result. */
extern bool gate_text_shows_suppressed; /* text: list what was suppressed */

void gate_write_text(FILE *out, const struct gate *g);
void gate_write_json(FILE *out, const struct gate *g);
void gate_write_gnu(FILE *out, const struct gate *g);
void gate_write_github(FILE *out, const struct gate *g);
void gate_write_sarif(FILE *out, const struct gate *g);
void gate_write_junit(FILE *out, const struct gate *g);
void gate_write_tap(FILE *out, const struct gate *g);
void gate_write_gitlab(FILE *out, const struct gate *g);
void gate_write_valgrind_xml(FILE *out, const struct gate *g);
void gate_write_markdown(FILE *out, const struct gate *g);
void gate_write_suppressions(FILE *out, const struct gate *g);
void gate_write_lsan_suppressions(FILE *out, const struct gate *g);
/* For refknot memcheck. */
void gate_write_valgrind_log(FILE *out, const struct gate *g);

#endif
