/* SPDX-License-Identifier: MIT */
#include "process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include "addresses.h"
#include "aside.h"
#include "called.h"
#include "collect.h"
#include "compiler.h"
#include "denied.h"
#include "ending.h"
#include "ends.h"
#include "environment.h"
#include "fatal.h"
#include "gone.h"
#include "heap.h"
#include "libc.h"
#include "marks.h"
#include "messages.h"
#include "names.h"
#include "objects.h"
#include "phase.h"
#include "real.h"
#include "region_rows.h"
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
#include "verify.h"
#include "wishes.h"
#include "world.h"
#include "zeros.h"

/* Where parts of the shim are tested alone, there is none. */
#pragma weak zeros_uncount

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

__attribute__((aligned(4096))) struct process_page process_page;
struct process process;
uint8_t process_over;

#define UNKNOWN (-1) /* process_page.parent */

static uint64_t epochs = PROCESS_EPOCHS;

static const char *reason(int error)
{
	if (denied_growth())
		return "a seccomp filter forbids it";
	switch (-error) {
	case ENOSPC:
	case EFAULT: /* what populating a page answers on a full disk */
		return "no space left";
	case EROFS:
		return "read-only file system";
	case EACCES:
	case EPERM:
		return "permission denied";
	case ENOENT:
		return "no such directory";
	case ENOTDIR:
		return "not a directory";
	case EMFILE:
	case ENFILE:
		return "too many open files";
	case ENOMEM:
		return sys_limit(RLIMIT_AS) < UINT64_MAX
			   ? "the limit on addresses is too low (ulimit -v)"
			   : "not enough memory or address space";
	case EFBIG:
		return "the limit on the size of files is too low (ulimit -f)";
	case EDQUOT:
		return "disk quota exceeded";
	case EEXIST:
		return "this name and all before it are taken";
	case ENAMETOOLONG:
		return "the path is too long";
	case ELOOP:
		return "too many symbolic links";
	case EINVAL:
		return "invalid value";
	default:
		return NULL;
	}
}

static COLD void say(const char *relation, const char *sentence, bool asked)
{
	char line[8192];
	struct text t = { line, sizeof(line) - 1, 0 };
	int pid = sys_pid();
	size_t size;

	text_add(&t, "refknot: ");
	text_show(&t, process.called);
	text_add(&t, "[");
	text_number(&t, (uint64_t)(pid > 0 ? pid : READ_ONCE(process.pid)));
	text_add(&t, relation);
	text_show(&t, sentence);
	size = strlen(line);
	line[size] = '\n';
	messages_write(line, size + 1, asked);
}

static void say_it(void *sentence)
{
	say("]: ", sentence, true);
}

COLD void process_say(const char *sentence)
{
	aside(say_it, (void *)(uintptr_t)sentence);
}

COLD void process_failed(const char *sentence)
{
	process_say(sentence);
	if (READ_ONCE(process_page.epoch))
		store.header->meta.message =
		    store_text(sentence, strlen(sentence));
}

/* Why recording ends. */
struct off {
	const char *what;
	int error;
};

static void off(void *data)
{
	const struct off *o = data;
	const int error = o->error;
	char sentence[4500];
	struct text t = { sentence, sizeof(sentence), 0 };

	if (!phase_move(PHASE_RUNNING, PHASE_OFF) &&
	    !phase_move(PHASE_STARTING, PHASE_OFF))
		return;
	WRITE_ONCE(process_page.epoch, 0);
	WRITE_ONCE(process_over, true);
	text_add(&t, o->what);
	text_add(&t, ": ");
	if (reason(error)) {
		text_add(&t, reason(error));
	} else {
		text_add(&t, "error ");
		text_number(&t, (uint64_t)-error);
	}
	say(store.header ? "]: recording ends here: " : "] is not recorded: ",
	    sentence, false);
	if (!store.header)
		ends_note_failure();
	if (store.header) {
		struct store_header *h = store.header;

		h->meta.message = store_text(sentence, strlen(sentence));
		store_flag(RKN_META_OFF);
		h->state = STORE_OFF;
	}
}

