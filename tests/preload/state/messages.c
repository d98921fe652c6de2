/* SPDX-License-Identifier: MIT */
/* Has another file as descriptor 2 by the time that refknot has to say
 * something, as argument 1 tells. */
#include <fcntl.h>
#include <grp.h>
#include <refknot.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hooks.h"

/* Spread over more addresses than a small store has room for. */
#define BLOCKS 1000
#define SIZE   (1 << 20)
#define MANY   1500000

static void *kept[BLOCKS];

static void fill(void)
{
	for (int i = 0; i < BLOCKS; i++)
		kept[i] = malloc(SIZE);
}

/* As a daemon does, with its data where standard error was. */
static void open_data(const char *path)
{
	close(STDIN_FILENO);
	close(STDERR_FILENO);
	if (open("/dev/null", O_RDWR) != STDIN_FILENO ||
	    open(path, O_RDWR | O_CREAT | O_TRUNC, 0600) != STDERR_FILENO)
		puts("NO: descriptors");
}

/* Room for these is there, and none for a snapshot of them. */
static void many(char **arguments)
{
	void **last = NULL;

	(void)arguments;
	for (int i = 0; i < MANY; i++) {
		void **p = malloc(24);

		*p = last;
		last = p;
	}
	kept[0] = last;
}

static void put(const char *text)
{
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		puts("NO: write");
}

static void data(char **arguments)
{
	open_data(arguments[0]);
	put("first\n");
	fill();
	put("last\n");
}

static void in_child(void (*what)(void))
{
	int status = -1;
	pid_t child = fork();

	if (!child) {
		what();
		_exit(0);
	}
	waitpid(child, &status, WUNTRACED);
	printf("child %x\n", status);
}

static void fill_in_background(void)
{
	setpgid(0, 0);
	fill();
}

/* A group that is not the terminal's is stopped when it writes there. */
static void background(char **arguments)
{
	(void)arguments;
	in_child(fill_in_background);
}

static void allocate(void)
{
	free(lose(100));
}

/* What another user forks has no place for a store. */
static void worker(char **arguments)
{
	open_data(arguments[0]);
	put("first\n");
	if (setgroups(0, NULL) || setgid(65534) || setuid(65534))
		puts("NO: uid");
	in_child(allocate);
	put("last\n");
}

static void fill_only(char **arguments)
{
	(void)arguments;
	fill();
}

/* Without a standard error, whatever is opened first has its number. */
static void closed(char **arguments)
{
	if (open(arguments[0], O_RDWR | O_CREAT | O_TRUNC, 0600) !=
	    STDERR_FILENO)
		puts("NO: descriptor");
	fill();
}

/* What the program itself asks for goes where its own messages go. */
static void ask(char **arguments)
{
	(void)arguments;
	refknot_assert_last_release(NULL);
}

static const struct {
	const char *name;
	void (*run)(char **arguments);
} corners[] = { { "data", data },     { "background", background },
		{ "worker", worker }, { "fill", fill_only },
		{ "many", many },     { "closed", closed },
		{ "ask", ask } };

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(corners) / sizeof(*corners);
	     i++)
		if (!strcmp(argv[1], corners[i].name))
			corners[i].run(argv + 2);
	puts("end");
	return 0;
}
