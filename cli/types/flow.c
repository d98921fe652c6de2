/* SPDX-License-Identifier: MIT */
#include "flow.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "code_words.h"
#include "list.h"
#include "locals.h"
#include "types_cache.h"

#define MOST_STEPS   1024u /* instructions that are followed for one call */
#define FIRST_STATES 64u   /* room for them at first */
#define MOST_PATHS   64u   /* that wait to be followed */
#define MOST_SLOTS   16u   /* of the frame, with what is known of them */
#define REGISTERS    16u   /* in DWARF's order */
#define VECTORS      16u
#define MOST_CALLS   3u  /* in one another, that are followed */
#define MOST_SCOPES  256 /* likewise: a file may be damaged */

enum { RAX, RDX, RCX, RBX, RSI, RDI, RBP, RSP, R8, R9, R10, R11 };

enum value_kind {
	VALUE_UNKNOWN,
	VALUE_RESULT,  /* of the call, + offset */
	VALUE_POINTER, /* to byte `offset` of a `type` */
};

struct value {
	enum value_kind kind;
	int64_t offset; /* bytes; FLOW_INSIDE: not known */
	const struct c_type *type;
	/* VALUE_POINTER: it was read from the frame there, + 1 byte, so that the
	 * same place is meant where it is read again; 0: it was not. */
	int64_t slot;
};

struct slot {
	int64_t at; /* bytes from the CFA */
	struct value value;
};

struct path {
	uint64_t pc;
	struct value registers[REGISTERS];
	struct value vectors[VECTORS][2]; /* lower and upper half */
	struct slot slots[MOST_SLOTS];
	size_t slot_count;
	struct {                  /* the result was last stored in a field */
		int64_t slot, at; /* see struct value; bytes behind that */
		int64_t offset;   /* of the result */
	} stored;                 /* slot 0: it was not */
	bool tested;              /* the flags say whether the result is NULL */
};

struct follower {
	struct flow_module *f;
	struct flow *flow;
	uint64_t call;                     /* an address in the call */
	const struct variables *variables; /* NULL: none are known */
	uint64_t low, high; /* of the function's code; 0, 0: not known */
	struct path *waiting;
	size_t waiting_count;
	uint64_t *seen; /* hash table of states, at most half full; 0: empty */
	size_t room;    /* of it */
	size_t steps;
	unsigned depth; /* of calls into which it was followed */
};

static struct flow flow_from(struct flow_module *f, uint64_t address,
			     uint64_t within, unsigned reg, unsigned depth);

bool flow_has_file(struct flow_module *f)
{
	if (!f->asked)
		f->m = symbols_own_elf(f->symbols, f->number);
	f->asked = true;
	return f->m;
}

static Dwarf *main_dwarf(void *data)
{
	struct flow_module *f = data;
	Dwarf_Addr bias;

	return flow_has_file(f) ? dwfl_module_getdwarf(f->m->module, &bias)
				: NULL;
}

void flow_module_open(struct flow_module *f, struct symbols *s, uint32_t module)
{
	*f = (struct flow_module){ .symbols = s,
				   .number = module,
				   .types = c_types_open() };
	types_cache_read(f, symbols_own_cache(s, module), main_dwarf);
}

void flow_module_close(struct flow_module *f)
{
	struct flow_function *one, *next;
	struct flow_known *known, *next_known;

	if (f->changed && flow_has_file(f))
		types_cache_write(f, symbols_own_cache(f->symbols, f->number),
				  main_dwarf(f));
	HASH_ITER (hh, f->functions, one, next) {
		HASH_DEL(f->functions, one);
		variables_release(&one->variables);
		free(one);
	}
	HASH_ITER (hh, f->known, known, next_known) {
		HASH_DEL(f->known, known);
		free(known->flow.claims);
		free(known->flow.uses);
		free(known);
	}
	HASH_FREE(f->handed);
	flow_classes_release(&f->classes);
	HASH_FREE(f->endings);
	source_notes_release(&f->notes);
	locals_release(&f->locals);
	globals_release(&f->globals);
	c_types_close(f->types);
}

const struct global *flow_global(struct flow_module *f, uint64_t address,
				 bool thread_local_)
{
	if (!f->globals.read && !flow_has_file(f))
		return NULL;
	f->changed |= !f->globals.read;
	return globals_at(&f->globals, f->types, f->m, address, thread_local_);
}

const struct c_type *flow_class(struct flow_module *f, const char *name)
{
	struct flow_class *c;
	Dwarf *dwarf;

	HASH_FIND_STR(f->classes, name, c);
	if (c)
		return c->type;
	c = xcalloc(1, sizeof(*c));
	c->name = xstrdup(name);
	HASH_ADD_KEYPTR(hh, f->classes, c->name, strlen(c->name), c);
	dwarf = main_dwarf(f);
	if (dwarf) {
		c->type = c_type_called(f->types, dwarf, name);
		f->changed = true;
	}
	return c->type;
}

/* --- Registers and memory ---------------------------------------------------- */

/* The register's number if it is all of a general one; REGISTERS: it is not. */
static unsigned number_of(x86_reg reg)
{
	static const x86_reg names[REGISTERS] = {
		X86_REG_RAX, X86_REG_RDX, X86_REG_RCX, X86_REG_RBX,
		X86_REG_RSI, X86_REG_RDI, X86_REG_RBP, X86_REG_RSP,
		X86_REG_R8,  X86_REG_R9,  X86_REG_R10, X86_REG_R11,
		X86_REG_R12, X86_REG_R13, X86_REG_R14, X86_REG_R15,
	};
	unsigned i = 0;

	while (i < REGISTERS && names[i] != reg)
		i++;
	return i;
}

