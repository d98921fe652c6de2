/* SPDX-License-Identifier: MIT */
/* Writes a finished recording: all chunks of a type, type by type, the types
 * ascending, so that a file cut short keeps what the rest refers to. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "chunk_arrays.h"
#include "columns.h"
#include "crc32.h"
#include "progress.h"
#include "recording.h"

/* Measured on 5 M blocks and 10 M edges: 3 takes twice the time for 2 %. */
#define LEVEL 1

#define HELD 16384 /* bytes: most recordings of a run's children are smaller */

struct writer {
	int fd;
	uint16_t sequence;
	unsigned char *raw, *packed; /* of one chunk, either form */
	size_t raw_size, packed_size;
	ZSTD_CCtx *zstd;
	uint64_t size; /* bytes, with those that are held */
	size_t held_size;
	unsigned char held[HELD]; /* not yet written */
};

int model_write(int fd, const void *data, size_t size)
{
	const char *p = data;

	while (size) {
		ssize_t n = write(fd, p, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		size -= (size_t)n;
	}
	return 0;
}

static int flush(struct writer *w)
{
	int error = model_write(w->fd, w->held, w->held_size);

	w->held_size = 0;
	return error;
}

static int put(struct writer *w, const void *data, size_t size)
{
	int error = size > HELD - w->held_size ? flush(w) : 0;

	if (error)
		return error;
	w->size += size;
	if (size > HELD)
		return model_write(w->fd, data, size);
	memcpy(w->held + w->held_size, data, size);
	w->held_size += size;
	return 0;
}

static int put_chunk(struct writer *w, enum rkn_chunk_type type,
		     size_t record_size, size_t raw_size,
		     const unsigned char *stored, size_t stored_size)
{
	struct rkn_chunk c = {
		.magic = RKN_CHUNK_MAGIC,
		.type = (uint16_t)type,
		.sequence = w->sequence++,
		.record_size = (uint32_t)record_size,
		.raw_size = (uint32_t)raw_size,
		.stored_size = (uint32_t)stored_size,
		.payload_crc = crc32_update(0, stored, stored_size),
	};
	int error;

	c.header_crc =
	    crc32_update(0, &c, offsetof(struct rkn_chunk, header_crc));
	error = put(w, &c, sizeof(c));
	return error ? error : put(w, stored, stored_size);
}

/* Room for a chunk of `size` bytes. */
static int make_room(struct writer *w, size_t size)
{
	if (size <= w->raw_size)
		return 0;
	free(w->raw);
	free(w->packed);
	w->raw_size = size;
	w->packed_size = ZSTD_compressBound(size);
	w->raw = malloc(w->raw_size);
	w->packed = malloc(w->packed_size);
	return w->raw && w->packed ? 0 : -ENOMEM;
}

static int write_part(struct writer *w, enum rkn_chunk_type type,
		      const void *records, size_t count)
{
	size_t size = chunk_array_kinds[type].record_size;
	size_t most = RKN_CHUNK_MAX / size;
	int error = make_room(w, (count < most ? count : most) * size);

	for (size_t i = 0; i < count && !error; i += most) {
		size_t n = count - i < most ? count - i : most, packed;

		columns_split((const char *)records + i * size, n, size,
			      w->raw);
		packed = ZSTD_compressCCtx(w->zstd, w->packed, w->packed_size,
					   w->raw, n * size, LEVEL);
		/* Plain where packing gains nothing, and where model_note()
		 * writes. */
		if (ZSTD_isError(packed) || packed >= n * size ||
		    type == RKN_CHUNK_META)
			error = put_chunk(w, type, size, n * size, w->raw,
					  n * size);
		else
			error = put_chunk(w, type, size, n * size, w->packed,
					  packed);
	}
	return error;
}

static int write_parts(struct writer *w, const struct model *m)
{
	struct rkn_limit limits[RKN_LIMITS];
	size_t count = 0;
	int error = write_part(w, RKN_CHUNK_META, &m->meta, 1);

	for (uint32_t i = 0; i < RKN_LIMITS; i++)
		if (m->limits[i])
			limits[count++] = (struct rkn_limit){
				.number = i,
				.count = m->limits[i],
			};
	for (int type = RKN_CHUNK_META + 1; type < PARTS && !error; type++) {
		struct chunk_array part = chunk_array_of(m, type);

		if (type == RKN_CHUNK_LIMITS)
			part = (struct chunk_array){ limits, count, 0 };
		if (type == RKN_CHUNK_ROOTS)
			part.count += m->gone_count;
		error = write_part(w, type, part.records, part.count);
	}
	return error ? error : put_chunk(w, RKN_CHUNK_END, 0, 0, w->raw, 0);
}

/* The header is complete: now it can say where the next recording is. */
static int put_length(struct writer *w, uint64_t at, struct rkn_file_header *h)
{
	bool held = w->held_size == w->size;
	int error;

	if (w->size <= UINT32_MAX)
		h->length = (uint32_t)w->size;
	h->crc = crc32_update(0, h, offsetof(struct rkn_file_header, crc));
	if (held)
		memcpy(w->held, h, sizeof(*h));
	error = flush(w);
	if (!error && !held &&
	    pwrite(w->fd, h, sizeof(*h), (off_t)at) != (ssize_t)sizeof(*h))
		error = -EIO;
	return error;
}

int recording_write(const struct model *m, int fd, uint64_t at, uint64_t *size)
{
	struct writer w = { .fd = fd };
	struct rkn_file_header h = {
		.major = RKN_MAJOR,
		.minor = RKN_MINOR,
		.size = sizeof(h),
	};
	int error = -ENOMEM;

	memcpy(h.magic, RKN_MAGIC, sizeof(h.magic));
	h.crc = crc32_update(0, &h, offsetof(struct rkn_file_header, crc));
	w.zstd = ZSTD_createCCtx();
	if (w.zstd)
		error = put(&w, &h, sizeof(h));
	progress_begin("writing the recording", NULL, 0);
	if (!error)
		error = write_parts(&w, m);
	if (!error)
		error = put_length(&w, at, &h);
	progress_end();
	*size = w.size;
	ZSTD_freeCCtx(w.zstd);
	free(w.packed);
	free(w.raw);
	return error;
}
