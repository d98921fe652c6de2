/* SPDX-License-Identifier: MIT */
/* Suppressions for findings, ready to be pasted: what is printed here is read
 * by suppress_parse.c. */
#include <string.h>

#include "base_name.h"
#include "suppress.h"
#include "utf8.h"

#define HIDDEN_NAME "__GI_" /* begins those for calls inside the library */

#define LINES_MOST 24   /* of a block: frames further out make it no narrower */
#define NAME_MOST  2000 /* bytes of a name; the rest stands as a wildcard */
#define REASON     "  # say here why this may stay"

/* Any allocation function, of which Valgrind's stacks have one more frame. */
#define ALLOCATOR "   obj:*/vgpreload_memcheck-*\n"

static bool is_reference_kind(enum finding_kind kind)
{
	return kind != FINDING_LEAK && kind != FINDING_CYCLE &&
	       kind != FINDING_POSSIBLE;
}

/* The function's name; NULL if "libfoo.so+0x12" stands in its place. */
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

/* Bytes of the character at `text` that can stand as it is; 0: it cannot. */
static size_t plain(const char *text, const char *special)
{
	size_t size = utf8_character((const unsigned char *)text);

	if (size == 2 && text[0] == '\xc2' && (unsigned char)text[1] < 0xa0)
		return 0; /* a control character, too */
	if (size == 1 && ((unsigned char)*text <= ' ' || *text == 0x7f))
		return *text == ' ' && !strchr(special, ' ');
	return size == 1 && strchr(special, *text) ? 0 : size;
}

/* Each byte that cannot stand for itself becomes `wildcard`. */
static void print_name(FILE *out, const char *text, const char *special,
		       char wildcard)
{
	const char *end = text + strnlen(text, NAME_MOST);

	while (text < end) {
		size_t size = plain(text, special);

		if (size)
			fwrite(text, 1, size, out);
		else
			fputc(wildcard, out);
		text += size ? size : 1;
	}
	if (*end)
		fputc('*', out);
}

/* --- LeakSanitizer's grammar, and ours ------------------------------------------------ */

/* `text` as a whole, or its end alone. */
static void print_rule(FILE *out, const char *kind, const char *start,
		       const char *text)
{
	bool whole = strlen(text) <= NAME_MOST;

	fprintf(out, "%s%s", kind, start);
	print_name(out, text, " #*$", '*');
	fprintf(out, "%s%s\n", whole ? "$" : "",
		strcmp(kind, "leak:") ? REASON : "");
}

static void generate_rule(FILE *out, const struct suppress_subject *subject)
{
	const struct suppress_frame *f = &subject->frames[subject->place];
	const char *kind = subject->kind == FINDING_CYCLE     ? "cycle:"
			   : is_reference_kind(subject->kind) ? "ref:"
							      : "leak:";

	if (name_of(f))
		print_rule(out, kind, "^", name_of(f));
	else if (f->module)
		print_rule(out, kind, strchr(f->module, '/') ? "/" : "^",
			   base_name(f->module));
	else
		print_rule(out, "type:", "^", subject->type);
}

/* --- Valgrind's grammar ------------------------------------------------------------------ */

static void print_kind(FILE *out, const struct suppress_subject *subject)
{
	if (subject->kind == FINDING_CYCLE)
		fputs("   refknot:Cycle\n", out);
	else if (is_reference_kind(subject->kind))
		fputs("   refknot:Reference\n", out);
	else
		fprintf(out, "   Memcheck:Leak\n   match-leak-kinds: %s\n",
			subject->kind == FINDING_LEAK ? "definite"
						      : "possible");
}

static void print_line(FILE *out, const char *prefix, const char *text)
{
	size_t length = strlen(text);

	fprintf(out, "   %s", prefix);
	/* Blanks at the end of a line would be taken off. */
	print_name(out, text, length && text[length - 1] == ' ' ? " *?" : "*?",
		   '?');
	fputc('\n', out);
}

/* The C library's own names of its functions are known where its debug
 * information is, "__GI___strdup": other machines have "strdup". */
static const char *public_name(const char *name)
{
	if (strncmp(name, HIDDEN_NAME, strlen(HIDDEN_NAME)) != 0)
		return NULL;
	name += strlen(HIDDEN_NAME);
	return name + strspn(name, "_");
}

static void print_frame(FILE *out, const struct suppress_frame *f)
{
	const char *name = name_of(f) ? public_name(name_of(f)) : NULL;

	if (name && *name)
		print_line(out, "fun:*", name);
	else if (name_of(f))
		print_line(out, "fun:", name_of(f));
	else if (f->module && *f->module)
		print_line(out, "obj:", f->module);
	else
		fputs("   obj:*\n", out);
}

/* Valgrind shows nothing below main, and what has a frame in one build only
 * stands in neither. */
static void print_frames(FILE *out, const struct suppress_subject *subject)
{
	for (size_t i = 0; i < subject->count && i < LINES_MOST; i++) {
		const char *name = name_of(&subject->frames[i]);

		if (!subject->frames[i].tail_call)
			print_frame(out, &subject->frames[i]);
		else if (!i || !subject->frames[i - 1].tail_call)
			fputs("   ...\n", out);
		if (name && !strcmp(name, "main"))
			break;
	}
}

static bool is_operator_new(const struct suppress_frame *f)
{
	return f->function && (!strncmp(f->function, "_Znw", 4) ||
			       !strncmp(f->function, "_Zna", 4));
}

static void generate_block(FILE *out, const struct suppress_subject *subject)
{
	bool own =
	    subject->kind == FINDING_CYCLE || is_reference_kind(subject->kind);

	fprintf(out, "{\n   %s of ", finding_kind_name(subject->kind));
	print_name(out, subject->type, "", '?');
	fputc('\n', out);
	print_kind(out, subject);
	if (!own && !is_operator_new(&subject->frames[0]))
		fputs(ALLOCATOR, out);
	print_frames(out, subject);
	fputs("}\n", out);
}

void suppress_generate(FILE *out, enum suppress_grammar grammar,
		       const struct suppress_subject *subject)
{
	if (!subject->count)
		print_rule(out, "type:", "^", subject->type);
	else if (grammar == SUPPRESS_LSAN)
		generate_rule(out, subject);
	else
		generate_block(out, subject);
}
