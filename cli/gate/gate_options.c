/* SPDX-License-Identifier: MIT */
#include "gate_options.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "die.h"
#include "list.h"
#include "status.h"

#define KIND(kind) (1u << FINDING_##kind)
#define LEDGER                                                                 \
	(KIND(RELEASED_AT_ZERO) | KIND(ON_FREED) | KIND(FREED_HELD) |          \
	 KIND(WRONG_HOLDER) | KIND(ZERO))
#define ALL ((1u << FINDING_KINDS) - 1)

/* Words of --fail-on; each kind's own name is one too. */
static const struct {
	const char *word;
	unsigned kinds;
} groups[] = {
	{ "cycle", KIND(CYCLE) },
	{ "reference", KIND(REFERENCE) },
	{ "possible", KIND(POSSIBLE) },
	{ "ledger", LEDGER },
	{ "all", ALL },
	{ "none", 0 },
};

static const struct {
	const char *word;
	enum gate_mode mode;
} modes[] = {
	{ "new", GATE_NEW },
	{ "grown", GATE_GROWN },
	{ "any", GATE_ANY },
};

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

static bool find_kinds(const char *word, unsigned *kinds)
{
	for (size_t i = 0; i < COUNT(groups); i++)
		if (!strcmp(groups[i].word, word)) {
			*kinds = groups[i].kinds;
			return true;
		}
	for (int i = 0; i < FINDING_KINDS; i++)
		if (!strcmp(finding_kind_name(i), word)) {
			*kinds = 1u << i;
			return true;
		}
	return false;
}

static bool find_mode(const char *word, enum gate_mode *mode)
{
	for (size_t i = 0; i < COUNT(modes); i++)
		if (!strcmp(modes[i].word, word)) {
			*mode = modes[i].mode;
			return true;
		}
	return false;
}

void gate_options_fail_on(struct gate_options *o, const char *text)
{
	char *copy = xstrdup(text), *rest = copy, *word;
	bool any = false, moded = false;
	unsigned all = 0, kinds;

	while ((word = strsep(&rest, ","))) {
		if (!strcmp(word, "growth")) {
			o->growth = true;
			any = true;
		} else if (find_kinds(word, &kinds)) {
			all |= kinds;
			any = true;
		} else if (find_mode(word, &o->mode) && !moded) {
			moded = true;
		} else {
			die(STATUS_INPUT,
			    "--fail-on: \"%s\" is %s; give kinds of findings (leak, cycle, reference, over-retained, under-retained, ledger, possible, growth, all, none, or a name as reports have it) and one of new, grown, any, with commas between them",
			    word,
			    moded ? "a second mode" : "neither kind nor mode");
		}
	}
	if (any)
		o->kinds = all;
	free(copy);
}

/* What stands behind a number, and what it multiplies with. */
static bool find_unit(const char *unit, double base, double *factor,
		      bool *bytes)
{
	static const char letters[] = "kMGT";
	const char *letter = *unit ? strchr(letters, *unit) : NULL;
	double power = 1;

	if (*unit == 'K')
		letter = letters;
	if (letter)
		for (const char *l = letters; l <= letter; l++)
			power *= base;
	unit += letter ? 1 : 0;
	*bytes = !strcasecmp(unit, "b") || (letter && !strcasecmp(unit, "ib"));
	*factor = power;
	return *bytes || !*unit;
}

/* A number with a unit; false: it is none. *bytes: the unit ends in B. */
static bool read_amount(const char *text, double base, uint64_t *value,
			bool *bytes)
{
	double number, factor;
	char *end;

	if (*text < '0' || *text > '9' || strpbrk(text, "xXpPnN"))
		return false;
	errno = 0;
	number = strtod(text, &end);
	if (errno || !find_unit(end, base, &factor, bytes))
		return false;
	number = ceil(number * factor);
	if (!(number < 9e18))
		return false;
	*value = (uint64_t)number;
	return true;
}

uint64_t gate_options_bytes(const char *option, const char *text)
{
	uint64_t value;
	bool bytes;

	if (!read_amount(text, 1024, &value, &bytes))
		die(STATUS_INPUT,
		    "--%s is \"%s\"; give bytes, such as 4096, 64k, 1.5M or 2G",
		    option, text);
	return value;
}

uint64_t gate_options_count(const char *option, const char *text)
{
	uint64_t value;
	bool bytes;

	if (!read_amount(text, 1000, &value, &bytes) || bytes)
		die(STATUS_INPUT,
		    "--%s is \"%s\"; give a number, such as 0, 25 or 10k",
		    option, text);
	return value;
}

void gate_options_limit(struct gate_options *o, const char *option,
			const char *text, bool region)
{
	const char *equals = strrchr(text, '=');
	struct gate_limit limit = { .text = xstrdup(text) };
	char *name, *slash;
	uint64_t bytes;

	if (!equals || equals == text ||
	    !read_amount(equals + 1, 1000, &limit.most, &limit.bytes))
		die(STATUS_INPUT,
		    "--%s is \"%s\"; give %s and the most of it, such as %s=0 or %s=64KiB",
		    option, text, region ? "a region" : "a type",
		    region ? "request" : "Session",
		    region ? "request/Session" : "Session");
	if (limit.bytes && read_amount(equals + 1, 1024, &bytes, &limit.bytes))
		limit.most = bytes;
	name = xasprintf("%.*s", (int)(equals - text), text);
	slash = region ? strchr(name, '/') : NULL;
	if (slash)
		*slash = '\0';
	limit.region = region ? xstrdup(name) : NULL;
	limit.type = slash ? xstrdup(slash + 1) : region ? NULL : xstrdup(name);
	free(name);
	*LIST_ADD(o->limits, o->limit_count) = limit;
}

void gate_options_init(struct gate_options *o)
{
	*o = (struct gate_options){
		.mode = GATE_NEW,
		.kinds = ALL & ~KIND(POSSIBLE),
		.most_leaked_bytes = GATE_UNLIMITED,
		.most_leaked_objects = GATE_UNLIMITED,
		.most_peak = GATE_UNLIMITED,
		.error_status = 23,
	};
}

void gate_options_release(struct gate_options *o)
{
	for (size_t i = 0; i < o->limit_count; i++) {
		free(o->limits[i].region);
		free(o->limits[i].type);
		free(o->limits[i].text);
	}
	free(o->limits);
	gate_programs_release(&o->programs);
	gate_patterns_release(&o->killed_ok);
}
