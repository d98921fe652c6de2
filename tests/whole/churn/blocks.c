/* SPDX-License-Identifier: MIT */
#include "blocks.h"

#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "roots.h"
#include "scrub.h"

#define DUMMY "fill, not an address "

struct book *book;
bool blocks_stale;
static uint32_t unused[BOOK_REFS]; /* below ref_count */
static uint32_t unused_count;
static bool reached[BOOK_BLOCKS];
static bool reached_known;
static atomic_flag busy = ATOMIC_FLAG_INIT;

static void lock(void)
{
	while (atomic_flag_test_and_set(&busy))
		sched_yield();
	reached_known = false;
}

static void unlock(void)
{
	atomic_flag_clear(&busy);
}

static struct book *map_book(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	void *p;

	if (fd < 0 || ftruncate(fd, sizeof(*book)))
		abort();
	p = mmap(NULL, sizeof(*book), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		 0);
	if (p == MAP_FAILED)
		abort();
	close(fd);
	return p;
}

void blocks_open(const char *path, uint64_t seed)
{
	book = map_book(path);
	book->magic = BOOK_MAGIC;
	book->pid = (uint32_t)getpid();
	book->seed = seed;
}

void blocks_fork(const char *path)
{
	struct book *own = map_book(path);

	memcpy(own, book, sizeof(*own));
	munmap(book, sizeof(*book));
	book = own;
	book->pid = (uint32_t)getpid();
	for (uint32_t i = 0; i < book->block_count; i++)
		if (book->blocks[i].state == BOOK_ALIVE)
			book->blocks[i].state = BOOK_INHERITED;
}

bool blocks_full(uint32_t n)
{
	return book->block_count + n > BOOK_BLOCKS ||
	       book->ref_count + n > BOOK_REFS;
}

size_t blocks_size(uint32_t block)
{
	return (size_t)book->blocks[block].size;
}

/* Nothing of what is written is an address, nor is what may be left of it. */
static NOINLINE void fill_block(uint64_t hidden, size_t from, size_t size,
				enum fill fill)
{
	static const char text[] = DUMMY;
	char *p = book_seek(hidden);

	if (fill == FILL_ALL)
		memset(p + from, 'x', size - from);
	else if (fill == FILL_TEXT)
		memcpy(p, text, size < sizeof(text) ? size : sizeof(text));
}

uint32_t blocks_make(struct world *w, unsigned site, enum how how, size_t size,
		     enum fill fill)
{
	struct book_block *b;
	uint32_t block;

	lock();
	if (book->block_count == BOOK_BLOCKS)
		abort();
	block = book->block_count++;
	unlock();
	b = &book->blocks[block];
	b->size = size;
	b->made_step = b->lost_step = w->step;
	b->made_by = b->lost_by = (uint8_t)w->by;
	b->hidden = sites_allocate(site, how, size, block);
	if (blocks_stale && how != HOW_CALLOC)
		fill = FILL_ALL;
	if (how < HOW_STRDUP)
		fill_block(b->hidden, 0, size, fill);
	b->state = BOOK_ALIVE;
	return block;
}

size_t blocks_some_size(struct world *w, size_t least)
{
	size_t size;

	if (chance(w, 60))
		size = w->sizes[roll(w, WORLD_SIZES)];
	else if (chance(w, 60))
		size = between(w, 1, 128);
	else if (chance(w, 80))
		size = between(w, 1, 3000);
	else
		size = between(w, 1, chance(w, 20) ? 300000 : 30000);
	return size < least ? least : size;
}

uint32_t blocks_make_some(struct world *w, size_t size)
{
	enum how how = HOW_MALLOC;

	if (chance(w, 40))
		how = (enum how)roll(w, HOW_STRDUP);
	return blocks_make(w, roll(w, SITES), how, size, (enum fill)roll(w, 3));
}

/* The same for blocks and for roots. */
static NOINLINE void store(uint32_t from, size_t at, uint64_t hidden,
			   size_t offset)
{
	void *value = hidden ? (char *)book_seek(hidden) + offset : NULL;

	if (from & BOOK_ROOT)
		roots_store(from & ~BOOK_ROOT, value);
	else
		memcpy((char *)book_seek(book->blocks[from].hidden) + at,
		       &value, sizeof(value));
}

