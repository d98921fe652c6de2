/* SPDX-License-Identifier: MIT */
#include "process.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "aside.h"
#include "collect.h"
#include "compiler.h"
#include "environment.h"
#include "fatal.h"
#include "gone.h"
#include "heap.h"
#include "held.h"
#include "libc.h"
#include "marks.h"
#include "messages.h"
#include "names.h"
#include "objects.h"
#include "outermost.h"
#include "real.h"
#include "region_rows.h"
#include "sandbox.h"
#include "shadow.h"
#include "snapshot.h"
#include "stacks.h"
#include "store.h"
#include "strays.h"
#include "sys.h"
#include "text.h"
#include "verify.h"
#include "wishes.h"
#include "world.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

__attribute__((aligned(4096))) struct process_page process_page;
struct process process;
bool process_over;

#define UNKNOWN (-1) /* process_page.parent */

enum state {
	NEW,
	STARTING,
	RUNNING,
	ENDING,
	OFF,
};
static uint32_t state;
static uint64_t epochs = PROCESS_EPOCHS;

static bool move(uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(&state, &from, to, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static const char *reason(int error)
{
	if (sandbox_denies_growth())
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
		return "not enough memory or address space";
	case EFBIG:
		return "file size limit";
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
	text_show(&t, text_base(process.program));
	text_add(&t, "[");
	text_number(&t, (uint64_t)(pid > 0 ? pid : process.pid));
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
	if (process_page.epoch)
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

	if (!move(RUNNING, OFF) && !move(STARTING, OFF))
		return;
	process_page.epoch = 0;
	process_over = true;
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
	if (store.header) {
		struct store_header *h = store.header;

		h->meta.message = store_text(sentence, strlen(sentence));
		h->meta.flags |= RKN_META_OFF;
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

/* The program asked for its leak check before its end. */
static bool checking, checked;
static uint32_t asker; /* thread that asks what is lost so far; 0: none */

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
	h->start_mono_ns = sys_clock(CLOCK_MONOTONIC);
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
	h->state = STORE_RUNNING;
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

/* The program's name as it was called, in letters that any shell takes. */
static void call_name(char *name, size_t size)
{
	char *const *arguments = environment_arguments();
	const char *called = text_base(*arguments ? *arguments : "");
	struct text t = { name, size, 0 };

	text_add(&t, *called ? called : text_base(process.program));
	if (!*name)
		text_add(&t, "program");
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

	if (process_page.pid > 0)
		return process_page.pid;
	parent = process.forked || store.header ? sys_parent() : 0;
	if (parent > 0 && pid > 0 && sys_is_same_memory(pid, parent)) {
		process_page.parent = UNKNOWN;
		pid = parent;
	}
	if (pid > 0)
		process_page.pid = pid;
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

	process.pid = owner();
	call_name(name, sizeof(name));
	error = store_create(process.directory, name, process.pid, shift);
	if (error)
		return error;
	error = reset_tables(shift);
	if (error)
		return error;
	marks_reset();
	checked = false;
	asker = 0;
	world_reset();
	collect_reset();
	gone_reset();
	describe();
	__atomic_store_n(&state, RUNNING, __ATOMIC_RELEASE);
	__atomic_store_n(
	    &process_page.epoch,
	    __atomic_add_fetch(&epochs, PROCESS_RECORDING, __ATOMIC_RELAXED),
	    __ATOMIC_RELEASE);
	return 0;
}

static void off_store(void *error)
{
	char what[4200];
	struct text t = { what, sizeof(what), 0 };

	text_add(&t, "cannot write ");
	text_add(&t, *store.path ? store.path : process.directory);
	process_off(what, *(const int *)error);
}

COLD void process_off_store(int error)
{
	aside(off_store, &error);
}

/* This thread is in start(): what it allocates is not the program's. */
static _Thread_local bool starting;

static COLD bool start(void)
{
	int error;

	/* Loaded by /etc/ld.so.preload: where to write to is not for whoever
	 * started it to say. Under a filter that whoever executed it was under,
	 * and that forbids what it takes: nobody is to be killed for a try. */
	if (!environment_is_secure())
		sandbox_inherit();
	if (environment_is_secure() || sandbox_denies_start()) {
		process_over = true;
		__atomic_store_n(&state, OFF, __ATOMIC_RELEASE);
		return false;
	}
	starting = true;
	sys_advise(&process_page, sizeof(process_page), MADV_WIPEONFORK);
	real_resolve();
	heap_init();
	error = find_out();
	if (!error)
		error = begin();
	if (error)
		process_off_store(error);
	starting = false;
	return !error;
}

static bool stay_off(void)
{
	state = OFF;
	process_over = true;
	return false;
}

/* Forked: the store and all that points into it are the parent's. */
static COLD bool start_child(void)
{
	struct store_header *parent;
	int error;

	sandbox_forked();
	if (!process.settings.children)
		return stay_off();
	__atomic_add_fetch(&store.header->children, 1, __ATOMIC_RELAXED);
	if (sandbox_denies_start())
		return stay_off();
	parent = store_leave();
	process.forked = true;
	process.missed = 0;
	error = begin();
	if (error) {
		shadow_forget();
		process_off_store(error);
	} else {
		__atomic_sub_fetch(&parent->children, 1, __ATOMIC_RELAXED);
		wishes_note();
	}
	store_forget(parent);
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
	uint32_t now = __atomic_load_n(&state, __ATOMIC_ACQUIRE);

	if (now == RUNNING || (now == STARTING && !starting))
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

COLD bool process_ready(void)
{
	uint32_t now = __atomic_load_n(&state, __ATOMIC_ACQUIRE);
	bool done = false;

	if (process_page.epoch)
		return true;
	if (now == RUNNING && move(RUNNING, STARTING))
		aside(start_child_aside, &done);
	else if (now == NEW && move(NEW, STARTING))
		aside(start_aside, &done);
	return done;
}

/*
 * name(argument): put the registers that a caller expects to keep on the stack,
 * and call name_above(argument, low), which is told from where up the caller's
 * frames are.
 */
#define WITH_REGISTERS(name)                                                   \
	__asm__(".text\n"                                                      \
		".globl " name "\n"                                            \
		".hidden " name "\n"                                           \
		".type " name ", @function\n" name ":\n"                       \
		"	.cfi_startproc\n"                                            \
		"	push %rbp\n"                                                 \
		"	push %rbx\n"                                                 \
		"	push %r12\n"                                                 \
		"	push %r13\n"                                                 \
		"	push %r14\n"                                                 \
		"	push %r15\n"                                                 \
		"	.cfi_adjust_cfa_offset 48\n"                                 \
		"	mov %rsp, %rsi\n"                                            \
		"	sub $8, %rsp\n"                                              \
		"	.cfi_adjust_cfa_offset 8\n"                                  \
		"	call " name "_above\n"                                 \
		"	add $56, %rsp\n"                                             \
		"	.cfi_adjust_cfa_offset -56\n"                                \
		"	ret\n"                                                       \
		"	.cfi_endproc\n"                                              \
		".size " name ", . - " name "\n")
WITH_REGISTERS("process_end");
bool process_find_lost(struct snapshot_lost *lost);
WITH_REGISTERS("process_find_lost");

void process_check(void)
{
	checking = true;
	process_end(0);
	checking = false;
}

static int ender; /* thread that the process ends in */
static uint32_t ended;

static void note_end(enum rkn_end how, int value)
{
	store.header->meta.end = how;
	store.header->meta.end_value = value;
	store.header->end_mono_ns = sys_clock(CLOCK_MONOTONIC);
}

/* The state is ENDING: one thread alone is here, once. */
static void finish(void *data)
{
	struct stopped *self = data;
	struct store_header *h = store.header;

	strays_end(self);
	if (process.settings.snapshot && !sandbox_denies_snapshot())
		snapshot_take(self);
	if (wishes_no_check())
		h->meta.flags |= RKN_META_UNWANTED;
	process_page.epoch = 0;
	process_over = checked;
	h->end_mono_ns = sys_clock(CLOCK_MONOTONIC);
	h->meta.own_bytes = store_own_bytes();
	__atomic_store_n(&h->state, STORE_FINISHED, __ATOMIC_RELEASE);
	store_trim();
	__atomic_store_n(&ended, 1, __ATOMIC_RELEASE);
	sys_wake(&ended);
}

/* Several threads may call exit(): none ends the process before the one that
 * came first is through. */
static void wait_for_end(void)
{
	while (__atomic_load_n(&state, __ATOMIC_ACQUIRE) == ENDING &&
	       ender != sys_tid() && !__atomic_load_n(&ended, __ATOMIC_ACQUIRE))
		sys_wait(&ended, 0, 10000000);
}

/* Another thread that asks stops this one, and lets it go on. */
static void wait_for_asker(void)
{
	uint32_t now;

	while ((now = __atomic_load_n(&asker, __ATOMIC_SEQ_CST)) &&
	       now != (uint32_t)sys_tid())
		sys_wait(&asker, now, 10000000);
}

/* Does the process end for the first time, as far as we can see? */
static bool begin_end(enum rkn_end how, int value)
{
	int pid;

	if (__atomic_load_n(&state, __ATOMIC_RELAXED) == OFF)
		return false;
	pid = sys_pid();
	if (pid > 0 && pid != process.pid) /* a vfork child's */
		return false;
	if (checked && !checking) {
		note_end(how, value);
		return false;
	}
	if (!process_page.epoch || !move(RUNNING, ENDING)) {
		wait_for_end();
		return false;
	}
	ender = sys_tid();
	wait_for_asker();
	checked = checking;
	if (checking)
		store.header->meta.flags |= RKN_META_AT_CALL;
	else
		note_end(how, value);
	return true;
}

/* `low`: where the caller's frames begin. */
static void finish_caller(void *low)
{
	struct stopped self;
	struct held held;

	held_begin(&held);
	stop_note_caller(&self, outermost_low(*(const uint64_t *)low));
	finish(&self);
	held_end(&held, SIGXCPU); /* the check's time may be what was left */
}

__attribute__((used)) void process_end_above(int status, uint64_t low)
{
	if (!begin_end(RKN_END_EXIT, status & 0xff))
		return;
	wishes_ask_again();
	aside(finish_caller, &low);
}

/* --- A question meanwhile --------------------------------------------------------- */

struct question {
	uint64_t low; /* where the caller's frames begin */
	struct snapshot_lost *lost;
	bool answered;
};

static void ask(void *data)
{
	struct question *q = data;
	struct stopped self;

	stop_note_caller(&self, outermost_low(q->low));
	q->answered = snapshot_find_lost(&self, q->lost);
}

static bool is_running(void)
{
	return __atomic_load_n(&state, __ATOMIC_SEQ_CST) == RUNNING;
}

/* One thread at a time; false: the process ends. With signals blocked, but
 * where another one asks, which stops this one. */
static bool begin_asking(uint64_t *signals)
{
	uint32_t self = (uint32_t)sys_tid(), nobody = 0;

	sys_block_signals(signals);
	while (is_running() && !__atomic_compare_exchange_n(
				   &asker, &nobody, self, false,
				   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
		sys_restore_signals(signals);
		wait_for_asker();
		sys_block_signals(signals);
		nobody = 0;
	}
	return is_running();
}

static void end_asking(void)
{
	uint32_t self = (uint32_t)sys_tid();

	if (__atomic_compare_exchange_n(&asker, &self, 0, false,
					__ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		sys_wake(&asker);
}

__attribute__((used)) bool process_find_lost_above(struct snapshot_lost *lost,
						   uint64_t low)
{
	struct question q = { .low = low, .lost = lost };
	uint64_t signals;

	if (begin_asking(&signals))
		aside(ask, &q);
	end_asking();
	sys_restore_signals(&signals);
	return q.answered;
}

enum process_answer process_lost(uint64_t *blocks, uint64_t *bytes)
{
	struct snapshot_lost lost = { 0 };
	int pid = sys_pid();

	if (!process_ready() || (pid > 0 && pid != process.pid) ||
	    !process.settings.snapshot)
		return PROCESS_NOT_CHECKED;
	wishes_ask_again();
	if (wishes_no_check())
		return PROCESS_NOT_CHECKED;
	if (sandbox_denies_snapshot() || !process_find_lost(&lost))
		return is_running() ? PROCESS_CANNOT_TELL : PROCESS_NOT_CHECKED;
	*blocks = lost.blocks;
	*bytes = lost.bytes;
	return PROCESS_CHECKED;
}

void process_end_by_signal(int signal, struct stopped *self)
{
	if (!begin_end(RKN_END_SIGNAL, signal))
		return;
	store.header->meta.flags |= RKN_META_AT_SIGNAL;
	aside(finish, self);
}

/* exit() passes the status as a second argument. */
static void at_exit(void *unused, int status)
{
	(void)unused;
	process_end(status);
}

/* quick_exit() does not tell the status. */
static void leaving_quickly(void *unused)
{
	(void)unused;
	process_end(0);
}

/* In a forked child, whose vfork children share its memory. */
static void forked(void)
{
	process_page.pid = sys_pid();
	process_page.parent = sys_parent();
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

	if (environment_is_secure())
		return;
	if (ready && process.settings.snapshot && process.settings.signals)
		fatal_begin();
	if (ready && process.settings.snapshot)
		wishes_ask();
	verify_init();
	if (!process.settings.children)
		environment_drop_preload();
	for (int i = 0; i < EXITS; i++)
		libc()->cxa_atexit((void (*)(void *))(void (*)(void))at_exit,
				   NULL, NULL);
	libc()->cxa_at_quick_exit(leaving_quickly, NULL);
	libc()->register_atfork(NULL, NULL, forked, NULL);
}
