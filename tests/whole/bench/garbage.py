# SPDX-License-Identifier: MIT
"""Collections of garbage beside Python's, in one run: ms for the collection that
finds N objects in rings, and for the next one. garbage.py [MOST].

Without a clear refknot keeps all of it; Python's gc does that with DEBUG_SAVEALL.
"""
import gc
import os
import pathlib
import subprocess
import sys
import tempfile
import time

BUILD = pathlib.Path(os.environ.get("TEST_BUILD", "build-test"))
PROGRAM = BUILD / "tests/whole/bench/bench_garbage"
SHIM = BUILD.resolve() / "preload/librefknot_preload.so"


class Node:  # pylint: disable=too-few-public-methods
    __slots__ = ("next",)


def make(count, length):
    nodes = [Node() for _ in range(count)]
    for i, node in enumerate(nodes):
        first = i // length * length
        end = min(first + length, count)
        node.next = nodes[i + 1 if i + 1 < end else first]


def python(count, length, clear):
    gc.collect()
    gc.disable()
    make(count, length)
    gc.set_debug(0 if clear else gc.DEBUG_SAVEALL)
    start = time.perf_counter()
    found = gc.collect()
    middle = time.perf_counter()
    gc.collect()
    end = time.perf_counter()
    assert found >= count
    gc.set_debug(0)
    gc.garbage.clear()
    gc.collect()
    return (middle - start) * 1e3, (end - middle) * 1e3


def refknot(count, length, clear):
    with tempfile.TemporaryDirectory() as place:
        done = subprocess.run(
            [PROGRAM, str(count), str(length), str(int(clear))],
            env={**os.environ, "LD_PRELOAD": str(SHIM), "REFKNOT_OUT": place,
                 "REFKNOT_SNAPSHOT": "0"},
            capture_output=True, text=True, check=True)
    return [float(n) for n in done.stdout.split()]


def main():
    most = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
    print(f"{'objects':>8} {'ring':>8} {'clear':>6} "
          f"{'refknot ms':>11} {'again':>8} {'Python ms':>10} {'again':>8}")
    count = 1000
    while count <= most:
        for length in (2, 10, 1000, count):
            for clear in (False, True):
                ours = min(refknot(count, length, clear) for _ in range(3))
                other = min(python(count, length, clear) for _ in range(3))
                print(f"{count:>8} {length:>8} {'yes' if clear else 'no':>6} "
                      f"{ours[0]:>11.2f} {ours[1]:>8.2f} "
                      f"{other[0]:>10.2f} {other[1]:>8.2f}", flush=True)
        count *= 10


if __name__ == "__main__":
    main()
