/* SPDX-License-Identifier: MIT */
#include "held.h"

#include "sys.h"

bool held_begin(struct held *h)
{
	h->pending = ~0ull;
	h->blocked = sys_block_signals(&h->mask) == 0;
	return h->blocked && sys_pending_signals(&h->pending) == 0 &&
	       sys_can_take_signals();
}

void held_end(const struct held *h, int raised)
{
	uint64_t bit = raised ? 1ull << (raised - 1) : 0;

	if (h->blocked && bit & ~h->pending)
		sys_take_signals(bit);
	if (h->blocked)
		sys_restore_signals(&h->mask);
}
