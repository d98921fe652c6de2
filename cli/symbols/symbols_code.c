/* SPDX-License-Identifier: MIT */
#include "symbols_code.h"
#include "list.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "symbols_functions.h"
#include "symbols_inline.h"
#include "symbols_module.h"

#define MOST_RANGES 16
#define MOST_DEPTH  64 /* of blocks and inlined functions in a function */

/* --- Functions ------------------------------------------------------------- */

struct range {
	uint64_t low, high;
};

struct function {
	uint64_t start;
	struct range ranges[MOST_RANGES];
	size_t count;
	Dwarf_Die *unit, *die; /* NULL: only a symbol is known */
	uint64_t bias;
};

static void add_range(struct function *f, uint64_t low, uint64_t high)
{
	if (f->count < MOST_RANGES && low < high)
		f->ranges[f->count++] = (struct range){ low, high };
}

static bool is_within(const struct function *f, uint64_t address)
{
	for (size_t i = 0; i < f->count; i++)
		if (address >= f->ranges[i].low && address < f->ranges[i].high)
			return true;
	return false;
}

/* Of one in several parts the first in the file is where it starts. */
static bool find_die(struct symbols_module *m, uint64_t address,
		     struct function *f)
{
	Dwarf_Addr bias, base, low, high, entry;
	ptrdiff_t next = 0;

	f->unit = symbols_scopes_unit(&m->scopes, m->module, address, &bias);
	f->die = f->unit ? symbols_scopes_function(&m->scopes, f->unit,
						   address - bias)
			 : NULL;
	if (!f->die)
		return false;
	f->bias = bias;
	while ((next = dwarf_ranges(f->die, next, &base, &low, &high)) > 0)
		add_range(f, low + bias, high + bias);
	f->start = !dwarf_entrypc(f->die, &entry) ? entry + bias
		   : f->count                     ? f->ranges[0].low
						  : 0;
	return f->start != 0;
}

static bool find_symbol(struct symbols_module *m, uint64_t address,
			struct function *f)
{
	const struct functions_one *one = symbols_functions_at(m, address);
	const char *rest = one ? strstr(one->name, ".cold") : NULL;

	if (!one)
		return false;
	f->start = one->address;
	add_range(f, f->start, f->start + one->size);
	if (rest) /* of the function of that name */
		f->start = symbols_functions_only(m, one->name,
						  (size_t)(rest - one->name));
	return f->start != 0;
}

static bool find_function(struct symbols_module *m, uint64_t address,
			  struct function *f)
{
	*f = (struct function){ 0 };
	if (find_die(m, address, f))
		return true;
	*f = (struct function){ 0 };
	return find_symbol(m, address, f);
}

static uint64_t start_of(struct symbols_module *m, uint64_t address)
{
	struct function f;

	return find_function(m, address, &f) ? f.start : 0;
}

struct code_call code_call(struct symbols_module *m, uint64_t address)
{
	return (struct code_call){ start_of(m, address - 1),
				   code_called(m, address) };
}

/* --- Exits ----------------------------------------------------------------- */

static void add_exit(struct code_exits *x, uint64_t end, struct code_target to)
{
	for (size_t i = 0; i < x->count; i++)
		if (x->list[i].end == end)
			return;
	*LIST_ADD(x->list, x->count) = (struct code_exit){ end, to };
}

/* Whether one that jumps to `to` leaves `f` for the start of another. */
static bool is_exit(struct symbols_module *m, const struct function *f,
		    const struct code_target *to)
{
	if (to->kind != CODE_ADDRESS)
		return to->kind == CODE_NAME;
	return !is_within(f, to->address) &&
	       start_of(m, to->address) == to->address;
}

/* The jump with four bytes of distance that begins at `at`, out of `f`: bytes
 * of it; 0: there is none. */
static size_t read_jump(struct symbols_module *m, const struct function *f,
			const unsigned char *at, size_t left, uint64_t address,
			struct code_target *to)
{
	size_t size = left >= 5 && at[0] == 0xe9                             ? 5
		      : left >= 6 && at[0] == 0x0f && (at[1] & 0xf0) == 0x80 ? 6
		      : left >= 6 && at[0] == 0xff && at[1] == 0x25          ? 6
								    : 0;
	uint64_t target =
	    size ? code_relative(at + size - 4, address + size) : 0;

