/* SPDX-License-Identifier: MIT */
/*
 * It looks from time to time. The kernel can tell of each file that its last process
 * has closed, but to close an inotify descriptor takes some 20 ms, which a run of 2 ms
 * would wait for. In this process, which has nothing else to do: one more could be
 * killed, and would have to be waited for.
 */
#include "finisher.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <time.h>

#define SHORTEST_MS 20
#define LONGEST_MS  1000
#define SHARE       10 /* of the time, at most, goes to looks that find nothing */

static bool has_ended(int ended, int wait_ms)
{
	struct pollfd p = { .fd = ended, .events = POLLIN };

	return poll(&p, 1, wait_ms) > 0;
}

static uint64_t now_us(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

/* Whether any store was finished. */
static bool look(struct live *l, int ended)
{
	DIR *directory = live_is_there(l) ? opendir(l->directory) : NULL;
	struct dirent *entry;
	bool any = false;

	while (directory && (entry = readdir(directory))) {
		if (entry->d_name[0] == '.' || entry->d_type != DT_REG ||
		    !live_finish(l, entry->d_name))
			continue;
		any = true;
		if (has_ended(ended, 0))
			break;
	}
	if (directory)
		closedir(directory);
	return any;
}

void finisher_run(struct live *l, int ended)
{
	/* Of a lease that somebody wants to break meanwhile. */
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction old;
	int pause = SHORTEST_MS;

	sigaction(SIGIO, &ignore, &old);

	while (!has_ended(ended, pause)) {
		uint64_t begun = now_us(), ms;

		if (look(l, ended)) {
			pause = SHORTEST_MS;
			continue;
		}
		ms = (now_us() - begun) * SHARE / 1000;
		pause = pause * 2 > (int)(ms > LONGEST_MS ? LONGEST_MS : ms)
			    ? pause * 2
			    : (int)ms;
		pause = pause > LONGEST_MS ? LONGEST_MS : pause;
	}
	sigaction(SIGIO, &old, NULL);
}
