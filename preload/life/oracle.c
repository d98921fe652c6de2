/* SPDX-License-Identifier: MIT */
/*
 * libunwind's walk of the present thread, for REFKNOT_VERIFY: a library of its
 * own, as libunwind must not be in a program that is only recorded.  It is
 * loaded by the shim with RTLD_LOCAL, so that its _Unwind_* stay behind the
 * program's own.
 */
#define UNW_LOCAL_ONLY
#include <libunwind.h>

#include <stddef.h>

#include "compiler.h"
#include "oracle.h"

/* Its cache keeps rules of libraries that were unloaded, and takes them for
 * those of the next at their place. */
__attribute__((constructor)) static void no_cache(void)
{
	unw_set_caching_policy(unw_local_addr_space, UNW_CACHE_NONE);
}

EXPORT int refknot_oracle(uint64_t sp, uint64_t *pcs, int most)
{
	unw_context_t context;
	unw_cursor_t cursor;
	unw_word_t at, pc;
	int n = 0;

	if (unw_getcontext(&context) || unw_init_local(&cursor, &context))
		return 0;
	do {
		if (unw_get_reg(&cursor, UNW_REG_SP, &at) ||
		    unw_get_reg(&cursor, UNW_REG_IP, &pc) || !pc)
			break;
		if (at == sp || n)
			pcs[n++] = pc;
	} while (n < most && unw_step(&cursor) > 0);
	return n;
}

EXPORT int refknot_oracle_knows(uint64_t pc)
{
	unw_proc_info_t info;

	return unw_get_proc_info_by_ip(unw_local_addr_space, pc - 1, &info,
				       NULL) == 0;
}
