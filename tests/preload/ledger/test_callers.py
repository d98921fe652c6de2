# SPDX-License-Identifier: MIT
"""Whose reference is left, where another function gives back than takes."""
import json
import re

import pytest

from conftest import BUILD, own_function, refknot
from corners import corners

PROGRAM = BUILD / "tests/preload/ledger/ledger_callers"
corner = corners(PROGRAM)


def only(directory, name):
    recorded = corner(directory, name)
    f, = recorded.report()["findings"]
    assert (f["kind"], f["type"]) == ("leaked-reference", "Thing")
    return recorded, f


def balance(f):
    return f["references"]["balance"]


def rows(f):
    """[(caller, whom it may help, net, certain)]"""
    return [(c["caller"]["function"], (c["within"] or {}).get("function"),
             c["net"], c["certain"]) for c in balance(f)["callers"]]


def headline(recorded):
    told = refknot("report", "--full", recorded.main).out.decode()
    return re.search("balance by caller: (.*):", told)[1]


def told(recorded):
    return refknot("report", "--full", recorded.main).out.decode()


LOADS = ("thing_new", "load", 1, 0)
UNLOADS = ("unload", None, -1, 0)


@pytest.mark.parametrize("name", ["one_forgets", "in_one_phase"])
def test_who_forgot_comes_before_the_maker(name, tmp_path):
    recorded, f = only(tmp_path, name)
    assert rows(f) == [("reader2", None, 1, 0), LOADS, UNLOADS]
    assert (balance(f)["left"], balance(f)["certain"]) == (1, 0)
    assert headline(recorded) == (
        "reader2 +1, thing_new in load +1, unload -1; "
        "not certain whose is left")
    # no other line names who is to blame
    told = refknot("report", "--full", recorded.main).out.decode()
    assert "1/1" not in told
    first = told.split("balance by caller")[1].splitlines()[1]
    assert first.startswith("      +1  taken thing_ref at ")
    assert "called by reader2 at callers.c:" in first
    assert own_function(balance(f)["callers"][0]["stack"],
                        PROGRAM) == "thing_ref"


def test_what_nobody_can_have_given_back_is_certain(tmp_path):
    recorded, f = only(tmp_path, "forgets_often")
    assert rows(f) == [("reader2", None, 3, 2), LOADS, UNLOADS]
    assert (balance(f)["left"], balance(f)["certain"]) == (3, 2)
    assert headline(recorded).endswith(
        "of 3 references that are left, 2 can be proved")


def test_one_caller_of_all_is_certain(tmp_path):
    recorded, f = only(tmp_path, "owner_forgets")
    assert rows(f) == [("thing_new", "load", 1, 1)]
    assert headline(recorded) == "thing_new in load +1; this is certain"


def test_who_forgets_for_two_is_no_helper(tmp_path):
    _, f = only(tmp_path, "forgets_for_two")
    assert rows(f) == [("reader2", None, 2, 1), LOADS, UNLOADS]


def test_functions_need_no_helpers(tmp_path):
    _, f = only(tmp_path, "direct")
    assert rows(f) == [("take_directly", None, 1, 0), LOADS,
                       ("give_directly", None, -1, 0)]


def test_calls_that_name_their_holder_find_each_other(tmp_path):
    _, f = only(tmp_path, "named")
    assert [(r[0], r[2]) for r in rows(f)] == [
        ("thing_ref", 1), ("thing_new", 1), ("thing_put", -1)]


def test_all_instances_are_summed_up(tmp_path):
    _, f = only(tmp_path, "many")
    assert f["count"] == 50
    assert rows(f) == [("reader2", None, 50, 0),
                       ("thing_new", "load", 50, 0),
                       ("unload", None, -50, 0)]


def test_of_calls_that_were_not_kept_nothing_is_certain(tmp_path):
    recorded, f = only(tmp_path, "old_calls")
    assert balance(f)["calls_lost"] and balance(f)["certain"] == 0
    assert headline(recorded).endswith("not all calls are known")


def test_a_counter_that_knows_of_more_calls_is_believed(tmp_path):
    recorded, f = only(tmp_path, "untold")
    assert balance(f)["calls_lost"] and balance(f)["certain"] == 0


def test_who_asks_a_function_alone_may_be_even(tmp_path):
    recorded, f = only(tmp_path, "one_asks_only")
    assert [r[:3] for r in rows(f)] == [("reader2", None, 1),
                                        ("thing_new", "load", 1)]
    # that it is rests on a guess
    assert (balance(f)["left"], balance(f)["certain"]) == (2, 0)
    assert headline(recorded).endswith("not certain whose are left")


