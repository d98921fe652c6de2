/* SPDX-License-Identifier: MIT */
/*
 * Manual pages about regions: it serves ten requests, each a pass of the region
 * "request", and each leaves one block in a list.
 *
 *     cc -g first_region.c -o first_region
 *
 * refknot: nothing
 */
#include <refknot.h>
#include <stdio.h>
#include <stdlib.h>

struct entry {
	int request;
	struct entry *next;
};

static struct entry *history;

static void remember(int request)
{
	struct entry *e = malloc(sizeof(*e));

	e->request = request;
	e->next = history;
	history = e;
}

static void serve(int request)
{
	char *answer = malloc(256);

	snprintf(answer, 256, "answer %d", request);
	remember(request);
	free(answer);
}

int main(void)
{
	for (int i = 1; i <= 10; i++) {
		refknot_region_begin("request");
		serve(i);
		refknot_region_end("request");
	}
	return 0;
}
