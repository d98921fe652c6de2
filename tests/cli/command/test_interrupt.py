# SPDX-License-Identifier: MIT
"""Ctrl-C and progress on a terminal: what is shown, what is left, and how it ends."""
import os
import pty
import re
import signal
import subprocess

import pytest

from conftest import (BUILD, REFKNOT, TIMEOUT, compiled, environment, record,
                      refknot)

BACK = b"\r\x1b[K"
LINE = re.compile(rb"refknot: [a-z][^:]*: (?:\d+ %|\d+ s)")

# Argument 1 blocks, each with a pointer to the one before; then argument 2, if any.
MANY = """
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
struct block { struct block *before; char text[24]; } *last;
int main(int argc, char **argv)
{
    for (long i = atol(argv[1]); i > 0; i--) {
        struct block *b = malloc(sizeof(*b));

        b->before = last;
        last = b;
    }
    if (argc > 2) {
        puts(argv[2]);
        fflush(stdout);
        pause();
    }
    return 0;
}
"""
ENOUGH = 4_000_000  # to be worked at for more than a few ticks
SOON = {"REFKNOT_PROGRESS": "0"}  # no test waits for a second


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    return compiled(tmp_path_factory.mktemp("many"), "many", MANY, "-g")


@pytest.fixture(scope="module")
def slow(many, tmp_path_factory):
    return record(tmp_path_factory.mktemp("slow"), many, ENOUGH).main


class Terminal:
    """refknot in a session of its own, whose terminal we hold."""

    def __init__(self, *argv, cwd=None, stdout=None, **more):
        self.ours, theirs = pty.openpty()

        def control():
            os.setsid()
            os.close(os.open(os.ttyname(2), os.O_RDWR))  # becomes its own

        self.process = subprocess.Popen(
            [str(REFKNOT), *map(str, argv)], stdin=theirs,
            stdout=theirs if stdout is None else stdout, stderr=theirs, cwd=cwd,
            env={k: v for k, v in environment(TERM="xterm",
                                              **{**SOON, **more}).items()
                 if k != "CI" or "CI" in more}, preexec_fn=control)
        os.close(theirs)
        self.shown = b""

    def read(self):
        try:
            data = os.read(self.ours, 4096)
        except OSError:  # nobody has the other end any more
            data = b""
        self.shown += data
        return data

    def wait_for(self, pattern):
        """Reads until it was shown; an error when the end comes first."""
        while not re.search(pattern, self.shown):
            assert self.read(), self.shown

    def interrupt(self):
        os.write(self.ours, b"\x03")

    def end(self):
        while self.read():
            pass
        os.close(self.ours)
        return self.process.wait(TIMEOUT)


def test_progress_is_shown_and_taken_back(slow):
    t = Terminal("objects", "--retained", slow, stdout=subprocess.DEVNULL)
    assert t.end() == 0
    lines = t.shown.split(BACK)
    assert all(not x or LINE.match(x) for x in lines), lines
    assert any(b" %" in x for x in lines) and lines[-1] == b""
    assert all(len(x) < 80 for x in lines)


def test_what_is_printed_is_not_touched(slow):
    plain = refknot("objects", slow).out
    t = Terminal("objects", slow, PAGER="")
    assert t.end() == 0
    rest = b"".join(x for x in t.shown.split(BACK) if not LINE.match(x))
    assert BACK in t.shown and rest.replace(b"\r\n", b"\n") == plain


@pytest.mark.parametrize("more", [{"TERM": "dumb"}, {"TERM": ""}, {"CI": "1"}])
def test_some_terminals_get_none(more, slow):
    more = {"TERM": "xterm", **more}
    t = Terminal.__new__(Terminal)
    ours, theirs = pty.openpty()
    process = subprocess.Popen([str(REFKNOT), "objects", str(slow)],
                               stdout=subprocess.DEVNULL, stderr=theirs,
                               env=environment(**SOON, **more))
    os.close(theirs)
    t.ours, t.shown, t.process = ours, b"", process
    assert t.end() == 0 and t.shown == b""


def test_no_terminal_gets_none(slow):
    done = refknot("objects", slow, env=environment(TERM="xterm", **SOON))
    assert done.status == 0 and not done.err


def test_what_takes_less_than_what_is_set_shows_none(slow):
    t = Terminal("objects", slow, stdout=subprocess.DEVNULL,
                 REFKNOT_PROGRESS="600000")
    assert t.end() == 0 and t.shown == b""


def test_an_interrupted_report_ends_by_the_signal(slow):
    t = Terminal("objects", "--retained", slow, stdout=subprocess.DEVNULL)
    t.wait_for(LINE)
    t.interrupt()
    assert t.end() == -signal.SIGINT
    assert t.shown.split(BACK)[-1] in (b"", b"^C")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_that_ask_for_the_end_do_the_same(number, slow):
    t = Terminal("objects", "--retained", slow, stdout=subprocess.DEVNULL)
    t.wait_for(LINE)
    t.process.send_signal(number)
    assert t.end() == -number
    assert t.shown.split(BACK)[-1] == b""


@pytest.mark.parametrize("trap", ["trap '' INT;", "trap : INT;"])
def test_the_pager_ends_before_an_interrupted_report(trap, slow, tmp_path):
    t = Terminal("objects", "--retained", slow, cwd=tmp_path,
                 REFKNOT_PAGER=f"{trap} cat >paged; sleep 0.5; echo end >ended")
    t.wait_for(LINE)
    t.interrupt()
    assert t.process.wait(TIMEOUT) == -signal.SIGINT
    assert (tmp_path / "ended").read_text() == "end\n"
    t.end()


def test_a_pager_may_be_interrupted_when_all_is_there(tmp_path):
    quick = record(tmp_path, BUILD / "samples/orphaned_cycle").main
    t = Terminal("report", quick, cwd=tmp_path,
                 REFKNOT_PAGER="trap 'echo heard' INT; cat >/dev/null; echo all;"
                 "while [ ! -e left ]; do sleep 0.05; done; echo over")
    t.wait_for(b"all")
    t.interrupt()
    t.wait_for(b"heard")
    (tmp_path / "left").touch()
    assert t.end() == 0 and b"over" in t.shown


def test_in_a_run_the_program_gets_it_and_the_report_comes(many, tmp_path):
    t = Terminal("run", "-o", "r.rkn", "--", many, 10, "ready", cwd=tmp_path)
    t.wait_for(b"ready")
    t.interrupt()
    assert t.end() == 128 + signal.SIGINT
    assert b"11 blocks" in t.shown and b"signal 2 (Interrupt)" in t.shown
    assert b"recording: r.rkn" in t.shown and (tmp_path / "r.rkn").exists()


def test_a_second_one_ends_the_report(many, tmp_path):
    t = Terminal("run", "-o", "r.rkn", "--", many, 3 * ENOUGH, "ready",
                 cwd=tmp_path)
    t.wait_for(b"ready")
    t.interrupt()
    t.wait_for(LINE)
    t.interrupt()
    assert t.end() == -signal.SIGINT
    assert t.shown.split(BACK)[-1] in (b"", b"^C")
    # Nothing half written: the recording is whole, or not there.
    assert not list(tmp_path.glob(".refknot*"))
    if (tmp_path / "r.rkn").exists():
        assert refknot("info", tmp_path / "r.rkn").status == 0
