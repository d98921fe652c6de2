/* SPDX-License-Identifier: MIT */
/*
 * What refknot.h calls, and LeakSanitizer's interface for programs that have
 * it.  Like hooks.c this file keeps frame pointers: who calls is noted.
 */
#include <elf.h>
#include <refknot.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "assertions.h"
#include "collect.h"
#include "references.h"
#include "visits.h"

#define HERE __builtin_frame_address(0)

/* The hooks' shape: a call that does not return like a jump. */
static void object(const void *p, const char *type, const volatile void *at,
		   size_t width, long bias)
{
	references_object(p, type, at, width, bias, HERE);
}

static void rename_(const void *p, const char *type)
{
	references_rename(p, type, HERE);
}

static void end(const void *p)
{
	references_end(p, HERE);
}

static void retain(const void *p, const void *holder, const char *field)
{
	references_retain(p, holder, field, HERE);
}

static void release(const void *p, const void *holder, const char *field)
{
	references_release(p, holder, field, HERE);
}

static void move(const void *p, const void *from, const void *to)
{
	references_move(p, from, to, HERE);
}

static void link_(const void *owner, const void *p, const char *field, int weak)
{
	references_link(owner, p, field, weak, HERE);
}

static void unlink_(const void *owner, const void *p, const char *field,
		    int weak)
{
	references_unlink(owner, p, field, weak, HERE);
}

static void tame(const void *p, int what, int on)
{
	references_tame(p, what, on);
}

static void span(const void *start, size_t size, int on)
{
	references_span(start, size, on);
}

static size_t visit(int what, const void *p, refknot_visit *f, void *data)
{
	switch (what & 15) {
	case REFKNOT_OBJECTS:
		return visits_objects((what >> 4) - 1, f, data);
	case REFKNOT_REFERRERS:
		return visits_referrers(p, f, data);
	case REFKNOT_REFERENTS:
		return visits_referents(p, f, data);
	default:
		return collect_garbage(f, data);
	}
}

EXPORT const struct refknot_interface refknot_interface_1 = {
	.version = REFKNOT_VERSION,
	.object = object,
	.rename = rename_,
	.end = end,
	.type = references_type,
	.retain = retain,
	.release = release,
	.move = move,
	.link = link_,
	.unlink = unlink_,
	.getrefcount = references_count,
	.tame = tame,
	.span = span,
	.collect = collect_now,
	.visit = visit,
	.numbers = collect_numbers,
	.flag = collect_flag,
	.stats = collect_stats,
	.callback = collect_callback,
	.assert_last_release = assertions_last_release,
};

/* --- The program's pointer to it ---------------------------------------------- */

static const Elf64_Phdr *headers;
static size_t header_count;
static uint64_t base; /* what to add to an address in the file */

static bool is_writable(uint64_t address)
{
	for (size_t i = 0; i < header_count; i++)
		if (headers[i].p_type == PT_LOAD && headers[i].p_flags & PF_W &&
		    address - base - headers[i].p_vaddr < headers[i].p_memsz)
			return true;
	return false;
}

/* The note's one word is the distance from itself to the pointer. */
static void fill_in(const char *word)
{
	int32_t distance;
	uint64_t at;

	memcpy(&distance, word, sizeof(distance));
	at = (uint64_t)(uintptr_t)word + (uint64_t)(int64_t)distance;
	if (is_writable(at) && at % 8 == 0)
		*(const struct refknot_interface **)(uintptr_t)at =
		    &refknot_interface_1;
}

static void read_notes(const char *p, const char *limit)
{
	static const char name[] = "refknot";
	Elf64_Nhdr n;

	while ((size_t)(limit - p) >= sizeof(n)) {
		const char *text = p + sizeof(n), *word;
		size_t left = (size_t)(limit - text);

		memcpy(&n, p, sizeof(n));
		if (n.n_namesz > left || n.n_descsz > left ||
		    ((n.n_namesz + 3ul) & ~3ul) + ((n.n_descsz + 3ul) & ~3ul) >
			left)
			return;
		word = text + ((n.n_namesz + 3ul) & ~3ul);
		if (n.n_type == 1 && n.n_namesz == sizeof(name) &&
		    n.n_descsz == 4 && !memcmp(text, name, sizeof(name)))
			fill_in(word);
		p = word + ((n.n_descsz + 3ul) & ~3ul);
	}
}

/* Libraries have theirs from the loader; the program needs to be told. */
__attribute__((constructor(102))) static void tell_program(void)
{
	headers = (const void *)getauxval(AT_PHDR);
	header_count = headers ? getauxval(AT_PHNUM) : 0;
	for (size_t i = 0; i < header_count; i++)
		if (headers[i].p_type == PT_PHDR)
			base =
			    (uint64_t)(uintptr_t)headers - headers[i].p_vaddr;
	for (size_t i = 0; i < header_count; i++)
		if (headers[i].p_type == PT_NOTE) {
			const char *start =
			    (const char *)(uintptr_t)(base +
						      headers[i].p_vaddr);

			read_notes(start, start + headers[i].p_memsz);
		}
}

/* --- LeakSanitizer's interface -------------------------------------------------- */

void __lsan_disable(void);
EXPORT void __lsan_disable(void)
{
	struct thread *t = thread_enter(NULL);

	if (!t)
		return;
	t->tame_depth++;
	t->tame = STORE_TAMED;
	process.tames = true;
	thread_leave(t);
}

void __lsan_enable(void);
EXPORT void __lsan_enable(void)
{
	struct thread *t = thread_enter(NULL);

	if (!t)
		return;
	if (t->tame_depth && !--t->tame_depth)
		t->tame = 0;
	thread_leave(t);
}

void __lsan_ignore_object(const void *p);
EXPORT void __lsan_ignore_object(const void *p)
{
	references_tame(p, REFKNOT_NOT_LEAK, 1);
}

void __lsan_register_root_region(const void *start, size_t size);
EXPORT void __lsan_register_root_region(const void *start, size_t size)
{
	references_span(start, size, true);
}

void __lsan_unregister_root_region(const void *start, size_t size);
EXPORT void __lsan_unregister_root_region(const void *start, size_t size)
{
	references_span(start, size, false);
}
