# SPDX-License-Identifier: MIT
"""Children by every call there is, while threads allocate; limits."""
import contextlib
import fcntl
import os
import resource
import shutil

import pytest

from conftest import REFKNOT, read_json, refknot, run
from faults import leaks, program, same

STORM = program("storm")


@pytest.mark.parametrize("how, count, recordings", [
    ("fork", 200, 200), ("silent", 1000, 0), ("clone", 300, 0),
    ("vfork", 100, 0), ("vforkends", 1000, 0), ("spawn", 100, 0),
    ("shared", 300, 0), ("daemon", 50, 50)])
def test_children_of_a_busy_process_end_as_they_should(
        how, count, recordings, tmp_path):
    recorded = same(tmp_path, STORM, how, count)
    assert recorded.outcome.out == b"0 wrong\n"
    report = recorded.report()
    assert report["findings"] == []
    assert report["verdict"]["checked"] is True
    if how == "daemon":  # some may still be at it when the program ends
        return
    assert len(recorded.children) == recordings
    for child in recorded.children[:5]:
        told = read_json("report", child)
        assert told["findings"] == [] and told["verdict"]["checked"] is True


def test_limits_that_a_program_sets_itself_hold_beside_the_store(tmp_path):
    recorded = same(tmp_path, program("limits"))
    assert b"NO:" not in recorded.outcome.out
    assert b"start: 0 943718400 1048576000" in recorded.outcome.out


@pytest.mark.parametrize("how", ["children", "checked", "high"])
def test_limits_hold_where_nothing_is_recorded_at_the_moment(how, tmp_path):
    recorded = same(tmp_path, program("limits"), how)
    assert b"NO:" not in recorded.outcome.out


@pytest.mark.parametrize("how", ["exact", "again", "filtered"])
def test_a_limit_on_addresses_is_the_program_s_to_the_page(how, tmp_path):
    """In its children and in what it executes, too, which do not begin where
    they would not."""
    recorded = same(tmp_path, program("limits"), how)
    assert b"NO:" not in recorded.outcome.out
    assert recorded.outcome.out.count(b" pages") >= 7
    assert len(recorded.all) > 1


def as_nobody(tmp_path, *argv):
    """(plain, recorded; the report), of a program that an ordinary user runs."""
    nobody = []
    if not os.getuid():
        for directory in [tmp_path, *list(tmp_path.parents)[:3]]:
            directory.chmod(directory.stat().st_mode | 0o755)
        tmp_path.chmod(0o777)
        nobody = ["setpriv", "--reuid=65534", "--regid=65534",
                  "--clear-groups"]
    if run(*nobody, "test", "-x", argv[0]).status:
        pytest.skip("an ordinary user does not reach the build")
    main = tmp_path / "r.rkn"
    plain = run(*nobody, *argv)
    mine = run(*nobody, REFKNOT, "run", "-q", "-o", main, *argv)
    return plain, mine, read_json("report", main)


def test_a_limit_on_addresses_is_exact_for_an_ordinary_user(tmp_path):
    """Who may not raise a hard limit again."""
    plain, mine, _ = as_nobody(tmp_path, program("limits"), "exact")
    assert (mine.status, mine.out) == (plain.status, plain.out)


def test_locked_memory_is_the_program_s_to_the_page(tmp_path):
    """Of an ordinary user, whose limit refknot's own would exceed."""
    plain, mine, report = as_nobody(tmp_path, program("limits"), "locked")
    assert (mine.status, mine.out) == (plain.status, plain.out)
    assert mine.out.count(b"flags 1: 0 0") >= 2 and b"flags 1: -1" in mine.out
    assert report["verdict"]["checked"] is True


def test_a_limit_from_outside_leaves_room_for_one_from_inside(tmp_path):
    """The store is smaller then, and the hard limit cannot be raised."""
    recorded = same(
        tmp_path, program("limits"), "below", preexec_fn=lambda:
        resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30)))
    assert b"NO:" not in recorded.outcome.out


def test_a_limit_on_data_leaves_as_much_as_it_does_plainly(tmp_path):
    """Whatever refknot's own variables take does not count."""
    recorded = same(tmp_path, program("limits"), "data")
    assert recorded.outcome.out.count(b" blocks") == 6
    assert recorded.outcome.out.count(b" pages") == 6


def test_a_filter_for_which_limits_stay_as_they_are_kills_nobody(tmp_path):
    recorded = same(tmp_path, program("limits"), "fixed")
    assert recorded.outcome.out.count(b"64 MiB, 1\n0\n0\n") == 1


