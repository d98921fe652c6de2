# SPDX-License-Identifier: MIT
"""What annotations cost: jansson (Debian's source) and values of an
interpreter's shape, with references told and with counters read, beside the
same program that was built without.

    references.py [RESULT.json] [--rounds N]

Rounds are interleaved, and the best of each counts, of what the program
measures itself: start and end of the process are not in it.
"""
import argparse
import json
import pathlib
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS), str(TESTS / "support"), str(TESTS / "whole/plants")]

# pylint: disable=wrong-import-position
import inputs
import plants
import pytest
from conftest import BUILD, SOURCE, refknot, run
from tools import versions

# (what it is called, how it is built, under refknot)
CASES = [
    ("plain", "plain", False),
    ("told, not recorded", "told", False),
    ("counted, not recorded", "counted", False),
    ("plain", "plain", True),
    ("told", "told", True),
    ("counted", "counted", True),
]


def measure(program, recorded, out):
    """{what the program did: nanoseconds a unit}"""
    if recorded:
        done = refknot("run", "-q", "-o", out / "r.rkn", "--", *program)
    else:
        done = run(*program)
    assert done.status == 0, done.told
    return {name: float(ns) for name, ns in
            (line.split() for line in done.out.decode().splitlines())}


def of_jansson(directory):
    """{how it is built: argv}; nothing where its source cannot be had."""
    try:
        library = plants.jansson(directory)
    except pytest.skip.Exception as why:
        print(f"jansson is left out: {why}")
        return {}
    document = inputs.json_document(directory / "in.json", 1 << 19)
    path = SOURCE / "tests/whole/bench/documents.c"
    return {v: [library.program(v, path, "-O2"), document]
            for v in ("plain", "told", "counted")}


def of_values():
    return {"plain": [BUILD / "tests/whole/bench/bench_values_disabled"],
            "told": [BUILD / "tests/whole/bench/bench_values_told"],
            "counted": [BUILD / "tests/whole/bench/bench_values_counted"]}


def measure_all(built, rounds, out):
    """{case: {what: [ns a round]}}"""
    found = {case: {} for case in CASES}
    for _ in range(rounds):
        for case in CASES:
            for what, ns in measure(built[case[1]], case[2], out).items():
                found[case].setdefault(what, []).append(ns)
    return found


def rows(name, found):
    for what, plain in found[CASES[0]].items():
        for case, times in found.items():
            yield {"of": name, "what": what, "annotations": case[0],
                   "recorded": case[2],
                   "ns": min(times[what]),
                   "ratio": min(times[what]) / min(plain),
                   "rounds": times[what]}


def print_rows(table):
    last = None
    for row in table:
        head = f"{row['of']}: {row['what']}"
        case = ("refknot, " if row["recorded"] else "") + row["annotations"]
        print(f"{head if head != last else '':26} {case:22} "
              f"{row['ns']:9.2f} ns {row['ratio']:7.2f}x")
        last = head


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n",
                                                               maxsplit=1)[0])
    parser.add_argument("result", nargs="?", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    table = []
    with tempfile.TemporaryDirectory(prefix="references-") as directory:
        place = pathlib.Path(directory)
        programs = {"jansson": of_jansson(place), "values": of_values()}
        for name, built in programs.items():
            if built:
                table += rows(name, measure_all(built, wanted.rounds, place))
                print_rows([r for r in table if r["of"] == name])
    if wanted.result:
        wanted.result.write_text(json.dumps(
            {"versions": versions(), "rows": table}, indent=1))


if __name__ == "__main__":
    main()
