# SPDX-License-Identifier: MIT
"""Functions and macros that no shipped code needs, or no other file."""
import re
from collections import defaultdict

from tree import SHIPPED, code_of, text_of, words

# Macros that other headers look for.
FOR_OTHERS = re.compile(r"#\s*define\s+uthash_")


def symbols(tree):
    """(global functions that shipped objects define, what they need of others)"""
    defined, needed = set(), set()
    for path in tree.objects:
        for line in tree.run("nm", "-f", "posix", path).splitlines():
            name, kind = line.split()[:2]
            if kind == "T":
                defined.add(name)
            elif kind in "Uw":
                needed.add(name)
    return defined, needed


def exported(tree):
    """What the shared libraries offer to others."""
    return {line.split()[0].split("@")[0] for library in tree.build.glob("preload/*.so")
            for line in tree.run("nm", "-D", "-f", "posix", "--defined-only",
                                 library).splitlines()}


def definitions(tree, files, kinds):
    """[(name, file, line)] as ctags sees them."""
    output = tree.run("ctags", "-f", "-", "--languages=C", "--langmap=C:.c.h",
                      f"--kinds-C={kinds}", "--fields=n", "--excmd=number", *files)
    for line in output.splitlines():
        name, file, number = line.split("\t")[:3]
        yield name, file, int(number.rstrip(';"'))


def check_unused(tree):
    """A function that is not static has a caller in another shipped file, or one
    in its own file and in a test; of a header all is used."""
    ours = tree.files(".c", ".h", ".def", under=[f + "/" for f in SHIPPED])
    counts, tests = defaultdict(int), set()
    for path in tree.files(".c", ".h", ".cc", ".def"):
        if path in ours:
            for word in re.findall(r"[A-Za-z_]\w*", code_of(path)):
                counts[word] += 1
        else:
            tests |= words(code_of(path))
    defined, needed = symbols(tree)
    needed |= exported(tree) | {"main"}
    for name, file, line in definitions(tree, [p for p in ours if p.suffix == ".c"], "f"):
        where = f"{tree.name(file)}:{line}: {name}"
        code = code_of(file)
        if name not in defined - needed or \
                re.search(rf"\b(?:USED|used)\b[^;{{}}]*\b{name}\(", code):
            continue  # needed, by the assembler in the second case
        if len(re.findall(rf"\b{name}\b", code)) == 1:
            yield f"{where}: {'only tests use it' if name in tests else 'nobody uses it'}"
        elif name not in tests:
            yield f"{where}: no other file uses it, it can be static"
    for name, file, line in definitions(tree, [p for p in ours if p.suffix == ".h"], "fd"):
        if counts[name] == 1 and not tree.name(file).startswith("include/") and \
                not FOR_OTHERS.search(text_of(file).splitlines()[line - 1]):
            who = "only tests use it" if name in tests else "nobody uses it"
            yield f"{tree.name(file)}:{line}: {name}: {who}"
