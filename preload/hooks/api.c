/* SPDX-License-Identifier: MIT */
/*
 * What refknot.h calls, and LeakSanitizer's interface for programs that have
 * it.  Like hooks.c this file keeps frame pointers: who calls is noted.
 */
#include <elf.h>
#include <refknot.h>
#include <string.h>
#include <sys/auxv.h>

#include "assertions.h"
#include "collect.h"
#include "ending.h"
#include "libc.h"
#include "marks.h"
#include "messages.h"
#include "object_visits.h"
#include "references.h"
#include "regions.h"
#include "text.h"

#define HERE __builtin_frame_address(0)

static const void *at(uintptr_t address)
{
	return (const void *)address;
}

/* The hooks' shape: a call that does not return like a jump. The check that an
 * object makes due comes before it, so that it is not in it. */
static void object(uintptr_t p, const char *type, uintptr_t counter,
		   size_t width, long bias)
{
	if (unlikely(collect_making()) && references_begins(at(p)))
		collect_automatically();
	references_object(at(p), type, at(counter), width, bias, HERE);
}

static void rename_(uintptr_t p, const char *type)
{
	references_rename(at(p), type, HERE);
}

static void end(uintptr_t p)
{
	references_end(at(p), HERE);
}

static void retain(uintptr_t p, uintptr_t holder, const char *field)
{
	references_retain(at(p), at(holder), field, HERE);
}

static void release(uintptr_t p, uintptr_t holder, const char *field)
{
	references_release(at(p), at(holder), field, HERE);
}

static void move(uintptr_t p, uintptr_t from, uintptr_t to)
{
	references_move(at(p), at(from), at(to), HERE);
}

static void link_(uintptr_t owner, uintptr_t p, const char *field, int weak)
{
	references_link(at(owner), at(p), field, weak, HERE);
}

static void unlink_(uintptr_t owner, uintptr_t p, const char *field, int weak)
{
	references_unlink(at(owner), at(p), field, weak, HERE);
}

static long getrefcount(uintptr_t p)
{
	return references_count(at(p));
}

static void tame(uintptr_t p, int what, int on)
{
	references_tame(at(p), what, on, RKN_LIMIT_NO_OBJECT);
}

static void span(uintptr_t start, size_t size, int on)
{
	references_span(at(start), size, on, RKN_LIMIT_NO_OBJECT);
}

static void assert_last_release(uintptr_t p)
{
	assertions_last_release(at(p));
}

static void region(const char *name, int on)
{
	if (on)
		regions_begin(name);
	else
		regions_end(name);
}

static size_t visit(int what, uintptr_t p, refknot_visit *f, void *data)
{
	switch (what & 15) {
	case REFKNOT_OBJECTS:
		return object_visits_objects((what >> 4) - 1, f, data);
	case REFKNOT_REFERRERS:
		return object_visits_referrers(at(p), f, data);
	case REFKNOT_REFERENTS:
		return object_visits_referents(at(p), f, data);
	case REFKNOT_TRACKED:
		return references_tracked(at(p));
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
	.getrefcount = getrefcount,
	.tame = tame,
	.span = span,
	.collect = collect_now,
	.visit = visit,
	.numbers = collect_numbers,
	.flag = collect_flag,
	.stats = collect_stats,
	.callback = collect_callback,
	.assert_last_release = assert_last_release,
	.mark = marks_make,
	.region = region,
	.assert_no_growth = marks_assert_no_growth,
};

/* --- The program's pointer to it ---------------------------------------------- */

static const Elf64_Phdr *headers;
static size_t header_count;
static uint64_t base; /* what to add to an address in the file */

static COLD bool is_writable(uint64_t address)
{
	for (size_t i = 0; i < header_count; i++)
		if (headers[i].p_type == PT_LOAD && headers[i].p_flags & PF_W &&
		    address - base - headers[i].p_vaddr < headers[i].p_memsz)
			return true;
	return false;
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
		    n.n_descsz == 4 && !memcmp(text, name, sizeof(name))) {
			int32_t distance;
			uint64_t pointer;

			/* The note's one word is the distance from itself to
			 * the pointer. */
			memcpy(&distance, word, sizeof(distance));
			pointer = ADDRESS(word) + (uint64_t)(int64_t)distance;
			if (is_writable(pointer) && pointer % 8 == 0)
				*(const struct refknot_interface **)(uintptr_t)
				    pointer = &refknot_interface_1;
		}
		p = word + ((n.n_descsz + 3ul) & ~3ul);
	}
}

