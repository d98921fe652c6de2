/* SPDX-License-Identifier: MIT */
/*
 * refknot-tutorial(7), a cache that grows: each answer is kept for the next
 * time, and none is ever dropped. Everything is in use, so this is not a leak.
 *
 *     cc -g first_cache.c -o first_cache
 *
 * refknot: nothing
 */
#include <stdio.h>
#include <stdlib.h>

struct answer {
	int question;
	int answer;
	struct answer *next;
};

static struct answer *cache;

static int square(int question)
{
	struct answer *a;

	for (a = cache; a; a = a->next)
		if (a->question == question)
			return a->answer;
	a = malloc(sizeof(*a));
	a->question = question;
	a->answer = question * question;
	a->next = cache;
	cache = a;
	return a->answer;
}

/* Without an argument 3 questions, else that many. */
int main(int argc, char **argv)
{
	int questions = argc > 1 ? atoi(argv[1]) : 3;
	long sum = 0;

	for (int i = 0; i < questions; i++)
		sum += square(i);
	printf("%ld\n", sum);
	return 0;
}