COLD void process_off(const char *what, int error)
{
	struct off o = { what, error };

	aside(off, &o);
}

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

static void note_operators(void)
{
	struct store_area *common = store_record(STORE_AREAS, 0);

	if (common)
		common->limits[RKN_LIMIT_OPERATORS] = process.hides_operators;
}

static void describe(void)
{
	struct store_header *h = store.header;
	struct rkn_meta *m = &h->meta;
	char directory[4096] = "";

	m->pid = (uint32_t)process.pid;
	if (process_page.parent != UNKNOWN)
		m->parent_pid =
		    (uint32_t)(process_page.parent ? process_page.parent
						   : sys_parent());
	m->start_ns = sys_clock(CLOCK_REALTIME);
	m->program = store_text(process.program, strlen(process.program));
	if (sys_getcwd(directory, sizeof(directory)) > 0)
		m->directory = store_text(directory, strlen(directory));
	note_arguments(m);
	m->flags = (process.forked ? RKN_META_FORKED : 0) |
		   (process.foreign_malloc ? RKN_META_FOREIGN_MALLOC : 0) |
		   (process.settings.snapshot ? 0 : RKN_META_NO_SNAPSHOT);
	sandbox_note();
	note_operators();
	h->depth = (uint32_t)process.settings.depth;
	if (process.forked)
		WRITE_ONCE(h->state, STORE_RUNNING);
	/* Who reads that reads a store that is complete so far. */
	__atomic_store_n(&h->start_mono_ns, sys_clock(CLOCK_MONOTONIC),
			 __ATOMIC_RELEASE);
}

/* A forked child's title may be another by then: the name is found out once. */
static void call(struct process *p)
{
	char *const *arguments = environment_arguments();
	struct text t = { p->called, sizeof(p->called), 0 };

	text_add(&t, called_name(*arguments ? *arguments : "", p->program));
}

