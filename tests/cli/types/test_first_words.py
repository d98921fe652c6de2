# SPDX-License-Identifier: MIT
"""What blocks are by their first words, against what the programs say."""
import collections
import pathlib
import shutil
import subprocess

import pytest

from conftest import BUILD, REFKNOT, environment

HERE = pathlib.Path(__file__).parent
NAMER = BUILD / "tests/cli/first_words_of"
PYTHON = "/usr/bin/python3"


def record(directory, *command, **more):
    """The log of the program, and what first_words_of says of its blocks."""
    log, file = directory / "log", directory / "a.rkn"
    subprocess.run(
        [REFKNOT, "run", "-o", file, *command, log], cwd=directory, check=True,
        capture_output=True, env=environment(**more))
    named = subprocess.run([NAMER, file], check=True, capture_output=True,
                           text=True, env=environment())
    blocks = {}
    for line in named.stdout.splitlines():
        address, size, kind, name = line.split(" ", 3)
        blocks[int(address, 16)] = (kind, name, int(size))
    return log.read_text(encoding="utf-8").splitlines(), blocks, file


def build(directory, source, compiler, *flags, strip=False):
    if not shutil.which(compiler):
        pytest.skip(f"no {compiler}")
    program = directory / "program"
    subprocess.run([compiler, *flags, HERE / source, "-o", program], check=True,
                   capture_output=True)
    if strip:
        subprocess.run(["strip", "-s", program], check=True)
    return program


BUILDS = {
    "gcc": ("g++", "-O2"),
    "unoptimized": ("g++", "-O0", "-g"),
    "clang": ("clang++", "-O2"),
    "static_library": ("g++", "-O2", "-static-libstdc++", "-static-libgcc"),
    "at_a_fixed_place": ("g++", "-O2", "-no-pie", "-fno-pie"),
    "at_a_fixed_place_lld": ("clang++", "-O2", "-no-pie", "-fno-pie",
                             "-fuse-ld=lld"),
    "constants_with_code": ("g++", "-O2", "-no-pie", "-fno-pie",
                            "-Wl,-z,noseparate-code"),
    "unprotected": ("g++", "-O2", "-Wl,-z,norelro"),
    "packed": ("g++", "-O2", "-Wl,-z,pack-relative-relocs"),
}


@pytest.mark.parametrize("strip", [False, True], ids=["whole", "stripped"])
@pytest.mark.parametrize("how", BUILDS)
def test_objects_of_cxx_have_the_name_of_their_class(tmp_path, how, strip):
    program = build(tmp_path, "classes.cc", *BUILDS[how], strip=strip)
    log, blocks, _ = record(tmp_path, program)
    # c++filt reads the names that typeid() gave.
    mangled = [line.split()[1].lstrip("*") for line in log]
    names = subprocess.run(["c++filt", "-t"], input="\n".join(mangled),
                           capture_output=True, text=True, check=True)
    right = {int(line.split()[0], 16): name
             for line, name in zip(log, names.stdout.splitlines())}
    assert len(right) == 31
    assert {a: blocks.get(a, ())[:2] for a in right} == {
        a: ("class", name) for a, name in right.items()}
    assert {b[1] for b in blocks.values() if b[0] == "class"} <= set(
        right.values())


@pytest.mark.parametrize("how", ["gcc", "clang", "at_a_fixed_place",
                                 "constants_with_code", "packed"])
def test_tables_of_functions_name_what_points_to_them(tmp_path, how):
    compiler, *flags = BUILDS[how]
    compiler = {"g++": "gcc", "clang++": "clang"}[compiler]
    program = build(tmp_path, "tables.c", compiler, *flags)
    log, blocks, _ = record(tmp_path, program)
    assert len(log) == 14
    for line in log:
        address, right = line.split()
        if right == "-":
            assert int(address, 16) not in blocks, line
        else:
            assert blocks[int(address, 16)][:2] == ("table", right)


def test_a_table_without_a_name_has_a_place(tmp_path):
    program = build(tmp_path, "tables.c", "gcc", "-O2", strip=True)
    log, blocks, _ = record(tmp_path, program)
    said = {line.split()[1]: blocks.get(int(line.split()[0], 16))
            for line in log}
    assert said["file_methods"][0] == "place"
    assert said["file_methods"][1].startswith("class at program+0x")
    assert said["changed_methods"] is None and said["-"] is None


def test_objects_of_cpython_have_the_name_of_their_type(tmp_path):
    log, blocks, file = record(tmp_path, PYTHON, HERE / "objects.py",
                               PYTHONMALLOC="malloc")
    named, all_of = collections.Counter(), collections.Counter()
    for line in log:
        address, collected, made, name = line.split(" ", 3)
        kind, said, _ = blocks.get(int(address) - 16 * int(collected),
                                   (None, None, None))
        if kind == "python":
            assert said == name, line
            assert made == "0", line
            named[name] += 1
        all_of[name] += 1
    assert sum(named.values()) > 10000
    for name in ("list", "dict", "tuple", "set", "float", "complex", "function",
                 "cell", "OrderedDict", "deque", "property"):
        assert named[name], name
    # Some objects are static.
    for name in ("list", "dict", "function"):
        assert named[name] > 0.8 * all_of[name], name
    assert named["str"] > 1000 and not named["Made"]
    # Four bytes a block at the most: all of it is a few chunks.
    assert file.stat().st_size < 64 * len(log)
