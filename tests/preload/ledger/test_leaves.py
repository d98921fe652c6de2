# SPDX-License-Identifier: MIT
"""A handler leaves by longjmp, out of the middle of a call of refknot.h: what that had
locked is nobody's, and the thread goes on."""
import re

import pytest

from conftest import SOURCE, compiled, read_json, record

LEAVES = r"""
#define _GNU_SOURCE
#include <refknot.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#define JUMPS 2000
#define PLACES 64
static sigjmp_buf out;
static volatile sig_atomic_t inside, jumps;
static void *kept[PLACES];
static unsigned x = 1;

static void on_alarm(int number)
{
    (void)number;
    if (inside) {
        inside = 0;
        jumps++;
        siglongjmp(out, 1);
    }
}

static unsigned any(unsigned most)
{
    x = x * 1103515245 + 12345;
    return (x >> 8) % most;
}

static void declare(void)
{
    static int holders[PLACES];
    void *p = kept[any(PLACES)];

    refknot_object(p, any(2) ? "odd" : "even");
    refknot_retain_by(p, &holders[any(PLACES)], "one");
    refknot_release_by(p, &holders[any(PLACES)], "one");
    refknot_retain(p);
    refknot_release(p);
    refknot_release(p);
}

static void mark(void)
{
    refknot_mark("mark");
}

static void collect(void)
{
    refknot_collect(2);
}

static void told(enum refknot_phase phase, int generation, long found,
                 long uncollectable, void *data)
{
    (void)phase, (void)generation, (void)found, (void)uncollectable, (void)data;
}

static void listen_to(void)
{
    refknot_add_callback(told, kept);
    refknot_remove_callback(told, kept);
}

static const struct { const char *name; void (*f)(void); } kinds[] = {
    { "declare", declare }, { "mark", mark }, { "collect", collect },
    { "listen", listen_to },
};

static void once(void (*f)(void))
{
    unsigned i = any(PLACES);

    free(kept[i]);
    kept[i] = NULL;
    kept[i] = malloc(64);
    inside = 1;
    f();
    inside = 0;
}

int main(int argc, char **argv)
{
    struct sigaction action = { .sa_handler = on_alarm };
    struct itimerval each = { { 0, 100 }, { 0, 100 } };
    unsigned kind = 0;

    while (strcmp(kinds[kind].name, argv[argc - 1]))
        kind++;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &each, NULL);
    sigsetjmp(out, 1);
    while (jumps < JUMPS)
        once(kinds[kind].f);
    /* What waits now waits for good. */
    each.it_value.tv_usec = each.it_interval.tv_usec = 0;
    setitimer(ITIMER_REAL, &each, NULL);
    for (int i = 0; i < 100; i++)
        once(kinds[kind].f);
    refknot_mark("last");
    printf("%d jumps\n", (int)jumps);
    return 0;
}
"""


@pytest.mark.parametrize("kind", ["declare", "mark", "collect", "listen"])
def test_a_handler_leaves_in_the_middle(kind, tmp_path):
    made = record(tmp_path, compiled(tmp_path, "leaves", LEAVES, "-O1", "-I",
                                     SOURCE / "include"), kind, timeout=60)
    assert made.outcome.status == 0, made.outcome.told
    assert re.search(rb"^2000 jumps$", made.outcome.out, re.M), made.outcome.told
    read_json("diff", f"{made.main}@last", f"{made.main}@end")
