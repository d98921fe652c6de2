/* SPDX-License-Identifier: MIT */
/*
 * Holders that give away what they do not have, as errors (errors.h) with both
 * holders, where that is certain; else they are counted.  See "Wrong holders" in
 * docs/ledger.md.  All objects concerned are locked, and nothing has changed yet.
 */
#ifndef HOLDERS_H
#define HOLDERS_H

#include "pairing.h"

/* `e` released `o`, and has no such reference. */
void holders_released(struct thread *t, const struct store_object *o,
		      const struct ledger_edge *e);

/* One was to move from `e` (which may be nobody) to `to`, and `e` has none. */
void holders_moved(struct thread *t, struct store_object *o,
		   const struct ledger_edge *e, const struct ledger_edge *to);

/* `e` has no edge of that kind to take back. */
void holders_unlinked(struct thread *t, const struct store_object *o,
		      const struct ledger_edge *e,
		      enum rkn_reference_kind kind);

#endif
