# SPDX-License-Identifier: MIT
"""Frees of what is no live block: which kind it was, and where.

Where the process ends in one it is wrong; else it is told only of blocks that
were freed before, and of addresses inside blocks, as far as was seen, and with
that doubt.
"""
import pytest

from conftest import CC, SOURCE, read_json, record, refknot, run

TEXT = SOURCE / "tests/preload/hooks/strays.c"


@pytest.fixture(scope="module")
def strays(tmp_path_factory):
    program = tmp_path_factory.mktemp("strays") / "strays"
    done = run(CC, "-g", "-O1", "-fno-builtin", "-w", "-pthread", TEXT, "-o",
               program)
    assert done.status == 0, done.told
    return program


def functions(stack):
    return [f["function"] for f in stack] if stack else None


def libc_malloc():
    """Where malloc is in the C library, which is not where calls lead to."""
    for line in run("ldd", "/bin/true").out.decode().splitlines():
        if "libc.so" in line:
            for one in run("nm", "-D", line.split()[2]).out.decode().split(
                    "\n"):
                if one.endswith((" T malloc", " T malloc@@GLIBC_2.2.5")):
                    return one.split()[0]
    return "0"


def seen(tmp_path, strays, mode):
    """The report, which ends as the program does alone."""
    args = [mode, libc_malloc()] if mode in ("later", "mixed") else [mode]
    plain = run(strays, *args)
    recorded = record(tmp_path, strays, *args)
    status = plain.status if plain.status >= 0 else 128 - plain.status
    assert recorded.outcome.status == status
    assert recorded.outcome.err == plain.err
    return recorded, recorded.report()


FATAL = [
    # mode, kind, call, bytes, offset, freed before by, text
    ("again", "freed-before", "free", 24, 0, "first", "freed before"),
    ("again_large", "freed-before", "free", 5000, 0, "first", "freed before"),
    ("handled", "freed-before", "free", 24, 0, "first", "freed before"),
    ("moved", "freed-before", "free", 50, 0, None, "freed before"),
    ("inside", "inside-block", "free", 100, 8, None, "8 bytes behind"),
    ("inside_realloc", "inside-block", "realloc", 100, 24, None,
     "24 bytes behind"),
    ("stack", "stack", "free", None, 0, None, "thread's stack"),
    ("static", "static", "free", None, 0, None, "variable+0x10 (strays)"),
    ("constant", "static", "free", None, 0, None, "static memory of strays"),
    ("nowhere", "not-mapped", "free", None, 0, None, "nothing is mapped"),
]


@pytest.mark.parametrize("mode, kind, call, size, offset, freed, text", FATAL)
def test_a_free_that_ends_the_process(mode, kind, call, size, offset, freed,
                                      text, strays, tmp_path):
    recorded, report = seen(tmp_path, strays, mode)
    [one] = report["wrong_frees"]
    assert one["fatal"] and one["count"] == 1
    assert (one["kind"], one["call"], one["bytes"], one["offset"]) == \
        (kind, call, size, offset)
    assert text in one["text"]
    where = "wrong_realloc" if call == "realloc" else "wrong"
    assert functions(one["stack"])[:2] == [where, "main"]
    assert (functions(one["allocated"]) or ["make"])[0] == "make"
    assert (one["allocated"] is None) == (size is None)
    assert functions(one["freed"]) == ([freed] if freed else None)
    assert report["complete"] == []
    told = refknot("report", recorded.main).out.decode()
    assert "the process ended in this call" in told
    assert "not recorded" not in told
    if mode != "handled":
        assert "ended the process\n" in told


@pytest.mark.parametrize("mode, call", [
    ("thread", "free"), ("again_realloc", "realloc"), ("later", "free")])
def test_one_that_the_allocator_takes_is_in_doubt(mode, call, strays,
                                                  tmp_path):
    recorded, report = seen(tmp_path, strays, mode)
    [one] = report["wrong_frees"]
    assert not one["fatal"] and one["kind"] == "freed-before"
    assert one["call"] == call and one["count"] == (9 if mode == "later"
                                                    else 1)
    assert functions(one["allocated"])[0] == "make"
    assert functions(one["freed"]) == ["first"]
    told = refknot("report", recorded.main).out.decode()
    assert "SUSPECT" in told and "WRONG" not in told


