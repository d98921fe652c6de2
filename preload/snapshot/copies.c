/* SPDX-License-Identifier: MIT */
#include "copies.h"

#include <string.h>

#include "process.h"
#include "sys.h"

#define PAGE   4096ull
#define PLACES 64

/* Pages read lately, each at the place that its number says. */
static struct {
	uint64_t page; /* its address; 0: none */
	char bytes[PAGE];
} places[PLACES];

static const struct picture *picture;

void copies_begin(const struct picture *p)
{
	picture = p;
	for (size_t i = 0; i < PLACES; i++)
		places[i].page = 0;
}

static bool is_listed(uint64_t page)
{
	for (uint32_t i = 0; i < picture->map_count; i++) {
		const struct map *m = &picture->maps[i];

		if (page >= m->start && page < m->end)
			return m->readable;
	}
	return false;
}

static bool copy(char *to, uint64_t page)
{
	if (picture->copies)
		return sys_peek(process.pid, to, page, PAGE) == (long)PAGE;
	if (!is_listed(page))
		return false;
	memcpy(to, (const void *)(uintptr_t)page, PAGE);
	return true;
}

/* The byte at `address`, and those behind it up to its page's end. */
static const char *find(uint64_t address)
{
	uint64_t page = address & ~(PAGE - 1);
	size_t i = page / PAGE % PLACES;

	if (!page)
		return NULL;
	if (places[i].page != page) {
		places[i].page = 0;
		if (!copy(places[i].bytes, page))
			return NULL;
		places[i].page = page;
	}
	return places[i].bytes + address % PAGE;
}

bool copies_read(void *to, uint64_t from, size_t size)
{
	for (char *bytes = to; size;) {
		const char *found = find(from);
		size_t n = PAGE - from % PAGE;

		if (!found)
			return false;
		n = n < size ? n : size;
		memcpy(bytes, found, n);
		bytes += n;
		from += n;
		size -= n;
	}
	return true;
}

bool copies_text(char *to, size_t room, uint64_t from)
{
	for (; room; room--, to++, from++) {
		if (!copies_read(to, from, 1))
			return false;
		if (!*to)
			return true;
	}
	return false;
}
