/* SPDX-License-Identifier: MIT */
/* What a recording says of its process, read and written without the rest: META is
 * the first chunk. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "crc32.h"
#include "recording.h"

/* The start of a recording. What records of later versions have more is not
 * read. */
struct head {
	struct rkn_file_header file;
	struct rkn_chunk chunk;
	unsigned char payload[sizeof(struct rkn_meta)];
};

static bool is_whole(const struct head *h, size_t size)
{
	return size >= offsetof(struct head, payload) &&
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
	       size >= offsetof(struct head, payload) + h->chunk.stored_size &&
	       h->chunk.payload_crc ==
		   crc32_update(0, h->payload, h->chunk.stored_size);
}

/* Reads and checks the start of `path`. Returns a descriptor, or -errno. */
static int open_head(const char *path, int flags, struct head *h)
{
	int fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	int64_t n = -EPROTO;

	if (fd < 0)
		return -errno;
	memset(h, 0, sizeof(*h));
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		n = model_pread(fd, h, sizeof(*h), 0);
	if (n >= 0 && is_whole(h, (size_t)n))
		return fd;
	close(fd);
	return n < 0 ? (int)n : -EPROTO;
}

int model_peek(const char *path, struct rkn_meta *meta)
{
	struct head h;
	int fd = open_head(path, O_RDONLY, &h);
	size_t size;

	if (fd < 0)
		return fd;
	close(fd);
	memset(meta, 0, sizeof(*meta));
	if (h.chunk.stored_size == h.chunk.raw_size) {
		memcpy(meta, h.payload, h.chunk.raw_size);
		return 0;
	}
	size = ZSTD_decompress(meta, sizeof(*meta), h.payload,
			       h.chunk.stored_size);
	return ZSTD_isError(size) ? -EPROTO : 0;
}

/* Writes the head of a recording, with `meta` in it, into `fd`. */
static int put_head(int fd, struct head *h, const struct rkn_meta *meta)
{
	ssize_t n;

	if (h->chunk.record_size != sizeof(*meta) ||
	    h->chunk.stored_size != sizeof(*meta))
		return -EPROTO;
	memcpy(h->payload, meta, sizeof(*meta));
	h->chunk.payload_crc = crc32_update(0, meta, sizeof(*meta));
	h->chunk.header_crc =
	    crc32_update(0, &h->chunk, offsetof(struct rkn_chunk, header_crc));
	n = pwrite(fd, h, sizeof(*h), 0);
	return n == (ssize_t)sizeof(*h) ? 0 : n < 0 ? -errno : -EIO;
}

/* All bytes of `from`. */
static int copy(int from, int to)
{
	char bytes[16384];
	uint64_t at = 0;
	int64_t n;

	while ((n = model_pread(from, bytes, sizeof(bytes), at)) > 0) {
		ssize_t written = 0, one = 0;

		for (; written < n && one >= 0; written += one)
			one = write(to, bytes + written, (size_t)(n - written));
		if (one < 0)
			return -errno;
		at += (uint64_t)n;
	}
	return (int)n;
}

int recording_copy(const struct model *m, int fd)
{
	struct head h;
	int from = open_head(m->path, O_RDONLY | O_NOFOLLOW, &h), error;

	if (from < 0)
		return from;
	error = copy(from, fd);
	close(from);
	return error ? error : put_head(fd, &h, &m->meta);
}

int model_note(const char *path, const struct rkn_meta *meta)
{
	struct head h;
	int fd = open_head(path, O_RDWR | O_NOFOLLOW, &h), error = -EPROTO;
	struct timespec times[2];
	struct stat st;

	if (fd < 0)
		return fd;
	if (!fstat(fd, &st)) {
		error = put_head(fd, &h, meta);
		/* People go by when it was made. */
		times[0] = st.st_atim;
		times[1] = st.st_mtim;
		futimens(fd, times);
	}
	close(fd);
	return error;
}