	if (!size || (at[0] != 0xff && is_within(f, target)))
		return 0;
	*to = at[0] == 0xff ? code_word_at(m, target) : code_follow(m, target);
	return size;
}

/* By a register or a word in memory: a switch, or a tail call. */
static bool is_indirect(const unsigned char *at, size_t left)
{
	return (left >= 5 && (at[0] & 0xfb) == 0x48 && at[1] == 0x89 &&
		(at[2] & 0xc7) == 0x04 && at[3] == 0x24 && at[4] == 0xc3) ||
	       (left >= 2 && at[0] == 0xff && (at[1] & 0x38) == 0x20 &&
		at[1] != 0x25);
}

/* One byte of distance is too little to be sure of without knowing where the
 * jump is. */
static struct code_target short_jump(struct symbols_module *m,
				     const struct function *f,
				     const unsigned char *at, uint64_t end)
{
	struct code_target to = { CODE_UNKNOWN, 0, NULL };

	if (at[0] != 0xeb && (at[0] & 0xf0) != 0x70)
		return to;
	to = code_follow(m, end + (uint64_t)(int64_t)(int8_t)at[1]);
	if (!is_exit(m, f, &to))
		to.kind = CODE_UNKNOWN;
	return to;
}

/* Is what is at `to`, in the module, a part of `f`? Then it is looked at, too. */
static bool is_rest(struct symbols_module *m, struct function *f, uint64_t to)
{
	struct function other;

	if (f->die || !find_function(m, to, &other) || other.start != f->start)
		return false;
	for (size_t i = 0; i < other.count; i++)
		add_range(f, other.ranges[i].low, other.ranges[i].high);
	return true;
}

/* Is the target of that jump, which is_exit() does not know, unknown? Bytes
 * that are not an instruction lead out of the code. */
static bool is_strange(struct symbols_module *m, struct function *f,
		       const unsigned char *at, size_t size, uint64_t address)
{
	uint64_t to = code_relative(at + size - 4, address + size);
	struct code_bytes b;

	if (at[0] == 0xff)
		return true;
	b = code_bytes_at(m, to);
	return code_has_bytes(&b, to, 1) && !is_rest(m, f, to);
}

/* Is it one with a byte of distance to where a function may begin? There are many
 * bytes that look like one. */
static bool is_near(struct symbols_module *m, const struct function *f,
		    const unsigned char *at, size_t left, uint64_t address)
{
	uint64_t to;
	struct code_bytes b;

	if (left < 2 || (at[0] != 0xeb && (at[0] & 0xf0) != 0x70))
		return false;
	to = address + 2 + (uint64_t)(int64_t)(int8_t)at[1];
	if (is_within(f, to))
		return false;
	b = code_bytes_at(m, to);
	return code_has_bytes(&b, to, 1) && to > b.low &&
	       (to % 16 == 0 ||
		memchr("\xc3\xcc\x90", b.data[to - 1 - b.low], 3) ||
		start_of(m, to) == to);
}

/*
 * At every byte, not at every instruction: what looks like a jump but is none
 * would have to hit a function's very first byte with its four. Of the last
 * instruction the end is known.
 */
static void scan(struct symbols_module *m, struct function *f, struct range r,
		 struct code_exits *x, bool *strange)
{
	struct code_target last = { CODE_UNKNOWN, 0, NULL };
	struct code_bytes b = code_bytes_at(m, r.low);

	if (!code_has_bytes(&b, r.low, r.high - r.low)) {
		x->open = true;
		return;
	}
	for (uint64_t a = r.low; a < r.high; a++) {
		const unsigned char *at = b.data + (a - b.low);
		struct code_target to = { CODE_UNKNOWN, 0, NULL };
		size_t size = read_jump(m, f, at, r.high - a, a, &to);

		if (size && is_exit(m, f, &to))
			add_exit(x, a + size, to);
		else if (a + 2 != r.high)
			*strange |= is_indirect(at, r.high - a) ||
				    is_near(m, f, at, r.high - a, a) ||
				    (size && is_strange(m, f, at, size, a));
	}
	if (r.high - r.low >= 2)
		last = short_jump(m, f, b.data + (r.high - 2 - b.low), r.high);
	if (last.kind != CODE_UNKNOWN)
		add_exit(x, r.high, last);
	else if (r.high - r.low >= 2)
		*strange |= is_near(m, f, b.data + (r.high - 2 - b.low), 2,
				    r.high - 2) ||
			    is_indirect(b.data + (r.high - 2 - b.low), 2);
}

