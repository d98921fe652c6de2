/* SPDX-License-Identifier: MIT */
/* The gate's options, from the texts that people write. */
#ifndef GATE_PARSE_H
#define GATE_PARSE_H

#include "gate.h"

/*
 * "leak,cycle,new": words of kinds of findings, growth among them, and of at
 * most one mode, with commas. No kinds: those there were. Dies when a word is
 * none.
 */
void gate_parse_fail_on(struct gate_options *o, const char *text);

/* What fails without --fail-on: bits 1 << enum finding_kind. */
#define GATE_PRESET_KINDS                                                      \
	(((1u << FINDING_KINDS) - 1) & ~(1u << FINDING_POSSIBLE))

/* "24M", "1.5k", "100", "64KiB": units of 1024. Dies, naming `option`. */
uint64_t gate_parse_bytes(const char *option, const char *text);
/* "3", "10k" (of 1000). Dies, naming `option`. */
uint64_t gate_parse_count(const char *option, const char *text);

/* "Session=0", "Session=64KiB": objects, or with a unit that ends in B bytes.
 * With `region`: "request=0", "request/Session=0". Dies, naming `option`. */
void gate_parse_limit(struct gate_options *o, const char *option,
		      const char *text, bool region);

#endif
