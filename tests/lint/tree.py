# SPDX-License-Identifier: MIT
"""The files of a source tree, and what C text says without its comments."""
import json
import os
import re
import shlex
import subprocess
from functools import cached_property, lru_cache
from pathlib import Path

SHIPPED = ("cli", "common", "preload", "include")
SKIPPED = re.compile(r"\.(?!ci$)|build|__pycache__$|node_modules$")

COMMENT = re.compile(r'("(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\')'
                     r"|(/\*.*?\*/|//[^\n]*)", re.S)


@lru_cache(maxsize=None)
def text_of(path):
    return Path(path).read_text(encoding="utf-8", errors="replace")


def blank(text):
    """White space of the same lines."""
    return re.sub(r"[^\n]", " ", text)


@lru_cache(maxsize=None)
def code_of(path):
    """A C file without comments; lines keep their numbers."""
    return COMMENT.sub(lambda m: m[1] or blank(m[2]), text_of(path))


@lru_cache(maxsize=None)
def comments_of(path):
    """The same without all but comments."""
    text, out, at = text_of(path), [], 0
    for match in COMMENT.finditer(text):
        if match[2]:
            out += [blank(text[at:match.start()]), match[2]]
            at = match.end()
    return "".join(out) + blank(text[at:])


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def words(text):
    return set(re.findall(r"[A-Za-z_]\w*", text))


class Tree:
    def __init__(self, source, build):
        self.source = Path(source).resolve()
        self.build = Path(build).resolve()

    @cached_property
    def all_files(self):
        """Every file of the source tree; git is not asked, since a tarball
        has none."""
        found = []
        for folder, folders, names in os.walk(self.source):
            folders[:] = sorted(f for f in folders if not SKIPPED.match(f))
            found += [Path(folder) / name for name in sorted(names)]
        return [p for p in found if p.is_file() and not p.is_symlink()]

    def files(self, *suffixes, under=("",)):
        return [p for p in self.all_files if p.suffix in suffixes and
                self.name(p).startswith(tuple(under))]

    def name(self, path):
        return os.path.relpath(path, self.source)

    @cached_property
    def commands(self):
        """{C file: how it is compiled, from the build directory}"""
        database = json.loads((self.build / "compile_commands.json").read_text())
        found = {}
        for entry in database:
            path = Path(os.path.normpath(Path(entry["directory"]) / entry["file"]))
            if path.suffix == ".c" and path.is_relative_to(self.source):
                found.setdefault(path, shlex.split(entry["command"]))
        return dict(sorted(found.items()))

    @cached_property
    def objects(self):
        """What the shipped sources are compiled to."""
        database = json.loads((self.build / "compile_commands.json").read_text())
        return [self.build / entry["output"] for entry in database
                if entry["output"].startswith(tuple(f + "/" for f in SHIPPED))]

    def run(self, *command, stdin=None):
        """stdout and stderr of a tool that must be there."""
        done = subprocess.run([str(c) for c in command], cwd=self.build, input=stdin,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", check=False)
        return done.stdout
