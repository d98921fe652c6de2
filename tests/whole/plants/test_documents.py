# SPDX-License-Identifier: MIT
"""jansson, which none of us wrote, from Debian's source package and annotated by
a header (annotated.h): its own tests run as without refknot, and what documents.c
does wrong is told right.
"""
import plants
import pytest
from conftest import record, refknot, run

# They end a cycle by one release more than there are references.
BELOW_ZERO = {"test_array", "test_object"}

# Where it may matter whether the counters are read, or where holders are told by
# an address inside them.
COUNTED = {"forgotten_of_an_object", "forgotten_in_a_global",
           "forgotten_in_a_loop", "forgotten_in_a_pool", "given_back_twice",
           "given_back_by_a_stranger", "one_reference_for_two",
           "freed_while_held", "cycle_of_two_objects"}
INTERIOR = {"forgotten_of_a_tree", "given_back_by_a_stranger",
            "one_reference_for_two", "borrowed_is_stored",
            "slot_is_overwritten", "holder_is_freed",
            "moved_holder_is_freed", "cycle_of_two_objects",
            "cycle_over_an_array", "strong_where_weak_is_meant"}

PLANTS = [(variant, plant) for plant in plants.DOCUMENTS
          for variant, chosen in (("told", {plant.corner}),
                                  ("counted", COUNTED), ("interior", INTERIOR))
          if plant.corner in chosen]


@pytest.fixture(scope="module")
def jansson(tmp_path_factory):
    return plants.jansson(tmp_path_factory.mktemp("jansson"))


def test_its_own_tests_run_as_without(jansson, tmp_path):
    paths = sorted((jansson.source / "test/suites/api").glob("test_*.c"))
    assert len(paths) > 15
    found = {}
    for path in paths:
        program = jansson.program("told", path, "-O2")
        alone, recorded = run(program), record(tmp_path, program)
        assert alone.status == 0, alone.told
        assert (alone.status, alone.out, alone.err) == (
            recorded.outcome.status, recorded.outcome.out,
            recorded.outcome.err), path.stem
        report = recorded.report()
        assert report["complete"] == [], path.stem
        if report["findings"]:
            found[path.stem] = {f["kind"] for f in report["findings"]}
    assert found == {name: {"release-at-zero"} for name in BELOW_ZERO}


def test_its_documents_are_read_as_without(jansson):
    program = jansson.program("counted", jansson.source
                              / "test/bin/json_process.c", "-O2")
    cases = [p for suite in ("valid", "invalid", "invalid-unicode",
                             "encoding-flags")
             for p in sorted((jansson.source / "test/suites"
                              / suite).iterdir()) if p.is_dir()]
    assert len(cases) > 100
    script = "".join(f"'{program}' '{p}' || exit\n" for p in cases[::5])
    alone = run("sh", "-c", script)
    assert alone.status == 0, alone.told
    done = refknot("check", "--", "sh", "-c", script)
    assert done.status == 0, done.told
    assert done.out.startswith(alone.out)


@pytest.mark.parametrize("variant", ["told", "counted", "interior"])
@pytest.mark.parametrize("corner", plants.DOCUMENTS_RIGHT)
def test_what_is_right_is_no_finding(corner, variant, jansson, tmp_path):
    report, _, outcome = plants.recorded(tmp_path, jansson.documents(variant),
                                         corner)
    assert outcome.status == 0 and b"NO" not in outcome.out
    assert report["findings"] == [] and report["complete"] == []


@pytest.mark.parametrize("variant, plant", PLANTS, ids=lambda x: (
    x if isinstance(x, str) else x.corner))
def test_what_is_wrong_is_told_right(variant, plant, jansson, tmp_path):
    report, text, outcome = plants.recorded(
        tmp_path, jansson.documents(variant), plant.corner)
    assert b"NO" not in outcome.out
    assert plants.judge(plant, report, text) == ("right", ""), text
