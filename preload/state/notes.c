/* SPDX-License-Identifier: MIT */
#include "notes.h"

#include <refknot/store.h>

#include "libc.h"
#include "process.h"
#include "text.h"

COLD bool notes_wanted(void)
{
	return process.settings.children && *process.directory &&
	       !libc_is_secure();
}

static void add_directory(struct text *t)
{
	text_add(t, process.directory);
	text_add(t, "/" STORE_EXECUTED);
}

COLD bool notes_directory(char *name)
{
	struct text t = { name, NOTES_ROOM, 0 };

	add_directory(&t);
	return text_whole(&t);
}

COLD bool notes_name(char *name, int pid, uint64_t time, const char *suffix)
{
	struct text t = { name, NOTES_ROOM, 0 };

	add_directory(&t);
	text_add(&t, "/");
	text_number(&t, (uint64_t)pid);
	text_add(&t, "-");
	text_number(&t, time);
	text_add(&t, suffix);
	return text_whole(&t);
}
