/* SPDX-License-Identifier: MIT */
#include "signature_frames.h"
#include "base_name.h"

#include <string.h>

#include "clones.h"
#include "die.h"
#include "fnv.h"
#include "walk.h"

/* The C library's own, and what starts a program. */
static bool is_system(const struct location *l)
{
	static const char *const modules[] = { "libc.so", "ld-linux",
					       "libpthread.so" };
	const char *name = l->module ? base_name(l->module) : "";

	for (size_t i = 0; i < sizeof(modules) / sizeof(*modules); i++)
		if (!strncmp(name, modules[i], strlen(modules[i])))
			return true;
	return l->function && !strcmp(l->function, "_start");
}

/* With the frames of the system, or without. */
static void follow(struct route *r, const struct model *m, struct symbols *s,
		   uint32_t stack, bool system)
{
	const struct location *l;
	struct walk w;

	walk_begin(&w, m, s, stack);
	while ((l = walk_next(&w)))
		if (system || !is_system(l))
			route_add(r, l);
}

struct route signature_frames_route(const struct model *m, struct symbols *s,
				    uint32_t stack)
{
	struct route r = { 0 };

	follow(&r, m, s, stack, false);
	if (!r.count)
		follow(&r, m, s, stack, true);
	return r;
}

char *signature_frames_name(const struct location *l)
{
	const char *module;

	if (l->function)
		return xasprintf("%.*s", (int)clones_plain_length(l->function),
				 l->function);
	module = l->module ? base_name(l->module) : "";
	return xasprintf("[%.*s]", (int)strcspn(module, "."), module);
}

uint64_t signature_frames_hash(const struct model *m, struct symbols *s,
			       uint32_t stack)
{
	struct route r = signature_frames_route(m, s, stack);
	uint64_t hash = r.count ? FNV_OFFSET : 0;

	for (size_t i = 0; i < r.count; i++) {
		const struct location *l = r.list[i];
		const char *module = l->module ? base_name(l->module) : "";

		/* A function without a name is known only by its module. */
		hash = l->function
			   ? fnv_bytes(hash, l->function,
				       clones_plain_length(l->function))
			   : fnv_bytes(hash, module, strcspn(module, "."));
	}
	route_release(&r);
	return hash;
}