/* The general register that `reg` is a part of. */
static unsigned whole_of(const struct disassembler *d, x86_reg reg)
{
	const char *name = d->reg_name(d->x86_64, reg);
	static const char *const parts[8] = { "ax", "dx", "cx", "bx",
					      "si", "di", "bp", "sp" };
	unsigned i;

	if (!name)
		return REGISTERS;
	if (*name == 'r' && name[1] >= '0' && name[1] <= '9') {
		i = (unsigned)strtoul(name + 1, NULL, 10);
		return i < REGISTERS ? i : REGISTERS;
	}
	if (*name == 'r' || *name == 'e')
		name++;
	for (i = 0; i < 8; i++)
		if (!strncmp(name, parts[i], 2) ||
		    (i < 4 && *name == *parts[i] && strlen(name) == 2 &&
		     (name[1] == 'l' || name[1] == 'h')) ||
		    (i >= 4 && !strncmp(name, parts[i], 2)))
			return i;
	return REGISTERS;
}

/* Which slot is there; p->slot_count: none. */
static size_t slot_at(const struct path *p, int64_t at)
{
	size_t i = 0;

	while (i < p->slot_count && p->slots[i].at != at)
		i++;
	return i;
}

static void set_slot(struct path *p, int64_t at, struct value v)
{
	size_t i = slot_at(p, at);

	if (i == p->slot_count && v.kind != VALUE_UNKNOWN && i < MOST_SLOTS)
		p->slot_count++;
	if (i < p->slot_count)
		p->slots[i] = (struct slot){ at, v };
}

bool flow_from_cfa(struct flow_module *f, uint64_t pc, unsigned reg,
		   int64_t offset, int64_t *at)
{
	Dwarf_Frame *frame = NULL;
	Dwarf_Addr bias;
	Dwarf_CFI *cfi;
	Dwarf_Op *ops;
	size_t count;
	bool known = false;

	if ((reg != RBP && reg != RSP) || !flow_has_file(f))
		return false;
	cfi = dwfl_module_eh_cfi(f->m->module, &bias);
	if (!cfi || dwarf_cfi_addrframe(cfi, pc - bias, &frame))
		return false;
	if (!dwarf_frame_cfa(frame, &ops, &count) && count == 1 &&
	    ((ops->atom == DW_OP_bregx && ops->number == reg) ||
	     ops->atom == DW_OP_breg0 + reg)) {
		int64_t cfa = (int64_t)(ops->atom == DW_OP_bregx ? ops->number2
								 : ops->number);

		*at = offset - cfa;
		known = true;
	}
	free(frame);
	return known;
}

/* What a pointer variable in that register points at. */
static struct value declared(const struct follower *w, uint64_t pc,
			     unsigned reg)
{
	struct value v = { VALUE_UNKNOWN, 0, NULL, 0 };
	unsigned depth = 0;

	for (size_t i = 0; w->variables && i < w->variables->count; i++) {
		const struct variable *one = &w->variables->list[i];
		const struct place_range *p;

		if (one->type->kind != C_POINTER || one->depth < depth)
			continue;
		p = variable_place(one, pc);
		if (!p || p->kind != PLACE_REGISTER || p->reg != reg)
			continue;
		v = (struct value){ VALUE_POINTER, 0, one->type->to, 0 };
		depth = one->depth;
	}
	return v;
}

static struct value value_of(const struct follower *w, const struct path *p,
			     unsigned reg)
{
	if (reg >= REGISTERS)
		return (struct value){ VALUE_UNKNOWN, 0, NULL, 0 };
	if (p->registers[reg].kind != VALUE_UNKNOWN)
		return p->registers[reg];
	return declared(w, p->pc, reg);
}

/* The pointer that lies at byte `offset` of a `type`, or of an array of them;
 * NULL: none does. */
static const struct c_type *pointer_in(const struct c_type *type,
				       int64_t offset)
{
	if (offset < 0)
		return NULL; /* also FLOW_INSIDE and what is near it */
	if (type->size && type->kind != C_STRUCT && type->kind != C_UNION)
		offset %= (int64_t)type->size;
	return c_pointer_at(type, (uint64_t)offset);
}

struct operand { /* in memory */
	enum {
		MEMORY_UNKNOWN,
		MEMORY_FRAME,
		MEMORY_GLOBAL,
		MEMORY_FIELD,
		MEMORY_RESULT, /* the block itself */
	} kind;
	int64_t at;                 /* MEMORY_FRAME: from the CFA */
	const struct c_type *holds; /* others: the pointer there */
	const char *name;
	int64_t slot, field; /* MEMORY_FIELD: as in struct path, `stored` */
};

static struct operand memory_at(const struct follower *w, const struct path *p,
				const cs_insn *i, const x86_op_mem *m)
{
	struct operand o = { .kind = MEMORY_UNKNOWN };
	unsigned base = number_of(m->base);
	struct value v;

	if (m->segment != X86_REG_INVALID)
		return o;
	if (m->base == X86_REG_RIP && m->index == X86_REG_INVALID) {
		uint64_t address = i->address + i->size + (uint64_t)m->disp;
		const struct global *g = flow_global(w->f, address, false);

		if (!g)
			return o;
		o.holds = c_pointer_at(g->type, address - g->address);
		o.kind = o.holds ? MEMORY_GLOBAL : MEMORY_UNKNOWN;
		o.name = g->name;
		return o;
	}
	if (base >= REGISTERS)
		return o;
	if (m->index == X86_REG_INVALID &&
	    flow_from_cfa(w->f, p->pc, base, m->disp, &o.at)) {
		o.kind = MEMORY_FRAME;
		return o;
	}
	v = value_of(w, p, base);
	if (v.kind == VALUE_RESULT)
		o.kind = MEMORY_RESULT;
	if (v.kind != VALUE_POINTER)
		return o;
	if (m->index == X86_REG_INVALID)
		o.holds = pointer_in(v.type, v.offset + m->disp);
	else if (m->scale == sizeof(void *) && v.type->kind == C_POINTER)
		o.holds = v.type; /* an element of an array of pointers */
	o.kind = o.holds ? MEMORY_FIELD : MEMORY_UNKNOWN;
	o.slot = m->index == X86_REG_INVALID ? v.slot : 0;
	o.field = v.offset + m->disp;
	return o;
}

