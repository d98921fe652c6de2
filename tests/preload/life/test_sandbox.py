# SPDX-License-Identifier: MIT
"""Programs that put themselves under a seccomp filter."""
import gzip
import re
import shutil

import pytest

from conftest import (REFKNOT, SOURCE, compiled, environment, read_json,
                      record, refknot, run)
from faults import leaks, program, same

SANDBOX, CONFINED = program("sandbox"), program("confined")
LAUNCHES = program("launches")
NARROW = ["few", "refusing", "trapping", "mmap_alone"]
SPARE = ["no_link", "no_scan", "no_down"]
PARTIAL = ["reading", "wide", "no_directory", "no_new_file", "no_random"]


def limits(report):
    return {row["what"]: row["count"] for row in report["complete"]}


@pytest.mark.parametrize("how", ["exit", "signal", "fault", "fork", "raw"])
@pytest.mark.parametrize("name", [*NARROW, *PARTIAL, *SPARE, "all", "strict",
                                  "bad"])
def test_no_filter_is_ever_violated(name, how, tmp_path):
    recorded = same(tmp_path, SANDBOX, name, how)
    known = read_json("objects", recorded.main, "--by", "size", "--limit", "0")
    assert "100 B" in [o["type"] for o in known["types"]]


@pytest.mark.parametrize("by_syscall", [False, True])
@pytest.mark.parametrize("name", [*NARROW, "strict"])
def test_what_a_filter_keeps_from_us_is_told(name, by_syscall, tmp_path):
    env = environment(BY_SYSCALL=1) if by_syscall else environment()
    report = same(tmp_path, SANDBOX, name, "exit", env=env).report()
    assert report["verdict"]["checked"] is False
    assert limits(report)["system calls that refknot did without"] > 20
    assert any("seccomp filter forbids" in row["why"]
               for row in report["complete"])


@pytest.mark.parametrize("name", NARROW)
def test_there_is_room_for_more_heap(name, tmp_path):
    report = same(tmp_path, SANDBOX, name, "exit").report()
    blocks = 100 if name == "mmap_alone" else 200000
    assert report["process"]["allocations"] > blocks
    assert not any("full" in what for what in limits(report))


@pytest.mark.parametrize("name", ["all", "reading", "wide", "bad"])
def test_a_filter_that_is_wide_enough_changes_nothing(name, tmp_path):
    recorded = same(tmp_path, SANDBOX, name, "signal")
    report = recorded.report()
    assert report["recording"]["snapshot_at"] == "signal"
    assert leaks(report, SANDBOX) == {"lose": (1, 100)}


@pytest.mark.parametrize("name", SPARE)
def test_a_call_that_is_hardly_missed_is_no_limit(name, tmp_path):
    """What is executed is recorded, too, and the report is complete."""
    report = same(tmp_path, SANDBOX, name, "exit").report()
    assert report["verdict"]["complete"] is True, report["complete"]
    assert report["verdict"]["checked"] is True


@pytest.mark.parametrize("how, out", [
    ("child", [b"yes\nchild 0\n"]), ("crash", [b"child b\n", b"child 8b\n"])])
def test_a_child_that_confines_itself_first_is_not_harmed(how, out, tmp_path):
    """Before it allocates: nothing is recorded of it yet."""
    recorded = same(tmp_path, CONFINED, how)
    assert recorded.outcome.out in out
    for child in recorded.children:
        told = limits(read_json("report", child))
        assert told["system calls that refknot did without"] > 20
    assert len(recorded.children) == (how == "child")
    assert leaks(recorded.report(), CONFINED) == {"lose": (1, 100)}


def test_who_confines_itself_after_its_check_still_dies_its_death(tmp_path):
    report = same(tmp_path, CONFINED, "checked").report()
    assert leaks(report, CONFINED) == {"lose": (1, 100)}


def test_a_filter_of_a_vfork_child_is_its_own(tmp_path):
    recorded = same(tmp_path, CONFINED, "vfork")
    assert recorded.outcome.out == b"child 0\n"
    report = recorded.report()
    assert report["verdict"]["checked"] is True
    assert "system calls that refknot did without" not in limits(report)
    assert leaks(report, CONFINED) == {"lose": (1, 100)}


@pytest.mark.parametrize("how, out", [
    ("few", b"status 500\n"), ("nobody", b"status 500\n"),
    ("nobody dies", b"status 8b\n"), ("nobody forks", b"status 600\n")])
def test_a_vfork_child_may_forbid_what_tells_who_it_is(how, out, tmp_path):
    """The parent does all of that again, and its end is its own."""
    recorded = same(tmp_path, program("vforks"), how)
    assert out in recorded.outcome.out.replace(b"status b", b"status 8b")
    report = recorded.report()
    assert report["verdict"]["checked"] is True
    assert "system calls that refknot did without" not in limits(report)
    assert leaks(report, program("vforks")) == {"lose": (1, 100)}


def test_filters_that_fail_beside_one_that_is_taken_undo_nothing(tmp_path):
    """The filter leaves no way to see what descriptor 2 is: nothing is said."""
    recorded = record(tmp_path, CONFINED, "beside")
    done = recorded.outcome
    assert (done.status, done.out, done.err) == (0, b"end\n", b"")
    told = refknot("info", recorded.main).out
    assert re.search(rb"cannot write .*: a seccomp filter forbids it\n", told)


def test_filters_that_fail_together_forbid_nothing(tmp_path):
    report = same(tmp_path, CONFINED, "failures").report()
    assert "system calls that refknot did without" not in limits(report)
    assert leaks(report, CONFINED) == {"lose": (1, 100)}


HOW = ["exec", "copy", "fexecve", "raw", "system", "fork", "spawn"]


