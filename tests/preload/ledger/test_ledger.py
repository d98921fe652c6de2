# SPDX-License-Identifier: MIT
"""What corners.c tells of its objects, and what is made of it."""
import json
import re

import pytest

from conftest import BUILD, own_function, read_json, record, refknot, run
from corners import corners, only

PROGRAM = BUILD / "tests/preload/ledger/ledger_corners"
corner = corners(PROGRAM)


def findings(directory, name):
    report = corner(directory, name).report()
    return report["findings"]


def function(stack):
    return own_function(stack, PROGRAM)


def gaps(report):
    return {g["what"]: g["count"] for g in report["complete"]}


@pytest.mark.parametrize("name", ["clean", "borrowed", "moves", "threads",
                                  "collects", "forks"])
def test_nothing_is_found_where_nothing_is_wrong(name, tmp_path):
    report = corner(tmp_path, name).report()
    assert report["findings"] == []
    assert report["complete"] == []


@pytest.mark.parametrize("name", ["clean", "cycle", "wrong_use",
                                  "bad_pointers", "last_release", "sanitizer",
                                  "tamed", "names"])
def test_without_refknot_the_calls_do_nothing(name):
    done = run(PROGRAM, name)
    assert done.status == 0 and done.err == b""


def told_of_cycle(f):
    r = f["references"]
    assert function(r["closed_by"]["stack"]) == "node_ref"
    assert (r["closed_by"]["object"], r["closed_by"]["holder"],
            r["closed_by"]["field"]) == ("Ring#1", "Ring#2", "next")
    # the second node_unref of make_cycle
    assert r["orphaned_by"]["object"] == "Ring#1"
    assert r["orphaned_by"]["count"] == 1
    assert function(r["orphaned_by"]["stack"]) == "node_unref"
    assert (r["break_hint"]["frees_objects"],
            r["break_hint"]["frees_bytes"]) == (2, 112)
    assert r["count"] == 0


def test_a_cycle_names_what_closed_and_orphaned_it(tmp_path):
    f = only(corner(tmp_path, "cycle"), "orphaned-cycle")
    assert f["evidence"] == ["scan", "counts"]
    assert [m["name"] for m in f["members"]] == ["Ring#1", "Ring#2"]
    assert [m["refcount"] for m in f["members"]] == [1, 1]
    assert not f["references"]["pointed_at"]
    told_of_cycle(f)


def test_a_cycle_that_is_still_pointed_at_is_found(tmp_path):
    f = only(corner(tmp_path, "stale_cycle"), "orphaned-cycle")
    assert f["evidence"] == ["declared", "counts"]
    assert f["references"]["pointed_at"]
    assert (f["objects"], f["bytes"], f["count"]) == (2, 112, 1)
    told_of_cycle(f)


def test_a_weak_edge_makes_no_cycle(tmp_path):
    f = only(corner(tmp_path, "weak"), "leaked-reference")
    assert (f["type"], f["objects"], f["held_objects"]) == ("Parent", 1, 1)
    assert f["references"]["count"] == 1


def test_a_weak_edge_may_go_by_a_table(tmp_path):
    f = only(corner(tmp_path, "weak_table"), "leaked-reference")
    assert (f["type"], f["objects"], f["held_objects"]) == ("Parent", 1, 3)


def test_of_paired_references_the_unpaired_one_is_left(tmp_path):
    recorded = corner(tmp_path, "leaked_reference")
    f, = recorded.report()["findings"]
    assert f["kind"] == "leaked-reference" and f["type"] == "Session"
    rows = read_json("refs", recorded.main)["outstanding"]
    assert [(r["type"], r["objects"], r["references"]) for r in rows] == [
        ("Session", 1, 1)]
    place, = rows[0]["places"]
    assert (place["count"], place["total"], place["how"]) == (1, 1, "taken")
    assert function(place["stack"]) == "leaked_in"
    text = refknot("refs", recorded.main).out.decode()
    assert "1/1  taken leaked_in at corners.c:" in text


def test_a_reference_of_an_ended_holder_is_leaked(tmp_path):
    f = only(corner(tmp_path, "holder_ended"), "leaked-reference")
    leaked = f["references"]["leaked"]
    assert (leaked["object"], leaked["holder"], leaked["field"]) == (
        "Kept#1", "Holder#1", "slot")
    assert function(leaked["stack"]) == "node_ref"


def test_of_what_an_ended_holder_had_only_references_stay(tmp_path):
    recorded = corner(tmp_path, "edges_of_ended")
    assert [[(r["object"], r["field"], r["kind"])
             for r in show(recorded, name)["referrers"]]
            for name in ("Kept#1", "Kept#2")] == [
        [("Holder#1", "next", "reference"), ("Kept#2", "back", "weak")], []]


