/* SPDX-License-Identifier: MIT */
#include "sandbox.h"

#include <signal.h>

#include "compiler.h"
#include "denied.h"
#include "environment.h"
#include "fatal.h"
#include "ledger_tables.h"
#include "process.h"
#include "shadow.h"
#include "spare.h"
#include "sys.h"

/* What is made ready for: so much more heap, and memory near the last that
 * was mapped; in the store so much for whatever. */
#define HEAP_TOP   (1ull << 20) /* of the heap, perhaps not used yet */
#define HEAP_ROOM  (32ull << 20)
#define MAP_ROOM   (16ull << 20)
#define ROOM       (4ull << 20)
#define TABLE_ROOM (256ull << 10)

/* The handlers of fatal signals are out, for a filter; for good: they come back
 * where no filter denies them any more. */
static bool handlers_out;

COLD void sandbox_ask(struct sandbox_change *c, const struct filter *filter)
{
	*c = (struct sandbox_change){ .denies = denied_by(filter),
				      .counts = process_owns_memory(),
				      .loads = !denied_loading_by(filter) };
}

COLD void sandbox_note(void)
{
	WRITE_ONCE(store.header->limits[RKN_LIMIT_SANDBOX], denied_count());
	if (denied_snapshot())
		store_flag(RKN_META_SANDBOX);
	else
		__atomic_fetch_and(&store.header->meta.flags,
				   ~(uint32_t)RKN_META_SANDBOX,
				   __ATOMIC_RELAXED);
}

static void make_room(void)
{
	struct store_header *h = store.header;
	uint64_t end = sys_break(), mapped;
	void *next;

	ledger_tables_make();
	next = spare_map(MAP_ROOM); /* where the kernel puts them */
	mapped = ADDRESS(next);
	if (next)
		spare_unmap(next, MAP_ROOM);
	if (end >> STORE_ADDRESS_BITS == 0)
		shadow_prepare(end - HEAP_TOP, end + HEAP_ROOM);
	if (next)
		shadow_prepare(mapped, mapped + MAP_ROOM);
	store_prepare(READ_ONCE(h->used_bytes), ROOM);
	for (int i = 0; i < STORE_TABLES; i++) {
		const struct store_table *t = &h->tables[i];
		uint64_t used = READ_ONCE(t->count) * t->record_size;
		uint64_t left = t->capacity * t->record_size - used;

		if (left)
			store_prepare(t->offset + used,
				      left < TABLE_ROOM ? left : TABLE_ROOM);
	}
}

/* Recorded or not, handlers stand and ends are seen: that is decided anew in
 * each case. A forked child begins now or never. What a vfork child does in its
 * parent's recording from here on, it does without what is forbidden. */
COLD void sandbox_enter(const struct sandbox_change *c)
{
	const bool narrow =
	    denied_for(c->denies, DENIED_OPTIONAL | DENIED_SNAPSHOT);
	const bool without_handlers =
	    denied_for(c->denies, DENIED_SNAPSHOT | DENIED_SIGNALS);
	const bool recording =
	    c->counts ? process_ready() : READ_ONCE(process_page.epoch) != 0;

	if (recording && narrow)
		make_room();
	if (!c->counts) {
		if (without_handlers)
			fatal_end_here();
		denied_begin_child(c->denies);
		return;
	}
	denied_announce(c->denies);
	if (without_handlers) {
		if (fatal_stands_in(SIGSEGV))
			STORE_ORDERED(handlers_out, true);
		fatal_end();
	}
	denied_begin(c->denies);
	if (recording)
		sandbox_note();
}

COLD void sandbox_done(const struct sandbox_change *c, bool installed)
{
	/* What it executes does without, too, or is not recorded: then the
	 * loader need not even try. The environment is the parent's in a vfork
	 * child: so do its others. */
	if (installed && (!c->loads || denied_to_executed(c->denies) ||
			  (c->denies && !environment_set_filters(c->denies))))
		environment_drop_preload();
	if (!c->counts)
		return;
	if (installed) {
		denied_keep(c->denies, c->loads);
		return;
	}
	denied_undo(c->denies);
	if (!denied_handlers() && LOAD_ORDERED(handlers_out))
		fatal_begin();
	if (READ_ONCE(process_page.epoch))
		sandbox_note();
	denied_undone();
}
