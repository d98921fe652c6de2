/* SPDX-License-Identifier: MIT */
/* Strings for JSON from bytes that may not be UTF-8. */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <stdint.h>

#include <jansson.h>

/* A JSON string; each byte that is not part of valid UTF-8 becomes U+FFFD.
 * `text` NULL: null. A new reference; dies when out of memory. */
json_t *json_text(const char *text);

/* "0x55d0". A new reference. */
json_t *json_address(uint64_t address);

/* An integer; counts beyond 2^63 - 1 become that. A new reference. */
json_t *json_count(uint64_t count);

#endif
