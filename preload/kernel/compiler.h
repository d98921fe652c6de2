/* SPDX-License-Identifier: MIT */
/* The shim's attribute macros, and how it touches what threads share. */
#ifndef COMPILER_H
#define COMPILER_H

#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))
/* Only this library has it: the compiler need not ask the loader where it is.
 */
#define HIDDEN   __attribute__((visibility("hidden")))
#define USED     __attribute__((used))
#define COLD     __attribute__((cold, noinline))
#define NOINLINE __attribute__((noinline))
/*
 * A hook leaves no address in the registers that it need not keep: they are
 * searched where a signal ends the program or a thread is stopped, and the C
 * library's own functions leave little there.
 */
#if defined(__has_attribute) && __has_attribute(zero_call_used_regs)
#define CLEAN __attribute__((zero_call_used_regs("used-gpr")))
/* The same of what functions that it calls have left. */
#define CLEAN_ALL __attribute__((zero_call_used_regs("all-gpr")))
#else
#define CLEAN
#define CLEAN_ALL
#endif
/* A large variable, of which most pages are never touched: on pages of its own,
 * so that the small ones are together on few. */
#define APART       __attribute__((aligned(4096)))
#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/*
 * A load or store of a word that another thread may access at the same time:
 * one instruction, the same as without the macro.  If the value leads to other
 * memory, acquire and release it; if two threads each write a word and then
 * read the other's, order it.
 */
#define READ_ONCE(x)            __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, value)    __atomic_store_n(&(x), value, __ATOMIC_RELAXED)
#define LOAD_ACQUIRE(x)         __atomic_load_n(&(x), __ATOMIC_ACQUIRE)
#define STORE_RELEASE(x, value) __atomic_store_n(&(x), value, __ATOMIC_RELEASE)
#define LOAD_ORDERED(x)         __atomic_load_n(&(x), __ATOMIC_SEQ_CST)
#define STORE_ORDERED(x, value) __atomic_store_n(&(x), value, __ATOMIC_SEQ_CST)
/* Stores `value` if x equals `seen`; else false, and `seen` is what x is. */
#define CHANGE(x, seen, value)                                                 \
	__atomic_compare_exchange_n(&(x), &(seen), value, false,               \
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)

/* A pointer as a number. */
#define ADDRESS(p) ((uint64_t)(uintptr_t)(p))

/* The thread's control block, which begins with its own address. */
static inline void *thread_pointer(void)
{
	void *p;

	__asm__("mov %%fs:0, %0" : "=r"(p));
	return p;
}

#endif
