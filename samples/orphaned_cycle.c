/* SPDX-License-Identifier: MIT */
/*
 * A server whose sessions and connections hold each other. It closes every
 * connection properly but forgets that the session still points back, so
 * nothing ever frees the pair.
 *
 * refknot: orphaned-cycle 3 times, 6 objects, 1008 bytes
 * refknot: each holds 1 object of 32 bytes
 * refknot: members struct session, struct connection
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scrub.h"

struct connection;

struct session {
	char user[32];
	struct connection *connection; /* at 32: counted as a reference */
	char *token;                   /* at 40 */
	int references;
	char last_request[212];
};

struct connection {
	int fd;
	int references;
	struct session *session; /* at 8: counted as a reference */
	char buffer[56];
};

static NOINLINE char *token_make(const char *user)
{
	char *token = malloc(32);

	if (token)
		snprintf(token, 32, "token of %.20s", user);
	return token;
}

static NOINLINE struct session *session_open(const char *user)
{
	struct session *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	strncpy(s->user, user, sizeof(s->user) - 1);
	s->token = token_make(user);
	s->references = 1;
	return s;
}

static NOINLINE struct connection *connection_accept(struct session *s, int fd)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->fd = fd;
	c->references = 1;
	c->session = s;
	s->references++;
	s->connection = c;
	c->references++;
	return c;
}

static NOINLINE void session_release(struct session *s);

static NOINLINE void connection_release(struct connection *c)
{
	if (--c->references)
		return;
	session_release(c->session);
	free(c);
}

static NOINLINE void session_release(struct session *s)
{
	if (--s->references)
		return;
	connection_release(s->connection);
	free(s->token);
	free(s);
}

static NOINLINE void serve(const char *user, int fd)
{
	struct session *s = session_open(user);
	struct connection *c = connection_accept(s, fd);

	printf("%s is served on connection %d\n", s->user, c->fd);
	/* Both let go, but each is still held by the other. */
	connection_release(c);
	session_release(s);
}

int main(void)
{
	static const char *const users[] = { "ada", "grace", "barbara" };

	for (int i = 0; i < 3; i++)
		serve(users[i], i + 4);
	scrub();
	return 0;
}
