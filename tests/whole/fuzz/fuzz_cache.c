/* SPDX-License-Identifier: MIT */
/*
 * Files of the symbol cache: the bytes as a whole file, and as what follows
 * the first members of a file's JSON, with the right sum. They begin at a multiple
 * of 8 bytes of it, as its rows must.
 */
#include "target.h"

#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes.h"
#include "crc32.h"
#include "input.h"
#include "symbols_cache.h"
#include "wraps.h"

#define FILE_OF_MODULE "module" /* empty, and of a known time */

static char directory[] = "/tmp/refknot-cache-XXXXXX";
static struct cache *cache;
static int home; /* where we were */

static void tidy_up(void)
{
	if (!chdir(directory)) {
		unlink("ab" CACHE_SUFFIX);
		unlink(FILE_OF_MODULE);
	}
	rmdir(directory);
}

/* Go there; the files name each other from there. */
static void enter(void)
{
	const struct timespec second[] = { { 1, 0 }, { 1, 0 } };
	int fd;

	if (cache) {
		input_need(!chdir(directory));
		return;
	}
	input_need((home = open(".", O_PATH | O_CLOEXEC)) >= 0 &&
		   mkdtemp(directory) && !chdir(directory));
	atexit(tidy_up);
	fd = open(FILE_OF_MODULE, O_WRONLY | O_CREAT, 0600);
	input_need(fd >= 0 && !futimens(fd, second) && !close(fd));
	setenv("REFKNOT_CACHE", directory, 1);
	unsetenv("DEBUGINFOD_URLS");
	cache = cache_open();
}

static void need_text(const struct code_target *to)
{
	input_need((to->kind == CODE_NAME) == (to->name != NULL));
	if (to->name)
		input_need(strlen(to->name) < SIZE_MAX);
}

static void ask_calls(const struct symbols_cache *s, uint64_t address)
{
	struct code_call call;
	struct code_exits exits;
	uint64_t start;

	if (symbols_cache_call(s, address, &call))
		need_text(&call.to);
	if (symbols_cache_exits(s, address, &exits)) {
		for (size_t i = 0; i < exits.count; i++)
			need_text(&exits.list[i].to);
		free(exits.list);
	}
	symbols_cache_named(s, "n", &start);
}

static void ask(const struct symbols_cache *s)
{
	struct location list[SYMBOLS_INLINE_MAX];
	const char *name;

	for (uint64_t address = 0; address < 16; address++) {
		size_t count = symbols_cache_code(s, address, list);

		input_need(count <= SYMBOLS_INLINE_MAX);
		for (size_t i = 0; i < count; i++)
			input_need(list[i].inlined == (i + 1 < count));
		ask_calls(s, address);
		if (symbols_cache_data(s, address, &name) && name)
			input_need(strlen(name) < SIZE_MAX);
	}
}

static void use(void)
{
	const struct rkn_module r = { .build_id_size = 1,
				      .build_id = { 0xab } };
	const struct location new = { "f", NULL, NULL, 1, NULL, 0, false };
	struct code_exit exit = { 7, { CODE_NAME, 0, "f" } };
	const struct code_call call = { 3, { CODE_OURS, 0, NULL } };
	const struct code_exits exits = { &exit, 1, true };
	struct symbols_module none = { 0 };
	struct symbols_cache s;

	symbols_cache_open(&s, cache, &r, FILE_OF_MODULE);
	ask(&s);
	symbols_cache_add_code(&s, 1, &new, 1);
	symbols_cache_add_data(&s, 2, "d");
	symbols_cache_add_call(&s, 3, &call);
	symbols_cache_add_exits(&s, 4, &exits);
	symbols_cache_add_named(&s, "n", 5);
	ask(&s);
	symbols_cache_close(&s, cache, &none);
}

/* What a file of this module begins with. */
static char *whole(const uint8_t *data, size_t size, size_t *all)
{
	char *json, *file;
	int head;

	head = asprintf(
	    &json,
	    "{\"refknot\": \"%s\", \"libdw\": \"%s\", "
	    "\"layout\": %d, \"settings\": "
	    "\"sysroot /, debuginfod \", \"path\": \"" FILE_OF_MODULE "\", ",
	    REFKNOT_VERSION, dwfl_version(NULL), SYMBOLS_CACHE_LAYOUT);
	input_need(head > 0);
	json = realloc(json, (size_t)head + size);
	input_need(json != NULL);
	memcpy(json + head, data, size);
	*all = (size_t)head + size;
	file = malloc(*all + 32);
	input_need(file != NULL);
	head = sprintf(file, "refknot-cache 1 %08" PRIx32 "\n",
		       crc32_update(0, json, *all));
	memcpy(file + head, json, *all);
	*all += (size_t)head;
	free(json);
	return file;
}

/* As a new file: some file systems wait when one is written over. */
static void put(const void *data, size_t size)
{
	unlink("ab" CACHE_SUFFIX);
	bytes_write("ab" CACHE_SUFFIX, data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t all;
	char *file;

	enter();
	put(data, size);
	use();
	file = whole(data, size, &all);
	put(file, all);
	use();
	free(file);
	input_need(!fchdir(home));
	return 0;
}
