/* SPDX-License-Identifier: MIT */
#include "dead_registers.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

#include "modules.h"
#include "sys.h"

#define SYSCALL_INSTRUCTION 0x050f
#define XMM                 160u /* where they are in the state, .. */
#define XMM_END             416u
#define HEADER_END          576u /* .. and where others begin */
#define STATE_MOST          (16u << 10)
#define XSTATE_MAGIC        0x46505853u

static const int numbers[] = { REG_RDX, REG_R8, REG_R9, REG_R10, REG_R11 };
#define NUMBERS (sizeof(numbers) / sizeof(*numbers))

static long long kept[NUMBERS];
static APART unsigned char state[STATE_MOST];
static bool hidden;

/* The end of the vector registers' state at `fp`. */
static uint32_t state_end(const unsigned char *fp)
{
	uint32_t magic, size;

	memcpy(&magic, fp + 464, 4);
	memcpy(&size, fp + 480, 4);
	if (magic != XSTATE_MAGIC || size < HEADER_END || size > STATE_MOST)
		return HEADER_END;
	return size;
}

void dead_registers_hide(int signal, const void *info, void *context)
{
	const siginfo_t *s = info;
	ucontext_t *u = context;
	greg_t *r = u->uc_mcontext.gregs;
	uint16_t instruction;
	unsigned char *fp = (unsigned char *)u->uc_mcontext.fpregs;

	hidden = false;
	if ((s->si_code != SI_TKILL && s->si_code != SI_USER) ||
	    s->si_pid != sys_pid() || r[REG_RDI] != sys_pid())
		return;
	/* tgkill(process, thread, signal) or kill(process, signal) */
	if (!(r[REG_RSI] == sys_tid() && r[REG_RDX] == signal) &&
	    r[REG_RSI] != signal)
		return;
	if (!modules_is_libc((uint64_t)r[REG_RIP]))
		return;
	memcpy(&instruction, (const char *)(uintptr_t)r[REG_RIP] - 2, 2);
	hidden = instruction == SYSCALL_INSTRUCTION;
	if (!hidden)
		return;
	for (unsigned i = 0; i < NUMBERS; i++) {
		kept[i] = r[numbers[i]];
		r[numbers[i]] = 0;
	}
	if (!fp)
		return;
	memcpy(state, fp, state_end(fp));
	memset(fp + XMM, 0, XMM_END - XMM);
	memset(fp + HEADER_END, 0, state_end(fp) - HEADER_END);
}

void dead_registers_restore(void *context)
{
	ucontext_t *u = context;
	unsigned char *fp = (unsigned char *)u->uc_mcontext.fpregs;

	if (!hidden)
		return;
	for (unsigned i = 0; i < NUMBERS; i++)
		u->uc_mcontext.gregs[numbers[i]] = kept[i];
	if (fp)
		memcpy(fp, state, state_end(fp));
}
