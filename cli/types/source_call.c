/* SPDX-License-Identifier: MIT */
#include "source_call.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "place.h"
#include "source_tokens.h"

#define MOST_DEPTH 8 /* of calls in one another in a size */

struct reader {
	const struct token *list;
	size_t count;
	struct source_call *c;
	bool exact;  /* only a size that is one type's tells */
	bool spoilt; /* something was seen that may mean anything */
};

static bool is(const struct token *t, const char *text)
{
	return t->length == strlen(text) && !memcmp(t->text, text, t->length);
}

static bool is_one_of(const struct token *t, const char *const *list)
{
	for (; *list; list++)
		if (is(t, *list))
			return true;
	return false;
}

/* Whether a statement begins or ends with it, or nothing is known behind it. */
static bool is_end(const struct token *t)
{
	static const char *const ends[] = { ";", "{", "}", NULL };

	return t->kind == TOKEN_BREAK || is_one_of(t, ends);
}

static bool is_postfix(const struct token *t)
{
	static const char *const signs[] = { "->", ".", "[", NULL };

	return t->kind == TOKEN_SIGN && is_one_of(t, signs);
}

/* The bracket that closes the one at `at`; r->count: there is none. */
static size_t closing(const struct reader *r, size_t at)
{
	size_t depth = 0;

	for (size_t i = at; i < r->count && !is_end(&r->list[i]); i++) {
		if (is(&r->list[i], "(") || is(&r->list[i], "["))
			depth++;
		else if ((is(&r->list[i], ")") || is(&r->list[i], "]")) &&
			 !--depth)
			return i;
	}
	return r->count;
}

/* Behind the members and elements that follow at `at`. */
static size_t behind_postfix(const struct reader *r, size_t at)
{
	while (at + 1 < r->count && is_postfix(&r->list[at])) {
		if (is(&r->list[at], "["))
			at = closing(r, at) + 1;
		else if (r->list[at + 1].kind == TOKEN_WORD)
			at += 2;
		else
			return r->count;
	}
	return at;
}

/* --- Hints --------------------------------------------------------------------- */

/* Tokens [from, to), what is between brackets left out. */
static void add_hint(struct reader *r, size_t from, size_t to,
		     enum source_room room)
{
	struct source_hint *h = &r->c->hints[r->c->count];
	size_t size = 0;

	if (r->c->count == SOURCE_HINTS || from >= to || to > r->count) {
		r->spoilt = true;
		return;
	}
	for (size_t i = from; i < to; i++) {
		const struct token *t = &r->list[i];

		if (size + t->length + 2 > SOURCE_HINT) {
			r->spoilt = true;
			return;
		}
		if (size)
			h->text[size++] = ' ';
		memcpy(h->text + size, t->text, t->length);
		size += t->length;
		if (is(t, "["))
			i = closing(r, i) - 1;
	}
	h->text[size] = '\0';
	h->room = room;
	r->c->count++;
}

/* Behind the operand of a "sizeof" before `at`, which is [*from, *to). */
static size_t operand(const struct reader *r, size_t at, size_t *from,
		      size_t *to)
{
	size_t end;

	*from = *to = at;
	while (at < r->count && is(&r->list[at], "*"))
		at++;
	if (at < r->count && is(&r->list[at], "(")) {
		size_t close = closing(r, at);

		if (close == r->count)
			return r->count;
		end = behind_postfix(r, close + 1);
		*to = end;
		if (*from == at && end == close + 1) { /* all of it */
			*from = at + 1;
			*to = close;
		}
		return end;
	}
	if (at == r->count || r->list[at].kind != TOKEN_WORD)
		return r->count;
	end = *to = behind_postfix(r, at + 1);
	return end;
}

static bool has_sizeof(const struct reader *r, size_t from, size_t to)
{
	for (; from < to; from++)
		if (is(&r->list[from], "sizeof"))
			return true;
	return false;
}

/* Where the argument ends that begins at `from`. */
static size_t argument_end(const struct reader *r, size_t from, size_t to)
{
	while (from < to && !is(&r->list[from], ",")) {
		if (is(&r->list[from], "(") || is(&r->list[from], "["))
			from = closing(r, from);
		from++;
	}
	return from < to ? from : to;
}

