# SPDX-License-Identifier: MIT
"""A release that another function forgets is new, also on an accepted type."""
import re

import pytest

from conftest import SOURCE, compiled
from gate import check, summary

# Readers forget by the letters of the first argument.
PROGRAM = r"""
#include <refknot.h>
#include <stdlib.h>
#include <string.h>
#include "scrub.h"
struct thing { int references; struct thing *other; char rest[44]; };
static struct thing *owned;
static const char *forgets = "";
#define DONE() __asm__ volatile("" : : : "memory")
static NOINLINE struct thing *thing_ref(struct thing *t)
{
    t->references++;
    refknot_retain(t);
    DONE();
    return t;
}
static NOINLINE void thing_unref(struct thing *t)
{
    refknot_release(t);
    if (!--t->references)
        free(t);
    DONE();
}
static NOINLINE void load(void)
{
    owned = calloc(1, sizeof(*owned));
    owned->references = 1;
    refknot_object(owned, "Thing");
    DONE();
}
static NOINLINE void unload(void)
{
    struct thing *t = owned;
    owned = NULL;
    thing_unref(t);
    DONE();
}
static NOINLINE void reader(void)
{
    struct thing *t = thing_ref(owned);
    if (!strchr(forgets, 'r'))
        thing_unref(t);
    DONE();
}
static NOINLINE void writer(void)
{
    struct thing *t = thing_ref(owned);
    if (!strchr(forgets, 'w'))
        thing_unref(t);
    DONE();
}
static NOINLINE void round_of(void)
{
    load();
    if (strchr(forgets, 'c')) {
        struct thing *first = owned;
        load();
        first->other = owned;
        owned->other = thing_ref(first);
        owned = first;
    }
    reader();
    writer();
    if (!strchr(forgets, 'o'))
        unload();
    owned = NULL;
}
int main(int argc, char **argv)
{
    forgets = argc > 1 ? argv[1] : "";
    round_of();
    scrub();
    return 0;
}
"""


class Project:
    def __init__(self, directory):
        self.directory = directory
        self.base = directory / "base.txt"
        self.program = PROGRAM
        self.build_flags = ["-g", "-O1"]

    def build(self, *flags):
        return compiled(self.directory, "program", self.program,
                        *(flags or self.build_flags), f"-I{SOURCE}/samples",
                        f"-I{SOURCE}/include")

    def accept(self, what, *options):
        done = check("--baseline", self.base, "--update-baseline", *options,
                     "--", self.build(), what)
        assert done.status == 0, done.told
        return self.base.read_text()

    def judge(self, what, *flags):
        return check("--baseline", self.base, "--", self.build(*flags), what)


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def test_another_taker_on_an_accepted_type_is_red(project):
    text = project.accept("r")
    assert " takers=load,reader load" in text and "type=Thing" in text
    done = project.judge("w")
    assert done.status == 23 and "1 new leaked reference" in summary(done)
    assert ("an accepted finding is alike, but no reference of writer() was "
            "left there, as one may be now") in done.told
    done = project.judge("rw")
    assert done.status == 23 and "writer()" in done.told, done.told


@pytest.mark.parametrize("flags", ["-g -O0", "-g -O1", "-g -O2", "-O2",
                                   "-g -O3"])
def test_the_same_taker_stays_accepted(project, flags):
    project.accept("r")
    done = project.judge("r", *flags.split())
    assert done.status == 0, done.told
    assert "baseline 1" in summary(done) and "stale" not in done.told


@pytest.mark.parametrize("first, then", [("-g -O2", "-O2"), ("-O2", "-g -O2"),
                                         ("-g -O0", "-O2")])
def test_an_inlined_taker_stays_accepted_without_debug_information(
        project, first, then):
    project.build_flags = first.split()
    for name in "reader", "writer":
        project.program = project.program.replace(
            f"static NOINLINE void {name}(", f"static void {name}(")
    project.accept("r")
    done = project.judge("r", *then.split())
    assert done.status == 0, done.told
    if "-g" in first:
        assert project.judge("w", *first.split()).status == 23


def test_fewer_takers_are_accepted(project):
    project.accept("rw")
    for what in "r", "w", "rw":
        assert project.judge(what).status == 0
    assert project.judge("ro").status == 0  # the maker's may be any time


def test_an_update_has_the_takers_of_all(project):
    project.accept("r")
    assert "takers=load,reader " in project.base.read_text()
    assert "takers=load,reader,writer " in project.accept("w", "--keep-stale")
    assert project.judge("rw").status == 0
    assert "takers=load,writer " in project.accept("w")


def test_files_without_takers_mean_any(project):
    text = project.accept("r")
    project.base.write_text(re.sub(" takers=[^ ]+", "", text))
    assert project.judge("w").status == 0
    assert "takers=" in project.accept("w")
    project.base.write_text(text.replace("takers=load,", "takers=,"))
    done = project.judge("r")
    assert done.status == 2 and "takers= needs functions" in done.told


def test_takers_of_several_processes_count(project):
    project.accept("r")
    program = project.build()
    done = check("--baseline", project.base, "--", "sh", "-c",
                 f"{program} r; {program} w; true")
    assert done.status == 23 and "writer()" in done.told, done.told


def test_a_cycle_by_references_likewise(project):
    text = project.accept("c")
    takers = re.search("orphaned-cycle .* takers=([^ ]+)", text)
    assert takers, text
    assert project.judge("c").status == 0
    done = project.judge("cw")
    assert done.status == 23, done.told