@pytest.mark.parametrize("which, value", [
    (resource.RLIMIT_NOFILE, n) for n in (0, 1, 3, 4, 5, 8)] + [
    (resource.RLIMIT_DATA, n) for n in (0, 500000, 1 << 20, 5 << 19, 3 << 20,
                                        4 << 20)])
def test_a_shell_begins_where_the_shim_cannot(which, value, tmp_path):
    """Nobody complains of a library that cannot be loaded; who began it, and
    has not been ended by the limit, tells of shells that were not recorded."""
    recorded = same(tmp_path, program("shells"), which, value)
    if which == resource.RLIMIT_DATA and value in range(1, 3 << 20):
        what = [w["what"] for w in recorded.report()["complete"]]
        assert any("not recorded" in w for w in what), what


@pytest.mark.parametrize("kib", [500, 2000, 3000])
def test_a_limit_on_data_that_is_too_low_for_the_shim_is_told(kib, tmp_path):
    done = refknot("run", "-o", tmp_path / "r.rkn", "sh", "-c", "echo end; exit 3",
                   preexec_fn=lambda: resource.setrlimit(
                       resource.RLIMIT_DATA, (kib << 10, kib << 10)))
    assert (done.status, done.out) == (3, b"end\n")
    assert "ulimit -d" in done.told


@pytest.mark.parametrize("kib", [200000, 150001])
def test_a_shell_limits_what_it_executes(kib, tmp_path):
    script = (f"ulimit -v {kib}; ulimit -v; bash -c 'ulimit -v; "
              "/usr/bin/python3 -c \"a = bytearray(50 << 20); print(1)\"; "
              "/usr/bin/python3 -c \"a = bytearray(500 << 20)\" "
              "|| echo too much'")
    recorded = same(tmp_path, "/bin/bash", "-c", script)
    assert recorded.outcome.out.split() == [
        str(kib).encode(), str(kib).encode(), b"1", b"too", b"much"]


@pytest.mark.parametrize("which", [0, 1])
def test_a_program_may_give_its_arguments_back(which, tmp_path):
    """A forked child's recording begins with them as they were."""
    recorded = same(tmp_path, program("shares"), "argv", which)
    child, = recorded.children
    told = read_json("report", child)
    assert leaks(told, program("shares")) == {"lose": (5, 5010)}
    assert told["process"]["argv"] == [
        str(program("shares")), "argv", str(which)]


@pytest.mark.parametrize("how", ["fork", "raw"])
def test_a_vfork_child_may_be_the_first_to_allocate(how, tmp_path):
    recorded = same(tmp_path, program("shares"), "first", how)
    child, = recorded.children
    told = read_json("report", child)
    assert told["verdict"]["checked"] is True
    assert leaks(told, program("shares")) == {"lose": (5, 5010)}


@pytest.mark.parametrize("who", ["thread", "process"])
def test_who_shares_memory_keeps_its_area_among_threads(who, tmp_path):
    """The number by which the kernel knows it is no thread's of ours."""
    recorded = same(tmp_path, program("shares"), who, 300)
    if recorded.outcome.status == 77:
        pytest.skip("the C library has no _dl_allocate_tls")
    report = recorded.report()
    assert report["findings"] == [] and report["verdict"]["checked"] is True
    assert not any("did not stop" in str(gap) for gap in report["complete"])


def test_a_process_that_shares_memory_is_told_of_at_the_end(tmp_path):
    recorded = same(tmp_path, program("shares"), "process")
    if recorded.outcome.status == 77:
        pytest.skip("the C library has no _dl_allocate_tls")
    assert any("did not stop" in str(gap)
               for gap in recorded.report()["complete"])


@pytest.mark.parametrize("how, said", [
    ("spawn", "held held"), ("fail", "14 held"), ("itself", "held")])
@pytest.mark.parametrize("more", [0, 60])
def test_what_is_executed_stays_locked(how, said, more, tmp_path):
    """Closing any descriptor of a file gives up a process's locks on it."""
    path = shutil.copy(program("locks"), tmp_path / "locks")
    with contextlib.ExitStack() as others:  # before it in the kernel's list
        for i in range(more):
            file = others.enter_context(open(tmp_path / str(i), "w"))
            fcntl.lockf(file, fcntl.LOCK_EX)
        recorded = same(tmp_path, path, how, path)
    assert recorded.outcome.out.decode().split() == said.split()
