# SPDX-License-Identifier: MIT
"""What refknot run tells of children below the program's report: a line for each of
few, one line of many.  Where a child has findings, see test_scripts.py."""
import re

import pytest

from conftest import BUILD, compiled, refknot

LEAK = BUILD / "samples/leak"
FINE = BUILD / "samples/fine"


def told(tmp_path, script, *options):
    """What stands behind the program's own report."""
    done = refknot("run", *options, "-o", tmp_path / "r.rkn", "--", "bash",
                   "-c", script + "; true")
    assert done.status == 0
    return done.told.split("\nrecording: ")[-1].splitlines()[1:]


def test_two_have_a_line_each(tmp_path):
    lines = told(tmp_path, f"{FINE}; {FINE}")
    assert [re.sub(r"\d+", "N", x.split("recording")[0]) for x in lines] == [
        "child fine, pid N: nothing lost; "] * 2


def test_many_have_one_line_where_nothing_is_lost(tmp_path):
    assert told(tmp_path, f"for i in 1 2 3 4 5 6 7; do {FINE}; done") == [
        "7 children: 7 with nothing lost; "
        "`refknot run --full` has a line for each"]


def test_what_processes_were_before_an_exec_is_counted_apart(tmp_path):
    [line] = told(tmp_path, f"{FINE}; {FINE}; {FINE}; exec {FINE}")
    assert line == (
        "4 children, and programs before their exec: 3 with nothing lost, "
        "1 not checked before their exec; "
        "`refknot run --full` has a line for each")


def test_all_that_is_told_of_many_is_summed(tmp_path):
    possible = compiled(tmp_path, "possible", """
        #include <stdlib.h>
        char *inside;
        int main(void) { inside = (char *)malloc(100) + 50; return 0; }""")
    two = told(tmp_path, f"{possible}; {FINE}")
    n, = re.findall(r"(\d+) possible leaks?\b", two[0])
    assert int(n) == 1
    lines = told(tmp_path, f"{possible}; {possible}; {possible}; "
                 f"REFKNOT_SNAPSHOT=0 {FINE}; REFKNOT_SNAPSHOT=0 {FINE}; "
                 "bash -c 'kill -TERM $$'; bash -c 'kill -TERM $$'")
    assert "7 children: " in lines[0]
    for words in (f", {3 * int(n)} possible leaks in all", ", 2 not checked",
                  ", 2 ended by a signal"):
        assert words in lines[0], lines[0]


def test_full_has_a_line_for_each(tmp_path):
    lines = told(tmp_path, f"for i in 1 2 3 4 5 6 7; do {FINE}; done", "--full")
    assert len(lines) == 7
    assert all(x.startswith("child fine, pid ") for x in lines)


def test_full_has_one_for_each_above_the_report_of_the_worst(tmp_path):
    done = refknot("run", "--full", "-o", tmp_path / "r.rkn", "bash", "-c",
                   f"{FINE}; {LEAK}; {LEAK}; true")
    sums, lines, report = done.told.split("\n\n", 2)
    assert sums.startswith("refknot: bash: 2 of 4 processes have findings, ")
    assert [x.split(",")[0] for x in lines.splitlines()] == [
        "child leak", "child leak", "bash", "child fine"]
    assert report.startswith("refknot: leak[")


def test_quiet_is_quiet(tmp_path):
    done = refknot("run", "-q", "--full", "-o", tmp_path / "r.rkn", "bash",
                   "-c", f"{LEAK}; {LEAK}; {LEAK}; true")
    assert (done.status, done.err) == (0, b"")


@pytest.mark.parametrize("script, options, said", [
    (":", [], ", 1 thread, no children; "),
    ("/bin/true; :", [], ", 1 thread, 1 child; "),
    ("/bin/true; (:); /bin/ls >/dev/null; :", [], ", 1 thread, 3 children; "),
    ("/bin/true; :", ["--no-children"], ", 1 thread; ")])
def test_what_was_checked_has_the_children(script, options, said, tmp_path):
    done = refknot("run", *options, "-o", tmp_path / "r.rkn", "sh", "-c", script)
    checked, = (line for line in done.err.decode().splitlines()
                if line.startswith("checked: "))
    assert said + "nothing left out" in checked