def test_holders_that_are_alive_are_told_from_ended_ones(tmp_path):
    recorded = corner(tmp_path, "holders_alive_and_ended")
    kept, = (r for r in read_json("refs", recorded.main)["outstanding"]
             if r["type"] == "Kept")
    assert [(p["count"], p["holder_type"], p["holder_ended"], p["field"])
            for p in kept["places"]] == [(2, "Holder", False, "next"),
                                         (1, "Holder", True, "next")]


def test_a_count_above_all_pointers_is_over_retained(tmp_path):
    f = only(corner(tmp_path, "over_retained"), "over-retained")
    assert f["references"]["count"] == 2 and f["type"] == "Cached"
    assert f["evidence"] == ["scan", "counts"]


@pytest.mark.parametrize("name, words", [
    ("over_retained", "1 finding"), ("leaked_reference", "1 finding, 56 B")])
def test_a_child_s_line_calls_lost_what_is_out_of_reach(name, words, tmp_path):
    done = refknot("run", "-o", tmp_path / "x.rkn", "--", "sh", "-c",
                   f"{PROGRAM} {name}; true")
    row = re.search(r"^   \S+ \[\d+\]  (.*?)  refknot report ", done.told, re.M)
    assert row[1] == words


def test_more_holders_than_counted_is_under_retained(tmp_path):
    f = only(corner(tmp_path, "under_retained"), "under-retained")
    assert f["references"]["count"] == 1 and f["type"] == "Shared"


def test_wrong_use_is_found_with_its_places(tmp_path):
    found = {f["kind"]: f for f in findings(tmp_path, "wrong_use")}
    assert sorted(found) == ["freed-while-held", "reference-on-freed",
                             "release-at-zero", "zero-not-freed"]
    for kind in ("freed-while-held", "reference-on-freed", "release-at-zero"):
        f = found[kind]
        assert (f["count"], f["objects"], f["members"]) == (1, 0, [])
        assert f["evidence"] == ["ledger"]
        assert function(f["stack"]) == "wrong_use"
        assert function(f["references"]["wrong_use"]["made"]) == "node_new"
    freed = found["reference-on-freed"]["references"]["wrong_use"]["freed"]
    assert function(freed) == "wrong_use"
    assert found["freed-while-held"]["references"]["count"] == 2
    assert found["zero-not-freed"]["type"] == "Wrong"


def test_calls_that_make_no_sense_are_counted(tmp_path):
    report = corner(tmp_path, "bad_pointers").report()
    assert report["findings"] == []
    assert [n for what, n in gaps(report).items() if "without an object" in what] == [
        15]


def test_names_may_be_anything(tmp_path):
    recorded = corner(tmp_path, "names")
    report = recorded.report()
    types = {t["type"]: t["live"] for t in report["types"] if t["live"]}
    assert types.pop("n" * 255) == 1
    assert types.pop("(no type)") == 2
    assert 1 in types.values() and any("red" in t for t in types)
    assert any("no room" in what for what in gaps(report))
    text = refknot("objects", recorded.main).out
    assert b"\033" not in text and b"\xff" not in text


def test_a_counter_in_the_object_is_read(tmp_path):
    recorded = corner(tmp_path, "counted")
    f, = recorded.report()["findings"]
    assert f["kind"] == "over-retained"
    assert f["members"][0]["refcount"] == 3
    shown = show(recorded, "Counted#1")
    assert (shown["refcount"], shown["refcount_told"],
            shown["refcount_read"]) == (3, 1, True)


def test_what_is_tamed_is_no_leak(tmp_path):
    sizes = sorted(f["bytes"] for f in findings(tmp_path, "tamed"))
    # ignored: what it points at; unrooted; not searched
    assert sizes == [103, 105, 106]


def test_leak_sanitizers_interface_works(tmp_path):
    sizes = sorted(f["bytes"] for f in findings(tmp_path, "sanitizer"))
    assert sizes == [114]


def test_a_leak_check_is_made_when_asked_for(tmp_path):
    recorded = record(tmp_path, PROGRAM, "checks")
    assert recorded.outcome.status == 7, recorded.outcome.told
    report = recorded.report()
    assert [(f["kind"], f["bytes"]) for f in report["findings"]] == [
        ("leak", 116)]
    assert report["process"]["exit_code"] == 7
    assert gaps(report) == {}


def test_calls_in_handlers_are_served_or_counted(tmp_path):
    report = corner(tmp_path, "signals").report()
    assert report["findings"] == []
    assert all("not served" in what for what in gaps(report))


def test_old_objects_are_roots_for_young_ones(tmp_path):
    f = only(corner(tmp_path, "generations"), "orphaned-cycle")
    assert f["objects"] == 2


