/* SPDX-License-Identifier: MIT */
/* The project's library: lists of names, and people who know each other. */
#ifndef NAMES_H
#define NAMES_H

struct names {
	char *first[8];
	int count;
};

void names_add(struct names *n, const char *name);
void names_clear(struct names *n);
/* Forgets the names without freeing them. */
void names_forget(struct names *n);

struct person {
	struct person *friend;
	char name[40];
};

struct person *person_new(const char *name);
void person_befriend(struct person *a, struct person *b);

#endif
