# SPDX-License-Identifier: MIT
"""A handler forks in the middle of a call, wherever that is, and the child returns
into it: both end as without refknot."""
import re
import resource

import pytest

from conftest import SOURCE, compiled, read_json, record

FORKS = r"""
#define _GNU_SOURCE
#include <refknot.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FORKS 150
#define PLACES 64
static volatile sig_atomic_t is_child, forks, child;
static bool by_itself; /* no handler for fork() is called */
static bool allocates; /* the child, before it returns into a call of refknot.h */
static void *kept[PLACES];
static size_t sizes[PLACES];
static unsigned x = 1;

/* Bytes that are mapped of the parent's live store; its header is a page. */
static unsigned long of_parent(void)
{
    static char text[1 << 18];
    int fd = open("/proc/self/maps", O_RDONLY);
    unsigned long bytes = 0, start;
    size_t used = 0;
    ssize_t n;

    while (used < sizeof(text) - 1 &&
           (n = read(fd, text + used, sizeof(text) - 1 - used)) > 0)
        used += (size_t)n;
    close(fd);
    text[used] = 0;
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = 0;
        if (!strstr(line, ".rkn"))
            continue;
        start = strtoul(line, &line, 16);
        bytes += strtoul(line + 1, NULL, 16) - start;
    }
    return bytes;
}

static void on_alarm(int number)
{
    int error = errno;

    (void)number;
    if (!is_child && !child) {
        pid_t pid = by_itself ? _Fork() : fork();

        is_child = !pid;
        if (is_child) { /* its parent goes on first */
            nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
            if (!by_itself && of_parent() > 4096)
                _exit(8);
            if (allocates)
                free(malloc(100));
        }
        if (pid > 0) {
            child = pid;
            forks++;
        }
    }
    errno = error;
}

static unsigned any(unsigned most)
{
    x = x * 1103515245 + 12345;
    return (x >> 8) % most;
}

static void map(unsigned i)
{
    if (kept[i]) {
        munmap(kept[i], sizes[i] / 2);
        munmap((char *)kept[i] + sizes[i] / 2, sizes[i] / 2);
    }
    sizes[i] = (1 + any(8)) * 8192;
    kept[i] = mmap(NULL, sizes[i], PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void resize(unsigned i)
{
    kept[i] = realloc(kept[i], 1 + any(5000));
}

static void allocate(unsigned i)
{
    free(kept[i]);
    kept[i] = malloc(1 + any(5000));
}

static void declare(unsigned i)
{
    static int holders[PLACES];

    if (kept[i]) {
        refknot_release_by(kept[i], &holders[any(PLACES)], "one");
        refknot_retain_by(kept[i], &holders[any(PLACES)], "one");
        refknot_retain(kept[i]);
        refknot_release(kept[i]);
        refknot_release(kept[i]);
        free(kept[i]);
    }
    kept[i] = malloc(1 + any(500));
    refknot_object(kept[i], i % 2 ? "odd" : "even");
}

static void count(unsigned i)
{
    (void)i;
    for (int n = 0; n < 100; n++) {
        refknot_retain(kept[1]);
        refknot_release(kept[1]);
    }
}

static void enter(unsigned i)
{
    refknot_region_begin("region");
    allocate(i);
    refknot_region_end("region");
    if (i < 2)
        refknot_mark("mark");
}

static const struct { const char *name; void (*f)(unsigned); } kinds[] = {
    { "maps", map }, { "maps, _Fork()", map }, { "reallocs", resize }, { "blocks", allocate },
    { "objects", declare }, { "regions", enter }, { "counts", count },
};

int main(int argc, char **argv)
{
    struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
    struct itimerval each = { { 0, 1000 }, { 0, 1000 } };
    unsigned bad = 0, left = 300, kind = 0;

    while (strcmp(kinds[kind].name, argv[argc - 1]))
        kind++;
    by_itself = strchr(argv[argc - 1], ',');
    allocate(0);
    kept[0] = NULL;
    allocates = kinds[kind].f == count;
    refknot_object(kept[1] = allocates ? malloc(100) : NULL, "one");
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &each, NULL);
    while (is_child ? left-- : forks < FORKS || child) {
        int status;

        kinds[kind].f(any(PLACES));
        if (!is_child && child && waitpid(child, &status, WNOHANG) == child) {
            bad += !WIFEXITED(status) || WEXITSTATUS(status) != 7;
            child = 0;
        }
    }
    if (is_child)
        exit(7);
    printf("%d forks, %u bad\n", (int)forks, bad);
    return 0;
}
"""


