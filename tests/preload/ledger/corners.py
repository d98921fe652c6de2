# SPDX-License-Identifier: MIT
"""Programs that do one corner a run, by name."""
from conftest import record


def corners(program, says=b""):
    """What runs one of its corners, recorded, in which it must say that."""
    def corner(directory, *argv):
        """What the program itself checks must hold."""
        recorded = record(directory, program, *argv)
        assert recorded.outcome.status == 0, recorded.outcome.told
        assert b"NO" not in recorded.outcome.out, recorded.outcome.out
        assert says in recorded.outcome.out
        return recorded
    return corner


def only(recorded, kind):
    """Its only finding, which is of that kind."""
    found = recorded.report()["findings"]
    assert [f["kind"] for f in found] == [kind]
    return found[0]
