# SPDX-License-Identifier: MIT
"""Run pytest and tell the results as TAP on stdout, which meson reads: behind each
failed test what it expected and what it got.

All else that pytest and the tests print goes to stderr.
"""
import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile

import pytest


LIMIT = 400  # seconds a test: beyond what tests/conftest.py lets a run have


class Stuck(Exception):
    """A test did not end."""


def stuck(*_):
    """Name the test that hangs, and what it waits for, rather than let meson
    end the whole suite without a word."""
    subprocess.run(["ps", "-N", "--ppid", "2", "-o", "pid,ppid,stat,etime,wchan:20,args",
                    "--forest"], check=False)
    raise Stuck(f"no end within {LIMIT} s")


class Tap:
    def __init__(self, fd):
        self.out = os.fdopen(fd, "w", buffering=1)
        self.count = 0

    def line(self, ok, name, skip=None, why=""):
        self.count += 1
        verdict = "ok" if ok else "not ok"
        name = "".join(c if c.isprintable() and c != "#" else "?" for c in name)
        reason = " # SKIP " + " ".join(skip.split()) if skip else ""
        print(f"{verdict} {self.count} {name}{reason}", file=self.out)
        for said in why.splitlines():
            if said.startswith(("E  ", "> ")):
                print("# " + said[:300].encode("unicode_escape").decode(),
                      file=self.out)

    def pytest_runtest_logreport(self, report):
        # One line a test: its call, or whatever went wrong around it.
        if report.skipped:
            reason = report.longrepr
            if isinstance(reason, tuple):
                reason = reason[2].removeprefix("Skipped: ")
            self.line(True, report.nodeid, str(reason) or "no reason given")
        elif report.failed or report.when == "call":
            self.line(report.passed, report.nodeid,
                      why="" if report.passed else report.longreprtext)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self):
        # Again and again: what is left on the way out may hang as well.
        signal.setitimer(signal.ITIMER_REAL, LIMIT, 5)
        yield
        signal.setitimer(signal.ITIMER_REAL, 0)

    def pytest_collectreport(self, report):
        if report.failed:
            self.line(False, "collecting " + report.nodeid)

    def finish(self):
        print(f"1..{self.count}", file=self.out)
        self.out.close()


def run(tap):
    """In a directory of its own: pytest takes back the permissions of one
    that suites share while another is at work in it."""
    place = tempfile.mkdtemp(prefix="refknot-tests-")
    os.chmod(place, 0o755)  # some tests are another user
    # Registered before pytest's own cleaning, and so run after it.
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    os.environ["PYTEST_DEBUG_TEMPROOT"] = place
    return pytest.main(sys.argv[1:], plugins=[tap])


def main():
    tap = Tap(os.dup(1))
    os.dup2(2, 1)
    signal.signal(signal.SIGALRM, stuck)
    code = run(tap)
    if code == pytest.ExitCode.NO_TESTS_COLLECTED:
        tap.line(False, "no tests were found")
    tap.finish()
    # Failed tests are told by the lines; meson wants 0 beside them.
    return 0 if tap.count and code in (0, 1, 5) else int(code) or 1


if __name__ == "__main__":
    sys.exit(main())
