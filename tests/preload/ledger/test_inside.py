# SPDX-License-Identifier: MIT
"""Holders in inside.c that are told by an address inside them."""
import pytest

from conftest import BUILD, own_function
from corners import corners

PROGRAM = BUILD / "tests/preload/ledger/ledger_inside"
corner = corners(PROGRAM)


@pytest.mark.parametrize("name", [
    "all_calls", "behind_a_header", "in_a_pool", "far_from_its_start",
    "after_the_holder_s_end", "blocks_hold"])
def test_each_call_means_the_object_around(name, tmp_path):
    report = corner(tmp_path, name).report()
    assert report["findings"] == []
    assert report["complete"] == []


def test_what_closes_a_cycle_is_told(tmp_path):
    f, = corner(tmp_path, "a_cycle_is_collected").report()["findings"]
    assert f["kind"] == "orphaned-cycle"
    r = f["references"]
    closed = r["closed_by"]
    assert own_function(closed["stack"], PROGRAM) == "tie"
    assert (closed["object"], closed["holder"], closed["field"]) == (
        "Ring#1", "Ring#2", "next")
    assert r["count"] == 0 and r["break_hint"]["frees_objects"] == 2