def test_an_assertion_says_who_holds_the_object(tmp_path):
    recorded = record(tmp_path, PROGRAM, "last_release")
    assert recorded.outcome.status == 128 + 6
    said = re.search(
        r"refknot_assert_last_release\(Sole#1 at 0x[0-9a-f]+\): 2 references "
        "are left; held by Holder#1.slot; 1 without a recorded holder: "
        "refknot refs lists where they were taken", recorded.outcome.told)
    assert said, recorded.outcome.told
    told = refknot("report", "--full", recorded.main).out.decode()
    assert f"\nan assertion failed: {said[0]}\n" in told
    report = recorded.report()
    assert report["recording"]["message"] == said[0]


def show(recorded, name):
    """One object; the recording stands where read_json() has options."""
    return read_json("show", name, recorded.main)["object"]


def test_show_tells_all_of_one_object(tmp_path):
    recorded = corner(tmp_path, "stale_cycle")
    o = show(recorded, "Ring#1")
    assert (o["name"], o["refcount"], o["bytes"]) == ("Ring#1", 1, 56)
    assert (o["words"], o["retained_objects"], o["retained_bytes"]) == (
        2, 2, 112)
    assert [(e["event"], e["count"]) for e in o["history"]] == [
        ("retain", 2), ("release", 1)]
    assert [(r["object"], r["field"], r["kind"]) for r in o["referrers"]] == [
        ("Ring#2", "next", "reference")]
    assert [r["object"] for r in o["referents"]] == ["Ring#2"]
    assert o["path_root"]["symbol"] == "global" and o["path"] == []
    o = show(recorded, "Ring#2")
    assert [(p["object"], p["offset"]) for p in o["path"]] == [("Ring#1", 0)]
    text = refknot("show", recorded.main, "Ring#2").out.decode()
    assert "shortest path from a root" in text and "-> Ring#1 .next" in text
    assert re.search(r"retain  count 2 .*by Ring#1 in next", text)


def test_show_folds_pairs(tmp_path):
    recorded = corner(tmp_path, "leaked_reference")
    text = refknot("show", recorded.main, "Session#1").out.decode()
    assert "10x retain, release" in text
    text = refknot("show", "--all", recorded.main, "Session#1").out.decode()
    assert "10x" not in text and text.count("      retain") == 11


@pytest.mark.parametrize("name", ["Ring#99", "Ring", "Other#1", "0x10", "",
                                  "malloc in main#1", "#", "Ring#-1"])
def test_show_of_nothing_is_refused(name, tmp_path):
    recorded = corner(tmp_path, "cycle")
    done = refknot("show", recorded.main, name)
    assert done.status == 2 and done.out == b""
    assert "no live object is named" in done.told


@pytest.mark.parametrize("name, there", [
    ("Ring#99", "Ring#1 to #2"), ("ring", "Ring#1 to #2"),
    ("Ri", "Ring#1 to #2"), ("Other#1", "Ring#1 to #2"), ("", "Ring#1 to #2")])
def test_show_says_which_names_there_are(name, there, tmp_path):
    recorded = corner(tmp_path, "cycle")
    done = refknot("show", recorded.main, name)
    assert (f'show: no live object is named "{name}"; '
            f"there are {there}") in done.told
    done = refknot("balance", recorded.main, name)
    assert (f'balance: no object with references is named "{name}"; there are '
            "Ring#1 to #2; ") in done.told


def test_objects_are_counted_by_their_types(tmp_path):
    recorded = corner(tmp_path, "cycle")
    report = recorded.report()
    rows = {t["type"]: t for t in report["types"]}
    assert (rows["Ring"]["live"], rows["Ring"]["allocated"],
            rows["Ring"]["freed"]) == (2, 2, 0)
    assert sum(t["live"] for t in report["types"]) == 2


def tree(recorded, name, *options, within="balance"):
    """[(depth, function, retains, releases)] from the corner on."""
    told = refknot("balance", "--format=json", *options, recorded.main, name)
    assert told.status == 0, told.told
    b = json.loads(told.out)["balance"]
    rows = [(n["depth"], n["frames"][-1]["function"], n["retains"],
             n["releases"]) for n in b["tree"]]
    own = next(d for d, f, *_ in rows if f == within)
    return b, [(d - own, *rest) for d, *rest in rows if d >= own]