@pytest.fixture(scope="module")
def loser(tmp_path_factory):
    return compiled(tmp_path_factory.mktemp("loser"), "loser", """
        #include <stdlib.h>
        #include "scrub.h"
        static NOINLINE void lose(void)
        { void *volatile p = malloc(100); *(char *)p = 1; p = 0; }
        int main(void) { lose(); scrub(); return 5; }
        """, "-g", "-O1", f"-I{SOURCE}/samples")


def of_program(recorded, program):
    """What is recorded of who was executed."""
    reports = [read_json("report", r) for r in recorded.all]
    return [r for r in reports
            if r["recording"]["program"] == str(program)]


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("name", ["none", "no_peek", "no_link", "no_down",
                                  "refused_peek"])
def test_who_is_executed_under_a_filter_is_recorded(name, how, loser,
                                                    tmp_path):
    recorded = same(tmp_path, LAUNCHES, name, how, loser)
    assert recorded.outcome.status == 5
    [report] = of_program(recorded, loser)
    assert report["verdict"]["checked"] is True
    assert leaks(report, loser) == {"lose": (1, 100)}
    forbidden = limits(report).get("system calls that refknot did without")
    assert forbidden == (1 if "peek" in name else None)


@pytest.mark.parametrize("how", HOW)
def test_without_a_snapshot_that_is_told(how, loser, tmp_path):
    recorded = same(tmp_path, LAUNCHES, "no_signal", how, loser)
    assert recorded.outcome.status == 5
    [report] = of_program(recorded, loser)
    assert report["verdict"]["checked"] is False
    assert "a seccomp filter forbids" in str(report["complete"])


@pytest.mark.parametrize("how", [h for h in HOW if h != "system"])
def test_who_cannot_be_recorded_for_a_filter_is_told_so(how, loser, tmp_path):
    done = refknot("check", "--", LAUNCHES, "no_advice", how, loser,
                   cwd=tmp_path)
    assert done.status == 5
    assert re.search(r"^incomplete: loser\[\d+\]: it was executed and not "
                     r"recorded: a seccomp filter ", done.told, re.M), done.told
    assert "LD_PRELOAD" not in done.told
    recorded = same(tmp_path, LAUNCHES, "no_advice", how, loser)
    assert not of_program(recorded, loser)
    told = limits(recorded.report())
    assert told["system calls that refknot did without"] == 1


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("name", ["no_advice", "refused_open"])
def test_what_keeps_from_recording_shows_in_nothing_that_is_executed(
        name, how, tmp_path):
    """Neither by a call that kills, nor by the loader's complaint. A program
    without an interpreter for it ends in a shell."""
    script = tmp_path / "script"
    script.write_text("exit 6\n")
    script.chmod(0o755)
    for it in ["/bin/true", script]:
        recorded = same(tmp_path, LAUNCHES, name, how, it)
        assert b"LD_PRELOAD" not in recorded.outcome.err
    if name == "no_advice" and how == "exec":
        same(tmp_path, LAUNCHES, name, "search", script)


@pytest.mark.parametrize("how", ["exec", "copy", "fork", "spawn"])
def test_where_no_file_can_be_opened_nothing_is_loaded(how, tmp_path):
    recorded = same(tmp_path, LAUNCHES, "no_files", how, "/bin/true")
    assert b"LD_PRELOAD" not in recorded.outcome.err


@pytest.mark.parametrize("name, status, says", [
    ("none", 5, "1 leak (100 B)"),
    ("refused_peek", 5, "1 leak (100 B)"),
    ("no_peek", 5, "1 leak (100 B)"),
    ("no_link", 5, "1 leak (100 B)"),
    ("no_down", 5, "1 leak (100 B)"),
    ("no_signal", 5, "a seccomp filter forbids"),
    ("no_advice", 125, "nothing was recorded: a seccomp filter installed")])
def test_a_filter_that_stood_before_refknot_kills_nobody(
        name, status, says, loser, tmp_path):
    done = run(LAUNCHES, name, "exec", REFKNOT, "check", "--", loser,
               cwd=tmp_path)
    assert says in done.told, done.told
    assert done.status == status


def test_each_system_call_of_ours_is_asked_for():
    text = (SOURCE / "preload/kernel/sys.c").read_text()
    made = set(re.findall(r"\bSYS_[a-z]\w+", text))
    table = (SOURCE / "common/calls.def").read_text()
    asked = set(re.findall(r"CALL\((SYS_[a-z]\w+)", table))
    # The two others are made only where the program itself makes them.
    assert made - asked == {"SYS_exit_group", "SYS_pkey_mprotect",
                            "SYS_mremap"}
    assert asked - made == {"SYS_rt_sigreturn"}
    others = {p.name for p in (SOURCE / "preload").rglob("*.c")
              if re.search(r"syscall\b.*:", p.read_text())}
    assert others <= {"sys.c", "calls.c"}


@pytest.mark.skipif(not shutil.which("lexgrog"), reason="man-db is not here")
def test_man_db_sandboxes_its_helpers_as_before(tmp_path):
    page = tmp_path / "x.1.gz"
    page.write_bytes(gzip.compress(
        b'.TH X 1\n.SH NAME\nx \\- nothing\n.SH DESCRIPTION\nMuch.\n'))
    recorded = same(tmp_path, "man", "-l", page)
    assert b"Much." in recorded.outcome.out
    reports = [read_json("report", child) for child in recorded.children]
    kept = [r for r in reports
            if limits(r).get("system calls that refknot did without")]
    assert kept and any(r["verdict"]["checked"] for r in kept)
    assert refknot("report", recorded.main).status == 0
