# SPDX-License-Identifier: MIT
"""Random programs whose losses are known.

Without threads and children each of a thousand is judged exactly right. With
them a word of the allocator's may still be left where no record leads to (see
docs/shim.md): no block is called lost that is not, and of a thousand that are
lost one may be missed.

churn.py does the same with any seeds, beside the peers; what a seed's program
does and what refknot says of it is told by `churn.py --seeds SEED --keep`.
"""
import os
import struct

import pytest

import churn
from churn import JUDGE, truth
from conftest import record, run

SEEDS = 1000
TOGETHER = 50  # seeds of one test
REPORTED = range(2000, 2010)
EXACT = 54  # a seed whose program is short and has no threads and children


@pytest.mark.parametrize("first", range(0, SEEDS, TOGETHER))
def test_programs_are_judged_exactly_right(first):
    tally = churn.run_all("refknot", range(first, first + TOGETHER),
                          os.cpu_count(), ["alone"])
    assert tally.right == TOGETHER, tally.told_causes()
    assert tally.sums["lost"] > 1000


@pytest.mark.parametrize("first", range(0, SEEDS // 4, TOGETHER))
def test_threads_and_children_are_judged_without_false_alarm(first):
    tally = churn.run_all("refknot", range(first, first + TOGETHER),
                          os.cpu_count())
    assert tally.sums["false"] == 0, tally.told_causes()
    assert tally.sums["found"] > 0.999 * tally.sums["lost"]
    assert tally.right >= 0.9 * TOGETHER, tally.told_causes()


# Children that free most of what they inherit, with the pointers in it; five
# seeds each, of some ten processes.
FORKED = range(30, 50, 5)


@pytest.mark.parametrize("first", FORKED)
def test_forked_tests_are_judged_without_false_alarm(first):
    """A few are missed: a child does not know how much of a block the parent
    asked for, and what is left behind that may be a pointer to where a block of
    its own lies by now. churn.py --option forks --option stale tells."""
    tally = churn.run_all("refknot", range(first, first + 5), os.cpu_count(),
                          ["forks", "stale"])
    assert tally.sums["false"] == 0, tally.told_causes()
    assert tally.sums["lost"] > 1000
    assert tally.sums["found"] > 0.9995 * tally.sums["lost"], \
        tally.told_causes()


@pytest.mark.parametrize("seed", REPORTED)
def test_the_report_has_what_the_judge_has(seed, tmp_path):
    """The judge asks refknot's own functions: so does report."""
    recorded = record(tmp_path, *churn.command(tmp_path, seed, "alone"))
    assert churn.ended_well(recorded.outcome.status)
    rows = truth(tmp_path / "book").values()
    findings = [f for f in recorded.report()["findings"]
                if f["kind"] in ("leak", "orphaned-cycle")]
    for kind, what in (("leak", "leak"), ("orphaned-cycle", "cycle")):
        own = [f for f in findings if f["kind"] == kind]
        lost = [row.size for row in rows if row.what == what]
        assert sum(f["objects"] for f in own) == len(lost)
        assert sum(f["bytes"] for f in own) == sum(lost)
    held = [row.size for row in rows if row.what == "held"]
    assert sum(f["held_objects"] for f in findings) == len(held)
    assert sum(f["held_bytes"] for f in findings) == sum(held)


def test_the_same_seed_is_the_same_program(tmp_path):
    """But for the addresses."""
    told = []
    for name in "ab":
        directory = tmp_path / name
        directory.mkdir()
        run(*churn.command(directory, EXACT))
        told.append([(r.size, r.what, r.made_by, r.lost_by, r.root)
                     for r in truth(directory / "book").values()])
    assert told[0] == told[1] and len(told[0]) > 10


# book.h, in bytes.
REF_COUNT = 24
REFS = 32 + 256 + 16384 * 32
NOBODY = 0xffffffff
ROOT = 0x80000000


class Book:
    """One that can be falsified."""

    def __init__(self, path):
        self.path = path
        self.bytes = bytearray(path.read_bytes())
        self.count, = struct.unpack_from("I", self.bytes, REF_COUNT)

    def cut(self, block):
        """Take all pointers to it out."""
        for at in range(REFS, REFS + self.count * 24, 24):
            if struct.unpack_from("II", self.bytes, at)[1] == block:
                struct.pack_into("I", self.bytes, at, NOBODY)
        self.path.write_bytes(self.bytes)

    def hold(self, block):
        """Put in that a root holds it."""
        struct.pack_into("IIQQ", self.bytes, REFS + self.count * 24, ROOT,
                         block, 0, 0)
        struct.pack_into("I", self.bytes, REF_COUNT, self.count + 1)
        self.path.write_bytes(self.bytes)


@pytest.mark.parametrize("what, change", [("in-use", Book.cut),
                                          ("leak", Book.hold)])
def test_the_judge_sees_a_difference(what, change, tmp_path):
    recorded = record(tmp_path, *churn.command(tmp_path, EXACT))
    book = tmp_path / "book"
    assert run(JUDGE, book, recorded.main).status == 0
    block = next(n for n, row in truth(book).items() if row.what == what)
    change(Book(book), block)
    done = run(JUDGE, book, recorded.main)
    assert done.status == 1
    assert f"wrong {block} " in done.out.decode()
