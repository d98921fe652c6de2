# SPDX-License-Identifier: MIT
"""Random lists for behaviour.c, and shorter ones of a list.

What a list does is the same each time: nothing that would hang without refknot
or depend on where things lie in memory is in one.
"""
import random
from dataclasses import dataclass, replace

SIGNALS = [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 17, 24, 25, 28, 31,
           35, 64]
# What refknot calls, and what most programs do.
CALLS = [310, 257, 9, 10, 11, 25, 28, 13, 14, 131, 234, 186, 39, 202, 3, 0, 1,
         88, 87, 16, 24, 228, 230, 157, 285, 77, 76, 27, 217, 89, 262, 302, 231,
         56, 435, 61, 270, 35, 5, 12, 158, 8, 17, 97, 102, 110, 332, 334, 62,
         129, 297, 436]
LIMITS = {
    0: [3600],                                      # CPU
    1: [0, 10, 4096, 1000000],                      # FSIZE
    2: [0, 3 << 20, 20 << 20, 64 << 20, 1 << 30],   # DATA
    3: [256 << 10, 1 << 20, 64 << 20],              # STACK
    4: [0],                                         # CORE
    6: [0],                                         # NPROC
    7: [0, 1, 3, 4, 5, 10, 64, 2000],               # NOFILE
    8: [0, 65536],                                  # MEMLOCK
    9: [0, 64 << 20, 200 << 20, 1 << 30, 10 << 30],  # AS
    10: [0],
    11: [0, 10],                                    # SIGPENDING
    15: [1000000],                                  # RTTIME
}
LARGE, SMALL, TINY = 2, 1, 0


@dataclass(frozen=True)
class Where:
    """What the words that are chosen will be done in."""
    depth: int = 0
    room: int = LARGE
    borrowed: bool = False  # the memory is another process's
    handler: bool = False
    busy: bool = False      # other threads of the list run beside
    thread: bool = False
    away: bool = False      # somebody waits for a descriptor to be closed

    def inside(self, **more):
        return replace(self, depth=self.depth + 1, **more)


class Maker:
    """The list of one seed."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.left = self.r.choice([2, 4, 6, 10, 16, 24])
        self.has_threads = False
        self.waits_for_all = False

    def pick(self, *values):
        return self.r.choice(values)

    def size(self):
        r = self.r
        return r.choice([r.randint(24, 200), r.randint(200, 5000),
                         r.randint(5000, 200000)])

    def body(self, where, most=4):
        words = []
        for _ in range(self.r.randint(0, most)):
            if self.left <= 0 or where.depth > 4:
                break
            words += self.word(where)
        return words

    def group(self, name, where, most=4):
        return [name + "{", *self.body(where, most), "}"]

    def word(self, where):
        self.left -= 1
        names = [n for n, c in CHOICES.items() if c.fits(self, where)]
        weights = [CHOICES[n].weight for n in names]
        name = self.r.choices(names, weights)[0]
        return CHOICES[name].make(self, where)

    def words(self):
        words = []
        where = Where()
        while self.left > 0:
            words += self.word(where)
        return words


@dataclass
class Choice:
    weight: float
    make: object
    fits: object = lambda maker, where: True


def simple(name, *numbers):
    """An action whose numbers are chosen from lists, or called for."""
    def make(m, _):
        chosen = [n(m) if callable(n) else m.r.choice(n) for n in numbers]
        return [":".join([name, *map(str, chosen)])]
    return make


def owned(_, w):
    return not w.borrowed


def roomy(_, w):
    return w.room == LARGE


def roomy_owned(_, w):
    return w.room == LARGE and not w.borrowed


def not_tiny(_, w):
    return w.room > TINY


def not_tiny_owned(_, w):
    return w.room > TINY and not w.borrowed


def load(m, _):
    """A global one stays: the loader's list of them keeps where it was."""
    how = m.pick(0, 0, 1, 2, 3)
    return [f"load:{how}:{m.pick(0, 100, 4000)}:"
            f"{1 if how == 1 else m.pick(0, 1)}"]


def stays(_, w):
    return not w.away


def deep(condition):
    return lambda m, w: condition(m, w) and w.depth < 4 and m.left > 0


def fork(m, w):
    raw = m.has_threads or w.thread
    how = 0 if raw else m.r.choice([0, 0, 0, 1, 2, 3, 4])
    return m.group(f"fork:{how}:{m.pick(0, 0, 1)}", w.inside())


def vfork(m, w):
    how = m.pick(0, 0, 1) if w.room == LARGE else 0
    return m.group(f"vfork:{how}", w.inside(borrowed=True), 3)


