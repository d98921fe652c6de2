/* SPDX-License-Identifier: MIT */
/* Numbers for people, each with its unit. */
#ifndef UNITS_H
#define UNITS_H

#include <stddef.h>
#include <stdint.h>

#define UNITS_SIZE 64 /* enough for any text of these functions */

/* Those that take `text` write into it (UNITS_SIZE bytes) and return it. */

/* "0 B", "1023 B", "1.0 KiB", "11.8 MiB", ...: one decimal, rounded. */
char *units_bytes(char *text, uint64_t bytes);
/* Both likewise, in `a` and `b`; in bytes where two that differ would look equal. */
void units_both(char *a, uint64_t x, char *b, uint64_t y);
/* "+1.0 KiB", "-5 B", "0 B". */
char *units_change(char *text, int64_t bytes);
/* "1 object", "3 objects"; `noun` takes an s, at most 8 letters. */
char *units_count(char *text, uint64_t count, const char *noun);
/* "0 s", "480 ns", "12.3 us", "1.2 ms", "3.4 s", "2 min 5 s", "3 h 4 min". */
char *units_time(char *text, uint64_t nanoseconds);
/* "Segmentation fault", or "unknown": older C libraries have no sigdescr_np().
 */
const char *units_signal(int signal);

/* How much that is, whether more or less. */
uint64_t units_magnitude(int64_t change);

#endif
