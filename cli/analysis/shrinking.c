/* SPDX-License-Identifier: MIT */
#include "shrinking.h"

#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "progress.h"
#include "status.h"

static sigjmp_buf back;
static volatile sig_atomic_t can_go_on;

static void cut_short(int number)
{
	static const char text[] =
	    "refknot: a binary or debug file was cut short while it was read; try again when it is complete\n";

	(void)number;
	if (can_go_on)
		siglongjmp(back, 1);
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(STATUS_INPUT);
}

void shrinking_watch(void)
{
	const struct sigaction ours = { .sa_handler = cut_short };
	struct sigaction theirs;

	if (!sigaction(SIGBUS, NULL, &theirs) && theirs.sa_handler == SIG_DFL)
		sigaction(SIGBUS, &ours, NULL);
}

bool shrinking_survive(void (*f)(void *data), void *data)
{
	bool whole = !sigsetjmp(back, 1);

	if (whole) {
		can_go_on = 1;
		f(data);
	}
	can_go_on = 0;
	if (!whole)
		progress_stop();
	return whole;
}
