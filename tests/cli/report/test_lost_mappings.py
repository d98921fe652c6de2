# SPDX-License-Identifier: MIT
"""Lost mappings: programs that forget or keep one, and real programs, which have none."""
import re
import shutil

import pytest

from conftest import CC, REFKNOT, SOURCE, environment, read_json, record, refknot, run

PAGE = 4096
SIZE = 16  # pages

# What is lost, in pages, by case; see lost_maps.c.
CASES = {
    "lost": [SIZE], "start": [], "middle": [], "end": [], "outside": [SIZE],
    "page_number": [], "in_block": [], "in_lost_block": [], "beside_lost_block": [SIZE],
    "in_freed_block": [SIZE],
    "itself": [SIZE], "in_lost_mapping": [SIZE], "in_register": [],
    "in_thread_register": [], "half": [SIZE // 2], "half_known": [],
    "hole_known": [], "hole": [],
    "moved_lost": [3 * SIZE], "moved_known": [], "raw": [], "raw_again": [],
    "signal_stack": [], "thread_stack": [], "named": [], "fixed": [], "hidden": [],
    "shared": [], "declared": [], "lowest": [], "sealed": [], "sealed_code": [],
}


def mappings(recording):
    found = read_json("waste", recording)["waste"]["mapped_by_program"]
    for name in ("lost", "lost_bytes", "beside", "beside_bytes"):
        if found["lost_not_known"] is None:
            assert sum(row[name] for row in found["rows"]) == found["total"][name]
        else:
            assert found["total"][name] is None
    return found


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    out = tmp_path_factory.mktemp("lost") / "lost_maps"
    done = run(CC, "-O1", "-g", "-pthread", "-I", SOURCE / "include",
               SOURCE / "tests/cli/report/lost_maps.c", "-o", out)
    assert done.status == 0, done.told
    return out


@pytest.mark.parametrize("case", CASES)
def test_lost_is_what_no_word_leads_to(case, program, tmp_path):
    done = record(tmp_path, program, case)
    if b"apart" in done.outcome.out:
        pytest.skip("the kernel put other memory in between")
    found = mappings(done.main)
    assert found["lost_not_known"] is None
    assert found["total"]["live"] >= 1
    pages = [row["lost_bytes"] // PAGE for row in found["rows"] if row["lost"]]
    assert pages == CASES[case]
    assert found["total"]["lost"] == len(pages)


def test_nothing_is_judged_if_a_block_is_not_searched(program, tmp_path):
    done = record(tmp_path, program, "in_block_not_searched")
    found = mappings(done.main)
    assert found["lost_not_known"] == "not everything was searched for pointers to them"
    assert found["total"]["live"] == 1


def test_what_touches_one_that_is_known_is_not_judged_and_that_is_said(program, tmp_path):
    done = record(tmp_path, program, "forgets")
    if b"apart" in done.outcome.out:
        pytest.skip("the kernel put other memory in between")
    total = mappings(done.main)["total"]
    assert (total["live"], total["lost"], total["beside"]) == (10, 0, 9)
    assert total["beside_bytes"] == 9 * SIZE * PAGE
    found = read_json("leaks", done.main)["lost_mappings"]
    assert (found["mappings"], found["beside"]) == (0, 9)
    words = "9 mappings, 576.0 KiB not judged: no pointer to them was found"
    for command in "waste", "leaks":
        assert words in refknot(command, done.main).out.decode()
    told = run(REFKNOT, "check", "--max-lost-mapped", "0", done.main).out.decode()
    assert "note: " + words in told and "OK" in told
    assert "not judged" not in refknot("report", done.main).out.decode()


def test_what_is_above_one_that_is_known_is_lost(program, tmp_path):
    done = record(tmp_path, program, "highest")
    if b"apart" in done.outcome.out:
        pytest.skip("the kernel put other memory in between")
    total = mappings(done.main)["total"]
    assert (total["live"], total["lost"], total["lost_bytes"]) == (3, 2, 2 * SIZE * PAGE)


def test_of_many_all_but_those_that_are_known_are_lost(program, tmp_path):
    done = record(tmp_path, program, "many")
    found = mappings(done.main)
    of = {row["key"].split()[0]: row for row in found["rows"]}
    assert of["map"]["live"] == 1000 and of["apart"]["lost"] == 0
    # A neighbour's start may be one's end.
    assert 90 <= of["map"]["lost"] <= 100
    told = refknot("waste", done.main).out.decode()
    assert re.search(r"^ +MAPPED  MAPPINGS +LOST  IN MEMORY", told, re.M)
    assert re.search(r"^lost: (9\d|100) mappings, \S+ MiB; no pointer to them was found$",
                     told, re.M)


def test_a_child_is_judged_by_what_it_mapped_itself(program, tmp_path):
    done = record(tmp_path, program, "child")
    assert mappings(done.main)["total"]["lost"] == 0
    child, = done.children
    total = mappings(child)["total"]
    assert total["lost_bytes"] == 2 * SIZE * PAGE


def test_nothing_is_judged_of_a_killed_process(program, tmp_path):
    done = record(tmp_path, program, "killed")
    found = mappings(done.main)
    why = read_json("waste", done.main)["waste"]["not_known"]
    assert "ended" in why or "killed" in why
    assert found["lost_not_known"] == why
    assert found["total"]["live"] == 1
    told = refknot("waste", done.main).out.decode()
    assert f"which of them are lost is not known: {why}" in told


def test_report_has_their_number_and_leaks_their_sites(program, tmp_path):
    done = record(tmp_path, program, "in_lost_mapping")
    told = refknot("report", done.main).out.decode()
    assert ("1 mapping, 64.0 KiB lost: no pointer to it was found; "
            f"refknot leaks '{done.main}' lists where it was mapped\n") in told
    told = refknot("leaks", done.main).out.decode()
    assert re.search(r"^1 mapping, 64\.0 KiB lost: no pointer to it was found\n"
                     r" +LOST  MAPPINGS  SITE\n"
                     r"64\.0 KiB         1  map at lost_maps\.c:\d+ \(lost_maps\)\n",
                     told, re.M)
    assert "lost:" not in refknot("cycles", done.main).out.decode()
    told = refknot("report", "--brief", done.main).out.decode()
    assert told.startswith("verdict: mappings lost, 0 blocks, 0 B alive, "
                           "1 mapping of 64.0 KiB lost (refknot leaks), complete\n"
                           f"next: refknot leaks {done.main}\n")
    told = refknot("leaks", "--brief", done.main).out.decode()
    assert told.startswith("verdict: no leaks, 0 blocks, 0 B alive, 1 mapping of ")
    assert f"\nnext: refknot leaks {done.main}\n" in told
    told = refknot("cycles", "--brief", done.main).out.decode()
    assert "mapping" not in told and "refknot leaks" not in told
    found = read_json("report", done.main)
    assert found["verdict"]["findings"] == 0
    site, = found["lost_mappings"].pop("sites")
    assert found["lost_mappings"] == {
        "not_known": None, "mappings": 1, "bytes": SIZE * PAGE, "beside": 0,
        "beside_bytes": 0}
    assert site["mappings"] == 1 and site["site"].startswith("map at lost_maps.c:")


def test_nothing_is_told_where_nothing_is_lost(program, tmp_path):
    done = record(tmp_path, program, "start")
    for command in "report", "leaks", "waste":
        assert "lost:" not in refknot(command, done.main).out.decode()
    assert read_json("leaks", done.main)["lost_mappings"] == {
        "not_known": None, "mappings": 0, "bytes": 0, "beside": 0, "beside_bytes": 0,
        "sites": []}


@pytest.mark.parametrize("case, limit, status, text", [
    ("lost", None, 0, "note: 1 mapping, 64.0 KiB lost: no pointer to it was found; "
     "--max-lost-mapped makes that fail"),
    ("lost", "64K", 0, ""),
    ("lost", "65535", 23, "max-lost-mapped: 65536 B of lost mappings in lost_maps["),
    ("lost", "0", 23, "max-lost-mapped: 64.0 KiB of lost mappings in lost_maps["),
    ("start", "0", 0, ""),
])
def test_check_fails_on_them_only_if_that_is_asked(case, limit, status, text, program,
                                                   tmp_path):
    limits = ["--max-lost-mapped", limit] if limit else []
    done = refknot("check", *limits, "--", program, case, cwd=tmp_path)
    told = (done.out + done.err).decode()
    assert done.status == status, told
    assert text in told
    if status:
        assert re.search(r"^  1 mapping, 64\.0 KiB mapped and lost, from\n    #0  map at",
                         told, re.M)
    elif limit:
        assert "note:" not in told


@pytest.mark.parametrize("form", ["gnu", "tap", "markdown", "github", "--brief"])
def test_all_formats_count_mappings(form, program, tmp_path):
    recording = record(tmp_path, program, "lost").main
    form = [form] if form == "--brief" else ["-f", form]
    # gnu has notes of files below the directory.
    done = refknot("check", *form, "--max-lost-mapped", "0", recording, cwd=SOURCE)
    assert done.status == 23
    told = (done.out + done.err).decode()
    assert "1 mapping, 64.0 KiB" in told or "(1 mapping, " in told, told
    assert "1 object" not in told
    if form == ["--brief"]:
        assert told.splitlines()[-1] == f"next: refknot leaks {recording}"


def test_check_passes_a_program_that_allocates_nothing(tmp_path):
    done = refknot("check", "--max-lost-mapped", "0", "--", "true", cwd=tmp_path)
    assert done.status == 0, done.told


def test_check_fails_where_one_could_not_be_judged(program, tmp_path):
    """A process beside it that lost none does not make it green."""
    recorded = ["--", "sh", "-c", f"{program} in_block_not_searched; true"]
    done = refknot("check", "--max-lost-mapped", "0", "--fail-on", "none", *recorded,
                   cwd=tmp_path)
    assert done.status == 23
    assert re.search(r"max-lost-mapped: mappings of lost_maps\[\d+\] were not judged: "
                     "not everything was searched for pointers to them", done.told)
    thrice = "; ".join([f"{program} in_block_not_searched"] * 3)
    done = refknot("check", "--max-lost-mapped", "0", "--fail-on", "none", "--", "sh",
                   "-c", f"{thrice}; true", cwd=tmp_path)
    assert re.search(r"of lost_maps\[\d+\] and of 2 more processes were not judged",
                     done.told)
    done = refknot("check", "--max-lost-mapped", "0", "--fail-on", "none",
                   "--allow-incomplete", *recorded, cwd=tmp_path)
    assert done.status == 0, done.told
    made = record(tmp_path, program, "in_block_not_searched")
    assert "mappings were not judged: not everything was searched" in refknot(
        "leaks", made.main).out.decode()


def test_check_fails_where_none_could_be_judged(program, tmp_path):
    done = record(tmp_path, program, "killed")
    asked = "check", "--killed-ok", "lost_maps", "--max-lost-mapped", "1G", done.main
    done = refknot(*asked)
    assert done.status == 23
    assert "max-lost-mapped: mappings were not judged in any process" in (
        done.out + done.err).decode()
    assert refknot(asked[0], "--allow-incomplete", *asked[1:]).status == 0


# --- Real programs ------------------------------------------------------------------

# What Python's ctypes maps and forgets; the number that it keeps is no pointer.
FORGETS = """
import ctypes
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + 3 * [ctypes.c_int] + [ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
for i in range(10):  # none touches another
    libc.munmap(libc.mmap(None, 2 << 20, 3, 0x22, -1, 0), 1 << 20)
"""

PYTHON = "/usr/bin/python3"
PROGRAMS = {
    "python": (PYTHON, "-c",
               "import json; d = {i: str(i) for i in range(200000)}; json.dumps(d)"),
    "python_at_its_end": (PYTHON, "-c",
                          "import os; d = {i: [i] for i in range(200000)}; os._exit(0)"),
    "python_maps": (PYTHON, "-c",
                    "import mmap, os\nm = [mmap.mmap(-1, 1 << 16, mmap.MAP_PRIVATE |"
                    " mmap.MAP_ANONYMOUS) for i in range(50)]\nos._exit(0)"),
    "perl": ("perl", "-e", "$h{$_} = $_ x 5 for 1 .. 50000"),
    "sqlite3": ("sqlite3", ":memory:", "create table t(a, b); with recursive n(i) as "
                "(select 1 union all select i + 1 from n where i < 50000) "
                "insert into t select i, hex(i) from n;"),
    "git": ("git", "-C", SOURCE, "log", "-200", "--stat"),
    "xmllint": ("xmllint", "--noout", SOURCE / "tests/cli/report/none.xml"),
    "cc1": ("cc1", "-quiet", "-O2", "-I", SOURCE / "include",
            SOURCE / "tests/cli/report/lost_maps.c", "-o", "/dev/null"),
    "node": ("node", "-e", "console.log(1)"),
    "clang": ("clang-14", "-fsyntax-only", "-I", SOURCE / "include",
              SOURCE / "tests/cli/report/lost_maps.c"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_real_programs_lose_no_mapping(name, tmp_path):
    argv = PROGRAMS[name]
    if name == "cc1":
        argv = (run("gcc", "-print-prog-name=cc1").out.decode().strip(),) + argv[1:]
    if not shutil.which(argv[0]):
        pytest.skip(f"{argv[0]} is not installed")
    done = record(tmp_path, *argv, env=environment(PYTHONMALLOC="pymalloc"))
    found = mappings(done.main)
    assert not found["total"]["lost"], found["rows"]


def test_what_python_forgets_is_found_among_its_own(tmp_path):
    if not shutil.which(PYTHON):
        pytest.skip("python3 is not installed")
    done = record(tmp_path, PYTHON, "-c", FORGETS)
    found = mappings(done.main)
    assert found["lost_not_known"] is None
    lost = [row for row in found["rows"] if row["lost"]]
    # What Python has freed may hold a number still.
    assert len(lost) == 1 and 7 <= lost[0]["lost"] <= 10, found["rows"]
