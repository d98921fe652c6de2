# SPDX-License-Identifier: MIT
"""How many instructions refknot adds to malloc and free: none must be 5 % more
than budget.json says. Counted by callgrind, so no clock and no other load has a
say. To accept new numbers on purpose: GUARD_ACCEPT=1 meson test --suite guard.
"""
import os
import pathlib
import shutil

import pytest

from callgrind import counted, whole, within
from conftest import BUILD, SHIM, other_build

BUDGET = pathlib.Path(__file__).resolve().parent / "budget.json"
SEQUENCE = BUILD / "tests/preload/guard/guard_sequence"


def per_call(directory, **env):
    """{phase: instructions a call} of one run."""
    out, phases = counted(directory, SEQUENCE, **env)
    calls = dict(line.split("\t") for line in out.splitlines())
    assert set(phases) == set(calls)
    return {name: total / int(calls[name]) for name, total in phases.items()}


def added(directory):
    store = directory / "store"
    store.mkdir()
    plain = per_call(directory / "plain")
    shim = per_call(directory / "shim", LD_PRELOAD=SHIM, REFKNOT_OUT=store,
                   REFKNOT_SNAPSHOT="0")
    assert list(store.glob("*.rkn"))
    return {name: round(shim[name] - plain[name], 1) for name in plain}


def test_no_call_takes_more_instructions(tmp_path):
    if not shutil.which("valgrind"):
        pytest.skip("valgrind is not installed")
    if not SEQUENCE.exists():
        pytest.skip("valgrind's headers were not there to build with")
    why = other_build()
    if why:
        pytest.skip(f"budget.json is of gcc's release build; here {why}")
    within(BUDGET, added(tmp_path), "instructions added a call")


# Of a start and an end, mostly the loader's for one library more; for one that is
# recorded see test_process.py.
SKIPPED_MOST = 160000


def test_a_program_that_nobody_judges_starts_as_fast_as_without(tmp_path):
    """The shells of a test suite: no store, no handlers, no tables."""
    if not shutil.which("valgrind"):
        pytest.skip("valgrind is not installed")
    why = other_build()
    if why:
        pytest.skip(f"the limit is of gcc's release build; here {why}")
    notes = tmp_path / "store" / ".executed"
    notes.mkdir(parents=True)
    plain = whole(tmp_path / "plain", "/bin/true")
    skipped = whole(tmp_path / "skipped", "/bin/true", LD_PRELOAD=SHIM,
                    REFKNOT_OUT=notes.parent, REFKNOT_PROGRAMS="test_*")
    assert [n for n in notes.iterdir() if os.readlink(n).endswith("/true")]
    assert list(notes.parent.iterdir()) == [notes]
    print(f"{skipped - plain} instructions more than {plain}")
    assert skipped - plain < SKIPPED_MOST
