# SPDX-License-Identifier: MIT
"""Counts of std::shared_ptr, Rc and Arc: what cycles of them are called, which
member holds each reference, and that weak ones keep nothing."""
import itertools
import json
import pathlib
import re
import shutil
import subprocess

import pytest

from conftest import BUILD, environment, read_json, record, refknot

HERE = pathlib.Path(__file__).parent
NUMBERS_OF = BUILD / "tests/cli/first_words_of"

BUILDS = {
    "".join(b): [*b, "-g"]
    for b in itertools.product(["g++", "clang++"], ["-O0", "-O2"])
}
BUILDS["libc++"] = ["clang++", "-O2", "-g", "-stdlib=libc++"]


def has(compiler, *flags):
    """Whether a program can be made so."""
    if not shutil.which(compiler):
        return False
    done = subprocess.run(
        [compiler, *flags, "-x", "c++", "-", "-o", "/dev/null"],
        input=b"#include <memory>\nint main() { return !std::shared_ptr<int>(); }",
        capture_output=True, check=False)
    return not done.returncode


@pytest.fixture(scope="module", params=BUILDS)
def program(request, tmp_path_factory):
    compiler, *flags = BUILDS[request.param]
    if not has(compiler, *flags):
        pytest.skip(f"{compiler} with {' '.join(flags)} makes no program here")
    path = tmp_path_factory.mktemp("shared") / "shared"
    subprocess.run([compiler, *flags, HERE / "shared.cc", "-o", path],
                   check=True, capture_output=True)
    return path


@pytest.fixture(scope="module", params=["0", "2"])
def rust(request, tmp_path_factory):
    if not shutil.which("rustc"):
        pytest.skip("no rustc")
    path = tmp_path_factory.mktemp("rust") / "counted"
    subprocess.run(["rustc", "-g", f"-Copt-level={request.param}", "-o", path,
                    HERE / "counted.rs"], check=True, capture_output=True)
    return path


def report(directory, *command):
    """Findings, the text of the report and the recording."""
    main = record(directory, *command).main
    return (read_json("report", main)["findings"],
            refknot("report", "--full", main).out.decode(), main)


def shown(main, name):
    """What show says of an object."""
    told = refknot("show", "--format", "json", main, name)
    assert told.status == 0, told.told
    return json.loads(told.out)["object"]


def drawn(text):
    """The lines of the members and arrows of a cycle, without addresses."""
    lines = re.findall(r"^    (?:ROOT CYCLE )?\S.*#\d+  0x.*$|^        --.*$",
                       text, re.M)
    return [re.sub(r"  0x\w+ \[.*?\]", "", line.strip()) for line in lines]


def members(finding):
    return {m["name"]: m for m in finding["members"]}


@pytest.mark.parametrize("case, blocks", [
    ("cycle_made", 0), ("cycle_new", 2), ("cycle_deleter", 1),
    ("cycle_alias", 0)])
def test_a_cycle_names_classes_members_and_counts(tmp_path, program, case,
                                                  blocks):
    findings, text, _ = report(tmp_path, program, case)
    assert [f["kind"] for f in findings] == ["orphaned-cycle"]
    assert findings[0]["objects"] == 2 + blocks
    assert drawn(text) == [
        "ROOT CYCLE Parent#1  use count 1, weak count 0",
        "--.child-->",
        "Child#1  use count 1, weak count 0",
        "--.parent--> CYCLE BACK TO Parent#1",
    ]
    assert text.count("where the counts are") == bool(blocks)
    own = members(findings[0])
    assert all(m["counts"]["strong"] == 1 and m["counts"]["weak"] == 0
               for m in own.values())
    assert {(e["field"], e["kind"]) for e in own["Parent#1"]["edges"]} == {
        ("child", "strong")}
    assert {(e["field"], e["kind"]) for e in own["Child#1"]["edges"]} == {
        ("parent", "strong")}
    assert {m["counts"]["of"] for m in own.values()
            if m["name"] not in ("Parent#1", "Child#1")} <= {
                "Parent#1", "Child#1"}


@pytest.mark.parametrize("case", ["self_made", "self_new"])
def test_an_object_that_owns_itself_is_a_cycle(tmp_path, program, case):
    findings, text, _ = report(tmp_path, program, case)
    assert [f["kind"] for f in findings] == ["orphaned-cycle"]
    assert [re.sub(r"\.\w*weak_this\w*", ".weak", x) for x in drawn(text)] == [
        "ROOT CYCLE Self#1  use count 1, weak count 1",
        "--.weak, weak--> Self#1",
        "--.next--> CYCLE BACK TO Self#1",
    ]


def test_a_lost_tree_with_weak_parents_is_no_cycle(tmp_path, program):
    findings, _, main = report(tmp_path, program, "lost_tree")
    assert [(f["kind"], f["type"], f["objects"], f["held_objects"],
             f["held_cycles"]) for f in findings] == [
                 ("leak", "std::shared_ptr<Parent>", 1, 2, 0)]
    assert shown(main, "Parent#1")["counts"] == {
        "strong": 1, "weak": 1, "more": False, "of": None}


@pytest.mark.parametrize("case, name, held, weak", [
    ("forgot_tree", "Parent", 2, 1), ("forgot_self", "Self", 1, 1),
    ("forgot_watched", "Watched", 1, 3)])
def test_a_reference_that_was_not_given_back_is_said(tmp_path, program, case,
                                                     name, held, weak):
    findings, text, main = report(tmp_path, program, case)
    assert [(f["kind"], f["objects"], f["held_objects"], f["held_cycles"])
            for f in findings] == [("leak", 1, held, 0)]
    assert (f"    use count 1, weak count {weak}; no pointer to it: "
            "1 reference was not given back\n") in text
    other = findings[0]["type"] != name
    assert (f"    has the counts of {name}#1\n" in text) == other
    card = refknot("show", main, f"{name}#1").out.decode()
    assert f"    use count 1, weak count {weak}\n" in card
    assert "given back" not in card


