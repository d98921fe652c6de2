/* SPDX-License-Identifier: MIT */
/* The shim's attribute macros, and nothing else. */
#ifndef COMPILER_H
#define COMPILER_H

#define EXPORT __attribute__((visibility("default")))
/* Ours alone: the compiler need not ask the loader where it is. */
#define HIDDEN      __attribute__((visibility("hidden")))
#define COLD        __attribute__((cold, noinline))
#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#endif
