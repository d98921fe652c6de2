/* SPDX-License-Identifier: MIT */
/* JSON is written as jansson writes it, whole and piece by piece. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json_writer.h"

#define FLAGS(n) (JSON_ENCODE_ANY | JSON_INDENT(n) | JSON_REAL_PRECISION(12))

static json_t *loaded(const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

	assert_non_null(value);
	return value;
}

static char *written(const json_t *value, unsigned indent)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_true(json_write(value, indent, out));
	assert_int_equal(fclose(out), 0);
	return text;
}

/* And a newline. */
static void expect_as_jansson(const json_t *value, unsigned indent)
{
	char *ours = written(value, indent);
	char *theirs = json_dumps(value, FLAGS(indent));

	assert_int_equal(strlen(ours), strlen(theirs) + 1);
	assert_memory_equal(ours, theirs, strlen(theirs));
	assert_int_equal(ours[strlen(theirs)], '\n');
	free(ours);
	free(theirs);
}

static const char *const texts[] = {
	"null",
	"true",
	"-9223372036854775808",
	"9223372036854775807",
	"0.1",
	"1e300",
	"1.0",
	"\"\"",
	"{}",
	"[]",
	"[[], {}, [[]], {\"a\": {}}]",
	"[0, 1, -1, 10, 99, 100, 0.3333333333333333, 2e-7, true, false, null]",
	"{\"z\": [1, {\"y\": [2, 3]}], \"a\": \"b\", \"\": {\"c\": null}}",
	"\"quote \\\" back \\\\ slash / \\b\\f\\n\\r\\t \\u0001 \\u001f\"",
	"[\"\\u00e9\\u4e2d\", \"\\ud83d\\ude00\", {\"k\\\"\\n\\u00e9\": 1}]",
};

static void values_are_as_jansson_has_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		json_t *value = loaded(texts[i]);

		expect_as_jansson(value, 1);
		expect_as_jansson(value, 2);
		json_decref(value);
	}
}

/* More than the buffer, in strings of all lengths up to that. */
static void long_ones_too(void **state)
{
	json_t *list = json_array();
	char *text = calloc(200001, 1);

	(void)state;
	for (size_t size = 1; size <= 200000; size = size * 3 / 2 + 1) {
		memset(text, 'a', size);
		text[size / 2] = '"';
		json_array_append_new(list, json_string(text));
	}
	for (int i = 0; i < 20000; i++)
		json_array_append_new(list, json_pack("{s:i}", "n", i));
	expect_as_jansson(list, 1);
	json_decref(list);
	free(text);
}

static void a_terminal_obeys_nothing(void **state)
{
	json_t *value =
	    loaded("\"a\\u007f\\u0080\\u009b\\u2028\\u202e\\u00e9\"");
	char *text = written(value, 1);

	(void)state;
	assert_string_equal(
	    text, "\"a\\u007f\\u0080\\u009b\\u2028\\u202e\xc3\xa9\"\n");
	free(text);
	json_decref(value);
}

static void pieces_are_as_the_whole(void **state)
{
	json_t *whole = loaded(
	    "{\"s\": \"t\", \"l\": [{\"a\": [1, {\"b\": \"\\n\"}]}, [], 7], \"e\": [], \"o\": {\"p\": []}}");
	struct json_values values = { 0 }, none = { 0 };
	json_t *list = json_object_get(whole, "l");
	char *text, *theirs = json_dumps(whole, FLAGS(1));
	struct json_writer *w;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	for (size_t i = 0; i < json_array_size(list); i++)
		json_values_add(&values, json_incref(json_array_get(list, i)),
				1);
	json_values_end(&values);
	json_values_end(&none);
	assert_null(none.text);
	w = json_writer_open(out, 1);
	json_writer_begin(w, '{');
	json_writer_key(w, "s");
	json_writer_text(w, "t");
	json_writer_key(w, "l");
	json_writer_begin(w, '[');
	json_writer_values(w, values.text, values.size);
	json_writer_end(w, ']');
	json_writer_key(w, "e");
	json_writer_begin(w, '[');
	json_writer_values(w, "", 0);
	json_writer_end(w, ']');
	json_writer_key(w, "o");
	json_writer_value(w, json_object_get(whole, "o"));
	json_writer_end(w, '}');
	assert_true(json_writer_close(w));
	fclose(out);
	text[size - 1] = '\0'; /* its newline */
	assert_string_equal(text, theirs);
	free(values.text);
	free(theirs);
	free(text);
	json_decref(whole);
}

static void a_full_disk_is_told(void **state)
{
	json_t *value = json_integer(7);
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	assert_false(json_write(value, 1, full));
	fclose(full);
	json_decref(value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_as_jansson_has_them),
		cmocka_unit_test(long_ones_too),
		cmocka_unit_test(a_terminal_obeys_nothing),
		cmocka_unit_test(pieces_are_as_the_whole),
		cmocka_unit_test(a_full_disk_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
