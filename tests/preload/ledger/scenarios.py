# SPDX-License-Identifier: MIT
"""What Python's own gc module makes of a scenario: scenarios.py < SCENARIO. The
same language as scenarios.c has, which says what the words mean; the first line
says how many objects Python itself has.

Nothing here may make or free an object that gc counts, but for the scenario's.
So the loop has no iterators, what is written is strings, and calls that cannot
do without count for nothing: they have count[0] as it was before.
"""
import ctypes
import gc
import struct
import sys

FIND = (123457, 765431, 998873)  # thresholds that nothing else looks like


def counts():
    """gc's three counts, where the interpreter has them."""
    before = gc.get_threshold()
    gc.set_threshold(*FIND)
    ctypes.pythonapi.PyInterpreterState_Get.restype = ctypes.c_void_p
    start = ctypes.pythonapi.PyInterpreterState_Get()
    memory = ctypes.string_at(start, 1 << 15)
    gc.set_threshold(*before)
    for at in range(0, len(memory) - 56, 4):
        if tuple(struct.unpack_from("i", memory, at + 24 * g)[0]
                 for g in range(3)) == FIND:
            return [ctypes.c_int.from_address(start + at + 24 * g + 4)
                    for g in range(3)]
    raise SystemExit("gc's counts are not where they are in CPython 3.11")


class N:  # pylint: disable=too-few-public-methods
    __slots__ = ("s0", "s1", "s2", "s3")


class U:  # pylint: disable=too-few-public-methods
    __slots__ = ("s0", "s1", "s2", "s3")


SLOTS = ("s0", "s1", "s2", "s3")
TYPES = {"N": N, "U": U}
MINE = (N, U)
COUNTS = counts()
TP_DEL = 376  # of a type of CPython 3.11: what makes objects uncollectable
NOTHING = ctypes.cast(ctypes.pythonapi.Py_IsInitialized, ctypes.c_void_p).value
ctypes.c_void_p.from_address(id(U) + TP_DEL).value = NOTHING

variables = [None] * 64
out = [None] * 100000
written = 0
waiting = 0  # what automatic checks have collected: with refknot it is there
asked = False  # this collection is gc.collect()


def say(text):
    global written
    out[written] = text
    written += 1


def called(phase, info):
    global waiting
    found = info["collected"] + info["uncollectable"]
    if phase == "start":
        say(f"start {info['generation']} {found} {info['uncollectable']}")
        return
    if asked:
        found += waiting
    elif not gc.get_debug() & gc.DEBUG_SAVEALL:
        waiting += info["collected"]
    say(f"stop {info['generation']} {found} {info['uncollectable']}")
    COUNTS[0].value = 0  # as it is without the dictionary


def aside(call, op):
    """Whatever it makes and frees counts for nothing, and causes no check."""
    before, was = COUNTS[0].value, gc.isenabled()
    gc.disable()
    result = call(op)
    if was:
        gc.enable()
    COUNTS[0].value = before
    return result


def number_of(objects):
    return sum(isinstance(o, MINE) for o in objects)


def stats():
    """Less what had been before: numbers only, for a list would count."""
    now = [s[what] for s in gc.get_stats()
           for what in ("collections", "collected", "uncollectable")]
    return " ".join(str(n - b) for n, b in zip(now, BEFORE))


def objects():
    return " ".join(str(number_of(gc.get_objects(generation=g)))
                    for g in (0, 1, 2, None))


def bulk(kind, number, length):
    for_all = 0
    while for_all < number:
        first = current = kind()
        i = 1
        while i < length:
            following = kind()
            setattr(current, "s0", following)
            current = following
            following = None
            i += 1
        setattr(current, "s0", first)
        first = current = None
        for_all += length


def collect(generation):
    global asked, waiting
    if not 0 <= generation <= 2:
        say(aside(refused, generation))
        return
    asked = True
    found = gc.collect(generation) + waiting
    asked = False
    waiting = 0
    say(f"collect {generation}: {found}")


def refused(generation):
    """gc raises an exception where refknot_collect() returns -1."""
    try:
        return f"collect {generation}: {gc.collect(generation)}"
    except ValueError:
        return f"collect {generation}: -1"


def edges(op):
    return (f"edges {number_of(gc.get_referrers(variables[op[1]]))} "
            f"{number_of(gc.get_referents(variables[op[1]]))}")


def threshold(op):
    gc.set_threshold(*op[1:])


def references(op):
    """One less than Python's, which has its argument."""
    return f"references {sys.getrefcount(variables[op[1]]) - 1}"


OF_A_VARIABLE = {"link", "unlink", "edges", "tracked", "references"}
ASKED = {
    "frozen": lambda op: f"frozen {gc.get_freeze_count() - BASE}",
    "garbage": lambda op: f"garbage {number_of(gc.garbage)}",
    "objects": lambda op: f"objects {objects()}",
    "stats": lambda op: f"stats {stats()}",
    "edges": edges,
    "references": references,
    "tracked": lambda op: f"tracked {gc.is_tracked(variables[op[1]]):d}",
}


def run(ops):  # pylint: disable=too-many-branches,too-many-statements
    at, end = 0, len(ops)
    while at < end:
        op = ops[at]
        at += 1
        word = op[0]
        a = op[1]
        b = op[2]
        c = op[3]
        if word in OF_A_VARIABLE and variables[a] is None:
            continue
        if word == "make":
            variables[b] = TYPES[a]()
        elif word == "bulk":
            bulk(TYPES[a], b, c)
        elif word == "link":
            setattr(variables[a], SLOTS[b], variables[c])
        elif word == "unlink":
            setattr(variables[a], SLOTS[b], None)
        elif word == "take":
            if variables[b] is not None:
                variables[a] = getattr(variables[b], SLOTS[c], None)
        elif word == "drop":
            variables[a] = None
        elif word == "collect":
            collect(a)
        elif word == "threshold":
            aside(threshold, op)
        elif word == "enable":
            gc.enable()
        elif word == "disable":
            gc.disable()
        elif word == "enabled":
            say("enabled 1" if gc.isenabled() else "enabled 0")
        elif word == "freeze":
            gc.freeze()
        elif word == "unfreeze":
            gc.unfreeze()
        elif word == "debug":
            gc.set_debug(a)
        elif word == "dropgarbage":
            gc.garbage.clear()
        elif word == "counts":
            say(f"counts {COUNTS[0].value} {COUNTS[1].value} {COUNTS[2].value}")
        elif word in ASKED:
            say(aside(ASKED[word], op))
        else:
            raise SystemExit(f"no such word: {word}")


def read(text):
    for line in text.strip().splitlines():
        words = [int(w) if w.lstrip("-").isdigit() else w for w in line.split()]
        yield tuple(words + [None] * (4 - len(words)))


# Whatever Python makes once is made before the scenario begins.
WARM = """
make N 1
link 1 0 1
take 2 1 0
unlink 1 0
counts
edges 1
references 1
tracked 1
drop 1
drop 2
bulk N 64 2
collect 2
freeze
frozen
unfreeze
objects
stats
garbage
enabled
"""
BASE = 0
BEFORE = [0] * 9
program = list(read(sys.stdin.read()))
gc.callbacks.append(called)
run(list(read(WARM)))
gc.collect()
gc.collect()
gc.freeze()
gc.collect()
written = waiting = 0
for i, n in enumerate(stats().split()):
    BEFORE[i] = int(n)
i = n = None
gc.enable()
BASE = gc.get_freeze_count()
COUNTS[0].value = COUNTS[1].value = COUNTS[2].value = 0
run(program)
gc.disable()
print("\n".join([f"base {BASE}"] + out[:written]))
