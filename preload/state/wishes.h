/* SPDX-License-Identifier: MIT */
/*
 * What the program itself says of leak checks, by the functions that
 * LeakSanitizer would call: __lsan_default_options(),
 * __lsan_default_suppressions() and __lsan_is_turned_off().  They are found
 * where the program exports them, else by its own table of symbols, as nothing
 * that it was linked with asked for them.
 */
#ifndef WISHES_H
#define WISHES_H

#include <stdbool.h>

/* Find the functions, call the first two, and note what the second returns.
 * Once, when all modules that the program starts with are loaded, as
 * LeakSanitizer does. */
void wishes_ask(void);

/* The same in another recording: a forked child's. */
void wishes_note(void);

/* Call the third; not from signal handlers. */
void wishes_ask_again(void);

/* As they said last: is no leak check wanted? */
bool wishes_no_check(void);

#endif
