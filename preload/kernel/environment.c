/* SPDX-License-Identifier: MIT */
#include "environment.h"

#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "own_memory.h"
#include "sys.h"
#include "text.h"

#define PAGE           4096ull
#define SHIM           "librefknot_preload.so"
#define ARGUMENTS_MOST 4096
#define PRELOAD        "LD_PRELOAD="
#define PRELOAD_LENGTH (sizeof(PRELOAD) - 1)
#define SEPARATORS     " :" /* in its list */

extern void *__libc_stack_end; /* of the dynamic loader: points at argc */

static char *const *arguments; /* a copy, once kept */

static char *const *original(void)
{
	return (char *const *)__libc_stack_end + 1;
}

char *const *environment_variables(void)
{
	return original() + *(const long *)__libc_stack_end + 1;
}

const char *environment_started_as(void)
{
	return *original() ? *original() : "";
}

char *const *environment_first_arguments(void)
{
	return original();
}

COLD const char *environment_executed(void)
{
	char *const *end = environment_variables();
	const Elf64_auxv_t *a;

	while (*end)
		end++;
	for (a = (const void *)(end + 1); a->a_type != AT_NULL; a++)
		if (a->a_type == AT_EXECFN)
			return (const char *)a->a_un.a_val;
	return "";
}

COLD void environment_keep(void)
{
	static char *const none[] = { NULL };
	char *const *from = original();
	size_t count = 0, size = 0;
	char **list, *text;

	for (; count < ARGUMENTS_MOST && from[count]; count++)
		size += strlen(from[count]) + 1;
	list = own_memory_map((count + 1) * sizeof(*list) + size);
	text = (char *)(list + count + 1);
	arguments = list ? list : none;
	for (size_t i = 0; list && i < count; i++) {
		size = strlen(from[i]) + 1;
		list[i] = memcpy(text, from[i], size);
		text += size;
	}
}

char *const *environment_arguments(void)
{
	return arguments;
}

static bool is_variable(const char *text, const char *name)
{
	return strncmp(text, name, strlen(name)) == 0;
}

COLD const char *environment_value(char *const *list, const char *name)
{
	for (; list && *list; list++)
		if (is_variable(*list, name))
			return *list + strlen(name);
	return NULL;
}

/* The list's element that names this library, or NULL. */
static COLD char *find_shim(char *list)
{
	for (char *p = list; *p;) {
		size_t size = strcspn(p, SEPARATORS);
		size_t name = sizeof(SHIM) - 1;

		if (size >= name && memcmp(p + size - name, SHIM, name) == 0)
			return p;
		p += size + strspn(p + size, SEPARATORS);
	}
	return NULL;
}

/* All of them. */
static COLD void remove_shim(char *list)
{
	for (char *shim = find_shim(list); shim; shim = find_shim(list)) {
		char *rest = shim + strcspn(shim, SEPARATORS);

		rest += strspn(rest, SEPARATORS);
		memmove(shim, rest, strlen(rest) + 1);
	}
}

/* Is it "LD_PRELOAD=" with this library among what follows? */
static COLD bool is_preload(char *variable)
{
	return strncmp(variable, PRELOAD, PRELOAD_LENGTH) == 0 &&
	       find_shim(variable + PRELOAD_LENGTH);
}

COLD void environment_drop_preload(void)
{
	for (char **e = __environ; e && *e; e++) {
		char *list = *e + PRELOAD_LENGTH;

		if (!is_preload(*e))
			continue;
		remove_shim(list);
		for (; !*list && *e; e++)
			e[0] = e[1];
		return;
	}
}

#define FILTERS        ENVIRONMENT_FILTERS "="
#define FILTERS_LENGTH (sizeof(FILTERS) - 1)
#define DIGITS         16
#define FILTERS_SIZE   (sizeof(FILTERS) + DIGITS)

/* All 16 digits and no more; false: it is something else. */
static bool read_filters(const char *text, uint64_t *value)
{
	*value = 0;
	for (int i = 0; i < DIGITS; i++) {
		int d = text_digit(text[i], 16);

		if (d < 0)
			return false;
		*value = *value << 4 | (unsigned)d;
	}
	return !text[DIGITS];
}

