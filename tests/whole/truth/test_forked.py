# SPDX-License-Identifier: MIT
"""Leaks of a forked child are found although it has its parent's heap.

Each situation loses one block in the child, to which a word leads that is no
pointer of the program's any more: in a block of the parent's that the child
freed, of each kind of list that glibc keeps, or in the allocator's own words.
"""
import pytest

from conftest import compiled, read_json, record

SOURCE = r"""
#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noipa))
#define MANY 40

/* The parent's; the child frees them all, and each held one of the child's. */
static char *volatile parents[MANY];
static char *volatile kept[MANY];
static size_t size;

NOINLINE static void *lose(void)
{
    return malloc(777);
}

NOINLINE static void scrub(void)
{
    volatile char dead[65536];

    for (unsigned i = 0; i < sizeof(dead); i++)
        dead[i] = 0;
}

static void *make(void *unused)
{
    for (int i = 0; i < MANY; i++) {
        parents[i] = calloc(1, size);
        kept[i] = calloc(1, 40);
    }
    return unused;
}

static void *child(void *unused)
{
    for (int i = 0; i < MANY; i++)
        memcpy(parents[i] + size / 2 / 8 * 8, &(void *){ lose() }, 8);
    /* Every third is in use on both sides of two that are not. */
    memset(kept[0], 0, 40);
    *(void **)(void *)kept[1] = malloc(333);
    for (int i = 0; i < MANY; i++) {
        free(parents[i]);
        parents[i] = NULL;
    }
    scrub();
    return unused;
}

static void *leave(void *unused)
{
    char *volatile last = malloc(20002);

    memset(last, 1, 20002);
    __asm__ volatile("" : : "r"(last) : "memory");
    last = NULL;
    scrub();
    return unused;
}

struct work {
    void *(*f)(void *);
    sem_t done;
};

/* It is there to the end, with what it keeps of the blocks that it freed. */
static void *stay(void *work)
{
    struct work *w = work;

    w->f(NULL);
    sem_post(&w->done);
    for (;;)
        pause();
    return NULL;
}

static void call(void *(*f)(void *), char by)
{
    static struct work work;
    pthread_t thread;

    if (by == 's') {
        work.f = f;
        sem_init(&work.done, 0, 0);
        pthread_create(&thread, NULL, stay, &work);
        sem_wait(&work.done);
    } else if (by != 't') {
        f(NULL);
    } else {
        pthread_create(&thread, NULL, f, NULL);
        pthread_join(thread, NULL);
    }
}

int main(int argc, char **argv)
{
    static void *volatile first;
    char by = argc > 2 ? argv[2][0] : 'm';
    pid_t pid;

    /* glibc makes no cache for a thread then: it is not what comes first. */
    if (by == 'a')
        first = aligned_alloc(64, 640);
    /* All threads have one arena, in which their caches are anywhere. */
    if (by == 's')
        mallopt(M_ARENA_MAX, 1);
    size = (size_t)atoi(argv[1]);
    /* 'o': in a thread's arena, where the child allocates nothing. */
    call(make, by == 's' || by == 'o' ? 't' : by);
    pid = fork();
    if (!pid) {
        call(child, by);
        call(leave, by);
        scrub();
        exit(0);
    }
    return waitpid(pid, NULL, 0) != pid;
}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return compiled(tmp_path_factory.mktemp("forked"), "forked", SOURCE,
                    "-O1", "-g", "-pthread", "-Wno-unused-result")


@pytest.mark.parametrize("thread", ["main", "thread", "other", "aligned",
                                    "stays"])
@pytest.mark.parametrize("size", [24, 100, 200, 1000, 1032, 5000, 40000])
def test_a_child_finds_what_it_lost(program, tmp_path, size, thread):
    recorded = record(tmp_path, program, size, thread)
    assert recorded.outcome.status == 0, recorded.outcome.told
    child, = recorded.children
    report = read_json("report", child, "--limit", "0")
    lost = {(f["kind"], f["stack"][0]["function"], f["objects"], f["bytes"])
            for f in report["findings"]}
    assert lost == {("leak", "lose", 40, 40 * 777),
                    ("leak", "leave", 1, 20002)}
    # What the parent's other blocks lead to is held.
    # A thread that is there has its list of modules with variables.
    assert report["process"]["live_blocks"] == 42 + (thread == "stays")


SBRK = r"""
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void **first, **last; /* blocks of the parent's */

int main(int argc, char **argv)
{
    pid_t pid;

    if (argc > 1 && argv[1][0] == 'b')
        sbrk(4096);
    first = calloc(100, 8);
    if (argc > 1 && argv[1][0] == 'a')
        sbrk(4096);
    /* More than is left in front of what somebody else asked for. */
    for (int i = 0; i < 40; i++)
        last = calloc(1250, 8);
    pid = fork();
    if (!pid) {
        first[50] = malloc(111);
        last[50] = malloc(222);
        _exit(0);
    }
    return waitpid(pid, NULL, 0) != pid;
}
"""


@pytest.mark.parametrize("when", ["never", "before", "after"])
def test_a_program_that_moves_the_break_hides_no_parents_block(tmp_path, when):
    program = compiled(tmp_path, "sbrk", SBRK, "-O1", "-g",
                       "-Wno-unused-result")
    recorded = record(tmp_path, program, when)
    assert recorded.outcome.status == 0, recorded.outcome.told
    child, = recorded.children
    report = read_json("report", child, "--limit", "0")
    assert report["findings"] == []
    assert report["process"]["live_blocks"] == 2
