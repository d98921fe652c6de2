#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Six test suites of Debian packages under the gate, beside LeakSanitizer and
Valgrind, in three builds each; two of them fork a process for each test.

Each row says whether the suite ended as it does plain, what refknot found and
how much of it the peers confirm, what they have and refknot has not, whether a
second run found the same and was green by the baseline of the first, and the
times beside plain. A difference that tests/whole/suites/differences does not explain
makes the status 1.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "sweep"),
                str(HERE.parents[1] / "support")]
# pylint: disable=wrong-import-position
import debian  # noqa: E402
import differences  # noqa: E402
import findings  # noqa: E402
import peers  # noqa: E402
from one_file import apart  # noqa: E402
from sites import compare, largest, places, total  # noqa: E402
from table import BUILDS, SUITES  # noqa: E402

TIMED = ("plain", "refknot", "lsan", "valgrind")
FACTORS = {"plain": 1, "refknot": 10, "again": 10, "lsan": 20, "valgrind": 100}


@dataclass
class Run:
    status: int  # None: it took too long
    out: str
    told: str
    wall: float


@dataclass
class Row:
    suite: object
    build: object
    runs: dict = field(default_factory=dict)
    findings: int = 0
    lost: dict = field(default_factory=dict)
    peers: dict = field(default_factory=dict)   # {tool: lost or None}
    differences: list = field(default_factory=list)  # (kind, where, text)
    confirmed: int = None  # blocks; None: no peer has a result
    without: dict = field(default_factory=dict)  # {peer: what it could not do}

    def seconds(self, tool):
        run = self.runs.get(tool)
        return None if run is None or run.status is None else run.wall


def normal(text):
    """Output without what is another in each run."""
    return re.sub(r"0x[0-9a-f]+|\d+(\.\d+)?", "N", text)


