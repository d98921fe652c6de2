/* SPDX-License-Identifier: MIT */
/*
 * libiberty, which GDB and binutils use, reads the names.  It knows both
 * languages, and allocates nothing where a function takes what it writes.  Its
 * limit of recursion rejects C++ names of more than 1 kB, which templates
 * exceed, so the name's length is limited instead, which bounds the depth too.
 */
#include "plain_name.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdlib.h>

#include "die.h"

#if __has_include(<libiberty/demangle.h>)
#include <libiberty/demangle.h>
#else
#include <demangle.h>
#endif

#define LONGEST_SYMBOL    4096 /* bytes of C++'s that libiberty gets to see */
#define LONG_SYMBOL       256 /* that is none of C's, whatever is wrong with it */
#define LONGEST_TEXT      16384 /* that it may write */
#define LONGEST_ARGUMENTS 24    /* of a template, that are shown */

#define CUT   "..."
#define MAKER "_GLOBAL__sub_" /* and "I_" or "D_" */

/* --- libiberty ------------------------------------------------------------- */

struct writer {
	jmp_buf full;
	size_t length;
	char text[LONGEST_TEXT + sizeof(CUT)];
};

/* A short name may stand for a text of any length, so this ends it. */
static void write_text(const char *text, size_t length, void *data)
{
	struct writer *w = data;
	size_t room = LONGEST_TEXT - w->length;

	memcpy(w->text + w->length, text, length < room ? length : room);
	w->length += length < room ? length : room;
	if (length <= room)
		return;
	memcpy(w->text + w->length, CUT, strlen(CUT));
	w->length += strlen(CUT);
	longjmp(w->full, 1);
}

/* NULL: it is not one. The caller frees it. */
static char *read_rust(struct writer *w, const char *symbol)
{
	w->length = 0;
	if (!setjmp(w->full) &&
	    !rust_demangle_callback(symbol, 0, write_text, w))
		return NULL;
	return xstrndup(w->text, w->length);
}

static char *read_cplus(struct writer *w, const char *symbol, bool parameters)
{
	int options =
	    DMGL_NO_RECURSE_LIMIT | (parameters ? DMGL_PARAMS | DMGL_ANSI : 0);

	w->length = 0;
	if (!setjmp(w->full) &&
	    !cplus_demangle_v3_callback(symbol, options, write_text, w))
		return NULL;
	return xstrndup(w->text, w->length);
}

/* Of a name that is too long the words that it begins with: "ns::Pool::...";
 * NULL: it does not begin with one. */
static char *read_begin(const char *symbol)
{
	char *text = xstrdup("");
	const char *at = symbol + strlen("_Z");
	char *end, *longer;

	at += strspn(at, "NLKV");
	if (!strncmp(at, "St", 2)) {
		free(text);
		text = xstrdup("std::");
		at += 2;
	}
	while (isdigit((unsigned char)*at)) {
		unsigned long length = strtoul(at, &end, 10);

		if (length > strlen(end))
			break;
		longer = xasprintf("%s%.*s::", text, (int)length, end);
		free(text);
		text = longer;
		at = end + length;
	}
	longer = *text ? xasprintf("%s" CUT, text) : NULL;
	free(text);
	return longer;
}

/* --- What is shown --------------------------------------------------------- */

/* Removes `size` bytes at `at`. */
static void cut(char *at, size_t size)
{
	memmove(at, at + size, strlen(at + size) + 1);
}

/* Namespaces by which libraries tell versions of theirs apart, and marks. */
static void cut_versions(char *text)
{
	static const char *const versions[] = { "__cxx11::", "__1::",
						"[abi:cxx11]" };

	for (size_t i = 0; i < sizeof(versions) / sizeof(*versions); i++)
		for (char *at = text; (at = strstr(at, versions[i]));)
			cut(at, strlen(versions[i]));
	for (char *at = text; (at = strstr(at, "> >"));)
		cut(at + 1, 1);
	for (char *at = text; (at = strstr(at, " [clone "));)
		cut(at, strcspn(at, "]") + (strchr(at, ']') ? 1 : 0));
}

/* Does the "<" at `at` begin arguments? Else it is an operator's, or begins a
 * type of Rust's: "<app::Node as core::clone::Clone>::clone". */
static bool begins_arguments(const char *text, const char *at)
{
	static const char word[] = "operator";
	const size_t length = strlen(word), before = (size_t)(at - text);

	if (!before ||
	    !(isalnum((unsigned char)at[-1]) || strchr("_:)}", at[-1])))
		return false;
	return before < length || memcmp(at - length, word, length) != 0;
}

/* Behind the ">" that ends what begins at `at`; its end if none does. */
static char *end_of_arguments(char *at)
{
	unsigned depth = 0;

	for (; *at; at++) {
		if (*at == '<')
			depth++;
		else if (*at == '>' && at[-1] != '-' && at[-1] != '=' &&
			 !--depth)
			return at + 1;
	}
	return at;
}

