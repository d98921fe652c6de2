/* SPDX-License-Identifier: MIT */
/*
 * capstone, loaded when it is first needed: to load it takes longer than most
 * commands do, since it has tables of a dozen kinds of processors.
 */
#ifndef DISASSEMBLER_H
#define DISASSEMBLER_H

#include <capstone/capstone.h>

#define DISASSEMBLER_CALLS(CALL)                                               \
	CALL(open)                                                             \
	CALL(option)                                                           \
	CALL(malloc)                                                           \
	CALL(free)                                                             \
	CALL(disasm_iter)                                                      \
	CALL(regs_access)                                                      \
	CALL(insn_group)                                                       \
	CALL(reg_name)

struct disassembler { /* capstone's functions */
	csh x86_64;
#define CALL(name) __typeof__(&cs_##name) name;
	DISASSEMBLER_CALLS(CALL)
#undef CALL
};

/* NULL: the library is not there, or is another version than the one that this
 * was built with. Not for several threads at once. */
const struct disassembler *disassembler_get(void);

#endif
