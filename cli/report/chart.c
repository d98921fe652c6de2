/* SPDX-License-Identifier: MIT */
#include "chart.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "units.h"

#define LEVELS 8

/* What stands for so many eighths. */
static const char *const bars[LEVELS + 1] = {
	" ",      "\u2581", "\u2582", "\u2583", "\u2584",
	"\u2585", "\u2586", "\u2587", "\u2588",
};
static const char *const plain_bars[LEVELS + 1] = { " ", ".", ".", ".", ":",
						    ":", ":", "#", "#" };
static const char *const plain_line[LEVELS + 1] = { " ", ".", ":", "-", "=",
						    "+", "*", "%", "#" };

bool chart_is_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return strcasestr(value, "utf-8") ||
			       strcasestr(value, "utf8");
	}
	return false;
}

static uint64_t bytes_between(const struct rkn_point *a,
			      const struct rkn_point *b)
{
	return a->flags & RKN_POINT_PEAK && b->bytes < a->bytes ? b->bytes
								: a->bytes;
}

static void raise(uint64_t *n, uint64_t least)
{
	if (*n < least)
		*n = least;
}

size_t chart_part_of(uint64_t time, uint64_t from, uint64_t to, size_t count)
{
	const double all = (double)(to > from ? to - from : 1);
	const double at = time > from ? (double)(time - from) : 0;
	const size_t part = (size_t)(at / all * (double)count);

	return part < count ? part : count - 1;
}

static uint64_t start_of(size_t part, uint64_t from, uint64_t to, size_t count)
{
	return from +
	       (uint64_t)((double)(to - from) * (double)part / (double)count);
}

/* What points have of their own, and the last of what is behind it. */
static void raise_by_each(const struct rkn_point *points, size_t point_count,
			  uint64_t from, uint64_t to, uint64_t *parts,
			  size_t count)
{
	const struct rkn_point *last = points + point_count - 1;

	for (size_t i = 0; i < point_count; i++)
		if (points[i].time_ns >= from && points[i].time_ns <= to)
			raise(&parts[chart_part_of(points[i].time_ns, from, to,
						   count)],
			      points[i].bytes);
	for (size_t k = 0; point_count && k < count; k++)
		if (start_of(k, from, to, count) > last->time_ns)
			raise(&parts[k], last->bytes);
}

void chart_parts(const struct rkn_point *points, size_t point_count,
		 uint64_t from, uint64_t to, uint64_t *parts, size_t count)
{
	memset(parts, 0, count * sizeof(*parts));
	raise_by_each(points, point_count, from, to, parts, count);
	for (size_t i = 1; i < point_count; i++) {
		const struct rkn_point *a = &points[i - 1], *b = &points[i];
		uint64_t begin = a->time_ns > from ? a->time_ns : from;
		uint64_t end = b->time_ns < to ? b->time_ns : to;
		size_t first = chart_part_of(begin, from, to, count), last;

		if (b->time_ns < from || a->time_ns > to)
			continue;
		last = chart_part_of(end, from, to, count);
		for (size_t k = first; k <= last; k++)
			raise(&parts[k], bytes_between(a, b));
		if (b->time_ns <= to)
			raise(&parts[last], b->most);
	}
}

static unsigned level(uint64_t value, uint64_t most, size_t height, size_t row)
{
	const double eighths =
	    most ? (double)value / (double)most * (double)(height * LEVELS) : 0;
	const double here = eighths - (double)(row * LEVELS);

	/* What is alive is seen, however little it is. */
	if (!row && value && here < 1)
		return 1;
	return here <= 0 ? 0 : here >= LEVELS ? LEVELS : (unsigned)here;
}

static uint64_t highest(const uint64_t *parts, size_t count)
{
	uint64_t most = 0;

	for (size_t i = 0; i < count; i++)
		raise(&most, parts[i]);
	return most;
}

/* parts / all of it, without that it overflows. */
static uint64_t share(uint64_t n, size_t parts, size_t all)
{
	return n / all * parts + n % all * parts / all;
}

void chart_print(FILE *out, const uint64_t *parts, size_t count, size_t height,
		 bool utf8)
{
	const uint64_t most = highest(parts, count);
	char text[UNITS_SIZE];

	for (size_t row = height; row-- > 0;) {
		const bool said = row + 1 == height || row + 1 == height / 2;
		size_t end = 0;

		fprintf(out, "%*s |", CHART_MARGIN - 2,
			said ? units_bytes(text, share(most, row + 1, height))
			     : "");
		for (size_t i = 0; i < count; i++)
			if (level(parts[i], most, height, row))
				end = i + 1;
		for (size_t i = 0; i < end; i++)
			fputs((utf8 ? bars : plain_bars)[level(parts[i], most,
							       height, row)],
			      out);
		fputc('\n', out);
	}
}

void chart_print_axis(FILE *out, uint64_t from, uint64_t to, size_t count,
		      bool utf8)
{
	char left[UNITS_SIZE], right[UNITS_SIZE];
	size_t room;

	fprintf(out, "%*s +", CHART_MARGIN - 2, "0 B");
	for (size_t i = 0; i < count; i++)
		fputs(utf8 ? "\u2500" : "-", out);
	units_time(left, from);
	units_time(right, to);
	room = strlen(left) + strlen(right);
	fprintf(out, "\n%*s%s%*s%s\n", CHART_MARGIN, "", left,
		(int)(room < count ? count - room : 1), "", right);
}

char *chart_line(const uint64_t *parts, size_t count, uint64_t most, bool utf8)
{
	char *line = xcalloc(count * 4 + 1, 1), *end = line;

	for (size_t i = 0; i < count; i++)
		end = stpcpy(
		    end,
		    (utf8 ? bars : plain_line)[level(parts[i], most, 1, 0)]);
	return line;
}
