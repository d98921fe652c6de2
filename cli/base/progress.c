/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base_name.h"
#include "interrupt.h"
#include "pager.h"

#define DEEPEST   8
#define NAME_SIZE 48
#define LINE_SIZE 160
#define COLUMNS   80     /* where a terminal does not say how many it has */
#define TICK      250000 /* microseconds */
#define SOON      10000  /* likewise, where all is wanted at once */
#define FIRST     1000   /* milliseconds, before anything is shown */

struct phase {
	const char *what;
	char name[NAME_SIZE];
	uint64_t total;
	uint64_t done;     /* while a phase within it is shown */
	uint64_t start_ms; /* monotonic */
};

bool progress_is_off;
volatile uint64_t progress_done;

/* Changed only while the signal is blocked, or by its handler. */
static struct phase phases[DEEPEST];
static size_t depth;      /* of phases, of which DEEPEST are known */
static uint64_t first_ms; /* when the work began: phases with short pauses */
static uint64_t last_ms;  /* when the outermost ended */
static uint64_t after_ms = FIRST; /* or what $REFKNOT_PROGRESS says */
static volatile sig_atomic_t is_shown;

static uint64_t now_ms(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* --- The line, in a signal handler --------------------------------------------- */

struct line {
	char text[LINE_SIZE];
	size_t size;
};

static void add(struct line *l, const char *text)
{
	while (*text && l->size < LINE_SIZE)
		l->text[l->size++] = *text++;
}

static void add_number(struct line *l, uint64_t n)
{
	char digits[24];
	size_t i = sizeof(digits);

	digits[--i] = '\0';
	do
		digits[--i] = (char)('0' + n % 10);
	while (n /= 10);
	add(l, digits + i);
}

/* "45 %, 3 s left", or how long it has taken. */
static void add_amount(struct line *l, const struct phase *p, uint64_t done,
		       uint64_t passed_ms)
{
	uint64_t seconds = passed_ms / 1000;

	if (!p->total || !done) {
		add_number(l, seconds);
		add(l, " s");
		return;
	}
	done = done < p->total ? done : p->total;
	add_number(l, (uint64_t)(100.0 * (double)done / (double)p->total));
	add(l, " %");
	if (!seconds)
		return;
	add(l, ", ");
	add_number(l, (uint64_t)((double)passed_ms / 1000 *
				 (double)(p->total - done) / (double)done) +
			  1);
	add(l, " s left");
}

static void print(const char *text, size_t size)
{
	(void)!write(STDERR_FILENO, text, size);
}

void progress_clear(void)
{
	static const char back[] = "\r\033[K";

	if (is_shown)
		print(back, sizeof(back) - 1);
	is_shown = 0;
}

static void tick(int number)
{
	/* An alarm may come late, behind the end of the last phase. */
	const struct phase *p = depth ? &phases[0] : NULL;
	uint64_t now = now_ms();
	struct winsize size = { 0 };
	struct line l = { .size = 0 };
	int saved = errno;
	size_t most;

	(void)number;
	if (!p || now - first_ms < after_ms || pager_has_shown())
		return;
	p += (depth < DEEPEST ? depth : DEEPEST) - 1;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || !size.ws_col)
		size.ws_col = COLUMNS;
	add(&l, "refknot: ");
	add(&l, p->what);
	add(&l, *p->name ? " " : "");
	add(&l, p->name);
	add(&l, ": ");
	add_amount(&l, p, progress_done, now - p->start_ms);
	most = size.ws_col - 1u; /* the last column would begin a new line */
	progress_clear();
	is_shown = 1; /* before it is: an interruption may come in between */
	print(l.text, l.size < most ? l.size : most);
	errno = saved;
}

/* --- Phases --------------------------------------------------------------------- */

static bool is_wanted(void)
{
	static int wanted = -1;
	const char *term = getenv("TERM"), *ci = getenv("CI");
	const char *after = getenv("REFKNOT_PROGRESS");

	if (wanted < 0 && after && *after)
		after_ms = strtoull(after, NULL, 10);
	if (wanted < 0)
		wanted = isatty(STDERR_FILENO) && term && *term &&
			 strcmp(term, "dumb") != 0 && !(ci && *ci);
	return wanted && !progress_is_off;
}

static void set_timer(bool on)
{
	const struct sigaction action = { .sa_handler = tick,
					  .sa_flags = SA_RESTART };
	const suseconds_t tick_us = after_ms ? TICK : SOON;
	const struct itimerval every = { { 0, tick_us }, { 0, tick_us } };
	const struct itimerval never = { { 0, 0 }, { 0, 0 } };

	if (on)
		sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, on ? &every : &never, NULL);
}

/* The name as a terminal may show it. */
static void copy_name(char *to, const char *name)
{
	const char *from = name ? base_name(name) : "";
	size_t n = 0;

	for (; *from && n < NAME_SIZE - 1; from++)
		to[n++] = *from >= ' ' && *from < 0x7f ? *from : '?';
	to[n] = '\0';
}

static void hold(sigset_t *before)
{
	sigset_t alarm;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigprocmask(SIG_BLOCK, &alarm, before);
}

void progress_begin(const char *what, const char *name, uint64_t total)
{
	static bool watches;
	struct phase *p;
	sigset_t before;

	if (!is_wanted())
		return;
	if (!watches) {
		interrupt_call(progress_clear);
		/* A line that is not whole yet would be taken back, too. */
		setvbuf(stderr, NULL, _IOLBF, 0);
	}
	watches = true;
	hold(&before);
	if (depth && depth <= DEEPEST)
		phases[depth - 1].done = progress_done;
	if (depth < DEEPEST) {
		p = &phases[depth];
		*p = (struct phase){ .what = what,
				     .total = total,
				     .start_ms = now_ms() };
		copy_name(p->name, name);
		progress_done = 0;
	}
	if (!depth++) {
		if (phases[0].start_ms - last_ms > FIRST)
			first_ms = phases[0].start_ms;
		set_timer(true);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
}

void progress_end(void)
{
	sigset_t before;

	if (!depth)
		return;
	hold(&before);
	if (--depth && depth <= DEEPEST)
		progress_done = phases[depth - 1].done;
	if (!depth) {
		set_timer(false);
		progress_clear();
		last_ms = now_ms();
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
}

void progress_stop(void)
{
	while (depth)
		progress_end();
}
