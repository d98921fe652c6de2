/* SPDX-License-Identifier: MIT */
/*
 * The chunks of a finished recording, one after another, before anything is
 * known about their records.  Every size is compared with the file and with
 * RKN_CHUNK_MAX before it is used.
 */
#ifndef CHUNKS_H
#define CHUNKS_H

#include <stdint.h>
#include <zstd.h>

#include "model.h"

struct chunks {
	struct model *m; /* gets the errors */
	int fd;
	uint64_t size;         /* of the file */
	uint16_t minor;        /* version of the file */
	uint64_t at;           /* where the chunk starts */
	uint64_t number;       /* of the chunk, from 0 */
	struct rkn_chunk c;    /* its header; type 0: not read */
	unsigned char *stored; /* RKN_CHUNK_MAX bytes, as is `raw` */
	unsigned char *raw;
	ZSTD_DCtx *zstd;
};

/* Reads the file header. 0 or -errno; call chunks_close() in either case. */
int chunks_open(struct chunks *r, struct model *m, int fd, uint64_t size);
void chunks_close(struct chunks *r);

/*
 * Reads the header of the next chunk into r->c. 0, -errno, or -ENODATA if the
 * file ends before. chunks_payload() must follow before the next call.
 */
int chunks_next(struct chunks *r);

/* Reads its payload into r->stored, likewise. */
int chunks_payload(struct chunks *r);

/* Unpacks the payload, c.raw_size bytes; NULL if that fails, with the error
 * set. It lives until the next chunk. */
const unsigned char *chunks_unpack(struct chunks *r);

/* Sets the error "PATH: chunk 3 (frames) at byte 96: REASON"; returns `error`.
 */
int chunks_fail(struct chunks *r, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

const char *chunks_type_name(unsigned type);

#endif
