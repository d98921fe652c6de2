# SPDX-License-Identifier: MIT
"""Corners of threads, and of programs that live by signals."""
import pytest

from common import leaks, program, same
from conftest import of_cxx, record

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
    """A busy machine may be late once, but not thrice."""
    said = [record(tmp_path, THREADS, "check").outcome.out for _ in range(3)]
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
