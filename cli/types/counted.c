/* SPDX-License-Identifier: MIT */
#include "counted.h"

#include <stdio.h>
#include <string.h>

#include "text_stream.h"

static const struct {
	const char *name; /* what its name begins with */
	enum counted_kind kind;
	bool inside; /* its first argument is the type of the object, which
			stands behind the counts */
} boxes[] = {
	{ "std::_Sp_counted_ptr_inplace<", COUNTED_SHARED_PTR, true },
	{ "std::_Sp_counted_ptr<", COUNTED_SHARED_PTR, false },
	{ "std::_Sp_counted_deleter<", COUNTED_SHARED_PTR, false },
	{ "std::__1::__shared_ptr_emplace<", COUNTED_SHARED_PTR_1, true },
	{ "std::__1::__shared_ptr_pointer<", COUNTED_SHARED_PTR_1, false },
	{ "alloc::rc::RcBox<", COUNTED_RC, true },
	{ "alloc::rc::RcInner<", COUNTED_RC, true },
	{ "alloc::sync::ArcInner<", COUNTED_RC, true },
};

static const struct {
	const char *name;
	enum counted_hold hold;
} references[] = {
	{ "std::shared_ptr<", COUNTED_STRONG },
	{ "std::__shared_ptr<", COUNTED_STRONG },
	{ "std::__shared_count<", COUNTED_STRONG },
	{ "std::weak_ptr<", COUNTED_WEAK },
	{ "std::__weak_ptr<", COUNTED_WEAK },
	{ "std::__weak_count<", COUNTED_WEAK },
	{ "std::__1::shared_ptr<", COUNTED_STRONG },
	{ "std::__1::weak_ptr<", COUNTED_WEAK },
	{ "alloc::rc::Rc<", COUNTED_STRONG },
	{ "alloc::sync::Arc<", COUNTED_STRONG },
	{ "alloc::rc::Weak<", COUNTED_WEAK },
	{ "alloc::sync::Weak<", COUNTED_WEAK },
};

#define MOST_BASES 2 /* above the class with counts */

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

