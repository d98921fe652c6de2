/* SPDX-License-Identifier: MIT */
#include "killed.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "die.h"
#include "units.h"
#include "verdict.h"

static const struct {
	int signal;
	const char *name;
	bool fault; /* the program's own, or of its loader */
} signals[] = {
	{ SIGHUP, "SIGHUP", false },       { SIGINT, "SIGINT", false },
	{ SIGQUIT, "SIGQUIT", false },     { SIGILL, "SIGILL", true },
	{ SIGTRAP, "SIGTRAP", true },      { SIGABRT, "SIGABRT", true },
	{ SIGBUS, "SIGBUS", true },        { SIGFPE, "SIGFPE", true },
	{ SIGKILL, "SIGKILL", false },     { SIGUSR1, "SIGUSR1", false },
	{ SIGSEGV, "SIGSEGV", true },      { SIGUSR2, "SIGUSR2", false },
	{ SIGPIPE, "SIGPIPE", false },     { SIGALRM, "SIGALRM", false },
	{ SIGTERM, "SIGTERM", false },     { SIGSTKFLT, "SIGSTKFLT", false },
	{ SIGXCPU, "SIGXCPU", false },     { SIGXFSZ, "SIGXFSZ", true },
	{ SIGVTALRM, "SIGVTALRM", false }, { SIGPROF, "SIGPROF", false },
	{ SIGIO, "SIGIO", false },         { SIGPWR, "SIGPWR", false },
	{ SIGSYS, "SIGSYS", true },
};

/* The index of `signal`'s row; SIGNALS: it has none. */
#define SIGNALS (sizeof(signals) / sizeof(*signals))
static size_t row_of(int signal)
{
	size_t i = 0;

	while (i < SIGNALS && signals[i].signal != signal)
		i++;
	return i;
}

const char *killed_signal(int signal)
{
	static char text[32];
	size_t row = row_of(signal);

	if (row < SIGNALS)
		return signals[row].name;
	snprintf(text, sizeof(text), "signal %d", signal);
	return text;
}

bool killed_fault(int signal)
{
	size_t row = row_of(signal);

	return row < SIGNALS && signals[row].fault;
}

bool killed_asks(int signal)
{
	return signal > 0 && signal != SIGKILL && !killed_fault(signal);
}

char *killed_how(const struct model *m)
{
	const uint32_t flags = m->meta.flags;
	char *alive, *how;
	char objects[UNITS_SIZE], bytes[UNITS_SIZE];

	if (m->meta.end != RKN_END_SIGNAL)
		return NULL;
	if (flags & RKN_META_EARLY && killed_asks(m->meta.end_value))
		return xasprintf("killed by %s before it came to its own code",
				 killed_signal(m->meta.end_value));
	if (m->meta.end_value != SIGKILL)
		return NULL;
	if (flags & RKN_META_SNAPSHOT)
		return xstrdup("killed by SIGKILL after its exit check");
	/* "2 objects of 4.1 KiB were alive" */
	units_count(objects, m->block_count, "object");
	units_bytes(bytes, verdict_live_bytes(m));
	alive = xasprintf("known is that %s of %s were alive", objects, bytes);
	how = xasprintf(
	    flags & RKN_META_EARLY
		? "killed by SIGKILL before it came to its own code: %s"
	    : flags & RKN_META_CHECKING
		? "killed by SIGKILL while it was being checked: %s"
		: "killed by SIGKILL, which nothing can catch, so its exit check could not be made: %s",
	    alive);
	free(alive);
	return how;
}
