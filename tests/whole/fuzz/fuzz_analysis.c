/* SPDX-License-Identifier: MIT */
/*
 * Recordings and live stores through every command that reads them. No file
 * that they name is opened: functions have made-up names.
 */
#include "target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "invocation.h"
#include "options_reset.h"
#include "reading.h"
#include "sums.h"
#include "wraps.h"

#define WORDS 8

/* MARK and OBJECT stand for one of the recording. */
static const char *const lines[][WORDS] = {
	{ "report", "--limit", "0" },
	{ "report", "--format", "json" },
	{ "leaks", "--possible", "-n", "1" },
	{ "cycles", "--limit", "1", "--format", "json" },
	{ "objects", "--limit", "0" },
	{ "objects", "--by", "size", "--sort", "count" },
	{ "objects", "--by", "site", "--format", "json" },
	{ "objects", "--by", "function", "--gen", "1" },
	{ "objects", "--by", "file", "--sort", "name", "--limit", "1" },
	{ "objects", "--retained", "--sort", "retained" },
	{ "objects", "--by", "size", "--retained", "--format", "json" },
	{ "objects", "--by", "root" },
	{ "objects", "--at", "MARK" },
	{ "objects", "--at", "MARK", "--by", "site" },
	{ "refs", "--limit", "1" },
	{ "refs", "--format", "json" },
	{ "regions", "--limit", "1" },
	{ "regions", "--by", "thread", "--format", "json" },
	{ "regions", "--func", "first" },
	{ "info" },
	{ "info", "--format", "json" },
	{ "diff", "a@MARK", "a" },
	{ "diff", "--by", "site", "--format", "json", "a", "a@MARK" },
	{ "diff", "--by", "root", "--retained", "a", "a" },
	{ "show", "--", "OBJECT" },
	{ "show", "--all", "--format", "json", "--", "OBJECT" },
	{ "balance", "--", "OBJECT" },
	{ "balance", "--all", "--format", "json", "--", "OBJECT" },
};

static struct reading reading; /* the recording of this input */

int __wrap_recordings_each(const char **paths, recordings_visit *visit,
			   void *data)
{
	(void)paths;
	visit(&reading, data);
	return STATUS_OK;
}

bool __wrap_symbols_module_open(struct symbols_module *m, const char *path,
				const void *build_id, int build_id_size)
{
	(void)m;
	(void)path;
	(void)build_id;
	return build_id_size < 0;
}

size_t __wrap_symbols_frame(struct symbols *s, uint32_t frame,
			    const struct location **locations)
{
	static struct location some[] = {
		{ "first", "a.c", NULL, 1, "/bin/a", 16, true },
		{ "second", "a.c", NULL, 2, "/bin/a", 16, false },
		{ "third", NULL, NULL, 0, "/bin/a", 32, false },
		{ NULL, NULL, NULL, 0, "/lib/b.so", 48, false },
		{ NULL, NULL, NULL, 0, NULL, 64, false },
		{ "malloc", "b.c", NULL, 3, "/lib/b.so", 80, false },
		{ "main", "a.c", NULL, 9, "/bin/a", 96, false },
	};
	size_t which = frame % (sizeof(some) / sizeof(some[0]));

	(void)s;
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		some[i].shown = some[i].full = some[i].function;
	*locations = &some[which];
	return which ? 1 : 2;
}

/* A word of the line with MARK and OBJECT replaced; NULL: there is none. */
static char *word(const char *text, const char *mark, const char *object)
{
	const char *at = strstr(text, "MARK"), *value = mark;
	char *whole;

	if (!at) {
		at = strstr(text, "OBJECT");
		value = object;
	}
	if (!at)
		return strdup(text);
	if (!value ||
	    asprintf(&whole, "%.*s%s", (int)(at - text), text, value) < 0)
		return NULL;
	return whole;
}

static void obey(const char *const *line, const char *mark, const char *object)
{
	char *argv[WORDS + 2] = { strdup("refknot") };
	struct invocation i;
	int argc = 1;

	for (; line[argc - 1] && argc <= WORDS; argc++) {
		argv[argc] = word(line[argc - 1], mark, object);
		if (!argv[argc])
			break;
	}
	if (!line[argc - 1]) {
		invocation_parse(&i, argc, argv);
		input_need(i.kind == INVOCATION_RUN);
		i.command->run(i.arguments);
		options_reset(i.command);
		invocation_release(&i);
	}
	for (int n = 0; n < argc; n++)
		free(argv[n]);
}

/* A different one for each input, the same one for the same. */
static char *some_object(void)
{
	const struct model *m = reading.m;
	uint32_t o, b;
	char *name = NULL;

	if (m->object_count > 1) {
		o = 1 + (uint32_t)(m->meta.pid % (m->object_count - 1));
		name = names_of(reading.names, o);
	} else if (m->block_count) {
		b = (uint32_t)(m->meta.pid % m->block_count);
		names_announce(reading.names, &b, 1);
		name = names_object(reading.names, b);
	}
	return name;
}

static const char *some_mark(void)
{
	const struct model *m = reading.m;
	size_t n = m->mark_count;

	return n ? model_name(m, m->marks[m->meta.pid % n].name) : NULL;
}

static void obey_all(void)
{
	static FILE *nowhere;
	FILE *out = stdout;
	char *object = some_object();

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	input_need(nowhere);
	stdout = nowhere;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		obey(lines[i], some_mark(), object);
	fflush(nowhere);
	stdout = out;
	free(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *copy = malloc(size + 1);
	struct model m;
	int error;

	input_need(copy);
	memcpy(copy, data, size);
	if (size >= 8 && !memcmp(copy, RKN_MAGIC, 8))
		sums_mend(copy, size);
	error = model_load(&m, input_path(copy, size));
	free(copy);
	if (!error || error == -ENODATA) {
		reading_open(&reading, &m, NULL);
		obey_all();
		reading_close(&reading);
	}
	model_release(&m);
	return 0;
}
