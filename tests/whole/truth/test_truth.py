# SPDX-License-Identifier: MIT
"""Programs whose findings are known, under refknot, LeakSanitizer, Valgrind.

refknot must say exactly what the program's first comment expects. Where
another tool counts otherwise, the comment says who is right and why; a reason
without a difference is as wrong as a difference without a reason.
"""
import pathlib
import re
import shutil
import textwrap
import xml.etree.ElementTree as xml
from collections import Counter
from dataclasses import dataclass

import pytest

from conftest import BUILD, environment, own_function, record, run

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = BUILD / "tests/whole/truth"
LIBRARY = PROGRAMS / "truth_library.so"
# What there is no compiler for is not built.
SOURCES = {p.stem: p for p in HERE.iterdir()
           if p.suffix == ".c" and p.stem != "library"
           or p.suffix == ".cc" and (PROGRAMS / f"truth_{p.stem}").exists()}
CASES = sorted(SOURCES)
KEYS = ("expect", "lsan", "valgrind")

EXPECT = re.compile(
    r"(?P<kind>leak|possible-leak) (?P<objects>\d+) objects? "
    r"(?P<bytes>\d+) bytes in (?P<function>\w+)"
    r"(?: called by (?P<caller>\w+))?$"
    r"|(?P<cycle>cycle) (?P<members>\d+) members? (?P<count>\d+) times? "
    r"(?P<cycle_bytes>\d+) bytes(?: in (?P<cycle_function>\w+))?$"
    r"|held (?P<held>\d+) objects? (?P<held_bytes>\d+) bytes$"
    r"|(?P<nothing>nothing)$")


@dataclass(frozen=True)
class Sums:
    """Objects and bytes: leaked or in a cycle, held by those, doubtful; and
    how many cycles are named as such."""
    heads: tuple = (0, 0)
    held: tuple = (0, 0)
    possible: tuple = (0, 0)
    cycles: int = 0

    def __str__(self):
        parts = [f"{what} {n[0]} ({n[1]} B)" for what, n in
                 (("lost", self.heads), ("held", self.held),
                  ("possible", self.possible)) if n[0]]
        if self.cycles:
            parts.append(f"{self.cycles} cycle" + "s" * (self.cycles > 1))
        return ", ".join(parts) or "nothing"


class Case:
    def __init__(self, name):
        self.name = name
        self.program = PROGRAMS / f"truth_{name}"
        comment = SOURCES[name].read_text().split("*/")[1]
        self.said = {key: [] for key in KEYS}
        into = None
        for line in comment.splitlines():
            line = line.strip().lstrip("*").strip()
            key, _, rest = line.partition(": ")
            if key in KEYS:
                into = self.said[key]
                into.append(rest)
            elif into:
                into[-1] += " " + line
        self.expected = [EXPECT.match(e) for e in
                         map(str.strip, self.said["expect"])]
        assert self.expected and all(self.expected), self.said["expect"]

    def reason(self, tool):
        return " ".join(self.said[tool]).strip()


def expected_findings(case):
    """[(kind, objects, bytes, count, function, caller)], (held, bytes)."""
    rows, held = [], (0, 0)
    for e in case.expected:
        if e["kind"]:
            rows.append((e["kind"], int(e["objects"]), int(e["bytes"]), None,
                         e["function"], e["caller"]))
        elif e["cycle"]:
            count = int(e["count"])
            rows.append(("orphaned-cycle", int(e["members"]) * count,
                         int(e["cycle_bytes"]), count, e["cycle_function"],
                         None))
        elif e["held"]:
            held = int(e["held"]), int(e["held_bytes"])
    return rows, held


def describe(finding, program):
    functions = [f["function"] for f in finding["stack"]
                 if pathlib.Path(f["module"] or "").name == program.name]
    return (finding["kind"], finding["objects"], finding["bytes"],
            finding["count"], own_function(finding["stack"], program),
            functions[1] if len(functions) > 1 else None)


def agree(expected, found):
    """None in what is expected stands for anything."""
    return all(e is None or e == f for e, f in zip(expected, found))


def match(expected, found):
    """Is there a finding of its own for each row, and none left?"""
    left = list(found)
    for row in expected:
        fits = [f for f in left if agree(row, f)]
        if not fits:
            return False
        left.remove(fits[0])
    return not left


def sum_refknot(findings):
    total = Counter()
    for f in findings:
        doubt = f["kind"] == "possible-leak"
        total["possible" if doubt else "heads", 0] += f["objects"]
        total["possible" if doubt else "heads", 1] += f["bytes"]
        total["possible" if doubt else "held", 0] += f["held_objects"]
        total["possible" if doubt else "held", 1] += f["held_bytes"]
    return Sums(*((total[k, 0], total[k, 1])
                  for k in ("heads", "held", "possible")),
                cycles=sum(f["count"] for f in findings
                           if f["kind"] == "orphaned-cycle"))


def run_refknot(case, directory):
    recorded = record(directory, case.program, LIBRARY)
    assert recorded.outcome.status == 0, recorded.outcome.told
    return recorded.report()


