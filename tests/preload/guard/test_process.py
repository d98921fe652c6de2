# SPDX-License-Identifier: MIT
"""What a process pays that does nothing: how many instructions refknot's start and
end take, and how many system calls. None must be 5 % more than process.json says.
Instructions are counted by callgrind, system calls by strace: no clock has a say.
To accept new numbers on purpose: GUARD_ACCEPT=1 meson test --suite guard.
"""
import pathlib
import shutil

import pytest

from callgrind import whole, within
from conftest import SHIM, environment, other_build, run

BUDGET = pathlib.Path(__file__).resolve().parent / "process.json"
PROGRAM = "/bin/true"  # in this locale it allocates nothing


def calls(directory, **env):
    """System calls of the program, from its execution to its end."""
    directory.mkdir()
    # What strace itself would load is loaded into the program only.
    put = [f"-E{name}={value}" for name, value in env.items()]
    told = run("strace", "-o", directory / "calls", *put, PROGRAM,
               env=environment())
    assert told.status == 0, told.told
    return sum("(" in line for line in
               (directory / "calls").read_text().splitlines())


def added(directory):
    store = directory / "store"
    store.mkdir()
    recorded = {"LD_PRELOAD": SHIM, "REFKNOT_OUT": store, "LC_ALL": "C"}
    found = {
        "instructions": whole(directory / "shim", PROGRAM, **recorded) -
        whole(directory / "plain", PROGRAM, LC_ALL="C"),
        "system calls": calls(directory / "shim_calls", **recorded) -
        calls(directory / "plain_calls", LC_ALL="C")}
    assert len(list(store.glob("true.*.rkn"))) == 2
    return found


def test_no_process_takes_more(tmp_path):
    for tool in "valgrind", "strace":
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed")
    why = other_build()
    if why:
        pytest.skip(f"process.json is of gcc's release build; here {why}")
    within(BUDGET, added(tmp_path), "added")