static void use(struct follower *w, const struct path *p, bool kept)
{
	struct flow *f = w->flow;

	f->used = true;
	for (size_t i = 0; i < f->use_count; i++)
		if (f->uses[i].pc == p->pc && f->uses[i].kept == kept)
			return;
	*LIST_ADD(f->uses, f->use_count) = (struct flow_use){ p->pc, kept };
}

/* --- Claims -------------------------------------------------------------------- */

static void claim(struct follower *w, struct claim c)
{
	struct flow *f = w->flow;

	for (size_t i = 0; i < f->count; i++)
		if (f->claims[i].type == c.type &&
		    f->claims[i].kind == c.kind &&
		    f->claims[i].offset == c.offset &&
		    (c.type->kind != C_BYTE || f->claims[i].owner == c.owner))
			return;
	*LIST_ADD(f->claims, f->count) = c;
}

/* Whether the variable's value is the result at the path's place. */
static bool holds_result(const struct follower *w, struct path *p,
			 const struct variable *v, int64_t *offset)
{
	const struct place_range *r = variable_place(v, p->pc);
	size_t slot;
	int64_t at;

	if (!r)
		return false;
	if (r->kind == PLACE_REGISTER) {
		const struct value *held =
		    r->reg < REGISTERS ? &p->registers[r->reg] : NULL;

		/* The end of a range before the call is not always exact. */
		if (!held || held->kind != VALUE_RESULT ||
		    (r->reg == RAX && r->low <= w->call))
			return false;
		*offset = held->offset;
		return true;
	}
	at = r->offset;
	if (r->kind == PLACE_NEAR &&
	    !flow_from_cfa(w->f, p->pc, r->reg, r->offset, &at))
		return false;
	slot = slot_at(p, at);
	if (slot == p->slot_count || p->slots[slot].value.kind != VALUE_RESULT)
		return false;
	*offset = p->slots[slot].value.offset;
	return true;
}

static void claim_variables(struct follower *w, struct path *p)
{
	int64_t offset;

	for (size_t i = 0; w->variables && i < w->variables->count; i++) {
		const struct variable *v = &w->variables->list[i];

		if (v->type->kind == C_POINTER &&
		    holds_result(w, p, v, &offset))
			claim(w, (struct claim){ CLAIM_VARIABLE, v->type->to,
						 offset, v->name, v->depth,
						 v->owner, p->pc });
	}
}

/* The value goes to memory. */
static void store(struct follower *w, struct path *p, const struct operand *o,
		  struct value v)
{
	if (o->kind == MEMORY_FRAME) {
		set_slot(p, o->at, v);
		if (p->stored.slot == o->at + 1)
			p->stored.slot = 0; /* the pointer is another now */
	} else if (v.kind == VALUE_RESULT) {
		p->stored.slot = o->slot;
		p->stored.at = o->field;
		p->stored.offset = v.offset;
	} else if (o->slot != p->stored.slot || o->field == p->stored.at) {
		p->stored.slot = 0;
	}
	if (v.kind == VALUE_RESULT && o->kind != MEMORY_FRAME)
		use(w, p, true);
	else if (o->kind == MEMORY_RESULT)
		use(w, p, false);
	if (v.kind != VALUE_RESULT || !o->holds)
		return;
	claim(w, (struct claim){
		     o->kind == MEMORY_GLOBAL ? CLAIM_GLOBAL : CLAIM_FIELD,
		     o->holds->to, v.offset, o->name, 0, NULL, p->pc });
}

/* --- Instructions -------------------------------------------------------------- */

static unsigned vector_of(x86_reg reg)
{
	return reg >= X86_REG_XMM0 && reg < X86_REG_XMM0 + (int)VECTORS
		   ? (unsigned)(reg - X86_REG_XMM0)
		   : VECTORS;
}

/* What the pointer variable at that place in the frame points at. */
static struct value declared_at(const struct follower *w, uint64_t pc,
				int64_t at)
{
	for (size_t i = 0; w->variables && i < w->variables->count; i++) {
		const struct variable *v = &w->variables->list[i];
		const struct place_range *r =
		    v->type->kind == C_POINTER ? variable_place(v, pc) : NULL;
		int64_t there;

		if (!r || r->kind == PLACE_REGISTER)
			continue;
		there = r->offset;
		if (r->kind == PLACE_NEAR &&
		    !flow_from_cfa(w->f, pc, r->reg, r->offset, &there))
			continue;
		if (there == at)
			return (struct value){ VALUE_POINTER, 0, v->type->to,
					       at + 1 };
	}
	return (struct value){ VALUE_UNKNOWN, 0, NULL, 0 };
}

static struct value load(const struct follower *w, const struct path *p,
			 const cs_insn *i, const x86_op_mem *m)
{
	struct operand o = memory_at(w, p, i, m);

	if (o.kind == MEMORY_FRAME) {
		size_t slot = slot_at(p, o.at);

		return slot < p->slot_count ? p->slots[slot].value
					    : declared_at(w, p->pc, o.at);
	}
	if (!o.holds)
		return (struct value){ VALUE_UNKNOWN, 0, NULL, 0 };
	/* As in `bulk = cache->bulk = malloc(n)`. */
	if (o.slot && p->stored.slot == o.slot && p->stored.at == o.field)
		return (struct value){ VALUE_RESULT, p->stored.offset, NULL,
				       0 };
	return (struct value){ VALUE_POINTER, 0, o.holds->to, 0 };
}

