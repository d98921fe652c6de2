/* SPDX-License-Identifier: MIT */
/* refknot view: a recording, or two, as a page in the browser. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "die.h"
#include "options.h"
#include "output.h"
#include "page.h"
#include "recordings.h"
#include "wishes.h"

static char *path;

static void visit(const struct reading *in, void *data)
{
	struct exporting e = { .in = in };
	struct wishes wishes;
	struct findings findings;
	struct profile profile;

	wishes_findings(&wishes, &findings, in);
	profile_make(&profile, in, &findings);
	e.findings = &findings;
	e.profile = &profile;
	page_add(data, &e);
	profile_release(&profile);
	findings_release(&findings);
	wishes_release(&wishes);
}

/* --- The file ------------------------------------------------------------------ */

static char *directory; /* made for a page that is not written yet; NULL */

static void forget_directory(void)
{
	if (directory)
		rmdir(directory);
}

/* In a directory of its own that only this user can read: the name is the
 * browser's title of it in lists of files. The caller frees it. */
static char *make_path(void)
{
	const char *tmp = getenv("TMPDIR");

	directory =
	    xasprintf("%s/refknot-XXXXXX", tmp && *tmp == '/' ? tmp : "/tmp");
	if (!mkdtemp(directory))
		die(STATUS_INPUT,
		    "view: %s cannot be made: %s; name a file with --output",
		    directory, strerror(errno));
	quit_first = forget_directory;
	return xasprintf("%s/refknot.html", directory);
}

static void write_file(struct page *p, const char *file)
{
	FILE *out = output_open("view", file);

	errno = 0;
	page_close(p, out);
	output_close(out);
}

/* --- The browser --------------------------------------------------------------- */

#define LOOKS 20     /* at a browser, before it is believed to stay */
#define LOOK  100000 /* microseconds between two */

/* A launcher, as xdg-open is one, says by its end whether there is a browser; a
 * browser itself may stay. */
static bool has_begun(pid_t pid)
{
	for (int i = 0; i < LOOKS; i++) {
		int status;
		pid_t ended = waitpid(pid, &status, WNOHANG);

		if (ended)
			return ended == pid && WIFEXITED(status) &&
			       !WEXITSTATUS(status);
		usleep(LOOK);
	}
	return true;
}

/* Starts `program` with the file; it goes on when this process has ended. Its
 * words are not for this terminal. */
static bool try_browser(const char *program, char *file)
{
	char *name = xstrdup(program), *argv[] = { name, file, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	pid_t pid;
	int error;

	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
	posix_spawn_file_actions_init(&actions);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		posix_spawn_file_actions_addopen(&actions, fd, "/dev/null",
						 O_RDWR, 0);
	error =
	    posix_spawnp(&pid, program, &actions, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	free(name);
	return !error && has_begun(pid);
}

/* $BROWSER is a list with colons, by a convention of many programs. */
static bool open_browser(char *file)
{
	const char *set = getenv("BROWSER");
	char *list = xstrdup(set ? set : ""), *rest = list, *one;
	bool opened = false;

	while (!opened && (one = strsep(&rest, ":")))
		opened = *one && try_browser(one, file);
	free(list);
	return opened || try_browser("xdg-open", file);
}

static void show(struct page *p)
{
	char *file = make_path();

	write_file(p, file);
	free(directory);
	directory = NULL;
	printf("%s\n", file);
	fflush(stdout);
	if (!open_browser(file))
		warn(
		    "view: no browser could be started; open that file in one, or set BROWSER");
	free(file);
}

static int run(const char **arguments)
{
	struct page *p;
	int status;

	if (recordings_count(arguments) > PAGE_RECORDINGS)
		die(STATUS_INPUT,
		    "view: give one recording, or two to compare");
	p = page_open();
	status = recordings_each(arguments, visit, p);
	if (page_count(p) < recordings_count(arguments))
		page_close(p, NULL);
	else if (path)
		write_file(p, path);
	else
		show(p);
	return status;
}

static const struct poptOption options[] = {
	{ "output", 'o', POPT_ARG_STRING, &path, 0,
	  "write the page to FILE, and start no browser", "FILE" },
	OPTIONS_SYMBOLS,
	POPT_TABLEEND
};

const struct command cmd_view = {
	.name = "view",
	.group = COMMAND_ALIVE,
	.arguments = "[REC [LATER]]",
	.help = "look at a recording in the browser, or compare two",
	.more = COMMAND_NEWEST
	"With two recordings the page shows what changed, too.\n",
	.options = options,
	.run = run,
};
