# SPDX-License-Identifier: MIT
"""Regions and marks of spans.c: what refknot regions, objects --at and diff
make of them."""
import pytest

from conftest import BUILD, compiled, read_json, record, refknot, run

PROGRAM = BUILD / "tests/preload/ledger/ledger_spans"


def recorded(directory, name, status=0):
    r = record(directory, PROGRAM, name)
    assert r.outcome.status == status, r.outcome.told
    return r


def regions(r, *options):
    """{name: region}, with its rows by type."""
    document = read_json("regions", r.main, *options)
    found = {}
    for region in document["regions"]:
        region["types"] = {row["type"]: row for row in region["types"]}
        found.setdefault(region["name"], []).append(region)
    return found


def one(r, name, *options):
    region, = regions(r, *options)[name]
    return region


def numbers(row, *keys):
    return tuple(row[k] for k in keys)


def gaps(r):
    return {g["what"]: g["count"] for g in r.report()["complete"]}


def test_passes_are_summed_by_type(tmp_path):
    r = recorded(tmp_path, "passes")
    load = one(r, "load")
    assert numbers(load, "passes", "not_ended", "thread") == (5, 0, None)
    assert set(load["types"]) == {"Node"}
    # 1, 2, 3, 4 and 5 - 1 nodes; 4 more between the first and the last pass
    assert numbers(load["types"]["Node"], "before", "after", "new", "freed",
                   "delta", "bytes", "min", "median", "max", "bounds") == (
        1, 1 + 14 + 4, 15, 1, 14, 14 * 32, 1, 3, 4, False)
    assert numbers(load["total"], "new", "freed", "delta") == (15, 1, 14)
    told = refknot("regions", r.main).out.decode()
    assert "load  5 passes\n" in told
    row = next(x for x in told.splitlines() if x.startswith("Node"))
    assert row.split() == ["Node", "1", "19", "15", "1", "+14", "+448", "B",
                           "+1", "+3", "+4"]


def test_what_others_freed_was_not_there_less_than_never(tmp_path):
    region = one(recorded(tmp_path, "freed_elsewhere"), "work")
    row = region["types"]["char[]"]
    assert numbers(row, "before", "after", "new") == (None, 0, 1)


def test_each_call_in_a_region_counts(tmp_path):
    loop = one(recorded(tmp_path, "loops"), "loop")
    assert numbers(loop["total"], "new", "freed", "delta", "bytes") == (
        2000, 1400, 600, 600 * 32)
    assert numbers(loop["total"], "before", "after") == (900, 1500)


def test_inner_regions_count_in_outer_ones(tmp_path):
    r = regions(recorded(tmp_path, "nested"))
    inner, = r["inner"]
    outer, = r["outer"]
    assert (inner["passes"], outer["passes"]) == (2, 2)
    # the inner of the two inner ones counts in both
    assert numbers(inner["total"], "new", "min", "max") == (3, 1, 2)
    assert numbers(outer["total"], "new", "min", "max") == (3, 0, 3)


def test_what_is_left_is_not_a_pass(tmp_path):
    r = recorded(tmp_path, "left")
    found = regions(r)
    assert {n: numbers(v[0], "passes", "not_ended")
            for n, v in found.items()} == {
        "jump": (1, 0), "deeper": (0, 1), "last": (0, 1), "": (1, 0)}
    assert found["jump"][0]["total"]["new"] == 1
    assert gaps(r) == {"ends of regions that were not open": 4}


def test_threads_are_apart_or_together(tmp_path):
    r = recorded(tmp_path, "threads")
    work = one(r, "work")
    assert numbers(work, "passes", "not_ended") == (30, 3)
    assert numbers(work["types"]["Node"], "new", "min", "median",
                   "max") == (30, 1, 1, 1)
    apart = regions(r, "--by", "thread")["work"]
    assert [numbers(w, "passes", "not_ended") for w in apart] == 3 * [(10, 1)]
    assert len({w["thread"] for w in apart}) == 3
    assert [numbers(w["types"]["Node"], "before", "after")
            for w in apart] == [(0, 10), (10, 20), (20, 30)]


