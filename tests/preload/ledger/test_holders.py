# SPDX-License-Identifier: MIT
"""Who held what is left, what is left in pools, and what refs says where
nothing is: holders.c."""
import json

import jsonschema
import pytest

from conftest import BUILD, SOURCE, read_json, record, refknot

PROGRAM = BUILD / "tests/preload/ledger/ledger_holders"
SCHEMA = json.loads((SOURCE / "cli/report/refknot-report.schema.json").read_text())


def recorded(directory, corner):
    r = record(directory, PROGRAM, corner)
    assert r.outcome.status == 0
    report = read_json("report", r.main)
    jsonschema.validate(report, SCHEMA)
    jsonschema.validate(read_json("refs", r.main), SCHEMA)
    return r, report, refknot("report", "--full", r.main).out.decode()


def functions(stack):
    return [frame["function"] for frame in stack]


# --- What refs says of nothing ------------------------------------------------


@pytest.mark.parametrize("corner, options, told", [
    ("nothing_is_made", [],
     "the program made no objects known: see refknot.h"),
    ("all_end", [], "no outstanding references: 5 objects were made known, "
     "and all have ended with their references given back"),
    ("all_end", ["--type", "Other"], "no outstanding references: 2 objects "
     "of type Other were made known, and all have ended with their "
     "references given back"),
    ("all_end", ["--type", "Absent"],
     "no objects of type Absent were made known"),
    ("one_is_freed_while_held", [], "no outstanding references: 2 objects "
     "were made known, and all have ended; 1 object freed while references "
     "were left"),
    ("one_is_alive_without", [], "no outstanding references: 2 objects "
     "were made known, of which 1 is alive")])
def test_refs_says_what_became_of_the_objects(tmp_path, corner, options,
                                              told):
    r = record(tmp_path, PROGRAM, corner)
    shown = refknot("refs", *options, r.main).out.decode()
    assert shown.splitlines()[0] == told


@pytest.mark.parametrize("corner, told", [
    ("nothing_is_made", "the program declares none (see refknot.h)"),
    ("all_end", "5 objects made known, and all have ended")])
def test_so_does_balance(tmp_path, corner, told):
    r = record(tmp_path, PROGRAM, corner)
    assert refknot("balance", r.main, "Part#1").told.endswith(
        f'no object with references is named "Part#1": {told}\n')


# --- What held it ----------------------------------------------------------------


@pytest.mark.parametrize("corner, parts", [
    ("holder_is_freed_by_hand", 3), ("holder_is_freed_unreleased", 2)])
def test_a_holder_that_was_freed_is_named(tmp_path, corner, parts):
    _, report, text = recorded(tmp_path, corner)
    finding, = report["findings"]
    assert finding["objects"] == parts
    holders = finding["ended_holders"]
    assert (holders["count"], holders["references"]) == (1, parts)
    holder, = holders["first"]
    assert holder["name"] == "Array#1"
    assert "array_of" in functions(holder["made"])
    assert "frees_by_hand" in functions(holder["ended"])
    lines = text.splitlines()
    at = lines.index("    held by Array#1, which ended without giving back "
                     f"{parts} references:")
    assert lines[at + 1].startswith("        made by array_of at ")
    assert lines[at + 2].startswith("        freed by frees_by_hand at ")


def test_a_holder_that_gave_back_is_not(tmp_path):
    _, report, text = recorded(tmp_path, "holder_gives_back")
    assert report["findings"] == []
    assert "held by" not in text


def test_many_holders_are_not_one(tmp_path):
    r, report, _ = recorded(tmp_path, "many_hold_one")
    assert report["findings"] == []
    row, = (p for k in read_json("refs", r.main)["outstanding"]
            for p in k["places"] if p["holders"])
    assert (row["count"], row["holders"], row["holder_type"]) == (
        32, 32, "Array")
    assert row["holder_names"] == ["Array#1", "Array#2", "Array#3"]
    assert (" by Array#1, Array#2, Array#3 and 29 more in part\n"
            in refknot("refs", r.main).out.decode())


def test_neither_are_those_that_ended(tmp_path):
    _, report, text = recorded(tmp_path, "many_left_one")
    finding, = report["findings"]
    assert (finding["kind"], finding["references"]["count"]) == (
        "leaked-reference", 32)
    holders = finding["ended_holders"]
    assert (holders["count"], holders["references"]) == (32, 32)
    assert [h["name"] for h in holders["first"]] == [
        "Array#1", "Array#2", "Array#3"]
    assert ("    held by Array#1, Array#2, Array#3 and 29 more, which ended "
            "without giving back 32 references; the first:\n") in text
    assert "32 references were not given back" in text


# --- Pools -----------------------------------------------------------------------


def pooled(report):
    return [(k["type"], k["objects"], k["references"])
            for k in report["pooled"]]


def test_what_is_left_in_a_pool_is_told_below_the_findings(tmp_path):
    r, report, text = recorded(tmp_path, "pool_has_some")
    assert report["findings"] == []
    assert pooled(report) == [("Part", 2, 2), ("Other", 1, 1)]
    assert {f for p in report["pooled"][0]["places"]
            for f in functions(p["stack"])} >= {"forgets_in_pool"}
    assert ("\n3 objects inside larger blocks, alive with references at the "
            f"end, in use or forgotten; refknot refs '{r.main}' lists "
            "them:\n    Part  2 objects\n") in text
    assert "called by forgets_in_pool at " in text


def test_so_is_the_last_one(tmp_path):
    _, report, text = recorded(tmp_path, "pool_has_one")
    assert pooled(report) == [("Part", 1, 1)]
    assert "\n1 object inside larger blocks, " in text


@pytest.mark.parametrize("corner, findings", [
    ("pool_is_empty", 0), ("pool_is_lost", 1), ("many_hold_one", 0),
    ("all_end", 0)])
def test_nothing_is_told_where_nothing_is_left(tmp_path, corner, findings):
    _, report, text = recorded(tmp_path, corner)
    assert len(report["findings"]) == findings
    assert report["pooled"] == []
    assert "inside larger blocks" not in text
