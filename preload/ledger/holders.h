/* SPDX-License-Identifier: MIT */
/*
 * Holders that give away what they do not have: errors (ledger_error()) with
 * both holders if that is certain, else a count.  See "Wrong holders" in
 * docs/ledger.md. All objects concerned are locked, and nothing has changed
 * yet.
 */
#ifndef HOLDERS_H
#define HOLDERS_H

#include "pairing.h"

/* `e` releases a reference on `o` that it does not have. */
void holders_released(struct thread *t, const struct store_object *o,
		      const struct ledger_edge *e);

/* A reference on `o` is to move from `e`, which does not have one and may name
 * no holder, to `to`. */
void holders_moved(struct thread *t, struct store_object *o,
		   const struct ledger_edge *e, const struct ledger_edge *to);

/* `e` takes back an edge of that kind that it does not have. */
void holders_unlinked(struct thread *t, const struct store_object *o,
		      const struct ledger_edge *e,
		      enum rkn_reference_kind kind);

#endif
