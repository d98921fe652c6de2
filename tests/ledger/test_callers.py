# SPDX-License-Identifier: MIT
"""Whose reference is left, where another function gives back than takes."""
import re

import pytest

from conftest import BUILD, own_function, record, refknot

PROGRAM = BUILD / "tests/ledger/ledger_callers"


def only(directory, name):
    recorded = record(directory, PROGRAM, name)
    assert recorded.outcome.status == 0, recorded.outcome.told
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
    told = refknot("report", recorded.main).out.decode()
    return re.search("balance by caller: (.*):", told)[1]


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
    told = refknot("report", recorded.main).out.decode()
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
        "of 3 references that are left 2 can be told for certain")


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
