# SPDX-License-Identifier: MIT
"""Call stacks against libunwind's, by REFKNOT_VERIFY: no difference, in
programs made to be hard and in programs of other people."""
import re
import shutil
import subprocess

import pytest

import inputs
import probe
from conftest import BUILD, compiled, of_cxx, read_json, record, refknot

PROGRAMS = BUILD / "tests/preload/stacks"
HOOKS = BUILD / "tests/preload/hooks"
PROBE = PROGRAMS / "stacks_probe.so"
LEVELS = ["o0", "o2", "o3", "apart"]


def verified(recording):
    told = read_json("info", recording)["recording"]
    return told["stacks_verified"], told["stacks_different"]


def check(directory, *argv, every=1, least=100, options=(), **kw):
    recorded = record(directory, *argv,
                      options=["--verify", str(every), *options], **kw)
    assert recorded.outcome.status == 0, recorded.outcome.told
    assert "differs" not in recorded.outcome.told
    walks, different = verified(recorded.main)
    assert different == 0
    assert walks >= least
    return recorded


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", ["deep", "jumps", "threads", "signals",
                                  "frames"])
def test_stacks_equal_libunwinds(tmp_path, kind, level):
    check(tmp_path, PROGRAMS / f"stacks_{level}", kind)


@pytest.mark.parametrize("level", LEVELS)
def test_stacks_of_coroutines_equal_libunwinds(tmp_path, level):
    recorded = check(tmp_path, PROGRAMS / f"stacks_{level}", "coroutines")
    assert recorded.outcome.out == b"stacks came again\n"


@pytest.mark.parametrize("level", LEVELS)
def test_rules_of_unloaded_libraries_are_forgotten(tmp_path, level):
    recorded = check(tmp_path, PROGRAMS / f"stacks_{level}", "libraries",
                     PROGRAMS / "stacks_library_512.so",
                     PROGRAMS / "stacks_library_1024.so")
    assert recorded.outcome.out == b"libraries came again\n"


@pytest.mark.parametrize("level", LEVELS)
def test_rules_are_forgotten_before_a_library_is_gone(tmp_path, level):
    recorded = check(tmp_path, PROGRAMS / f"stacks_{level}", "loaders",
                     PROGRAMS / "stacks_library_512.so",
                     PROGRAMS / "stacks_library_1024.so")
    assert recorded.outcome.out == b"libraries came again\n"


@pytest.mark.parametrize("depth", ["1", "5", "1024"])
def test_any_depth_is_walked_right(tmp_path, depth):
    check(tmp_path, PROGRAMS / "stacks_o2", "deep",
          options=["--depth", depth])


def test_exceptions_leave_the_walk_right(tmp_path):
    recorded = record(tmp_path, of_cxx(HOOKS / "hook_throw"),
                      options=["--verify", "1"])
    assert verified(recorded.main)[0] > 10
    assert verified(recorded.main)[1] == 0


def test_verifying_is_told(tmp_path):
    recorded = check(tmp_path, PROGRAMS / "stacks_o2", "frames", every=10,
                     least=10)
    text = refknot("info", recorded.main).out.decode()
    assert re.search(r"^verified +\d+ walks with libunwind: 0 differ, ", text,
                     re.M)


def test_what_libunwind_allocates_is_not_the_program_s(tmp_path):
    counts = []
    for options in ((), ("--verify", "1")):
        recorded = record(tmp_path, PROGRAMS / "stacks_o2", "deep",
                          options=options)
        report = recorded.report()
        assert not any("without a call stack" in c["what"]
                       for c in report["complete"])
        counts.append((report["process"]["live_blocks"],
                       report["process"]["live_bytes"]))
    assert counts[0] == counts[1]


def test_without_verifying_libunwind_is_not_loaded(tmp_path):
    recorded = record(tmp_path, "cat", "/proc/self/maps")
    assert b"librefknot_preload" in recorded.outcome.out
    assert b"libunwind" not in recorded.outcome.out
    assert verified(recorded.main) == (0, 0)


# The caller's frame is found by rbx, which refknot does not follow, and
# libunwind does.
BY_RBX = r"""
#include <stdlib.h>

__attribute__((noinline)) void touch(void)
{
    void *volatile p = malloc(16);

    free(p);
}

void by_rbx(void);
__asm__(".globl by_rbx\n.type by_rbx, @function\nby_rbx:\n.cfi_startproc\n"
        "push %rbx\n.cfi_def_cfa_offset 16\n.cfi_offset rbx, -16\n"
        "mov %rsp, %rbx\n.cfi_def_cfa rbx, 16\ncall touch\npop %rbx\n"
        ".cfi_def_cfa rsp, 8\nret\n.cfi_endproc\n.size by_rbx, .-by_rbx\n");

int main(void)
{
    by_rbx();
    return 0;
}
"""


