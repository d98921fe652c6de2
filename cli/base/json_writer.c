/* SPDX-License-Identifier: MIT */
#include "json_writer.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "json_text.h"
#include "status.h"
#include "text_stream.h"
#include "utf8.h"

#define PRECISION 12 /* digits of a real number */

struct json_writer {
	FILE *out;
	unsigned indent, depth;
	bool filled; /* what was begun last has a value */
	bool keyed;  /* a key waits for its value */
	size_t used;
	char buffer[1 << 16];
};

/* --- Bytes ----------------------------------------------------------------- */

static void flush(struct json_writer *w)
{
	fwrite(w->buffer, 1, w->used, w->out);
	w->used = 0;
}

static void put(struct json_writer *w, const char *bytes, size_t size)
{
	if (size > sizeof(w->buffer) - w->used) {
		flush(w);
		if (size > sizeof(w->buffer)) {
			fwrite(bytes, 1, size, w->out);
			return;
		}
	}
	memcpy(w->buffer + w->used, bytes, size);
	w->used += size;
}

static void put_char(struct json_writer *w, char c)
{
	put(w, &c, 1);
}

static void new_line(struct json_writer *w)
{
	static const char blanks[] = "                                ";
	size_t left = (size_t)w->depth * w->indent;

	put_char(w, '\n');
	for (size_t n; left; left -= n) {
		n = left < sizeof(blanks) - 1 ? left : sizeof(blanks) - 1;
		put(w, blanks, n);
	}
}

/* --- What jansson writes ----------------------------------------------------- */

/* A control character of one to three bytes, which is below U+10000. */
static unsigned number_of(const unsigned char *s, size_t size)
{
	if (size == 1)
		return s[0];
	if (size == 2)
		return (s[0] & 0x1fu) << 6 | (s[1] & 0x3fu);
	return (s[0] & 0xfu) << 12 | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu);
}

/* A character that is not of ASCII, or not shown: `size` bytes at `part` begin
 * with it. Returns how many it has. */
static size_t put_character(struct json_writer *w, const char *part,
			    size_t size)
{
	unsigned char c[4 + 1] = "";
	char text[8];
	size_t n;
	int length;

	memcpy(c, part, size < 4 ? size : 4);
	n = utf8_character(c);
	n = n ? n : 1;
	if (utf8_is_control(c, n)) {
		length = sprintf(text, "\\u%04x", number_of(c, n));
		put(w, text, (size_t)length);
	} else {
		put(w, part, n);
	}
	return n;
}

/* jansson hands over whole characters. */
static int put_part(const char *part, size_t size, void *writer)
{
	struct json_writer *w = writer;

	for (size_t i = 0, n; i < size; i += n) {
		for (n = 0;
		     i + n < size && part[i + n] >= ' ' && part[i + n] < 0x7f;)
			n++;
		if (n)
			put(w, part + i, n);
		else
			n = put_character(w, part + i, size - i);
	}
	return 0;
}

static void dump(struct json_writer *w, const json_t *scalar)
{
	if (json_dump_callback(scalar, put_part, w,
			       JSON_ENCODE_ANY |
				   JSON_REAL_PRECISION(PRECISION)))
		die(STATUS_INPUT, "out of memory");
}

/* Most texts are as they are written, which is seen sooner than jansson does. */
static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text >= 0x7f || *text == '"' ||
		    *text == '\\')
			return false;
	return true;
}

static void put_integer(struct json_writer *w, json_int_t value)
{
	char text[32];
	int size = snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, value);

	put(w, text, (size_t)size);
}

static void put_text(struct json_writer *w, const char *text)
{
	json_t *value;

	if (is_plain(text)) {
		put_char(w, '"');
		put(w, text, strlen(text));
		put_char(w, '"');
		return;
	}
	value = json_text(text);
	dump(w, value);
	json_decref(value);
}

/* --- Values ---------------------------------------------------------------- */

/* What stands before a value, or before its key. */
static void separate(struct json_writer *w)
{
	if (!w->keyed && w->depth) {
		if (w->filled)
			put_char(w, ',');
		new_line(w);
	}
	w->keyed = false;
	w->filled = true;
}

void json_writer_begin(struct json_writer *w, char bracket)
{
	separate(w);
	put_char(w, bracket);
	w->depth++;
	w->filled = false;
}

void json_writer_end(struct json_writer *w, char bracket)
{
	w->depth--;
	if (w->filled)
		new_line(w);
	put_char(w, bracket);
	w->filled = true;
}

void json_writer_key(struct json_writer *w, const char *key)
{
	separate(w);
	put_text(w, key);
	put(w, ": ", 2);
	w->keyed = true;
}

void json_writer_text(struct json_writer *w, const char *text)
{
	separate(w);
	put_text(w, text);
}

/* jansson's functions only read, but ask for what they could change. */
static json_t *changeable(const json_t *value)
{
	return (json_t *)(uintptr_t)value;
}

void json_writer_value(struct json_writer *w, const json_t *value)
{
	const char *key;
	json_t *one;

	if (json_is_object(value)) {
		json_writer_begin(w, '{');
		json_object_foreach(changeable(value), key, one)
		{
			json_writer_key(w, key);
			json_writer_value(w, one);
		}
		json_writer_end(w, '}');
	} else if (json_is_array(value)) {
		json_writer_begin(w, '[');
		for (size_t i = 0; (one = json_array_get(value, i)); i++)
			json_writer_value(w, one);
		json_writer_end(w, ']');
	} else if (json_is_string(value)) {
		json_writer_text(w, json_string_value(value));
	} else if (json_is_integer(value)) {
		separate(w);
		put_integer(w, json_integer_value(value));
	} else {
		separate(w);
		dump(w, value);
	}
}

void json_writer_values(struct json_writer *w, const char *text, size_t size)
{
	const char *end = text + size;

	if (!size)
		return;
	separate(w);
	while (text < end) {
		const char *line = memchr(text, '\n', (size_t)(end - text));

		put(w, text, (size_t)((line ? line : end) - text));
		if (line)
			new_line(w);
		text = line ? line + 1 : end;
	}
}

/* --- Whole texts ----------------------------------------------------------- */

struct json_writer *json_writer_open(FILE *out, unsigned indent)
{
	/* Not calloc(): the buffer need not be zero. */
	struct json_writer *w = xmalloc(sizeof(*w));

	w->out = out;
	w->indent = indent;
	w->depth = 0;
	w->filled = w->keyed = false;
	w->used = 0;
	return w;
}

bool json_writer_close(struct json_writer *w)
{
	FILE *out = w->out;

	put_char(w, '\n');
	flush(w);
	free(w);
	return !fflush(out) && !ferror(out);
}

void json_values_add(struct json_values *v, json_t *value, unsigned indent)
{
	struct json_writer *w = v->writer;

	if (!w) {
		v->stream = text_stream_open(&v->text, &v->size);
		w = v->writer = json_writer_open(v->stream, indent);
	} else {
		put(w, ",\n", 2);
	}
	json_writer_value(w, value);
	json_decref(value);
}

void json_values_end(struct json_values *v)
{
	if (!v->writer)
		return;
	flush(v->writer);
	free(v->writer);
	text_stream_close(v->stream);
}

bool json_write(const json_t *value, unsigned indent, FILE *out)
{
	struct json_writer *w = json_writer_open(out, indent);

	json_writer_value(w, value);
	return json_writer_close(w);
}