static void add_ref(uint32_t from, size_t at, uint32_t to, size_t offset)
{
	uint32_t ref;

	if (unused_count)
		ref = unused[--unused_count];
	else if (book->ref_count < BOOK_REFS)
		ref = book->ref_count++;
	else
		abort();
	book->refs[ref] = (struct book_ref){ from, to, at, offset };
	book->blocks[to].in++;
	if (from & BOOK_ROOT)
		roots_take(from & ~BOOK_ROOT, ref);
	else
		book->blocks[from].out++;
}

static void remove_ref(struct world *w, uint32_t ref)
{
	struct book_ref *r = &book->refs[ref];
	struct book_block *to = &book->blocks[r->to];

	to->in--;
	to->lost_by = (uint8_t)w->by;
	to->lost_step = w->step;
	if (r->from & BOOK_ROOT)
		roots_take(r->from & ~BOOK_ROOT, BOOK_NONE);
	else
		book->blocks[r->from].out--;
	r->from = BOOK_NONE;
	unused[unused_count++] = ref;
}

void blocks_point(uint32_t from, size_t at, uint32_t to, size_t offset)
{
	lock();
	add_ref(from, at, to, offset);
	store(from, at, book->blocks[to].hidden, offset);
	unlock();
}

void blocks_hold(uint32_t from, uint32_t to)
{
	lock();
	add_ref(from, 0, to, 0);
	unlock();
}

static void cut(struct world *w, uint32_t ref)
{
	store(book->refs[ref].from, book->refs[ref].at, 0, 0);
	remove_ref(w, ref);
}

void blocks_cut(struct world *w, uint32_t ref)
{
	lock();
	cut(w, ref);
	unlock();
}

void blocks_forget(struct world *w, uint32_t ref)
{
	lock();
	remove_ref(w, ref);
	unlock();
}

uint32_t blocks_ref_at(uint32_t from, size_t at)
{
	for (uint32_t i = 0; i < book->ref_count; i++)
		if (book->refs[i].from == from && book->refs[i].at == at)
			return i;
	return BOOK_NONE;
}

size_t blocks_room(struct world *w, uint32_t block)
{
	size_t words = blocks_size(block) / 8;

	if (book->blocks[block].fixed)
		return SIZE_MAX;
	for (int i = 0; i < 8 && words; i++) {
		size_t at = roll(w, (uint32_t)words) * 8ul;

		if (blocks_ref_at(block, at) == BOOK_NONE)
			return at;
	}
	return SIZE_MAX;
}

/* A child keeps what it inherited, so that nobody need say whether what such a
 * block holds is lost when only the child has lost it. */
static bool may_follow(uint32_t block, const struct book_ref *r)
{
	if (r->from == block)
		return book->blocks[r->to].state != BOOK_INHERITED;
	return r->from == BOOK_NONE || r->to != block ||
	       !(r->from & BOOK_ROOT) || roots_may_change(r->from & ~BOOK_ROOT);
}

bool blocks_may_free(uint32_t block)
{
	if (book->blocks[block].fixed)
		return false;
	for (uint32_t i = 0; i < book->ref_count; i++)
		if (!may_follow(block, &book->refs[i]))
			return false;
	return true;
}

static NOINLINE void free_hidden(uint64_t hidden)
{
	free(book_seek(hidden));
}

void blocks_free(struct world *w, uint32_t block)
{
	struct book_block *b = &book->blocks[block];

	lock();
	for (uint32_t i = 0; b->in || b->out; i++)
		if (book->refs[i].from != BOOK_NONE &&
		    book->refs[i].to == block)
			cut(w, i);
		else if (book->refs[i].from != block)
			continue;
		else if (blocks_stale)
			remove_ref(w, i);
		else
			cut(w, i);
	b->state = BOOK_FREED;
	unlock();
	free_hidden(b->hidden);
}

/* Pointers are taken out before and written again after it: what libc copies
 * and leaves behind must hold none. */
static void move_refs(uint32_t block, bool out)
{
	for (uint32_t i = 0; i < book->ref_count; i++) {
		const struct book_ref *r = &book->refs[i];

		if (r->from == BOOK_NONE ||
		    (r->from != block && (r->to != block || out)))
			continue;
		store(r->from, r->at, out ? 0 : book->blocks[r->to].hidden,
		      r->offset);
	}
}