def test_balance_shows_who_did_not_give_back(tmp_path):
    recorded = corner(tmp_path, "balance")
    b, rows = tree(recorded, "Kept#1")
    assert (b["count"], b["retains"], b["releases"], b["events_lost"]) == (
        2, 8, 6, 0)
    # every call of use() is balanced
    assert b["pruned"] == 10
    # one line a function, whatever the statements that it calls from
    assert rows == [
        (0, "balance", 8, 6), (1, "node_new", 1, 0), (1, "keep", 6, 4),
        (2, "node_ref", 2, 0), (1, "node_unref", 0, 1)]
    keep, = (n for n in b["tree"] if n["frames"][0]["function"] == "keep")
    lines = [f["line"] for f in keep["frames"]]
    assert len(lines) == 3 and lines == sorted(set(lines))
    b, rows = tree(recorded, "Kept#1", "--all")
    assert b["pruned"] == 0
    assert [r for r in rows if r[1] == "use"] == [
        (1, "use", 1, 1), (2, "use", 4, 4)]
    assert (3, "node_unref", 0, 4) in rows
    told = refknot("balance", recorded.main, "Kept#1").out.decode()
    assert told.startswith("Kept#1  count 2: made, 7 retained, 6 released\n")
    assert "  keep at corners.c:%d, %d, %d (ledger_corners)\n" % (
        *lines,) in told
    assert ">" not in told


def test_balance_tells_of_events_that_were_not_kept(tmp_path):
    recorded = corner(tmp_path, "balance")
    b, rows = tree(recorded, "Used#1")
    assert b["count"] == 2
    # of the last 32 one would be half a pair, or all are whole ones; of the
    # older ones the reference that keep() took is still there
    assert b["events_outside"] + b["pruned"] == 204
    assert b["lost_count"] == 0
    assert b["retains"] - b["releases"] + b["lost_count"] == b["count"]
    assert (1, "keep", 1, 0) in rows
    shown = json.loads(refknot("show", "-f", "json", recorded.main,
                               "Used#1").out)["object"]
    assert shown["events_lost"] == b["events_lost"]


def test_balance_adds_up_where_a_release_was_of_an_older_retain(tmp_path):
    recorded = corner(tmp_path, "long_history")
    b, _ = tree(recorded, "Old#1", within="long_history")
    # one old reference was given back among the last 32 events
    assert (b["count"], b["lost_count"]) == (2, 1)
    assert b["retains"] - b["releases"] + b["lost_count"] == b["count"]
    # as many events as are outside change the count by as much, or two more
    assert (b["events_outside"] + b["lost_count"]) % 2 == 0
    told = refknot("balance", recorded.main, "Old#1").out.decode()
    said = re.search(r"count 2: made, (\d+) retained, (\d+) released, as far "
                     r"as is known, and \+1 by (\d+) calls", told)
    made, released, outside = map(int, said.groups())
    assert 1 + made - released + 1 == 2
    assert outside == b["events_outside"]


def test_a_reference_is_told_with_all_callers_of_its_taking(tmp_path):
    recorded = corner(tmp_path, "far_callers")
    told = refknot("refs", recorded.main).out.decode()
    rows = re.split(r"\n    (?=\d+/5)", told)[1:]
    assert [r.split()[0] for r in rows] == ["3/5", "1/5", "1/5"]
    taken = [r for r in rows if " taken node_ref " in r]
    assert [re.findall("called by ([a-z_]+)", r) for r in taken] == [
        ["lookup", "far_callers", "corners_run", "main"],
        ["lookup", "forget", "far_callers", "corners_run", "main"]]


def test_the_report_sends_its_reader_to_references_without_a_holder(tmp_path):
    recorded = corner(tmp_path, "stale_reference")
    assert recorded.report()["findings"] == []
    told = refknot("report", "--full", recorded.main).out.decode()
    line, *few = told.splitlines()[1:4]
    assert line == ("1 object alive with references without a recorded owner: "
                    f"refknot refs '{recorded.main}' lists where they were "
                    "taken")
    assert few[0].endswith("  1 object") and "forget_it" in told
    refs = refknot("refs", recorded.main).out.decode()
    assert "called by forget_it at corners.c:" in refs
    assert "recorded owner" not in refknot("leaks", recorded.main).out.decode()


def test_lines_of_references_name_the_command_for_balance(tmp_path):
    recorded = corner(tmp_path, "long_history")
    told = refknot("refs", recorded.main).out.decode()
    line, = re.findall("see: refknot (balance .*)\\):", told)
    assert line == f"balance '{recorded.main}' 'Old#1'"
    done = run("sh", "-c", f"{BUILD}/cli/refknot {line}")
    assert done.status == 0 and done.out.startswith(b"Old#1  count 2")


@pytest.mark.parametrize("name", ["Kept#9", "0x10", "nothing"])
def test_balance_of_nothing_is_refused(name, tmp_path):
    recorded = corner(tmp_path, "balance")
    done = refknot("balance", recorded.main, name)
    assert done.status == 2 and name in done.told
