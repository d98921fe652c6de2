/* SPDX-License-Identifier: MIT */
/* What Valgrind's two formats share. */
#ifndef GATE_VALGRIND_H
#define GATE_VALGRIND_H

#include "findings.h"

/* What memcheck would call a finding. */
enum valgrind_kind {
	VALGRIND_DEFINITELY, /* lost */
	VALGRIND_POSSIBLY,   /* lost */
	VALGRIND_REACHABLE,
	VALGRIND_MISUSE, /* an invalid free; not a loss */
	VALGRIND_KINDS
};

/* gate_valgrind.c */
enum valgrind_kind valgrind_kind_of(enum finding_kind kind);

#endif
