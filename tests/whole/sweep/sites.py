# SPDX-License-Identifier: MIT
"""Where blocks were lost, in terms that three tools share, and which losses
of one tool are those of another.

A frame is (name of the module's file, low 12 bits of the calling
instruction's address): the loader moves modules by whole pages, so these are
the same in each process, whether or not there are symbols. A site is a stack
of such frames from the caller of the allocator outwards. What was lost is
{site: [blocks, bytes]}.
"""
import functools
import os
import re
import subprocess

# How many of the innermost frames must agree: first many, then ever fewer,
# since each tool ends stacks elsewhere (Valgrind at main, LeakSanitizer where
# a frame pointer is missing, all of them in code made at run time).
LEVELS = (24, 8, 5, 3, 2, 1)
ALLOCATORS = ("liblsan.so", "vgpreload_", "librefknot_preload")
NEW = ("_Znw", "_Zna")


def module_name(path):
    """Without a library's version, which one tool has from a link's name and
    another from the file's."""
    return re.sub(r"\.so\..*", ".so", os.path.basename(path or "?"))


def frame(module, calling):
    return module_name(module), calling & 0xfff


@functools.lru_cache(maxsize=None)
def operators_new():
    """Ranges, modulo nothing, of C++'s allocating operators in libstdc++."""
    library = "/usr/lib/x86_64-linux-gnu/libstdc++.so.6"
    if not os.path.exists(library):
        return []
    told = subprocess.run(["nm", "-D", "-S", "--defined-only", library],
                          capture_output=True, text=True, check=False).stdout
    rows = [line.split() for line in told.splitlines()]
    return [(int(r[0], 16), int(r[0], 16) + int(r[1], 16)) for r in rows
            if len(r) == 4 and r[3].startswith(NEW)]


def is_allocator(module, calling, function=None):
    name = os.path.basename(module or "?")
    if name.startswith(ALLOCATORS):
        return True
    if not name.startswith("libstdc++.so"):
        return False
    if function:
        return function.startswith("operator new") or function.startswith(NEW)
    return any(a <= calling < b for a, b in operators_new())


def site_of(stack):
    """Of [(module, address of the call, function or None)]."""
    at = 0
    while at < len(stack) and is_allocator(*stack[at]):
        at += 1
    return tuple(frame(m, a) for m, a, _ in stack[at:])


def add(lost, site, blocks, size):
    row = lost.setdefault(site, [0, 0])
    row[0] += blocks
    row[1] += size


def largest(processes):
    """Of what each process lost: a child that was forked loses again what its
    parent lost, so each site counts once, where it lost most."""
    all_lost = {}
    for lost in processes:
        for site, (blocks, size) in lost.items():
            row = all_lost.setdefault(site, [0, 0])
            row[0] = max(row[0], blocks)
            row[1] = max(row[1], size)
    return all_lost


def grouped(lost, depth, skip=0):
    """{frames: rows} by so many frames, behind those that are passed over."""
    groups = {}
    for site, row in lost.items():
        if row[0] and len(site) >= skip:
            groups.setdefault(site[skip:skip + depth], []).append(row)
    return groups


def take(rows, blocks):
    """Take so many blocks from rows, and their bytes in proportion."""
    for row in rows:
        n = min(row[0], blocks)
        if n:
            row[1] -= row[1] * n // row[0]
            row[0] -= n
            blocks -= n


def match_at(ours, theirs, levels, skip=0):
    """Take from both, row by row, what their inner frames have in common;
    `skip` frames of ours are passed over."""
    for depth in levels:
        one = grouped(ours, depth, skip)
        other = grouped(theirs, depth)
        for key in one.keys() & other.keys():
            n = min(sum(r[0] for r in one[key]),
                    sum(r[0] for r in other[key]))
            take(one[key], n)
            take(other[key], n)


def match(one, other):
    """(what only `one` has, what only `other` has)."""
    left = ({s: list(r) for s, r in one.items()},
            {s: list(r) for s, r in other.items()})
    match_at(*left, LEVELS)
    # An operator new of the program's own is a frame of refknot's stacks; the
    # peers put theirs in its place.
    match_at(*left, LEVELS[:4], skip=1)
    return tuple({s: r for s, r in rest.items() if r[0]} for rest in left)


def without(lost, rest):
    """What was matched: `lost` less its `rest`."""
    both = {}
    for site, (blocks, size) in lost.items():
        left = rest.get(site, (0, 0))
        if blocks > left[0]:
            both[site] = [blocks - left[0], size - left[1]]
    return both


def total(lost):
    return (sum(r[0] for r in lost.values()), sum(r[1] for r in lost.values()))


def places(lost, names, between=" < "):
    """[[where, blocks, bytes]], the largest first."""
    rows = {}
    for site, (blocks, size) in lost.items():
        where = between.join(f"{m}!{names.get((m, a)) or '?'}"
                             for m, a in site[:6]) or "?"
        row = rows.setdefault(where, [where, 0, 0])
        row[1] += blocks
        row[2] += size
    return sorted(rows.values(), key=lambda r: -r[2])


def compare(refknot, valgrind, lsan):
    """Each argument is {site: [blocks, bytes]} lost, or None where the tool
    has no result. Returns what refknot missed that both peers found, that
    Valgrind found and that LeakSanitizer found, and what it alone found."""
    if valgrind is None and lsan is None:
        return {}, {}, {}, {}
    only_valgrind, only_lsan = match(valgrind or {}, lsan or {})
    both = without(valgrind or {}, only_valgrind)
    rest, missed = match(refknot, both)
    rest, by_valgrind = match(rest, only_valgrind)
    alone, by_lsan = match(rest, only_lsan)
    return missed, by_valgrind, by_lsan, alone