def test_objects_count_once_whatever_becomes_of_them(tmp_path):
    lives = one(recorded(tmp_path, "lives"), "lives")
    types = lives["types"]
    assert {n: numbers(row, "new", "freed", "delta", "bytes")
            for n, row in types.items()} == {
        "Buffer": (1, 1, 0, 0), "Thing": (1, 1, 0, 0),
        "Other": (1, 0, 1, 16), "Pooled": (1, 1, 0, 0),
        "struct node": (1, 0, 1, 16)}
    assert numbers(lives["total"], "delta", "bytes") == (2, 32)


def test_what_finds_no_room_is_told(tmp_path):
    r = recorded(tmp_path, "many")
    found = regions(r)
    values = found["values"][0]["types"]["Node"]
    assert numbers(values, "new", "min", "median", "max") == (
        190, 0, None, 19)
    assert len(found["types"][0]["types"]) == 1022  # and push's, and all
    assert found["types"][0]["total"]["new"] == 2000
    assert numbers(found["deep"][0], "passes", "not_ended") == (32, 0)
    assert gaps(r) == {
        "changes or passes of regions, or marks, that found no room":
        2000 - 1022 + 40 - 32,
        "ends of regions that were not open": 40 - 32}


def test_a_million_passes(tmp_path):
    r = recorded(tmp_path, "often")
    often = one(r, "pass")
    assert numbers(often, "passes", "not_ended") == (1000000, 0)
    assert numbers(often["types"]["Node"], "new", "min", "median",
                   "max") == (1000, 0, 0, 1)
    assert r.main.stat().st_size < 100000
    assert gaps(r) == {}


def test_handlers_are_served(tmp_path):
    r = recorded(tmp_path, "signals")
    found = regions(r)
    assert found["loop"][0]["passes"] == found["signal"][0]["passes"] == 50
    assert numbers(found["loop"][0]["total"], "new", "freed") == (100, 50)
    assert gaps(r) == {}


def test_a_child_has_its_own(tmp_path):
    r = recorded(tmp_path, "forks")
    names = {}
    for path in r.all:
        document = read_json("regions", path)
        names[tuple(sorted(x["name"] for x in document["regions"]))] = {
            g["what"] for g in document["complete"]}
    assert set(names) == {("both",), ("child",)}
    assert "ends of regions that were not open" in names["child",]
    assert names["both",] == set()


def test_a_function_is_a_region_without_any_call(tmp_path):
    r = recorded(tmp_path, "passes")
    push = one(r, "push", "--func", "push")
    assert numbers(push, "passes", "thread") == (None, None)
    assert numbers(push["types"]["struct node"], "before", "new", "freed",
                   "delta", "min") == (None, 21, 1, 20, None)
    whole = one(r, "main", "--func", "main")
    assert whole["total"]["new"] >= 21
    told = refknot("regions", "--func", "push", r.main).out.decode()
    assert told.startswith("push() and what it called, in the whole run\n")


def test_a_library_s_function_is_found_by_any_of_its_names(tmp_path):
    program = compiled(tmp_path, "names", """
        #include <string.h>
        char *kept;
        int main(void) { kept = strdup("text"); return 0; }
        """, "-O0", "-fno-builtin")
    r = record(tmp_path, program)
    for name in ("strdup", "__strdup", "__GI___strdup"):
        [region] = read_json("regions", r.main, "--func", name)["regions"]
        assert region["total"]["new"] == 1, name
    done = refknot("regions", "--func", "STRDU", r.main)
    assert done.status == 2
    assert "no call stack has a function named STRDU; some have: " in done.told
    assert "strdup" in done.told


