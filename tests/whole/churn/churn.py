#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Random programs whose losses are known, under refknot and its peers.

churn.py [--seeds A:B] [--peers] [--valgrind A:B] [--shrink] [--lines N]

prints for each seed that was judged wrong what was missed or called so wrongly,
the step of the program that made and lost the block, and the pointer that hid
it; then the sums by kind of situation: lost, found, false. --peers takes
LeakSanitizer and, for the seeds of --valgrind (a tenth if it is not given),
Valgrind beside it. --shrink leaves steps out of each wrong program as long as
it stays wrong. Exit status 1: refknot was wrong about a seed.
"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml
from dataclasses import dataclass, field

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
os.environ.setdefault("TEST_BUILD", str(HERE.parents[2] / "build-test"))
# pylint: disable=wrong-import-position
from conftest import BUILD, environment, record, run  # noqa: E402

PROGRAMS = BUILD / "tests/whole/churn"
CHURN = PROGRAMS / "churn"
PLUGIN = PROGRAMS / "churn_plugin.so"
JUDGE = PROGRAMS / "churn_judge"
LSAN = "/usr/lib/x86_64-linux-gnu/liblsan.so.0"
LOST = ("leak", "cycle", "held")
SUMS = re.compile(r"judged (\d+) blocks (\d+) lost (\d+) found (\d+) false "
                  r"(\d+) wrong")


@dataclass
class Verdict:
    """What a tool said of a program: of all its processes together."""
    seed: int
    blocks: int = 0
    lost: int = 0
    found: int = 0
    false: int = 0
    wrong: list = field(default_factory=list)  # lines
    kinds: collections.Counter = field(default_factory=collections.Counter)

    @property
    def right(self):
        return not self.wrong


def pid_of(book):
    return int.from_bytes(book.read_bytes()[4:8], "little")


def books(directory):
    return sorted(directory.glob("book*"))


def command(directory, seed, *options):
    return [CHURN, seed, directory / "book", PLUGIN, *options]


def ended_well(status):
    return status in (0, 128 + signal.SIGTERM, -signal.SIGTERM)


def recordings_by_pid(recorded):
    """Of children the number stands in the recording's name."""
    found = {int(re.search(r":(\d+)$", name)[1]): name
             for name in recorded.children}
    found[None] = recorded.main
    return found


@dataclass
class Row:
    """A block that is alive: what it is, and which root leads to it."""
    address: int
    size: int
    what: str
    made_by: str
    lost_by: str
    root: str

    @property
    def is_lost(self):
        return self.what in LOST


class Unfinished(Exception):
    """The program did not come to its end."""


def truth(book):
    """{number: Row} of what is alive."""
    rows = {}
    done = run(JUDGE, book)
    if done.status:
        raise Unfinished(done.told.strip())
    for line in done.out.decode().splitlines():
        _, number, address, size, what, made, lost, root = line.split()
        rows[int(number)] = Row(int(address, 16), int(size), what,
                                made.split(":")[1], lost.split(":")[1], root)
    return rows


def count_kinds(verdict, rows, missed):
    for number, row in rows.items():
        if row.is_lost:
            verdict.kinds[row.lost_by, "lost"] += 1
            verdict.kinds[row.lost_by, "found"] += number not in missed


def judge_process(verdict, book, recording):
    rows = truth(book)
    if recording is None:
        if any(row.is_lost for row in rows.values()):
            verdict.wrong.append(f"{book.name} has no recording")
        return
    done = run(JUDGE, book, recording)
    text = done.out.decode()
    sums = SUMS.search(text)
    if not sums:
        verdict.wrong.append(f"{book.name}: {done.told.strip()}")
        return
    lines = text.splitlines()[:-1]
    for name, value in zip(("blocks", "lost", "found", "false"),
                           sums.groups()):
        setattr(verdict, name, getattr(verdict, name) + int(value))
    missed = {int(w[1]) for w in map(str.split, lines)
              if w[1] != "-" and w[4] in LOST and w[5] not in LOST}
    count_kinds(verdict, rows, missed)
    verdict.wrong += [f"{book.name}: {line}" for line in lines]


def run_refknot(seed, directory, *options):
    """refknot's verdict on the program `seed`."""
    verdict = Verdict(seed)
    recorded = record(directory, *command(directory, seed, *options))
    if not ended_well(recorded.outcome.status):
        verdict.wrong.append(f"status {recorded.outcome.status}: "
                             f"{recorded.outcome.told}")
    recordings = recordings_by_pid(recorded)
    for book in books(directory):
        main = book.name == "book"
        judge_process(verdict, book,
                      recordings.get(None if main else pid_of(book)))
    return verdict


