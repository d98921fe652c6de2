/* SPDX-License-Identifier: MIT */
#include "assertions.h"

#include <stdlib.h>

#include "aside.h"
#include "block_at.h"
#include "libc.h"
#include "messages.h"
#include "names.h"
#include "object_visits.h"
#include "process.h"
#include "references.h"
#include "text.h"

/* The named holders. */
struct holders {
	struct text text;
	long count;
};

static int add_holder(const struct refknot_info *holder, void *data)
{
	struct holders *holders = data;
	struct text *text = &holders->text;

	holders->count++;
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

struct failure {
	const void *p;
	long count; /* of references; -1: it is not an object */
};

/* "refknot_assert_last_release(Session#1 at 0x55d0c0a02a0): 2 references are
 * left; held by Session#2.peer; ..." */
static void say(void *data)
{
	const struct failure *f = data;
	const uint64_t address = (uint64_t)(uintptr_t)f->p;
	const struct store_object *o = objects_live(address);
	char line[1024], list[512] = "";
	struct text text = { line, sizeof(line), 0 };
	struct holders holders = { { list, sizeof(list), 0 }, 0 };

	text_add(&text, "refknot_assert_last_release(");
	if (o) {
		text_add(&text, names_text(o->type));
		text_add(&text, "#");
		text_number(&text, o->serial);
		text_add(&text, " at ");
	}
	text_hex(&text, address);
	text_add(&text, "): ");
	if (f->count < 0) {
		text_add(&text, "it is not an object");
	} else {
		text_number(&text, (uint64_t)f->count);
		text_add(&text, f->count == 1 ? " reference is left"
					      : " references are left");
		object_visits_referrers(f->p, add_holder, &holders);
		text_add(&text, list);
	}
	if (f->count > holders.count) {
		text_add(&text, "; ");
		text_number(&text, (uint64_t)(f->count - holders.count));
		text_add(
		    &text,
		    " without a recorded holder: refknot refs lists where they were taken");
	}
	messages_say_failed(line);
}

/* A forked child may name an object of its parent, whose ledger is not here. */
static bool is_inherited(const void *p)
{
	struct thread *t;
	uint64_t start, size;
	bool own;

	if (!process.forked)
		return false;
	t = thread_enter_call();
	if (!t)
		return true;
	own = block_at((uint64_t)(uintptr_t)p, &start, &size);
	if (!own)
		t->area->limits[RKN_LIMIT_CALL_MISSED]++;
	thread_leave(t);
	return !own;
}

void assertions_last_release(const void *p)
{
	long count;

	if (!process_ready())
		return;
	count = references_count(p);
	if (count != 1 && (count >= 0 || !is_inherited(p))) {
		aside(say, &(struct failure){ p, count });
		libc()->abort();
	}
}
