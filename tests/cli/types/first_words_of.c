/* SPDX-License-Identifier: MIT */
/*
 * first_words_of FILE: prints what the blocks of a recording are by their first
 * words, where that is proved: "0x55d0c0 24 class shapes::Circle".  With another
 * argument it prints the numbers that may be counts: "0x55d0c0 24 2 1".
 */
#include <inttypes.h>
#include <stdio.h>

#include "first_words.h"
#include "reading.h"

static const char *const kinds[] = {
	[FIRST_CLASS] = "class",
	[FIRST_PYTHON] = "python",
	[FIRST_TABLE] = "table",
	[FIRST_PLACE] = "place",
};

int main(int argc, char **argv)
{
	struct first_words *f;
	struct reading in;
	struct model m;

	if (argc < 2 || reading_load(&m, argv[1]))
		return 1;
	for (size_t i = 0; argc > 2 && i < m.count_count; i++)
		printf("%#" PRIx64 " %" PRIu64 " %u %u\n",
		       m.blocks[m.counts[i].block].address,
		       m.blocks[m.counts[i].block].size, m.counts[i].strong,
		       m.counts[i].weak);
	reading_open(&in, &m, NULL);
	f = first_words_open(&m, in.symbols);
	for (uint32_t i = 0; argc == 2 && i < m.block_count; i++) {
		const struct first_word *w = first_words_of(f, i);

		if (w)
			printf("%#" PRIx64 " %" PRIu64 " %s %s\n",
			       m.blocks[i].address, m.blocks[i].size,
			       kinds[w->kind], w->name);
	}
	first_words_close(f);
	reading_close(&in);
	model_release(&m);
	return 0;
}
