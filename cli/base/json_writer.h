/* SPDX-License-Identifier: MIT */
/*
 * Writes JSON as jansson does with JSON_INDENT(n) and JSON_REAL_PRECISION(12), but
 * piece by piece: a document need not be in memory as a whole. What a terminal
 * would obey is spelled \u009b, which means the same to any parser.
 */
#ifndef JSON_WRITER_H
#define JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <jansson.h>

struct json_writer;

/* `indent`: blanks a level. Dies when out of memory. */
struct json_writer *json_writer_open(FILE *out, unsigned indent);
/* Writes what is left and a newline, and releases `w`. False with errno set if
 * something could not be written. */
bool json_writer_close(struct json_writer *w);

/* An object or an array, by its first character, '{' or '[', and its last; in
 * between, its values, in an object each behind its key. */
void json_writer_begin(struct json_writer *w, char bracket);
void json_writer_end(struct json_writer *w, char bracket);
void json_writer_key(struct json_writer *w, const char *key);
void json_writer_value(struct json_writer *w, const json_t *value);
void json_writer_text(struct json_writer *w, const char *text); /* UTF-8 */
/* Values of the array at work, as `struct json_values` has them. */
void json_writer_values(struct json_writer *w, const char *text, size_t size);

/* The text of values, one added at a time. */
struct json_values {
	struct json_writer *writer; /* NULL: no value yet */
	FILE *stream;
	char *text;
	size_t size;
};
/* Takes `value`. Dies when out of memory. */
void json_values_add(struct json_values *v, json_t *value, unsigned indent);
/* v->text[0 .. size) is complete, and the caller's to free; NULL: no value. */
void json_values_end(struct json_values *v);

/* Writes `value` and a newline. False with errno set if it cannot be written. */
bool json_write(const json_t *value, unsigned indent, FILE *out);

#endif
