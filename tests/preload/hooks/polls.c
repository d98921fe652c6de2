/* SPDX-License-Identifier: MIT */
/* Threads that wait, and take an interrupted wait for an error. */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "waits.h"

static void *wait(void *unused)
{
	if (poll(NULL, 0, -1) < 0) {
		puts("interrupted");
		fflush(stdout);
		abort();
	}
	return unused;
}

int main(void)
{
	pthread_t thread;

	for (int i = 0; i < 4; i++)
		if (pthread_create(&thread, NULL, wait, NULL))
			return 1;
	wait_for_waiting(4);
	puts("done");
	return 0;
}
