/* SPDX-License-Identifier: MIT */
#include "picture.h"

#include "spare.h"

#define PIECE_BYTES (1u << 20)

/* Rows as they come: roots are searched first, and both in ascending order; those
 * of places are in no order, and some are there several times. */
struct wide_piece {
	struct wide_piece *next;
	uint64_t count;
	struct rkn_wide rows[(PIECE_BYTES - 16) / sizeof(struct rkn_wide)];
};
static_assert(sizeof(struct wide_piece) <= PIECE_BYTES, "piece too large");

#define PIECE_ROWS                                                             \
	(sizeof(((struct wide_piece *)NULL)->rows) / sizeof(struct rkn_wide))

static void add(struct picture *p, const struct rkn_wide *row)
{
	struct wide_piece *piece = p->wide_last;

	if (!piece || piece->count == PIECE_ROWS) {
		piece = spare_map(PIECE_BYTES);
		if (!piece)
			return;
		if (p->wide_last)
			p->wide_last->next = piece;
		else
			p->wide = piece;
		p->wide_last = piece;
	}
	piece->rows[piece->count++] = *row;
}

void wide_note(struct picture *p, enum rkn_wide_kind kind, uint64_t from_word,
	       uint64_t to_offset)
{
	const struct store_header *h = store.header;
	const uint64_t count =
	    kind == RKN_WIDE_EDGE ? h->edges : h->tables[STORE_ROOTS].count;

	add(p, &(struct rkn_wide){
		   .kind = kind,
		   .index = (uint32_t)count - 1,
		   .from_word = from_word,
		   .to_offset = to_offset,
	       });
}

void wide_note_place(struct picture *p, enum rkn_wide_kind kind, uint32_t block,
		     uint64_t offset)
{
	add(p, &(struct rkn_wide){
		   .kind = kind, .index = block, .to_offset = offset });
}

void wide_finish(struct picture *p)
{
	struct picture_list list;

	picture_list_init(&list, STORE_WIDE);
	while (p->wide) {
		struct wide_piece *piece = p->wide;

		for (uint64_t i = 0; i < piece->count; i++) {
			struct rkn_wide *row = picture_list_add(&list);

			if (row)
				*row = piece->rows[i];
		}
		p->wide = piece->next;
		spare_unmap(piece, PIECE_BYTES);
	}
	p->wide_last = NULL;
	picture_list_finish(p, &list);
}
