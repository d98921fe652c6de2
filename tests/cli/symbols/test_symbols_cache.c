/* SPDX-License-Identifier: MIT */
/* What is known of a module is read once for many recordings, and believed only
 * while its file is the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "debug_file.h"
#include "scratch.h"
#include "symbols_cache.h"

#define NAME   "abcd"
#define MARKER 77 /* a kind of answer */

static const struct rkn_module row = { .build_id = { 0xab, 0xcd },
				       .build_id_size = 2 };
static const struct symbols_module closed;

static json_t *identity_of(const char *path)
{
	char time[48];
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	snprintf(time, sizeof(time), "%lld.%09ld", (long long)st.st_mtim.tv_sec,
		 st.st_mtim.tv_nsec);
	return json_pack("{s:s, s:I, s:s}", "path", path, "size",
			 (json_int_t)st.st_size, "mtime", time);
}

/* A cache that knows of `path` where `marker` is. */
static struct cache *make_cache(const char *path)
{
	struct cache *c;
	char *settings = debug_file_settings(), *head, *text;
	struct answers answers = { 0 };
	json_t *known;
	size_t size;
	FILE *out;

	setenv("REFKNOT_CACHE", "cache", 1);
	c = cache_open();
	assert_non_null(c);
	known = json_pack(
	    "{s:s, s:s, s:s, s:i, s:s, s:o, s:o, s:{}, s:{}}", "settings",
	    settings, "path", path, "refknot", REFKNOT_VERSION, "layout",
	    SYMBOLS_CACHE_LAYOUT, "libdw", dwfl_version(NULL), "file",
	    identity_of(path), "debug", identity_of(path), "missed", "used");
	assert_non_null(known);
	head = json_dumps(known, 0);
	out = open_memstream(&text, &size);
	fprintf(out, "%s%*s\n", head, (int)(7 - strlen(head) % 8), "");
	answers_put_number(&answers, 7);
	answers_keep(&answers, MARKER, 1);
	answers_write(&answers, out);
	fclose(out);
	cache_write(c, NAME, text, size);
	answers_release(&answers);
	json_decref(known);
	free(head);
	free(text);
	free(settings);
	return c;
}

static bool has_marker(const struct symbols_cache *s)
{
	struct answer_reader r;

	return answers_find(&s->answers, MARKER, 1, &r) &&
	       answer_number(&r) == 7 && answer_is_read(&r);
}

/* Opens, whether it has the marker, closes. */
static bool knows(struct cache *c, const char *path, bool change)
{
	struct symbols_cache s;
	bool has;

	symbols_cache_open(&s, c, &row, path);
	has = has_marker(&s);
	s.changed = change;
	symbols_cache_close(&s, c, &closed);
	return has;
}

static char *make_module(void)
{
	char here[3000];
	char *path;

	scratch_run("rm -rf cache && mkdir cache && echo x >module");
	assert_non_null(getcwd(here, sizeof(here)));
	assert_true(asprintf(&path, "%s/module", here) > 0);
	return path;
}

static void a_file_is_read_once(void **state)
{
	char *path = make_module();
	struct cache *c = make_cache(path);

	(void)state;
	assert_true(knows(c, path, false));
	scratch_run("rm cache/*");
	assert_true(knows(c, path, false));
	/* Both have it at once: the second finds nothing, and nothing is lost. */
	for (int i = 0; i < 2; i++) {
		struct symbols_cache one, two;

		symbols_cache_open(&one, c, &row, path);
		symbols_cache_open(&two, c, &row, path);
		assert_true(has_marker(&one));
		assert_false(has_marker(&two));
		symbols_cache_close(&one, c, &closed);
		symbols_cache_close(&two, c, &closed);
	}
	/* What was added could not be written: it is not kept, either. */
	assert_true(knows(c, path, true));
	assert_false(knows(c, path, false));
	cache_close(c);
	free(path);
}

static void not_of_a_file_that_has_changed(void **state)
{
	char *path = make_module();
	struct cache *c = make_cache(path);

	(void)state;
	assert_true(knows(c, path, false));
	scratch_run("echo more >>module");
	assert_false(knows(c, path, false));
	cache_close(c);
	free(path);
}

static void modules_are_many_and_memory_is_not(void **state)
{
	char *path = make_module(), name[3];
	struct rkn_module other = row;
	struct cache *c = make_cache(path);
	struct symbols_cache s;

	(void)state;
	assert_true(knows(c, path, false));
	for (unsigned i = 0; i < 16; i++) {
		other.build_id[1] = (unsigned char)i;
		snprintf(name, sizeof(name), "%02x", i);
		scratch_run("cp cache/" NAME CACHE_SUFFIX
			    " cache/ab%s" CACHE_SUFFIX,
			    name);
		symbols_cache_open(&s, c, &other, path);
		assert_true(has_marker(&s));
		symbols_cache_close(&s, c, &closed);
	}
	scratch_run("rm cache/*");
	assert_false(knows(c, path, false));
	symbols_cache_open(&s, c, &other, path);
	assert_true(has_marker(&s));
	symbols_cache_close(&s, c, &closed);
	cache_close(c);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_read_once),
		cmocka_unit_test(not_of_a_file_that_has_changed),
		cmocka_unit_test(modules_are_many_and_memory_is_not),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
