/* SPDX-License-Identifier: MIT */
/*
 * refknot-waste(1), a server that frees what its requests took, and caches a little
 * for every 50th of them. The cache lies between the requests: each of its entries
 * pins a page that is free otherwise. Nothing is lost.
 *
 *     cc -g first_pinned.c -o first_pinned
 *
 * refknot: nothing
 */
#include <stdlib.h>
#include <string.h>

#define REQUESTS 100000
#define EACH     50

static char *requests[REQUESTS];
static char *cache[REQUESTS / EACH];

static char *cache_entry(void)
{
	char *entry = malloc(64);

	memset(entry, 1, 64);
	return entry;
}

static char *request(void)
{
	char *bytes = malloc(2000);

	memset(bytes, 1, 2000);
	return bytes;
}

int main(void)
{
	for (int i = 0; i < REQUESTS; i++) {
		requests[i] = request();
		if (i % EACH == 0)
			cache[i / EACH] = cache_entry();
	}
	for (int i = 0; i < REQUESTS; i++)
		free(requests[i]);
	return 0;
}
