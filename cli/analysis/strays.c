/* SPDX-License-Identifier: MIT */
#include "strays.h"

#include "base_name.h"
#include "die.h"
#include "units.h"

static const struct {
	const char *name;
	const char *text;
} kinds[] = {
	[RKN_FREE_UNKNOWN] = { "unknown",
			       "of what no allocation that was seen returned" },
	[RKN_FREE_AGAIN] = { "freed-before",
			     "of a block that was freed before" },
	[RKN_FREE_INSIDE] = { "inside-block", NULL },
	[RKN_FREE_STACK] = { "stack", "of memory on the thread's stack" },
	[RKN_FREE_STATIC] = { "static", "of static memory" },
	[RKN_FREE_MAPPING] = { "mapping",
			       "of a mapping, which no allocator made" },
	[RKN_FREE_NOWHERE] = { "not-mapped",
			       "of an address where nothing is mapped" },
};

const char *stray_kind_name(enum rkn_free_kind kind)
{
	return kinds[kind].name;
}

char *stray_summary(const struct rkn_free *f, const struct reading *in)
{
	const struct model *m = in->m;
	char text[UNITS_SIZE];

	if (f->kind == RKN_FREE_INSIDE)
		return xasprintf("inside a block, %s behind its start",
				 units_count(text, f->offset, "byte"));
	for (uint32_t i = 0; f->kind == RKN_FREE_STATIC && i < m->module_count;
	     i++) {
		const struct rkn_module *one = &m->modules[i];
		const char *base = base_name(model_text(m, one->path));
		char symbol[256];

		if (f->address < one->start || f->address >= one->end)
			continue;
		if (symbols_data(in->symbols, i, f->address, symbol,
				 sizeof(symbol)))
			return xasprintf("of static memory, %s (%s)", symbol,
					 base);
		return xasprintf("of static memory of %s", base);
	}
	return xstrdup(kinds[f->kind].text);
}

static uint64_t freed_before(const struct model *m)
{
	uint64_t n = 0;

	for (size_t i = 0; i < m->free_count; i++)
		if (m->frees[i].kind != RKN_FREE_UNKNOWN)
			n += m->frees[i].count;
	return n;
}

bool stray_is_told(const struct rkn_free *f, const struct model *m)
{
	return f->flags & RKN_FREE_FATAL ||
	       freed_before(m) >= m->limits[RKN_LIMIT_UNKNOWN_FREE];
}

uint64_t strays_told(const struct model *m)
{
	uint64_t counted = m->limits[RKN_LIMIT_UNKNOWN_FREE], n = 0;
	bool all = freed_before(m) >= counted;

	for (size_t i = 0; i < m->free_count; i++) {
		const struct rkn_free *f = &m->frees[i];

		if (f->kind != RKN_FREE_UNKNOWN)
			n += all ? f->count : (f->flags & RKN_FREE_FATAL) != 0;
	}
	return n < counted ? n : counted;
}
