# SPDX-License-Identifier: MIT
"""Includes of which nothing is used.

A header gives what it declares, as the preprocessor and ctags see it, and what
its private headers do (those that no file of ours includes by name). It is
used if one of these names is in a file's own text; members of structs count
only behind a dot or an arrow, and not those of the system's.
"""
import os
import re
import tempfile
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tree import code_of, line_of, words

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(<[^>\n]+>|"[^"\n]+")', re.M)
MARK = re.compile(r'^# \d+ "([^"]*)"(.*)')
# What these need before them, and do not include themselves.
NEEDED = {"cmocka.h": {"setjmp.h", "stdarg.h", "stddef.h", "stdint.h"}}
# Headers whose includers mean another one as well, which they set up or need.
GIVES = {"hash.h": "uthash.h", "die.h": "xmalloc.h"}
# Attributes confuse ctags.
PLAIN = ["-D__attribute__(x)=", "-D__extension__=", "-D__restrict=", "-D__asm__(...)=",
         "-D_Noreturn="]

Include = namedtuple("Include", "line name system path")
Names = namedtuple("Names", "plain members")


def flags(command):
    return [a for a in command if a.startswith(("-I", "-D", "-std=", "-isystem"))]


class Includes:
    def __init__(self, tree):
        self.tree = tree
        self.how = dict(tree.commands)  # {file: command}
        output = tree.run("cc", "-E", "-v", "-x", "c", "/dev/null")
        self.system = [Path(d) for d in re.findall(r"^ (/\S+)$", output, re.M)]
        self.of = {}  # {file: [Include]}
        files = list(self.how)
        for path in files:
            self.of[path] = list(self.read(path))
            for include in self.of[path]:
                if include.path not in self.how:
                    self.how[include.path] = self.how[path]
                    if self.is_ours(include.path):
                        files.append(include.path)

    def is_ours(self, path):
        return path.is_relative_to(self.tree.source)

    def read(self, path):
        code = code_of(path)
        for match in INCLUDE.finditer(code):
            name, system = match[1][1:-1], match[1][0] == "<"
            places = [self.tree.build / f[2:] for f in flags(self.how[path])
                      if f.startswith("-I")] + self.system
            for place in places if system else [path.parent] + places:
                found = Path(os.path.normpath(place / name))
                if found.is_file():
                    yield Include(line_of(code, match.start(1)), name, system, found)
                    break

    def own_text(self, header):
        """What is the header's and its private headers', preprocessed."""
        public = {str(path) for path in self.how if path.suffix == ".h"}
        output = self.tree.run("cc", "-E", "-dD", "-w", "-x", "c", *flags(self.how[header]),
                               *PLAIN, "-", stdin=f'#include "{header}"\n')
        outer, kept, inside = [], [], False
        for line in output.splitlines():
            match = MARK.match(line)
            if not match:
                kept += [line] if inside else []
            elif "1" in match[2].split():
                file = os.path.normpath(match[1])
                outer.append(inside)
                inside = file == str(header) or inside and (
                    file not in public or GIVES.get(header.name) == Path(file).name)
            elif "2" in match[2].split():
                inside = outer.pop()
        return "\n".join(kept) + "\n"

    def declared(self, headers):
        """{header: Names}"""
        known = {header: Names(set(), set()) for header in headers}
        opaque = {header: set() for header in headers}
        with tempfile.TemporaryDirectory() as place, ThreadPoolExecutor(2) as pool:
            for i, text in enumerate(pool.map(self.own_text, headers)):
                known[headers[i]].plain.update(re.findall(r"^#define (\w+)", text, re.M))
                opaque[headers[i]].update(re.findall(r"^struct (\w+);", text, re.M))
                Path(place, f"{i}.h").write_text(re.sub("(?m)^#.*", "", text))
            tags = self.tree.run("ctags", "-R", "-f", "-", "--languages=C", "--langmap=C:.h",
                                 "--kinds-C=+px", "--fields=K", place)
        for line in tags.splitlines():
            name, file, _, *rest = line.split("\t")
            names = known[headers[int(Path(file).stem)]]
            (names.members if "member" in rest else names.plain).add(name)
        # `struct names;` belongs to the header of what is defined in a C file.
        defined = set().union(*(names.plain for names in known.values()))
        for header, names in opaque.items():
            known[header].plain.update(names - defined)
        return known


def used(includes, path):
    """Names in a file's own text, and in the rows that it includes."""
    rows = {i.path for i in includes.of[path] if i.path.suffix == ".def"}
    code = "".join(INCLUDE.sub("", code_of(p)) for p in (path, *rows))
    code = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', code)
    return Names(words(code), set(re.findall(r"(?:\.|->)\s*([A-Za-z_]\w*)", code)))


def includers(includes):
    """{header: the files that have it, directly or by another header}"""
    found = {}
    for path in includes.of:
        queue = [path]
        for file in queue:
            for i in includes.of.get(file, ()):
                if i.path not in queue:
                    queue.append(i.path)
                    found.setdefault(i.path, set()).add(path)
    return found


def check_includes(tree):
    """Of each header that a file includes it uses something, or, if it is a
    header itself, a file uses it that has it from there."""
    includes = Includes(tree)
    files = [path for path in includes.of if path.suffix in (".c", ".h")]
    headers = sorted({i.path for path in files for i in includes.of[path]
                      if i.path.suffix == ".h"})
    declared, behind = includes.declared(headers), includers(includes)
    own = {path: used(includes, path) for path in files}

    def is_used(header, path):
        names, mine = declared[header], own[path]
        return names.plain & mine.plain or \
            includes.is_ours(header) and names.members & mine.members

    for path in files:
        mine = [i for i in includes.of[path] if i.path.suffix == ".h"]
        needed = set().union(*(NEEDED.get(i.name, ()) for i in mine))
        for n, i in enumerate(mine):
            where = f"{tree.name(path)}:{i.line}: {i.name} is included"
            if i.path in [j.path for j in mine[:n]]:
                yield f"{where} twice"
            leaning = [f for f in behind.get(path, ()) if f in own and
                       i.path not in [j.path for j in includes.of[f]]]
            if i.name not in needed and i.path.stem != path.stem and \
                    not any(is_used(i.path, f) for f in [path, *leaning]):
                yield f"{where}, and nothing of it is used"
