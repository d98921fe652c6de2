/* SPDX-License-Identifier: MIT */
/*
 * What is loaded around an address.  An executable's segments need not touch:
 * between them there may be other mappings, and _dl_find_object() gives one
 * segment as its range, or all with what lies between.  So the program's range
 * is read from its program headers, once: it is never unloaded.  A library's
 * is as the loader says, for that closes what lies between its segments.
 *
 * No lock; all of it may run inside malloc, in a signal handler and in a forked
 * child, also while another thread is in dlopen() or dlclose().
 */
#ifndef IMAGE_H
#define IMAGE_H

#include <link.h>
#include <stdbool.h>
#include <stdint.h>

struct image {
	const struct link_map *map;
	uint64_t start, end;   /* of all its segments */
	const uint8_t *unwind; /* .eh_frame_hdr; NULL: none */
	bool segments;         /* some of start .. end may not be the image's */
};

/* The image with a segment at `address`, whose last page counts whole. False:
 * none. */
bool image_find(uint64_t address, struct image *image);

/* The end of what the image has to read from `at` on; NULL: it has nothing. */
const uint8_t *image_readable(const struct image *image, const uint8_t *at);

/* Its program headers, which may be unmapped by a program that hides; NULL:
 * not known. */
const ElfW(Phdr) * image_headers(const struct image *image, uint32_t *count);

#endif
