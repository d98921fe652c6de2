/* SPDX-License-Identifier: MIT */
#include "units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

/* "12.3 UNIT" for value / one; 10 of the next unit up never show. */
static char *decimal(char *text, uint64_t value, uint64_t one, const char *unit)
{
	uint64_t whole = value / one;
	uint64_t tenth = (value % one * 10 + one / 2) / one;

	if (tenth == 10) {
		whole++;
		tenth = 0;
	}
	snprintf(text, UNITS_SIZE, "%" PRIu64 ".%" PRIu64 " %s", whole, tenth,
		 unit);
	return text;
}

/* `value` < 1024 * one, and still after rounding to a tenth. */
static int fits(uint64_t value, uint64_t one)
{
	return value / one < 1023 ||
	       (value / one == 1023 && value % one < one - one / 20);
}

char *units_bytes(char *text, uint64_t bytes)
{
	static const char *const names[] = { "KiB", "MiB", "GiB", "TiB",
					     "PiB" };
	size_t last = sizeof(names) / sizeof(*names) - 1;
	size_t i = 0;

	if (bytes < 1024) {
		snprintf(text, UNITS_SIZE, "%" PRIu64 " B", bytes);
		return text;
	}
	while (i < last && !fits(bytes, 1ull << (10 * (i + 1))))
		i++;
	return decimal(text, bytes, 1ull << (10 * (i + 1)), names[i]);
}

char *units_count(char *text, uint64_t count, const char *noun)
{
	snprintf(text, UNITS_SIZE, "%" PRIu64 " %s%s", count, noun,
		 count == 1 ? "" : "s");
	return text;
}

char *units_time(char *text, uint64_t ns)
{
	if (!ns)
		snprintf(text, UNITS_SIZE, "0 s");
	else if (ns < 1000)
		snprintf(text, UNITS_SIZE, "%" PRIu64 " ns", ns);
	else if (ns < 999950)
		decimal(text, ns, 1000, "us");
	else if (ns < 999950000)
		decimal(text, ns, 1000000, "ms");
	else if (ns < MINUTE - SECOND / 20)
		decimal(text, ns, SECOND, "s");
	else if (ns < HOUR)
		snprintf(text, UNITS_SIZE, "%" PRIu64 " min %" PRIu64 " s",
			 ns / MINUTE, ns % MINUTE / SECOND);
	else
		snprintf(text, UNITS_SIZE, "%" PRIu64 " h %" PRIu64 " min",
			 ns / HOUR, ns % HOUR / MINUTE);
	return text;
}

uint64_t units_magnitude(int64_t change)
{
	return change < 0 ? -(uint64_t)change : (uint64_t)change;
}

void units_both(char *a, uint64_t x, char *b, uint64_t y)
{
	if (x == y || strcmp(units_bytes(a, x), units_bytes(b, y)) != 0) {
		units_bytes(a, x);
		units_bytes(b, y);
	} else {
		snprintf(a, UNITS_SIZE, "%" PRIu64 " B", x);
		snprintf(b, UNITS_SIZE, "%" PRIu64 " B", y);
	}
}

char *units_change(char *text, int64_t bytes)
{
	*text = bytes < 0 ? '-' : '+';
	units_bytes(bytes ? text + 1 : text, units_magnitude(bytes));
	return text;
}

#define NAMED 31 /* what comes then is the program's to name */

const char *units_signal(int signal)
{
	return signal > 0 && signal <= NAMED ? strsignal(signal) : "unknown";
}