/* The loader fills in the libraries'; the program's is filled in here. */
COLD __attribute__((constructor(102))) static void tell_program(void)
{
	headers = (const void *)libc()->getauxval(AT_PHDR);
	header_count = headers ? libc()->getauxval(AT_PHNUM) : 0;
	for (size_t i = 0; i < header_count; i++)
		if (headers[i].p_type == PT_PHDR)
			base = ADDRESS(headers) - headers[i].p_vaddr;
	for (size_t i = 0; i < header_count; i++)
		if (headers[i].p_type == PT_NOTE) {
			const char *start =
			    (const char *)(uintptr_t)(base +
						      headers[i].p_vaddr);

			read_notes(start, start + headers[i].p_memsz);
		}
}

/* --- LeakSanitizer's interface -------------------------------------------------- */

static COLD void note_limit(enum rkn_limit_number limit)
{
	struct thread *t = thread_enter(NULL);

	if (!t)
		return;
	t->area->limits[limit]++;
	thread_leave(t);
}

void __lsan_disable(void);
EXPORT void __lsan_disable(void)
{
	struct thread *t = thread_enter(NULL);

	thread_tame_depth++;
	WRITE_ONCE(process.tames, true);
	if (t) {
		thread_set_tame(t);
		thread_leave(t);
	}
}

void __lsan_enable(void);
EXPORT void __lsan_enable(void)
{
	struct thread *t = thread_enter(NULL);

	if (thread_tame_depth)
		thread_tame_depth--;
	if (t) {
		thread_set_tame(t);
		thread_leave(t);
	}
}

void __lsan_ignore_object(const void *p);
EXPORT void __lsan_ignore_object(const void *p)
{
	references_tame(p, REFKNOT_NOT_LEAK, 1, RKN_LIMIT_NO_LSAN);
}

void __lsan_register_root_region(const void *start, size_t size);
EXPORT void __lsan_register_root_region(const void *start, size_t size)
{
	references_span(start, size, true, RKN_LIMIT_NO_LSAN);
}

void __lsan_unregister_root_region(const void *start, size_t size);
EXPORT void __lsan_unregister_root_region(const void *start, size_t size)
{
	references_span(start, size, false, RKN_LIMIT_NO_LSAN);
}

/* LeakSanitizer would end the program if it found any: whether that is wanted
 * is decided where the recording is read. */
void __lsan_do_leak_check(void);
EXPORT void __lsan_do_leak_check(void)
{
	ending_check();
}

/* As LeakSanitizer does it: as often as wanted, it prints what is lost by now,
 * and the program goes on. */
int __lsan_do_recoverable_leak_check(void);
EXPORT int __lsan_do_recoverable_leak_check(void)
{
	uint64_t blocks = 0, bytes = 0;
	enum ending_answer answer = ending_lost(&blocks, &bytes);

	if (answer == ENDING_CANNOT_TELL)
		note_limit(RKN_LIMIT_CHECK_LATER);
	if (blocks) {
		char line[256];
		struct text text = { line, sizeof(line), 0 };

		text_add(&text, "the leak check that the program asked for: ");
		text_number(&text, blocks);
		text_add(&text, blocks == 1 ? " block of " : " blocks of ");
		text_number(&text, bytes);
		text_add(&text, bytes == 1 ? " byte" : " bytes");
		text_add(&text, blocks == 1 ? " is lost" : " are lost");
		messages_say(line);
	}
	return blocks > 0;
}
