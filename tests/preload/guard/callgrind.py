# SPDX-License-Identifier: MIT
"""Instructions, counted by callgrind: no clock and no other load has a say."""
import json
import os
import re

from conftest import environment, run

TOLERANCE = 0.05


def counted(directory, *argv, **env):
    """(what the program prints, {phase: its instructions}); phases end where the
    program asks for a dump by that name."""
    directory.mkdir()
    done = run("valgrind", "--tool=callgrind",
               f"--callgrind-out-file={directory / 'out'}", *argv,
               env=environment(**env))
    assert done.status == 0, done.told
    phases = {}
    for dump in directory.glob("out.*"):
        text = dump.read_text()
        name = re.search(r"^desc: Trigger: Client Request: (.*)$", text, re.M)
        total = re.search(r"^(?:totals|summary): (\d+)", text, re.M)
        if name:
            phases[name[1]] = int(total[1])
    return done.out.decode(), phases


def whole(directory, *argv, **env):
    """Instructions of a program from its start to its end. Not those of the search in
    /proc/locks: other programs have a say in how many lines that has."""
    directory.mkdir()
    told = run("valgrind", "--tool=callgrind",
               "--toggle-collect=file_locks_have",
               "--collect-atstart=yes",  # the other one denies that
               f"--callgrind-out-file={directory}/out", *argv,
               env=environment(**env))
    assert told.status == 0, told.told
    return int(re.search(r"Collected : (\d+)", told.told)[1])


def within(budget, found, what):
    """`found`, {name: number}, is not above the file `budget`'s. GUARD_ACCEPT
    makes it the budget."""
    if os.environ.get("GUARD_ACCEPT"):
        budget.write_text(json.dumps(found, indent=1) + "\n")
    most = json.loads(budget.read_text())
    assert set(found) == set(most)
    rows = {name: f"{name}: {found[name]} {what}, budget {most[name]}"
            for name in sorted(most)}
    print("\n".join(rows.values()))
    worse = [row for name, row in rows.items()
             if found[name] > most[name] * (1 + TOLERANCE)]
    assert not worse, worse + ["if on purpose: GUARD_ACCEPT=1"]
    for name, row in rows.items():
        if found[name] < most[name] * (1 - TOLERANCE):
            print(f"better than {budget.name}, lower it: {row}")
