/* SPDX-License-Identifier: MIT */
/* Suppressions for findings, ready to be pasted: what is printed here is read
 * by suppress_parse.c. */
#include <string.h>

#include "base_name.h"
#include "suppress.h"
#include "visible.h"

#define HIDDEN_NAME "__GI_" /* begins those for calls inside the library */

#define LINES_MOST 24   /* of a block: frames further out make it no narrower */
#define NAME_MOST  2000 /* bytes of a name; a wildcard replaces the rest */
#define REASON     "  # say here why this may stay"

/* Any allocation function, of which Valgrind's stacks have one more frame. */
#define ALLOCATOR "   obj:*/vgpreload_memcheck-*\n"

static bool is_reference_kind(enum finding_kind kind)
{
	return kind != FINDING_LEAK && kind != FINDING_CYCLE &&
	       kind != FINDING_POSSIBLE;
}

/* The function's name; NULL if there is "libfoo.so+0x12" in its place. */
static const char *name_of(const struct suppress_frame *f)
{
	const char *base = f->module ? base_name(f->module) : "";
	size_t length = strlen(base);

	if (!f->function || !f->function[0])
		return NULL;
	if (length && !strncmp(f->function, base, length) &&
	    !strncmp(f->function + length, "+0x", 3))
		return NULL;
	return f->function;
}

/* Each byte that cannot be written as it is becomes `wildcard`. */
static void print_name(FILE *out, const char *text, const char *special,
		       char wildcard)
{
	const char *end = text + strnlen(text, NAME_MOST);

	while (text < end) {
		char spelled[VISIBLE_SIZE];
		size_t size = visible_character(text, spelled);

		/* A terminal would obey it, the pattern would, or it is not a character. */
		if (strlen(spelled) != size ||
		    memcmp(spelled, text, size) != 0 ||
		    (size == 1 && strchr(special, *text))) {
			fputc(wildcard, out);
			text++;
			continue;
		}
		fwrite(text, 1, size, out);
		text += size;
	}
	if (*end)
		fputc('*', out);
}

/* --- LeakSanitizer's grammar, and ours ------------------------------------------------ */

/* Prints `text` as a whole, or only its end. */
static void print_rule(FILE *out, const char *kind, const char *start,
		       const char *text)
{
	bool whole = strlen(text) <= NAME_MOST;

	fprintf(out, "%s%s", kind, start);
	print_name(out, text, " #*$", '*');
	fprintf(out, "%s%s\n", whole ? "$" : "",
		strcmp(kind, "leak:") ? REASON : "");
}

/* --- Valgrind's grammar ------------------------------------------------------------------ */

static void print_line(FILE *out, const char *prefix, const char *text)
{
	size_t length = strlen(text);

	fprintf(out, "   %s", prefix);
	/* Blanks at the end of a line would be taken off. */
	print_name(out, text, length && text[length - 1] == ' ' ? " *?" : "*?",
		   '?');
	fputc('\n', out);
}

static void print_frame(FILE *out, const struct suppress_frame *f)
{
	const char *name = name_of(f);
	const size_t hidden = strlen(HIDDEN_NAME);

	/* The C library's own names of its functions are known where its debug
	 * information is, "__GI___strdup": other machines have "strdup". */
	if (name && !strncmp(name, HIDDEN_NAME, hidden) &&
	    name[hidden + strspn(name + hidden, "_")])
		print_line(out, "fun:*",
			   name + hidden + strspn(name + hidden, "_"));
	else if (name)
		print_line(out, "fun:", name);
	else if (f->module && *f->module)
		print_line(out, "obj:", f->module);
	else
		fputs("   obj:*\n", out);
}

static void generate_block(FILE *out, const struct suppress_subject *subject)
{
	const char *first = subject->frames[0].function;
	bool operator_new =
	    first && (!strncmp(first, "_Znw", 4) || !strncmp(first, "_Zna", 4));

	fprintf(out, "{\n   %s of ", finding_kinds[subject->kind].name);
	print_name(out, subject->type, "", '?');
	fputc('\n', out);
	if (subject->kind == FINDING_CYCLE)
		fputs("   refknot:Cycle\n", out);
	else if (is_reference_kind(subject->kind))
		fputs("   refknot:Reference\n", out);
	else
		fprintf(out, "   Memcheck:Leak\n   match-leak-kinds: %s\n%s",
			subject->kind == FINDING_LEAK ? "definite" : "possible",
			operator_new ? "" : ALLOCATOR);
	/* Valgrind shows nothing below main, and what has a frame in one build
	 * only is left out. */
	for (size_t i = 0; i < subject->count && i < LINES_MOST; i++) {
		const char *name = name_of(&subject->frames[i]);

		if (!subject->frames[i].tail_call)
			print_frame(out, &subject->frames[i]);
		else if (!i || !subject->frames[i - 1].tail_call)
			fputs("   ...\n", out);
		if (name && !strcmp(name, "main"))
			break;
	}
	fputs("}\n", out);
}

void suppress_generate(FILE *out, enum suppress_grammar grammar,
		       const struct suppress_subject *subject)
{
	const struct suppress_frame *f = &subject->frames[subject->place];
	const char *kind = subject->kind == FINDING_CYCLE     ? "cycle:"
			   : is_reference_kind(subject->kind) ? "ref:"
							      : "leak:";

	if (subject->count && grammar == SUPPRESS_VALGRIND)
		generate_block(out, subject);
	else if (subject->count && name_of(f))
		print_rule(out, kind, "^", f->full ? f->full : name_of(f));
	else if (subject->count && f->module)
		print_rule(out, kind, strchr(f->module, '/') ? "/" : "^",
			   base_name(f->module));
	else
		print_rule(out, "type:", "^", subject->type);
}
