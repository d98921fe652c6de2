/* SPDX-License-Identifier: MIT */
/* XML that readers take: nothing in a text ends it, and each element is closed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "xml.h"

#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

static void expect(void (*f)(struct xml *w), const char *wanted)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct xml *w = xml_open(out);

	f(w);
	xml_close(w);
	fclose(out);
	assert_string_equal(text, wanted);
	free(text);
}

static void write_nested(struct xml *w)
{
	xml_start(w, "a");
	xml_start(w, "b");
	xml_count(w, "n", UINT64_MAX);
	xml_end(w);
	xml_start(w, "c");
	xml_number(w, "d", 7);
	xml_end(w);
	xml_element(w, "e", "");
	xml_end(w);
}

static void elements_are_indented(void **state)
{
	(void)state;
	expect(write_nested, HEAD "<a>\n"
				  " <b n=\"18446744073709551615\"/>\n"
				  " <c>\n"
				  "  <d>7</d>\n"
				  " </c>\n"
				  " <e></e>\n"
				  "</a>\n");
}

static void write_special(struct xml *w)
{
	xml_start(w, "a");
	xml_attribute(w, "t", "<\"&'>\n\x1b\xc3\xa4\xff");
	xml_attribute(w, "none", NULL);
	xml_text(w, "]]>&amp;\"\t");
	xml_newline(w);
	xml_text(w, "</a>");
	xml_end(w);
	xml_element(w, "none", NULL);
}

static void nothing_in_a_text_is_markup(void **state)
{
	(void)state;
	expect(
	    write_special, HEAD
	    "<a t=\"&lt;&quot;&amp;'&gt;\\n\\x1b\xc3\xa4\\xff\">]]&gt;&amp;amp;&quot;\\t\n"
	    "&lt;/a&gt;</a>\n");
}

/* Whether a child that does it ends with an error of its own. */
static void fails(void (*f)(struct xml *w))
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		FILE *out = fopen("/dev/null", "we");
		struct xml *w;

		if (!out || !freopen("/dev/null", "w", stderr))
			_exit(0);
		setbuf(out, NULL);
		w = xml_open(out);
		f(w);
		xml_close(w);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 0);
}

static void write_deep(struct xml *w)
{
	for (int i = 0; i <= XML_DEPTH; i++)
		xml_start(w, "a");
}

static void too_deep_a_document_ends_the_command(void **state)
{
	(void)state;
	fails(write_deep);
}

static void what_cannot_be_written_is_the_owners_to_say(void **state)
{
	FILE *out = fopen("/dev/full", "we");
	struct xml *w;

	(void)state;
	assert_non_null(out);
	setbuf(out, NULL);
	w = xml_open(out);
	write_nested(w);
	xml_close(w);
	assert_true(ferror(out));
	fclose(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_are_indented),
		cmocka_unit_test(nothing_in_a_text_is_markup),
		cmocka_unit_test(too_deep_a_document_ends_the_command),
		cmocka_unit_test(what_cannot_be_written_is_the_owners_to_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