/* Whether something is multiplied there. */
static bool has_product(const struct reader *r, size_t from, size_t to)
{
	size_t a, b;

	for (; from < to; from++) {
		if (is(&r->list[from], "*"))
			return true;
		if (is(&r->list[from], "sizeof"))
			from = operand(r, from + 1, &a, &b) - 1;
	}
	return false;
}

/* Whether the name is of a function or macro that only adds, multiplies, or
 * makes a size larger. */
static bool is_arithmetic(const struct token *t)
{
	static const char *const parts[] = { "add",   "mul",   "align", "round",
					     "ADD",   "MUL",   "ALIGN", "ROUND",
					     "Align", "Round", NULL };

	for (const char *const *p = parts; *p; p++)
		if (memmem(t->text, t->length, *p, strlen(*p)))
			return true;
	return false;
}

static void read_size(struct reader *r, size_t from, size_t to,
		      enum source_room room, int depth);

/* A group in brackets with a "sizeof" in it, at `open`; what is before it says
 * what it is. */
static void read_group(struct reader *r, size_t from, size_t open, size_t close,
		       enum source_room room, int depth)
{
	if (open == from || r->list[open - 1].kind != TOKEN_WORD) {
		read_size(r, open + 1, close, room, depth + 1);
		return;
	}
	if (!is_arithmetic(&r->list[open - 1])) {
		r->spoilt = true;
		return;
	}
	for (size_t a = open + 1, end; a < close; a = end + 1) {
		end = argument_end(r, a, close);
		if (has_sizeof(r, a, end))
			read_size(r, a, end,
				  room == SOURCE_OPEN || a > open + 1
				      ? SOURCE_OPEN
				      : SOURCE_TAIL,
				  depth + 1);
	}
}

/* What the operators of [from, to) make of the room of a type in it: what is
 * outside of all groups. */
struct form {
	bool product, sum;
	size_t plus; /* the first "+" */
};

/* False: there is another operator. */
static bool read_form(const struct reader *r, size_t from, size_t to,
		      struct form *f)
{
	*f = (struct form){ .plus = to };
	for (size_t i = from; i < to; i++) {
		const struct token *t = &r->list[i];

		if (is(t, "(") || is(t, "[")) {
			i = closing(r, i);
		} else if (is(t, "sizeof")) {
			size_t a, b;

			i = operand(r, i + 1, &a, &b) - 1;
		} else if (is(t, "*")) {
			f->product = true;
		} else if (is(t, "+")) {
			if (!f->sum)
				f->plus = i;
			f->sum = true;
		} else if (t->kind == TOKEN_SIGN && !is_postfix(t)) {
			return false;
		}
	}
	return true;
}

/* The hint of what is at `at`, if that is a "sizeof" or a group with one, in a part
 * of a size that begins at `from`; the last token that belongs to it. */
static size_t read_term(struct reader *r, size_t from, size_t at, size_t to,
			enum source_room room, int depth)
{
	size_t a, b, last = at;

	if (is(&r->list[at], "sizeof")) {
		last = operand(r, at + 1, &a, &b) - 1;
		if (last >= to)
			r->spoilt = true;
		else
			add_hint(r, a, b, room);
	} else if (is(&r->list[at], "(") || is(&r->list[at], "[")) {
		last = closing(r, at);
		if (has_sizeof(r, at, last))
			read_group(r, from, at, last, room, depth);
	}
	return last;
}

/* The hints of a size, or a part of it: tokens [from, to). */
static void read_size(struct reader *r, size_t from, size_t to,
		      enum source_room room, int depth)
{
	struct form f;

