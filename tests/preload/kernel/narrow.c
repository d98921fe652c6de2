// SPDX-License-Identifier: MIT
/*
 * Work on a stack of its own, with a page without access below: "narrow WHAT
 * BYTES" does WHAT where that many bytes are left, and "narrow WHAT" tells how
 * many it took. All of it in a child, so that also its end is seen.
 */
#include <malloc.h>
#include <refknot.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE  4096ul
#define SPACE (64ul << 10)
#define PAINT 0xa5

static char true_[] = "true";
static char *const none[] = { true_, NULL };
static void *volatile kept[20000];

static void allocate(void)
{
	for (int i = 0; i < 100; i++) {
		kept[0] = malloc(100 + i * 64);
		free(kept[0]);
	}
}

static void fill(void)
{
	for (int i = 0; i < 20000; i++)
		kept[i] = malloc(200);
}

static void move(void)
{
	kept[0] = malloc(10);
	kept[0] = realloc(kept[0], 100000);
	free(kept[0]);
	kept[0] = calloc(10, 10);
	kept[0] = reallocarray(kept[0], 20, 20);
	free(kept[0]);
}

static void align(void)
{
	void *p = NULL;

	if (posix_memalign(&p, 4096, 10) == 0)
		kept[0] = p;
	kept[1] = aligned_alloc(64, 64);
	kept[2] = memalign(256, 10);
	for (int i = 0; i < 3; i++)
		free(kept[i]);
}

/* What looks like a block to the C library. */
static struct {
	size_t before, size;
	char bytes[48];
} forged __attribute__((aligned(16))) = { 0, 0x31, "" };

static void stray(void)
{
	free(forged.bytes);
}

static int compare(const void *a, const void *b)
{
	kept[0] = malloc(30);
	free(kept[0]);
	return *(const int *)a - *(const int *)b;
}

static void call_back(void)
{
	int numbers[] = { 3, 1, 2 };

	qsort(numbers, 3, sizeof(*numbers), compare);
}

static void count(void)
{
	char *a = malloc(100), *b = malloc(100);

	refknot_object(a, "A");
	refknot_object(b, "B");
	refknot_retain_by(a, b, "a");
	refknot_link(b, a, "link");
	refknot_unlink(b, a, "link");
	refknot_move(a, b, NULL);
	refknot_retain(a);
	refknot_release(a);
	free(b);
	free(a);
}

static void on_signal(int number)
{
	kept[number] = malloc(10);
	free(kept[number]);
}

static void act(void)
{
	struct sigaction action = { .sa_handler = on_signal }, old;

	sigaction(SIGUSR1, &action, &old);
	signal(SIGUSR2, on_signal);
	signal(SIGTERM, SIG_DFL);
}

static void bound(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_AS, &limit);
	setrlimit(RLIMIT_AS, &limit);
}

static void execute(void)
{
	int status;
	pid_t pid = vfork();

	if (!pid) {
		execve("/bin/true", none, environ);
		_exit(9);
	}
	waitpid(pid, &status, 0);
	pid = vfork();
	if (!pid) {
		execve("true", none, environ);
		_exit(0);
	}
	waitpid(pid, &status, 0);
}

static void spawn(void)
{
	int status;
	pid_t pid;

	if (posix_spawn(&pid, "/bin/true", NULL, NULL, none, environ) == 0)
		waitpid(pid, &status, 0);
}

static void leave(void)
{
	_exit(0);
}

static void leave_by_exit(void)
{
	exit(0);
}

static const struct work {
	const char *name;
	void (*f)(void);
	int is_first; /* nothing was allocated in this process */
} works[] = {
	{ "allocate", allocate, 0 },
	{ "first", allocate, 1 },
	{ "fill", fill, 0 },
	{ "move", move, 0 },
	{ "align", align, 0 },
	{ "stray", stray, 0 },
	{ "callback", call_back, 0 },
	{ "count", count, 0 },
	{ "act", act, 0 },
	{ "bound", bound, 0 },

	{ "execute", execute, 0 },
	{ "spawn", spawn, 0 },
	{ "leave", leave, 0 },
	{ "exit", leave_by_exit, 0 },
};

static const struct work *find(const char *name)
{
	for (size_t i = 0; i < sizeof(works) / sizeof(*works); i++)
		if (strcmp(works[i].name, name) == 0)
			return &works[i];
	exit(2);
}

static void run(const struct work *w, char *stack, size_t size)
{
	static ucontext_t own, other;

	if (!w->is_first) {
		kept[0] = malloc(10);
		free(kept[0]);
	}
	getcontext(&other);
	other.uc_stack.ss_sp = stack;
	other.uc_stack.ss_size = size;
	other.uc_link = &own;
	makecontext(&other, w->f, 0);
	swapcontext(&own, &other);
	_exit(0);
}

static size_t painted(const char *stack)
{
	size_t n = 0;

	while (n < SPACE && (unsigned char)stack[n] == PAINT)
		n++;
	return n;
}

int main(int argc, char **argv)
{
	const struct work *w = find(argc > 1 ? argv[1] : "");
	size_t size = argc > 2 ? strtoul(argv[2], NULL, 10) : SPACE;
	char *stack = mmap(NULL, SPACE + PAGE, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t pid;

	if (stack == MAP_FAILED || mprotect(stack, PAGE, PROT_NONE))
		return 2;
	stack += PAGE;
	memset(stack, PAINT, SPACE);
	pid = fork();
	if (!pid)
		run(w, stack, size);
	waitpid(pid, &status, 0);
	printf("%s %d", w->name, status);
	if (argc < 3)
		printf(" %zu", SPACE - painted(stack));
	printf("\n");
	return 0;
}
