# SPDX-License-Identifier: MIT
"""The types that refknot found in a recording against those of a syntax tree."""
import collections
import functools
import os
import re

BYTES = {"char", "unsigned char", "signed char", "_Bool", "bool"}
ALLOCATE = {"malloc", "calloc", "realloc", "reallocarray", "strdup", "strndup",
            "asprintf", "vasprintf", "memalign", "aligned_alloc"}


@functools.lru_cache(None)
def real(path):
    return os.path.realpath(path)


def plain(name):
    """Of a function, as its source calls it."""
    name = (name or "").split(".")[0]
    return re.sub(r"^_*(GI_)?_*", "", name)


def normal(kind):
    """One spelling of one type: "unsigned long" for "long unsigned int"."""
    stars = len(kind) - len(kind.rstrip("*"))
    words = kind[:len(kind) - stars].split()
    if set(words) <= {"long", "unsigned", "short", "int", "signed", "char"}:
        words = sorted(w for w in words if w not in ("int", "signed")) or \
            ["int"]
    return " ".join(words) + " " * bool(stars) + "*" * stars


class Tree:
    """The calls of all units of a program, by where they are."""

    def __init__(self, rows):
        self.at = collections.defaultdict(list)
        self.of = collections.defaultdict(list)  # by functions' names
        rows = list(rows)
        self.files = {row["file"] for row in rows}
        seen = set()
        for row in rows:
            key = (row["file"], row["line"], row["column"], row["callee"],
                   row["how"], tuple(row["types"]))
            if key in seen:
                continue
            seen.add(key)
            self.of[row["function"]].append(row)
            for line in range(row["line"], row["end"] + 1):
                self.at[row["file"], line].append(row)

    def call(self, frame, inner):
        """The call at `frame`, to the function of the frame `inner`."""
        if not frame["file"]:
            return None
        found = self.at.get((real(frame["file"]), frame["line"]), [])
        if frame["tail_call"] and not frame["line"] and inner:
            found = [r for r in self.of.get(frame["function"], [])
                     if plain(r["callee"]) == plain(inner["function"])]
        if inner is None:
            named = [r for r in found if plain(r["callee"]) in ALLOCATE] \
                or [r for r in found if r["types"][0] == "void"]
        else:
            named = [r for r in found
                     if plain(r["callee"]) == plain(inner["function"])] \
                or [r for r in found if r["indirect"]]
        exact = [r for r in named if r["line"] == frame["line"] and
                 r["column"] == frame["column"]]
        named = exact or named
        kinds = {(r["how"], tuple(r["types"])) for r in named}
        return named[0] if len(kinds) == 1 else None


def truth(tree, frames, allocators):
    """(types or none, the frame that tells, why): where a variable of bytes or
    void becomes another, all that it is. `allocators`: functions that
    are known to return what they allocated, though the tree does not say so."""
    inner = None
    known = max((i for i, f in enumerate(frames)
                 if f["function"] in allocators), default=-1)
    if known >= 0:
        inner = frames[known]
    for frame in frames[known + 1:]:
        row = tree.call(frame, inner)
        if row is None:
            # One function in two parts.
            if inner and plain(frame["function"]) == plain(inner["function"]):
                continue
            # The C library's own, as in strdup().
            if plain(frame["function"]) in ALLOCATE and \
                    real(frame["file"] or "") not in tree.files:
                inner = frame
                continue
            return [], frame, "no call is there"
        told = [k for k in row["types"] if k != "void"]
        handed_on = row["given_back"] and row["returns"] == "void"
        if told and told[-1] not in BYTES:
            return [told[-1]], frame, row["how"]
        also = [k for k in row["also"] if k not in BYTES]
        if also and (told or len(also) == 1):
            return told[-1:] + also, frame, row["how"]
        if told and not handed_on:
            return told[-1:], frame, row["how"]
        if not handed_on:
            return [], frame, "its type is void"
        inner = frame
    return [], None, "no frame is known"


def is_wrapper(tree, row):
    """Whether the site's function hands on what it allocated as void *."""
    at, inner = row.get("at"), None
    for frame in row["frames"]:
        if at and all(frame[k] == at[k] for k in ("function", "line")):
            call = tree.call(frame, inner)
            return bool(call and call["given_back"] and
                        call["returns"] == "void" and
                        all(k == "void" for k in call["types"]))
        inner = frame
    return False


def same(inferred, told, offset):
    if inferred == "char[]":
        return told in BYTES
    if offset:
        return False
    inferred = re.sub(r"(\[\d*\])+$", "", inferred)
    if "(*)(" in told:
        return inferred == "function *"
    return normal(inferred) == normal(told)


class Sums:
    """Of one recording."""

    def __init__(self, allocators=()):
        self.allocators = set(allocators)
        self.blocks = collections.Counter()
        self.stacks = collections.Counter()
        self.wrong = collections.Counter()
        self.missing = collections.Counter()
        self.wrappers = collections.Counter()

    def add(self, tree, row):
        n = row["blocks"]
        self.blocks["all"] += n
        kind = "bytes" if row["bytes"] else "unknown" if not row["type"] else \
            "struct" if row["kind"] in (4, 5) else "other"
        self.blocks[kind] += n
        if is_wrapper(tree, row):
            self.blocks["wrapper"] += n
            self.wrappers[place(row.get("at"))] += n
        told, frame, why = truth(tree, row["frames"],
                                 self.allocators)
        if not told:
            self.blocks["silent"] += n
            if not row["type"]:
                self.missing[place(row.get("at")), place(frame), why] += n
            return
        if not row["type"]:
            self.blocks["missing"] += n
            self.missing[place(row.get("at")), place(frame), " or ".join(told)] += n
            return
        good = any(same(row["type"], k, row["offset"]) for k in told)
        self.blocks["right" if good else "wrong"] += n
        self.stacks["right" if good else "wrong"] += 1
        if not good:
            self.wrong[place(row.get("at")), row["type"], row["offset"],
                       row["evidence"], row["by"], place(frame),
                       " or ".join(told),
                       row["size"]] += n


    def say(self, name, last, goals):
        """Prints the figures; whether they are as good as `goals` says."""
        n, told = self.blocks, self.blocks["right"] + self.blocks["wrong"]
        fields = last["same"] + len(last["others"])
        figures = {
            "struct": share(n["struct"], n["all"]),
            "known": share(n["all"] - n["unknown"], n["all"]),
            "right": share(n["right"], told),
            "wrappers": share(n["wrapper"], n["all"]),
            "contradictions": share(last["contradictions"] +
                                    len(last["others"]), n["all"] + fields),
        }
        missed = [f"{k} {v:.2f} %" for k, v in figures.items()
                  if k in goals and (v > goals[k] if k in
                                     ("wrappers", "contradictions")
                                     else v < goals[k])]
        print(f"{name}: {n['all']} live blocks, "
              + ", ".join(f"{k} {v:.2f} %" for k, v in figures.items())
              + f"; {told} of them told by the tree, on "
              f"{self.stacks['right'] + self.stacks['wrong']} stacks")
        for title in ("wrong", "missing", "wrappers"):
            for what, count in getattr(self, title).most_common(20):
                print(f"    {title}: {count} {what}")
        for text, count in collections.Counter(last["others"]).most_common(20):
            print(f"    contradiction: {count} {text}")
        if missed:
            print("    missed: " + ", ".join(missed))
        return not missed


def share(part, whole):
    return 100 * part / whole if whole else 100.0


def place(frame):
    if not frame:
        return "?"
    return "%s at %s:%d:%d" % (frame["function"],
                               os.path.basename(frame["file"] or "?"),
                               frame["line"], frame["column"])
