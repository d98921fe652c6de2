/* SPDX-License-Identifier: MIT */
/* Assertions for unit tests: a message on stderr, and abort(). */
#ifndef ASSERTIONS_H
#define ASSERTIONS_H

/* As refknot_assert_last_release(). */
void assertions_last_release(const void *p);

#endif
