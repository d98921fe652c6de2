/* SPDX-License-Identifier: MIT */
/*
 * Valgrind's blocks:
 *
 *   {
 *      a name
 *      Memcheck:Leak
 *      match-leak-kinds: definite
 *      fun:malloc
 *      ...
 *      obj:*libfoo.so*
 *   }
 *
 * What is for other tools, or for other faults, is read, counted and left out.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "list.h"
#include "suppress_parser.h"

#define LINES_MOST 500 /* as Valgrind has it */

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

#define ALL_LEAKS                                                              \
	(SUPPRESS_DEFINITE | SUPPRESS_INDIRECT | SUPPRESS_POSSIBLE |           \
	 SUPPRESS_REACHABLE)
#define LEAK_KINDS_LINE "match-leak-kinds:"

/* Memcheck's other faults. Param and FishyValue have a line more, which says
 * of what. */
static const char *const memcheck_kinds[] = {
	"Param",        "User",         "CoreMem",    "Addr1",       "Addr2",
	"Addr4",        "Addr8",        "Addr16",     "Addr32",      "Jump",
	"Free",         "Overlap",      "Mempool",    "Cond",        "Value0",
	"Value1",       "Value2",       "Value4",     "Value8",      "Value16",
	"Value32",      "BadAlign",     "FishyValue", "ReallocZero", "BadSize",
	"SizeMismatch", "AlignMismatch"
};

struct block {
	struct suppress_note note; /* before it */
	unsigned line;             /* where it begins */
	char *name;
	bool wanted;
	bool shared;    /* Valgrind reads it, too */
	bool extra;     /* one more line comes, which says what */
	unsigned leaks; /* enum suppress_leak_kind */
	struct suppress_line *lines;
	size_t count;
};

/* Those whose errors can be suppressed, of all versions. */
static const char *const other_tools[] = {
	"Addrcheck",    "CoreError", "core",        "drd",
	"DRD",          "Helgrind",  "helgrind",    "Ptrcheck",
	"exp-ptrcheck", "SGCheck",   "exp-sgcheck",
};

/* Reads the next line that is not a comment: 0 or -EINVAL, as the block must end. */
static int next_line(struct suppress_parser *p)
{
	int result;

	while ((result = suppress_next_line(p)) > 0) {
		struct suppress_note note = { 0 };

		if (*p->line && *p->line != '#')
			return 0;
		if (suppress_read_note(p, p->line, &note))
			result = -EINVAL;
		free(note.reason);
		if (result > 0 && note.until[0])
			result = suppress_fail(p, "a date within a block; it "
						  "goes right above its \"{\"");
		if (result < 0)
			return result;
	}
	return result ? result
		      : suppress_fail(p, "the file ends within a block; a "
					 "line with only \"}\" is missing");
}

/* Whether `tool` is in "tool1,tool2". */
static bool has_tool(const char *list, size_t length, const char *tool)
{
	size_t size = strlen(tool);

	for (size_t at = 0; at < length; at++) {
		size_t word = strcspn(list + at, ",:");

		if (word == size && !memcmp(list + at, tool, size))
			return true;
		at += word;
	}
	return false;
}

/* Counts a slip of the pen, or what only a Valgrind that we do not know has: the
 * first `length` bytes of the line are a name that no tool or fault has. */
static void note_unknown(struct suppress_parser *p, size_t length)
{
	struct suppress_left *left = &p->s->left;

	if (left->unknown++)
		return;
	left->line = p->number;
	for (size_t i = 0; i < length && i + 1 < sizeof(left->name); i++)
		left->name[i] = p->line[i];
}

static const struct leak_kind {
	const char *name;
	unsigned leaks;
} our_kinds[] = {
	{ "Leak", ALL_LEAKS },
	{ "Cycle", SUPPRESS_CYCLES },
	{ "Reference", SUPPRESS_REFERENCES },
};

/* "Tool1,Tool2:Kind"; *ours: of a tool and a kind whose blocks we know. */
static int read_kind(struct suppress_parser *p, struct block *b, bool *ours)
{
	const char *colon = strchr(p->line, ':'), *kind;
	size_t length, i = 0;

	if (!colon)
		return suppress_fail(p,
				     "\"%.80s\" is not of the form "
				     "TOOL[,TOOL]:KIND, as Memcheck:Leak is",
				     p->line);
	length = (size_t)(colon - p->line);
	kind = colon + 1;
	*ours = true;
	if (has_tool(p->line, length, "refknot")) {
		while (i < COUNT(our_kinds) &&
		       strcmp(kind, our_kinds[i].name) != 0)
			i++;
		if (i == COUNT(our_kinds))
			return suppress_fail(
			    p,
			    "refknot knows nothing called \"%.80s\"; wanted is "
			    "refknot:Leak, refknot:Cycle or refknot:Reference",
			    kind);
		b->wanted = true;
		b->leaks = our_kinds[i].leaks;
		return 0;
	}
	if (has_tool(p->line, length, "Memcheck")) {
		b->wanted = b->shared = !strcmp(kind, "Leak");
		b->extra =
		    !strcmp(kind, "Param") || !strcmp(kind, "FishyValue");
		b->leaks = b->wanted ? ALL_LEAKS : 0;
		while (i < COUNT(memcheck_kinds) &&
		       strcmp(kind, memcheck_kinds[i]) != 0)
			i++;
		*ours = b->wanted || i < COUNT(memcheck_kinds);
		if (!*ours)
			note_unknown(p, strlen(p->line));
		return 0;
	}
	*ours = false;
	while (i < COUNT(other_tools) &&
	       !has_tool(p->line, length, other_tools[i]))
		i++;
	if (i == COUNT(other_tools))
		note_unknown(p, length);
	return 0;
}

