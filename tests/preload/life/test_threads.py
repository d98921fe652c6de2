# SPDX-License-Identifier: MIT
"""Corners of threads, and of programs that live by signals."""
import pytest

from conftest import of_cxx, record, run
from faults import leaks, program, same

THREADS, HANDLERS = program("threads"), program("handlers")
LOST = {"lose": (1, 100)}


@pytest.mark.parametrize("how, more", [
    ("keys", {"again": (20, 1100)}), ("cancel", {}), ("exit", {}),
    ("detached", {}), ("other", {}), ("last", {}), ("together", {})])
def test_threads_end_as_they_like(how, more, tmp_path):
    report = same(tmp_path, THREADS, how).report()
    assert report["verdict"]["checked"] is True
    assert leaks(report, THREADS) == {**LOST, **more}
    assert report["verdict"]["complete"] is True, report["complete"]


def test_threads_go_on_after_a_check_that_is_not_the_end(tmp_path):
    said = record(tmp_path, THREADS, "check").outcome.out
    assert b"goes on\n" in said


def test_destructors_of_thread_locals_and_exceptions_pass(tmp_path):
    report = same(tmp_path, of_cxx(program("tls"))).report()
    assert report["findings"] == []
    assert report["process"]["allocations"] > 5000


@pytest.mark.parametrize("how", ["profile", "blocked", "realtime", "faults"])
def test_signals_do_what_they_did(how, tmp_path):
    """A pointer in a page that its program closed is a pointer."""
    recorded = same(tmp_path, HANDLERS, how)
    assert b"NO:" not in recorded.outcome.out
    report = recorded.report()
    assert leaks(report, HANDLERS) == LOST
    assert report["verdict"]["complete"] is True, report["complete"]


STANDING = program("standing")
SKIP = 77


def standing(directory, *argv):
    """(the report; limits that it tells of), of a program that ends as plain."""
    if run(STANDING, *argv).status == SKIP:
        pytest.skip(f"not to be had here: {argv}")
    recorded = same(directory, STANDING, *argv)
    report = recorded.report()
    assert leaks(report, STANDING) == LOST
    return report, {c["what"]: c["count"] for c in report["complete"]}


UNREAD = "threads whose registers were not read"


def test_a_thread_of_the_kernels_own_is_none_of_the_programs(tmp_path):
    report, _ = standing(tmp_path, "uring")
    assert report["verdict"]["complete"] is True, report["complete"]


@pytest.mark.parametrize("how", ["vfork", "blocked"])
def test_a_thread_that_cannot_stop_is_read_as_it_stands(how, tmp_path):
    """Its stack holds what it needs, but not all of its registers are known."""
    report, limits = standing(tmp_path, how)
    assert limits == {UNREAD: 1}
    assert {f["confidence"] for f in report["findings"]} == {"medium"}


RUNNING = ("threads that did not stop for the snapshot, or in the middle of "
           "realloc")


@pytest.mark.parametrize("rests", [(), ("rests",)])
def test_a_thread_stops_where_no_signal_can_wait(rests, tmp_path):
    """RLIMIT_SIGPENDING is 0: signals from 32 on cannot be sent."""
    for _ in range(5):
        _, limits = standing(tmp_path, "limited", 0, *rests)
        assert limits == {}


def test_a_check_where_no_signal_can_wait_leaves_signals_alone(tmp_path):
    report, limits = standing(tmp_path, "checked")
    assert report["verdict"]["checked"] is True
    assert limits == {}


@pytest.mark.parametrize("rests", [(), ("rests",)])
@pytest.mark.parametrize("size", [24, 100_000, 40_000_000])
def test_what_an_unstopped_thread_holds_is_no_finding(size, rests, tmp_path):
    """It allocates all the time and blocks all signals: what it has in registers
    is unknown, what is on its stack changes, and its memory goes away while it
    is searched."""
    for _ in range(3):
        report, limits = standing(tmp_path, "unstopped", size, *rests)
        assert limits.get(RUNNING) == 1, limits
        assert {f["confidence"] for f in report["findings"]} == {"medium"}


@pytest.mark.parametrize("spins", [(), ("spins",)])
@pytest.mark.parametrize("room", [16, 100, 400, 900, 1800, 2700, 3600, 4000,
                                  4300, 4600, 6000, 9000, 13000, 20000])
def test_a_thread_with_little_stack_left_lives(room, spins, tmp_path):
    """The signal that stops it would kill it: the kernel needs room for its
    frame, 3.7 KiB with AVX-512."""
    _, limits = standing(tmp_path, "low", room, *spins)
    if room < 900:
        assert len(limits) == 1, limits


def test_threads_whose_stack_pointers_are_secret_stop(tmp_path):
    """Privileges were dropped: what shows them is another user's. All three have
    room wherever they are."""
    _, limits = standing(tmp_path, "hidden")
    assert limits == {}


@pytest.mark.parametrize("how", [(), ("silent",), ("silent", "spins")])
@pytest.mark.parametrize("room", [16, 400, 900, 1800, 2100, 2700, 3000, 3300,
                                  3600, 4000, 4300, 4600, 6000, 9000, 20000])
def test_a_thread_with_little_stack_left_and_a_secret_lives(room, how,
                                                            tmp_path):
    """Whether it allocates or not, waits or runs."""
    _, limits = standing(tmp_path, "hidden-low", room, *how)
    expected = RUNNING if "spins" in how else UNREAD
    if room in (900, 20000):
        assert limits == ({expected: 1} if room == 900 else {})


def test_a_thread_that_runs_on_memory_of_the_programs_stops(tmp_path):
    """Its end is not known, and what is below it has been in use."""
    _, limits = standing(tmp_path, "given")
    assert limits == {}


@pytest.mark.parametrize("how", ["handler", "disarmed"])
@pytest.mark.parametrize("room", [400, 900, 1800, 2700, 3600, 20000])
def test_a_thread_on_a_signal_stack_lives(how, room, tmp_path):
    """The kernel ends whoever has no room there for one more frame; and what
    the thread's own stack holds below a signal stack in it is in use."""
    _, limits = standing(tmp_path, how, room)
    if room in (400, 20000):
        assert limits == ({UNREAD: 1} if room == 400 else {})


@pytest.mark.parametrize("how", ["handler", "disarmed"])
def test_a_handler_on_a_signal_stack_may_end_its_process(how, tmp_path):
    standing(tmp_path, how, 20000, "itself")


def test_a_change_of_ids_is_answered_during_a_check(tmp_path):
    """Each of 100 checks replaces the signal that the C library sends."""
    report, _ = standing(tmp_path, "ids")
    assert report["verdict"]["checked"] is True


def test_more_threads_than_there_were_areas_are_recorded(tmp_path):
    report, limits = standing(tmp_path, "many", 9000)
    assert limits == {}
    assert report["process"]["allocations"] > 9000