def compare_lost(verdict, book, said):
    """`said`: whether a block is lost, by its number and address."""
    rows = truth(book)
    missed = set()
    for number, row in rows.items():
        is_said = said(number, row.address)
        verdict.blocks += 1
        verdict.lost += row.is_lost
        verdict.found += row.is_lost and is_said
        verdict.false += is_said and not row.is_lost
        if row.is_lost and not is_said:
            missed.add(number)
        if row.is_lost != is_said:
            verdict.wrong.append(
                f"{book.name}: block {number} of {row.size} bytes is "
                f"{row.what} ({row.root}), made by {row.made_by}, lost by "
                f"{row.lost_by}")
    count_kinds(verdict, rows, missed)


PATIENCE = 20  # seconds: LeakSanitizer waits for ever for some threads


def run_bounded(argv, **variables):
    """Its status; None: it did not end, and is ended with its children."""
    with subprocess.Popen([str(a) for a in argv], start_new_session=True,
                          env=environment(**variables),
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        try:
            return process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return None


def run_lsan(seed, directory, *options):
    """LeakSanitizer's; None where it cannot look. It does at exit() only."""
    verdict = Verdict(seed)
    log = directory / "lsan"
    if run_bounded(command(directory, seed, "plain", *options),
                   LD_PRELOAD=LSAN, LSAN_OPTIONS="exitcode=0:report_objects=1:"
                   f"log_path={log}") != 0:
        return None
    for book in books(directory):
        report = directory / f"lsan.{pid_of(book)}"
        text = report.read_text() if report.exists() else ""
        if "fatal error" in text:
            return None
        addresses = {int(a, 16) for a in re.findall(
            r"^(0x[0-9a-f]+) \(\d+ bytes\)", text, re.M)}
        compare_lost(verdict, book,
                     lambda _, address, a=addresses: address in a)
    return verdict


def number_of(error):
    """The block's, as its call stack tells it."""
    steps = [fn.text[5:] for fn in error.findall("stack/frame/fn")
             if fn.text and re.fullmatch(r"step_[0-9a-f]", fn.text)]
    return int("".join(reversed(steps)), 16) if len(steps) == 4 else None


def run_valgrind(seed, directory, *options):
    verdict = Verdict(seed)
    if run_bounded(["valgrind", "-q", "--leak-check=full", "--xml=yes",
                    "--show-leak-kinds=definite,indirect,possible",
                    "--num-callers=40", f"--xml-file={directory}/valgrind.%p",
                    *command(directory, seed, "plain", "paths",
                             *options)]) != 0:
        return None
    for book in books(directory):
        report = directory / f"valgrind.{pid_of(book)}"
        if not report.exists():
            return None
        lost = {number_of(e) for e in
                xml.parse(report).getroot().iter("error")
                if e.find("kind").text in ("Leak_DefinitelyLost",
                                           "Leak_IndirectlyLost")}
        compare_lost(verdict, book,
                     lambda number, _, n=lost: number in n)
    return verdict


TOOLS = {"refknot": run_refknot, "LeakSanitizer": run_lsan,
         "Valgrind": run_valgrind}


def judged(tool, seed, options=(), keep=False):
    directory = pathlib.Path(tempfile.mkdtemp(prefix=f"churn-{seed}-"))
    try:
        return TOOLS[tool](seed, directory, *options)
    except Unfinished as why:
        verdict = Verdict(seed)
        verdict.wrong.append(str(why))
        return verdict if tool == "refknot" else None
    finally:
        if keep:
            print(f"seed {seed} under {tool}: {directory}", file=sys.stderr)
        else:
            shutil.rmtree(directory, ignore_errors=True)


def skipping(steps):
    return ["skip=" + ",".join(map(str, sorted(steps)))] if steps else []


STEPS = 250  # no script is longer


def shrink(seed, cause, options):
    """The steps that suffice for the program to be judged wrong (by `cause`,
    if there is one), and the verdict then."""
    def is_wrong(skipped):
        verdict = judged("refknot", seed, [*options, *skipping(skipped)])
        return cause in causes(verdict) if cause else not verdict.right
    if not is_wrong(()):
        return None
    skipped, size = set(), 64
    while size:
        for first in range(1, STEPS + 1, size):
            more = skipped | set(range(first, first + size))
            if more != skipped and is_wrong(more):
                skipped = more
        size //= 2
    return sorted(set(range(1, STEPS + 1)) - skipped), \
        judged("refknot", seed, [*options, *skipping(skipped)])


CAUSE = re.compile(r"(?:root|edge):([\w-]+)|(itself|no-pointer|foreign|sums|"
                   r"not-recorded|has no recording|status|did not come)")


def causes(verdict):
    """What the wrong lines are about."""
    found = set()
    for line in verdict.wrong:
        cause = CAUSE.search(line)
        found.add(cause[1] or cause[2] if cause else line)
    return found


class Tally:
    """The sums of one tool over many seeds."""

    def __init__(self, name):
        self.name = name
        self.seeds = self.right = self.not_run = 0
        self.wrong = []  # seeds
        self.sums = collections.Counter()
        self.kinds = collections.Counter()
        self.causes = collections.Counter()  # seeds
        self.alone = collections.Counter()   # seeds with no other cause

    def add(self, verdict):
        if verdict is None:
            self.not_run += 1
            return
        self.seeds += 1
        self.right += verdict.right
        for name in ("blocks", "lost", "found", "false"):
            self.sums[name] += getattr(verdict, name)
        self.kinds += verdict.kinds
        if not verdict.right:
            self.wrong.append(verdict.seed)
        if self.name == "refknot":
            found = causes(verdict)
            self.causes.update(found)
            self.alone.update(found if len(found) == 1 else ())

    def told_causes(self):
        return "\n".join(
            f"{count:6} seeds wrong by {cause}, {self.alone[cause]} of them "
            "by that alone" for cause, count in self.causes.most_common())

    def __str__(self):
        lost, found = self.sums["lost"], self.sums["found"]
        said = found + self.sums["false"]
        text = (f"{self.name:14} {self.right:6} of {self.seeds} seeds right; "
                f"{self.sums['blocks']} blocks, {lost} lost, {found} found "
                f"(recall {100 * found / max(lost, 1):.3f} %), "
                f"{self.sums['false']} false (precision "
                f"{100 * found / max(said, 1):.3f} %)")
        return text + (f"; {self.not_run} not run" if self.not_run else "")


def print_kinds(tallies):
    names = sorted({k for t in tallies for k, _ in t.kinds})
    print(f"{'lost by':12}" + "".join(f"{t.name:>20}" for t in tallies))
    for name in names:
        print(f"{name:12}" + "".join(
            f"{t.kinds[name, 'found']:>11} of {t.kinds[name, 'lost']:>5}"
            for t in tallies))


def span(text):
    first, _, last = text.partition(":")
    return range(int(first), int(last) if last else int(first) + 1)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=
                                     argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=span, default=range(0, 1000))
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--valgrind", type=span)
    parser.add_argument("--shrink", action="store_true")
    parser.add_argument("--cause", help="shrink for this one")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--lines", type=int, default=8,
                        help="of each wrong seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--option", action="append", default=[],
                        help="of the program, as skip=3-9")
    return parser.parse_args()