/* Everything that the instruction writes is unknown after it. */
static void forget_written(const struct follower *w, struct path *p,
			   const cs_insn *i)
{
	const struct disassembler *d = w->f->disassembler;
	cs_regs read, written;
	uint8_t read_count, written_count;

	if (d->regs_access(d->x86_64, i, read, &read_count, written,
			   &written_count))
		return;
	for (uint8_t k = 0; k < written_count; k++) {
		unsigned reg = whole_of(d, written[k]);
		unsigned vector = vector_of(written[k]);

		if (reg < REGISTERS)
			p->registers[reg] =
			    (struct value){ VALUE_UNKNOWN, 0, NULL, 0 };
		if (vector < VECTORS)
			memset(p->vectors[vector], 0,
			       sizeof(p->vectors[vector]));
	}
}

static struct value moved(struct value v, int64_t by)
{
	if (v.kind != VALUE_UNKNOWN && v.offset != FLOW_INSIDE)
		v.offset += by;
	return v;
}

static void step_mov(struct follower *w, struct path *p, const cs_insn *i)
{
	const cs_x86_op *to = &i->detail->x86.operands[0];
	const cs_x86_op *from = &i->detail->x86.operands[1];
	struct value v = { VALUE_UNKNOWN, 0, NULL, 0 };

	if (to->size == sizeof(void *) && from->type == X86_OP_REG)
		v = value_of(w, p, number_of(from->reg));
	else if (to->size == sizeof(void *) && from->type == X86_OP_MEM)
		v = load(w, p, i, &from->mem);
	forget_written(w, p, i);
	if (to->type == X86_OP_MEM) {
		struct operand o = memory_at(w, p, i, &to->mem);

		store(w, p, &o, v);
	} else if (to->type == X86_OP_REG && number_of(to->reg) < REGISTERS) {
		p->registers[number_of(to->reg)] = v;
	}
}

/* reg = reg + reg: a place within the result, if that is one of them. */
static struct value somewhere_in(const struct follower *w, const struct path *p,
				 const cs_insn *i)
{
	const cs_x86_op *to = &i->detail->x86.operands[0];
	const cs_x86_op *from = &i->detail->x86.operands[1];
	struct value v = { VALUE_UNKNOWN, 0, NULL, 0 }, a = v, b = v;

	if (i->id == X86_INS_LEA && from->mem.scale == 1) {
		a = value_of(w, p, number_of(from->mem.base));
		b = value_of(w, p, number_of(from->mem.index));
	} else if (i->id == X86_INS_ADD) {
		a = value_of(w, p, number_of(to->reg));
		if (from->type == X86_OP_REG)
			b = value_of(w, p, number_of(from->reg));
	}
	if ((a.kind == VALUE_RESULT) != (b.kind == VALUE_RESULT))
		v = (struct value){ VALUE_RESULT, FLOW_INSIDE, NULL, 0 };
	return v;
}

/* reg = reg + number, by lea, add or sub. */
static void step_sum(struct follower *w, struct path *p, const cs_insn *i)
{
	const cs_x86_op *to = &i->detail->x86.operands[0];
	const cs_x86_op *from = &i->detail->x86.operands[1];
	struct value v = { VALUE_UNKNOWN, 0, NULL, 0 };

	if (to->type == X86_OP_REG && to->size == sizeof(void *)) {
		if (from->type == X86_OP_MEM &&
		    from->mem.index == X86_REG_INVALID && i->id == X86_INS_LEA)
			v = moved(value_of(w, p, number_of(from->mem.base)),
				  from->mem.disp);
		else if (from->type == X86_OP_IMM)
			v = moved(value_of(w, p, number_of(to->reg)),
				  i->id == X86_INS_SUB ? -from->imm
						       : from->imm);
		else
			v = somewhere_in(w, p, i);
	}
	forget_written(w, p, i);
	if (to->type == X86_OP_REG && number_of(to->reg) < REGISTERS)
		p->registers[number_of(to->reg)] = v;
	else if (to->type == X86_OP_MEM) {
		struct operand o = memory_at(w, p, i, &to->mem);

		if (o.kind == MEMORY_FRAME)
			set_slot(p, o.at, v);
	}
}

/* Two pointers are often stored as one vector. */
static void store_vector(struct follower *w, struct path *p, const cs_insn *i,
			 x86_op_mem m, unsigned vector)
{
	int halves = i->id == X86_INS_MOVQ || i->id == X86_INS_MOVLPS ||
			     i->id == X86_INS_MOVSD
			 ? 1
			 : 2;

	for (int k = 0; k < halves; k++) {
		struct operand o = memory_at(w, p, i, &m);

		store(w, p, &o, p->vectors[vector][k]);
		m.disp += sizeof(void *);
	}
}

static struct value register_value(const struct follower *w,
				   const struct path *p, const cs_x86_op *o)
{
	unsigned vector = o->type == X86_OP_REG ? vector_of(o->reg) : VECTORS;

	if (vector < VECTORS)
		return p->vectors[vector][0];
	if (o->type == X86_OP_REG)
		return value_of(w, p, number_of(o->reg));
	return (struct value){ VALUE_UNKNOWN, 0, NULL, 0 };
}

/* halves[] of vector `vector` before, and after the instruction. */
static void set_halves(const struct follower *w, const struct path *p,
		       const cs_insn *i, struct value halves[2])
{
	const cs_x86_op *from = &i->detail->x86.operands[1];
	const cs_x86_op *which = &i->detail->x86.operands[2];
	const struct value unknown = { VALUE_UNKNOWN, 0, NULL, 0 };
	unsigned other =
	    from->type == X86_OP_REG ? vector_of(from->reg) : VECTORS;

	switch (i->id) {
	case X86_INS_MOVQ:
		halves[0] = register_value(w, p, from);
		halves[1] = unknown;
		break;
	case X86_INS_PUNPCKLQDQ:
	case X86_INS_MOVLHPS:
		halves[1] = other < VECTORS ? p->vectors[other][0] : unknown;
		break;
	case X86_INS_PINSRQ:
		if (i->detail->x86.op_count == 3 && which->type == X86_OP_IMM &&
		    from->type == X86_OP_REG)
			halves[which->imm & 1] = register_value(w, p, from);
		break;
	case X86_INS_MOVDQA:
	case X86_INS_MOVAPS:
	case X86_INS_MOVDQU:
	case X86_INS_MOVUPS:
		for (int k = 0; k < 2; k++)
			halves[k] =
			    other < VECTORS ? p->vectors[other][k] : unknown;
		break;
	default: /* the upper half from memory, as movhps does */
		halves[1] = unknown;
		break;
	}
}

