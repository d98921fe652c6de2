# SPDX-License-Identifier: MIT
"""Holders in strangers.c that give away what they do not have."""
import pytest

from conftest import BUILD, own_function, refknot
from corners import corners

PROGRAM = BUILD / "tests/preload/ledger/ledger_strangers"
corner = corners(PROGRAM)


def party(p):
    return p and (p["object"], p["field"], p["how"],
                  p["stack"] and own_function(p["stack"], PROGRAM))


A_TOOK = ("A#1", "slot", "taken", "takes")
A_GIVEN = ("A#1", None, "moved-to", "is_given")


def nothing(name, field=None):
    return name, field, None, None


@pytest.mark.parametrize("name, at, call, confidence, holder, new, other", [
    ("by_one_that_never_had_it", "gives_back", "release", "medium",
     nothing("B#1", "slot"), None, A_TOOK),
    ("by_one_that_gave_it_back", "gives_back", "release", "high",
     ("A#1", None, "given-back", "gives_back"), None,
     ("B#1", None, "moved-to", "is_given")),
    ("by_one_that_moved_it_away", "gives_back", "release", "high",
     ("A#1", None, "moved-away", "is_given"), None,
     ("B#1", None, "moved-to", "is_given")),
    ("moved_by_one_that_has_none", "is_given", "move", "high",
     nothing("B#1"), nothing("C#1"), A_GIVEN),
    ("given_to_two", "is_given", "move", "high",
     None, nothing("B#1"), A_GIVEN),
    ("given_to_one_twice", "is_given", "move", "high",
     None, nothing("A#1"), A_GIVEN),
    ("unlinked_by_another", "unlinks", "unlink", "high",
     nothing("B#1", "slot"), None,
     ("A#1", "slot", "taken", "unlinked_by_another")),
    ("unlinked_twice", "unlinks", "unlink", "high",
     nothing("A#1", "slot"), None, None),
    ("beside_a_global", "gives_back", "release", "medium",
     nothing("B#1", "slot"), None, A_TOOK),
    ("beside_a_heap_array", "gives_back", "release", "medium",
     nothing("B#1", "slot"), None, A_TOOK),
    ("before_those_that_have_it", "gives_back", "release", "high",
     nothing("B#1", "slot"), None, ("C#1", "slot", "taken", "takes")),
])
def test_both_holders_are_told(name, at, call, confidence, holder, new, other,
                               tmp_path):
    report = corner(tmp_path, name).report()
    f, = report["findings"]
    assert report["complete"] == []
    assert (f["kind"], f["type"], f["count"], f["confidence"]) == (
        "wrong-holder", "X", 1, confidence)
    assert f["evidence"] == ["ledger"]
    assert own_function(f["stack"], PROGRAM) == at
    wrong = f["references"]["wrong_use"]
    assert (wrong["call"], wrong["serial"]) == (call, 1)
    assert own_function(wrong["made"], PROGRAM) == "node_new"
    assert [party(wrong[k]) for k in ("holder", "new_holder",
                                      "other_holder")] == [holder, new, other]


def test_those_of_one_place_are_one(tmp_path):
    f, = corner(tmp_path, "by_many_that_never_had_it").report()["findings"]
    assert (f["kind"], f["count"]) == ("wrong-holder", 3)


@pytest.mark.parametrize("name, lines", [
    ("by_one_that_never_had_it", [
        "B#1 gave back a reference in slot that it does not have",
        "A#1 has a reference in slot", "taken at takes at strangers.c:",
        "the maker's reference may be meant, if its holder was not named "
        "when it took it"]),
    ("by_one_that_moved_it_away", [
        "A#1 gave back a reference that it does not have",
        "it moved its own to another at is_given at strangers.c:",
        "B#1 has a reference\n", "moved to it at is_given at strangers.c:"]),
    ("by_one_that_gave_it_back", [
        "it gave its own back at gives_back at strangers.c:"]),
    ("moved_by_one_that_has_none", [
        "a reference was moved from B#1 to C#1, but B#1 has none"]),
    ("given_to_two", [
        "a reference was moved from an unnamed holder to B#1, but all "
        "that there are have holders"]),
    ("given_to_one_twice", ["A#1 has a reference already"]),
    ("unlinked_by_another", [
        "B#1 took back a link in slot that it does not have",
        "A#1 has one in slot"]),
])
def test_people_read_the_same(name, lines, tmp_path):
    recorded = corner(tmp_path, name)
    text = refknot("report", "--full", recorded.main).out.decode()
    assert text.count("WRONG HOLDER") == 1
    for line in lines:
        assert line in text


@pytest.mark.parametrize("name", [
    "moved_and_given_back_in_a_field", "moved_and_linked",
    "taken_without_a_field", "given_back_without_a_field",
    "moved_to_a_field_of_another_name", "in_two_fields",
    "linked_without_a_field", "moved_to_a_global"])
def test_fields_need_not_be_told_twice(name, tmp_path):
    report = corner(tmp_path, name).report()
    assert report["findings"] == []
    assert report["complete"] == []


def test_memory_that_may_have_been_copied_is_said(tmp_path):
    recorded = corner(tmp_path, "beside_a_global")
    text = refknot("report", "--full", recorded.main).out.decode()
    assert ("a reference of memory without an object may be meant, if that "
            "was copied") in text


@pytest.mark.parametrize("name, doubted", [
    ("a_field_has_two_names_among_others", 1),
    ("copied_from_the_stack", 1),
    ("copied_between_arrays", 1),
    ("named_where_they_give_back", 3),
    ("makers_references_are_stolen", 2),
    ("some_take_without_a_name", 1),
    ("fields_have_two_names", 1),
    ("holders_are_copied", 1),
    ("a_holder_has_a_successor", 1),
    ("linked_ones_are_given_back", 1),
    ("counted_and_not_told", 2),
    ("weak_edges_go_late", 1),
])
def test_right_programs_are_counted_alone(name, doubted, tmp_path):
    report = corner(tmp_path, name).report()
    assert report["findings"] == []
    gap, = report["complete"]
    assert gap["count"] == doubted
    assert gap["what"].endswith("by a holder that had no such reference")


def test_the_check_fails_and_can_be_told_not_to(tmp_path):
    recorded = corner(tmp_path, "given_to_two")
    assert refknot("check", recorded.main).status == 23
    for kinds in "ledger", "wrong-holder":
        assert refknot("check", "--fail-on", kinds, recorded.main).status == 23
    assert refknot("check", "--fail-on", "leak", recorded.main).status == 0
