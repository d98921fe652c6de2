# SPDX-License-Identifier: MIT
"""Objects in parts.c that are parts of blocks, and what is found of them."""
from conftest import BUILD, read_json, record, refknot
from corners import corners, only

PROGRAM = BUILD / "tests/preload/ledger/ledger_parts"
corner = corners(PROGRAM)


def counts(f):
    return f["count"], f["objects"], f["bytes"]


def test_a_tree_behind_headers_is_held_by_its_root(tmp_path):
    f = only(corner(tmp_path, "a_lost_tree_behind_headers"), "leaked-reference")
    assert f["type"] == "Root"
    assert counts(f) == (5, 5, 360)
    assert (f["held_objects"], f["references"]["count"]) == (10, 5)


def test_a_count_behind_a_header_is_compared_with_pointers(tmp_path):
    f = only(corner(tmp_path, "one_of_many_behind_headers_is_over_retained"),
             "over-retained")
    assert counts(f) == (1, 1, 72)
    assert f["members"][0]["name"] == "Cached#3"
    assert f["references"]["count"] == 3


def test_blocks_that_are_objects_behind_headers_have_their_type(tmp_path):
    recorded = record(tmp_path, PROGRAM,
                      "one_of_many_behind_headers_is_over_retained")
    types = read_json("objects", recorded.main)["types"]
    assert [(t["type"], t["live"], t["bytes"]) for t in types
            if t["live"]] == [("Cached", 6, 432)]


def test_a_cycle_in_a_pool_is_of_its_members_alone(tmp_path):
    f = only(corner(tmp_path, "cycles_in_a_pool"), "orphaned-cycle")
    assert counts(f) == (2, 4, 128 + 3 * 64)
    assert [m["name"] for m in f["members"]] == ["Pooled#1", "Pooled#2"]
    first, second = ([(e["to"], e["offset"], e["to_offset"])
                      for e in m["edges"]] for m in f["members"])
    assert first == [("Pooled#2", 0, 0)] and second == [("Pooled#1", 0, 0)]
    r = f["references"]
    assert r["closed_by"]["object"] == "Pooled#1"
    assert r["break_hint"]["frees_objects"] == 2


def test_the_bytes_of_a_pool_are_counted_once(tmp_path):
    f = only(corner(tmp_path, "zeroes_in_a_pool"), "zero-not-freed")
    assert counts(f) == (8, 8, 4096)
    assert f["type"] == "Pooled"


def test_several_references_on_one_object_are_of_one_object(tmp_path):
    f = only(corner(tmp_path, "an_ended_holder_of_one_object"), "leaked-reference")
    assert counts(f) == (1, 1, 56)
    assert f["references"]["count"] == 5


def live(recording, *options):
    types = read_json("objects", recording, *options)["types"]
    return {t["type"]: (t["live"], t["bytes"]) for t in types if t["live"]}


def test_a_mark_counts_parts_as_the_end_does(tmp_path):
    recorded = record(tmp_path, PROGRAM, "a_mark_of_parts")
    expected = {"Pooled": (16, 4096), "Behind": (8, 8 * 72),
                "struct node": (1, 100)}
    assert live(recorded.main) == expected
    assert live(recorded.main, "--at", "made") == expected
    assert b"nothing differs" in refknot("diff", f"{recorded.main}@made",
                                         recorded.main).out
