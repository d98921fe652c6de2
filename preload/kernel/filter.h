/* SPDX-License-Identifier: MIT */
/* The kernel's filters of system calls, run as the kernel would. */
#ifndef FILTER_H
#define FILTER_H

#include <stdint.h>

/* The kernel's struct sock_filter and sock_fprog. */
struct filter_instruction {
	uint16_t code;
	uint8_t when_true, when_false;
	uint32_t k;
};
#define FILTER_MOST 4096 /* instructions that the kernel takes */
struct filter {
	uint16_t count;
	const struct filter_instruction *instructions;
};

/* A filter's answer (SECCOMP_RET_...) to system call `number` with arguments
 * `a`; that is to kill if the filter is wrong. */
uint32_t filter_answer(const struct filter *f, int number, const uint64_t a[6]);

#endif
