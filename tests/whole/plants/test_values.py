# SPDX-License-Identifier: MIT
"""Values of an interpreter's shape (values.h): counters before what they count,
slots of slabs, and a collector of their own. What values.c does wrong is told
right, and what that collector does is no finding.
"""
import plants
import pytest
from conftest import read_json

VARIANTS = pytest.mark.parametrize("variant", ["told", "counted"])


@VARIANTS
@pytest.mark.parametrize("corner", plants.VALUES_RIGHT)
def test_what_is_right_is_no_finding(corner, variant, tmp_path):
    report, _, outcome = plants.recorded(tmp_path, plants.values(variant),
                                         corner)
    assert outcome.status == 0 and b"NO" not in outcome.out
    assert report["findings"] == [] and report["complete"] == []


@VARIANTS
@pytest.mark.parametrize("plant", plants.VALUES, ids=lambda p: p.corner)
def test_what_is_wrong_is_told_right(plant, variant, tmp_path):
    report, text, outcome = plants.recorded(tmp_path, plants.values(variant),
                                            plant.corner)
    assert b"NO" not in outcome.out
    assert plants.judge(plant, report, text)[0] == "right", text


@VARIANTS
def test_a_count_is_the_header_s(variant, tmp_path):
    plants.recorded(tmp_path, plants.values(variant), "values_in_use")
    shown = read_json("show", "Text#3", tmp_path / "main.rkn")["object"]
    # its member, and the one that has been taken out of it
    assert shown["refcount"] == 2
    assert shown["refcount_read"] == (variant == "counted")


def test_without_annotations_nothing_is_known(tmp_path):
    report, _, outcome = plants.recorded(
        tmp_path, plants.values("disabled"), "forgotten_member")
    assert outcome.status == 0
    assert report["findings"] == [] and not any(
        t["type"] in ("Text", "Thing") for t in report["types"])