def test_functions_without_names_are_found_as_objects_lists_them(tmp_path):
    program = compiled(tmp_path, "bare", """
        #include <stdlib.h>
        void *kept;
        int main(void) { kept = malloc(77); return 0; }
        """, "-O0", "-fno-builtin", "-s")
    r = record(tmp_path, program)
    name, = (t["type"] for t in
             read_json("objects", r.main, "--by", "function")["types"])
    assert name.startswith("bare+0x")
    assert read_json("regions", r.main, "--func", name)["regions"]
    done = refknot("regions", "--func", "main", r.main)
    assert done.status == 2
    assert ("bare has no names for some of its functions, as it was stripped"
            in done.told)


@pytest.mark.parametrize("options, why", [
    (None, "is not there (any more); keep it until the report is made"),
    (["-g", "-O1"], "is another build than the one that ran; make the report "
     "before it is built again")])
def test_functions_of_a_program_that_changed_are_not_called_stripped(
        options, why, tmp_path):
    text = """
        #include <stdlib.h>
        void *kept;
        int main(void) { kept = malloc(77); return 0; }
        """
    program = compiled(tmp_path, "built", text, "-O0", "-fno-builtin")
    r = record(tmp_path, program)
    program.unlink()
    if options:
        compiled(tmp_path, "built", text, "-fno-builtin", *options)
    done = refknot("regions", "--func", "main", r.main)
    assert (done.status, "stripped" in done.told) == (2, False)
    assert f"; built {why}; " in done.told


@pytest.mark.parametrize("options", [("--by", "thread"), ("--name", "load")])
def test_a_function_has_neither_threads_nor_names(options, tmp_path):
    r = recorded(tmp_path, "passes")
    done = refknot("regions", "--func", "push", *options, r.main)
    assert done.status == 2 and "--func takes neither" in done.told


@pytest.mark.parametrize("options", [("--func", "no_such"),
                                     ("--name", "no_such")])
def test_what_is_not_there_is_refused(options, tmp_path):
    r = recorded(tmp_path, "passes")
    done = refknot("regions", *options, r.main)
    assert done.status == 2
    assert "no_such" in done.err.decode()


def types(document):
    return {t["type"]: (t["live"], t["bytes"]) for t in document["types"]}


def objects(r, *options):
    return types(read_json("objects", r.main, *options))


def test_a_mark_keeps_what_was_alive(tmp_path):
    r = recorded(tmp_path, "marks")
    assert objects(r, "--at", "start") == {"Node": (1, 32),
                                           "struct node": (1, 32)}
    assert objects(r, "--at", "step#1") == {
        "Node": (3, 96), "struct node": (1, 32),
        "char[]": (1, 100)}
    assert objects(r, "--at", "step") == {
        "Node": (2, 64), "struct node": (1, 32),
        "char[]": (1, 100)}
    by_function = objects(r, "--at", "step", "--by", "function")
    assert by_function["push"] == (1, 32)
    assert by_function["(objects of type Node)"] == (2, 64)
    done = refknot("objects", "--at", "stop", r.main)
    assert done.status == 2
    assert 'no mark "stop"; its marks: start, step#1, step#2' in done.told


def test_a_mark_has_the_stacks_of_all_threads(tmp_path):
    r = recorded(tmp_path, "many_stacks")
    assert read_json("info", r.main)["recording"]["stacks"] > 600
    for mark, live in ("start", 900), ("end", 701):
        assert objects(r, "--at", mark)["struct node"] == (live, 32 * live)


def test_generations_are_told_apart(tmp_path):
    r = recorded(tmp_path, "marks")
    # the first untyped node has survived three marks
    assert objects(r, "--gen", "2") == {"struct node": (1, 32),
                                        "char[]": (1, 100)}
    assert objects(r, "--gen", "0") == {"Node": (2, 64)}
    assert objects(r, "--gen", "1") == {}


def difference(a, b):
    document = read_json("diff", b, a)
    d = document["difference"]
    return {row["type"]: numbers(row, "before", "after", "delta", "bytes")
            for row in d["rows"]}, d


