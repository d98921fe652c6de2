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

static const char *const modes[] = {
	[GATE_NEW] = "new",
	[GATE_GROWN] = "grown",
	[GATE_ANY] = "any",
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
		if (!strcmp(finding_kinds[i].name, word)) {
			*kinds = 1u << i;
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
		size_t mode = 0;

		if (!strcmp(word, "growth")) {
			o->growth = true;
			any = true;
			continue;
		}
		if (find_kinds(word, &kinds)) {
			all |= kinds;
			any = true;
			continue;
		}
		while (mode < COUNT(modes) && strcmp(modes[mode], word) != 0)
			mode++;
		if (mode == COUNT(modes) || moded)
			die(STATUS_INPUT,
			    "--fail-on: \"%s\" is %s; give kinds of findings (leak, cycle, reference, over-retained, under-retained, ledger, possible, growth, all, none, or a name as reports have it) and one of new, grown, any, with commas between them",
			    word,
			    mode < COUNT(modes) ? "a second mode"
						: "neither kind nor mode");
		o->mode = mode;
		moded = true;
	}
	if (any)
		o->kinds = all;
	free(copy);
}

/* Reads a number with a unit, "4k" or "1.5MiB", whose letters are powers of
 * `base`; false: `text` is something else. *bytes: the unit ends in B. */
static bool read_amount(const char *text, double base, uint64_t *value,
			bool *bytes)
{
	static const char letters[] = "kMGT";
	const char *letter;
	double number;
	char *unit;

	if (*text < '0' || *text > '9' || strpbrk(text, "xXpPnN"))
		return false;
	errno = 0;
	number = strtod(text, &unit);
	if (errno)
		return false;
	letter = *unit == 'K' ? letters : *unit ? strchr(letters, *unit) : NULL;
	if (letter) {
		number *= pow(base, (double)(letter - letters + 1));
		unit++;
	}
	*bytes = !strcasecmp(unit, "b") || (letter && !strcasecmp(unit, "ib"));
	number = ceil(number);
	if ((!*bytes && *unit) || !(number < 9e18))
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

void gate_options_most(struct gate_most *m, uint64_t most, const char *text)
{
	free(m->text);
	*m = (struct gate_most){ most, xstrdup(text) };
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
		.leaked_bytes.most = GATE_UNLIMITED,
		.leaked_objects.most = GATE_UNLIMITED,
		.peak.most = GATE_UNLIMITED,
		.lost_mapped.most = GATE_UNLIMITED,
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
	free(o->leaked_bytes.text);
	free(o->leaked_objects.text);
	free(o->peak.text);
	free(o->lost_mapped.text);
	gate_programs_release(&o->programs);
	gate_patterns_release(&o->killed_ok);
}
