/* SPDX-License-Identifier: MIT */
/*
 * Finding the FDE of an address: the image that it lies in, then the binary
 * search table of `.eh_frame_hdr`, which may be in another segment.
 */
#include "cfi_row.h"

#include <dwarf.h>
#include <string.h>

#include "compiler.h"
#include "image.h"

/* Of an encoding: how the number is written, and what to add to it. */
#define FORM 0x0f
#define BASE 0x70

uint64_t cfi_unsigned(struct cfi_bytes *b, unsigned size)
{
	uint64_t value = 0;

	if ((uint64_t)(b->end - b->p) < size) {
		b->p = b->end;
		return 0;
	}
	memcpy(&value, b->p, size);
	b->p += size;
	return value;
}

uint64_t cfi_signed(struct cfi_bytes *b, unsigned size)
{
	const unsigned unused = 64 - size * 8;

	return (uint64_t)((int64_t)(cfi_unsigned(b, size) << unused) >> unused);
}

uint64_t cfi_uleb(struct cfi_bytes *b)
{
	uint64_t value = 0;

	for (unsigned shift = 0; b->p < b->end; shift += 7) {
		uint8_t byte = *b->p++;

		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			break;
	}
	return value;
}

int64_t cfi_sleb(struct cfi_bytes *b)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte = 0;

	while (b->p < b->end) {
		byte = *b->p++;
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
		if (!(byte & 0x80))
			break;
	}
	if (shift < 64 && (byte & 0x40))
		value |= ~0ull << shift;
	return (int64_t)value;
}

static bool form(struct cfi_bytes *b, uint8_t encoding, uint64_t *value)
{
	static const uint8_t sizes[FORM + 1] = {
		[DW_EH_PE_absptr] = 8, [DW_EH_PE_udata2] = 2,
		[DW_EH_PE_sdata2] = 2, [DW_EH_PE_udata4] = 4,
		[DW_EH_PE_sdata4] = 4, [DW_EH_PE_udata8] = 8,
		[DW_EH_PE_sdata8] = 8,
	};
	const uint8_t size = sizes[encoding & FORM];

	if (!size && (encoding & 7) != DW_EH_PE_uleb128)
		return false;
	if ((encoding & FORM) == DW_EH_PE_uleb128)
		*value = cfi_uleb(b);
	else if ((encoding & FORM) == DW_EH_PE_sleb128)
		*value = (uint64_t)cfi_sleb(b);
	else
		*value = (encoding & DW_EH_PE_signed) ? cfi_signed(b, size)
						      : cfi_unsigned(b, size);
	return true;
}

bool cfi_pointer(struct cfi_bytes *b, uint8_t encoding, uint64_t data_base,
		 uint64_t *value)
{
	uint64_t at = ADDRESS(b->p);

	if (encoding == DW_EH_PE_omit || (encoding & DW_EH_PE_indirect) ||
	    !form(b, encoding, value))
		return false;
	if ((encoding & BASE) == DW_EH_PE_pcrel)
		*value += at;
	else if ((encoding & BASE) == DW_EH_PE_datarel)
		*value += data_base;
	else
		return !(encoding & BASE);
	return true;
}

/* The table's entries: {function, FDE}, both relative to the header. */
struct entry {
	int32_t function, fde;
};

static struct entry entry(const uint8_t *table, uint64_t i)
{
	struct entry e;

	memcpy(&e, table + i * sizeof(e), sizeof(e));
	return e;
}

/* The FDE of the last function that starts at or before `pc`. */
static const uint8_t *search(const uint8_t *header, const uint8_t *end,
			     uint64_t pc)
{
	struct cfi_bytes b = { header + 4, end };
	uint64_t base = ADDRESS(header), unused, count, low = 0;
	const uint8_t *table;

	if (end - header < 4 || header[0] != 1 ||
	    header[3] != (DW_EH_PE_datarel | DW_EH_PE_sdata4) ||
	    !cfi_pointer(&b, header[1], base, &unused) ||
	    !cfi_pointer(&b, header[2], base, &count))
		return NULL;
	table = b.p;
	if (count > (uint64_t)(end - b.p) / sizeof(struct entry))
		return NULL;
	while (low < count) {
		uint64_t middle = (low + count) / 2;

		if (base + (uint64_t)(int64_t)entry(table, middle).function <=
		    pc)
			low = middle + 1;
		else
			count = middle;
	}
	return low ? header + entry(table, low - 1).fde : NULL;
}

