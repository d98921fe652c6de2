/* SPDX-License-Identifier: MIT */
#include "card.h"

void card_references(const struct printer *p, const struct finding *f)
{
	if (f->error != RKN_NONE)
		print_wrong_use(p, f);
	else
		print_counts(p, f);
	print_ended_holders(p, f);
}
