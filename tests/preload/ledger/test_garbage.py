# SPDX-License-Identifier: MIT
"""Collections: what garbage.c does with them, and what is said of it."""
import re

import pytest

from conftest import BUILD
from corners import corners

PROGRAM = BUILD / "tests/preload/ledger/ledger_garbage"
corner = corners(PROGRAM, b"yes")


@pytest.mark.parametrize("name", [
    "much", "garbage_that_ends", "collect_within", "collect_at_once",
    "take_back", "take_back_later", "waits", "callbacks",
    "callbacks_of_threads", "fork_within", "told", "generations"])
def test_collections_do_as_they_say(name, tmp_path):
    report = corner(tmp_path, name).report()
    assert report["findings"] == []
    assert report["complete"] == []


def test_a_collection_without_memory_is_said(tmp_path):
    report = corner(tmp_path, "no_memory").report()
    assert report["findings"] == []
    assert [(g["what"], g["count"]) for g in report["complete"]] == [
        ("collections of garbage without memory", 1)]


def test_checks_and_objects_have_lines(tmp_path):
    told = corner(tmp_path, "told").outcome.told
    said = re.findall(r"gc: (\w+ \w+#\d+|generation.*)", told)
    assert said == [
        "collectable Ring#1", "collectable Ring#2", "uncollectable Bare#1",
        "generation 0: looked at 3 objects, unreachable 3, of them "
        "uncollectable 1"]
