# SPDX-License-Identifier: MIT
"""A small part of same.py: a build behaves as itself; a changed word in one
answer is seen, and so is an answer that is missing."""
import pathlib

import pytest

from conftest import BUILD, run

SAME = pathlib.Path(__file__).with_name("same.py")


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    home = tmp_path_factory.mktemp("same")
    done = run("/usr/bin/python3", SAME, "all", "-b", BUILD, "-n", BUILD,
               "--only", "leak", home)
    assert done.status == 0, done.out.decode() + done.told
    assert b"\n0 of " in done.out and b"not compared: 0 " in done.out
    return home


def compared(home):
    done = run("/usr/bin/python3", SAME, "compare", home / "old.out",
               home / "old.new.out")
    return done.status, done.out.decode()


def test_a_build_behaves_as_itself(answers):
    assert compared(answers)[0] == 0
    assert len(list((answers / "old.out/leak").iterdir())) > 80


@pytest.mark.parametrize("question", ["info", "check.sarif", "tap.out"])
def test_a_changed_word_is_seen(question, answers):
    file = answers / "old.new.out/leak" / question
    was = file.read_bytes()
    file.write_bytes(was.replace(b"leak", b"lack", 1))
    status, told = compared(answers)
    file.write_bytes(was)
    assert status == 1 and f"leak/{question}\n" in told


def test_a_missing_answer_is_seen(answers):
    file = answers / "old.new.out/leak/report"
    file.rename(answers / "elsewhere")
    status, told = compared(answers)
    (answers / "elsewhere").rename(file)
    assert status == 1 and "leak/report: only one has it" in told
