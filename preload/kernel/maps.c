/* SPDX-License-Identifier: MIT */
#include "maps.h"

#include <fcntl.h>
#include <string.h>

#include "proc.h"
#include "sys.h"
#include "text.h"

static bool open_file(struct maps *m, const char *name, bool sizes)
{
	m->fd = (int)proc_open(name, O_RDONLY);
	m->sizes = sizes;
	m->at = m->size = 0;
	return m->fd >= 0;
}

bool maps_open(struct maps *m)
{
	return open_file(m, "thread-self/maps", false);
}

bool maps_open_sizes(struct maps *m)
{
	return open_file(m, "thread-self/smaps", true);
}

void maps_close(struct maps *m)
{
	sys_close(m->fd);
}

/* The next character; -1: the end. */
static int next(struct maps *m)
{
	if (m->at == m->size) {
		long n = sys_read(m->fd, m->buffer, sizeof(m->buffer));

		if (n <= 0)
			return -1;
		m->at = 0;
		m->size = (unsigned)n;
	}
	return (unsigned char)m->buffer[m->at++];
}

/* The next character, which stays the next; -1: the end. */
static int peek(struct maps *m)
{
	int c = next(m);

	if (c >= 0)
		m->at--;
	return c;
}

/* A number in `base`, up to and including the character behind it. */
static uint64_t number(struct maps *m, int base, int *behind)
{
	uint64_t value = 0;

	for (;;) {
		int c = next(m), digit = text_digit((char)c, base);

		*behind = c;
		if (digit < 0)
			return value;
		value = value * (unsigned)base + (unsigned)digit;
	}
}

/* The name's last bytes, where it is longer than its place. `c`: what was read
 * before it. Was there room for all of it? */
static bool name(struct maps *m, char *to, unsigned room, int c)
{
	unsigned size = 0, most = room - 1;
	bool whole = true;

	while (c == ' ')
		c = next(m);
	for (; c >= 0 && c != '\n'; c = next(m)) {
		if (size == most) {
			for (unsigned i = 1; i < most; i++)
				to[i - 1] = to[i];
			size--;
			whole = false;
		}
		to[size++] = (char)c;
	}
	to[size] = '\0';
	return whole;
}

/*
 * The lines about one mapping: "Rss:                   8 kB". Their names begin
 * with capitals, the next mapping with a digit of its address.
 */
static bool are_zero(struct maps *m, uint64_t *resident)
{
	bool zero = true;

	for (int c = peek(m); c >= 'A' && c <= 'Z'; c = peek(m)) {
		char key[8]; /* the name before a colon, cut */
		uint64_t value = 0;
		size_t n = 0;

		while ((c = next(m)) >= 0 && c != ':' && c != '\n') {
			key[n] = (char)c;
			n += n < sizeof(key) - 1;
		}
		key[n] = '\0';
		while (c >= 0 && c != '\n' && peek(m) == ' ')
			next(m);
		if (c == ':')
			value = number(m, 10, &c);
		while (c >= 0 && c != '\n')
			c = next(m);
		if (strcmp(key, "Rss") == 0)
			*resident = value << 10;
		else if (strcmp(key, "Swap") == 0 && value)
			*resident = MAPS_SOMEWHERE;
		else
			continue;
		zero &= !value;
	}
	return zero;
}

/* What stands before the name; the character behind it, -1: the end. */
static int head(struct maps *m, struct map *map)
{
	int c;

	map->start = number(m, 16, &c);
	if (c < 0)
		return c;
	map->end = number(m, 16, &c);
	map->readable = next(m) == 'r';
	map->writable = next(m) == 'w';
	map->executable = next(m) == 'x';
	map->private = next(m) == 'p';
	next(m);
	number(m, 16, &c); /* offset */
	number(m, 16, &c); /* device */
	number(m, 16, &c);
	map->inode = number(m, 10, &c);
	return c;
}

bool maps_next(struct maps *m, struct map *map)
{
	int c = head(m, map);

	if (c < 0)
		return false;
	name(m, map->name, sizeof(map->name), c);
	map->resident = MAPS_SOMEWHERE;
	map->untouched = m->sizes && are_zero(m, &map->resident);
	return true;
}

bool maps_find(uint64_t address, struct map *map)
{
	bool found = false;
	struct maps m;

	if (!maps_open(&m))
		return false;
	while (!found && maps_next(&m, map))
		found = address >= map->start && address < map->end;
	maps_close(&m);
	return found;
}

bool maps_path(uint64_t address, char *path, unsigned room)
{
	bool found = false, whole = false;
	struct maps m;
	struct map map;
	int c;

	if (!maps_open(&m))
		return false;
	while (!found && (c = head(&m, &map)) >= 0) {
		found = address >= map.start && address < map.end;
		whole = name(&m, path, room, c);
	}
	maps_close(&m);
	if (!found || !whole || *path != '/')
		return false;
	/* The kernel writes a line's end in a name as "\\012". */
	for (char *to = path; (*to = *path); to++, path++)
		if (text_begins(path, "\\012")) {
			*to = '\n';
			path += 3;
		}
	return true;
}

uint32_t maps_behind(const struct map *list, uint32_t count, uint64_t address)
{
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (list[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