static void step_vector(struct follower *w, struct path *p, const cs_insn *i)
{
	const cs_x86_op *to = &i->detail->x86.operands[0];
	const cs_x86_op *from = &i->detail->x86.operands[1];
	unsigned vector = to->type == X86_OP_REG ? vector_of(to->reg) : VECTORS;
	unsigned other =
	    from->type == X86_OP_REG ? vector_of(from->reg) : VECTORS;
	struct value halves[2];

	if (to->type == X86_OP_MEM && other < VECTORS) {
		store_vector(w, p, i, to->mem, other);
	} else if (vector >= VECTORS) { /* to a general register */
		struct value v = { VALUE_UNKNOWN, 0, NULL, 0 };

		if (other < VECTORS)
			v = p->vectors[other][0];
		forget_written(w, p, i);
		if (to->type == X86_OP_REG && number_of(to->reg) < REGISTERS)
			p->registers[number_of(to->reg)] = v;
	} else {
		memcpy(halves, p->vectors[vector], sizeof(halves));
		set_halves(w, p, i, halves);
		memcpy(p->vectors[vector], halves, sizeof(halves));
	}
}

static bool is_filler(const char *name)
{
	static const char *const names[] = { "memset",        "memcpy",
					     "memmove",       "strcpy",
					     "strcat",        "strncpy",
					     "__memset_chk",  "__memcpy_chk",
					     "__memmove_chk", "__strcpy_chk" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

/* Whether the function there returns what it is given in `reg`: a block may be
 * handed to the same ones on very many ways. */
static const struct flow_handed *
hand_over(struct flow_module *f, uint64_t address, unsigned reg, unsigned depth)
{
	const struct flow_handed_key key = { address, reg, depth };
	struct flow_handed *h;
	struct flow inner;

	HASH_FIND(hh, f->handed, &key, sizeof(key), h);
	if (h)
		return h;
	inner = flow_from(f, address, address, reg, depth);
	free(inner.claims);
	free(inner.uses);
	h = xcalloc(1, sizeof(*h));
	h->key = key;
	h->returned = inner.returned;
	h->offset = inner.returned_offset;
	HASH_ADD(hh, f->handed, key, sizeof(key), h);
	return h;
}

/* What the function that a branch leads to returns, if `p` is as it is there. */
static struct value returned_by(struct follower *w, const struct path *p,
				struct code_target t)
{
	static const unsigned char arguments[] = { RDI, RSI, RDX, RCX, R8, R9 };
	struct value v = { VALUE_UNKNOWN, 0, NULL, 0 };

	if (t.kind == CODE_NAME && is_filler(t.name))
		return p->registers[RDI];
	for (size_t k = 0; k < sizeof(arguments); k++) {
		const struct value *given = &p->registers[arguments[k]];
		const struct flow_handed *inner;

		if (given->kind != VALUE_RESULT)
			continue;
		use(w, p, true);
		if (t.kind != CODE_ADDRESS || w->depth == MOST_CALLS)
			break;
		inner = hand_over(w->f, t.address, arguments[k], w->depth + 1);
		if (!inner->returned)
			continue;
		v = *given;
		if (inner->offset == FLOW_INSIDE)
			v.offset = FLOW_INSIDE;
		else if (v.offset != FLOW_INSIDE)
			v.offset += inner->offset;
		return v;
	}
	return v;
}

/* Functions of the C and C++ libraries that do not come back. */
static bool is_end(const char *name)
{
	static const char *const names[] = {
		"abort",
		"exit",
		"_exit",
		"_Exit",
		"quick_exit",
		"err",
		"errx",
		"verr",
		"verrx",
		"longjmp",
		"_longjmp",
		"siglongjmp",
		"__longjmp_chk",
		"pthread_exit",
		"thrd_exit",
		"__assert_fail",
		"__assert_perror_fail",
		"__assert",
		"__stack_chk_fail",
		"__fortify_fail",
		"__chk_fail",
		"_Unwind_Resume",
		"__cxa_throw",
		"__cxa_rethrow",
		"__cxa_bad_cast",
		"__cxa_bad_typeid",
		"__cxa_throw_bad_array_new_length",
		"__cxa_pure_virtual",
		"_ZSt9terminatev",
		"_ZSt10unexpectedv",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i], name))
			return true;
	/* As of std::vector, what throws that a length is too large. */
	return !strncmp(name, "_ZSt", 4) && strstr(name, "__throw_");
}

/* Whether the function at `address` is declared not to come back. */
static bool is_declared_end(struct symbols_module *m, uint64_t address)
{
	const struct functions_one *symbol = symbols_functions_at(m, address);
	Dwarf_Addr bias;
	Dwarf_Die *unit, *function;

	if (symbol && symbol->address == address && is_end(symbol->name))
		return true;
	unit = symbols_scopes_unit(&m->scopes, m->module, address, &bias);
	function =
	    unit ? symbols_scopes_function(&m->scopes, unit, address - bias)
		 : NULL;
	return function && dwarf_hasattr_integrate(function, DW_AT_noreturn);
}

/* Whether what is called comes back, as far as is known. */
static bool comes_back(struct flow_module *f, struct code_target t)
{
	struct flow_ending *e;

	if (t.kind == CODE_NAME)
		return !is_end(t.name);
	if (t.kind != CODE_ADDRESS)
		return true;
	HASH_FIND(hh, f->endings, &t.address, sizeof(t.address), e);
	if (!e) {
		HASH_MAKE(f->endings, address, t.address, e);
		e->ends = is_declared_end(f->m, t.address);
	}
	return !e->ends;
}

