/* SPDX-License-Identifier: MIT */
/* Wrong use of references, as struct rkn_error in the store: errors of one
 * kind, type and place share a record. It takes no lock. */
#ifndef ERRORS_H
#define ERRORS_H

#include "objects.h"

/* Adds an error about `o`, on which `references` were left. Returns the record
 * if it is the first of its kind, else NULL. */
struct rkn_error *errors_add(struct thread *t, enum rkn_error_kind kind,
			     const struct store_object *o, uint32_t stack,
			     int32_t references);

#endif
