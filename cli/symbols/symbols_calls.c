/* SPDX-License-Identifier: MIT */
#include "symbols_calls.h"

#include <stdlib.h>
#include <string.h>

#include "symbols_own.h"
#include "symbols_tails.h"

#define MOST_JUMPS 4 /* from a wrapper to the next */

/* Constant; NULL: it is none. */
static const char *hook_called(const char *name)
{
	static const char *const hooks[] = {
		"malloc",         "calloc",        "realloc",
		"reallocarray",   "aligned_alloc", "memalign",
		"posix_memalign", "valloc",        "pvalloc",
	};

	if (!strncmp(name, "__libc_", strlen("__libc_")))
		name += strlen("__libc_");
	for (size_t i = 0; i < sizeof(hooks) / sizeof(*hooks); i++)
		if (!strcmp(name, hooks[i]))
			return hooks[i];
	return NULL;
}

/* The only one that a call of `to` leads to by jumps; NULL: there are several,
 * or it is not known. */
static const char *hook_behind(struct symbols *s, uint32_t module,
			       const struct code_target *to, int depth)
{
	struct tails_place at = { module, to->address };
	const char *hook = NULL;
	struct code_exits exits;

	if (to->kind == CODE_NAME)
		hook = hook_called(to->name);
	if (hook || depth == MOST_JUMPS ||
	    (to->kind == CODE_NAME ? !tails_named(s, to->name, &at)
				   : to->kind != CODE_ADDRESS))
		return hook;
	exits = symbols_own_exits(s, at.module, at.address);
	for (size_t i = 0; i < exits.count; i++) {
		const char *other =
		    hook_behind(s, at.module, &exits.list[i].to, depth + 1);

		if (other && hook && other != hook) {
			hook = NULL;
			break;
		}
		hook = other ? other : hook;
	}
	free(exits.list);
	return hook;
}

/* What the call that `frame` returns to leads to, in *module. */
static struct code_target call_of(struct symbols *s, uint32_t frame,
				  uint32_t *module)
{
	const struct model *m = s->model;
	const struct rkn_frame *f = &m->frames[frame];

	*module = f->module;
	if (!frame || f->module >= m->module_count)
		return (struct code_target){ CODE_UNKNOWN, 0, NULL };
	return symbols_own_call(s, f->module,
				f->address - m->modules[f->module].base)
	    .to;
}

const char *symbols_calls_name(struct symbols *s, uint32_t frame)
{
	uint32_t module;
	struct code_target to = call_of(s, frame, &module);

	return to.kind == CODE_NAME ? to.name : NULL;
}

const char *symbols_calls_allocator(struct symbols *s, uint32_t frame)
{
	uint32_t module;
	struct code_target to = call_of(s, frame, &module);

	return hook_behind(s, module, &to, 0);
}