/* False: the path ends here. */
static bool step_call(struct follower *w, struct path *p, const cs_insn *i)
{
	static const unsigned char lost[] = { RAX, RDX, RCX, RSI, RDI,
					      R8,  R9,  R10, R11 };
	struct code_target t = code_called(w->f->m, i->address + i->size);
	struct value v = returned_by(w, p, t);

	for (size_t k = 0; k < sizeof(lost); k++)
		p->registers[lost[k]] =
		    (struct value){ VALUE_UNKNOWN, 0, NULL, 0 };
	memset(p->vectors, 0, sizeof(p->vectors));
	p->stored.slot = 0;
	p->registers[RAX] = v;
	return comes_back(w->f, t);
}

/* Whether the instruction compares the result with NULL. */
static bool is_result_test(const struct follower *w, const struct path *p,
			   const cs_insn *i)
{
	const cs_x86_op *a = &i->detail->x86.operands[0];
	const cs_x86_op *b = &i->detail->x86.operands[1];
	struct value v = { VALUE_UNKNOWN, 0, NULL, 0 };

	if (a->size != sizeof(void *) ||
	    (i->id == X86_INS_TEST ? b->type != X86_OP_REG || b->reg != a->reg
				   : b->type != X86_OP_IMM || b->imm))
		return false;
	if (a->type == X86_OP_REG && number_of(a->reg) < REGISTERS)
		v = p->registers[number_of(a->reg)];
	else if (a->type == X86_OP_MEM)
		v = load(w, p, i, &a->mem);
	return v.kind == VALUE_RESULT && !v.offset;
}

static bool is_alive(const struct path *p)
{
	for (size_t i = 0; i < REGISTERS; i++)
		if (p->registers[i].kind == VALUE_RESULT)
			return true;
	for (size_t i = 0; i < p->slot_count; i++)
		if (p->slots[i].value.kind == VALUE_RESULT)
			return true;
	for (size_t i = 0; i < VECTORS; i++)
		if (p->vectors[i][0].kind == VALUE_RESULT ||
		    p->vectors[i][1].kind == VALUE_RESULT)
			return true;
	return p->stored.slot != 0;
}

/* A number for the path's place and where it has the result. */
static uint64_t state_of(const struct path *p)
{
	uint64_t held = 0;

	for (size_t i = 0; i < REGISTERS; i++)
		if (p->registers[i].kind == VALUE_RESULT)
			held |= 1u << i;
	for (size_t i = 0; i < p->slot_count; i++)
		if (p->slots[i].value.kind == VALUE_RESULT)
			held ^= (uint64_t)p->slots[i].at << 16;
	return p->pc ^ held * 0x9e3779b97f4a7c15u;
}

/* Its place, or the free one where it would be. */
static uint64_t *place_of(const struct follower *w, uint64_t key)
{
	size_t i = (size_t)(key * 0x9e3779b97f4a7c15u >> 32) % w->room;

	while (w->seen[i] && w->seen[i] != key)
		i = (i + 1) % w->room;
	return &w->seen[i];
}

/* Most calls need few states. */
static void make_room(struct follower *w)
{
	uint64_t *old = w->seen;
	size_t room = w->room;

	w->room = room ? 4 * room : FIRST_STATES;
	w->seen = xcalloc(w->room, sizeof(*w->seen));
	for (size_t i = 0; i < room; i++)
		if (old[i])
			*place_of(w, old[i]) = old[i];
	free(old);
}

/* True the first time. */
static bool see(struct follower *w, const struct path *p)
{
	uint64_t key = state_of(p), *place;

	if (2 * w->steps >= w->room)
		make_room(w);
	place = place_of(w, key);
	if (*place == key)
		return false;
	*place = key;
	return ++w->steps < MOST_STEPS;
}

static void wait_for(struct follower *w, const struct path *p, uint64_t pc)
{
	if (w->waiting_count == MOST_PATHS)
		return;
	*LIST_ADD(w->waiting, w->waiting_count) = *p;
	w->waiting[w->waiting_count - 1].pc = pc;
}

static bool is_inside(const struct follower *w, uint64_t pc)
{
	return w->low < w->high && pc >= w->low && pc < w->high;
}

/* Whether the function ended before that: with a call that does not come back. */
static bool has_left(const struct follower *w, uint64_t pc)
{
	return w->low < w->high && !is_inside(w, pc);
}

/* The register may have the result by chance where the function ends. */
static bool may_return(const struct c_type *declared)
{
	return !declared || declared->kind == C_POINTER ||
	       (declared->kind != C_VOID && declared->size >= sizeof(void *));
}

static void give_back(struct follower *w, const struct value *v)
{
	if (v->kind != VALUE_RESULT || w->flow->returned ||
	    !may_return(w->flow->declared))
		return;
	w->flow->returned = true;
	w->flow->returned_offset = v->offset;
}

/* A jump; false: the path ends here. */
static bool step_jump(struct follower *w, struct path *p, const cs_insn *i)
{
	const cs_x86_op *to = &i->detail->x86.operands[0];
	bool conditional = i->id != X86_INS_JMP;
	bool null_there = p->tested && i->id == X86_INS_JE;
	bool null_here = p->tested && i->id == X86_INS_JNE;
	uint64_t target = to->type == X86_OP_IMM ? (uint64_t)to->imm : 0;

	if (target && is_inside(w, target)) {
		if (!conditional) {
			p->pc = target;
			return true;
		}
		if (!null_there)
			wait_for(w, p, target);
	} else if (!conditional) { /* a tail call */
		if (target) {
			struct value v =
			    returned_by(w, p, code_follow(w->f->m, target));

			give_back(w, &v);
		}
		return false;
	}
	p->pc = i->address + i->size;
	return !null_here;
}

