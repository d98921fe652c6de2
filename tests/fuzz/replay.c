/* SPDX-License-Identifier: MIT */
/*
 * The fuzz target without a fuzzer.  replay: the seeds, and each with every
 * byte changed.  replay FILE...: these inputs.  replay -w DIRECTORY: write the
 * seeds there, for libFuzzer to begin with.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "bytes.h"
#include "die.h"
#include "fuzz_recording.h"
#include "specimen.h"
#include "store_maker.h"
#include "sums.h"

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

static void replay_file(const char *path)
{
	size_t size;
	unsigned char *data = bytes_read(path, &size);

	if (!data)
		die(1, "cannot read %s", path);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
}

/* Zeroes are left out: most of a store is a hole. */
static void replay_changed(const char *path)
{
	static const unsigned char flips[] = { 0x01, 0x80, 0xff };
	size_t size, done = 0;
	unsigned char *data = bytes_read(path, &size);

	for (size_t i = 0; i < size; i++)
		for (size_t n = 0; n < sizeof(flips) && data[i]; n++) {
			data[i] ^= flips[n];
			LLVMFuzzerTestOneInput(data, size);
			data[i] ^= flips[n];
			done++;
		}
	printf("%s: %zu variants\n", path, done);
	free(data);
}

static void replay_seeds(void)
{
	char directory[] = "/tmp/refknot-seeds-XXXXXX";

	if (!mkdtemp(directory))
		die(1, "cannot make %s", directory);
	make_seeds(directory);
	for (size_t i = 0; i < SEEDS; i++) {
		char *path = xasprintf("%s/%s", directory, seeds[i]);

		replay_file(path);
		replay_changed(path);
		unlink(path);
		free(path);
	}
	rmdir(directory);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "-w"))
		make_seeds(argv[2]);
	else if (argc > 1)
		for (int i = 1; i < argc; i++)
			replay_file(argv[i]);
	else
		replay_seeds();
	return 0;
}
