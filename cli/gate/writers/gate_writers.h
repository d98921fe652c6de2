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

/* clang-format off */
/* All formats: name, function, whether it is for people; and what follows the name
 * in the help. */
#define GATE_WRITERS(ROW) \
	ROW("text", gate_write_text, true, " (the default), ") \
	ROW("json", gate_write_json, false, ", ") \
	ROW("gnu", gate_write_gnu, false, ", ") \
	ROW("github", gate_write_github, false, ", ") \
	ROW("sarif", gate_write_sarif, false, ", ") \
	ROW("junit", gate_write_junit, false, ", ") \
	ROW("tap", gate_write_tap, false, ", ") \
	ROW("gitlab", gate_write_gitlab, false, ", ") \
	ROW("valgrind-xml", gate_write_valgrind_xml, false, ", ") \
	ROW("markdown", gate_write_markdown, false, ", ") \
	ROW("suppressions", gate_write_suppressions, false, " (Valgrind's, also called ") \
	ROW("valgrind-suppressions", gate_write_suppressions, false, ") or ") \
	ROW("lsan-suppressions", gate_write_lsan_suppressions, false, "")
#define GATE_WRITERS_WORDS(name, write, people, after) name after
/* "text (the default), json, ...", for --help. */
#define GATE_WRITERS_HELP GATE_WRITERS(GATE_WRITERS_WORDS)
/* clang-format on */

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