/* --- ... as debug information has them ------------------------------------------- */

static bool has_flag(Dwarf_Die *die, unsigned name, unsigned gnu)
{
	Dwarf_Attribute attribute;

	return dwarf_attr(die, name, &attribute) ||
	       dwarf_attr(die, gnu, &attribute);
}

static bool get_address(Dwarf_Die *die, unsigned name, uint64_t *address)
{
	Dwarf_Attribute attribute;

	return !dwarf_formaddr(dwarf_attr(die, name, &attribute), address);
}

/* clang says where a jump begins, for some debuggers. */
static uint64_t end_of_jump(struct symbols_module *m, uint64_t begin)
{
	struct code_bytes b = code_bytes_at(m, begin);
	const unsigned char *at;

	if (!code_has_bytes(&b, begin, 6))
		return begin + 1;
	at = b.data + (begin - b.low);
	return begin +
	       (at[0] == 0xe9 ? 5
		: at[0] == 0xeb || (at[0] & 0xf0) == 0x70 || is_indirect(at, 6)
		    ? 2
		    : 6);
}

static void add_call_site(struct symbols_module *m, const struct function *f,
			  Dwarf_Die *site, struct code_exits *x)
{
	uint64_t end;
	struct code_bytes b;
	struct code_target to;

	if (!has_flag(site, DW_AT_call_tail_call, DW_AT_GNU_tail_call))
		return;
	if (get_address(site, DW_AT_call_pc, &end))
		end = end_of_jump(m, end + f->bias);
	else if (get_address(site, DW_AT_call_return_pc, &end) ||
		 get_address(site, DW_AT_low_pc, &end))
		end += f->bias;
	else
		return;
	/* The jump that ends at `end`, which scan() did not find. */
	b = code_bytes_at(m, end);
	for (size_t i = 0; i < x->count; i++)
		if (x->list[i].end == end || x->list[i].end + 1 == end)
			return; /* or with the linker's nop behind it */
	if (!code_has_bytes(&b, end - 2, 2))
		return;
	to = short_jump(m, f, b.data + (end - 2 - b.low), end);
	if (to.kind == CODE_UNKNOWN && symbols_inline_is_ours(m, end - 1))
		to.kind = CODE_OURS;
	if (to.kind == CODE_UNKNOWN)
		x->open = true;
	else
		add_exit(x, end, to);
}

static void add_call_sites(struct symbols_module *m, const struct function *f,
			   Dwarf_Die *parent, struct code_exits *x, int depth)
{
	Dwarf_Die child;

	if (depth > MOST_DEPTH || dwarf_child(parent, &child))
		return;
	do {
		int tag = dwarf_tag(&child);

		if (tag == DW_TAG_call_site || tag == DW_TAG_GNU_call_site)
			add_call_site(m, f, &child, x);
		else if (tag != DW_TAG_subprogram)
			add_call_sites(m, f, &child, x, depth + 1);
	} while (!dwarf_siblingof(&child, &child));
}

static int by_end(const void *a, const void *b)
{
	const struct code_exit *x = a, *y = b;

	return ORDER(x->end, y->end);
}

struct code_exits code_exits(struct symbols_module *m, uint64_t start)
{
	struct code_exits x = { NULL, 0, false };
	bool strange = false;
	struct function f;

	if (!find_function(m, start, &f) || f.start != start) {
		x.open = true;
		return x;
	}
	for (size_t i = 0; i < f.count; i++)
		scan(m, &f, f.ranges[i], &x, &strange);
	x.open |= f.count == MOST_RANGES;
	if (f.die)
		add_call_sites(m, &f, f.die, &x, 0);
	if (!f.die ||
	    (!has_flag(f.die, DW_AT_call_all_calls, DW_AT_GNU_all_call_sites) &&
	     !has_flag(f.die, DW_AT_call_all_tail_calls,
		       DW_AT_GNU_all_tail_call_sites)))
		x.open |= strange;
	if (x.count)
		qsort(x.list, x.count, sizeof(*x.list), by_end);
	return x;
}
