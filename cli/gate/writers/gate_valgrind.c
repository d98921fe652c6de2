/* SPDX-License-Identifier: MIT */
/*
 * Valgrind's XML, protocol 4, as the tool memcheck writes it: readers know only
 * its kinds. A leak and a cycle are definitely lost, a possible leak possibly;
 * wrong use of references is an invalid free.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "gate_failing.h"
#include "gate_valgrind.h"
#include "gate_writers.h"
#include "xml.h"

static const char *const kinds[VALGRIND_KINDS] = {
	[VALGRIND_DEFINITELY] = "Leak_DefinitelyLost",
	[VALGRIND_POSSIBLY] = "Leak_PossiblyLost",
	[VALGRIND_REACHABLE] = "Leak_StillReachable",
	[VALGRIND_MISUSE] = "InvalidFree",
};

enum valgrind_kind valgrind_kind_of(enum finding_kind kind)
{
	switch (kind) {
	case FINDING_CYCLE:
	case FINDING_REFERENCE:
	case FINDING_LEAK:
		return VALGRIND_DEFINITELY;
	case FINDING_POSSIBLE:
		return VALGRIND_POSSIBLY;
	case FINDING_OVER:
	case FINDING_ZERO:
		return VALGRIND_REACHABLE;
	case FINDING_UNDER:
	case FINDING_RELEASED_AT_ZERO:
	case FINDING_ON_FREED:
	case FINDING_FREED_HELD:
	case FINDING_WRONG_HOLDER:
		return VALGRIND_MISUSE;
	}
	return VALGRIND_MISUSE;
}

static void write_hex(struct xml *w, const char *name, uint64_t n)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%" PRIX64, n);
	xml_element(w, name, text);
}

/* Readers want a file and a line wherever there is a directory. */
static void write_frame(struct xml *w, const struct issue_frame *f)
{
	const char *slash = f->file ? strrchr(f->file, '/') : NULL;

	xml_start(w, "frame");
	write_hex(w, "ip", f->address);
	xml_element(w, "obj", f->module ? f->module : "unknown");
	xml_element(w, "fn", f->full ? f->full : f->function);
	if (f->file && f->line && slash) {
		char *directory =
		    xasprintf("%.*s", (int)(slash - f->file), f->file);

		xml_element(w, "dir", directory);
		free(directory);
	}
	if (f->file && f->line) {
		xml_element(w, "file", slash ? slash + 1 : f->file);
		xml_number(w, "line", f->line);
	}
	xml_end(w);
}

static void write_stack(struct xml *w, const struct issue_stack *s)
{
	char nowhere[] = "unknown";
	const struct issue_frame unknown = { .function = nowhere };

	xml_start(w, "stack");
	for (size_t i = 0; i < s->count; i++)
		write_frame(w, &s->frames[i]);
	if (!s->count)
		write_frame(w, &unknown);
	xml_end(w);
}

static void write_error(struct xml *w, const struct issue *i)
{
	enum valgrind_kind kind = valgrind_kind_of(i->kind);
	char *summary;
	char *text;

	xml_start(w, "error");
	write_hex(w, "unique", strtoull(i->signature, NULL, 16));
	xml_element(w, "tid", "1");
	xml_element(w, "kind", kinds[kind]);
	summary = issue_summary(i);
	text = xasprintf("%s: %s", finding_kinds[i->kind].noun, summary);
	if (kind != VALGRIND_MISUSE) {
		xml_start(w, "xwhat");
		xml_element(w, "text", text);
		xml_number(w, "leakedbytes", i->bytes + i->held_bytes);
		xml_number(w, "leakedblocks", i->objects + i->held_objects);
		xml_end(w);
	} else {
		xml_element(w, "what", text);
	}
	free(summary);
	free(text);
	write_stack(w, &i->stacks[0]);
	for (size_t k = 1; k < i->stack_count; k++) {
		xml_element(w, "auxwhat", i->stacks[k].what);
		write_stack(w, &i->stacks[k]);
	}
	xml_end(w);
}

/* What was not looked at may have lost something: readers know no other kind for
 * that. */
static void write_gap(struct xml *w, uint32_t unique, const char *program,
		      const char *why)
{
	char *text = xasprintf("incomplete: %s: %s", program, why);
	const struct issue_stack nowhere = { .count = 0 };

	xml_start(w, "error");
	write_hex(w, "unique", unique);
	xml_element(w, "tid", "1");
	xml_element(w, "kind", kinds[VALGRIND_POSSIBLY]);
	xml_start(w, "xwhat");
	xml_element(w, "text", text);
	xml_number(w, "leakedbytes", 0);
	xml_number(w, "leakedblocks", 0);
	xml_end(w);
	write_stack(w, &nowhere);
	xml_end(w);
	free(text);
}

static void write_command(struct xml *w, const char *element, const char *exe)
{
	xml_start(w, element);
	xml_element(w, "exe", exe);
	xml_end(w);
}

static void write_status(struct xml *w, const char *state)
{
	xml_start(w, "status");
	xml_element(w, "state", state);
	xml_element(w, "time", "00:00:00:00.000 ");
	xml_end(w);
}

void gate_write_valgrind_xml(FILE *out, const struct gate *g)
{
	const struct gate_process *first = g->processes;
	struct xml *w = xml_open(out);
	const struct suppression *s;

	xml_start(w, "valgrindoutput");
	xml_element(w, "protocolversion", "4");
	xml_element(w, "protocoltool", "memcheck");
	xml_start(w, "preamble");
	xml_element(w, "line",
		    "refknot " REFKNOT_VERSION
		    ", in the form of Valgrind's memcheck");
	xml_element(w, "line", g->verdict.summary);
	xml_end(w);
	xml_number(w, "pid", g->process_count ? first->pid : 0);
	xml_number(w, "ppid", g->process_count ? first->parent_pid : 0);
	xml_element(w, "tool", "memcheck");
	xml_start(w, "args");
	write_command(w, "vargv", "refknot");
	write_command(w, "argv", g->process_count ? first->program : "");
	xml_end(w);
	write_status(w, "RUNNING");
	write_status(w, "FINISHED");
	for (size_t i = 0; i < g->issues.count; i++)
		if (gate_fails(g, &g->issues.list[i]))
			write_error(w, &g->issues.list[i]);
	for (size_t i = 0; i < g->process_count && gate_gaps(g); i++)
		if (first[i].incomplete)
			write_gap(w, (uint32_t)i + 1, first[i].program,
				  first[i].incomplete);
	if (!g->process_count && gate_gaps(g))
		write_gap(w, 1, "refknot", "nothing was recorded");
	xml_start(w, "errorcounts");
	for (size_t i = 0; i < g->issues.count; i++) {
		const struct issue *one = &g->issues.list[i];

		if (!gate_fails(g, one))
			continue;
		xml_start(w, "pair");
		xml_number(w, "count", one->count);
		write_hex(w, "unique", strtoull(one->signature, NULL, 16));
		xml_end(w);
	}
	xml_end(w);
	xml_start(w, "suppcounts");
	for (size_t i = 0; (s = gate_suppression(g, i)); i++) {
		if (!s->findings)
			continue;
		xml_start(w, "pair");
		xml_number(w, "count", s->findings);
		xml_element(w, "name", s->text);
		xml_end(w);
	}
	xml_end(w);
	xml_end(w);
	xml_close(w);
}