/* Executes the instruction at p->pc; false: the path ends here. */
static bool step(struct follower *w, struct path *p, const cs_insn *i)
{
	const struct disassembler *d = w->f->disassembler;
	uint64_t next = i->address + i->size;
	bool tested = false;

	switch (i->id) {
	case X86_INS_RET:
		give_back(w, &p->registers[RAX]);
		return false;
	case X86_INS_CALL:
		if (!step_call(w, p, i))
			return false;
		break;
	case X86_INS_MOV:
	case X86_INS_MOVABS:
		step_mov(w, p, i);
		break;
	case X86_INS_LEA:
	case X86_INS_ADD:
	case X86_INS_SUB:
		step_sum(w, p, i);
		break;
	case X86_INS_MOVQ:
	case X86_INS_PUNPCKLQDQ:
	case X86_INS_MOVLHPS:
	case X86_INS_PINSRQ:
	case X86_INS_MOVHPS:
	case X86_INS_MOVLPS:
	case X86_INS_MOVDQA:
	case X86_INS_MOVAPS:
	case X86_INS_MOVDQU:
	case X86_INS_MOVUPS:
		step_vector(w, p, i);
		break;
	case X86_INS_TEST:
	case X86_INS_CMP:
		tested = is_result_test(w, p, i);
		break;
	case X86_INS_HLT:
	case X86_INS_UD2:
		return false;
	default:
		if (d->insn_group(d->x86_64, i, X86_GRP_JUMP))
			return step_jump(w, p, i);
		/* An instruction that sets no flags leaves the test. */
		tested = p->tested && !i->detail->x86.eflags;
		forget_written(w, p, i);
		if (i->detail->x86.op_count &&
		    i->detail->x86.operands[0].type == X86_OP_MEM &&
		    i->detail->x86.operands[0].access & CS_AC_WRITE) {
			struct operand o =
			    memory_at(w, p, i, &i->detail->x86.operands[0].mem);

			if (o.kind == MEMORY_FRAME)
				set_slot(p, o.at,
					 (struct value){ VALUE_UNKNOWN, 0, NULL,
							 0 });
		}
		break;
	}
	if (i->id == X86_INS_MOV || i->id == X86_INS_LEA)
		tested = p->tested;
	p->tested = tested;
	p->pc = next;
	return true;
}

static void follow(struct follower *w, struct path *p, cs_insn *i)
{
	const struct disassembler *d = w->f->disassembler;

	while (see(w, p)) {
		struct code_bytes b = code_bytes_at(w->f->m, p->pc);
		const uint8_t *code;
		uint64_t address = p->pc;
		size_t size;

		claim_variables(w, p);
		if (!b.data || p->pc < b.low || p->pc >= b.high ||
		    has_left(w, p->pc))
			return;
		code = b.data + (p->pc - b.low);
		size = (size_t)(b.high - p->pc);
		if (!d->disasm_iter(d->x86_64, &code, &size, &address, i) ||
		    !step(w, p, i) || !is_alive(p))
			return;
	}
}

/* --- The function around the call ---------------------------------------------- */

static Dwarf_Die *function_at(struct flow_module *f, uint64_t address,
			      Dwarf_Addr *bias)
{
	struct symbols_module *m = f->m;
	Dwarf_Die *unit =
	    symbols_scopes_unit(&m->scopes, m->module, address, bias);

	return unit ? symbols_scopes_function(&m->scopes, unit, address - *bias)
		    : NULL;
}

static const struct flow_function *
known_function(struct flow_module *f, Dwarf_Die *function, Dwarf_Addr bias)
{
	Dwarf *dwarf = dwarf_cu_getdwarf(function->cu);
	struct flow_function *known;

	HASH_FIND_PTR(f->functions, &function->addr, known);
	if (known)
		return known;
	known = xcalloc(1, sizeof(*known));
	known->key = function->addr;
	known->variables = variables_of(f->types, dwarf, function, bias);
	known->returns = c_type_of(f->types, dwarf, function);
	HASH_ADD_PTR(f->functions, key, known);
	return known;
}

const struct variables *flow_variables(struct flow_module *f, uint64_t address,
				       uint64_t *low)
{
	Dwarf_Addr bias, entry;
	Dwarf_Die *function =
	    flow_has_file(f) ? function_at(f, address, &bias) : NULL;
	const struct functions_one *symbol;

	if (!function)
		return NULL;
	*low = 0;
	symbol = symbols_functions_at(f->m, address);
	if (symbol)
		*low = symbol->address;
	else if (!dwarf_lowpc(function, &entry))
		*low = entry + bias;
	return &known_function(f, function, bias)->variables;
}

unsigned flow_register(x86_reg reg)
{
	return number_of(reg);
}

static void find_function(struct follower *w)
{
	struct symbols_module *m = w->f->m;
	const struct functions_one *symbol;
	const struct flow_function *known;
	Dwarf_Addr bias, low, high;
	Dwarf_Die *function;

	symbol = symbols_functions_at(m, w->call);
	if (symbol) {
		w->low = symbol->address;
		w->high = symbol->address + symbol->size;
	}
	function = function_at(w->f, w->call, &bias);
	if (!function)
		return;
	if (!symbol && !dwarf_lowpc(function, &low) &&
	    !dwarf_highpc(function, &high)) {
		w->low = low + bias;
		w->high = high + bias;
	}
	known = known_function(w->f, function, bias);
	w->variables = &known->variables;
	w->flow->declared = known->returns;
}

/* Follows `reg` from `address` on, in the function around `within`. */
static struct flow flow_from(struct flow_module *f, uint64_t address,
			     uint64_t within, unsigned reg, unsigned depth)
{
	struct flow flow = { 0 };
	struct follower *w = xcalloc(1, sizeof(*w));
	struct path *p = xcalloc(1, sizeof(*p));
	const struct disassembler *d = f->disassembler;
	cs_insn *i = d->malloc(d->x86_64);

	w->f = f;
	w->flow = &flow;
	w->call = within;
	w->depth = depth;
	find_function(w);
	p->pc = address;
	p->registers[reg].kind = VALUE_RESULT;
	follow(w, p, i);
	while (w->waiting_count) {
		*p = w->waiting[--w->waiting_count];
		follow(w, p, i);
	}
	d->free(i, 1);
	free(w->waiting);
	free(w->seen);
	free(p);
	free(w);
	return flow;
}

