# SPDX-License-Identifier: MIT
"""The file in which each difference has a row: who is right, and why.

A row is five fields: what differs, commands (a pattern), where (a pattern of
"module!function", or of the text of a difference that has no place), who is
right, and the reason: the rest of the line and the lines that follow and are
indented. Patterns are those of a shell, and may not have spaces; ? is one.
"""
import fnmatch
from dataclasses import dataclass, field

KINDS = ("harmed", "missed", "missed-valgrind", "missed-lsan", "alarm",
         "unstable", "cut", "unnamed", "slow", "failed", "baseline")
RIGHT = ("refknot", "peers", "valgrind", "lsan", "both", "program", "nobody")


class Malformed(Exception):
    """The file has a line that is no row."""


@dataclass
class Row:
    kind: str
    command: str
    where: str
    right: str
    why: str
    line: int
    used: int = field(default=0, compare=False)

    def explains(self, kind, command, where):
        return (self.kind == kind and fnmatch.fnmatchcase(command,
                                                          self.command)
                and fnmatch.fnmatchcase(where, self.where))


def parse(text):
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line[0].isspace():
            if not rows:
                raise Malformed(f"line {number} continues no row")
            rows[-1].why = f"{rows[-1].why} {line.strip()}".strip()
            continue
        parts = (line.split(None, 4) + [""])[:5]
        if parts[0] not in KINDS or parts[3] not in RIGHT:
            raise Malformed(f"line {number} is no row: {line}")
        rows.append(Row(*parts, line=number))
    for row in rows:
        if not row.why:
            raise Malformed(f"line {row.line} has no reason")
    return rows


def explain(rows, kind, command, where):
    """The first row that explains a difference, or None."""
    for row in rows:
        if row.explains(kind, command, where):
            row.used += 1
            return row
    return None


def unused(rows, commands):
    """Rows that matched nothing, of commands that were run."""
    return [r for r in rows if not r.used
            and any(fnmatch.fnmatchcase(c, r.command) for c in commands)]
