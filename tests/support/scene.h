/* SPDX-License-Identifier: MIT */
/*
 * Hand-made recordings for the tests of what comes after reading one: blocks,
 * pointers and roots by number, and functions by name in place of symbols.
 */
#ifndef SCENE_H
#define SCENE_H

#include "reading.h"

#define SCENE_MOST 64 /* blocks, stacks, frames; four times as many edges */

/* The fake behind symbols.h: frame i is in functions[i] of "/bin/scene". */
struct symbols {
	const char *functions[SCENE_MOST]; /* NULL: not known */
	const char *inlined[SCENE_MOST];   /* into that; NULL: nothing */
	const char *modules[SCENE_MOST];   /* NULL: "/bin/scene" */
	const char *files[SCENE_MOST];     /* NULL: "scene.c" */
	unsigned lines[SCENE_MOST];        /* 0: the frame's number */
	unsigned columns[SCENE_MOST];      /* 0: not known */
	const char *calls[SCENE_MOST];     /* that the frame calls; NULL: not
					      known */
	uint64_t builds[SCENE_MOST];       /* of functions that are not known */
	const char *data; /* name of any data object; NULL: not known */
	unsigned asked;   /* how often for a frame */
};

struct scene {
	struct model m;
	struct rkn_block blocks[SCENE_MOST];
	struct rkn_edge edges[4 * SCENE_MOST];
	struct rkn_root roots[SCENE_MOST];
	struct rkn_frame frames[SCENE_MOST];
	struct rkn_stack stacks[SCENE_MOST];
	struct rkn_module module;
	struct rkn_thread threads[2];
	struct rkn_name names[SCENE_MOST];
	struct rkn_object objects[SCENE_MOST];
	struct rkn_reference references[SCENE_MOST];
	struct rkn_event events[SCENE_MOST];
	char texts[1024]; /* what m.strings is */
	struct symbols symbols;
};

/* What reads the scene as it is now; close its names. */
struct reading scene_read(struct scene *s);

/* An empty recording with a complete snapshot. */
void scene_init(struct scene *s);
/* A stack whose functions are `names`, innermost first, ended by NULL; its
 * number. At most once in a scene for equal names. */
uint32_t scene_stack(struct scene *s, const char *const *names);
/* A stack of main and `function`. */
uint32_t scene_in(struct scene *s, const char *function);
/* The next block; its number. */
uint32_t scene_block(struct scene *s, uint32_t stack, uint64_t size);
/* A word at `offset` (a multiple of 8) of `from` that points to `to` +
 * `to_offset`. In any order. */
void scene_edge(struct scene *s, uint32_t from, uint64_t offset, uint32_t to,
		uint32_t to_offset);
/* A root word that points to `block` + `to_offset`. */
void scene_root(struct scene *s, uint32_t block, uint32_t to_offset);
/* The program said that `block` is in use. */
void scene_declared_root(struct scene *s, uint32_t block);

/* An object at `offset` of `block`, made where the block was, with `count`
 * references of which none is its maker's; its number. In the order of their
 * addresses. */
uint32_t scene_object(struct scene *s, uint32_t block, uint32_t offset,
		      const char *type, int64_t count);
/* One that has ended, of the type `type`. After all others. */
uint32_t scene_ended(struct scene *s, const char *type);
/* A reference on `to` that `from` (0: nobody) holds in `field` (NULL: not
 * said); its order is the number of the call. By ascending `to`. */
struct rkn_reference *scene_reference(struct scene *s, uint32_t to,
				      uint32_t from, const char *field);
/* A release of `object` with that order, for no named holder. */
void scene_release(struct scene *s, uint32_t object, uint64_t order);

#endif
