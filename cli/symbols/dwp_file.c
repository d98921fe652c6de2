/* SPDX-License-Identifier: MIT */
#include "dwp_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "elf_copy.h"

#define MOST_COLUMNS 16

enum { INFO = 1, STRING_OFFSETS = 6, COLUMNS = 9 };

/* What a column's number means, by version. */
static const char *const names[2][COLUMNS] = {
	{ NULL, ".debug_info.dwo", NULL, ".debug_abbrev.dwo", ".debug_line.dwo",
	  ".debug_loc.dwo", ".debug_str_offsets.dwo", NULL, NULL },
	{ NULL, ".debug_info.dwo", NULL, ".debug_abbrev.dwo", ".debug_line.dwo",
	  ".debug_loclists.dwo", ".debug_str_offsets.dwo", NULL,
	  ".debug_rnglists.dwo" },
};

struct bytes {
	const unsigned char *data;
	size_t size;
	void *made;
};

struct dwp_file {
	Elf *elf;
	struct bytes index, strings;
	struct bytes sections[COLUMNS];
	bool is_5;
	uint32_t columns, units, slots; /* the last a power of two */
	/* Where these begin in the index. */
	size_t ids, rows, numbers, offsets, sizes;
};

static struct bytes read_section(Elf *elf, const char *name)
{
	struct bytes b = { 0 };

	b.data =
	    elf_copy_plain(elf, elf_copy_section(elf, name), &b.size, &b.made);
	if (!b.data)
		b.size = 0;
	return b;
}

static uint32_t word(const struct bytes *b, size_t at)
{
	uint32_t value;

	memcpy(&value, b->data + at, sizeof(value));
	return value;
}

/* The header, and where the tables behind it are; false: it is damaged. */
static bool read_index(struct dwp_file *d)
{
	const struct bytes *b = &d->index;
	uint64_t cells;
	uint32_t version;

	if (b->size < 16)
		return false;
	/* Version 5 is in two bytes, with two of padding. */
	version = word(b, 0);
	d->is_5 = version == 5;
	d->columns = word(b, 4);
	d->units = word(b, 8);
	d->slots = word(b, 12);
	cells = (uint64_t)d->columns * d->units;
	if ((version != 2 && !d->is_5) || !d->columns ||
	    d->columns > MOST_COLUMNS || d->slots & (d->slots - 1) ||
	    16 + (uint64_t)d->slots * 12 + (uint64_t)d->columns * 4 +
		    cells * 8 >
		b->size)
		return false;
	d->ids = 16;
	d->rows = d->ids + (size_t)d->slots * 8;
	d->numbers = d->rows + (size_t)d->slots * 4;
	d->offsets = d->numbers + (size_t)d->columns * 4;
	d->sizes = d->offsets + (size_t)cells * 4;
	return true;
}

struct dwp_file *dwp_file_open(int fd)
{
	struct dwp_file *d = xcalloc(1, sizeof(*d));

	elf_version(EV_CURRENT);
	d->elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (d->elf && elf_copy_can(d->elf)) {
		d->index = read_section(d->elf, ".debug_cu_index");
		if (read_index(d)) {
			for (size_t i = 0; i < COLUMNS; i++)
				if (names[d->is_5][i])
					d->sections[i] = read_section(
					    d->elf, names[d->is_5][i]);
			d->strings = read_section(d->elf, ".debug_str.dwo");
			return d;
		}
	}
	dwp_file_close(d);
	return NULL;
}

void dwp_file_close(struct dwp_file *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < COLUMNS; i++)
		free(d->sections[i].made);
	free(d->index.made);
	free(d->strings.made);
	elf_end(d->elf);
	free(d);
}

