/* SPDX-License-Identifier: MIT */
#include "interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

/* Read by the handler: each is written by one store. */
static const char *volatile files[INTERRUPT_FILES];
static void (*volatile calls[INTERRUPT_CALLS])(void);

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

#define SIGNALS (sizeof(signals) / sizeof(*signals))

static void interrupted(int number)
{
	sigset_t only;

	for (size_t i = INTERRUPT_CALLS; i-- > 0;)
		if (calls[i])
			calls[i]();
	for (size_t i = 0; i < INTERRUPT_FILES; i++)
		if (files[i])
			unlink(files[i]);
	signal(number, SIG_DFL);
	kill(getpid(), number);
	sigemptyset(&only);
	sigaddset(&only, number);
	sigprocmask(SIG_UNBLOCK, &only, NULL);
}

void interrupt_watch(void)
{
	struct sigaction ours = { .sa_handler = interrupted }, theirs;

	for (size_t i = 0; i < SIGNALS; i++)
		sigaddset(&ours.sa_mask, signals[i]);
	sigaddset(&ours.sa_mask, SIGALRM); /* of progress.c */
	for (size_t i = 0; i < SIGNALS; i++)
		if (!sigaction(signals[i], NULL, &theirs) &&
		    theirs.sa_handler == SIG_DFL)
			sigaction(signals[i], &ours, NULL);
}

void interrupt_call(void (*f)(void))
{
	size_t i = 0;

	while (i < INTERRUPT_CALLS && calls[i])
		i++;
	if (i < INTERRUPT_CALLS)
		calls[i] = f;
}

static void replace(const char *from, const char *to)
{
	for (size_t i = 0; i < INTERRUPT_FILES; i++)
		if (files[i] == from) {
			files[i] = to;
			return;
		}
}

void interrupt_remove(const char *path)
{
	replace(NULL, path);
}

void interrupt_keep(const char *path)
{
	replace(path, NULL);
}
