/* SPDX-License-Identifier: MIT */
#include "member.h"

struct member member_of(const struct reading *in, const struct finding *f,
			size_t i)
{
	const struct model *m = in->m;
	uint32_t block = f->members[i],
		 object = finding_object(f, in->names, i);
	struct member member = {
		.object = object,
		.block = block,
		.address = m->blocks[block].address,
		.bytes = m->blocks[block].size,
		.end = UINT64_MAX,
	};

	/* An object of several in its block has a part of it. */
	if (object && f->member_objects) {
		uint64_t start, end = names_part(in->names, object, &start);

		member.bytes = end - start;
		if (member.bytes < m->blocks[block].size)
			member.end = end;
	}
	if (object && names_object_at(in->names, block) != object) {
		member.name = names_of(in->names, object);
		member.type =
		    names_type_called(in->names, m->objects[object].type);
		member.address = m->objects[object].address;
		member.start = member.address - m->blocks[block].address;
	} else {
		member.name = names_object(in->names, block);
		member.type = names_block_type(in->names, block);
	}
	return member;
}

bool member_has(const struct member *m, uint32_t block, uint64_t offset)
{
	return block == m->block && offset >= m->start && offset < m->end;
}
