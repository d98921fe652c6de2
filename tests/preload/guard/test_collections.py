# SPDX-License-Identifier: MIT
"""Collections take time in proportion to objects and references: sixteen times as
many take no more instructions each. Counted by callgrind, as in test_guard.py.
"""
import shutil

import pytest

from callgrind import counted
from conftest import BUILD, SHIM

GARBAGE = BUILD / "tests/preload/guard/guard_garbage"
FEW, MANY = 1024, 16384


def per_object(directory, objects, length, clear):
    """Instructions an object: of the collection that finds all, and of the next."""
    store = directory / "store"
    store.mkdir(parents=True)
    out, phases = counted(directory / "run", GARBAGE, objects, length, int(clear),
                          LD_PRELOAD=SHIM, REFKNOT_OUT=store, REFKNOT_SNAPSHOT="0")
    assert int(out) == objects
    return phases["collect"] / objects, phases["again"] / objects


@pytest.mark.parametrize("clear", [False, True])
@pytest.mark.parametrize("length", [2, None])
def test_more_objects_take_no_more_instructions_each(length, clear, tmp_path):
    if not shutil.which("valgrind") or not GARBAGE.exists():
        pytest.skip("valgrind or its headers are not installed")
    few = per_object(tmp_path / "few", FEW, length or FEW, clear)
    many = per_object(tmp_path / "many", MANY, length or MANY, clear)
    print(f"rings of {length or 'all'}, clear {clear}: {few} and {many}")
    for at_few, at_many in zip(few, many):
        assert at_many < at_few * 1.25 + 20