/* Arguments that nobody wrote: "std::vector<int, std::allocator<int>>". */
static void cut_defaults(char *text)
{
	static const char *const defaults[] = {
		", std::allocator<", ", std::char_traits<",
		", std::less<",      ", std::default_delete<",
		", std::hash<",      ", std::equal_to<",
	};
	/* How a std::shared_ptr counts: all of a program do it in one way. */
	static const char *const policies[] = {
		", (__gnu_cxx::_Lock_policy)0", ", (__gnu_cxx::_Lock_policy)1",
		", (__gnu_cxx::_Lock_policy)2", ", __gnu_cxx::_S_single",
		", __gnu_cxx::_S_mutex",        ", __gnu_cxx::_S_atomic",
	};

	for (size_t i = 0; i < sizeof(defaults) / sizeof(*defaults); i++)
		for (char *at = text; (at = strstr(at, defaults[i]));) {
			char *begin = at + strlen(defaults[i]) - 1;

			cut(at, (size_t)(end_of_arguments(begin) - at));
		}
	for (size_t i = 0; i < sizeof(policies) / sizeof(*policies); i++)
		for (char *at = text; (at = strstr(at, policies[i]));)
			cut(at, strlen(policies[i]));
	for (char *at = text; (at = strstr(at, "basic_string<char>"));) {
		cut(at + strlen("basic_string"), strlen("<char>"));
		cut(at, strlen("basic_"));
	}
}

static void shorten(char *text)
{
	char *at = text;

	cut_versions(text);
	cut_defaults(text);
	while ((at = strchr(at, '<'))) {
		char *end;

		if (!begins_arguments(text, at++))
			continue;
		end = end_of_arguments(at - 1);
		if ((size_t)(end - at) <= LONGEST_ARGUMENTS + 1) {
			at = end;
			continue;
		}
		memcpy(at, CUT, strlen(CUT));
		at += strlen(CUT);
		if (end[-1] == '>')
			end--;
		cut(at, (size_t)(end - at));
	}
}

/* --- What is the library's ------------------------------------------------- */

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/*
 * "alloc::vec::from_elem", "<alloc::vec::Vec<T> as core::clone::Clone>::clone",
 * "<T as alloc::slice::ConvertVec>::to_vec" and "<[app::Node]>::to_vec": only
 * the library adds functions to what has no path, or is made of others. Not
 * "<app::Node as core::clone::Clone>::clone".
 */
static bool is_of_rust(const char *text)
{
	static const char *const crates[] = { "std::", "core::", "alloc::",
					      "hashbrown::", "__rustc::" };
	const bool type = *text == '<';
	const bool made = type && text[1] && strchr("[&*(", text[1]);
	bool path = !type;
	unsigned depth = 0;

	text += type;
	for (size_t i = 0; i < sizeof(crates) / sizeof(*crates); i++)
		if (begins(text, crates[i]))
			return true;
	for (; !path && *text && !begins(text, " as "); text++) {
		if (*text == '>' && text[-1] != '-' && !depth--)
			return true;
		depth += *text == '<';
		path = begins(text, "::") && !made;
	}
	return !path && *text && is_of_rust(text + strlen(" as "));
}

static bool is_of_cplus(const char *text)
{
	static const char *const names[] = { "std::", "__gnu_cxx::",
					     "__gnu_debug::", "operator new" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (begins(text, names[i]))
			return true;
	return false;
}

/* --- Both ------------------------------------------------------------------ */

static char *read_cplus_or_begin(struct writer *w, const char *symbol,
				 bool parameters)
{
	size_t length = strlen(symbol);
	char *text =
	    length > LONGEST_SYMBOL ? NULL : read_cplus(w, symbol, parameters);

	return text || length < LONG_SYMBOL ? text : read_begin(symbol);
}

/* What a compiler calls the function that makes a file's objects: behind it is
 * the symbol of the file's first function. */
static bool read_maker(const char *symbol, struct plain_name *n)
{
	struct plain_name first;
	const char *what = !strncmp(symbol + strlen(MAKER), "I_", 2)
			       ? "initializers"
			       : "destructors";

	if (!plain_name_read(symbol + strlen(MAKER "I_"), &first))
		return false;
	n->shown = xasprintf("static %s (%s)", what, first.shown);
	n->full = xasprintf("static %s (%s)", what, first.full);
	free(first.shown);
	free(first.full);
	return true;
}

bool plain_name_read(const char *symbol, struct plain_name *n)
{
	struct writer w;
	char *plain;

	*n = (struct plain_name){ 0 };
	if (!plain_name_may_differ(symbol))
		return false;
	if (!strncmp(symbol, MAKER, strlen(MAKER)))
		return symbol[strlen(MAKER)] && read_maker(symbol, n);
	/* "_ZNSo5flushEv@@GLIBCXX_3.4" */
	plain = xstrndup(symbol, strcspn(symbol, "@"));
	n->shown = read_rust(&w, plain);
	if (n->shown) {
		n->full = xstrdup(n->shown);
		n->library = is_of_rust(n->shown);
	} else if (plain[1] == 'Z') {
		n->shown = read_cplus_or_begin(&w, plain, false);
		n->full = read_cplus_or_begin(&w, plain, true);
		n->library = n->shown && is_of_cplus(n->shown);
	}
	free(plain);
	if (n->shown && *n->shown && n->full) {
		shorten(n->shown);
		return true;
	}
	free(n->shown);
	free(n->full);
	*n = (struct plain_name){ 0 };
	return false;
}

void plain_name_shorten(const char *name, struct plain_name *n)
{
	size_t length = strnlen(name, LONGEST_TEXT);

	*n = (struct plain_name){
		.shown = xasprintf("%.*s%s", (int)length, name,
				   name[length] ? CUT : ""),
		.library = is_of_cplus(name),
	};
	n->full = xstrdup(n->shown);
	shorten(n->shown);
}

char *plain_name_shown(const char *symbol)
{
	struct plain_name n;

	if (!plain_name_read(symbol, &n))
		return xstrdup(symbol);
	free(n.full);
	return n.shown;
}