def clonevm(m, w):
    return m.group("clonevm", w.inside(borrowed=True), 3)


def thread(m, w):
    how = m.pick(0, 1, 1, 2, 3)
    size = m.pick(0, 16384, 20480, 32768, 65536, 131072, 1 << 20, 8 << 20)
    size = size or 16384
    room = (LARGE if how == 0 or size >= 1 << 20 else
            SMALL if size >= 65536 else TINY)
    return m.group(f"thread:{how}:{size}",
                   w.inside(room=room, thread=True))


def coroutine(m, w):
    size = m.pick(4096, 4096, 8192, 16384, 65536, 1 << 20)
    room = LARGE if size >= 1 << 20 else SMALL if size >= 65536 else TINY
    return m.group(f"coroutine:{size}", w.inside(room=room))


def threads_beside(name, *numbers):
    make = simple(name, *numbers)

    def choose(m, w):
        m.has_threads = True
        return make(m, w)
    return choose


def low(m, _):
    """malloc itself takes more than the smallest have left."""
    m.has_threads = True
    left = m.pick(2100, 3000, 4096, 8192)
    return [f"low:{left}:{m.pick(0, 1) if left == 8192 else 0}"]


def execute(m, w):
    how = m.r.randint(0, 9)
    env = m.pick(0, 1, 2, 5) if w.borrowed else m.r.randint(0, 5)
    child = 0 if w.borrowed else m.pick(0, 0, 1, 2)
    flush = [] if m.r.random() < 0.3 or w.borrowed else ["flush"]
    inner = Where(depth=w.depth + 1, away=w.away)
    return [*flush, f"exec:{how}:{env}:{child}" + "{", *m.body(inner), "}"]


def handler(m, w):
    room = w.room
    flags = m.r.randint(0, 31)
    return m.group(f"on:{m.r.choice(SIGNALS)}:{flags}:{m.pick(0, 0, 1)}",
                   w.inside(handler=True, room=min(room, SMALL)), 3)


def end(m, w):
    hows = [0, 1, 1, 3, 6, 8] if w.borrowed else [0, 0, 1, 2, 3, 4, 6, 8]
    if w.borrowed:
        hows = [1, 3, 6, 8]
    elif not m.has_threads and not w.handler:
        hows += [5, 7]
    return [f"end:{m.r.choice(hows)}:{m.r.randint(0, 99)}"]


def limit(m, _):
    which = m.r.choice(list(LIMITS))
    value = m.r.choice(LIMITS[which])
    return [f"limit:{which}:{value}:{m.pick(0, 0, 1)}"]


def raising(m, w):
    """In a thread only what that thread gets."""
    return [f"raise:{m.r.choice(SIGNALS)}:"
            f"{m.pick(0, 2) if w.thread else m.r.randint(0, 3)}"]


