/* SPDX-License-Identifier: MIT */
/*
 * What is loaded around an address.  An executable's segments need not touch:
 * between them there may be other mappings, and _dl_find_object() gives one
 * segment as its range, or all with what lies between.  So the program's range
 * is read from its program headers, once: it is never unloaded.  For a library
 * the loader's range is right, for the loader closes gaps between its segments.
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

/* Finds the image with a segment at `address`; a segment's last page counts as
 * a whole. False if there is none. */
bool image_find(uint64_t address, struct image *image);

/*
 * Finds the library with a segment at `address`, as the loader's list and the
 * libraries' own headers say: for C libraries before 2.35, which have no
 * _dl_find_object(). Other threads may be in dlopen() or dlclose(), so both are
 * read as copies that the kernel makes; what cannot be read is not there.
 * Namespaces of dlmopen() are not in that list.
 */
bool image_find_listed(uint64_t address, struct image *image);

/* The end of the image's readable bytes from `at` on; NULL if there are none.
 */
const uint8_t *image_readable(const struct image *image, const uint8_t *at);

/* The image's program headers, which a program that hides may have unmapped;
 * NULL if they are not known. */
const ElfW(Phdr) * image_headers(const struct image *image, uint32_t *count);

#endif
