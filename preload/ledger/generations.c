/* SPDX-License-Identifier: MIT */
#include "generations.h"

#include <stddef.h>

#include "compiler.h"
#include "libc.h"
#include "own_memory.h"

struct young {
	uint32_t count; /* GENERATIONS_LISTED + 1: of more than there is room */
	uint32_t list[GENERATIONS_LISTED];
};
static struct young *young[GENERATIONS_OLDEST]; /* NULL: not needed yet */
/* One found no memory: then only a look at all finds everything. */
static bool unlisted[GENERATIONS_OLDEST];

void generations_reset(void)
{
	generations_empty(GENERATIONS_OLDEST);
}

static COLD struct young *make(int generation)
{
	struct young *fresh = own_memory_map(sizeof(*fresh)), *none = NULL;

	if (!fresh)
		return NULL;
	/* Another thread may have been faster. */
	return __atomic_compare_exchange_n(&young[generation], &none, fresh,
					   false, __ATOMIC_RELEASE,
					   __ATOMIC_ACQUIRE)
		   ? fresh
		   : none;
}

void generations_add(int generation, uint32_t number)
{
	struct young *y = __atomic_load_n(&young[generation], __ATOMIC_ACQUIRE);
	uint32_t at;

	if (unlikely(!y))
		y = make(generation);
	if (!y) {
		WRITE_ONCE(unlisted[generation], true);
		return;
	}
	at = libc_add(&y->count, 1) - 1;
	if (at < GENERATIONS_LISTED)
		WRITE_ONCE(y->list[at], number);
	else
		WRITE_ONCE(y->count, GENERATIONS_LISTED + 1);
}

bool generations_listed(int generation)
{
	if (generation >= GENERATIONS_OLDEST)
		return false;
	for (int g = 0; g <= generation; g++)
		if (unlisted[g] ||
		    (young[g] && young[g]->count > GENERATIONS_LISTED))
			return false;
	return true;
}

uint32_t generations_at(int generation, uint32_t i)
{
	const struct young *y = young[generation];

	return y && i < y->count && i < GENERATIONS_LISTED ? y->list[i] : 0;
}

void generations_empty(int generation)
{
	for (int g = 0; g <= generation && g < GENERATIONS_OLDEST; g++) {
		unlisted[g] = false;
		if (young[g])
			young[g]->count = 0;
	}
}
