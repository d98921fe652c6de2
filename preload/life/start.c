/* SPDX-License-Identifier: MIT */
/*
 * The beginning of a recording: the first start, by the first call of any hook or
 * when the library is loaded, and the one in a forked child.  What fails here ends
 * the recording, never the program.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include "addresses.h"
#include "called.h"
#include "collect.h"
#include "compiler.h"
#include "denied.h"
#include "ending.h"
#include "environment.h"
#include "failure.h"
#include "fatal.h"
#include "gone.h"
#include "heap.h"
#include "ledger_tables.h"
#include "libc.h"
#include "mapped.h"
#include "marks.h"
#include "messages.h"
#include "own_memory.h"
#include "phase.h"
#include "process.h"
#include "real.h"
#include "regions.h"
#include "sandbox.h"
#include "second_signal.h"
#include "shadow.h"
#include "signal_stack.h"
#include "skipped.h"
#include "spare.h"
#include "stacks.h"
#include "store.h"
#include "sys.h"
#include "text.h"
#include "thread.h"
#include "timeline.h"
#include "verify.h"
#include "wishes.h"
#include "zeros.h"

/* Unit tests of parts of the shim have none. */
#pragma weak zeros_uncount

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

static void note_arguments(struct rkn_meta *m)
{
	char *const *argument = environment_arguments();

	for (; *argument; argument++) {
		uint32_t text = store_text(*argument, strlen(*argument));

		if (!text && **argument)
			return;
		if (!text)
			text = (uint32_t)store_append(STORE_TEXT);
		if (!m->argument_count++)
			m->arguments = text;
	}
}

static COLD void describe(void)
{
	struct store_header *h = store.header;
	struct rkn_meta *m = &h->meta;
	char directory[4096] = "";

	m->pid = (uint32_t)process.pid;
	if (process_page.parent != PROCESS_UNKNOWN)
		m->parent_pid =
		    (uint32_t)(process_page.parent ? process_page.parent
						   : sys_parent());
	m->start_ns = sys_clock(CLOCK_REALTIME);
	m->program = store_text(process.program, strlen(process.program));
	if (sys_getcwd(directory, sizeof(directory)) > 0)
		m->directory = store_text(directory, strlen(directory));
	note_arguments(m);
	if (process.is_script)
		m->script = store_text(process.called, strlen(process.called));
	m->flags = (process.forked ? RKN_META_FORKED : 0) |
		   (process.foreign_malloc ? RKN_META_FOREIGN_MALLOC : 0) |
		   (process.settings.snapshot ? 0 : RKN_META_NO_SNAPSHOT);
	sandbox_note();
	h->limits[RKN_LIMIT_OPERATORS] = process.hides_operators;
	h->depth = (uint32_t)process.settings.depth;
	if (process.forked)
		WRITE_ONCE(h->state, STORE_RUNNING);
	/* Who reads that reads a store that is complete so far. */
	STORE_RELEASE(h->start_mono_ns, sys_clock(CLOCK_MONOTONIC));
}

/* The first start: what a forked child inherits and need not find again. */
static COLD int find_out(void)
{
	const char *bad =
	    settings_read(&process.settings, environment_variables());
	struct text t = { process.directory, sizeof(process.directory), 0 };
	struct text called = { process.called, sizeof(process.called), 0 };
	const char *out = process.settings.out;
	char *const *arguments;
	const char *script;
	long size = sys_readlink("/proc/self/exe", process.program,
				 sizeof(process.program) - 1);

	process.program[size > 0 ? size : 0] = '\0';
	environment_keep();
	/* A forked child's title may be another by then: the name is found out
	 * once. */
	arguments = environment_arguments();
	script = called_script(environment_executed(), arguments);
	process.is_script = script;
	text_add(&called, script
			      ?: called_name(*arguments ? *arguments : "",
					     process.program));
	messages_begin(process.settings.messages);
	if (bad) {
		failure_end(bad, -EINVAL);
		return -EINVAL;
	}
	if (!out || *out != '/') {
		char here[4096];

		size = sys_getcwd(here, sizeof(here));
		if (size <= 0)
			return (int)size;
		text_add(&t, here);
		text_add(&t, out ? "/" : "");
	}
	text_add(&t, out ? out : "");
	process.foreign_malloc = !real_is_glibc();
	process.hides_operators = real_hides_operators();
	return text_whole(&t) ? 0 : -ENAMETOOLONG;
}

/* glibc's smallest chunk is 32 bytes; others pack blocks of 8 side by side. */
static COLD int begin(void)
{
	char name[64];
	struct text t = { name, sizeof(name), 0 };
	unsigned shift = process.foreign_malloc ? 3 : 4;
	int error;

	WRITE_ONCE(process.pid, process_owner());
	/* The program's name in letters that any shell takes. */
	text_add(&t, *process.called ? process.called : "program");
	for (char *c = name; *c; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
		      (*c >= '0' && *c <= '9') || *c == '+' ||
		      (c > name && (*c == '.' || *c == '-'))))
			*c = '_';
	error = store_create(process.directory, name, process.pid, shift);
	if (!error)
		error = shadow_reset(shift, !process.foreign_malloc);
	if (!error)
		error = stacks_reset();
	if (!error)
		error = regions_reset();
	if (error)
		return error;
	marks_reset();
	timeline_reset();
	ending_reset();
	ledger_tables_reset();
	collect_reset();
	gone_reset();
	mapped_reset();
	describe();
	/* In this order: a thread that sees it run and no epoch is in a forked
	 * child that is still to begin. */
	process_record();
	phase_move(PHASE_STARTING, PHASE_RUNNING);
	return 0;
}

