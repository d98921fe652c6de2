# SPDX-License-Identifier: MIT
"""What refknot run tells of children: a line for each of few, two lines of many."""
import re

from conftest import BUILD, refknot

LEAK = BUILD / "samples/leak"
FINE = BUILD / "samples/fine"


def told(tmp_path, script, *options):
    """What stands behind the program's own report."""
    done = refknot("run", *options, "-o", tmp_path / "r.rkn", "--", "bash",
                   "-c", script + "; true")
    assert done.status == 0
    return done.told.split("\nrecording: ")[-1].splitlines()[1:]


def test_two_have_a_line_each(tmp_path):
    lines = told(tmp_path, f"{FINE}; {LEAK}")
    assert [re.sub(r"\d+", "N", x.split("recording")[0]) for x in lines] == [
        "child fine, pid N: nothing lost; ",
        "child leak, pid N: N findings, N B lost; "]


def test_many_have_one_line_where_nothing_is_lost(tmp_path):
    assert told(tmp_path, f"for i in 1 2 3 4 5 6 7; do {FINE}; done") == [
        "7 children: 7 with nothing lost; "
        "`refknot run --full` has a line for each"]


def test_many_have_two_where_something_is_lost(tmp_path):
    lines = told(tmp_path, f"{LEAK}; {FINE}; {FINE}; {LEAK}; exec {FINE}")
    assert len(lines) == 2
    assert lines[0] == (
        "5 children, and programs before their exec: 2 with nothing lost, "
        "2 with 4 findings (1.0 KiB lost), "
        "1 not checked before their exec; "
        "`refknot run --full` has a line for each")
    assert re.match(r"most in child leak, pid \d+: 2 findings, ", lines[1])
    [path] = re.findall("recording: (.*)", lines[1])
    assert "2 leaks" in refknot("report", path).out.decode()


def test_all_that_is_told_of_many_is_summed(tmp_path):
    possible = BUILD / "tests/whole/truth/truth_possible_cases"
    two = told(tmp_path, f"{possible}; {FINE}")
    n, = re.findall(r"(\d+) possible leaks?\b", two[0])
    assert int(n) > 0
    lines = told(tmp_path, f"{possible}; {possible}; {possible}; "
                 f"REFKNOT_SNAPSHOT=0 {FINE}; REFKNOT_SNAPSHOT=0 {FINE}; "
                 "bash -c 'kill -TERM $$'; bash -c 'kill -TERM $$'")
    assert "7 children: " in lines[0]
    for words in (f", {3 * int(n)} possible leaks in all", ", 2 not checked",
                  ", 2 ended by a signal"):
        assert words in lines[0], lines[0]


def test_the_worst_is_the_one_that_lost_most(tmp_path):
    lines = told(tmp_path, f"{BUILD}/samples/orphaned_cycle >/dev/null; "
                 f"{LEAK}; {LEAK}")
    assert lines[1].startswith("most in child orphaned_cycle, pid ")


def test_full_has_a_line_for_each(tmp_path):
    lines = told(tmp_path, f"for i in 1 2 3 4 5 6 7; do {LEAK}; done", "--full")
    assert len(lines) == 7
    assert all(x.startswith("child leak, pid ") for x in lines)


def test_quiet_is_quiet(tmp_path):
    done = refknot("run", "-q", "--full", "-o", tmp_path / "r.rkn", "bash",
                   "-c", f"{LEAK}; {LEAK}; {LEAK}; true")
    assert (done.status, done.err) == (0, b"")
