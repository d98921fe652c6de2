/* SPDX-License-Identifier: MIT */
/*
 * What the program itself says about leak checks, by the functions that
 * LeakSanitizer would call: __lsan_default_options(),
 * __lsan_default_suppressions() and __lsan_is_turned_off().  They are found if
 * the program exports them, else in its own table of symbols, as nothing that
 * it was linked with asked for them.
 */
#ifndef WISHES_H
#define WISHES_H

#include <stdbool.h>

/* Finds the functions, calls the first two, and notes what the second returns.
 * Once, when all modules are loaded that the program starts with, as
 * LeakSanitizer does. */
void wishes_ask(void);

/* Notes it in another recording: a forked child's. */
void wishes_note(void);

/* Calls the third function; not from signal handlers. */
void wishes_ask_again(void);

/* Whether they said last that no leak check is wanted. */
bool wishes_no_check(void);

#endif
