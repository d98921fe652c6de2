/* SPDX-License-Identifier: MIT */
/*
 * behaviour BOOK PLUGIN WORD...: does what the words say, one after another,
 * and prints what came of each. hunt.py makes such lists at random and runs them
 * with refknot and without: both must look the same.
 *
 * A word is an action of actions.def with up to three numbers, as write:4096.
 * One that ends in "{" has the words up to its "}" as body: fork:0{ leak:100 }
 * loses a block in a child. What the same list prints is always the same: no
 * process or thread prints beside another, no number of a process, address or
 * time is printed.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act.h"
#include "book.h"

#define MOST_ACTIONS 400

char *act_program;
char *act_book;
char *act_plugin;
char **act_words;
char **act_last_argument;
_Thread_local struct act_stack act_stack;
bool act_unwashed;
bool act_over;
bool act_away;
_Thread_local sigjmp_buf *act_catcher;
static int done;

static const struct {
	const char *name;
	void (*act)(const struct act *a);
} actions[] = {
#define ACTION(name) { #name, act_do_##name },
#include "actions.def"
#undef ACTION
};

void act_say(const char *what, long value)
{
	char digits[24], *at = digits + sizeof(digits);
	unsigned long rest =
	    value < 0 ? 0 - (unsigned long)value : (unsigned long)value;

	*--at = 0;
	*--at = '\n';
	do
		*--at = (char)('0' + rest % 10);
	while (rest /= 10);
	if (value < 0)
		*--at = '-';
	fputs(what, stdout);
	putchar(' ');
	fputs(at, stdout);
}

void act_tell(const char *what, long value)
{
	act_say(what, value == -1 ? -errno : value);
}

void act_say_status(const char *what, int status)
{
	act_say(what, WIFEXITED(status)     ? WEXITSTATUS(status)
		      : WIFSIGNALED(status) ? 1000 + WTERMSIG(status)
					    : 2000 + status);
}

/* By a call that no list forbids: else the child would print beside. */
static void wait_otherwise(int pid)
{
	siginfo_t ended;

	while (waitid(P_PID, (id_t)pid, &ended, WEXITED | __WALL) &&
	       errno == EINTR)
		;
}

void act_wait(const char *what, int pid)
{
	int status, got;

	if (pid < 0) {
		act_tell(what, pid);
		return;
	}
	do
		got = waitpid(pid, &status, __WALL);
	while (got < 0 && errno == EINTR);
	if (got < 0) {
		act_tell(what, got);
		wait_otherwise(pid);
	} else {
		act_say_status(what, status);
	}
}

void act_forked(void)
{
	book_fork();
}

#define LITTLE (256 << 10)

/* All below, with no frame for which there may be no room. */
static NOINLINE void clean_down(const char *low)
{
	const char *here = __builtin_frame_address(0);

	if (here < low || here - low > LITTLE)
		return;
	__asm__ volatile("mov %%rsp, %%rcx\n\t"
			 "1: sub $8, %%rcx\n\t"
			 "cmp %0, %%rcx\n\t"
			 "jb 2f\n\t"
			 "movq $0, (%%rcx)\n\t"
			 "jmp 1b\n\t"
			 "2:\n\t" SCRUB_VECTORS
			 :
			 : "r"(low)
			 : "rcx", "memory", SCRUB_VECTORS_CLOBBERS);
}

void act_clean(void)
{
	if (act_stack.room == ROOM_LARGE)
		clean();
	else
		clean_down(act_stack.low);
}

/* The word behind the '}' that closes the brace of word `at`. */
static int skip_body(int at)
{
	int depth = 0;

	for (; act_words[at]; at++) {
		if (act_words[at][0] == '}')
			depth--;
		else if (strchr(act_words[at], '{'))
			depth++;
		if (!depth)
			return at + 1;
	}
	return at;
}

static int find(const char *word)
{
	size_t length = strcspn(word, ":{");

	for (unsigned i = 0; i < sizeof(actions) / sizeof(*actions); i++)
		if (strlen(actions[i].name) == length &&
		    !memcmp(actions[i].name, word, length))
			return (int)i;
	_exit(64); /* the list is wrong */
}

/* Do the word `at`; the one to be done next. */
static int step(int at)
{
	const char *word = act_words[at];
	struct act a = { .first = at + 1, .end = at + 1 };
	int next = at + 1, action = find(word);
	const char *number = strchr(word, ':');

	for (int i = 0; number && i < 3; i++) {
		char *end;

		a.n[i] = strtol(number + 1, &end, 10);
		number = *end == ':' ? end : NULL;
	}
	if (strchr(word, '{')) {
		next = skip_body(at);
		a.end = next - 1;
	}
	actions[action].act(&a);
	act_clean(); /* of what it freed another may get the address */
	return next;
}

void act_run(int first, int end)
{
	while (first < end && done++ < MOST_ACTIONS)
		first = step(first);
}

static void note_over(void)
{
	act_over = true;
}

int main(int argc, char **argv)
{
	int count = 0;

	if (argc < 3)
		return 64;
	act_book = strdup(argv[1]);
	act_plugin = strdup(argv[2]);
	act_last_argument = &argv[argc - 1];
	act_program = realpath("/proc/self/exe", NULL);
	if (!act_program)
		act_program = argv[0];
	/* argv may be changed by the program itself. */
	act_words = calloc((size_t)argc, sizeof(*act_words));
	for (int i = 3; i < argc; i++)
		act_words[count++] = strdup(argv[i]);
	book_open(act_book);
	pthread_atfork(NULL, NULL, act_forked);
	atexit(note_over); /* the last of all */
	act_run(0, count);
	act_clean();
	return 0;
}
