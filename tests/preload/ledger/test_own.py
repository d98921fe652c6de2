# SPDX-License-Identifier: MIT
"""Objects with memory of their own: what is a cycle, what a missing release."""
import pytest

from conftest import BUILD, own_function, refknot
from corners import corners, only

PROGRAM = BUILD / "tests/preload/ledger/ledger_own"
corner = corners(PROGRAM)


def balance(f):
    """[(caller, net)] of the finding; set_ref() is one of forget() alone."""
    return [((c["within"] or c["caller"])["function"], c["net"])
            for c in f["references"]["balance"]["callers"]]


# A set has its buckets, and a row or part each.
@pytest.mark.parametrize("name, held", [("list0", 1), ("list1", 2),
                                        ("list5", 6), ("itself", 1),
                                        ("stale_slot", 2)])
def test_a_missing_release_is_no_cycle_of_its_own_memory(name, held, tmp_path):
    recorded = corner(tmp_path, name)
    f = only(recorded, "leaked-reference")
    assert (f["type"], f["objects"], f["held_objects"], f["held_cycles"]) == (
        "Set", 1, held, 0)
    assert f["references"]["count"] == 1
    assert ("forget", 1) in balance(f)
    told = refknot("report", "--full", recorded.main).out.decode()
    assert "CYCLE" not in told and "cycle" not in told
    assert "called by forget at own.c:" in told


def test_in_use_its_own_memory_holds_nothing(tmp_path):
    f = only(corner(tmp_path, "in_global"), "over-retained")
    assert (f["type"], f["references"]["count"]) == ("Set", 1)
    assert balance(f)[0] == ("forget", 1)


@pytest.mark.parametrize("name", ["in_global_right", "requests_in_use",
                                  "by_allocator", "by_argument", "with_timer",
                                  "by_counter", "shared"])
def test_what_is_in_order_is_no_finding(name, tmp_path):
    assert corner(tmp_path, name).report()["findings"] == []


def test_requests_that_hold_their_connection_make_a_cycle(tmp_path):
    f = only(corner(tmp_path, "requests_lost"), "orphaned-cycle")
    assert [m["type"] for m in f["members"]].count("Connection") == 1
    assert (f["objects"], f["references"]["count"]) == (3, 0)


@pytest.mark.parametrize("name, leaked", [("ring", 0), ("ring_and_more", 1)])
def test_a_cycle_through_tables_is_one(name, leaked, tmp_path):
    recorded = corner(tmp_path, name)
    f = only(recorded, "orphaned-cycle")
    assert {"A", "B"} <= {m["type"] for m in f["members"]}
    assert f["references"]["count"] == leaked
    if leaked:
        assert ("forget", 1) in balance(f)
        told = refknot("report", "--full", recorded.main).out.decode()
        assert "called by forget at own.c:" in told


def test_children_that_know_their_parent_do_not_hold_it(tmp_path):
    f = only(corner(tmp_path, "family3"), "leaked-reference")
    assert (f["type"], f["references"]["count"]) == ("Parent", 1)
    assert ("forget", 1) in balance(f)


def test_of_a_cycle_that_may_be_none_no_owner_is_blamed(tmp_path):
    recorded = corner(tmp_path, "family1")
    f = only(recorded, "orphaned-cycle")
    r = f["references"]
    assert f["confidence"] == "medium"
    assert r["break_hint"] is None and r["closed_by"] is None
    assert (r["undeclared"]["object"], r["undeclared"]["to"]) == (
        "Child#1", "Parent#1")
    assert ("forget", 1) in balance(f)
    told = refknot("report", "--full", recorded.main).out.decode()
    assert "break hint" not in told
    assert "of Child#1 to Parent#1, of which the program does not say" in told


def test_a_stale_pointer_of_another_closes_nothing(tmp_path):
    f = only(corner(tmp_path, "stale_of_another"), "leaked-reference")
    assert (f["type"], f["references"]["count"]) == ("Holder", 1)


# Held: the items and the set's buckets; of a pool two nodes.
@pytest.mark.parametrize("name, type_, held, leaked", [
    ("item1", "Set", 2, 1), ("items5", "Set", 6, 1),
    ("older_items", "Set", 4, 1), ("queue", "Set", 4, 1),
    ("entries", "Set", 10, 1), ("pool", "Pooled", 2, 2)])
def test_to_be_in_a_list_is_no_reference_on_its_head(name, type_, held, leaked,
                                                     tmp_path):
    f = only(corner(tmp_path, name), "leaked-reference")
    assert (f["type"], f["objects"], f["held_objects"]) == (type_, 1, held)
    if name != "pool":  # its count is of the first in it
        assert f["references"]["count"] == leaked
        assert ("forget", 1) in balance(f)


def test_what_holds_the_head_beside_its_links_makes_a_cycle(tmp_path):
    f = only(corner(tmp_path, "counted_items"), "orphaned-cycle")
    assert [m["type"] for m in f["members"]].count("Set") == 1
    assert (f["objects"], f["references"]["count"]) == (4, 0)


def test_the_maker_is_not_the_headline(tmp_path):
    f = only(corner(tmp_path, "list1"), "leaked-reference")
    rows = f["references"]["balance"]
    assert [c["maker"] for c in rows["callers"]] == [False, True, False]
    assert own_function(rows["callers"][0]["stack"], PROGRAM) == "set_ref"