def test_diff_of_marks_and_recordings(tmp_path):
    r = recorded(tmp_path, "marks")
    rows, d = difference(f"{r.main}@start", f"{r.main}@step#1")
    assert rows == {"Node": (1, 3, 2, 64), "char[]": (0, 1, 1, 100)}
    assert numbers(d["total"], "before", "after", "bytes") == (2, 5, 164)
    assert d["from"] == f"{r.main}@start"
    rows, _ = difference(f"{r.main}@step#1", r.main)
    assert rows == {"Node": (3, 2, -1, -32)}
    (tmp_path / "other").mkdir()
    other = recorded(tmp_path / "other", "many_marks")
    rows, _ = difference(r.main, other.main)
    assert rows["Node"] == (2, 100, 98, 98 * 32)
    told = refknot("diff", f"{r.main}@start",
                   f"{r.main}@step#1").out.decode()
    assert ["1", "3", "+2", "+64", "B", "Node"] in [
        line.split() for line in told.splitlines()]
    assert b"nothing differs" in refknot("diff", r.main, r.main).out


@pytest.mark.parametrize("arguments, words", [
    ((), "two recordings"), (("{}",), "two recordings"),
    (("{}@never", "{}"), "no such mark; its marks: start, step#1, step#2"),
    (("{}@start", "{}", "--by", "size"), "keep no sizes"),
])
def test_diff_of_nothing_is_refused(arguments, words, tmp_path):
    r = recorded(tmp_path, "marks")
    done = refknot("diff", *(a.format(r.main) for a in arguments))
    assert done.status == 2
    assert words in done.told


def test_marks_without_a_recording_are_of_the_newest(tmp_path):
    r = recorded(tmp_path, "marks")
    first, last = refknot("diff", f"{r.main}@start", r.main), None
    last = refknot("diff", "@start", r.main, cwd=tmp_path)
    assert last.status == 0, last.told
    assert last.out == first.out
    same = refknot("diff", "@start", "@start", cwd=tmp_path)
    assert (same.status, same.out) == (0, b"nothing differs\n")


@pytest.mark.parametrize("command", ["show", "balance"])
def test_a_recording_alone_names_no_object(command, tmp_path):
    r = recorded(tmp_path, "marks")
    done = refknot(command, r.main)
    assert done.status == 2 and "name an object" in done.told


def test_of_many_marks_the_first_and_the_last_are_kept(tmp_path):
    r = recorded(tmp_path, "many_marks")
    assert objects(r, "--at", "again") == {"Node": (100, 3200)}
    assert objects(r, "--at", "again#15") == {"Node": (15, 480)}
    done = refknot("objects", "--at", "again#50", r.main)
    assert done.status == 2


def test_growth_ends_a_unit_test(tmp_path):
    r = record(tmp_path, PROGRAM, "growth")
    assert r.outcome.status == 134
    told = r.outcome.told
    assert 'refknot_assert_no_growth("start"): more is alive than at the ' \
        "mark: 2 Node, 1 block of ledger_spans+0x" in told
    offset = int(told.split("ledger_spans+")[1].split()[0], 16)
    line = run("addr2line", "-f", "-e", PROGRAM, hex(offset - 1)).out.decode()
    assert line.startswith("push\n")
    command = told.split(" (refknot ")[1].split(" lists the lines")[0]
    assert command == "diff RECORDING@start RECORDING --by site"
    told = refknot(*command.replace("RECORDING", str(r.main)).split())
    assert " push at spans.c:" in told.out.decode()


def test_an_assertion_needs_its_mark(tmp_path):
    r = record(tmp_path, PROGRAM, "no_mark")
    assert r.outcome.status == 134
    assert "there is no mark of that name" in r.outcome.told


@pytest.mark.parametrize("name", ["passes", "loops", "nested", "left", "threads",
                                  "lives", "many", "signals", "forks",
                                  "marks", "growth", "no_mark"])
def test_without_refknot_the_calls_do_nothing(name):
    done = run(PROGRAM, name)
    assert done.status == 0 and done.err == b""
