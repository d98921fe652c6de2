/* SPDX-License-Identifier: MIT */
#include "names.h"

#include <errno.h>
#include <refknot.h>
#include <string.h>

#include "own_memory.h"

#define SLOTS (1u << 17) /* twice the names that there can be */

static uint32_t *index_of; /* of SLOTS hashes: the name's number; 0: none */

static const char more[] = "(more names)";

/* Most texts are literals: the number that the text at an address had lately. */
#define MEMO 256
static uint32_t memo[MEMO];

static uint32_t *memo_of(const char *text)
{
	uint64_t at = (uint64_t)(uintptr_t)text;

	return &memo[(at ^ at >> 8) % MEMO];
}

/* The number of `text` if it is "" or was found lately; else RKN_NONE. */
static uint32_t recall(const char *text)
{
	uint32_t number;

	if (!text || !*text)
		return 0;
	number = __atomic_load_n(memo_of(text), __ATOMIC_ACQUIRE);
	return likely(number && names_same(names_text(number), text))
		   ? number
		   : RKN_NONE;
}

struct name {
	const char *text;
	size_t size;
	uint32_t slot;
};

static struct name name_of(const char *text)
{
	struct name n = { text, 0, 0x811c9dc5u };

	for (; n.size < REFKNOT_NAME_MAX && text[n.size]; n.size++)
		n.slot = (n.slot ^ (unsigned char)text[n.size]) * 0x01000193u;
	n.slot = (n.slot ^ n.slot >> 16) % SLOTS;
	return n;
}

const char *names_text(uint32_t number)
{
	const struct store_table *tables = store.header->tables;
	const struct store_name *names = store_at(tables[STORE_NAMES].offset);

	return store_at(tables[STORE_TEXT].offset + names[number].text);
}

int names_make(void)
{
	struct store_name *r;
	uint32_t number;

	index_of = own_memory_table(index_of, SLOTS * sizeof(*index_of));
	memset(memo, 0, sizeof(memo));
	number = (uint32_t)store_append(STORE_NAMES);
	r = number ? names_record(number) : NULL;
	if (r)
		r->text = store_text(more, sizeof(more) - 1);
	return index_of ? 0 : -ENOMEM;
}

/* The slot that has the name, or the free one where it belongs; NULL: full. */
static uint32_t *find(const struct name *n)
{
	uint32_t slot = n->slot;

	for (uint32_t i = 0; i < SLOTS; i++, slot = (slot + 1) % SLOTS) {
		uint32_t number =
		    __atomic_load_n(&index_of[slot], __ATOMIC_ACQUIRE);
		const char *text = number ? names_text(number) : "";
		size_t at = 0;

		/* Byte by byte: the store may end behind its last text. */
		while (number && at < n->size && text[at] == n->text[at])
			at++;
		if (!number || (at == n->size && !text[at]))
			return &index_of[slot];
	}
	return NULL;
}

/* 0: no room. */
static COLD uint32_t add(const struct name *n)
{
	uint32_t number = (uint32_t)store_append(STORE_NAMES);
	struct store_name *r = number ? names_record(number) : NULL;
	uint32_t *slot, none = 0;

	if (!r)
		return 0;
	r->text = store_text(n->text, n->size);
	if (!r->text)
		return 0;
	/* Another thread may add the same: then ours is left unused. */
	do {
		slot = find(n);
		none = 0;
	} while (slot && !READ_ONCE(*slot) &&
		 !__atomic_compare_exchange_n(slot, &none, number, false,
					      __ATOMIC_RELEASE,
					      __ATOMIC_ACQUIRE));
	return slot ? READ_ONCE(*slot) : 0;
}

/* `limits`: to add it if it has no number yet, as names_number(); or NULL. */
static NOINLINE uint32_t look_up(const char *text, uint64_t *limits)
{
	struct name n = name_of(text);
	uint32_t *slot = find(&n);
	uint32_t number = slot ? __atomic_load_n(slot, __ATOMIC_ACQUIRE) : 0;

	if (!limits)
		return number;
	if (slot && !number)
		number = add(&n);
	if (likely(number)) {
		__atomic_store_n(memo_of(text), number, __ATOMIC_RELEASE);
		return number;
	}
	limits[RKN_LIMIT_NAMES_FULL]++;
	return NAMES_MORE;
}

uint32_t names_find(const char *text)
{
	uint32_t number = recall(text);

	return likely(number != RKN_NONE) ? number : look_up(text, NULL);
}

uint32_t names_number(const char *text, uint64_t *limits)
{
	uint32_t number = recall(text);

	return likely(number != RKN_NONE) ? number : look_up(text, limits);
}
