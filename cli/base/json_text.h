/* SPDX-License-Identifier: MIT */
/* Strings for JSON from bytes that may not be UTF-8. */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

/* A JSON string; each byte that is not part of valid UTF-8 becomes U+FFFD.
 * `text` NULL: null. A new reference; dies when out of memory. */
json_t *json_text(const char *text);

/* "0x55d0". A new reference. */
json_t *json_address(uint64_t address);

/* An integer; counts beyond 2^63 - 1 become that. A new reference. */
json_t *json_count(uint64_t count);

/*
 * Writes `value` with jansson's `flags` and a newline. What a terminal would
 * obey is spelled \u009b, which means the same to any parser. False with errno
 * set if it cannot be written.
 */
bool json_write(const json_t *value, size_t flags, FILE *out);

#endif
