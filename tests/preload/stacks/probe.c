/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into any program, in place of its main(), which is never called:
 * walk the stack that it starts on, and ask refknot's unwinder for the rules of
 * functions in every module.  libunwind says which of them have tables.  One
 * line is printed, and the program ends.
 */
#define UNW_LOCAL_ONLY
#include <libunwind.h>

#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "compiler.h"
#include "libc.h"
#include "unwind.h"

#define MODULES   1024
#define FUNCTIONS 200 /* of a module that are tried */
#define FRAMES    64
#define TABLE     0x3b /* offsets of 4 bytes from the table's header */

extern void *__libc_stack_end;
EXPORT int __libc_start_main(void);

static struct probe_module {
	const uint8_t *table; /* .eh_frame_hdr; NULL: none */
	uint64_t base;
	bool program;
} modules[MODULES];
static size_t module_count;
static struct walk walk;

static int note(struct dl_phdr_info *info, size_t size, void *data)
{
	struct probe_module *m = &modules[module_count];

	(void)size;
	(void)data;
	if (module_count == MODULES)
		return 1;
	m->program = module_count++ == 0;
	m->base = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_GNU_EH_FRAME)
			m->table =
			    (const uint8_t *)(uintptr_t)(info->dlpi_addr +
							 info->dlpi_phdr[i]
							     .p_vaddr);
	return 0;
}

/* As a return address: what libunwind is asked for is one byte before. */
static bool is_lost(uint64_t pc)
{
	unw_proc_info_t info;
	struct cfi_work work;

	return cfi_rule(pc, &work).kind == CFI_NONE &&
	       unw_get_proc_info_by_ip(unw_local_addr_space, pc - 1, &info,
				       NULL) == 0;
}

/* Functions of the module that were tried; *lost: without a rule. */
static uint32_t try_functions(const struct probe_module *m, uint32_t *lost)
{
	uint32_t count, step, tried = 0;
	int32_t start;

	if (!m->table || m->table[2] != 3 || m->table[3] != TABLE)
		return 0;
	memcpy(&count, m->table + 8, sizeof(count));
	step = count / FUNCTIONS + 1;
	for (uint32_t i = 0; i < count; i += step, tried++) {
		memcpy(&start, m->table + 12 + 8ull * i, sizeof(start));
		*lost += is_lost((uint64_t)(uintptr_t)m->table +
				 (uint64_t)(int64_t)start + 1);
	}
	return tried;
}

static bool is_cut(const uint64_t *frame)
{
	memset(&walk, 0, sizeof(walk));
	unwind_begin(&walk, FRAMES);
	unwind_walk(&walk, frame[1], (uint64_t)(uintptr_t)(frame + 2), frame[0],
		    (uint64_t)(uintptr_t)__libc_stack_end);
	return walk.truncated && is_lost(walk.frames[1].pc);
}

/* Where another definition comes first the program must not run. */
__attribute__((constructor)) static void check_order(void)
{
	if (dlsym(RTLD_DEFAULT, "__libc_start_main") !=
	    (void *)__libc_start_main)
		_exit(1);
	libc(); /* as where a recording has begun */
}

EXPORT int __libc_start_main(void)
{
	uint32_t own = 0, own_lost = 0, others = 0, others_lost = 0, bare = 0;
	bool cut = is_cut(__builtin_frame_address(0));

	dl_iterate_phdr(note, NULL);
	for (size_t i = 0; i < module_count; i++) {
		const struct probe_module *m = &modules[i];
		uint32_t lost = 0, tried = try_functions(m, &lost);

		bare += m->table && !tried;
		*(m->program ? &own : &others) += tried;
		*(m->program ? &own_lost : &others_lost) += lost;
	}
	dprintf(STDOUT_FILENO,
		"probe: cut %d own %u lost %u others %u lost %u "
		"without search table %u\n",
		cut, own, own_lost, others, others_lost, bare);
	_exit(0);
}