class Bench:
    """One suite in one build: each tool runs it in that directory."""

    def __init__(self, options, suite, build, source):
        self.options, self.suite, self.build = options, suite, build
        self.source = source / suite.subdirectory
        self.home = pathlib.Path(options.directory) / suite.name / build.name
        self.where = self.home / "b"
        self.names = {}

    def make(self):
        self.home.mkdir(parents=True, exist_ok=True)
        if (self.home / "made").exists():
            return
        argv = ["cmake", "-S", self.source, "-B", self.where,
                *self.build.cmake(self.suite)]
        targets = [o for t in self.suite.targets for o in ("--target", t)]
        for command in (argv, ["cmake", "--build", self.where, "-j2",
                               *targets]):
            done = subprocess.run(command, capture_output=True, check=False,
                                  text=True, errors="replace")
            if done.returncode:
                raise ValueError((done.stdout + done.stderr)[-3000:])
        (self.home / "made").touch()

    def run(self, name, prefix=(), gate=(), limit=600):
        """The suite, in its build, with a tool before each program, or with
        refknot before all."""
        script = self.home / "suite.sh"
        script.write_text(f"S='{self.source}'\ns=0\n{self.suite.commands}\n"
                          "exit $s\n")
        argv = [*gate, "sh", str(script)]
        env = {k: v for k, v in os.environ.items()
               if not k.startswith(("REFKNOT_", "LD_", "MALLOC_"))}
        env |= {"T": " ".join(map(str, prefix)), "LC_ALL": "C.UTF-8",
                "REFKNOT_CACHE": str(self.home / "symbols")}
        began = time.monotonic()
        try:
            done = subprocess.run([str(a) for a in argv], cwd=self.where,
                                  env=env, capture_output=True, check=False,
                                  timeout=limit, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return Run(None, "", f"{name}: more than {limit} s", limit)
        wall = time.monotonic() - began
        return Run(done.returncode, done.stdout.decode(errors="replace"),
                   done.stderr.decode(errors="replace"), wall)

    def limit(self, tool, plain):
        return min(self.options.limit, 240 + FACTORS[tool] * plain.wall)

    def fresh(self, name):
        """An empty directory; some test may have left a process that still
        writes into one of that name."""
        self.home.mkdir(parents=True, exist_ok=True)
        return pathlib.Path(tempfile.mkdtemp(prefix=f"{name}.",
                                             dir=self.home))

    # refknot

    def gate(self, row, name, *options):
        out = self.fresh(name)
        found = out / "found.json"
        run = self.run(name, gate=[
            self.options.refknot, "check", "--keep", out / "main.rkn",
            "--output", f"json={found}", "--programs", f"{self.where}/*",
            "--baseline", self.home / "baseline", *options, "--"],
            limit=self.limit("refknot", row.runs["plain"]))
        row.runs[name] = run
        return out, (json.loads(found.read_text())["findings"]
                     if found.exists() else [])

    def refknot(self, row):
        (self.home / "baseline").unlink(missing_ok=True)
        out, first = self.gate(row, "refknot", "--update-baseline")
        again, second = self.gate(row, "again")
        plain = row.runs["plain"]
        for name, green in (("refknot", 0), ("again", plain.status)):
            run = row.runs[name]
            if run.status != green:
                row.differences.append((
                    "harmed" if name == "refknot" else "baseline",
                    f"exit {run.status}", run.told[-600:]))
            if normal(run.out) != normal(plain.out):
                row.differences.append(("harmed", "output",
                                        f"{name}: the output is another"))
        if self.numbers(first) != self.numbers(second):
            row.differences.append((
                "unstable", "numbers", f"{len(first)} findings and "
                f"{len(second)}"))
        row.findings = len(first)
        apart(out / "main.rkn")
        # All processes of its own programs; what the shell does is not here.
        processes = findings.all_processes(self.options.refknot, out,
                                           self.home / "cache", self.names)
        row.lost = largest([p["lost"] for p in processes
                            if (self.where / p["program"]).exists()
                            or list(self.where.rglob(p["program"]))])
        shutil.rmtree(again, ignore_errors=True)

    @staticmethod
    def numbers(found):
        return sorted((f["signature"], f["objects"], f["bytes"])
                      for f in found)

    # peers

    def lsan(self, row):
        for unwinding in (peers.LSAN_SLOW, peers.LSAN_FAST):
            out = self.fresh(f"lsan-{unwinding}")
            run = self.run("lsan", peers.lsan_prefix(out, unwinding),
                           limit=self.limit("lsan", row.runs["plain"]))
            row.runs["lsan"] = run
            each = [peers.read_lsan(f.read_text(errors="replace"))
                    for f in sorted(out.glob("lsan.*"))]
            if (run.status == row.runs["plain"].status
                    and None not in each):
                row.peers["lsan"] = largest(each)
                return
        self.has_none(row, "lsan", run, f"exit {run.status}"
                      + ", a check failed" * (None in each))

    def valgrind(self, row):
        out = self.fresh("valgrind")
        run = self.run("valgrind", peers.valgrind_prefix(out),
                       limit=self.limit("valgrind", row.runs["plain"]))
        row.runs["valgrind"] = run
        texts = [f.read_text(errors="replace") for f in
                 sorted(out.glob("*.xml"))]
        row.peers["valgrind"] = largest(
            [peers.read_valgrind(t, self.names)["lost"] for t in texts])
        # Of some programs it cannot read the debug information, and gives up.
        # Tests of time may fail: that takes nothing from what is lost.
        ended = sum("<state>FINISHED</state>" in t for t in texts)
        if run.status is None or ended < len(texts) / 2 or not texts:
            self.has_none(row, "valgrind", run,
                          f"{ended} of {len(texts)} processes came to an end")
        elif run.status != row.runs["plain"].status:
            row.without["valgrind"] = f"tests failed: exit {run.status}"

    def has_none(self, row, peer, run, why):
        """The peer's result is none, if what it ran is not the suite."""
        if run.status is None:
            why = run.told
        row.without[peer] = why
        row.peers[peer] = run.status = None

    def compare(self, row):
        missed, by_valgrind, by_lsan, alone = compare(
            row.lost, row.peers.get("valgrind"), row.peers.get("lsan"))
        for kind, lost in (("missed", missed), ("missed-valgrind",
                                                by_valgrind),
                           ("missed-lsan", by_lsan), ("alarm", alone)):
            for where, blocks, size in places(lost, self.names, "<"):
                row.differences.append((
                    kind, where, f"{blocks} blocks, {size} bytes"))
        if any(lost is not None for lost in row.peers.values()):
            row.confirmed = total(row.lost)[0] - total(alone)[0]

    def measure(self):
        row = Row(self.suite, self.build)
        self.make()
        self.run("warm", limit=self.options.limit)
        row.runs["plain"] = self.run("plain", limit=self.options.limit)
        if row.runs["plain"].status is None:
            raise ValueError("it takes too long")
        self.refknot(row)
        if not self.options.no_peers:
            self.lsan(row)
            self.valgrind(row)
            self.compare(row)
        return row


def cell(number):
    return "-" if number is None else f"{number:.2f}"


def line(row):
    bad = {kind for kind, _, _ in row.differences}
    lost = {t: "-" if row.peers.get(t) is None else total(row.peers[t])[0]
            for t in ("lsan", "valgrind")}
    return (f"{row.suite.name:9} {row.build.name:9} "
            f"{'NO' if 'harmed' in bad else 'yes':8} {row.findings:8} "
            f"{total(row.lost)[0]:6} "
            f"{'-' if row.confirmed is None else row.confirmed:>9} "
            f"{lost['lsan']:>6} {lost['valgrind']:>8} "
            f"{'NO' if 'unstable' in bad else 'yes':6} "
            f"{'NO' if 'baseline' in bad else 'yes':8} "
            + " ".join(f"{cell(row.seconds(tool)):>8}" for tool in TIMED))


HEAD = (f"{'suite':9} {'build':9} {'as plain':8} {'findings':8} {'blocks':6} "
        f"{'confirmed':9} {'lsan':>6} {'valgrind':>8} {'stable':6} "
        f"{'baseline':8} " + " ".join(f"{tool:>8}" for tool in TIMED)
        + "  (seconds)")


def explained(rows, known, verbose):
    """Prints the differences; how many have no reason."""
    left = 0
    for row in rows:
        name = f"{row.suite.name}-{row.build.name}"
        for kind, where, text in row.differences:
            why = differences.explain(known, kind, name, where)
            left += why is None
            if why is None or verbose:
                print(f"\n{name}: {kind}: {where}\n    {text}\n    "
                      + (f"{why.right}: {why.why}" if why
                         else "NOT EXPLAINED"))
    return left


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("suites", nargs="*", metavar="SUITE",
                        help=f"of {', '.join(SUITES)}; all without any")
    parser.add_argument("-b", "--build", default="build-test",
                        help="refknot's own build")
    parser.add_argument("-d", "--directory",
                        help="where sources and builds are kept")
    parser.add_argument("--in", action="append", dest="builds",
                        choices=list(BUILDS), help="in this build alone")
    parser.add_argument("--limit", type=int, default=900, metavar="SECONDS",
                        help="for one run of a suite under one tool")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("-v", "--verbose", action="store_true",
                        help="differences that are explained, too")
    options = parser.parse_args(argv)
    options.refknot = pathlib.Path(options.build).resolve() / "cli/refknot"
    for name in set(options.suites) - set(SUITES):
        parser.error(f"{name} is no suite")
    return options


def measured(options, trees):
    rows, failed = [], 0
    print(HEAD, flush=True)
    for name in options.suites or SUITES:
        for build in options.builds or BUILDS:
            bench = Bench(options, SUITES[name], BUILDS[build], trees[name])
            try:
                rows.append(bench.measure())
            except ValueError as error:
                failed += 1
                print(f"{name:9} {build:9} FAILED {error}", flush=True)
                continue
            print(line(rows[-1]), flush=True)
            for peer, why in rows[-1].without.items():
                print(f"    {peer}: {why}", flush=True)
    return rows, failed


def summary(rows):
    """Of each tool, beside plain, over the rows that it came through."""
    times = []
    for tool in TIMED[1:]:
        done = [row for row in rows if row.seconds(tool) is not None]
        if done:
            ratio = (sum(row.seconds(tool) for row in done)
                     / sum(row.seconds("plain") for row in done))
            times.append(f"{tool} {ratio:.1f} ({len(done)} of {len(rows)})")
    print("\ntime beside plain, all together: " + ", ".join(times))


def main(argv):
    options = parse(argv)
    known = differences.parse((HERE / "differences").read_text())
    with tempfile.TemporaryDirectory(prefix="suites-") as scratch:
        options.directory = os.path.realpath(options.directory or scratch)
        trees = debian.kept(pathlib.Path(options.directory), *SUITES)
        rows, failed = measured(options, trees)
    summary(rows)
    left = explained(rows, known, options.verbose)
    print(f"\n{len(rows)} rows, {failed} failed, {left} differences without "
          "a reason")
    return int(bool(left or failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
