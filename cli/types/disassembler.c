/* SPDX-License-Identifier: MIT */
#include "disassembler.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

#define STRING(x)  STRING_(x)
#define STRING_(x) #x
#define LIBRARY    "libcapstone.so." STRING(CS_API_MAJOR)

/* False: it has no function of that name. */
static bool find(void *library, const char *name, void *call)
{
	void *there = dlsym(library, name);

	memcpy(call, &there, sizeof(there)); /* as POSIX has it */
	return there;
}

static bool load(struct disassembler *d)
{
	void *library = dlopen(LIBRARY, RTLD_LAZY | RTLD_LOCAL);

	if (!library)
		return false;
#define CALL(name)                                                             \
	if (!find(library, "cs_" #name, &d->name))                             \
		return false;
	DISASSEMBLER_CALLS(CALL)
#undef CALL
	return !d->open(CS_ARCH_X86, CS_MODE_64, &d->x86_64) &&
	       !d->option(d->x86_64, CS_OPT_DETAIL, CS_OPT_ON);
}

const struct disassembler *disassembler_get(void)
{
	static struct disassembler d;
	static bool asked, there;

	if (!asked)
		there = load(&d);
	asked = true;
	return there ? &d : NULL;
}