/* "zPLR" and the like: only R (encoding) and S (signal) matter here. */
static bool augmentation(struct cfi_bytes *b, const char *letters,
			 struct cfi_fde *fde)
{
	uint64_t size, unused;
	const uint8_t *end;

	if (!*letters)
		return true;
	if (*letters != 'z')
		return false;
	size = cfi_uleb(b);
	end = size <= (uint64_t)(b->end - b->p) ? b->p + size : b->end;
	for (letters++; *letters; letters++) {
		if (*letters == 'R')
			fde->encoding = (uint8_t)cfi_unsigned(b, 1);
		else if (*letters == 'S')
			fde->signal = true;
		else if (*letters == 'L')
			cfi_unsigned(b, 1);
		else if (*letters == 'P'
			     ? !form(b, (uint8_t)cfi_unsigned(b, 1), &unused)
			     : *letters != 'B')
			return false;
	}
	b->p = end;
	return true;
}

/* The bytes after the length field of the record at `p`, if the image has them
 * and they can be read; else p NULL. */
static struct cfi_bytes record(const uint8_t *p, const struct image *image)
{
	struct cfi_bytes b = { p, image_readable(image, p) };
	uint64_t size;

	if (!b.end)
		return (struct cfi_bytes){ NULL, NULL };
	size = cfi_unsigned(&b, 4);
	if (size == 0xffffffff)
		size = cfi_unsigned(&b, 8);
	if (size < 4 || size > (uint64_t)(b.end - b.p))
		return (struct cfi_bytes){ NULL, NULL };
	b.end = b.p + size;
	return b;
}

static bool cie(const uint8_t *p, const struct image *image,
		struct cfi_fde *fde)
{
	struct cfi_bytes b = record(p, image);
	const char *letters;
	uint8_t version;

	if (!b.p || cfi_unsigned(&b, 4) != 0)
		return false;
	version = (uint8_t)cfi_unsigned(&b, 1);
	letters = (const char *)b.p;
	while (b.p < b.end && *b.p)
		b.p++;
	if ((version != 1 && version != 3) || b.p >= b.end)
		return false;
	b.p++;
	fde->code_align = cfi_uleb(&b);
	fde->data_align = cfi_sleb(&b);
	fde->return_register =
	    version == 1 ? cfi_unsigned(&b, 1) : cfi_uleb(&b);
	if (!augmentation(&b, letters, fde))
		return false;
	fde->initial = b;
	return true;
}

static bool read_fde(const uint8_t *p, const struct image *image, uint64_t pc,
		     struct cfi_fde *fde)
{
	struct cfi_bytes b = record(p, image);
	const uint8_t *at = b.p;
	uint64_t distance, size = 0;

	if (!b.p)
		return false;
	distance = cfi_unsigned(&b, 4);
	*fde = (struct cfi_fde){ .encoding = DW_EH_PE_absptr };
	if (!distance || !cie(at - distance, image, fde) ||
	    !cfi_pointer(&b, fde->encoding, 0, &fde->start) ||
	    !cfi_pointer(&b, fde->encoding & FORM, 0, &size))
		return false;
	if (pc < fde->start || pc - fde->start >= size)
		return false;
	size = cfi_uleb(&b);
	if (size > (uint64_t)(b.end - b.p))
		return false;
	b.p += size;
	fde->instructions = b;
	return true;
}

bool cfi_fde_find(uint64_t pc, struct image *image, struct cfi_fde *fde)
{
	const uint8_t *end, *p;

	if (!image_find(pc, image) || !image->unwind)
		return false;
	end = image_readable(image, image->unwind);
	p = end ? search(image->unwind, end, pc) : NULL;
	return p && read_fde(p, image, pc, fde);
}