def test_a_stack_that_ends_early_is_a_difference(tmp_path):
    program = compiled(tmp_path, "by_rbx", BY_RBX, "-O2")
    recorded = record(tmp_path, program, options=["--verify", "1"])
    assert recorded.outcome.status == 0
    assert "a call stack differs" in recorded.outcome.told
    assert verified(recorded.main)[1] == 1


def test_a_stack_that_ends_where_no_table_is_is_none(tmp_path):
    text = BY_RBX.replace(".cfi_", "#.cfi_")
    program = compiled(tmp_path, "no_table", text, "-O2")
    recorded = record(tmp_path, program, options=["--verify", "1"])
    walks, different = verified(recorded.main)
    assert walks == 1 and different == 0
    assert any("not be followed to the end" in c["what"]
               for c in recorded.report()["complete"])


def test_probe_sees_functions_without_rules(tmp_path):
    program = compiled(tmp_path, "by_rbx", BY_RBX, "-O2",
                       "-Wl,-z,max-page-size=0x200000")
    assert probe.has_holes(program) and probe.is_wanted(program)
    cut, own, lost, others, others_lost, bare = probe.probe(PROBE, program)
    assert (cut, lost, others_lost, bare) == (0, 0, 0, 0)
    assert own >= 4 and others > 100


def test_rules_are_found_in_executables_with_holes():
    """All that are installed: make, bc and others."""
    paths = [path for path in probe.executables(["/usr/bin", "/usr/sbin"])
             if probe.has_holes(path)]
    rows = [(str(path), row) for path, row in probe.probe_all(PROBE, paths)
            if row]
    if not rows:
        pytest.skip("no executable has holes between its segments")
    assert [row for row in rows
            if row[1][0] or row[1][2] or row[1][4]] == []


def document(directory):
    return str(inputs.json_document(directory / "d.json", 50_000))


def markup(directory):
    return str(inputs.xml_document(directory / "d.xml", 300))


def script(directory):
    return ".read " + str(inputs.sql_script(directory / "d.sql", 300))


def perl_script(directory):
    path = directory / "w.pl"
    path.write_text(inputs.PERL)
    return str(path)


def python_script(directory):
    path = directory / "w.py"
    path.write_text(inputs.PYTHON)
    return str(path)


def c_source(directory):
    return str(inputs.c_source(directory / "d.c", 20))


def makefile(directory):
    path = directory / "Makefile"
    path.write_text("all: a b\na:\n\t@echo a\nb: a\n\t@echo b\n")
    return str(path)


def bc_script(directory):
    path = directory / "d.bc"
    path.write_text("scale = 50\n4 * a(1)\nquit\n")
    return str(path)


REAL = {
    "make": lambda d: ["make", "-f", makefile(d)],
    "bc": lambda d: ["bc", "-lq", bc_script(d)],
    "ctags": lambda d: ["ctags", "-o", "-", c_source(d)],
    "jq": lambda d: ["jq", ".", document(d)],
    "xmllint": lambda d: ["xmllint", "--format", markup(d)],
    "sqlite3": lambda d: ["sqlite3", ":memory:", script(d)],
    "perl": lambda d: ["perl", perl_script(d), "2000"],
    "python3": lambda d: ["/usr/bin/python3", python_script(d), "500"],
    "gcc": lambda d: [subprocess.run(
        ["/usr/bin/gcc", "-print-prog-name=cc1"], check=True,
        capture_output=True, text=True).stdout.strip(),
        "-quiet", "-imultiarch", "x86_64-linux-gnu", "-O2", c_source(d),
        "-o", str(d / "out.s")],
    "xz": lambda d: ["xz", "-T2", "-k", document(d)],
    "openssl": lambda d: ["openssl", "list", "-digest-algorithms"],
    "git": lambda d: ["git", "--version"],
}


@pytest.mark.parametrize("name", REAL)
def test_stacks_of_real_programs_equal_libunwinds(tmp_path, name):
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed")
    env = None
    argv = REAL[name](tmp_path)
    check(tmp_path, *argv, every=7, least=3, env=env)