/* The first start: what a forked child inherits and need not find again. */
static int find_out(void)
{
	const char *bad =
	    settings_read(&process.settings, environment_variables());
	struct text t = { process.directory, sizeof(process.directory), 0 };
	const char *out = process.settings.out;
	long size = sys_readlink("/proc/self/exe", process.program,
				 sizeof(process.program) - 1);

	process.program[size > 0 ? size : 0] = '\0';
	environment_keep();
	call(&process);
	messages_begin(process.settings.messages);
	if (bad) {
		process_off(bad, -EINVAL);
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

/* The program's name in letters that any shell takes. */
static void call_name(char *name, size_t size)
{
	struct text t = { name, size, 0 };

	text_add(&t, *process.called ? process.called : "program");
	for (char *c = name; *c; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
		      (*c >= '0' && *c <= '9') || *c == '+' ||
		      (c > name && (*c == '.' || *c == '-'))))
			*c = '_';
}

/*
 * Whose memory is this?  A vfork child may be the first to ask after a fork: it
 * is its parent's, also where nobody saw the fork, as a raw system call.
 */
static int owner(void)
{
	int pid = sys_pid(), parent;

	if (READ_ONCE(process_page.pid) > 0)
		return READ_ONCE(process_page.pid);
	parent = process.forked || store.header ? sys_parent() : 0;
	if (parent > 0 && pid > 0 && sys_is_same_memory(pid, parent)) {
		WRITE_ONCE(process_page.parent, UNKNOWN);
		pid = parent;
	}
	if (pid > 0)
		WRITE_ONCE(process_page.pid, pid);
	return pid;
}

static int reset_tables(unsigned granule_shift)
{
	int error = shadow_reset(granule_shift, !process.foreign_malloc);

	if (!error)
		error = stacks_reset();
	if (!error)
		error = names_reset();
	if (!error)
		error = objects_reset();
	return error ? error : region_rows_reset();
}

/* glibc's smallest chunk is 32 bytes; others pack blocks of 8 side by side. */
static int begin(void)
{
	char name[64];
	unsigned shift = process.foreign_malloc ? 3 : 4;
	int error;

	WRITE_ONCE(process.pid, owner());
	call_name(name, sizeof(name));
	error = store_create(process.directory, name, process.pid, shift);
	if (error)
		return error;
	error = reset_tables(shift);
	if (error)
		return error;
	marks_reset();
	ending_reset();
	world_reset();
	collect_reset();
	gone_reset();
	describe();
	/* In this order: a thread that sees it run and no epoch is in a forked
	 * child that is still to begin. */
	__atomic_store_n(
	    &process_page.epoch,
	    __atomic_add_fetch(&epochs, PROCESS_RECORDING, __ATOMIC_RELAXED),
	    __ATOMIC_SEQ_CST);
	phase_move(PHASE_STARTING, PHASE_RUNNING);
	return 0;
}

/* Of a run that is over: its directory is not the user's, and is gone. */
static bool is_run_over(int error)
{
	const char *name = text_base(process.directory);

	name += *name == '.';
	return error == -ENOENT && !strncmp(name, "refknot-", 8);
}

static void off_store(void *error)
{
	char what[4200];
	struct text t = { what, sizeof(what), 0 };

	if (is_run_over(*(const int *)error)) {
		process_off("the run that it was started in has ended",
			    *(const int *)error);
		return;
	}
	text_add(&t, "cannot write ");
	if (*store.path)
		text_add(&t, store.path);
	else if (*process.directory)
		text_add(&t, process.directory);
	else
		text_add(&t, "a recording in the working directory");
	process_off(what, *(const int *)error);
}

COLD void process_off_store(int error)
{
	aside(off_store, &error);
}

/* This thread is in start(): what it allocates is not the program's. */
static _Thread_local bool starting;

static bool stay_off(void)
{
	phase_move(PHASE_STARTING, PHASE_OFF);
	WRITE_ONCE(process_over, true);
	return false;
}

/* What it executes is noted and begins with the same limits. */
static COLD bool start_skipped(void)
{
	struct text t = { process.directory, sizeof(process.directory), 0 };

	settings_read(&process.settings, environment_variables());
	text_add(&t, process.settings.out);
	addresses_begin();
	addresses_end();
	return stay_off();
}

static COLD bool start(void)
{
	int error;

	/* Loaded by /etc/ld.so.preload: where to write to is not for whoever
	 * started it to say. Under a filter that whoever executed it was under,
	 * and that forbids what it takes: nobody is to be killed for a try. */
	if (libc_is_secure() || denied_start())
		return stay_off();
	starting = true;
	if (zeros_uncount &&
	    (!skipped_find_out() || sys_limit(RLIMIT_DATA) < UINT64_MAX))
		zeros_uncount();
	sys_advise(&process_page, sizeof(process_page), MADV_WIPEONFORK);
	real_resolve();
	if (skipped()) {
		starting = false;
		return start_skipped();
	}
	heap_init();
	error = find_out();
	if (!error) {
		addresses_begin();
		error = begin();
		addresses_end();
	}
	if (error)
		process_off_store(error);
	starting = false;
	return !error;
}

/* One that is not recorded. Who is killed meanwhile is none: its parent knows. */
static void count_child(struct store_header *parent)
{
	__atomic_add_fetch(&parent->children, 1, __ATOMIC_RELAXED);
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
		process_off_store(error);
	} else {
		wishes_note();
	}
	store_forget(parent);
	addresses_end();
	return !error;
}

