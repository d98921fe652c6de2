/* SPDX-License-Identifier: MIT */
#include "assertions.h"

#include <stdlib.h>

#include "names.h"
#include "process.h"
#include "references.h"
#include "text.h"
#include "visits.h"

static int add_holder(const struct refknot_info *holder, void *data)
{
	struct text *text = data;

	text_add(text, text->size ? ", " : "; held by ");
	text_add(text, holder->type);
	text_add(text, "#");
	text_number(text, holder->serial);
	if (holder->field) {
		text_add(text, ".");
		text_add(text, holder->field);
	}
	return 0;
}

static void fail(const void *p, long count)
{
	char line[1024], holders[512] = "";
	struct text text = { line, sizeof(line), 0 };
	struct text list = { holders, sizeof(holders), 0 };

	text_add(&text, "refknot_assert_last_release(");
	text_hex(&text, (uint64_t)(uintptr_t)p);
	text_add(&text, "): ");
	if (count < 0) {
		text_add(&text, "it is no object");
	} else {
		text_number(&text, (uint64_t)count);
		text_add(&text, count == 1 ? " reference is left"
					   : " references are left");
		visits_referrers(p, add_holder, &list);
		text_add(&text, holders);
	}
	process_say(line);
	abort();
}

void assertions_last_release(const void *p)
{
	long count;

	if (!process_page.epoch)
		return;
	count = references_count(p);
	if (count != 1)
		fail(p, count);
}