def run_lsan(case, directory):
    library = shutil.which("gcc") and run(
        "gcc", "-print-file-name=liblsan.so.0").out.decode().strip()
    if not library or "/" not in library:
        library = "/usr/lib/x86_64-linux-gnu/liblsan.so.0"
    if not pathlib.Path(library).exists():
        return "liblsan.so.0 is not installed"
    done = run(case.program, LIBRARY, cwd=directory, env=environment(
        LD_PRELOAD=library, LSAN_OPTIONS="exitcode=23:report_objects=0"))
    if done.status not in (0, 23) or b"fatal error" in done.err:
        return "LeakSanitizer cannot stop this process; it needs ptrace"
    total = Counter()
    for kind, size, count in re.findall(
            r"(Direct|Indirect) leak of (\d+) byte\(s\) in (\d+) object",
            done.told):
        total[kind, 0] += int(count)
        total[kind, 1] += int(size)
    return Sums(*((total[k, 0], total[k, 1]) for k in ("Direct", "Indirect")))


def run_valgrind(case, directory, found):
    """Valgrind's sums. Its heap lies at addresses of 27 bits, where a count
    of nanoseconds on a stack may be the address of a byte in a large block,
    and Valgrind takes any such word for a pointer: a result that no reason
    explains must come three times to be believed."""
    if not shutil.which("valgrind"):
        return "valgrind is not installed"
    for _ in range(3):
        sums = run_valgrind_once(case, directory)
        if bool(case.reason("valgrind")) == (sums != found):
            break
    return sums


def run_valgrind_once(case, directory):
    file = directory / "valgrind.xml"
    done = run("valgrind", "-q", "--leak-check=full", "--show-leak-kinds=all",
               "--xml=yes", f"--xml-file={file}", case.program, LIBRARY)
    assert done.status == 0, done.told
    total = Counter()
    for error in xml.parse(file).getroot().iter("error"):
        what = error.find("xwhat")
        if what is not None and what.find("leakedblocks") is not None:
            kind = error.find("kind").text
            total[kind, 0] += int(what.find("leakedblocks").text)
            # Of a head, leakedbytes counts what it holds too.
            direct = re.search(r"\(([\d,]+) direct", what.find("text").text)
            total[kind, 1] += int(direct[1].replace(",", "") if direct
                                  else what.find("leakedbytes").text)
    return Sums(*((total[k, 0], total[k, 1]) for k in (
        "Leak_DefinitelyLost", "Leak_IndirectlyLost", "Leak_PossiblyLost")))


TABLE = {}  # case name: its row


@pytest.fixture(scope="session", autouse=True)
def table():
    """When all have run, print the three tools side by side."""
    yield
    lines = [f"{'program':20} {'refknot':34} {'LeakSanitizer':34} Valgrind"]
    for name in sorted(TABLE):
        found, others, reasons = TABLE[name]
        cells = [str(found), *("not run" if isinstance(o, str) else str(o)
                               for o in others)]
        lines.append(f"{name:20} {cells[0]:34} {cells[1]:34} {cells[2]}")
        for reason in reasons:
            lines += textwrap.wrap(reason, 78, initial_indent="    ",
                                   subsequent_indent="    ")
    text = "\n".join(lines) + "\n"
    (PROGRAMS / "table.txt").write_text(text)
    print("\n" + text)


@pytest.fixture(scope="session")
def reports():
    """Reports of refknot by case: each program runs once."""
    return {}


def report_of(name, reports, tmp_path):
    if name not in reports:
        reports[name] = run_refknot(Case(name), tmp_path)
    return reports[name]


@pytest.mark.parametrize("name", CASES)
def test_refknot_finds_what_is_known(name, reports, tmp_path):
    case = Case(name)
    report = report_of(name, reports, tmp_path)
    expected, held = expected_findings(case)
    found = [describe(f, case.program) for f in report["findings"]]
    assert match(expected, found), (expected, found)
    assert held == (sum(f["held_objects"] for f in report["findings"]),
                    sum(f["held_bytes"] for f in report["findings"]))
    assert report["verdict"]["complete"] is True, report["complete"]


@pytest.mark.parametrize("name", CASES)
def test_differences_from_other_tools_are_explained(name, reports, tmp_path):
    case = Case(name)
    found = sum_refknot(report_of(name, reports, tmp_path)["findings"])
    others = run_lsan(case, tmp_path), run_valgrind(case, tmp_path, found)
    row = found, others, []
    TABLE[name] = row
    for tool, other in zip(("lsan", "valgrind"), others):
        if isinstance(other, str):
            continue
        reason = case.reason(tool)
        assert bool(reason) == (other != found), (tool, str(other), str(found))
        assert not reason or re.match("refknot is right|both are right",
                                      reason), reason
        if reason:
            row[2].append(f"{tool}: {reason}")
    absent = [o for o in others if isinstance(o, str)]
    if absent:
        pytest.skip("; ".join(absent))
