# SPDX-License-Identifier: MIT
"""A handler forks in the middle of a call, wherever that is, and the child returns
into it: both end as without refknot."""
import re

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
    { "objects", declare }, { "regions", enter },
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
                                  "regions"])
def test_a_handler_forks_in_the_middle(kind, tmp_path):
    made = record(tmp_path, compiled(tmp_path, "forks", FORKS, "-O1", "-I",
                                     SOURCE / "include"), kind, timeout=120)
    assert made.outcome.status == 0, made.outcome.told
    assert re.search(rb"^150 forks, 0 bad$", made.outcome.out, re.M), \
        made.outcome.told
    assert read_json("report", made.main)["process"]["allocations"] > 0
