# SPDX-License-Identifier: MIT
"""Objects in counters.c that count themselves, and moves."""
import pytest

from conftest import BUILD, own_function, read_json
from corners import corners

PROGRAM = BUILD / "tests/preload/ledger/ledger_counters"
corner = corners(PROGRAM)


@pytest.mark.parametrize("name", [
    "small_counters_have_no_sign",
    "all_bits_are_immortal",
    "a_counter_may_begin_at_zero",
    "memory_is_poisoned_before_it_is_freed",
])
def test_nothing_is_found(name, tmp_path):
    assert corner(tmp_path, name).report()["findings"] == []


def test_an_object_that_begins_at_zero_has_no_makers_reference(tmp_path):
    recorded = corner(tmp_path, "a_counter_may_begin_at_zero")
    row, = read_json("refs", recorded.main)["outstanding"]
    assert [(p["count"], p["how"]) for p in row["places"]] == [(1, "taken")]


def test_a_counter_tells_what_was_freed_while_held(tmp_path):
    f, = corner(tmp_path,
                "freed_while_its_counter_says_two").report()["findings"]
    assert f["kind"] == "freed-while-held"


def test_a_move_means_the_makers_reference(tmp_path):
    recorded = corner(tmp_path, "what_is_made_is_handed_over")
    message, = (r for r in read_json("refs", recorded.main)["outstanding"]
                if r["type"] == "Message")
    assert sorted((own_function(p["stack"], PROGRAM), p["holder_type"])
                  for p in message["places"]) == [("node_new", "Cache"),
                                                  ("take", None)]