/* The row of the unit, from 1 on; 0: there is none. */
static uint32_t find_row(const struct dwp_file *d, uint64_t id)
{
	uint32_t mask = d->slots - 1, at = (uint32_t)id & mask;
	uint32_t step = ((uint32_t)(id >> 32) & mask) | 1;

	for (uint32_t n = 0; n < d->slots; n++, at = (at + step) & mask) {
		uint32_t row = word(&d->index, d->rows + (size_t)at * 4);
		uint64_t here;

		memcpy(&here, d->index.data + d->ids + (size_t)at * 8,
		       sizeof(here));
		if (!row)
			return 0;
		if (here == id)
			return row <= d->units ? row : 0;
	}
	return 0;
}

/* The unit's part of each section; false: it is not in the file. */
static bool find_parts(const struct dwp_file *d, uint32_t row,
		       struct bytes parts[COLUMNS])
{
	for (uint32_t c = 0; c < d->columns; c++) {
		uint32_t number = word(&d->index, d->numbers + (size_t)c * 4);
		size_t cell = ((size_t)(row - 1) * d->columns + c) * 4;
		uint32_t offset = word(&d->index, d->offsets + cell);
		uint32_t size = word(&d->index, d->sizes + cell);
		const struct bytes *all;

		if (number >= COLUMNS || !names[d->is_5][number] || !size)
			continue;
		all = &d->sections[number];
		if (offset > all->size || size > all->size - offset)
			return false;
		parts[number] =
		    (struct bytes){ all->data + offset, size, NULL };
	}
	return parts[INFO].size;
}

/* Only the unit's own strings: those of all units may be a thousand times as
 * much. `offsets` is its part of that section, which is made to fit. */
static struct bytes take_strings(const struct dwp_file *d,
				 struct bytes *offsets)
{
	size_t first = d->is_5 ? 8 : 0, room = 0, count;
	struct bytes own = { 0 };
	unsigned char *fit;
	char *texts;

	if (!offsets->data || offsets->size < first)
		return own;
	count = (offsets->size - first) / 4;
	for (size_t i = 0; i < count; i++) {
		uint32_t at = word(offsets, first + 4 * i);

		if (at < d->strings.size)
			room += strnlen((const char *)d->strings.data + at,
					d->strings.size - at) +
				1;
		/* Strings of a damaged file may overlap. */
		if (room > d->strings.size)
			return d->strings;
	}
	fit = xmalloc(offsets->size + 1);
	memcpy(fit, offsets->data, offsets->size);
	own.made = texts = xcalloc(room + 1, 1);
	own.data = own.made;
	own.size = 1; /* the first is empty, for offsets that are wrong */
	for (size_t i = 0; i < count; i++) {
		uint32_t at = word(offsets, first + 4 * i), new = 0;

		if (at < d->strings.size) {
			size_t length =
			    strnlen((const char *)d->strings.data + at,
				    d->strings.size - at);

			new = (uint32_t)own.size;
			memcpy(texts + own.size, d->strings.data + at, length);
			own.size += length + 1;
		}
		memcpy(fit + first + 4 * i, &new, sizeof(new));
	}
	offsets->data = offsets->made = fit;
	return own;
}

int dwp_file_take(const struct dwp_file *d, uint64_t id)
{
	uint32_t row = d->slots ? find_row(d, id) : 0;
	struct bytes parts[COLUMNS] = { { 0 } }, strings;
	struct elf_section list[COLUMNS + 1];
	size_t count = 0;
	int fd;

	if (!row || !find_parts(d, row, parts))
		return -ENOENT;
	strings = take_strings(d, &parts[STRING_OFFSETS]);
	for (size_t i = 0; i < COLUMNS; i++)
		if (parts[i].size)
			list[count++] = (struct elf_section){ names[d->is_5][i],
							      parts[i].data,
							      parts[i].size };
	if (strings.size)
		list[count++] =
		    (struct elf_section){ ".debug_str.dwo", strings.data,
					  strings.size };
	fd = elf_copy_make(list, count);
	if (strings.data != d->strings.data)
		free(strings.made);
	free(parts[STRING_OFFSETS].made);
	return fd;
}
