# SPDX-License-Identifier: MIT
"""Collections take time in proportion to objects and references: sixteen times as
many take no more instructions each. Counted by callgrind, as in test_guard.py.
"""
import re
import shutil

import pytest

from conftest import BUILD, SHIM, environment, run

GARBAGE = BUILD / "tests/preload/guard/guard_garbage"
FEW, MANY = 1024, 16384


def counted(directory, objects, length, clear):
    """Instructions an object: of the collection that finds all, and of the next."""
    directory.mkdir()
    out, store = directory / "out", directory / "store"
    store.mkdir()
    done = run("valgrind", "--tool=callgrind", f"--callgrind-out-file={out}",
               GARBAGE, objects, length, int(clear),
               env=environment(LD_PRELOAD=SHIM, REFKNOT_OUT=store,
                               REFKNOT_SNAPSHOT="0"))
    assert done.status == 0, done.told
    assert int(done.out) == objects
    result = {}
    for dump in directory.glob("out.*"):
        text = dump.read_text()
        name = re.search(r"^desc: Trigger: Client Request: (.*)$", text, re.M)
        total = re.search(r"^(?:totals|summary): (\d+)", text, re.M)
        if name:
            result[name[1]] = int(total[1]) / objects
    return result["collect"], result["again"]


@pytest.mark.parametrize("clear", [False, True])
@pytest.mark.parametrize("length", [2, None])
def test_more_objects_take_no_more_instructions_each(length, clear, tmp_path):
    if not shutil.which("valgrind") or not GARBAGE.exists():
        pytest.skip("valgrind or its headers are not installed")
    few = counted(tmp_path / "few", FEW, length or FEW, clear)
    many = counted(tmp_path / "many", MANY, length or MANY, clear)
    print(f"rings of {length or 'all'}, clear {clear}: {few} and {many}")
    for at_few, at_many in zip(few, many):
        assert at_many < at_few * 1.25 + 20
