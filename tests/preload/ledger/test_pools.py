# SPDX-License-Identifier: MIT
"""Objects in pools.c, each where an older block began that was freed."""
import pytest

from conftest import BUILD
from corners import corners

PROGRAM = BUILD / "tests/preload/ledger/ledger_pools"
corner = corners(PROGRAM)


@pytest.mark.parametrize("name", [
    "over_freed_mappings", "over_freed_objects", "over_those_of_a_thread",
    "over_chunks", "a_pool_grows", "a_pool_moves"])
def test_what_was_freed_there_hides_no_object(name, tmp_path):
    report = corner(tmp_path, name).report()
    assert report["findings"] == []
    assert report["complete"] == []


def test_a_cycle_of_such_is_found(tmp_path):
    f, = corner(tmp_path, "a_cycle").report()["findings"]
    assert (f["kind"], f["objects"]) == ("orphaned-cycle", 2)
