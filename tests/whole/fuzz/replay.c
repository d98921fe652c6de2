/* SPDX-License-Identifier: MIT */
/*
 * A target that reads recordings, without a fuzzer.  replay STEP PATH...: the
 * seeds and the inputs at PATH, each with every STEPth byte changed, too.
 * replay -w DIRECTORY: write the seeds there, for libFuzzer to begin with.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "bytes.h"
#include "die.h"
#include "specimen.h"
#include "store_maker.h"
#include "sums.h"
#include "variants.h"

#define FEW 6 /* blocks */

static const char *const seeds[] = { "recording", "running", "finished" };
#define SEEDS (sizeof(seeds) / sizeof(seeds[0]))

/* A copy of chunk `c`, its payload plain: then a changed byte is a changed
 * field. Returns its size. */
static size_t add_plain(unsigned char *to, const unsigned char *from)
{
	struct rkn_chunk c;

	memcpy(&c, from, sizeof(c));
	from += sizeof(c);
	if (c.stored_size == c.raw_size)
		memcpy(to + sizeof(c), from, c.raw_size);
	else
		ZSTD_decompress(to + sizeof(c), c.raw_size, from,
				c.stored_size);
	c.stored_size = c.raw_size;
	memcpy(to, &c, sizeof(c));
	return sizeof(c) + c.raw_size;
}

static void make_recording(const char *path)
{
	size_t size, end = sizeof(struct rkn_file_header);
	unsigned char *file, *plain = xcalloc(1, 1u << 20), *chunk;
	struct model m;

	specimen_make(&m, FEW);
	if (model_save(&m, path))
		die(1, "cannot write %s", path);
	model_release(&m);
	file = bytes_read(path, &size);
	memcpy(plain, file, end);
	for (size_t n = 0; (chunk = sums_chunk(file, size, n)); n++)
		end += add_plain(plain + end, chunk);
	sums_mend(plain, end);
	bytes_write(path, plain, end);
	free(plain);
	free(file);
}

static void make_seeds(const char *directory)
{
	for (size_t i = 0; i < SEEDS; i++) {
		char *path = xasprintf("%s/%s", directory, seeds[i]);

		if (i == 0)
			make_recording(path);
		else
			store_maker_whole(path, i == 2);
		free(path);
	}
}

static void replay_seeds(size_t step)
{
	char directory[] = "/tmp/refknot-seeds-XXXXXX";

	if (!mkdtemp(directory))
		die(1, "cannot make %s", directory);
	make_seeds(directory);
	variants_replay(directory, step);
	for (size_t i = 0; i < SEEDS; i++) {
		char *path = xasprintf("%s/%s", directory, seeds[i]);

		unlink(path);
		free(path);
	}
	rmdir(directory);
}

int main(int argc, char **argv)
{
	size_t step = argc > 1 ? (size_t)atoi(argv[1]) : 0;

	if (argc == 3 && !strcmp(argv[1], "-w")) {
		make_seeds(argv[2]);
		return 0;
	}
	if (!step)
		die(1, "usage: replay STEP PATH... | replay -w DIRECTORY");
	replay_seeds(step);
	for (int i = 2; i < argc; i++)
		variants_replay(argv[i], step);
	return 0;
}
