/* SPDX-License-Identifier: MIT */
#include "failure.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>

#include "aside.h"
#include "compiler.h"
#include "denied.h"
#include "ends.h"
#include "messages.h"
#include "phase.h"
#include "process.h"
#include "store.h"
#include "sys.h"
#include "text.h"

static const char *reason(int error)
{
	if (denied_growth())
		return "a seccomp filter forbids it";
	switch (-error) {
	case ENOSPC:
	case EFAULT: /* what populating a page answers on a full disk */
		return "no space left";
	case EROFS:
		return "read-only file system";
	case EACCES:
	case EPERM:
		return "permission denied";
	case ENOENT:
		return "no such directory";
	case ENOTDIR:
		return "not a directory";
	case EMFILE:
	case ENFILE:
		return "too many open files";
	case ENOMEM:
		return sys_limit(RLIMIT_AS) < UINT64_MAX
			   ? "the limit on addresses is too low (ulimit -v)"
			   : "not enough memory or address space";
	case EFBIG:
		return "the limit on the size of files is too low (ulimit -f)";
	case EDQUOT:
		return "disk quota exceeded";
	case EEXIST:
		return "this name and all before it are taken";
	case ENAMETOOLONG:
		return "the path is too long";
	case ELOOP:
		return "too many symbolic links";
	case EINVAL:
		return "invalid value";
	default:
		return NULL;
	}
}

/* Why recording ends. */
struct failure {
	const char *what;
	int error;
};

static COLD void end(void *data)
{
	const struct failure *f = data;
	const int error = f->error;
	char sentence[4500];
	struct text t = { sentence, sizeof(sentence), 0 };

	if (!phase_move(PHASE_RUNNING, PHASE_OFF) &&
	    !phase_move(PHASE_STARTING, PHASE_OFF))
		return;
	WRITE_ONCE(process_page.epoch, 0);
	WRITE_ONCE(process_over, true);
	text_add(&t, f->what);
	text_add(&t, ": ");
	if (reason(error)) {
		text_add(&t, reason(error));
	} else {
		text_add(&t, "error ");
		text_number(&t, (uint64_t)-error);
	}
	messages_write(store.header ? "]: recording ends here: "
				    : "] is not recorded: ",
		       sentence);
	if (!store.header) {
		ends_note_failure();
		return;
	}
	store.header->meta.message = store_text(sentence, strlen(sentence));
	store_flag(RKN_META_OFF);
	store.header->state = STORE_OFF;
}

COLD void failure_end(const char *what, int error)
{
	struct failure f = { what, error };

	aside(end, &f);
}

static COLD void end_for_store(void *error)
{
	const int number = *(const int *)error;
	const char *directory = text_base(process.directory);
	char what[4200];
	struct text t = { what, sizeof(what), 0 };

	/* Of a run that is over: its directory is not the user's, and is gone. */
	directory += *directory == '.';
	if (number == -ENOENT && text_begins(directory, "refknot-")) {
		failure_end("the run that it was started in has ended", number);
		return;
	}
	text_add(&t, "cannot write ");
	if (*store.path)
		text_add(&t, store.path);
	else if (*process.directory)
		text_add(&t, process.directory);
	else
		text_add(&t, "a recording in the working directory");
	failure_end(what, number);
}

COLD void failure_end_store(int error)
{
	aside(end_for_store, &error);
}
