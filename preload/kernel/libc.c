/* SPDX-License-Identifier: MIT */
#include "libc.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/auxv.h>

#include "aside.h"
#include "dynamic.h"

/* What the kernel said at the start. It lies at the top of the stack, where a
 * program that writes past its arrays gets to. */
static struct {
	unsigned long type, value;
} told[] = { { AT_PHDR, 0 },        { AT_PHNUM, 0 },  { AT_BASE, 0 },
	     { AT_ENTRY, 0 },       { AT_SECURE, 0 }, { AT_SYSINFO_EHDR, 0 },
	     { AT_MINSIGSTKSZ, 0 }, { AT_RANDOM, 0 } };

static unsigned long value_told(unsigned long type)
{
	for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++)
		if (told[i].type == type)
			return told[i].value;
	return 0;
}

/*
 * Found once, before the program runs; what else looks for them meanwhile, a
 * signal handler, finds the same.
 */
static struct libc found = { .getauxval = value_told };
static bool ready;

static const char no;
const char *libc_single_threaded = &no;

/* A program whose C library goes by another name has them somewhere, too. */
static void find(const struct link_map *map, const char *name, void *member)
{
	void *f = dynamic_in(map, name);

	if (!f)
		f = dynamic_next(name);
	WRITE_ONCE(*((void **)member), f);
}

static COLD void find_all(void *none)
{
	const struct link_map *map = dynamic_libc();
	unsigned long (*get)(unsigned long type) = NULL;
	const char *flag;

	(void)none;
	find(map, "__errno_location", &found.errno_location);
	find(map, "getauxval", &get);
	for (size_t i = 0; get && i < sizeof(told) / sizeof(*told); i++)
		told[i].value = get(told[i].type);
	find(map, "abort", &found.abort);
	find(map, "mallopt", &found.mallopt);
	find(map, "__cxa_atexit", &found.cxa_atexit);
	find(map, "__cxa_at_quick_exit", &found.cxa_at_quick_exit);
	find(map, "__register_atfork", &found.register_atfork);
	find(map, "fork", &found.fork);
	find(map, "syscall", &found.syscall);
	find(map, "dlopen", &found.dlopen);
	find(map, "clock_gettime", &found.clock_gettime);
	find(dynamic_loader(), "_dl_find_object", &found.dl_find_object);
	flag = dynamic_first("__libc_single_threaded"); /* a copy, perhaps */
	if (flag)
		WRITE_ONCE(libc_single_threaded, flag);
	STORE_RELEASE(ready, true);
}

const struct libc *libc(void)
{
	if (unlikely(!LOAD_ACQUIRE(ready)))
		aside(find_all, NULL);
	return &found;
}

const struct libc *libc_known(void)
{
	return LOAD_ACQUIRE(ready) ? &found : NULL;
}

bool libc_is_secure(void)
{
	return libc()->getauxval(AT_SECURE);
}
