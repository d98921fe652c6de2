/* SPDX-License-Identifier: MIT */
/* For held_library_bss.c: a library with nothing but a variable. */
extern void *library_slot;
__attribute__((visibility("default"))) void *library_slot;
