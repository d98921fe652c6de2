# SPDX-License-Identifier: MIT
"""A gate for suites that fail, or that end before their time."""
import json
import re

import pytest

from gate import check, leaky, summary  # noqa: F401

FAILED = "the program exited with 3, which is allowed"


@pytest.fixture
def base(tmp_path):
    return tmp_path / "base.txt"


def test_a_suite_with_a_known_failure_can_adopt_the_gate(leaky, base):
    gate = ["--baseline", base]
    done = check(*gate, "--update-baseline", "--", leaky, "1", "3")
    assert done.status == 3 and not base.exists()
    assert ("was left as it is: the program failed (--allow-failure does it "
            "all the same)") in done.told
    done = check(*gate, "--update-baseline", "--allow-failure", "--", leaky,
                 "1", "3")
    assert done.status == 0, done.told
    assert summary(done) == (f"refknot: OK no new findings; {FAILED}; "
                             "baseline 1, suppressed 0; exit 0")
    lines = base.read_text().splitlines()
    assert lines[1] == "# written beside a program that exited with 3"
    assert len(lines) == 3 and " leak " in lines[2]
    # From then on with the option by findings, without it by the program.
    done = check(*gate, "--allow-failure", "--", leaky, "1", "3")
    assert done.status == 0 and FAILED in summary(done)
    done = check(*gate, "--allow-failure", "--", leaky, "12", "3")
    assert done.status == 23 and "FAIL 1 new leak (20 B); the program " in (
        summary(done))
    done = check(*gate, "--", leaky, "1", "3")
    assert done.status == 3 and "PROGRAM FAILED" in summary(done)
    # The comment goes with the failure.
    done = check(*gate, "--update-baseline", "--allow-failure", "--", leaky,
                 "1")
    assert done.status == 0 and "allowed" not in summary(done)
    assert "written beside" not in base.read_text()


def test_a_crash_is_not_allowed(leaky, base):
    for option in ([], ["--allow-failure"]):
        done = check("--baseline", base, "--update-baseline", *option, "--",
                     leaky, "1k")
        assert done.status == 128 + 6 and not base.exists(), done.told
    assert "which --allow-failure is not for" in done.told
    done = check("--allow-failure", "--", "/nonexistent/program")
    assert done.status == 125


def test_a_test_that_crashed_behind_another_program_is_named(leaky, base):
    """Its status may be lost there, as behind make."""
    done = check("--", "sh", "-c", f"{leaky} 1k; exit 3")
    assert re.search(r"^note: \S+\[\d+\] was ended by SIGABRT: what it had "
                     r"not run was not checked$", done.told, re.M), done.told
    done = check("--", "sh", "-c", f"{leaky} 1; exit 3")
    assert "was ended by" not in done.told
    assert "the program exited with 3, too;" in summary(done)
    done = check("--", leaky, "1")
    assert done.status == 23 and "too;" not in summary(done)


def test_the_option_is_for_a_program(leaky, tmp_path):
    kept = tmp_path / "a.rkn"
    check("-o", kept, "--", leaky)
    done = check("--allow-failure", kept)
    assert done.status == 2 and "behind --" in done.told


@pytest.mark.parametrize("argv, why", [
    (["k"], "the program was ended by signal 6"),
    (["", "3"], "the program exited with 3")], ids=["a crash", "a failure"])
def test_what_was_not_found_was_not_reached(leaky, base, tmp_path, argv, why):
    check("--baseline", base, "--update-baseline", "--", leaky, "1")
    report = tmp_path / "report.json"
    done = check("--baseline", base, "--output", f"json={report}", "--",
                 leaky, *argv)
    assert re.search(rf"^not reached: {base}:2: [0-9a-f]{{16}} leak take "
                     rf"leaky.c \(called by one < main\) was not found; {why}$", done.told, re.M), (
                         done.told)
    assert "fixed?" not in done.told and "not reached 1" in summary(done)
    verdict = json.loads(report.read_text())["verdict"]
    assert verdict["cut_short"] == why and len(verdict["stale"]) == 1
    done = check("--baseline", base, "--", leaky)
    assert "fixed?" in done.told and "; stale 1;" in summary(done)


def test_an_update_leaves_what_was_not_reached(leaky, base, tmp_path):
    update = ["--baseline", base, "--update-baseline"]
    check(*update, "--", leaky, "1")
    first = base.read_text().splitlines()[1]
    done = check(*update, "--allow-failure", "--", leaky, "2", "3")
    assert done.status == 0, done.told
    assert ("baseline: 1 added, 0 removed, 1 kept (1 of them not found), as "
            "the program exited with 3") in done.told
    assert first in base.read_text()
    # Of recordings, too.
    kept = tmp_path / "kept.rkn"
    check("-o", kept, "--", leaky, "k")
    done = check(*update, kept)
    assert "0 removed, 2 kept (2 of them not found), as leaky[" in done.told
    assert "was ended by signal 6" in done.told
    assert first in base.read_text()
    done = check(*update, "--", leaky)
    assert "2 removed" in done.told
