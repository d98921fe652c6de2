# SPDX-License-Identifier: MIT
"""Debug information that stays beside the object files (-gsplit-dwarf), and what
is left of it without; names of functions that compilers made copies of."""
import itertools
import shutil

import pytest

from conftest import CC, record, refknot, run

SOURCE = """\
#include <stdlib.h>
static inline void *small(size_t n) { return malloc(n); }
char *volatile sink;
__attribute__((noinline)) static void leak(int i)
{
    sink = small(100 + i);
    sink = small(200 + i);
    sink = 0;
}
int main(void) { leak(1); return 0; }
"""


def build(directory, compiler, *options):
    assert shutil.which(compiler), f"{compiler} is not installed"
    (directory / "two.c").write_text(SOURCE)
    for command in ((compiler, "-O2", *options, "-c", "two.c"),
                    (compiler, *options, "two.o", "-o", "two")):
        done = run(*command, cwd=directory)
        assert done.status == 0, done.told
    return directory / "two"


def places(recorded):
    return sorted([(f["function"], f["line"]) for f in finding["stack"]
                   if f["function"] in ("small", "leak")]
                  for finding in recorded.report()["findings"])


@pytest.mark.parametrize("compiler,version", itertools.product(
    [CC, "clang"], ["-gdwarf-4", "-gdwarf-5"]))
def test_what_was_inlined_comes_from_the_file_beside(tmp_path, compiler,
                                                     version):
    program = build(tmp_path, compiler, "-g", version, "-gsplit-dwarf")
    recorded = record(tmp_path, program)
    assert places(recorded) == [[("small", 2), ("leak", 6)],
                                [("small", 2), ("leak", 7)]]
    assert b"split" not in refknot("report", recorded.main).out
    assert b"split" not in refknot("doctor", program).out


@pytest.mark.parametrize("compiler", [CC, "clang"])
def test_without_that_file_two_leaks_stay_two(tmp_path, compiler):
    program = build(tmp_path, compiler, "-g", "-gsplit-dwarf")
    (tmp_path / "two.dwo").unlink()
    recorded = record(tmp_path, program)
    assert places(recorded) == [[("leak", 2)], [("leak", 2)]]
    missing = b"split debug information two.dwo of "
    assert missing in refknot("report", recorded.main).out
    assert missing in refknot("doctor", program).out


def test_names_are_those_of_the_source(tmp_path):
    program = build(tmp_path, "gcc", "-g")
    assert b"leak.constprop.0" in run("nm", program).out
    for strip in (["true"], ["strip", "-g", program]):
        assert run(*strip).status == 0
        for finding in record(tmp_path, program).report()["findings"]:
            names = [f["function"] for f in finding["stack"]]
            assert "leak" in names and "leak.constprop.0" not in names
