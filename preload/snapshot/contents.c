/* SPDX-License-Identifier: MIT */
/*
 * What blocks hold, as far as that shows memory to be wasted, if the user asks
 * for it: a hash of each, by which equal ones are found, and where its end begins
 * that is zeros.  Never what it holds: the hash has a key that is different in
 * each process and is not kept, so that nobody can try texts against it.
 */
#include <string.h>
#include <sys/auxv.h>
#include <time.h>

#include "libc.h"
#include "memory.h"
#include "own_memory.h"
#include "picture.h"

#define PAGE  4096ull
#define PIECE (64ull << 10) /* copied at once */
#define LARGE (64ull << 20) /* blocks from here on are not looked at */

/* --- SipHash-2-4, by Jean-Philippe Aumasson and Daniel J. Bernstein ------------ */

struct sip {
	uint64_t v[4];
};

static uint64_t rotated(uint64_t x, unsigned by)
{
	return x << by | x >> (64 - by);
}

static void sip_rounds(struct sip *s, unsigned n)
{
	uint64_t *v = s->v;

	for (; n; n--) {
		v[0] += v[1];
		v[1] = rotated(v[1], 13) ^ v[0];
		v[0] = rotated(v[0], 32);
		v[2] += v[3];
		v[3] = rotated(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = rotated(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = rotated(v[1], 17) ^ v[2];
		v[2] = rotated(v[2], 32);
	}
}

static void sip_begin(struct sip *s, const uint64_t key[2])
{
	*s = (struct sip){ { key[0] ^ 0x736f6d6570736575ull,
			     key[1] ^ 0x646f72616e646f6dull,
			     key[0] ^ 0x6c7967656e657261ull,
			     key[1] ^ 0x7465646279746573ull } };
}

static void sip_word(struct sip *s, uint64_t word)
{
	s->v[3] ^= word;
	sip_rounds(s, 2);
	s->v[0] ^= word;
}

/* `size` is a multiple of 8, but for the last part: then all that is left. */
static void sip_bytes(struct sip *s, const uint8_t *bytes, uint64_t size)
{
	uint64_t word;

	for (; size >= 8; size -= 8, bytes += 8) {
		memcpy(&word, bytes, 8);
		sip_word(s, word);
	}
	if (!size)
		return;
	word = 0;
	memcpy(&word, bytes, size);
	sip_word(s, word);
}

static uint64_t sip_end(struct sip *s, uint64_t size)
{
	sip_word(s, size);
	s->v[2] ^= 0xff;
	sip_rounds(s, 4);
	return s->v[0] ^ s->v[1] ^ s->v[2] ^ s->v[3];
}

/* --- Blocks ---------------------------------------------------------------------- */

struct contents {
	struct picture *p;
	struct picture_list list;
	uint64_t key[2];
	uint8_t *piece; /* a copy of PIECE bytes */
};

/* What is known of a block so far, from its start. */
struct shape {
	uint64_t used;  /* up to the last byte that is not 0 */
	uint64_t texts; /* bytes of text that it begins with */
	bool ended;     /* the text has */
};

/* A character, or a byte that UTF-8 may have. */
static bool is_text(uint8_t c)
{
	if (c < 0x20)
		return c == '\t' || c == '\n' || c == '\r';
	return c != 0x7f && c != 0xc0 && c != 0xc1 && c < 0xf5;
}

static void look(struct shape *s, const uint8_t *bytes, uint64_t at,
		 uint64_t size)
{
	for (uint64_t i = 0; i < size; i++) {
		if (bytes[i])
			s->used = at + i + 1;
		if (s->ended)
			continue;
		if (is_text(bytes[i]))
			s->texts++;
		else
			s->ended = true;
	}
}

/* How a block can be read. */
struct way {
	uint64_t start, size;
	bool plain; /* no page lies in it as a whole, so that none is hidden */
	bool has_holes; /* pages that nobody touched hold zeros */
};

/* The bytes from `at` on, or a copy; NULL: they cannot be read. */
static const uint8_t *bytes_at(struct contents *c, const struct way *w,
			       uint64_t at, uint64_t size)
{
	if (w->plain)
		return (const uint8_t *)(uintptr_t)(w->start + at);
	return c->p->copies && memory_peek(c->piece, w->start + at, size)
		   ? c->piece
		   : NULL;
}

/* Bytes from `at` on that nobody touched. */
static uint64_t hole_at(struct contents *c, const struct way *w, uint64_t at)
{
	struct pages *pages = &c->p->pages;
	const uint64_t end = w->start + w->size;
	uint64_t next = w->start + at;

	if (!w->has_holes)
		return 0;
	while ((next = pages_next(pages, next, end)) < end &&
	       !pages_touched(pages, next))
		next = memory_page_end(next, end);
	return next - w->start - at;
}

/* How many bytes from `at` on are looked at next: none of a hole. */
static uint64_t piece_at(struct contents *c, const struct way *w, uint64_t at,
			 uint64_t end)
{
	const uint64_t most = w->start + (end - at < PIECE ? end : at + PIECE);
	uint64_t next = w->start + at;

	if (!w->has_holes)
		return most - next;
	do
		next = memory_page_end(next, most);
	while (next < most && pages_touched(&c->p->pages, next));
	return next - w->start - at;
}

/* False: it cannot be read. */
static bool find_shape(struct contents *c, const struct way *w, struct shape *s)
{
	for (uint64_t at = 0, n; at < w->size; at += n) {
		const uint8_t *bytes;

		n = hole_at(c, w, at);
		if (n) {
			s->ended = true;
			continue;
		}
		n = piece_at(c, w, at, w->size);
		bytes = bytes_at(c, w, at, n);
		if (!bytes)
			return false;
		look(s, bytes, at, n);
	}
	return true;
}

static bool hash(struct contents *c, const struct way *w, uint64_t used,
		 uint64_t *value)
{
	struct sip sip;

	sip_begin(&sip, c->key);
	for (uint64_t at = 0, n; at < used; at += n) {
		const uint8_t *bytes;

		n = hole_at(c, w, at);
		for (uint64_t i = 0; i < n / 8; i++)
			sip_word(&sip, 0);
		if (n)
			continue;
		n = piece_at(c, w, at, used);
		bytes = bytes_at(c, w, at, n);
		if (!bytes)
			return false;
		sip_bytes(&sip, bytes, n);
	}
	*value = sip_end(&sip, used);
	return true;
}

/* In that mapping, at least its beginning. */
static void note(struct contents *c, uint32_t block, const struct map *map)
{
	const struct store_block *b = &c->p->blocks.list[block];
	const uint64_t size = store_block_size(b);
	const uint64_t start = store_block_address(b);
	const bool is_within = start + size <= map->end;
	const struct way w = {
		.start = start,
		.size = size,
		.plain = size < PAGE && is_within && map->readable,
		.has_holes = size >= PAGE && start % 8 == 0 && is_within &&
			     map->private && !map->inode,
	};
	struct shape s = { 0 };
	struct rkn_content *to;
	uint64_t value;

	if (!size || size >= LARGE || !find_shape(c, &w, &s) ||
	    !hash(c, &w, s.used, &value))
		return;
	to = picture_list_add(&c->list);
	if (!to)
		return;
	/* A text ends with one byte of 0, and only those follow. */
	*to = (struct rkn_content){ .hash = value,
				    .used = s.used,
				    .block = block };
	if (s.texts && s.texts == s.used && s.used < size)
		to->flags = RKN_CONTENT_TEXT;
}

static bool find_key(uint64_t key[2])
{
	const void *random = (const void *)libc()->getauxval(AT_RANDOM);
	const uint64_t now = sys_clock(CLOCK_MONOTONIC);

	if (!random || !memory_peek(key, ADDRESS(random), 16))
		return false;
	key[0] ^= now;
	key[1] ^= now << 32;
	return true;
}

void contents_note(struct picture *p)
{
	struct contents c = { .p = p };
	uint32_t m = 0;

	if (!process.settings.contents || stop_runs || !find_key(c.key))
		return;
	c.piece = own_memory_map(PIECE);
	if (!c.piece)
		return;
	picture_list_init(&c.list, STORE_CONTENTS);
	for (uint32_t i = 0; i < p->blocks.count && !c.list.cut; i++) {
		const struct store_block *b = &p->blocks.list[i];

		while (m < p->map_count &&
		       p->maps[m].end <= store_block_address(b))
			m++;
		if (m == p->map_count ||
		    p->maps[m].start > store_block_address(b))
			continue;
		note(&c, i, &p->maps[m]);
	}
	picture_list_end(&c.list);
}
