/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <stdbool.h>
#include <stddef.h>

static const char *find(char *const *environment, const char *name)
{
	for (; environment && *environment; environment++) {
		const char *e = *environment, *n = name;

		while (*n && *e == *n)
			e++, n++;
		if (!*n && *e == '=')
			return e + 1;
	}
	return NULL;
}

static bool number(const char *text, uint64_t least, uint64_t most,
		   uint64_t *value)
{
	uint64_t v = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || v > most)
			return false;
		v = v * 10 + (uint64_t)(*text - '0');
	}
	if (v < least || v > most)
		return false;
	*value = v;
	return true;
}

const char *settings_read(struct settings *s, char *const *environment)
{
	const char *bad = NULL, *text;

#define SETTING_TEXT(name, variable, help)                                     \
	text = find(environment, variable);                                    \
	s->name = text && *text ? text : NULL;
#define SETTING_NUMBER(name, variable, preset, least, most, help)              \
	s->name = (preset);                                                    \
	text = find(environment, variable);                                    \
	if (text && !number(text, least, most, &s->name) && !bad)              \
		bad = variable;
#include "settings.def"
#undef SETTING_TEXT
#undef SETTING_NUMBER
	return bad;
}
