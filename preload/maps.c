/* SPDX-License-Identifier: MIT */
#include "maps.h"

#include <fcntl.h>

#include "proc.h"
#include "sys.h"

bool maps_open(struct maps *m)
{
	m->fd = (int)proc_open("thread-self/maps", O_RDONLY);
	m->at = m->size = 0;
	return m->fd >= 0;
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

/* A number in `base`, up to and including the character behind it. */
static uint64_t number(struct maps *m, unsigned base, int *behind)
{
	uint64_t value = 0;

	for (;;) {
		int c = next(m), digit = -1;

		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if (c >= 'a' && c <= 'f')
			digit = c - 'a' + 10;
		*behind = c;
		if (digit < 0 || digit >= (int)base)
			return value;
		value = value * base + (unsigned)digit;
	}
}

/* The name's last bytes, where it is longer than its place. */
static void name(struct maps *m, struct map *map, int c)
{
	unsigned size = 0, most = sizeof(map->name) - 1;

	while (c == ' ')
		c = next(m);
	for (; c >= 0 && c != '\n'; c = next(m)) {
		if (size == most) {
			for (unsigned i = 1; i < most; i++)
				map->name[i - 1] = map->name[i];
			size--;
		}
		map->name[size++] = (char)c;
	}
	map->name[size] = '\0';
}

bool maps_next(struct maps *m, struct map *map)
{
	int c;

	map->start = number(m, 16, &c);
	if (c < 0)
		return false;
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
	name(m, map, c);
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
