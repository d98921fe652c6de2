/* SPDX-License-Identifier: MIT */
/* What a recording says of its process, read and written without the rest: META is
 * the first chunk. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parts.h"
#include "recording.h"

/* Opens recording `name` and reads its start. Returns a descriptor, or -errno. */
static int open_head(const char *name, int flags, struct part *part,
		     struct recording_head *h)
{
	int fd = parts_open(name, flags, part), error = -EPROTO;

	if (fd < 0)
		return fd;
	if (part->size)
		error = recording_head_read(fd, part->at, h);
	if (!error)
		return fd;
	close(fd);
	return error;
}

int model_peek(const char *path, struct rkn_meta *meta)
{
	struct recording_head h;
	struct part part;
	int fd = open_head(path, O_RDONLY, &part, &h);

	if (fd < 0)
		return fd;
	close(fd);
	return recording_head_meta(&h, meta);
}

/* The bytes of `part`, of which the first are `h`. */
static int copy(int from, int to, const struct part *part,
		const struct recording_head *h)
{
	char bytes[16384];

	for (uint64_t done = 0; done < part->size;) {
		uint64_t left = part->size - done;
		int64_t n = model_pread(
		    from, bytes, left < sizeof(bytes) ? left : sizeof(bytes),
		    part->at + done);
		int error;

		if (n <= 0)
			return n ? (int)n : -EIO;
		if (!done)
			memcpy(bytes, h, sizeof(*h));
		error = model_write(to, bytes, (size_t)n);
		if (error)
			return error;
		done += (uint64_t)n;
	}
	return 0;
}

int recording_copy(const struct model *m, int fd, uint64_t *size)
{
	struct recording_head h;
	struct part part;
	int from = open_head(m->path, O_RDONLY | O_NOFOLLOW, &part, &h), error;

	if (from < 0)
		return from;
	error = part.size < sizeof(h) ? -EPROTO
				      : recording_head_change(&h, &m->meta);
	if (!error)
		error = copy(from, fd, &part, &h);
	close(from);
	*size = part.size;
	return error;
}

/* Writes all of `h`, which is at `at`, but the file's header: that gets its length
 * meanwhile, perhaps. */
static int rewrite(int fd, uint64_t at, const struct recording_head *h)
{
	const size_t first = offsetof(struct recording_head, chunk);
	const size_t size = sizeof(*h) - first;
	struct timespec times[2];
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (pwrite(fd, (const char *)h + first, size, (off_t)(at + first)) !=
	    (ssize_t)size)
		return -EIO;
	/* People go by when it was made. */
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	futimens(fd, times);
	return 0;
}

int recording_note(int fd, uint64_t at, const struct rkn_meta *meta)
{
	struct recording_head h;
	struct rkn_meta now, then = *meta;
	int error = recording_head_read(fd, at, &h);

	if (!error)
		error = recording_head_meta(&h, &now);
	/* Another run may have written its file there. */
	if (!error && (now.pid != meta->pid || now.start_ns != meta->start_ns))
		error = -ESTALE;
	if (error)
		return error;
	then.flags =
	    (then.flags & ~RKN_META_RUN_OPEN) | (now.flags & RKN_META_RUN_OPEN);
	error = recording_head_change(&h, &then);
	return error ? error : rewrite(fd, at, &h);
}

int recording_complete(int fd)
{
	struct recording_head h;
	struct rkn_meta meta = { 0 };
	int error = recording_head_read(fd, 0, &h);

	if (!error)
		error = recording_head_meta(&h, &meta);
	if (error || !(meta.flags & RKN_META_RUN_OPEN))
		return error;
	meta.flags &= ~RKN_META_RUN_OPEN;
	error = recording_head_change(&h, &meta);
	return error ? error : rewrite(fd, 0, &h);
}

int model_note(const char *path, const struct rkn_meta *meta)
{
	struct part part;
	int fd = parts_open(path, O_RDWR | O_NOFOLLOW, &part), error = -EPROTO;

	if (fd < 0)
		return fd;
	if (part.size)
		error = recording_note(fd, part.at, meta);
	close(fd);
	return error;
}