SURVIVED = [
    # mode, size, offset, count
    ("inside_survived", 100, 8, 3),
    ("inside_far", 100 << 20, (70 << 20) + 8, 1),
    ("inside_even", 100, 32, 1),
    ("inside_odd", 100, 4, 1),
]


def assert_inside(recorded, report, size, offset, count):
    [one] = report["wrong_frees"]
    assert not one["fatal"] and one["kind"] == "inside-block"
    assert (one["bytes"], one["offset"], one["count"]) == (size, offset, count)
    assert functions(one["stack"])[:2] == ["wrong", "survive"]
    assert functions(one["allocated"])[0] == "make"
    assert report["complete"] == []
    told = refknot("report", recorded.main).out.decode()
    assert "SUSPECT FREE  inside a block, " in told
    assert "; unless that was freed before by a way" in told
    assert "not recorded" not in told


@pytest.mark.parametrize("mode, size, offset, count", SURVIVED)
def test_an_address_inside_a_block_is_told_where_the_program_lives_on(
        mode, size, offset, count, strays, tmp_path):
    recorded, report = seen(tmp_path, strays, mode)
    assert_inside(recorded, report, size, offset, count)


LENIENT = """
#include <stddef.h>
#include <stdint.h>
static _Alignas(64) char room[256 << 20];
static size_t used;
void *malloc(size_t size)
{
    size_t at = __atomic_fetch_add(&used, (size + 15) & -16ul,
                                   __ATOMIC_RELAXED);
    return room + at;
}
void free(void *p) { (void)p; }
void *calloc(size_t n, size_t size) { return malloc(n * size); }
void *realloc(void *p, size_t size)
{
    char *q = malloc(size);
    for (size_t i = 0; p && i < size; i++)
        q[i] = ((char *)p)[i];
    return q;
}
"""


@pytest.mark.parametrize("mode, offset", [("inside_odd", 4),
                                          ("inside_survived", 8)])
def test_of_another_allocator_only_what_it_never_hands_out(mode, offset,
                                                           tmp_path):
    lenient = tmp_path / "lenient.so"
    (tmp_path / "lenient.c").write_text(LENIENT)
    for command in [("-shared", "-fPIC", tmp_path / "lenient.c", "-o", lenient),
                    ("-pthread", TEXT, lenient, "-o", tmp_path / "strays")]:
        done = run(CC, "-g", "-O1", "-fno-builtin", "-w", *command)
        assert done.status == 0, done.told
    recorded = record(tmp_path, tmp_path / "strays", mode)
    assert recorded.outcome.status == 0
    report = recorded.report()
    if mode == "inside_odd":
        assert_inside(recorded, report, 100, offset, 1)
    else:
        assert report["wrong_frees"] == []
        gaps = {g["what"]: g["count"] for g in report["complete"]}
        assert gaps["frees of blocks that were not recorded"] == 3


@pytest.mark.parametrize("mode", ["other_signal", "child", "mixed"])
def test_others_are_not_called_wrong(mode, strays, tmp_path):
    recorded, report = seen(tmp_path, strays, mode)
    assert report["wrong_frees"] == []
    for child in recorded.children:
        report = read_json("report", child)
        assert report["wrong_frees"] == []
        gaps = {g["what"]: g["count"] for g in report["complete"]}
        assert gaps["frees of blocks that were not recorded"] == 1
        told = refknot("report", child).out.decode()
        assert "   not seen: 1 free of a block that was not recorded: " in told
    if mode == "mixed":
        gaps = {g["what"]: g["count"] for g in report["complete"]}
        assert gaps == {"frees of blocks that were not recorded": 3}


def test_a_child_that_dies_of_one_says_so(strays, tmp_path):
    done = refknot("run", "-o", tmp_path / "a.rkn", "--", strays,
                   "child_twice")
    [line] = [x for x in done.told.splitlines() if x.startswith("child ")]
    assert ", ended by signal 6 (Aborted); recording: " in line


def test_a_signal_is_told_by_run_and_report(strays, tmp_path):
    done = refknot("run", "-o", tmp_path / "a.rkn", "--", strays,
                   "other_signal")
    assert "\nsignal 15 (Terminated) ended the process\n" in done.told
    told = refknot("report", tmp_path / "a.rkn").out.decode()
    assert "\nsignal 15 (Terminated) ended the process\n" in told
