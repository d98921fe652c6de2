/* SPDX-License-Identifier: MIT */
/* Charts of text: bytes over time. */
#ifndef CHART_H
#define CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <refknot/format.h>

/* Whether the locale's texts are UTF-8; else charts are plain ASCII. */
bool chart_is_utf8(void);

/*
 * The most bytes that were alive in each of `count` equal parts of the time from
 * `from` to `to`. From one point to the next they are those of the first: a program
 * that does much has a point soon, and one that waits changes nothing. Behind the
 * peak, which is noted when a block is freed, they are those of the next.
 */
void chart_parts(const struct rkn_point *points, size_t point_count,
		 uint64_t from, uint64_t to, uint64_t *parts, size_t count);

/* The part of them that a time is in. */
size_t chart_part_of(uint64_t time, uint64_t from, uint64_t to, size_t count);

/* Prints bars of `height` lines, with the axis of bytes at the left, which takes
 * CHART_MARGIN columns. */
#define CHART_MARGIN 13
void chart_print(FILE *out, const uint64_t *parts, size_t count, size_t height,
		 bool utf8);
/* Prints the axis of time, in two lines. */
void chart_print_axis(FILE *out, uint64_t from, uint64_t to, size_t count,
		      bool utf8);

/* One line of bars, for the caller to free; `most`: what a full one is. */
char *chart_line(const uint64_t *parts, size_t count, uint64_t most, bool utf8);

#endif
