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

/* The next line that is no comment: 0 or -EINVAL, as the block must end. */
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
					 "\"}\" alone on its line is wanted");
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

/* A slip of the pen, or of a Valgrind that we do not know: the first `length`
 * bytes of the line are the name that nobody has. */
static void note_unknown(struct suppress_parser *p, size_t length)
{
	struct suppress_left *left = &p->s->left;

	if (left->unknown++)
		return;
	left->line = p->number;
	for (size_t i = 0; i < length && i + 1 < sizeof(left->name); i++)
		left->name[i] = p->line[i];
}

static void note_other(struct suppress_parser *p, size_t length)
{
	size_t n = sizeof(other_tools) / sizeof(*other_tools);

	for (size_t i = 0; i < n; i++)
		if (has_tool(p->line, length, other_tools[i]))
			return;
	note_unknown(p, length);
}

static int read_our_kind(struct suppress_parser *p, struct block *b,
			 const char *kind)
{
	b->wanted = true;
	if (!strcmp(kind, "Leak"))
		b->leaks = ALL_LEAKS;
	else if (!strcmp(kind, "Cycle"))
		b->leaks = SUPPRESS_CYCLES;
	else if (!strcmp(kind, "Reference"))
		b->leaks = SUPPRESS_REFERENCES;
	else
		return suppress_fail(p,
				     "refknot knows nothing called \"%.80s\"; "
				     "wanted is refknot:Leak, refknot:Cycle "
				     "or refknot:Reference",
				     kind);
	return 0;
}

/* False: a fault that Memcheck has not. */
static bool read_memcheck_kind(struct block *b, const char *kind)
{
	size_t n = sizeof(memcheck_kinds) / sizeof(*memcheck_kinds);

	b->wanted = b->shared = !strcmp(kind, "Leak");
	b->extra = !strcmp(kind, "Param") || !strcmp(kind, "FishyValue");
	b->leaks = b->wanted ? ALL_LEAKS : 0;
	for (size_t i = 0; !b->wanted && i < n; i++)
		if (!strcmp(kind, memcheck_kinds[i]))
			return true;
	return b->wanted;
}

/* "Tool1,Tool2:Kind"; *ours: of a tool and a kind whose blocks we know. */
static int read_kind(struct suppress_parser *p, struct block *b, bool *ours)
{
	const char *colon = strchr(p->line, ':');
	size_t length;

	if (!colon)
		return suppress_fail(p,
				     "\"%.80s\" is not of the form "
				     "TOOL[,TOOL]:KIND, as Memcheck:Leak is",
				     p->line);
	length = (size_t)(colon - p->line);
	*ours = true;
	if (has_tool(p->line, length, "refknot"))
		return read_our_kind(p, b, colon + 1);
	if (!has_tool(p->line, length, "Memcheck")) {
		*ours = false;
		note_other(p, length);
	} else if (!read_memcheck_kind(b, colon + 1)) {
		*ours = false;
		note_unknown(p, strlen(p->line));
	}
	return 0;
}

static const struct leak_kind {
	const char *name;
	unsigned leaks;
} leak_kinds[] = {
	{ "definite", SUPPRESS_DEFINITE },
	{ "indirect", SUPPRESS_INDIRECT },
	{ "possible", SUPPRESS_POSSIBLE },
	{ "reachable", SUPPRESS_REACHABLE },
	{ "all", ALL_LEAKS },
	{ "none", 0 },
};

static const struct leak_kind *find_leak_kind(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(leak_kinds) / sizeof(*leak_kinds); i++)
		if (strlen(leak_kinds[i].name) == length &&
		    !memcmp(leak_kinds[i].name, name, length))
			return &leak_kinds[i];
	return NULL;
}

/* "definite,possible", or "all" or "none" alone. */
static int read_leak_kinds(struct suppress_parser *p, struct block *b)
{
	const char *list = p->line + strlen(LEAK_KINDS_LINE), *at;

	list += strspn(list, " \t");
	b->leaks = 0;
	for (at = list;; at++) {
		size_t length = strcspn(at, ",");
		const struct leak_kind *k = find_leak_kind(at, length);
		bool alone = at == list && !at[length];

		if (!k || (!alone && (k->leaks == ALL_LEAKS || !k->leaks)))
			return suppress_fail(
			    p,
			    "\"%.80s\" are no kinds of leaks; wanted is "
			    "definite,indirect,possible,reachable or some of "
			    "these without blanks, all, or none",
			    list);
		b->leaks |= k->leaks;
		at += length;
		if (!*at)
			return 0;
	}
}

static void split_source(struct suppress_line *line)
{
	char *colon = strchr(line->pattern, ':');

	if (!colon)
		return;
	*colon = '\0';
	line->line = (unsigned)strtoul(colon + 1, NULL, 10);
}

static int add_line(struct suppress_parser *p, struct block *b)
{
	static const char *const prefixes[] = { [LINE_FUNCTION] = "fun:",
						[LINE_OBJECT] = "obj:",
						[LINE_SOURCE] = "src:" };
	struct suppress_line line = { .kind = LINE_ANY };

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
				     "\"%.80s\" is no line of a call stack; "
				     "it begins with fun:, obj: or src:, or "
				     "is \"...\"",
				     p->line);
	if (line.kind == LINE_SOURCE)
		split_source(&line);
	*LIST_ADD(b->lines, b->count) = line;
	return 0;
}

/* Up to the "}". */
static int read_stack(struct suppress_parser *p, struct block *b)
{
	bool some = false;

	while (strcmp(p->line, "}")) {
		if (add_line(p, b) || next_line(p))
			return -EINVAL;
		some |= b->lines[b->count - 1].kind != LINE_ANY;
	}
	if (!some)
		return suppress_fail(p,
				     "the block has no line that begins with "
				     "fun:, obj: or src:");
	return 0;
}

static int skip_block(struct suppress_parser *p)
{
	while (strcmp(p->line, "}"))
		if (next_line(p))
			return -EINVAL;
	return 0;
}

static int read_lines(struct suppress_parser *p, struct block *b)
{
	bool ours;

	if (next_line(p))
		return -EINVAL;
	if (!strcmp(p->line, "}"))
		return suppress_fail(p,
				     "the block is empty; its name is wanted");
	b->name = xstrdup(p->line);
	if (suppress_read_name(p, b->name) || next_line(p) ||
	    read_kind(p, b, &ours) || next_line(p))
		return -EINVAL;
	if (!ours)
		return skip_block(p);
	if (b->extra && next_line(p))
		return -EINVAL;
	if (b->leaks & ALL_LEAKS &&
	    !strncmp(p->line, LEAK_KINDS_LINE, strlen(LEAK_KINDS_LINE)) &&
	    (read_leak_kinds(p, b) || next_line(p)))
		return -EINVAL;
	return read_stack(p, b);
}

static void release_lines(struct block *b)
{
	for (size_t i = 0; i < b->count; i++)
		free(b->lines[i].pattern);
	free(b->lines);
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
		release_lines(&b);
		free(p->note.reason);
		p->note = (struct suppress_note){ 0 };
	}
	free(b.name);
	return result;
}
