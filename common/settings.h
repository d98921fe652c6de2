/* SPDX-License-Identifier: MIT */
/*
 * The settings that cross to the shim. They are parsed from an environment
 * block, without malloc, stdio or locale.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdint.h>

struct settings {
#define SETTING_TEXT(name, variable, help)                        const char *name; /* NULL: unset */
#define SETTING_NUMBER(name, variable, preset, least, most, help) uint64_t name;
#include "settings.def"
#undef SETTING_TEXT
#undef SETTING_NUMBER
};

/*
 * Fills `s` from `environment` (as `environ`; NULL: none). Returns NULL, or the
 * name of the first variable whose value is refused; that setting keeps its
 * preset. Texts point into the environment. May run inside malloc.
 */
const char *settings_read(struct settings *s, char *const *environment);

#endif
