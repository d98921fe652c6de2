# SPDX-License-Identifier: MIT
"""The same scenarios of garbage in CPython 3.11 and in C: every number is the
same. See scenarios.c for their language. SCENARIOS=1000 tries that many seeds,
FIRST=5000 begins with that one; what differs is made as short as it can be.
"""
import os
import pathlib
import random
import subprocess
import sys

import pytest

from conftest import BUILD, SHIM, environment

PROGRAM = BUILD / "tests/preload/ledger/ledger_scenarios"
PYTHON = pathlib.Path(__file__).with_name("scenarios.py")
RING = ["make N 1", "make N 2", "link 1 0 2", "link 2 0 1"]
ASK = ["counts", "objects", "stats", "garbage", "frozen"]
ALL = [line for g in (0, 1, 2) for line in (f"collect {g}", *ASK)]

# Each is one point of the gc module. One with automatic checks that clear
# something asks for no objects before it collects: there they are still there.
SCENARIOS = {
    "a ring is collected": RING + ["edges 1", "references 1", "tracked 1",
                                   "counts", "drop 1", "drop 2"] + ALL,
    "what is held is not": RING + ["drop 1"] + ALL + ["edges 2"],
    "no such generation": ["collect 3", "collect -1", "counts", "stats"],
    "collections count": ["collect 0", "counts", "collect 0", "counts",
                          "collect 1", "counts", "collect 2", "counts",
                          "stats"],
    "ended objects count less": ["make N 1", "make N 2", "drop 1", "counts",
                                 "drop 2", "counts", "collect 0", "counts",
                                 "make N 1", "collect 0", "drop 1", "counts"],
    "old objects are roots": RING + ["collect 0", "collect 0", "make N 3",
                                     "make N 4", "link 3 0 4", "link 4 0 3",
                                     "link 1 1 3", "drop 1", "drop 2",
                                     "drop 3", "drop 4"] + ALL,
    "a ring of generation 1": RING + ["collect 0", "drop 1", "drop 2"] + ALL,
    "automatic checks": ["bulk N 3000 1", "stats", "counts", *ALL],
    "the object being made is not in its check":
        ["threshold 50 10 10", "bulk N 700 1", "stats", "counts", *ALL],
    "rings in the making grow older":
        ["threshold 50 2 2", "make N 1", "bulk N 3000 3", "stats", "counts",
         *ALL],
    "rings longer than a threshold":
        ["threshold 10 3 3", "bulk N 3000 25", "stats", "counts", *ALL],
    "negative thresholds": ["threshold -1 -1 20", *RING, "bulk N 30 3",
                            "stats", "counts", *ALL],
    "threshold 0": ["threshold 0 1 1", "bulk N 2000 2", "stats", "counts",
                    *ALL],
    "only the first threshold is low": ["threshold 1 10 10", "bulk N 200 2",
                                        "stats", *ALL],
    "off and on": ["threshold 5 5 5", "disable", "enabled", "bulk N 40 2",
                   "counts", "enable", "enabled", "make N 1", "counts", "stats",
                   *ALL],
    "frozen": RING + ["counts", "freeze", *ASK, "edges 1", "drop 1", "drop 2",
                      *ALL, "unfreeze", *ASK, *ALL],
    "frozen counts": ["collect 0", "collect 1", "make N 1", "counts", "freeze",
                      "counts", "make N 2", "objects", "unfreeze", "counts",
                      "objects"],
    "frozen objects are roots": RING + ["freeze", "make N 3", "make N 4",
                                        "link 3 0 4", "link 4 0 3",
                                        "link 1 1 3", "drop 1", "drop 2",
                                        "drop 3", "drop 4", *ALL, "unfreeze",
                                        *ALL],
    "uncollectable": ["bulk U 4 2", *ALL, *ALL, "dropgarbage", *ALL, *ALL],
    "what only it reaches is spared":
        ["make U 1", "make N 2", "make N 3", "make N 4", "link 1 0 1",
         "link 1 1 2", "link 2 0 3", "link 3 0 2", "link 4 0 4", "link 4 1 2",
         "drop 1", "drop 2", "drop 3", "drop 4", *ALL, "dropgarbage", *ALL],
    "what reaches it is cleared":
        ["make N 1", "make U 2", "link 1 0 1", "link 1 1 2", "link 2 0 2",
         "drop 1", "drop 2", *ALL],
    "it is not kept where it is free of rings":
        ["make N 1", "make U 2", "link 1 0 1", "link 1 1 2", "drop 1",
         "drop 2", *ALL],
    "uncollectable and automatic": ["threshold 20 3 3", "bulk U 300 3",
                                    *ASK, *ALL, "dropgarbage", *ALL],
    "all is saved": ["debug 32", *RING, "make U 3", "link 3 0 3", "link 3 1 1",
                     "drop 1", "drop 2", "drop 3", *ALL, "debug 0",
                     "dropgarbage", *ALL],
    "all is saved by automatic checks":
        ["debug 32", "threshold 5 2 2", "make N 1", "bulk N 3000 3", *ASK,
         "collect 0", "debug 0", "dropgarbage", *ALL],
    # threshold[2] is exceeded long before a quarter is new
    "a full collection waits for a quarter":
        ["debug 32", "disable", "bulk N 300 1", "make N 1",
         *[line for i in range(200)
           for line in (f"make N {i % 60 + 2}",
                        f"link {i % 60 + 2} 0 {(i - 1) % 60 + 2}")],
         "collect 2", "threshold 3 1 1", "enable",
         *[line for i in range(400)
           for line in ("make N 1", "link 1 0 2", "link 2 1 1",
                        *(["stats", "counts"] if i % 20 == 0 else []))],
         *ASK],
    "more than the young's lists have room for":
        ["disable", "bulk N 70000 2", "make N 1", "counts", "collect 0",
         "stats", "counts", "bulk U 70000 7", "collect 1", *ALL],
}


