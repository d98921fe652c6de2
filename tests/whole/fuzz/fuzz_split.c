/* SPDX-License-Identifier: MIT */
/* Files with debug information that libdw is shown in another form: packages of
 * .dwo files, sections that are compressed, units whose file has another name. */
#include "target.h"

#include <dwarf.h>
#include <string.h>
#include <unistd.h>

#include "input.h"
#include "split_files.h"

/* Every eight bytes may be an id of the package. */
static void take_units(const uint8_t *data, size_t size)
{
	struct dwp_file *package = dwp_file_open(input_file(data, size));
	uint64_t id;

	for (size_t i = 0; package && i + sizeof(id) <= size; i += 4) {
		int fd;

		memcpy(&id, data + i, sizeof(id));
		fd = dwp_file_take(package, id);
		if (fd >= 0)
			close(fd);
	}
	dwp_file_close(package);
}

static void visit_units(struct split_files *s, int fd)
{
	Dwarf *dwarf = dwarf_begin(fd, DWARF_C_READ);
	Dwarf_CU *cu = NULL;
	Dwarf_Die die;
	uint8_t type;

	while (dwarf &&
	       !dwarf_get_units(dwarf, cu, &cu, NULL, &type, &die, NULL)) {
		const char *name;

		if (type != DW_UT_skeleton)
			continue;
		name = split_files_name(s, &die);
		input_need(!name || strlen(name) < SIZE_MAX);
		split_files_supply(s, &die);
		input_need(split_files_note(s, &die, false) != NULL);
	}
	dwarf_end(dwarf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char root[] = "/proc/self/fdinfo"; /* with nothing of use */
	struct debug_search search = { 0 };
	struct split_files s = { 0 };
	int fd;

	take_units(data, size);
	debug_file_sysroot = root;
	fd = split_files_prepare(&s, &search, "/program", "/program",
				 dup(input_file(data, size)));
	input_need(fd >= 0);
	visit_units(&s, fd);
	close(fd);
	split_files_release(&s);
	debug_search_release(&search);
	return 0;
}
