/* SPDX-License-Identifier: MIT */
#include "line_sums.h"

#include <dwarf.h>
#include <gelf.h>
#include <stdint.h>
#include <string.h>

#define MOST_COLUMNS 16u /* of a file's entry */

/* What is left of the table; `bad`: it ended too early. */
struct bytes {
	const unsigned char *at, *end;
	bool bad;
	bool wide; /* its offsets have 8 bytes */
};

static uint64_t take(struct bytes *b, size_t size)
{
	uint64_t value = 0;

	if ((size_t)(b->end - b->at) < size) {
		b->bad = true;
		b->at = b->end;
		return 0;
	}
	memcpy(&value, b->at, size < 8 ? size : 8);
	b->at += size;
	return value;
}

static uint64_t take_number(struct bytes *b)
{
	uint64_t value = 0, byte = 0x80;

	for (unsigned shift = 0; byte & 0x80 && !b->bad; shift += 7) {
		byte = take(b, 1);
		if (shift < 64)
			value |= (byte & 0x7f) << shift;
	}
	return value;
}

static void take_form(struct bytes *b, uint64_t form)
{
	switch (form) {
	case DW_FORM_string:
		while (take(b, 1))
			;
		break;
	case DW_FORM_line_strp:
	case DW_FORM_strp:
		take(b, b->wide ? 8 : 4);
		break;
	case DW_FORM_udata:
		take_number(b);
		break;
	case DW_FORM_data1:
		take(b, 1);
		break;
	case DW_FORM_data2:
		take(b, 2);
		break;
	case DW_FORM_data4:
		take(b, 4);
		break;
	case DW_FORM_data8:
		take(b, 8);
		break;
	case DW_FORM_data16:
		take(b, MD5_SIZE);
		break;
	case DW_FORM_block:
		take(b, take_number(b));
		break;
	default:
		b->bad = true;
		break;
	}
}

/* What each entry of a list has: pairs of a meaning and a form. */
struct columns {
	uint64_t meaning[MOST_COLUMNS], form[MOST_COLUMNS];
	uint64_t count;
};

static void take_columns(struct bytes *b, struct columns *c)
{
	c->count = take(b, 1);
	b->bad |= c->count > MOST_COLUMNS;
	for (uint64_t i = 0; i < c->count && !b->bad; i++) {
		c->meaning[i] = take_number(b);
		c->form[i] = take_number(b);
	}
}

/* Skips to entry `number` of the list that follows, or behind it; where its sum
 * is, NULL: it has none. */
static const unsigned char *take_list(struct bytes *b, uint64_t number)
{
	const unsigned char *found = NULL;
	struct columns c;
	uint64_t count;

	take_columns(b, &c);
	count = take_number(b);
	for (uint64_t i = 0; c.count && i < count && !b->bad; i++)
		for (uint64_t k = 0; k < c.count && !b->bad; k++) {
			const unsigned char *at = b->at;

			take_form(b, c.form[k]);
			if (i == number && c.meaning[k] == DW_LNCT_MD5 &&
			    c.form[k] == DW_FORM_data16)
				found = at;
		}
	return b->bad ? NULL : found;
}

/* Whether the header of a table of version 5 begins there; then its lists are
 * left. */
static bool take_header(struct bytes *b)
{
	uint64_t length = take(b, 4), opcodes;

	b->wide = length == UINT32_MAX;
	if (b->wide)
		length = take(b, 8);
	if (b->bad || length > (size_t)(b->end - b->at))
		return false;
	b->end = b->at + length;
	if (take(b, 2) != 5)
		return false;
	/* Sizes of an address and selector; the header's length; how lines and
	 * addresses go on. */
	take(b, 2 + (b->wide ? 8 : 4) + 5);
	opcodes = take(b, 1);
	take(b, opcodes ? opcodes - 1 : 0);
	return !b->bad;
}

static bool section(Elf *elf, const char *name, struct bytes *b)
{
	size_t names;
	Elf_Scn *one = NULL;

	if (!elf || elf_getshdrstrndx(elf, &names))
		return false;
	while ((one = elf_nextscn(elf, one))) {
		GElf_Shdr header;
		const char *own;
		const Elf_Data *data;

		if (!gelf_getshdr(one, &header))
			continue;
		own = elf_strptr(elf, names, header.sh_name);
		if (!own || strcmp(own, name) ||
		    header.sh_flags & SHF_COMPRESSED)
			continue;
		data = elf_getdata(one, NULL);
		if (!data || !data->d_buf)
			return false;
		*b = (struct bytes){ .at = data->d_buf,
				     .end = (const unsigned char *)data->d_buf +
					    data->d_size };
		return true;
	}
	return false;
}

bool line_sums_find(Dwarf_Die *unit, const char *file,
		    unsigned char sum[MD5_SIZE])
{
	Dwarf_Attribute attribute;
	const unsigned char *found;
	size_t count, number = 0;
	Dwarf_Word offset;
	Dwarf_Files *files;
	struct bytes b;

	if (dwarf_getsrcfiles(unit, &files, &count) ||
	    !dwarf_attr(unit, DW_AT_stmt_list, &attribute) ||
	    dwarf_formudata(&attribute, &offset) ||
	    !section(dwarf_getelf(dwarf_cu_getdwarf(unit->cu)), ".debug_line",
		     &b) ||
	    offset > (size_t)(b.end - b.at))
		return false;
	while (number < count) {
		const char *name = dwarf_filesrc(files, number, NULL, NULL);

		if (name && !strcmp(name, file))
			break;
		number++;
	}
	b.at += offset;
	if (number == count || !take_header(&b))
		return false;
	take_list(&b, UINT64_MAX); /* folders */
	found = take_list(&b, number);
	if (found)
		memcpy(sum, found, MD5_SIZE);
	return found;
}
