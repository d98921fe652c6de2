/* SPDX-License-Identifier: MIT */
/*
 * What a root word is in the program: a variable outside of functions, or static;
 * a thread-local one; or a variable of a function that had not returned, by the
 * frames that the recording has of its threads.  A word of a frame that is a
 * register of a caller's, which the function keeps there, is that caller's
 * variable.  All die when out of memory.
 */
#ifndef ROOT_PLACES_H
#define ROOT_PLACES_H

#include "locals.h"
#include "sites.h"

enum root_place_kind {
	ROOT_PLACE_NONE, /* it is not known */
	ROOT_PLACE_GLOBAL,
	ROOT_PLACE_THREAD_LOCAL,
	ROOT_PLACE_LOCAL,
	ROOT_PLACE_FRAME, /* it is in a frame, in none of its variables */
};

struct root_place {
	enum root_place_kind kind;
	const struct global *global; /* of the first two kinds; NULL: its
					module has no debug information */
	const struct local *local;   /* LOCAL */
	const struct c_type *type;   /* of the variable; NULL: not known */
	uint64_t offset;             /* in the variable, bytes; of a global that
				        is not known: in the module's thread-local
				        ones */
	uint32_t module;             /* RKN_NONE: none */
	uint64_t pc; /* LOCAL, FRAME: of the function's frame, as a return
			    address */
};

struct root_places;

/* All must outlive the result. */
struct root_places *root_places_open(const struct model *m, struct sites *s);
void root_places_close(struct root_places *p);

/* Of a root of the model's. What it leads to lives as long as the sites. */
struct root_place root_places_of(struct root_places *p,
				 const struct rkn_root *root);

#endif
