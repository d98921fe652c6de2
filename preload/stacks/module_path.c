/* SPDX-License-Identifier: MIT */
#include "module_path.h"

#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>

#include "libc.h"
#include "maps.h"
#include "store.h"
#include "text.h"

#define ROOM    1024 /* longer paths stay the loader's: stacks may be small */
#define DELETED " (deleted)"

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* Does it mean the same file to everybody? A descriptor's name does not. */
static bool is_lasting(const char *name)
{
	return *name == '/' && !begins(name, "/proc/") &&
	       !begins(name, "/dev/fd/");
}

/* Asked for: the loader itself was executed, and told what to load. */
static bool is_loaders_guest(void)
{
	return !libc()->getauxval(AT_BASE);
}

/* The file is gone or replaced; what it was called then is still its name. */
static void drop_deleted(char *path, const char *name)
{
	size_t size = strlen(path), length;
	const size_t mark = sizeof(DELETED) - 1;

	if (size <= mark || strcmp(path + size - mark, DELETED) != 0)
		return;
	name = text_base(name);
	length = strlen(name);
	if (length && size - mark >= length &&
	    strncmp(path + size - mark - length, name, length) == 0)
		path[size - mark] = '\0';
}

uint32_t module_path(const struct link_map *map, uint64_t start)
{
	const char *name = map->l_name ? map->l_name : "";
	uint64_t kernel = libc()->getauxval(AT_SYSINFO_EHDR);
	char path[ROOM];

	if (kernel && kernel == start)
		return store_text(MODULE_PATH_KERNEL,
				  sizeof(MODULE_PATH_KERNEL) - 1);
	/* The executable has no name in the link map. */
	if (!*name && !is_loaders_guest())
		return store.header->meta.program;
	if (!is_lasting(name) && maps_path(start, path, sizeof(path))) {
		drop_deleted(path, name);
		name = path;
	}
	return *name ? store_text(name, strlen(name))
		     : store.header->meta.program;
}