static bool stay_off(void)
{
	phase_move(PHASE_STARTING, PHASE_OFF);
	WRITE_ONCE(process_over, true);
	return false;
}

static COLD bool start(void)
{
	int error;

	/* When loaded from /etc/ld.so.preload: whoever started the program must
	 * not choose our output path. When an inherited filter forbids a system
	 * call that a recording needs: the try would kill the process. */
	if (libc_is_secure() || denied_start())
		return stay_off();
	process_starting = true;
	if (zeros_uncount &&
	    (!skipped_find_out() || sys_limit(RLIMIT_DATA) < UINT64_MAX))
		zeros_uncount();
	sys_advise(&process_page, sizeof(process_page), MADV_WIPEONFORK);
	real_resolve();
	if (skipped()) {
		struct text t = { process.directory, sizeof(process.directory),
				  0 };

		/* What it executes is noted and begins with the same limits. */
		process_starting = false;
		settings_read(&process.settings, environment_variables());
		text_add(&t, process.settings.out);
		addresses_begin();
		addresses_end();
		return stay_off();
	}
	heap_init();
	error = find_out();
	if (!error) {
		addresses_begin();
		/* For store_steps and two tables by region of addresses. */
		own_memory_reserve(STORE_STEPS +
				   2 * STORE_REGIONS * sizeof(void *));
		error = begin();
		addresses_end();
	}
	if (error)
		failure_end_store(error);
	process_starting = false;
	return !error;
}

/* One that is not recorded. Who is killed meanwhile is none: its parent knows. */
static void count_child(struct store_header *parent)
{
	__atomic_add_fetch(&parent->children, 1, __ATOMIC_RELAXED);
}

static bool waits; /* this child, counted as one that is not recorded */

/* What a child does before it has left the call is in no recording. */
static COLD bool is_inside(void)
{
	if (!thread_is_interrupted())
		return false;
	if (!waits && process.settings.children)
		count_child(store.header);
	waits = true;
	return true;
}

/* Forked: the store and all that points into it are the parent's. */
static COLD bool start_child(void)
{
	struct store_header *parent;
	int error;

	denied_forked();
	spare_reset();
	second_signal_forked();
	if (!process.settings.children)
		return stay_off();
	if (denied_start()) {
		count_child(store.header);
		return stay_off();
	}
	addresses_begin();
	parent = store_leave();
	process.forked = true;
	WRITE_ONCE(process.missed, 0);
	error = begin();
	if (error) {
		count_child(parent);
		shadow_forget();
		failure_end_store(error);
	} else {
		wishes_note();
	}
	store_forget(parent);
	addresses_end();
	return !error;
}

USED HIDDEN bool start_recording(bool forked);
bool start_recording(bool forked)
{
	return forked ? start_child() : start();
}
PROCESS_BEGINS(start_recording);

/* exit() passes the status as a second argument. */
static void at_exit(void *unused, int status)
{
	(void)unused;
	ending_exit(status);
}

/* quick_exit() does not pass the status. */
static void leaving_quickly(void *unused)
{
	(void)unused;
	ending_exit(0);
}

/* Before a fork, after most other handlers, and after it before most. */
static COLD void forking(void)
{
	const void *thread = thread_interrupted();

	if (thread && READ_ONCE(store.header))
		store_copy(thread);
}

static COLD void has_forked(void)
{
	const void *thread = thread_interrupted();

	if (thread)
		store_copied(thread);
}

/* In a forked child, whose vfork children share its memory. */
static COLD void forked(void)
{
	denied_forked();
	WRITE_ONCE(process_page.pid, sys_pid());
	WRITE_ONCE(process_page.parent, sys_parent());
	waits = false;
	/* Another library's handler for that may have begun its recording. */
	if (READ_ONCE(store.header))
		store_part(thread_forked(), READ_ONCE(process_page.epoch));
	fatal_forked();
	second_signal_forked();
}

/*
 * Threads that call exit() at the same time share the list of handlers, and
 * the one that finds it empty ends the process: so many wait for the check.
 */
#define EXITS 4

/*
 * Handlers run in reverse order: what is registered here, with no library
 * named, runs after every library's destructors.
 */
COLD __attribute__((constructor(101))) static void loaded(void)
{
	bool ready = process_ready();

	if (libc_is_secure())
		return;
	process_is_inside = is_inside;
	thread_attaches = signal_stack_look;
	if (ready && process.settings.snapshot && process.settings.signals)
		fatal_begin();
	if (ready && process.settings.snapshot)
		wishes_ask();
	verify_init();
	if (ready) {
		/* From here on a signal that ends the process is caught,
		 * where that is wanted. */
		uint32_t before = STORE_STARTING;

		CHANGE(store.header->state, before, STORE_RUNNING);
	}
	if (!process.settings.children)
		environment_drop_preload();
	for (int i = 0; i < EXITS; i++)
		libc()->cxa_atexit((void (*)(void *))(void (*)(void))at_exit,
				   NULL, NULL);
	libc()->cxa_at_quick_exit(leaving_quickly, NULL);
	libc()->register_atfork(forking, has_forked, forked, NULL);
}
