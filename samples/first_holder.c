/* SPDX-License-Identifier: MIT */
/*
 * refknot-tutorial(7), who holds it: a user logs in and out again, and yet the
 * session stays: something still points at it.
 *
 *     cc -g first_holder.c -o first_holder
 *
 * refknot: nothing
 */
#include <stdio.h>
#include <stdlib.h>

struct session {
	const char *user;
	struct session *next;
};

struct watcher {
	const char *what;
	struct session *session;
};

static struct session *sessions;
static struct watcher *watcher;

static void login(const char *user)
{
	struct session *s = calloc(1, sizeof(*s));

	s->user = user;
	s->next = sessions;
	sessions = s;
}

static void watch(const char *what)
{
	watcher = calloc(1, sizeof(*watcher));
	watcher->what = what;
	watcher->session = sessions;
}

static void logout(void)
{
	struct session *s = sessions;

	sessions = s->next;
	printf("%s has left\n", s->user);
	if (!watcher) /* else the watcher frees it, which it never does */
		free(s);
}

int main(void)
{
	login("ada");
	watch("mail");
	logout();
	return 0;
}
