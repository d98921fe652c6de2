/* SPDX-License-Identifier: MIT */
#include "messages.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

#include "aside.h"
#include "compiler.h"
#include "held.h"
#include "process.h"
#include "store.h"
#include "sys.h"
#include "text.h"

#define STANDARD_ERROR 2
#define ONCE           4096 /* bytes: a pipe with room takes them whole */
#define PATIENCE       200  /* ms, for the reader of a full pipe */

/* One that is not known is all zeros: no file has inode 0. */
static struct sys_identity ours; /* refknot's standard error */
static struct sys_identity own;  /* this process's, when it was executed */

COLD void messages_begin(const char *told)
{
	if (sys_identify(STANDARD_ERROR, &own) < 0)
		own = (struct sys_identity){ 0 };
	if (!told) {
		ours = own;
		return;
	}
	ours.device = text_read(&told, 10);
	told += *told == ':';
	ours.inode = text_read(&told, 10);
	if (*told)
		ours = (struct sys_identity){ 0 };
}

static bool is(const struct sys_identity *a, const struct sys_identity *b)
{
	return b->inode && a->device == b->device && a->inode == b->inode;
}

/* The signal that it raised; 0: none. */
static int write_whole(const char *line, size_t size)
{
	while (size && sys_writable(STANDARD_ERROR, PATIENCE)) {
		long n =
		    sys_write(STANDARD_ERROR, line, size < ONCE ? size : ONCE);

		if (n == -EPIPE)
			return SIGPIPE;
		if (n == -EFBIG)
			return SIGXFSZ;
		if (n <= 0)
			return 0;
		line += n;
		size -= (size_t)n;
	}
	return 0;
}

static COLD void say(const char *relation, const char *sentence, bool asked)
{
	char line[8192];
	struct text t = { line, sizeof(line) - 1, 0 };
	struct sys_identity now;
	struct held held;
	int pid = sys_pid(), raised = 0;
	size_t size;

	if (sys_identify(STANDARD_ERROR, &now) < 0 ||
	    !(is(&now, &ours) || (asked && is(&now, &own))))
		return;
	text_add(&t, "refknot: ");
	text_show(&t, process.called);
	text_add(&t, "[");
	text_number(&t, (uint64_t)(pid > 0 ? pid : READ_ONCE(process.pid)));
	text_add(&t, relation);
	text_show(&t, sentence);
	size = strlen(line);
	line[size] = '\n';
	if (held_begin(&held))
		raised = write_whole(line, size + 1);
	held_end(&held, raised);
}

static void say_it(void *sentence)
{
	say("]: ", sentence, true);
}

COLD void messages_say(const char *sentence)
{
	aside(say_it, (void *)(uintptr_t)sentence);
}

COLD void messages_say_failed(const char *sentence)
{
	messages_say(sentence);
	if (READ_ONCE(process_page.epoch))
		store.header->meta.message =
		    store_text(sentence, strlen(sentence));
}

void messages_write(const char *relation, const char *sentence)
{
	say(relation, sentence, false);
}