	/* Of "n * sizeof(a) + sizeof(b)" either may come first. */
	if (depth > MOST_DEPTH || !read_form(r, from, to, &f) ||
	    (f.sum && has_product(r, from, f.plus) &&
	     has_sizeof(r, f.plus, to))) {
		r->spoilt = true;
		return;
	}
	if (f.sum && room != SOURCE_OPEN)
		room = SOURCE_TAIL;
	else if (f.product && room == SOURCE_ONE)
		room = SOURCE_MANY;
	for (size_t i = from; i < to && !r->spoilt; i++) {
		if (i > f.plus && r->c->count)
			return; /* the first says what the block begins with */
		if (i > f.plus)
			room = SOURCE_OPEN;
		i = read_term(r, from, i, to, room, depth);
	}
}

/* Macros whose argument is a type. */
static bool is_new(const struct token *name)
{
	static const char *const names[] = {
		"g_new",       "g_new0",      "g_try_new",    "g_try_new0",
		"g_renew",     "g_try_renew", "g_slice_new",  "g_slice_new0",
		"g_slice_dup", "PyMem_New",   "PyObject_New", "XNEW",
		"XCNEW",       "XNEWVEC",     "XCNEWVEC",     NULL
	};

	return is_one_of(name, names);
}

/* Whether the address of what is measured is an argument, too: of a key. */
static bool is_given(const struct reader *r, size_t from, size_t to)
{
	size_t a, b;

	for (size_t i = from; i < to; i++) {
		if (!is(&r->list[i], "sizeof"))
			continue;
		i = operand(r, i + 1, &a, &b) - 1;
		for (size_t k = from; b == a + 1 && k + 1 < to; k++)
			if (is(&r->list[k], "&") &&
			    r->list[k + 1].length == r->list[a].length &&
			    !memcmp(r->list[k + 1].text, r->list[a].text,
				    r->list[a].length))
				return true;
	}
	return false;
}

static void read_arguments(struct reader *r, size_t name, size_t open)
{
	size_t close = closing(r, open), end = argument_end(r, open + 1, close);

	if (close == r->count) {
		r->spoilt = true;
		return;
	}
	if (is_new(&r->list[name])) {
		add_hint(r, open + 1, end, SOURCE_MANY);
		return;
	}
	for (size_t a = open + 1; a < close && !r->spoilt; a = end + 1) {
		bool only;

		end = argument_end(r, a, close);
		only = a == open + 1 && end == close;
		if (has_sizeof(r, a, end))
			read_size(r, a, end,
				  only || r->exact ? SOURCE_ONE : SOURCE_MANY,
				  0);
	}
	if (!r->spoilt &&
	    !memmem(r->list[name].text, r->list[name].length, "dup", 3))
		r->spoilt = is_given(r, open + 1, close);
}

/* The type of a cast that ends before `at`: [from, to) without its last star. */
static bool read_cast(const struct reader *r, size_t at, size_t *from,
		      size_t *to)
{
	size_t i = at;

	if (i < 3 || !is(&r->list[--i], ")") || !is(&r->list[--i], "*"))
		return false;
	*to = i;
	while (i && (r->list[i - 1].kind == TOKEN_WORD ||
		     is(&r->list[i - 1], "*") || is(&r->list[i - 1], "::")))
		i--;
	*from = i;
	return i < *to && i && is(&r->list[i - 1], "(") &&
	       (i < 2 || r->list[i - 2].kind != TOKEN_WORD ||
		is(&r->list[i - 2], "return"));
}

/* --- The call ------------------------------------------------------------------ */

static bool is_allocator(const struct token *t)
{
	static const char *const names[] = {
		"malloc",         "calloc",   "realloc",
		"reallocarray",   "memalign", "aligned_alloc",
		"posix_memalign", "valloc",   NULL
	};

	return is_one_of(t, names);
}

/* "xmalloc" for "xmalloc.part.0". */
static bool is_called(const struct token *t, const char *callee)
{
	if (t->kind != TOKEN_WORD)
		return false;
	return callee ? t->length == strcspn(callee, ".") &&
			    !memcmp(t->text, callee, t->length)
		      : is_allocator(t);
}

/* Whether what is called so returns a block of the size that it is asked for. */
static bool is_trusted(const struct token *t)
{
	char *name = strndup(t->text, t->length);
	bool good = name && (place_is_wrapper(name) || strstr(name, "alloc") ||
			     strstr(name, "ALLOC") || strstr(name, "memdup") ||
			     strstr(name, "MEMDUP"));

	free(name);
	return good || is_allocator(t) || is_new(t);
}

