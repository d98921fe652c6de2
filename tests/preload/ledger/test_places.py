# SPDX-License-Identifier: MIT
"""What places.c tells of objects where they are not expected."""
import pytest

from conftest import (BUILD, SHIM, environment, own_function, read_json,
                      record, run)
from corners import corners

PROGRAM = BUILD / "tests/preload/ledger/ledger_places"
corner = corners(PROGRAM, b"yes")


def place(directory, *argv):
    return corner(directory, *argv).report()


def gaps(report):
    return {g["what"]: g["count"] for g in report["complete"]}


def test_an_object_behind_a_shrunk_blocks_end_has_ended(tmp_path):
    report = place(tmp_path, "shrinks")
    assert {t["type"]: (t["live"], t["freed"]) for t in report["types"]
            if t["type"] in ("Outer", "Part")} == {
        "Outer": (16, 0), "Part": (0, 16)}
    assert gaps(report) == {}


def test_a_counter_that_was_cut_off_is_told_and_not_read(tmp_path):
    report = place(tmp_path, "loses_counter")
    assert gaps(report) == {"objects whose end was not seen": 1}


def test_objects_in_the_middle_of_blocks_move_and_end_with_them(tmp_path):
    report = place(tmp_path, "large_blocks")
    assert report["findings"] == [] and gaps(report) == {}


def test_a_sealed_counter_is_read_at_the_end_alone(tmp_path):
    recorded = record(tmp_path, PROGRAM, "sealed")
    assert recorded.outcome.status == 0, recorded.outcome.told
    assert b"NO" not in recorded.outcome.out, recorded.outcome.out
    assert gaps(recorded.report()) == {}
    shown = read_json("show", "Secret#1", recorded.main)["object"]
    assert (shown["refcount"], shown["refcount_told"]) == (3, 1)


def test_a_counter_that_was_read_may_be_sealed_by_any_call(tmp_path):
    recorded = record(tmp_path, PROGRAM, "sealed_later")
    assert recorded.outcome.status == 0, recorded.outcome.told
    assert b"NO" not in recorded.outcome.out, recorded.outcome.out
    if b"not here" in recorded.outcome.out:
        print(recorded.outcome.out.decode())


def test_the_kernel_is_asked_once_a_page_until_one_is_sealed(tmp_path):
    recorded = record(tmp_path, PROGRAM, "asked_once")
    assert recorded.outcome.status == 0, recorded.outcome.told
    assert b"NO" not in recorded.outcome.out, recorded.outcome.out


@pytest.mark.parametrize("name", ["sealing", "freed_meanwhile"])
def test_counters_may_vanish_while_others_look(name, tmp_path):
    assert place(tmp_path, name)["findings"] == []


def test_objects_of_other_threads_are_looked_at(tmp_path):
    place(tmp_path, "of_others")


def test_a_table_that_cannot_grow_is_walked_as_far_as_it_goes(tmp_path):
    full = gaps(place(tmp_path, "no_room"))
    assert full["objects, references or events that found no room"] > 100000


def test_assertions_on_what_a_child_inherits_are_not_served(tmp_path):
    recorded = record(tmp_path, PROGRAM, "inherited")
    assert recorded.outcome.status == 0, recorded.outcome.told
    assert b"NO" not in recorded.outcome.out, recorded.outcome.out
    child, = recorded.children
    assert gaps(read_json("report", child))[
        "refknot_ calls that were not served"] == 2


def test_assertions_on_a_childs_own_objects_are_served(tmp_path):
    recorded = record(tmp_path, PROGRAM, "asserts_in_child")
    assert b"NO" not in recorded.outcome.out, recorded.outcome.out
    assert "2 references are left" in recorded.outcome.told


def test_a_childs_first_call_may_set_what_it_wants(tmp_path):
    place(tmp_path, "child_sets")


def grown(directory, name):
    """Bytes that the store has for the objects of a run."""
    done = run(PROGRAM, name, env=environment(
        LD_PRELOAD=SHIM, REFKNOT_OUT=directory, REFKNOT_SNAPSHOT="0"))
    assert done.status == 0 and b"NO" not in done.out, done.told
    store, = directory.glob("*.rkn")
    return store.stat().st_blocks * 512


@pytest.mark.parametrize("name", ["handed_over", "held_longer"])
def test_records_of_ended_objects_are_used_again(name, tmp_path):
    # one each would be 17 MB, and 4.4 MB
    assert grown(tmp_path, name) < 3 << 20


def test_no_thread_that_moves_an_object_waits_for_a_stopped_one(tmp_path):
    for i in range(4):
        directory = tmp_path / str(i)
        directory.mkdir()
        report = place(directory, "ends_in_realloc")
        types = {t["type"]: t["live"] for t in report["types"]}
        assert (types["Moved"], types["X"]) == (1, 20000)
        assert not any("did not stop" in what for what in gaps(report))


def outstanding(directory, name):
    """{(how, function)} of the references on Item that are left."""
    recorded = record(directory, PROGRAM, name)
    assert b"NO" not in recorded.outcome.out, recorded.outcome.out
    assert gaps(recorded.report()) == {}
    rows = read_json("refs", recorded.main)["outstanding"]
    return {(p["how"], own_function(p["stack"], PROGRAM), p["count"])
            for r in rows if r["type"] == "Item" for p in r["places"]}


def test_many_holders_do_not_hide_what_nobody_is_named_for(tmp_path):
    assert outstanding(tmp_path, "many_holders") == {
        ("made", "many_holders", 1)}


def test_a_holder_may_be_named_after_it_took_a_reference(tmp_path):
    assert outstanding(tmp_path, "named_late") == {("made", "named_late", 1)}


def test_a_block_in_an_ended_objects_place_is_not_that_object(tmp_path):
    report = place(tmp_path, "replaced")
    assert gaps(report) == {}
    assert [f["kind"] for f in report["findings"]] == []


def test_an_ended_holder_gives_back_what_it_holds(tmp_path):
    report = place(tmp_path, "gives_back_late")
    assert gaps(report) == {}


def test_objects_may_lie_anywhere_in_a_block_of_any_size(tmp_path):
    report = place(tmp_path, "pools")
    assert report["findings"] == [] and gaps(report) == {}


def test_a_mark_that_is_made_again_leaves_little_behind(tmp_path):
    # 24 bytes for every type that there ever was at a mark would be 27 MB
    assert grown(tmp_path, "grows_under_mark") < 4 << 20