void blocks_resize(struct world *w, uint32_t block, size_t size)
{
	struct book_block *b = &book->blocks[block];

	lock();
	for (uint32_t i = 0; i < book->ref_count; i++) {
		struct book_ref *r = &book->refs[i];

		if (r->from == block && r->at + 8 > size)
			cut(w, i);
		else if (r->from != BOOK_NONE && r->to == block &&
			 r->offset > size)
			cut(w, i);
	}
	move_refs(block, true);
	b->hidden = sites_resize(b->hidden, size, block);
	if (blocks_stale && size > b->size)
		fill_block(b->hidden, b->size, size, FILL_ALL);
	b->size = size;
	b->state = BOOK_ALIVE;
	move_refs(block, false);
	unlock();
}

void blocks_shrink_over(struct world *w, uint32_t block, size_t at, uint32_t to,
			size_t size)
{
	struct book_block *b = &book->blocks[block];

	lock();
	b->fixed = 1;
	store(block, at, book->blocks[to].hidden, 0);
	b->hidden = sites_resize(b->hidden, size, block);
	b->size = size;
	move_refs(block, false);
	book->blocks[to].lost_by = (uint8_t)w->by;
	book->blocks[to].lost_step = w->step;
	unlock();
}

/* The word, hidden. */
static NOINLINE uint64_t load(uint32_t from, size_t at)
{
	void *value;

	if (from & BOOK_ROOT)
		return roots_load(from & ~BOOK_ROOT);
	memcpy(&value, (char *)book_seek(book->blocks[from].hidden) + at,
	       sizeof(value));
	return book_hide(value);
}

bool blocks_are_right(void)
{
	for (uint32_t i = 0; i < book->ref_count; i++) {
		const struct book_ref *r = &book->refs[i];
		uint64_t hidden;

		if (r->from == BOOK_NONE ||
		    (r->from & BOOK_ROOT &&
		     !roots_is_word(r->from & ~BOOK_ROOT)))
			continue;
		hidden = book->blocks[r->to].hidden;
		if (load(r->from, r->at) !=
		    book_hide((char *)book_seek(hidden) + r->offset))
			return false;
	}
	return true;
}

/* Which blocks do roots lead to? */
static void reach(void)
{
	bool more = true;

	if (reached_known)
		return;
	memset(reached, 0, sizeof(reached));
	while (more) {
		more = false;
		for (uint32_t i = 0; i < book->ref_count; i++) {
			const struct book_ref *r = &book->refs[i];

			if (r->from == BOOK_NONE || reached[r->to] ||
			    (!(r->from & BOOK_ROOT) && !reached[r->from]))
				continue;
			reached[r->to] = more = true;
		}
	}
	reached_known = true;
}

uint32_t blocks_pick(struct world *w, size_t least)
{
	uint32_t count = 0, nth;

	reach();
	for (uint32_t i = 0; i < book->block_count; i++)
		count += reached[i] && book->blocks[i].size >= least;
	if (!count)
		return BOOK_NONE;
	nth = roll(w, count);
	for (uint32_t i = 0;; i++)
		if (reached[i] && book->blocks[i].size >= least && !nth--)
			return i;
}

static bool may_cut(uint32_t ref, bool in_root)
{
	const struct book_ref *r = &book->refs[ref];

	if (r->from == BOOK_NONE || book->blocks[r->to].state == BOOK_INHERITED)
		return false;
	if (r->from & BOOK_ROOT)
		return in_root && roots_may_change(r->from & ~BOOK_ROOT);
	return !in_root && reached[r->from];
}

uint32_t blocks_pick_ref(struct world *w, bool in_root)
{
	uint32_t count = 0, nth;

	reach();
	for (uint32_t i = 0; i < book->ref_count; i++)
		count += may_cut(i, in_root);
	if (!count)
		return BOOK_NONE;
	nth = roll(w, count);
	for (uint32_t i = 0;; i++)
		if (may_cut(i, in_root) && !nth--)
			return i;
}

void blocks_place(struct world *w, uint32_t block)
{
	uint32_t root = roots_pick(w), holder, ref;

	if (root == BOOK_NONE || chance(w, 50)) {
		holder = blocks_pick(w, 16);
		if (holder != BOOK_NONE && holder != block) {
			size_t at = blocks_room(w, holder);

			if (at != SIZE_MAX)
				return blocks_point(holder, at, block, 0);
		}
	}
	if (root == BOOK_NONE) {
		ref = blocks_pick_ref(w, true);
		if (ref == BOOK_NONE)
			return; /* lost as soon as it was made */
		root = book->refs[ref].from & ~BOOK_ROOT;
		blocks_cut(w, ref);
	}
	blocks_point(BOOK_ROOT | root, 0, block, 0);
}
