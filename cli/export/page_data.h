/* SPDX-License-Identifier: MIT */
/*
 * One recording of a page at work; only the page*.c files share it. Each part
 * writes members of one JSON object, whose columns are arrays of numbers. Texts
 * are numbers, too: indices into `texts`, which is written last.
 */
#ifndef PAGE_DATA_H
#define PAGE_DATA_H

#include "export.h"
#include "holding.h"

/* What a page has at most; it says what it has not. */
#define PAGE_FINDINGS   500
#define PAGE_MEMBERS    20000 /* of all findings; then FINDING_DRAWN each */
#define PAGE_OBJECTS    50000
#define PAGE_EDGES      250000
#define PAGE_ROOTS      50000
#define PAGE_NODES      200000 /* of the tree of what keeps what */
#define PAGE_GROUPS     20000  /* types, and sites */
#define PAGE_FLAME      400000 /* nodes of the flame graph */
#define PAGE_FRAME_ROWS 200000 /* of all key frames */
#define PAGE_STEPS      128    /* of the run, see page_made.h */
#define PAGE_MADE_ROWS  300000

struct page_text; /* a hash table; NULL: empty */

/* How much a block keeps, itself included. */
struct page_kept {
	uint64_t objects, bytes;
};

/* The numbers of blocks that were handed out by a time of the run. */
struct page_step {
	uint64_t time_ns;
	uint64_t births;
};

struct page_data {
	FILE *out;
	const struct exporting *e;
	const struct reading *in;
	const struct model *m;
	bool comma; /* before the next member or number */
	struct page_text *texts;
	const char **listed; /* by number */
	size_t text_count;
	char **notes; /* sentences: what was left out */
	size_t note_count;
	struct profile_tree tree;
	size_t step_count; /* 0: it is not known what was made when */
	struct page_step steps[PAGE_STEPS + 1]; /* ascending */
	uint32_t *site; /* text, per stack of the model */
	/* Of each block, where `why` is NULL. */
	char room[OBSTACLE_SIZE];
	const char *why; /* one clause: what keeps what is not known */
	struct holding holding;
	uint32_t *dominator; /* RKN_NONE: it has none */
	/* The same if ways begin at each block of a lost component: what alone
	 * keeps a block. It may be the same array. */
	uint32_t *keeper;
	uint32_t *order;  /* blocks, each after its dominator */
	uint32_t reached; /* how many */
	struct page_kept *kept;
};

/* Members of the object: "name":, and "name":[ with its ]. */
void page_member(struct page_data *d, const char *name);
void page_list(struct page_data *d, const char *name);
void page_list_end(struct page_data *d);
/* "name":{ with its }. */
void page_object(struct page_data *d, const char *name);
void page_object_end(struct page_data *d);
/* { as the next of a list, with the same }. */
void page_element(struct page_data *d);
/* A number of a list. */
void page_number(struct page_data *d, int64_t value);

/* A whole list: `value`, an expression of `i`, for i in 0 .. count. */
#define PAGE_COLUMN(d, name, count, i, value)                                  \
	do {                                                                   \
		page_list(d, name);                                            \
		for (size_t i = 0; i < (count); i++)                           \
			page_number(d, (int64_t)(value));                      \
		page_list_end(d);                                              \
	} while (0)

/* The number of a text; of NULL -1. The text is copied. */
int64_t page_text(struct page_data *d, const char *text);
/* The same; frees `text`. */
int64_t page_take(struct page_data *d, char *text);
void page_texts_write(struct page_data *d);

/* A sentence about what the page has not, which it shows. */
void page_note(struct page_data *d, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The site of blocks of stack `s`, a text. */
uint32_t page_site(struct page_data *d, uint32_t s);

/* The node of the flame graph that stack `s` ends in; -1: it has no values. */
int64_t page_node(const struct page_data *d, uint32_t s);

void page_data_open(struct page_data *d, FILE *out, const struct exporting *e);
void page_data_close(struct page_data *d);

#endif
