# SPDX-License-Identifier: MIT
"""Python's own gc.collect() on as many objects and references as ledger.c has:
collect.py [OBJECTS]."""
import gc
import random
import sys
import time


class Thing:  # pylint: disable=too-few-public-methods
    __slots__ = ("a", "b", "c")


count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
gc.disable()
things = [Thing() for _ in range(count)]
for thing in things:
    thing.a, thing.b, thing.c = random.choices(things, k=3)
best = 1e9
for _ in range(5):
    start = time.perf_counter()
    gc.collect()
    best = min(best, time.perf_counter() - start)
print(f"gc.collect of {count} with {3 * count} references: {best * 1e3:.1f} ms")
