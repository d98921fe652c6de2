# SPDX-License-Identifier: MIT
"""Heaps that the program has protected or damaged: it ends as it does without
refknot, as soon, and what is in order is known."""
import time

import pytest

from conftest import CC, SOURCE, read_json, record, run

TEXT = SOURCE / "tests/preload/hooks/damages.c"
SOON = 20  # seconds; a circle that is followed takes minutes


@pytest.fixture(scope="module")
def damages(tmp_path_factory):
    program = tmp_path_factory.mktemp("damages") / "damages"
    done = run(CC, "-g", "-O1", "-fno-builtin", "-w", "-pthread", TEXT, "-o", program)
    assert done.status == 0, done.told
    return program


def ends_well(tmp_path, damages, mode):
    plain = run(damages, mode)
    assert plain.status == 0
    start = time.monotonic()
    done = record(tmp_path, damages, mode)
    assert time.monotonic() - start < SOON
    assert done.outcome.status == 0, done.outcome.told
    return done


def arenas(recording):
    return read_json("waste", recording)["waste"]["arenas"]


def test_pages_that_hide_at_the_end_of_the_heap_are_not_read(tmp_path, damages):
    done = ends_well(tmp_path, damages, "hidden")
    assert read_json("waste", done.main)["waste"]["blocks"] >= 4000


def test_a_page_that_is_protected_hides_no_other(tmp_path, damages):
    """1,500 blocks below that page are free."""
    done = ends_well(tmp_path, damages, "split")
    first, = arenas(done.main)
    assert 4000 * 1008 <= first["resident"] < 4000 * 1008 + (64 << 10)
    assert 1500 * 1008 <= first["free"] < 1500 * 1008 + (64 << 10)


@pytest.mark.parametrize("mode, count", [
    ("twice", 1), ("p", 2), ("a", 1), ("pa", 1), ("w", 2)])
def test_damaged_links_lead_nowhere(mode, count, tmp_path, damages):
    """A block that was freed twice; a part of an arena that is its own forerunner (p);
    an arena behind itself (a), or with another somewhere (w)."""
    done = ends_well(tmp_path, damages, mode)
    assert len(arenas(done.main)) == count


def test_a_child_follows_its_parents_damaged_links_nowhere(tmp_path, damages):
    done = ends_well(tmp_path, damages, "wf")
    assert len(done.children) == 1
