# SPDX-License-Identifier: MIT
"""objects.py LOG: makes objects of many types.  LOG gets for each object that
it knows of its address, whether the garbage collector has words before it, the
name of its type, and whether that type was made by Python code or by a call."""
import array
import collections
import functools
import gc
import io
import itertools
import os
import re
import sys
import threading
import types
import weakref


class Made:
    pass


def numbers():
    yield 1


running = numbers()
next(running)
kept = [
    [3], {1: 2}, (1, sys), {5}, frozenset([object()]), "abc" + str(os.getpid()),
    "é" + str(os.getpid()), "日本" + str(os.getpid()), b"x" * 30, bytearray(b"y"),
    1.5 * os.getpid(), 10 ** 30 + os.getpid(), complex(1, os.getpid()), Made(),
    running, collections.OrderedDict(a=1), collections.deque([1]),
    collections.defaultdict(list), re.compile("x+y"), array.array("i", [1, 2]),
    memoryview(b"abc"), itertools.count(5), functools.partial(print, 1),
    io.BytesIO(b"q"), slice(1, 2), range(7, 1000), iter([1]), iter({}),
    numbers.__code__, property(), weakref.ref(Made), types.SimpleNamespace(a=1),
    threading.Lock(), enumerate([]), ValueError("x"), sys._getframe(),
    # Elements that are types: no list is called after them.
    [int, str, list, dict], [1, int], (0, str), [str, 7, int, tuple],
]


def reachable(objects):
    seen = {id(o): o for o in objects}
    work = list(seen.values())
    for one in work:
        for other in gc.get_referents(one):
            if id(other) not in seen:
                seen[id(other)] = other
                work.append(other)
    return work


HEAP_TYPE, HAVE_GC = 1 << 9, 1 << 14
found = reachable(gc.get_objects() + kept)
with open(sys.argv[1], "w", encoding="utf-8") as log:
    for thing in found:
        flags = type(thing).__flags__
        log.write(f"{id(thing)} {int(bool(flags & HAVE_GC))} "
                  f"{int(bool(flags & HEAP_TYPE))} {type(thing).__name__}\n")
os._exit(0)
