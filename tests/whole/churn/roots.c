/* SPDX-License-Identifier: MIT */
#include "roots.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "blocks.h"
#include "library.h"

struct root {
	uint64_t word; /* its address, hidden: stacks of threads come and go;
			  0: a key */
	pthread_key_t key;
	uint32_t ref; /* 1 + that it holds; 0 */
	bool gone;
	pthread_t owner; /* of the key's value */
};

static struct root roots[BOOK_ROOTS];
static void *volatile data[8] = { (void *)1, (void *)2 };
static void *volatile zero[8];
static _Thread_local void *volatile variables[4];

uint32_t roots_add(enum root_kind kind, void *volatile *word)
{
	uint32_t root = book->root_count;

	if (root == BOOK_ROOTS)
		return BOOK_NONE;
	book->root_kinds[root] = (uint8_t)kind;
	book->root_count++;
	roots[root] = (struct root){ .word = word ? book_hide(word) : 0 };
	return root;
}

uint32_t roots_add_key(void)
{
	uint32_t root = roots_add(ROOT_KEY, NULL);

	if (root == BOOK_NONE)
		return root;
	if (pthread_key_create(&roots[root].key, NULL))
		abort();
	roots[root].owner = pthread_self();
	return root;
}

static void add_all(enum root_kind kind, void *volatile *words, int count)
{
	for (int i = 0; i < count; i++)
		roots_add(kind, &words[i]);
}

static void *volatile *map(int flags)
{
	void *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
		       flags | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

void roots_init(void *volatile *stack)
{
	add_all(ROOT_DATA, data, 8);
	add_all(ROOT_ZERO, zero, 8);
	add_all(ROOT_LIBRARY, library_data(), 4);
	add_all(ROOT_LIBRARY_TLS, library_tls(), 2);
	add_all(ROOT_TLS, variables, 4);
	add_all(ROOT_STACK, stack, 8);
	add_all(ROOT_MAP, map(MAP_PRIVATE) + 500, 8);
	add_all(ROOT_SHARED_MAP, map(MAP_SHARED) + 600, 2);
	for (int i = 0; i < 3; i++)
		roots_add_key();
}

void roots_store(uint32_t root, void *value)
{
	struct root *r = &roots[root];

	void *volatile *word = r->word ? book_seek(r->word) : NULL;

	if (word)
		*word = value;
	else if (pthread_setspecific(r->key, value))
		abort();
}

bool roots_is_word(uint32_t root)
{
	return roots[root].word;
}

uint64_t roots_load(uint32_t root)
{
	void *volatile *word = book_seek(roots[root].word);

	return book_hide(*word);
}

void roots_take(uint32_t root, uint32_t ref)
{
	roots[root].ref = ref == BOOK_NONE ? 0 : ref + 1;
}

bool roots_may_change(uint32_t root)
{
	const struct root *r = &roots[root];
	uint8_t kind = book->root_kinds[root];

	return !r->gone && kind != ROOT_REGISTER && kind != ROOT_CONTEXT &&
	       (r->word || r->owner == pthread_self());
}

uint32_t roots_pick(struct world *w)
{
	uint32_t count = 0, nth;

	for (uint32_t i = 0; i < book->root_count; i++)
		count += !roots[i].ref && roots_may_change(i);
	if (!count)
		return BOOK_NONE;
	nth = roll(w, count);
	for (uint32_t i = 0;; i++)
		if (!roots[i].ref && roots_may_change(i) && !nth--)
			return i;
}

void roots_end(struct world *w, uint32_t first, uint32_t end)
{
	for (uint32_t i = first; i < end; i++) {
		roots[i].gone = true;
		if (roots[i].ref)
			blocks_forget(w, roots[i].ref - 1);
	}
}

void roots_end_kind(struct world *w, enum root_kind kind)
{
	for (uint32_t i = 0; i < book->root_count; i++)
		if (book->root_kinds[i] == kind)
			roots_end(w, i, i + 1);
}
