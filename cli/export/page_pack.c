/* SPDX-License-Identifier: MIT */
#include "page_pack.h"

#include <stdlib.h>
#include <zlib.h>

#include "die.h"
#include "status.h"

#define ROOM  (3 * 16384) /* whole groups of base64 */
#define LEVEL 6
#define GZIP  16 /* added to the bits of the window: gzip's header */

struct pack {
	z_stream z;
	FILE *out;
	unsigned char bytes[ROOM];
};

static void write_base64(FILE *out, const unsigned char *b, size_t size)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < size; i += 3) {
		size_t left = size - i;
		unsigned word = b[i] << 16 | (left > 1 ? b[i + 1] << 8 : 0) |
				(left > 2 ? b[i + 2] : 0);

		putc_unlocked(digits[word >> 18], out);
		putc_unlocked(digits[word >> 12 & 63], out);
		putc_unlocked(left > 1 ? digits[word >> 6 & 63] : '=', out);
		putc_unlocked(left > 2 ? digits[word & 63] : '=', out);
	}
}

/* Compresses what z has; whole rooms are written. */
static void deflate_some(struct pack *k, int flush)
{
	int done;

	do {
		done = deflate(&k->z, flush);
		if (k->z.avail_out && done != Z_STREAM_END)
			continue;
		write_base64(k->out, k->bytes, ROOM - k->z.avail_out);
		k->z.next_out = k->bytes;
		k->z.avail_out = ROOM;
	} while (k->z.avail_in || (flush == Z_FINISH && done != Z_STREAM_END));
}

static ssize_t pack_write(void *cookie, const char *text, size_t size)
{
	union {
		const char *given;
		Bytef *wanted; /* zlib does not write there */
	} in = { text };
	struct pack *k = cookie;

	k->z.next_in = in.wanted;
	k->z.avail_in = (uInt)size;
	deflate_some(k, Z_NO_FLUSH);
	return (ssize_t)size;
}

static int pack_close(void *cookie)
{
	struct pack *k = cookie;

	deflate_some(k, Z_FINISH);
	deflateEnd(&k->z);
	free(k);
	return 0;
}

FILE *page_pack_open(FILE *out)
{
	struct pack *k = xcalloc(1, sizeof(*k));
	FILE *packed;

	k->out = out;
	k->z.next_out = k->bytes;
	k->z.avail_out = ROOM;
	packed = fopencookie(k, "w",
			     (cookie_io_functions_t){ .write = pack_write,
						      .close = pack_close });
	if (!packed || deflateInit2(&k->z, LEVEL, Z_DEFLATED, MAX_WBITS + GZIP,
				    MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		die(STATUS_INPUT, "out of memory");
	return packed;
}