static void write_filters(char *to, uint64_t value)
{
	for (int i = 0; i < DIGITS; i++)
		to[i] = "0123456789abcdef"[value >> 4 * (DIGITS - 1 - i) & 15];
}

uint64_t environment_filters(char *const *list)
{
	uint64_t value;

	for (; list && *list; list++)
		if (is_variable(*list, FILTERS))
			return read_filters(*list + FILTERS_LENGTH, &value)
				   ? value
				   : 0;
	return 0;
}

COLD bool environment_set_filters(uint64_t forbidden)
{
	uint64_t before;

	for (char **e = __environ; e && *e; e++)
		if (is_variable(*e, FILTERS) &&
		    read_filters(*e + FILTERS_LENGTH, &before)) {
			write_filters(*e + FILTERS_LENGTH, before | forbidden);
			return true;
		}
	return false;
}

static size_t count(char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

/* How much of it can be read. Where the kernel does not allow to ask that, the
 * first is believed. */
static size_t read_from(void *to, const void *from, size_t size, size_t one)
{
	long n = sys_peek(sys_pid(), to, ADDRESS(from), size);

	if (n == -EPERM || n == -ENOSYS) {
		memcpy(to, from, one);
		return one;
	}
	return n < 0 ? 0 : (size_t)n;
}

/* Most texts stand together: each page is asked for once then. */
static bool is_readable(char *const *list)
{
	uint64_t page = UINT64_MAX;
	char *texts[16], first;
	size_t n;

	do {
		n = read_from(texts, list, sizeof(texts), sizeof(*texts)) /
		    sizeof(*texts);
		for (size_t i = 0; i < n; i++) {
			uint64_t its = ADDRESS(texts[i]) / PAGE;

			if (!texts[i])
				return true;
			if (its != page && !read_from(&first, texts[i], 1, 1))
				return false;
			page = its;
		}
		list += n;
	} while (n);
	return false;
}

COLD bool environment_loads_shim(char *const *list)
{
	if (!list || !is_readable(list))
		return false;
	for (; *list; list++)
		if (is_preload(*list))
			return true;
	return false;
}

COLD bool environment_shim(char *const *list, char *path, size_t room)
{
	const char *shim;
	size_t size;

	for (; *list && !is_preload(*list); list++)
		;
	if (!*list)
		return false;
	shim = find_shim(*list + PRELOAD_LENGTH);
	size = strcspn(shim, SEPARATORS);
	if (size >= room)
		return false;
	memcpy(path, shim, size);
	path[size] = '\0';
	return true;
}

COLD size_t environment_copy_size(char *const *list)
{
	size_t size = (count(list) + 2) * sizeof(*list) + FILTERS_SIZE;

	for (; list && *list; list++)
		if (is_preload(*list))
			size += strlen(*list) + 1;
	return size;
}

COLD char *const *environment_with_filters(void *room, char *const *list,
					   uint64_t forbidden)
{
	char **to = room;
	char *text = (char *)(to + count(list) + 2);
	size_t n = 0;

	to[n++] = text;
	memcpy(text, FILTERS, FILTERS_LENGTH);
	write_filters(text + FILTERS_LENGTH,
		      forbidden | environment_filters(list));
	text[FILTERS_LENGTH + DIGITS] = '\0';
	for (; *list; list++)
		if (!is_variable(*list, FILTERS))
			to[n++] = *list;
	to[n] = NULL;
	return to;
}

COLD char *const *environment_without_shim(void *room, char *const *list)
{
	char **to = room;
	char *text = (char *)(to + count(list) + 2);
	size_t n = 0;

	for (; *list; list++) {
		if (!is_preload(*list)) {
			to[n++] = *list;
			continue;
		}
		memcpy(text, *list, strlen(*list) + 1);
		remove_shim(text + PRELOAD_LENGTH);
		if (!text[PRELOAD_LENGTH])
			continue;
		to[n++] = text;
		text += strlen(text) + 1;
	}
	to[n] = NULL;
	return to;
}
