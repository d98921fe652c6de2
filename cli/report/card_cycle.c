/* SPDX-License-Identifier: MIT */
#include "card.h"

void card_cycle(const struct printer *p, const struct finding *f)
{
	print_cycle(p, f);
	print_cycle_ledger(p, f);
}
