/* SPDX-License-Identifier: MIT */
/*
 * refknot-tutorial(7), a server that runs: it answers as many requests as its
 * argument says, then waits for more until a signal ends it. Each answer goes
 * to a log in memory.
 *
 *     cc -g first_server.c -o first_server
 *
 * refknot: nothing
 */
#include <refknot.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct line {
	int request;
	struct line *next;
};

static struct line *log_lines;

static void log_request(int request)
{
	struct line *l = malloc(sizeof(*l));

	l->request = request;
	l->next = log_lines;
	log_lines = l;
}

static void serve(int request)
{
	char *answer = malloc(256);

	snprintf(answer, 256, "answer %d", request);
	log_request(request);
	free(answer);
}

int main(int argc, char **argv)
{
	int requests = argc > 1 ? atoi(argv[1]) : 0;

	for (int i = 1; i <= requests; i++) {
		serve(i);
		if (i == 10)
			refknot_mark("warm");
	}
	printf("%d requests served\n", requests);
	fflush(stdout);
	if (requests)
		pause();
	return 0;
}