CHOICES = {
    "leak": Choice(25, simple("leak", Maker.size, range(6))),
    "keep": Choice(6, simple("keep", Maker.size, range(6), range(3))),
    "drop": Choice(2, simple("drop")),
    "churn": Choice(5, simple("churn", [1, 50, 500, 5000], [1, 24, 100,
                                                            3000])),
    "odd": Choice(3, simple("odd", range(11)), not_tiny),
    "load": Choice(3, load,
                   roomy_owned),
    "fork": Choice(10, fork, deep(owned)),
    "vfork": Choice(5, vfork, deep(not_tiny)),
    "clonevm": Choice(2, clonevm, deep(not_tiny_owned)),
    "orphan": Choice(2, lambda m, w: m.group("orphan", w.inside(away=True)),
                     deep(not_tiny_owned)),
    "daemon": Choice(3, lambda m, w: m.group("daemon", w.inside(away=True)),
                     deep(not_tiny_owned)),
    "traced": Choice(1, lambda m, w: m.group("traced", w.inside()),
                     deep(not_tiny_owned)),
    "exec": Choice(7, execute, deep(not_tiny)),
    "run": Choice(4, simple("run", range(11)), roomy_owned),
    "thread": Choice(8, thread, deep(owned)),
    "coroutine": Choice(6, coroutine, deep(owned)),
    "spin": Choice(2, threads_beside("spin", [1, 2, 5]), not_tiny_owned),
    "sleep": Choice(3, threads_beside("sleep", [1, 2, 10], range(5)),
                    not_tiny_owned),
    "low": Choice(2, low, not_tiny_owned),
    "cancel": Choice(2, simple("cancel", [0, 1]), not_tiny_owned),
    "timer": Choice(1, threads_beside("timer"), not_tiny_owned),
    "vforking": Choice(1, threads_beside("vforking"), not_tiny_owned),
    "on": Choice(10, handler, deep(lambda m, w: True)),
    "ignore": Choice(3, simple("ignore", SIGNALS)),
    "default": Choice(4, simple("default", SIGNALS, range(32))),
    "query": Choice(5, simple("query", SIGNALS)),
    "raise": Choice(9, raising),
    "block": Choice(3, simple("block", [0, *SIGNALS])),
    "unblock": Choice(2, simple("unblock", [0, *SIGNALS])),
    "pending": Choice(1, simple("pending")),
    "altstack": Choice(3, simple("altstack", [0, 8192, 16384, 65536])),
    "alarm": Choice(2, simple("alarm"), not_tiny_owned),
    "ticks": Choice(1, simple("ticks", [1, 5]), not_tiny_owned),
    "fault": Choice(3, simple("fault", range(8))),
    "chld": Choice(2, simple("chld", range(3)), owned),
    "catch": Choice(4, lambda m, w: m.group("catch", w.inside()),
                    deep(not_tiny)),
    "jump": Choice(4, simple("jump"), lambda m, w: w.depth > 0),
    "limit": Choice(8, limit),
    "limits": Choice(3, simple("limits", list(LIMITS))),
    "privilege": Choice(5, simple("privilege", range(11)), not_tiny_owned),
    "root": Choice(2, simple("root", range(3), [0, 1]), not_tiny_owned),
    "unshare": Choice(2, simple("unshare", range(8)), not_tiny_owned),
    "filter": Choice(3, simple("filter", [0, 1, 2, 2, 2, 3, 3, 3, 4, 5, 6],
                               CALLS), not_tiny),
    "control": Choice(3, simple("control", range(9)), not_tiny_owned),
    "write": Choice(4, simple("write", [1, 5000, 60000])),
    "complain": Choice(5, simple("complain", [0, 0, 1])),
    "text": Choice(4, simple("text", [1, 100, 5000])),
    "flush": Choice(4, simple("flush")),
    "buffer": Choice(1, simple("buffer", range(3)), not_tiny_owned),
    "number": Choice(4, simple("number")),
    "closeall": Choice(3, simple("closeall", range(4)), stays),
    "close": Choice(3, simple("close", [0, 1, 2, 2, 3, 4]), stays),
    "reopen": Choice(4, simple("reopen", [0, 1, 2, 2, 2, 3], range(4))),
    "broken": Choice(2, simple("broken", [1, 2, 2, 2])),
    "many": Choice(1, simple("many", [1, 100, 2000])),
    "directory": Choice(2, simple("directory", range(3)), not_tiny_owned),
    "map": Choice(6, simple("map", [n for n in range(24) if n != 8]),
                  not_tiny_owned),
    "argv": Choice(2, simple("argv", [0, 1]), owned),
    "environ": Choice(3, simple("environ", range(7)), not_tiny_owned),
    "end": Choice(4, end, lambda m, w: w.depth > 0 or m.left < 2),
    "atend": Choice(4, lambda m, w: m.group(
        f"atend:{m.pick(0, 0, 1)}", w.inside(room=SMALL), 3),
        deep(not_tiny_owned)),
    "aroundfork": Choice(1, lambda m, w: m.group(
        f"aroundfork:{m.r.randint(0, 2)}", w.inside(room=SMALL), 2),
        deep(not_tiny_owned)),
}


def words_of(seed):
    return Maker(seed).words()


def parse(words):
    """A list as a tree: (word, None) or (word, [body])."""
    stack = [[]]
    for word in words:
        if word == "}":
            stack.pop()
        elif word.endswith("{"):
            body = []
            stack[-1].append((word, body))
            stack.append(body)
        else:
            stack[-1].append((word, None))
    return stack[0]


def flat(tree):
    words = []
    for word, body in tree:
        words.append(word)
        if body is not None:
            words += [*flat(body), "}"]
    return words


def shorter(tree):
    """Trees with something left out, the shortest first."""
    for size in (len(tree) // 2, len(tree) // 4, 1):
        for first in range(0, len(tree), size) if size else ():
            yield tree[:first] + tree[first + size:]
    for i, (word, body) in enumerate(tree):
        if body is not None:
            yield tree[:i] + body + tree[i + 1:]
            for less in shorter(body):
                yield tree[:i] + [(word, less)] + tree[i + 1:]


def shrink(words, is_wrong):
    """The shortest list found by leaving words out that is_wrong still."""
    tree = parse(words)
    while True:
        for less in shorter(tree):
            if is_wrong(flat(less)):
                tree = less
                break
        else:
            return flat(tree)
