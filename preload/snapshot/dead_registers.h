/* SPDX-License-Identifier: MIT */
/*
 * A thread that sends itself a signal, by abort(), raise() or kill(), is inside
 * the C library, which is done with the registers that a call may change.  They
 * hold what earlier functions left there, and no pointer of the program's that
 * counts.  At any other place all registers are in use.
 */
#ifndef DEAD_REGISTERS_H
#define DEAD_REGISTERS_H

/* In a handler with that siginfo_t and ucontext_t: if the thread sent the
 * signal itself, zeroes these registers in the signal frame until
 * dead_registers_restore(). */
void dead_registers_hide(int signal, const void *info, void *context);
void dead_registers_restore(void *context);

#endif
