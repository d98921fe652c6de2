/* SPDX-License-Identifier: MIT */
/* Names that a program gives, each ending at a NUL. */
#include "target.h"

#include <refknot.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "input.h"
#include "names.h"
#include "store.h"

#define MOST 256 /* names */

static void begin(void)
{
	static char directory[] = "/tmp/refknot-names-XXXXXX";
	struct store_table *text;

	if (!store.header) {
		input_need(mkdtemp(directory) != NULL);
		input_need(!store_create(directory, "names", getpid(), 4));
		unlink(store.path);
		rmdir(directory);
	}
	text = &store.header->tables[STORE_TEXT];
	/* The store's text is zero where nothing was written. */
	memset(store_at(text->offset), 0, text->count);
	store.header->tables[STORE_NAMES].count = 1;
	text->count = 1;
	names_make();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t limits[RKN_LIMITS] = { 0 };
	char *texts[MOST], *copy;
	size_t count = input_texts(data, size, texts, MOST, &copy);

	begin();
	for (size_t i = 0; i < count; i++) {
		uint32_t n = names_number(texts[i], limits);
		size_t most = strnlen(texts[i], REFKNOT_NAME_MAX);

		input_need(!n == !*texts[i]);
		if (n) {
			input_need(strlen(names_text(n)) == most);
			input_need(!memcmp(names_text(n), texts[i], most));
		}
		input_need(names_number(texts[i], limits) == n &&
			   names_find(texts[i]) == n);
	}
	free(copy);
	return 0;
}