/* The tokens of the statements that are on the line; false: there are none. */
static bool find_statement(const struct token *list, size_t count,
			   unsigned line, size_t *from, size_t *to)
{
	size_t first = 0, end;

	while (first < count && list[first].line < line)
		first++;
	end = first;
	while (end < count && list[end].line == line)
		end++;
	if (first == end)
		return false;
	while (first && !is_end(&list[first - 1]))
		first--;
	while (end < count && !is_end(&list[end - 1]) && !is_end(&list[end]))
		end++;
	*from = first;
	*to = end;
	return true;
}

/* The bracket of the call whose expression begins at `at`: "s->alloc(". Sets
 * *name to its last word; r->count: there is none. */
static size_t open_of(const struct reader *r, size_t at, size_t *name)
{
	while (at + 1 < r->count && r->list[at].kind == TOKEN_WORD) {
		*name = at;
		if (is(&r->list[at + 1], "("))
			return at + 1;
		if (!is(&r->list[at + 1], "->") && !is(&r->list[at + 1], "."))
			break;
		at += 2;
	}
	return r->count;
}

/* How well the call at `at` fits: 0 is not at all. */
static unsigned fit(const struct reader *r, size_t at, unsigned line,
		    unsigned column, const char *callee)
{
	const struct token *t = &r->list[at];
	bool there = t->line == line && column && t->column == column;
	size_t name;

	if ((!there && !is_called(t, callee)) ||
	    open_of(r, at, &name) == r->count || is(t, "sizeof") ||
	    is(t, "if") || is(t, "while") || is(t, "for") || is(t, "switch") ||
	    is(t, "return"))
		return 0;
	if (is_called(t, callee))
		return 2 + (unsigned)(t->line == line) + 2 * (unsigned)there;
	return there;
}

/* Whether the call at `found` is the one that the column means, which is at `at`:
 * at it, or the only one in a call or macro that begins there. */
static bool is_meant(const struct reader *r, size_t at, size_t found,
		     const char *callee)
{
	size_t name = at, open, close;

	if (r->list[at].kind != TOKEN_WORD || is(&r->list[at], "return"))
		return true; /* an operator's */
	while (at < found && name + 2 < r->count && name < found &&
	       (is(&r->list[name + 1], "->") || is(&r->list[name + 1], ".")))
		name += 2;
	if (name == found ||
	    (name + 1 < r->count && is(&r->list[name + 1], "=")))
		return true;
	open = name + 1;
	close = open < r->count && is(&r->list[open], "(") ? closing(r, open)
							   : open;
	if (found < open || found >= close)
		return false;
	for (size_t i = open; i < close && i + 1 < r->count; i++)
		if (i != found && is_called(&r->list[i], callee) &&
		    is(&r->list[i + 1], "("))
			return false;
	return true;
}

/* The call; r->count: none is found, or several. */
static size_t find_call(const struct reader *r, unsigned line, unsigned column,
			const char *callee)
{
	unsigned best = 0;
	size_t found = r->count;

	for (size_t i = 0; i < r->count; i++) {
		unsigned fits = fit(r, i, line, column, callee);

		if (fits && fits == best)
			found = r->count;
		if (fits <= best)
			continue;
		best = fits;
		found = i;
	}
	for (size_t i = 0; column && found < r->count && i < r->count; i++)
		if (r->list[i].line == line && r->list[i].column == column &&
		    !is_meant(r, i, found, callee))
			return r->count;
	return found;
}

/* What takes the result of the call at `at`: the word before its "=", or "return",
 * or one of a choice's two signs; NULL: something else. */
static const struct token *taker_of(const struct reader *r, size_t at)
{
	size_t depth = 0;

	while (at && (depth || is(&r->list[at - 1], ")"))) { /* casts */
		at--;
		depth += is(&r->list[at], ")");
		depth -= depth && is(&r->list[at], "(");
	}
	if (!at)
		return NULL;
	if (is(&r->list[at - 1], "="))
		return at > 1 ? &r->list[at - 2] : NULL;
	return is(&r->list[at - 1], "return") || is(&r->list[at - 1], "?") ||
		       is(&r->list[at - 1], ":")
		   ? &r->list[at - 1]
		   : NULL;
}