/* The functions that are inlined at `call`, innermost first, and the one around
 * them; for the caller to free. */
static Dwarf_Die *scopes_at(const struct flow_module *f, uint64_t call,
			    size_t *count, Dwarf_Addr *bias)
{
	Dwarf_Die *unit =
	    symbols_scopes_unit(&f->m->scopes, f->m->module, call, bias);
	Dwarf_Die *scopes = NULL;

	*count = unit ? symbols_scopes_find(&f->m->scopes, unit, call - *bias,
					    &scopes)
		      : 0;
	return scopes;
}

/* LLVM's attribute of a call site for what DWARF 6 calls DW_AT_alloc_type. */
#define AT_LLVM_ALLOC_TYPE 0x3e0eu

/* Whether the call site `die` is of the call that returns to `address`. */
static bool is_call_site(Dwarf_Die *die, Dwarf_Addr address)
{
	int tag = dwarf_tag(die);
	Dwarf_Attribute attribute;
	Dwarf_Addr there;

	return (tag == DW_TAG_call_site || tag == DW_TAG_GNU_call_site) &&
	       (dwarf_attr(die, DW_AT_call_return_pc, &attribute) ||
		dwarf_attr(die, DW_AT_low_pc, &attribute)) &&
	       !dwarf_formaddr(&attribute, &there) && there == address;
}

/* In the scope and those in it. */
static bool find_call_site(Dwarf_Die *scope, Dwarf_Addr address,
			   Dwarf_Die *site, int depth)
{
	if (depth > MOST_SCOPES || dwarf_child(scope, site))
		return false;
	do {
		Dwarf_Die inner;

		if (is_call_site(site, address))
			return true;
		if (dwarf_haschildren(site) &&
		    find_call_site(site, address, &inner, depth + 1)) {
			*site = inner;
			return true;
		}
	} while (!dwarf_siblingof(site, site));
	return false;
}

static const struct c_type *allocated_at(struct flow_module *f,
					 uint64_t address)
{
	Dwarf_Addr bias;
	Dwarf_Die *unit = symbols_scopes_unit(&f->m->scopes, f->m->module,
					      address - 1, &bias);
	Dwarf_Die *function = unit
				  ? symbols_scopes_function(&f->m->scopes, unit,
							    address - 1 - bias)
				  : NULL;
	Dwarf_Attribute attribute;
	Dwarf_Die site, type;

	if (!function || !find_call_site(function, address - bias, &site, 0) ||
	    !dwarf_attr(&site, AT_LLVM_ALLOC_TYPE, &attribute) ||
	    !dwarf_formref_die(&attribute, &type))
		return NULL;
	return c_type_at(f->types, dwarf_cu_getdwarf(type.cu), &type);
}

/* How many of the functions at the call are inlined into the claim's. */
static size_t inner_of(const struct flow_module *f, uint64_t call,
		       const struct claim *c)
{
	Dwarf_Addr bias;
	size_t count, inner = 0;
	Dwarf_Die *scopes = scopes_at(f, call, &count, &bias);

	while (inner < count &&
	       (c->owner ? scopes[inner].addr != c->owner
			 : dwarf_haspc(&scopes[inner], c->pc - bias) <= 0))
		inner++;
	free(scopes);
	return inner < count ? inner : 0;
}

/* How many of them have ended before `pc`, each with a result. Code of two
 * functions may be merged: one that returns nothing does not hand anything on. */
static size_t ended_before(const struct flow_module *f, uint64_t call,
			   uint64_t pc)
{
	Dwarf_Addr bias;
	size_t count, inner = 0;
	Dwarf_Die *scopes = scopes_at(f, call, &count, &bias);

	while (
	    inner < count && dwarf_haspc(&scopes[inner], pc - bias) <= 0 &&
	    may_return(c_type_of(f->types, dwarf_cu_getdwarf(scopes[inner].cu),
				 &scopes[inner])))
		inner++;
	free(scopes);
	return inner < count ? inner : 0;
}

/*
 * Where an inlined function ends, a result that is used behind it was handed on,
 * as by a return. Of places that keep the result the innermost counts: later ones
 * may have it from there.
 */
static size_t count_handed_on(const struct flow_module *f, uint64_t call,
			      const struct flow *flow)
{
	size_t most = 0, least = SIZE_MAX;

	for (size_t i = 0; i < flow->use_count; i++) {
		size_t inner = ended_before(f, call, flow->uses[i].pc);

		if (flow->uses[i].kept && inner < least)
			least = inner;
		if (inner > most)
			most = inner;
	}
	return most < least ? most : least;
}

const struct flow *flow_of(struct flow_module *f, uint64_t address)
{
	struct flow_known *known;

	HASH_FIND(hh, f->known, &address, sizeof(address), known);
	if (known)
		return &known->flow;
	known = xcalloc(1, sizeof(*known));
	known->address = address;
	f->disassembler = disassembler_get();
	if (flow_has_file(f) && f->disassembler) {
		known->flow = flow_from(f, address, address - 1, RAX, 0);
		for (size_t i = 0; i < known->flow.count; i++) {
			struct claim *c = &known->flow.claims[i];

			c->inner = inner_of(f, address - 1, c);
		}
		known->flow.handed_on =
		    count_handed_on(f, address - 1, &known->flow);
		known->flow.allocated = allocated_at(f, address);
		known->followed = true;
		f->changed = true;
	}
	HASH_ADD(hh, f->known, address, sizeof(known->address), known);
	return &known->flow;
}
