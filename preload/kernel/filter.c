/* SPDX-License-Identifier: MIT */
#include "filter.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <string.h>

#include "compiler.h"

/* What a filter sees; the order is the kernel's. */
struct machine {
	struct seccomp_data data;
	uint32_t a, x, memory[BPF_MEMWORDS];
};

static uint32_t operand(const struct machine *m,
			const struct filter_instruction *i)
{
	return BPF_SRC(i->code) == BPF_X ? m->x : i->k;
}

/* What the accumulator becomes. */
static uint32_t computed(const struct machine *m,
			 const struct filter_instruction *i)
{
	uint32_t n = operand(m, i);

	switch (BPF_OP(i->code)) {
	case BPF_ADD:
		return m->a + n;
	case BPF_SUB:
		return m->a - n;
	case BPF_MUL:
		return m->a * n;
	case BPF_DIV:
		return n ? m->a / n : 0;
	case BPF_OR:
		return m->a | n;
	case BPF_AND:
		return m->a & n;
	case BPF_XOR:
		return m->a ^ n;
	case BPF_LSH:
		return n < 32 ? m->a << n : 0;
	case BPF_RSH:
		return n < 32 ? m->a >> n : 0;
	case BPF_NEG:
		return -m->a;
	default:
		return m->a;
	}
}

static bool compare(const struct machine *m, const struct filter_instruction *i)
{
	uint32_t n = operand(m, i);

	switch (BPF_OP(i->code)) {
	case BPF_JEQ:
		return m->a == n;
	case BPF_JGT:
		return m->a > n;
	case BPF_JGE:
		return m->a >= n;
	default:
		return m->a & n;
	}
}

static uint32_t loaded(const struct machine *m,
		       const struct filter_instruction *i)
{
	uint32_t word = 0;

	switch (BPF_MODE(i->code)) {
	case BPF_IMM:
		return i->k;
	case BPF_MEM:
		return i->k < BPF_MEMWORDS ? m->memory[i->k] : 0;
	case BPF_LEN:
		return sizeof(m->data);
	default: /* BPF_ABS */
		if (i->k <= sizeof(m->data) - sizeof(word))
			memcpy(&word, (const char *)&m->data + i->k,
			       sizeof(word));
		return word;
	}
}

/* Everything but jumps and returns. */
static void step(struct machine *m, const struct filter_instruction *i)
{
	switch (BPF_CLASS(i->code)) {
	case BPF_LD:
		m->a = loaded(m, i);
		break;
	case BPF_LDX:
		m->x = loaded(m, i);
		break;
	case BPF_ST:
		m->memory[i->k % BPF_MEMWORDS] = m->a;
		break;
	case BPF_STX:
		m->memory[i->k % BPF_MEMWORDS] = m->x;
		break;
	case BPF_ALU:
		m->a = computed(m, i);
		break;
	case BPF_MISC:
		if (BPF_MISCOP(i->code) == BPF_TAX)
			m->x = m->a;
		else
			m->a = m->x;
		break;
	}
}

COLD uint32_t filter_answer(const struct filter *f, int number,
			    const uint64_t a[6])
{
	struct machine m = { .data = { .nr = number,
				       .arch = AUDIT_ARCH_X86_64 } };

	memcpy(m.data.args, a, sizeof(m.data.args));
	/* Jumps go forward only: it comes to an end. */
	for (uint64_t at = 0; at < f->count; at++) {
		const struct filter_instruction *i = &f->instructions[at];

		if (BPF_CLASS(i->code) == BPF_RET)
			return BPF_RVAL(i->code) == BPF_A ? m.a : i->k;
		if (BPF_CLASS(i->code) != BPF_JMP)
			step(&m, i);
		else if (BPF_OP(i->code) == BPF_JA)
			at += i->k;
		else
			at += compare(&m, i) ? i->when_true : i->when_false;
	}
	return SECCOMP_RET_KILL_THREAD;
}