def test_nobody_is_blamed_by_a_guess_alone(tmp_path):
    _, f = only(tmp_path, "one_asks_and_none_forgets")
    assert sorted((r[0], r[2]) for r in rows(f)) == [
        ("give_directly", -1), ("reader1", 1), ("reader4", 1),
        ("thing_new", 1), ("thing_put", -1)]


def test_who_is_not_even_has_no_helper_by_a_guess(tmp_path):
    _, f = only(tmp_path, "one_asks_and_forgets")
    assert [(r[0], r[2]) for r in rows(f)] == [
        ("uneven", 2), ("thing_new", 1), ("give_directly", -1),
        ("unload", -1)]


def test_other_objects_tell_who_helps_whom(tmp_path):
    _, f = only(tmp_path, "others_tell")
    assert rows(f) == [("reader2", None, 1, 0), ("load", None, 1, 0), UNLOADS]


def test_who_makes_one_caller_even_helps_all(tmp_path):
    _, f = only(tmp_path, "looked_up")
    assert rows(f) == [("looks_up_and_forgets", None, 1, 0), LOADS, UNLOADS]


# --- References with holders -------------------------------------------------


def test_what_a_named_holder_has_left_is_what_is_left(tmp_path):
    recorded, f = only(tmp_path, "left_to_ended")
    row, = balance(f)["callers"]
    assert rows(f) == [("opens_itself", None, 1, 1)]
    assert (row["named"], row["holder"], row["holder_ended"]) == (
        True, "Thing#1", True)
    assert balance(f)["all_named"]
    assert (balance(f)["left"], balance(f)["certain"]) == (1, 1)
    assert headline(recorded) == (
        "opens_itself +1 by Thing#1, which has ended; this is certain")
    card = told(recorded)
    assert ("    not given back: 1 reference, by Thing#1, which has ended, in "
            "slot; taken opens_itself at callers.c:") in card
    # the object is lost as well: who freed the holder is told all the same
    assert "    held by Thing#1, which ended without giving back 1 refe" in card
    assert (f["ended_holders"]["count"],
            f["ended_holders"]["references"]) == (1, 1)
    ended = f["ended_holders"]["first"][0]["ended"]
    assert [x["function"] for x in ended if x["function"] != "free"][:2] == [
        "thing_put", "thing_unref"]


def test_nothing_is_certain_against_what_is_left(tmp_path):
    recorded, f = only(tmp_path, "left_to_one_of_two")
    assert not balance(f)["all_named"]
    assert (balance(f)["left"], balance(f)["certain"]) == (1, 0)
    assert rows(f)[0] == ("opens_twice", None, 1, 0)
    assert balance(f)["callers"][0]["named"]
    assert headline(recorded).endswith("; not certain whose is left")
    # of these nobody is told to have forgotten it
    assert f["ended_holders"]["count"] == 0


def test_a_check_names_a_recording_that_is_there(tmp_path):
    program = [PROGRAM, "left_to_ended"]
    hint = "more         refknot run keeps a recording; then refknot balance REC "
    gone = refknot("check", "--", *program, cwd=tmp_path)
    assert hint + "'Thing#2'" in gone.told
    assert "/dev/shm" not in gone.told and ".rkn'" not in gone.told
    kept = tmp_path / "kept.rkn"
    done = refknot("check", "-o", kept, "--", *program, cwd=tmp_path)
    assert f"more         refknot balance '{kept}' 'Thing#2'" in done.told
    assert kept.exists() and hint not in done.told
    shown = refknot("balance", kept, "Thing#2").out.decode()
    assert shown.startswith("Thing#2  count 1: made, 1 retained, 1 released")


def test_the_calls_of_what_ended_are_not_told(tmp_path):
    recorded, _ = only(tmp_path, "left_to_ended")
    shown = refknot("balance", recorded.main, "Thing#1").out.decode()
    assert shown.splitlines()[0] == (
        "Thing#1  has ended: its calls are not kept; it was made by:")
    assert "retained" not in shown and "thing_new at " in shown
    for name, ended in ("Thing#1", True), ("Thing#2", False):
        shown = refknot("balance", "-f", "json", recorded.main, name).out
        assert json.loads(shown)["balance"]["ended"] is ended


def test_a_declared_holder_that_ended_is_told_as_that(tmp_path):
    recorded, _ = only(tmp_path, "left_to_ended")
    shown = refknot("show", recorded.main, "Thing#2").out.decode()
    assert ("    holders, as declared:\n      Thing#1, which has ended, in "
            "slot, reference\n") in shown
