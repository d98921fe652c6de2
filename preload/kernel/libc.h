/* SPDX-License-Identifier: MIT */
/*
 * What the shim calls in the C library.  A program may define a function of any
 * name, and a call by name would call the program's.  So no function is bound
 * by name; each is found in the C library's own table of symbols.  Thus the
 * shim also loads beside older C libraries than the one that it was built with.
 * It takes no lock and may run inside malloc and in a signal handler.
 */
#ifndef LIBC_H
#define LIBC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "compiler.h"

/* Functions as the C library's headers declare them; NULL if it lacks one. */
struct libc {
	int *(*errno_location)(void);
	/* As it was at the start, of the types that libc.c lists. */
	unsigned long (*getauxval)(unsigned long type);
	void (*abort)(void) __attribute__((noreturn));
	int (*mallopt)(int parameter, int value);
	int (*cxa_atexit)(void (*f)(void *), void *argument, void *library);
	int (*cxa_at_quick_exit)(void (*f)(void *), void *library);
	int (*register_atfork)(void (*prepare)(void), void (*parent)(void),
			       void (*child)(void), void *library);
	pid_t (*fork)(void);
	long (*syscall)(long number, ...);
	void *(*dlopen)(const char *path, int flags);
	int (*dl_find_object)(void *address, void *object); /* from 2.35 */
	int (*clock_gettime)(clockid_t clock, struct timespec *t);
};

const struct libc *libc(void);

/* The same once they were found, which is so if a recording has begun; NULL
 * before. It takes very little stack. */
const struct libc *libc_known(void);

/* Whether the program runs with privileges that the user who started it lacks.
 */
bool libc_is_secure(void);

/* Whether there is only one thread: a flag of the C library's, from 2.32 on; 0
 * if the library has none. */
extern HIDDEN const char *libc_single_threaded;

/* Adds to a sum of 4 or 8 bytes that all threads add to; returns the new sum.
 * With one thread it is one instruction, so that a signal handler's addition is
 * not lost either. */
#define libc_add(sum, more)                                                    \
	({                                                                     \
		__typeof__(*(sum)) before_ = (more);                           \
                                                                               \
		if (READ_ONCE(*libc_single_threaded))                          \
			__asm__("xadd %0, %1"                                  \
				: "+r"(before_), "+m"(*(sum))                  \
				:                                              \
				: "cc");                                       \
		else                                                           \
			before_ = __atomic_fetch_add((sum), before_,           \
						     __ATOMIC_RELAXED);        \
		before_ + (__typeof__(*(sum)))(more);                          \
	})
/* The same for bits; those that are set already cost nothing. */
static inline void libc_set_bits(uint64_t *word, uint64_t bits)
{
	if ((READ_ONCE(*word) & bits) == bits)
		return;
	if (READ_ONCE(*libc_single_threaded))
		__asm__("orq %1, %0" : "+m"(*word) : "r"(bits) : "cc");
	else
		__atomic_fetch_or(word, bits, __ATOMIC_RELAXED);
}

/* The C library's errno. */
#define libc_errno (*libc()->errno_location())

#endif
