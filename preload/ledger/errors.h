/* SPDX-License-Identifier: MIT */
/* Wrong use of references, as struct rkn_error in the store: those of one kind,
 * type and place are one record.  No lock. */
#ifndef ERRORS_H
#define ERRORS_H

#include "objects.h"

/* It was about `o`; `references` were left. The record, if it is the first of
 * its kind, else NULL. */
struct rkn_error *errors_add(struct thread *t, enum rkn_error_kind kind,
			     const struct store_object *o, uint32_t stack,
			     int32_t references);

#endif