def test_a_cycle_says_what_its_pointers_do_not_explain(tmp_path, program):
    _, text, _ = report(tmp_path, program, "forgot_in_cycle")
    assert drawn(text) == [
        "ROOT CYCLE Parent#1  use count 2, weak count 0; only 1 pointer to it: "
        "1 reference was not given back",
        "--.child-->",
        "Child#1  use count 1, weak count 0",
        "--.parent--> CYCLE BACK TO Parent#1",
    ]


def test_what_only_a_weak_reference_leads_to_is_not_lost(tmp_path, program):
    findings, _, main = report(tmp_path, program, "weak_only")
    assert findings == []
    card = refknot("show", main, "Parent#1").out.decode()
    assert "    use count 1, weak count 1\n" in card
    assert "      a pointer in data of shared (static known" in card
    assert "    only weak references lead to it from a root:\n" in card


def test_a_tree_with_weak_parents_is_well(tmp_path, program):
    findings, _, main = report(tmp_path, program, "well")
    assert findings == []
    parent = shown(main, "Parent#1")
    assert parent["counts"] == {"strong": 1, "weak": 4, "more": False,
                                "of": None}
    # Itself, four children, and the elements of the vector.
    assert parent["retained_objects"] == 6
    assert {(p["field"], p["kind"]) for p in parent["pointers_in"]} == {
        ("weak_parent", "weak")}
    child = shown(main, "Child#1")
    assert child["counts"]["strong"] == 1 and child["counts"]["weak"] == 1
    assert ("a pointer in data of shared (static seen in shared.cc), weak\n"
            in refknot("show", main, "Child#1").out.decode())
    assert child["retained_by"] == "Parent#1"
    assert child["retained_objects"] == 1
    assert [p["object"] for p in child["path"]] == ["Parent#1"]
    assert {(p["field"], p["kind"]) for p in child["pointers_in"]} == {
        ("child", "strong")}
    assert {(p["field"], p["kind"]) for p in child["pointers_out"]} == {
        ("weak_parent", "weak")}
    # A weak reference keeps the counts, and the memory of the object with them.
    gone = shown(main, "Child#5")
    assert gone["counts"] == {"strong": 0, "weak": 1, "more": False, "of": None}
    assert gone["path_root"]["variable"] == "static expired in shared.cc"


def test_names_stand_without_debug_information(tmp_path, program):
    stripped = tmp_path / "stripped"
    subprocess.run(["strip", "-s", program, "-o", stripped], check=True)
    findings, text, _ = report(tmp_path, stripped, "cycle_made")
    assert [f["kind"] for f in findings] == ["orphaned-cycle"]
    assert [x for x in drawn(text) if "#1  use" in x] == [
        "ROOT CYCLE Parent#1  use count 1, weak count 0",
        "Child#1  use count 1, weak count 0",
    ]


def test_the_cache_keeps_what_counts_need(tmp_path, program):
    main = record(tmp_path, program, "cycle_new", "well").main
    fresh = refknot("report", main).out
    cache = environment(REFKNOT_CACHE=tmp_path / "cache")
    for _ in range(2):
        assert refknot("report", main, env=cache).out == fresh


@pytest.mark.parametrize("case, name, field", [
    ("cycle_rc", "counted::Node", "next"),
    ("cycle_arc", "counted::Shared", "peer")])
def test_a_cycle_of_rust_names_types_members_and_counts(tmp_path, rust, case,
                                                        name, field):
    findings, text, _ = report(tmp_path, rust, case)
    assert [f["kind"] for f in findings] == ["orphaned-cycle"]
    first, arrow, second, back = drawn(text)
    assert first == f"ROOT CYCLE {name}#1  strong count 1, weak count 0"
    assert second == f"{name}#2  strong count 1, weak count 0"
    assert re.fullmatch(rf"--\.{field}\.[\w.]*-->", arrow)
    assert re.fullmatch(rf"--\.{field}\.[\w.]*--> CYCLE BACK TO {name}#1", back)
    assert {e["kind"] for m in findings[0]["members"] for e in m["edges"]} == {
        "strong"}


def test_a_tree_of_rust_with_weak_parents_is_no_cycle(tmp_path, rust):
    findings, text, main = report(tmp_path, rust, "tree")
    assert [(f["kind"], f["type"], f["objects"], f["held_objects"],
             f["held_cycles"]) for f in findings] == [
                 ("leak", "counted::Node", 1, 4, 0)]
    assert ("    strong count 1, weak count 3; no pointer to it: "
            "1 reference was not given back\n") in text
    child = shown(main, "counted::Node#2")
    assert [p["kind"] for p in child["pointers_out"]] == ["weak"]


@pytest.mark.parametrize("flags", [[], ["-no-pie", "-fno-pie"]],
                         ids=["pie", "at_a_fixed_place"])
def test_numbers_are_noted_only_where_counts_may_be(tmp_path, flags):
    program, log = tmp_path / "numbers", tmp_path / "log"
    subprocess.run(["gcc", *flags, HERE / "numbers.c", "-o", program],
                   check=True, capture_output=True)
    main = record(tmp_path, program, log).main
    noted = subprocess.run([NUMBERS_OF, main, "counts"], check=True, text=True,
                           capture_output=True, env=environment()).stdout
    found = {line.split()[0]: line.split(maxsplit=2)[2]
             for line in noted.splitlines()}
    want = dict(line.split(maxsplit=1)
                for line in log.read_text().splitlines())
    assert len(want) == 29
    assert {a: found.get(a, "no") for a in want} == want