def made(seed):
    """One at random; with automatic checks all is saved, for refknot leaves
    there what Python frees."""
    rng = random.Random(seed)
    automatic = rng.random() < 0.5
    few = rng.choice([4, 8, 20])
    types = rng.choice(["N", "NNNU", "NU"])

    def one():
        i, j, s = rng.randrange(few), rng.randrange(few), rng.randrange(4)
        word = rng.choices(
            ["make", "link", "unlink", "take", "drop", "bulk", "collect",
             "freeze", "unfreeze", "ask", "of", "dropgarbage", "enable",
             "threshold"],
            [30, 40, 5, 8, 20, 1, 6, .5, 1, 6, 4, .5, 1, 1])[0]
        if word == "make":
            return f"make {rng.choice(types)} {i}"
        if word == "bulk":
            length = rng.randrange(1, 8)
            return (f"bulk {rng.choice(types)} {length * rng.randrange(20)} "
                    f"{length}")
        if word == "collect":
            return f"collect {rng.randrange(3)}"
        if word == "ask":
            return rng.choice(ASK)
        if word == "of":
            return f"{rng.choice(['edges', 'references', 'tracked'])} {i}"
        if word == "enable":
            return rng.choice(["enable", "disable", "enabled"])
        if word == "threshold":
            return ("threshold "
                    f"{rng.choice([0, 3, 10, 40, -1]) if automatic else 0} "
                    f"{rng.randrange(-1, 5)} {rng.randrange(-1, 5)}")
        return {"link": f"link {i} {s} {j}", "unlink": f"unlink {i} {s}",
                "take": f"take {i} {j} {s}", "drop": f"drop {i}"
                }.get(word, word)

    begin = (["debug 32", f"threshold {rng.choice([3, 10, 40])} 3 3"]
             if automatic else ["threshold 0 10 10"])
    return begin + [one() for _ in range(rng.choice([40, 150, 400]))] + ALL


def told(argv, text, **env):
    done = subprocess.run(argv, input=text, capture_output=True, text=True,
                          timeout=120, check=False, env=environment(**env))
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def both(directory, lines):
    text = "\n".join(lines) + "\n"
    base, *python = told([sys.executable, "-I", PYTHON], text)
    c = told([PROGRAM], f"{base}\n{text}", LD_PRELOAD=SHIM,
             REFKNOT_OUT=directory, REFKNOT_SNAPSHOT="0")
    return python, c


def shortened(directory, lines):
    """As few lines as make a difference."""
    size = len(lines) // 2
    while size:
        at = 0
        while at < len(lines):
            fewer = lines[:at] + lines[at + size:]
            python, c = both(directory, fewer)
            if python != c:
                lines = fewer
            else:
                at += size
        size //= 2
    return lines


def compare(directory, lines, name):
    python, c = both(directory, lines)
    assert len(python) > 2
    if python != c:
        lines = shortened(directory, lines)
        python, c = both(directory, lines)
        pytest.fail(f"{name}: {'; '.join(lines)}\nPython: {python}\nC: {c}")


@pytest.fixture(autouse=True)
def of_the_right_python():
    if sys.implementation.name != "cpython" or sys.version_info[:2] != (3, 11):
        pytest.skip("the numbers are those of CPython 3.11")


@pytest.mark.parametrize("name", SCENARIOS)
def test_numbers_are_python_s(name, tmp_path):
    compare(tmp_path, SCENARIOS[name], name)


def test_numbers_are_python_s_at_random(tmp_path):
    first = int(os.environ.get("FIRST", "0"))
    for seed in range(first, first + int(os.environ.get("SCENARIOS", "100"))):
        compare(tmp_path, made(seed), f"seed {seed}")