void process_flush(void)
{
	uint64_t epoch = __atomic_load_n(&process_page.epoch, __ATOMIC_RELAXED);

	while (epoch && !__atomic_compare_exchange_n(
			    &process_page.epoch, &epoch, epoch + 1, false,
			    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
}

bool process_owns_memory(void)
{
	int pid = sys_pid();

	return pid <= 0 || owner() == pid;
}

void process_missed(void)
{
	enum phase now = phase_of(phase_now());

	if (now == PHASE_RUNNING || (now == PHASE_STARTING && !starting))
		__atomic_fetch_add(&process.missed, 1, __ATOMIC_RELAXED);
}

static void start_aside(void *done)
{
	*(bool *)done = start();
}

static void start_child_aside(void *done)
{
	*(bool *)done = start_child();
}

/* Is this a forked child whose recording is still to begin? Its parent may have
 * been at its end, in another thread. */
static bool is_new_child(enum phase now)
{
	if (now == PHASE_RUNNING)
		return true;
	return (now == PHASE_ENDING || now == PHASE_ENDED) &&
	       READ_ONCE(process_page.pid) != READ_ONCE(process.pid) &&
	       owner() != READ_ONCE(process.pid);
}

/* Who sees that it is, sees all that began with it. */
static bool is_recording(void)
{
	return __atomic_load_n(&process_page.epoch, __ATOMIC_ACQUIRE) != 0;
}

/* A handler that leaves by longjmp would leave it half done. */
static COLD bool begin_child(uint32_t seen)
{
	bool done = false;
	uint64_t signals;

	sys_hold_signals(&signals);
	if (phase_take_from(seen, PHASE_STARTING))
		aside(start_child_aside, &done);
	else
		done = is_recording();
	sys_restore_signals(&signals);
	return done;
}

/* Of threads of a forked child that all begin, one has its way: the word is not
 * the parent's any more that the others saw, also once the child runs. */
COLD bool process_ready(void)
{
	uint32_t seen = phase_now();
	enum phase now = phase_of(seen);
	bool done = false;

	if (is_recording())
		return true;
	if (is_new_child(now))
		return begin_child(seen);
	else if (now == PHASE_NEW && phase_move(PHASE_NEW, PHASE_STARTING))
		aside(start_aside, &done);
	return done;
}

/* exit() passes the status as a second argument. */
static void at_exit(void *unused, int status)
{
	(void)unused;
	ending_exit(status);
}

/* quick_exit() does not tell the status. */
static void leaving_quickly(void *unused)
{
	(void)unused;
	ending_exit(0);
}

/* In a forked child, whose vfork children share its memory. */
static void forked(void)
{
	denied_forked();
	WRITE_ONCE(process_page.pid, sys_pid());
	WRITE_ONCE(process_page.parent, sys_parent());
	fatal_forked();
	second_signal_forked();
}

/* From here on a signal that ends the process is caught, where that is wanted. */
static void begin_program(void)
{
	uint32_t before = STORE_STARTING;

	__atomic_compare_exchange_n(&store.header->state, &before,
				    STORE_RUNNING, false, __ATOMIC_RELAXED,
				    __ATOMIC_RELAXED);
}

/*
 * Threads that call exit() at the same time share the list of handlers, and
 * who finds it empty ends the process: so many of them wait for the check.
 */
#define EXITS 4

/*
 * Handlers run in reverse order: what is registered here, with no library
 * named, runs after every library's destructors.
 */
__attribute__((constructor(101))) static void loaded(void)
{
	bool ready = process_ready();

	if (libc_is_secure())
		return;
	thread_attaches = signal_stack_look;
	if (ready && process.settings.snapshot && process.settings.signals)
		fatal_begin();
	if (ready && process.settings.snapshot)
		wishes_ask();
	verify_init();
	if (ready)
		begin_program();
	if (!process.settings.children)
		environment_drop_preload();
	for (int i = 0; i < EXITS; i++)
		libc()->cxa_atexit((void (*)(void *))(void (*)(void))at_exit,
				   NULL, NULL);
	libc()->cxa_at_quick_exit(leaving_quickly, NULL);
	libc()->register_atfork(NULL, NULL, forked, NULL);
}