@pytest.mark.parametrize("kind", ["maps", "maps, _Fork()", "reallocs", "blocks", "objects",
                                  "regions", "counts"])
def test_a_handler_forks_in_the_middle(kind, tmp_path):
    made = record(tmp_path, compiled(tmp_path, "forks", FORKS, "-O1", "-I",
                                     SOURCE / "include"), kind, timeout=120)
    assert made.outcome.status == 0, made.outcome.told
    assert re.search(rb"^150 forks, 0 bad$", made.outcome.out, re.M), \
        made.outcome.told
    assert read_json("report", made.main)["process"]["allocations"] > 0


LIBRARY = r"""
#include <pthread.h>
#include <stdlib.h>
static void *volatile kept;
static void in_child(void)
{
    kept = malloc(100);
}
__attribute__((constructor)) static void begin(void)
{
    pthread_atfork(NULL, NULL, in_child);
}
void library(void)
{
}
"""

LOSES = r"""
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
void library(void);
int main(void)
{
    library();
    if (!fork()) {
        for (int i = 0; i < 100; i++)
            *(char *volatile *)&(char *){ 0 } = malloc(777);
        exit(0);
    }
    return wait(NULL) < 0;
}
"""


def test_what_a_library_allocates_in_a_child_begins_its_recording(tmp_path):
    """Its handler for fork() runs before refknot's."""
    library = compiled(tmp_path, "library.so", LIBRARY, "-shared", "-fPIC")
    made = record(tmp_path, compiled(tmp_path, "loses", LOSES, "-g", library))
    assert made.outcome.status == 0, made.outcome.told
    child, = made.children
    finding, = read_json("report", child)["findings"]
    assert finding["kind"] == "leak"
    assert finding["count"] >= 99  # the last address may still be in a register


LOCKS = r"""
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
    void *volatile p = malloc(100);
    char line[100];
    int status;
    FILE *f;
    (void)p;
    if (!fork()) {
        if (mlockall(MCL_CURRENT))
            exit(puts("VmRSS: 0 kB") < 0);
        f = fopen("/proc/self/status", "r");
        while (fgets(line, sizeof(line), f))
            if (!strncmp(line, "VmRSS", 5))
                printf("%s", line);
        exit(0);
    }
    return wait(&status) < 0 || status;
}
"""


@pytest.mark.parametrize("options", [(), ("--no-children",)])
def test_a_child_that_locks_its_memory_locks_only_what_is_in_use(options, tmp_path):
    """With limited addresses the parent's store spans but 512 MiB."""
    most = 4 << 30
    made = record(tmp_path, compiled(tmp_path, "locks", LOCKS), options=options,
                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (most, most)))
    assert made.outcome.status == 0, made.outcome.told
    held = int(re.search(rb"(\d+) kB", made.outcome.out)[1])
    if not held:
        pytest.skip("mlockall() is not allowed here")
    assert held < 200 << 10


STAYS = r"""
#define _GNU_SOURCE
#include <refknot.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
static volatile sig_atomic_t forks;
static bool returns;
static void on_alarm(int number)
{
    (void)number;
    if (forks >= 40)
        return;
    forks++;
    if (!fork()) {
        void *volatile p = malloc(100);
        p = NULL;
        forks = 100;
        if (!returns)
            _exit(0);
    }
}
int main(int argc, char **argv)
{
    struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
    struct itimerval each = { { 0, 1000 }, { 0, 1000 } };
    void *p = malloc(100);
    (void)argc;
    returns = !strcmp(argv[1], "returns");
    refknot_object(p, "one");
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &each, NULL);
    while (forks < 40) {
        refknot_retain(p);
        refknot_release(p);
    }
    if (forks == 100)
        exit(0);
    while (wait(NULL) > 0)
        ;
    free(p);
    return 0;
}
"""


@pytest.mark.parametrize("how", ["stays", "returns"])
def test_what_a_child_allocates_inside_a_call_is_not_seen(how, tmp_path):
    """It is in no recording, and that is said, also where the child goes on."""
    made = record(tmp_path, compiled(tmp_path, "stays", STAYS, "-I", SOURCE / "include"),
                  how)
    assert made.outcome.status == 0, made.outcome.told
    count = sum(i["count"] for i in read_json("report", made.main)["complete"]
                if i["what"] == "forked children that were not recorded")
    assert count + len(made.children) == 40
