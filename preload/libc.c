/* SPDX-License-Identifier: MIT */
#include "libc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aside.h"
#include "dynamic.h"

/*
 * Found once, before the program runs; whoever else looks for them meanwhile, a
 * signal handler, finds the same.
 */
static struct libc found;
static bool ready;

static const char no;
const char *libc_single_threaded = &no;

/* A program whose C library goes by another name has them somewhere, too. */
static void find(const struct link_map *map, const char *name, void *member)
{
	void *f = dynamic_in(map, name);

	if (!f)
		f = dynamic_next(name);
	__atomic_store_n((void **)member, f, __ATOMIC_RELAXED);
}

static COLD void find_all(void *none)
{
	const struct link_map *map = dynamic_libc();
	const char *flag;

	(void)none;
	find(map, "__errno_location", &found.errno_location);
	find(map, "getauxval", &found.getauxval);
	find(map, "abort", &found.abort);
	find(map, "mallopt", &found.mallopt);
	find(map, "__cxa_atexit", &found.cxa_atexit);
	find(map, "__cxa_at_quick_exit", &found.cxa_at_quick_exit);
	find(map, "__register_atfork", &found.register_atfork);
	find(map, "fork", &found.fork);
	find(map, "syscall", &found.syscall);
	find(map, "dlopen", &found.dlopen);
	find(dynamic_loader(), "_dl_find_object", &found.dl_find_object);
	flag = dynamic_first("__libc_single_threaded"); /* a copy, perhaps */
	if (flag)
		WRITE_ONCE(libc_single_threaded, flag);
	__atomic_store_n(&ready, true, __ATOMIC_RELEASE);
}

const struct libc *libc(void)
{
	if (unlikely(!__atomic_load_n(&ready, __ATOMIC_ACQUIRE)))
		aside(find_all, NULL);
	return &found;
}

const struct libc *libc_known(void)
{
	return __atomic_load_n(&ready, __ATOMIC_ACQUIRE) ? &found : NULL;
}
