/* SPDX-License-Identifier: MIT */
/*
 * The two forms of a recording, behind model_load() and model_save().  The
 * function that finds an error sets m->error, by model_error().
 */
#ifndef RECORDING_H
#define RECORDING_H

#include "model.h"

/*
 * Reads the `size` bytes at `at` of `fd` into an empty `m`, whose path is set. 0,
 * -errno, or -ENODATA as model_load() has it.
 */
int recording_read(struct model *m, int fd, uint64_t at, uint64_t size);
/* The same of all `size` bytes of `fd`. */
int store_read(struct model *m, int fd, uint64_t size);

/* Writes the finished form to `fd`, which is at its end, `at`. Sets *size to the
 * bytes that it took; 0 or -errno. */
int recording_write(const struct model *m, int fd, uint64_t at, uint64_t *size);

/* The same by a copy of m->path, with m->meta in it; for where m->packed. */
int recording_copy(const struct model *m, int fd, uint64_t *size);

/* The start of a finished recording, META being its first chunk. What records of
 * later versions have more is not read. */
struct recording_head {
	struct rkn_file_header file;
	struct rkn_chunk chunk;
	unsigned char payload[sizeof(struct rkn_meta)];
};

/* Reads the one at `at`, and checks it. 0, -errno, or -EPROTO: it is not whole. */
int recording_head_read(int fd, uint64_t at, struct recording_head *h);
/* What it says of its process. 0, or -EPROTO with nothing in *meta. */
int recording_head_meta(const struct recording_head *h, struct rkn_meta *meta);
/* Puts `meta` into it. 0, or -EPROTO: another version wrote it. */
int recording_head_change(struct recording_head *h,
			  const struct rkn_meta *meta);

/* model_note() of the one at `at` of `fd`. */
int recording_note(int fd, uint64_t at, const struct rkn_meta *meta);
/* Takes RKN_META_RUN_OPEN from the first. 0 or -errno. */
int recording_complete(int fd);

/* Writes "PATH: " and the sentence into m->error; returns `error`. */
int model_error(struct model *m, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Reads all of `size` bytes at `offset`, unless the file ends. Returns how
 * many, or -errno. */
int64_t model_pread(int fd, void *to, uint64_t size, uint64_t offset);

/* Writes all of `size` bytes. 0 or -errno. */
int model_write(int fd, const void *data, size_t size);

#endif