static bool starts(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

/* --- By the name ------------------------------------------------------------------ */

/* The length of the first argument of a template. In parentheses '<' and '>' may be
 * operators. */
static size_t argument(const char *text)
{
	int parentheses = 0, angles = 0;
	size_t i = 0;

	for (; text[i]; i++) {
		const char c = text[i];

		parentheses += (c == '(') - (c == ')');
		if (parentheses)
			continue;
		if (!angles && (c == ',' || c == '>'))
			break;
		angles += (c == '<') - (c == '>');
	}
	while (i && text[i - 1] == ' ')
		i--;
	return i;
}

enum counted_kind counted_class(const char *name, const char **value,
				size_t *length)
{
	*value = NULL;
	*length = 0;
	for (size_t i = 0; i < COUNT(boxes); i++) {
		if (!starts(name, boxes[i].name))
			continue;
		*length = argument(name + strlen(boxes[i].name));
		if (boxes[i].inside && *length)
			*value = name + strlen(boxes[i].name);
		return boxes[i].kind;
	}
	return COUNTED_NOTHING;
}

bool counted_is_same_class(const char *a, const char *b)
{
	const char *value;
	size_t length, common = 0;

	if (counted_class(a, &value, &length) == COUNTED_NOTHING)
		return false;
	while (a[common] && a[common] != '<')
		common++;
	if (strncmp(a, b, common + 1) != 0)
		return false;
	length = argument(a + common + 1);
	return argument(b + common + 1) == length &&
	       !memcmp(a + common + 1, b + common + 1, length);
}

char *counted_spelled(const char *name)
{
	static const char policy[] = "(__gnu_cxx::_Lock_policy)";
	static const char *const values[] = { "__gnu_cxx::_S_single",
					      "__gnu_cxx::_S_mutex",
					      "__gnu_cxx::_S_atomic" };
	char *text;
	size_t size;
	FILE *out = text_stream_open(&text, &size);
	char last = ' ';

	while (*name) {
		const char *value = name + strlen(policy);

		if (*name == '*' && !strchr("* ", last))
			fputc(' ', out);
		last = *name;
		if (starts(name, policy) && *value >= '0' && *value <= '2') {
			fputs(values[*value - '0'], out);
			name = value + 1;
		} else {
			fputc(*name++, out);
		}
	}
	text_stream_close(out);
	return text;
}

/* --- By the members ---------------------------------------------------------------- */

/* The member called `name`, in it, in its bases or in its members that have no
 * such name; *offset is where it stands. NULL: there is none. */
static const struct c_type *find(const struct c_type *type, const char *name,
				 uint64_t *offset, int depth)
{
	size_t count;
	const struct c_member *m = c_members(type, &count);

	for (size_t i = 0; i < count; i++)
		if (m[i].name && !strcmp(m[i].name, name)) {
			*offset = m[i].offset;
			return m[i].type;
		}
	for (size_t i = 0; depth && i < count; i++) {
		const struct c_type *found =
		    find(m[i].type, name, offset, depth - 1);

		if (found) {
			*offset += m[i].offset;
			return found;
		}
	}
	return NULL;
}

/* Whether a member is there, or not known. */
static bool stands(const struct c_type *type, const char *name, uint64_t offset,
		   uint64_t size)
{
	uint64_t at;
	const struct c_type *found = find(type, name, &at, MOST_BASES);

	return !found || (at == offset && found->size == size);
}

/* Whether the counts are where the shim looks for them. */
static bool has_counts(const struct c_type *type, enum counted_kind kind)
{
	switch (kind) {
	case COUNTED_SHARED_PTR:
		return stands(type, "_M_use_count", 8, 4) &&
		       stands(type, "_M_weak_count", 12, 4);
	case COUNTED_SHARED_PTR_1:
		return stands(type, "__shared_owners_", 8, 8) &&
		       stands(type, "__shared_weak_owners_", 16, 8);
	case COUNTED_RC:
		return stands(type, "strong", 0, 8) &&
		       stands(type, "weak", 8, 8);
	default:
		return false;
	}
}

/* The only member without a name: c_types.c has the object so where the library
 * has bytes for it. */
static const struct c_type *find_room(const struct c_type *type, uint64_t *at)
{
	size_t count;
	const struct c_member *m = c_members(type, &count);

	for (size_t i = 0; i < count; i++)
		if (!m[i].name && !m[i].base) {
			*at += m[i].offset;
			return m[i].type;
		}
	return NULL;
}

static const struct c_type *find_value(const struct c_type *type,
				       enum counted_kind kind, uint64_t *at)
{
	const struct c_type *found;

	switch (kind) {
	case COUNTED_SHARED_PTR:
		found = find(type, "_M_storage", at, 1);
		return found ? find_room(found, at) : NULL;
	case COUNTED_SHARED_PTR_1:
		return find(type, "__elem_", at, 1) ?: find_room(type, at);
	default:
		return find(type, "value", at, 0) ?: find(type, "data", at, 0);
	}
}

struct counted counted_of(const struct c_type *type)
{
	struct counted c = { COUNTED_NOTHING };
	const char *value;
	size_t length;

	if (type->kind != C_STRUCT || !type->name)
		return c;
	c.kind = counted_class(type->name, &value, &length);
	if (c.kind == COUNTED_NOTHING || !has_counts(type, c.kind))
		return (struct counted){ COUNTED_NOTHING };
	if (value)
		c.value = find_value(type, c.kind, &c.at);
	if (!c.value)
		c.at = 0;
	return c;
}

enum counted_hold counted_hold(const struct c_type *type)
{
	if (type->kind != C_STRUCT || !type->name)
		return COUNTED_OTHER;
	for (size_t i = 0; i < COUNT(references); i++)
		if (starts(type->name, references[i].name))
			return references[i].hold;
	return COUNTED_OTHER;
}