def run_all(tool, seeds, jobs, options=(), each=None, keep=False):
    """The tally of the tool; `each` is called with every verdict in turn."""
    tally = Tally(tool)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for verdict in pool.map(
                lambda seed: judged(tool, seed, options, keep), seeds):
            tally.add(verdict)
            if verdict and each:
                each(verdict)
    return tally


def tell(verdict, lines):
    if not verdict.right:
        print(f"seed {verdict.seed}: {len(verdict.wrong)} wrong",
              *verdict.wrong[:lines], sep="\n    ", flush=True)


def run_tools(asked):
    def each(verdict):
        tell(verdict, asked.lines)
    few = asked.valgrind or asked.seeds[:len(asked.seeds) // 10]
    tools = {"refknot": asked.seeds}
    if asked.peers:
        tools.update({"LeakSanitizer": asked.seeds, "Valgrind": few})
    for tool, seeds in tools.items():
        print(f"{tool}:", flush=True)
        yield run_all(tool, seeds, asked.jobs, asked.option, each, asked.keep)


def main():
    asked = parse()
    tallies = list(run_tools(asked))
    for seed in tallies[0].wrong if asked.shrink else []:
        least = shrink(seed, asked.cause, asked.option)
        if least:
            print(f"steps {','.join(map(str, least[0]))} suffice:")
            tell(least[1], asked.lines)
    print_kinds(tallies)
    print(tallies[0].told_causes())
    print(*tallies, sep="\n")
    return bool(tallies[0].wrong)


if __name__ == "__main__":
    sys.exit(main())