static const struct leak_kind leak_kinds[] = {
	{ "definite", SUPPRESS_DEFINITE },
	{ "indirect", SUPPRESS_INDIRECT },
	{ "possible", SUPPRESS_POSSIBLE },
	{ "reachable", SUPPRESS_REACHABLE },
	{ "all", ALL_LEAKS },
	{ "none", 0 },
};

/* "definite,possible"; or only "all" or "none". */
static int read_leak_kinds(struct suppress_parser *p, struct block *b)
{
	const char *list = p->line + strlen(LEAK_KINDS_LINE), *at;

	list += strspn(list, " \t");
	b->leaks = 0;
	for (at = list;; at++) {
		size_t length = strcspn(at, ","), i = 0;
		bool only = at == list && !at[length];

		while (i < COUNT(leak_kinds) &&
		       (strlen(leak_kinds[i].name) != length ||
			memcmp(leak_kinds[i].name, at, length) != 0))
			i++;
		if (i == COUNT(leak_kinds) ||
		    (!only && (leak_kinds[i].leaks == ALL_LEAKS ||
			       !leak_kinds[i].leaks)))
			return suppress_fail(
			    p,
			    "\"%.80s\" are not kinds of leaks; write "
			    "definite,indirect,possible,reachable or some of "
			    "these without blanks, all, or none",
			    list);
		b->leaks |= leak_kinds[i].leaks;
		at += length;
		if (!*at)
			return 0;
	}
}

static int add_line(struct suppress_parser *p, struct block *b)
{
	static const char *const prefixes[] = { [LINE_FUNCTION] = "fun:",
						[LINE_OBJECT] = "obj:",
						[LINE_SOURCE] = "src:" };
	struct suppress_line line = { .kind = LINE_ANY };
	char *colon;

	if (b->count == LINES_MOST)
		return suppress_fail(p, "the stack has more than %d lines",
				     LINES_MOST);
	for (unsigned i = LINE_FUNCTION; i < LINE_ANY; i++)
		if (!strncmp(p->line, prefixes[i], 4)) {
			line.kind = i;
			line.pattern = xstrdup(p->line + 4);
		}
	if (line.kind == LINE_ANY && strcmp(p->line, "..."))
		return suppress_fail(p,
				     "\"%.80s\" is not a line of a call stack; "
				     "it begins with fun:, obj: or src:, or "
				     "is \"...\"",
				     p->line);
	colon = line.kind == LINE_SOURCE ? strchr(line.pattern, ':') : NULL;
	if (colon) {
		*colon = '\0';
		line.line = (unsigned)strtoul(colon + 1, NULL, 10);
	}
	*LIST_ADD(b->lines, b->count) = line;
	return 0;
}

static int read_lines(struct suppress_parser *p, struct block *b)
{
	bool ours, some = false;

	if (next_line(p))
		return -EINVAL;
	if (!strcmp(p->line, "}"))
		return suppress_fail(p,
				     "the block is empty; its name is wanted");
	b->name = xstrdup(p->line);
	if (suppress_read_name(p, b->name) || next_line(p) ||
	    read_kind(p, b, &ours) || next_line(p))
		return -EINVAL;
	if (ours && b->extra && next_line(p))
		return -EINVAL;
	if (ours && b->leaks & ALL_LEAKS &&
	    !strncmp(p->line, LEAK_KINDS_LINE, strlen(LEAK_KINDS_LINE)) &&
	    (read_leak_kinds(p, b) || next_line(p)))
		return -EINVAL;
	/* Others' lines may be anything. */
	while (strcmp(p->line, "}")) {
		if ((ours && add_line(p, b)) || next_line(p))
			return -EINVAL;
		some |= ours && b->lines[b->count - 1].kind != LINE_ANY;
	}
	if (ours && !some)
		return suppress_fail(p,
				     "the block has no line that begins with "
				     "fun:, obj: or src:");
	return 0;
}

int suppress_read_block(struct suppress_parser *p)
{
	struct block b = { .line = p->number };
	int result = read_lines(p, &b);
	struct suppression *new;

	if (!result && b.wanted) {
		new = suppress_new(p, SUPPRESS_BLOCK, b.name, b.line);
		new->lines = b.lines;
		new->line_count = b.count;
		new->leaks = b.leaks;
		new->shared = b.shared;
	} else {
		p->s->left.others += !result;
		for (size_t i = 0; i < b.count; i++)
			free(b.lines[i].pattern);
		free(b.lines);
		free(p->note.reason);
		p->note = (struct suppress_note){ 0 };
	}
	free(b.name);
	return result;
}
