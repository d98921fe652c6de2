/* SPDX-License-Identifier: MIT */
/* Programs, as far as they are looked at before they run: ELF and scripts; and
 * the call of an allocation function at the address that is in the last four
 * bytes. */
#include "target.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "allocation_call.h"
#include "input.h"
#include "preflight.h"
#include "program.h"
#include "wraps.h"

/* This program itself is large and always the same. */
int __wrap_elf_file_read(struct elf_file *e, const char *path)
{
	if (strcmp(path, "/proc/self/exe"))
		return __real_elf_file_read(e, path);
	*e = (struct elf_file){ .class = ELFCLASS64,
				.data = ELFDATA2LSB,
				.machine = EM_X86_64 };
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = input_path(data, size);
	struct preflight p;
	uint32_t address;

	free(program_interpreter(path));
	preflight_check(&p, path);
	input_need(preflight_name(p.verdict) != NULL && p.message);
	input_need((p.verdict == PREFLIGHT_OK) == !*p.message);
	input_need(p.verdict != PREFLIGHT_OK || p.binary);
	preflight_release(&p);
	if (size >= sizeof(address)) {
		memcpy(&address, data + size - sizeof(address),
		       sizeof(address));
		allocation_call(path, address);
	}
	return 0;
}
