/* SPDX-License-Identifier: MIT */
#include "clones.h"

#include <stdbool.h>
#include <string.h>

/* Each may have numbers behind it, as in ".part.0". */
static const char *const marks[] = {
	"constprop", "isra", "part",   "cold",        "lto_priv", "localalias",
	"clone",     "llvm", "__uniq", "specialized", "_omp_fn",  "resolver",
	"default",   "avx",  "avx2",   "avx512f",     "sse4_2",
};

/* Passes the mark at `text`, "isra.0" or "0", up to the next dot that does not
 * begin a number; NULL: it is not a mark. */
static const char *pass_mark(const char *text)
{
	size_t length = strcspn(text, ".");
	bool known = length && strspn(text, "0123456789") == length;

	for (size_t i = 0; !known && i < sizeof(marks) / sizeof(*marks); i++)
		known = strlen(marks[i]) == length &&
			!memcmp(marks[i], text, length);
	if (!known)
		return NULL;
	text += length;
	while (text[0] == '.' && text[1] >= '0' && text[1] <= '9')
		text += 1 + strspn(text + 1, "0123456789");
	return text;
}

size_t clones_plain_length(const char *function)
{
	const char *dot = *function ? strchr(function + 1, '.') : NULL;

	while (dot) {
		const char *text = dot;

		while (text && *text == '.')
			text = pass_mark(text + 1);
		if (text && !*text)
			return (size_t)(dot - function);
		dot = strchr(dot + 1, '.');
	}
	return strlen(function);
}
