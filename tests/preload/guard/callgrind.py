# SPDX-License-Identifier: MIT
"""Instructions, counted by callgrind: no clock and no other load has a say."""
import re

from conftest import environment, run


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
    """Instructions of a program from its start to its end."""
    directory.mkdir()
    told = run("valgrind", "--tool=callgrind",
               f"--callgrind-out-file={directory}/out", *argv,
               env=environment(**env))
    assert told.status == 0, told.told
    return int(re.search(r"Collected : (\d+)", told.told)[1])
