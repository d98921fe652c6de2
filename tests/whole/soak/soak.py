#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Try every fault and corner many times, and tell how often it did harm.

soak.py [ROUNDS] [PYTEST ARGUMENTS]: run the suites of hooks, faults, replay,
hunt and soak ROUNDS times (3 without it), and print a table: what was tried, how
often, how often the program was harmed (it looked otherwise than without
refknot), how often something was lost or told wrong. Exit status 1: any was.
"""
import collections
import pathlib
import re
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
FOLDERS = ["preload/hooks", "preload/kernel", "preload/state", "preload/life",
           "whole/replay", "whole/hunt", "whole/soak"]


class Tally:
    """Counts by what a test is called; a test may stand for many tries."""

    def __init__(self):
        self.rows = collections.defaultdict(lambda: [0, 0, 0])
        self.skipped = {}

    def pytest_runtest_logreport(self, report):
        path, name = re.match(r"(.*)::(\w+)", report.nodeid).groups()
        key = (pathlib.Path(path).parent.name,
               name.removeprefix("test_").replace("_", " "))
        if report.skipped:
            self.skipped[key] = str(report.longrepr[2]).removeprefix(
                "Skipped: ")
        elif report.failed or report.when == "call":
            tries = dict(report.user_properties).get("tries", 1)
            row = self.rows[key]
            row[0] += tries
            if report.failed:
                print(report.longreprtext, file=sys.stderr)
                row[1 if "in same\n" in report.longreprtext else 2] += 1

    def table(self):
        width = max(len(name) for _, name in self.rows)
        print(f"{'fault or corner':{width + 8}} {'tried':>9} {'harmed':>7} "
              f"{'lost':>5}")
        for (suite, name), row in self.rows.items():
            print(f"{suite:7} {name:{width}} {row[0]:>9} {row[1]:>7} "
                  f"{row[2]:>5}")
        tried, harmed, lost = (sum(r[i] for r in self.rows.values())
                               for i in range(3))
        print(f"{'all together':{width + 8}} {tried:>9} {harmed:>7} "
              f"{lost:>5}")
        for (suite, name), why in self.skipped.items():
            print(f"not tried: {suite}: {name}: {why}")
        return harmed + lost


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    tally = Tally()
    tests = HERE.parents[1]
    for _ in range(rounds):
        code = pytest.main(["-q", "-p", "no:cacheprovider", "--tb=long",
                            *sys.argv[2:], *(str(tests / f) for f in FOLDERS)],
                           plugins=[tally])
        if code not in (0, 1):
            return int(code)
    return 1 if tally.table() else 0


if __name__ == "__main__":
    sys.exit(main())
