/* SPDX-License-Identifier: MIT */
/* Functions of the program's that a target replaces (ld --wrap). */
#ifndef WRAPS_H
#define WRAPS_H

#include "elf_file.h"
#include "recordings.h"
#include "symbols_module.h"

void __wrap_die(int status, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));
void __wrap_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
int __wrap_recordings_each(const char **paths, recordings_visit *visit,
			   void *data);
size_t __wrap_symbols_frame(struct symbols *s, uint32_t frame,
			    const struct location **locations);
bool __wrap_symbols_module_open(struct symbols_module *m, const char *path,
				const void *build_id, int build_id_size);
int __wrap_elf_file_read(struct elf_file *e, const char *path);
int __real_elf_file_read(struct elf_file *e, const char *path);

#endif
