/* SPDX-License-Identifier: MIT */
/* documents FILE: what jansson needs a byte of JSON; see references.py, which
 * builds it with annotations and without. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "best.h"

static char *text;
static size_t length;
static json_t *document;

static void read_text(const char *path)
{
	FILE *f = fopen(path, "r");

	if (!f)
		exit(1);
	fseek(f, 0, SEEK_END);
	length = (size_t)ftell(f);
	rewind(f);
	text = malloc(length);
	if (fread(text, 1, length, f) != length)
		exit(1);
	fclose(f);
}

static void parse_and_free(void)
{
	json_decref(json_loadb(text, length, 0, NULL));
}

static void copy_and_free(void)
{
	json_decref(json_deep_copy(document));
}

static void all(void)
{
	json_t *parsed = json_loadb(text, length, 0, NULL);
	json_t *copy = json_deep_copy(parsed);

	json_decref(parsed);
	json_decref(copy);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	json_object_seed(1);
	read_text(argv[1]);
	document = json_loadb(text, length, 0, NULL);
	if (!document)
		return 1;
	best_print("parse,free", 7, (double)length, parse_and_free);
	best_print("copy,free", 7, (double)length, copy_and_free);
	best_print("parse,copy,free", 7, (double)length, all);
	return 0;
}
