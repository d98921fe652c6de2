/* SPDX-License-Identifier: MIT */
/* The start of a finished recording: what it says of its process, without the rest. */
#include <errno.h>
#include <string.h>
#include <zstd.h>

#include "crc32.h"
#include "recording.h"

static bool is_whole(const struct recording_head *h, size_t size)
{
	return size >= offsetof(struct recording_head, payload) &&
	       !memcmp(h->file.magic, RKN_MAGIC, sizeof(h->file.magic)) &&
	       h->file.major == RKN_MAJOR && h->file.size == sizeof(h->file) &&
	       h->file.crc ==
		   crc32_update(0, &h->file,
				offsetof(struct rkn_file_header, crc)) &&
	       h->chunk.magic == RKN_CHUNK_MAGIC &&
	       h->chunk.type == RKN_CHUNK_META &&
	       h->chunk.header_crc ==
		   crc32_update(0, &h->chunk,
				offsetof(struct rkn_chunk, header_crc)) &&
	       h->chunk.stored_size <= sizeof(h->payload) &&
	       size >= offsetof(struct recording_head, payload) +
			   h->chunk.stored_size &&
	       h->chunk.payload_crc ==
		   crc32_update(0, h->payload, h->chunk.stored_size);
}

int recording_head_read(int fd, uint64_t at, struct recording_head *h)
{
	int64_t n;

	memset(h, 0, sizeof(*h));
	n = model_pread(fd, h, sizeof(*h), at);
	return n < 0 ? (int)n : is_whole(h, (size_t)n) ? 0 : -EPROTO;
}

int recording_head_meta(const struct recording_head *h, struct rkn_meta *meta)
{
	struct rkn_meta unpacked = { 0 };
	size_t size;

	*meta = (struct rkn_meta){ 0 };
	if (h->chunk.stored_size == h->chunk.raw_size) {
		memcpy(meta, h->payload, h->chunk.raw_size);
		return 0;
	}
	size = ZSTD_decompress(&unpacked, sizeof(unpacked), h->payload,
			       h->chunk.stored_size);
	if (ZSTD_isError(size))
		return -EPROTO;
	*meta = unpacked;
	return 0;
}

int recording_head_change(struct recording_head *h, const struct rkn_meta *meta)
{
	if (h->chunk.record_size != sizeof(*meta) ||
	    h->chunk.stored_size != sizeof(*meta))
		return -EPROTO;
	memcpy(h->payload, meta, sizeof(*meta));
	h->chunk.payload_crc = crc32_update(0, meta, sizeof(*meta));
	h->chunk.header_crc =
	    crc32_update(0, &h->chunk, offsetof(struct rkn_chunk, header_crc));
	return 0;
}