static bool is_same_token(const struct token *a, const struct token *b)
{
	return a->length == b->length && !memcmp(a->text, b->text, a->length);
}

static bool is_choice(const struct token *t)
{
	return is(t, "?") || is(t, ":");
}

/* Whether the calls at `a` and `b` have the same arguments. */
static bool is_alike(const struct reader *r, size_t a, size_t b)
{
	size_t end = closing(r, a + 1);

	for (a++, b++; a < end; a++, b++)
		if (b >= r->count || !is_same_token(&r->list[a], &r->list[b]))
			return false;
	return true;
}

/*
 * Whether an optimizing compiler may have made one call of the one at `at` and of
 * another nearby, whose arguments are others: then it is not known which was
 * meant. They give their result to the same place.
 */
static bool may_be_merged(const struct reader *r, size_t at, const char *callee)
{
	const struct token *taker = taker_of(r, at);

	for (size_t i = 0; taker && i + 1 < r->count; i++) {
		const struct token *other;

		if (i == at || !is_called(&r->list[i], callee) ||
		    !is(&r->list[i + 1], "("))
			continue;
		other = taker_of(r, i);
		if (other &&
		    (is_same_token(taker, other) ||
		     (is_choice(taker) && is_choice(other))) &&
		    !is_alike(r, at, i))
			return true;
	}
	return false;
}

static void read_call(struct reader *r, size_t at)
{
	size_t name = at, open = open_of(r, at, &name), from, to;
	bool trusted = is_trusted(&r->list[name]);

	r->exact = !trusted;
	read_arguments(r, name, open);
	if (!r->spoilt && trusted && read_cast(r, at, &from, &to))
		add_hint(r, from, to, SOURCE_CAST);
	for (size_t i = 0; r->exact && i < r->c->count; i++)
		r->spoilt |= r->c->hints[i].room != SOURCE_ONE;
}

static bool is_operator_new(const char *callee)
{
	return callee &&
	       (!strncmp(callee, "_Znw", 4) || !strncmp(callee, "_Zna", 4) ||
		!strncmp(callee, "operator new", 12));
}

/* "new T", "new T[n]", on the line: the only one in its statement. */
static void read_new(struct reader *r, unsigned line)
{
	size_t at = r->count, from;

	for (size_t i = 0; i < r->count; i++)
		if (is(&r->list[i], "new")) {
			r->spoilt |= at < r->count;
			at = i;
		}
	if (at == r->count || r->list[at].line != line)
		return;
	from = ++at;
	while (at < r->count &&
	       (r->list[at].kind == TOKEN_WORD || is(&r->list[at], "::") ||
		is(&r->list[at], "*")))
		at++;
	/* A template's name, or a place, is not followed. */
	if (at < r->count && is(&r->list[at], "<"))
		r->spoilt = true;
	else if (at > from)
		add_hint(r, from, at,
			 at < r->count && is(&r->list[at], "[") ? SOURCE_MANY
								: SOURCE_ONE);
}

void source_call_read(struct source_call *c, const char *text, size_t size,
		      unsigned first, unsigned line, unsigned column,
		      const char *callee)
{
	struct tokens tokens;
	struct reader r = { .c = c };
	size_t from, to, at;

	c->count = 0;
	tokens_read(&tokens, text, size, first);
	if (find_statement(tokens.list, tokens.count, line, &from, &to)) {
		r.list = tokens.list + from;
		r.count = to - from;
		at = find_call(&r, line, column, callee);
		if (is_operator_new(callee))
			read_new(&r, line);
		else if (at < r.count)
			read_call(&r, at);
		if (at < r.count && !is_operator_new(callee)) {
			const struct reader all = { .list = tokens.list,
						    .count = tokens.count };

			r.spoilt |= may_be_merged(&all, from + at, callee);
		}
	}
	if (r.spoilt)
		c->count = 0;
	tokens_release(&tokens);
}
