# SPDX-License-Identifier: MIT
"""What the tests of the gate share."""
import pytest

from conftest import SOURCE, compiled, refknot

# It loses what its first argument names, and ends with the second.
LEAKY = """
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include "scrub.h"
static NOINLINE void *take(size_t n)
{
    void *p = malloc(n);
    __asm__ volatile("" : "+r"(p));
    return p;
}
static NOINLINE void one(void) { memset(take(100), 0, 100); }
static NOINLINE void two(void) { memset(take(20), 0, 20); }
struct node { struct node *next; char pad[40]; };
static NOINLINE void ring(void)
{
    struct node *a = take(sizeof(*a)), *b = take(sizeof(*b));
    a->next = b;
    b->next = a;
}
int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strchr(what, '1')) one();
    if (strchr(what, '2')) two();
    if (strchr(what, '3')) one();
    if (strchr(what, 'c')) ring();
    scrub();
    if (strchr(what, 'k')) { scrub(); abort(); }
    puts("out");
    return argc > 2 ? atoi(argv[2]) : 0;
}
"""
FLAGS = ["-g", "-O1", f"-I{SOURCE}/samples"]


def leaky_in(directory, name="leaky"):
    return compiled(directory, name, LEAKY, *FLAGS)


def check(*argv, **kw):
    return refknot("check", *argv, **kw)


def summary(done):
    return done.told.splitlines()[-1]


@pytest.fixture(scope="module")
def leaky(tmp_path_factory):
    return leaky_in(tmp_path_factory.mktemp("leaky"))
