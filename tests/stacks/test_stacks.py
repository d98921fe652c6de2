# SPDX-License-Identifier: MIT
"""Call stacks against libunwind's, by REFKNOT_VERIFY: no difference, in
programs made to be hard and in programs of other people."""
import re
import shutil
import subprocess

import pytest

import inputs
from conftest import BUILD, read_json, record, refknot

PROGRAMS = BUILD / "tests/stacks"
HOOKS = BUILD / "tests/hooks"
LEVELS = ["o0", "o2", "o3"]


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


@pytest.mark.parametrize("depth", ["1", "5", "1024"])
def test_any_depth_is_walked_right(tmp_path, depth):
    check(tmp_path, PROGRAMS / "stacks_o2", "deep",
          options=["--depth", depth])


def test_exceptions_leave_the_walk_right(tmp_path):
    recorded = record(tmp_path, HOOKS / "hook_throw",
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
    assert b"unwind" not in recorded.outcome.out
    assert verified(recorded.main) == (0, 0)


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


REAL = {
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
