/* SPDX-License-Identifier: MIT */
/*
 * What the program's own seccomp filters leave of refknot's system calls.  A
 * filter may kill whoever makes a call that it does not list, and it cannot
 * list refknot's: so those are found out before it is installed, and are not
 * made any more.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

/* The kernel's struct sock_filter and sock_fprog. */
struct sandbox_instruction {
	uint16_t code;
	uint8_t when_true, when_false;
	uint32_t k;
};
#define SANDBOX_MOST 4096 /* instructions that the kernel takes */
struct sandbox_filter {
	uint16_t count;
	const struct sandbox_instruction *instructions;
};

/* A filter's answer (SECCOMP_RET_...) to system call `number` with arguments
 * `a`; one that has no answer kills. */
uint32_t sandbox_answer(const struct sandbox_filter *f, int number,
			const uint64_t a[6]);

/* A filter is about to be installed; NULL: the strict mode. What it forbids is
 * not done from here on, and room is made ready while that can be done. */
void sandbox_enter(const struct sandbox_filter *filter);
/* It is, or the kernel did not take it. */
void sandbox_done(bool installed);

/* Is a call forbidden that a snapshot cannot do without? */
bool sandbox_denies_snapshot(void);
/* Is one that makes room in the store? */
bool sandbox_denies_growth(void);
/* Is one that a forked child's own recording would begin with? */
bool sandbox_denies_start(void);
/* Note in the recording what is forbidden. */
void sandbox_note(void);

#endif
