/* SPDX-License-Identifier: MIT */
/*
 * The two forms of a recording, behind model_load() and model_save().  The
 * function that finds an error sets m->error, by model_error().
 */
#ifndef RECORDING_H
#define RECORDING_H

#include "model.h"

/*
 * Reads the `size` bytes of `fd` into an empty `m`, whose path is set. 0,
 * -errno, or -ENODATA as model_load() has it.
 */
int recording_read(struct model *m, int fd, uint64_t size);
int store_read(struct model *m, int fd, uint64_t size);

/* Writes the finished form; 0 or -errno. `fd` is at its start. */
int recording_write(const struct model *m, int fd);

/* The same by a copy of m->path, with m->meta in it; for where m->packed. */
int recording_copy(const struct model *m, int fd);

/* Writes "PATH: " and the sentence into m->error; returns `error`. */
int model_error(struct model *m, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Reads all of `size` bytes at `offset`, unless the file ends. Returns how
 * many, or -errno. */
int64_t model_pread(int fd, void *to, uint64_t size, uint64_t offset);

#endif
