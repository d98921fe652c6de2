# SPDX-License-Identifier: MIT
"""Runs the commands of the table plain, under refknot, Valgrind and
LeakSanitizer, and says where refknot harms, errs, misses or differs.

The exit status is 0 when each difference has a row in the file of
differences, 1 when one has none, 2 for bad use.
"""
import argparse
import fnmatch
import hashlib
import json
import multiprocessing
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import differences
import materials
import peers
import summary
from commands import COMMANDS
from one_file import apart
from findings import (all_processes, holders, is_unstable, numbers,
                      together)
from runs import Runner, become_reaper, end_the_rest, harm
from sites import compare, largest, match, places, total, without

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[2]
PEERS_FORMAT = 1    # of what is kept of the peers
RESULTS_FORMAT = 2  # of the rest


def parsed_arguments():
    p = argparse.ArgumentParser(
        prog="sweep", description="Run existing programs under refknot and "
        "its peers, and compare.")
    p.add_argument("patterns", nargs="*", help="names or kinds of commands; "
                   "patterns of a shell; all without any")
    p.add_argument("-b", "--build", default=SOURCE / "build",
                   type=pathlib.Path, help="the build of refknot (build)")
    p.add_argument("-r", "--results", type=pathlib.Path,
                   help="where results are kept (BUILD/sweep)")
    p.add_argument("-j", "--jobs", type=int, default=1)
    p.add_argument("--no-peers", action="store_true",
                   help="run neither Valgrind nor LeakSanitizer; what is kept "
                   "of them is used")
    p.add_argument("--fresh", action="store_true",
                   help="use nothing that is kept of the peers")
    p.add_argument("--resume", action="store_true",
                   help="run only commands without results of this build")
    p.add_argument("--report", action="store_true",
                   help="run nothing; judge the results that are kept")
    p.add_argument("--plain", action="store_true",
                   help="run the plain programs only: is the table right?")
    p.add_argument("--list", action="store_true", help="list the commands")
    p.add_argument("--differences", type=pathlib.Path,
                   default=HERE / "differences")
    p.add_argument("--keep-recordings", action="store_true")
    return p.parse_args()


def chosen(patterns):
    if not patterns:
        return COMMANDS
    rows = [c for c in COMMANDS if any(
        fnmatch.fnmatchcase(c.name, p) or fnmatch.fnmatchcase(c.kind, p)
        for p in patterns)]
    if not rows:
        sys.exit(f"sweep: no command is called {' or '.join(patterns)}")
    return rows


def version_of(packages):
    done = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${Version} ${Status}\n",
         *packages], capture_output=True, text=True, check=False)
    return done.stdout


def digest(*parts):
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def build_identity(build):
    return digest(*((build / f).read_bytes() for f in (
        "cli/refknot", "preload/librefknot_preload.so")))


class Display:
    """An X server of our own for the rows that need one."""

    def __init__(self):
        self.name, self.server = None, None

    def start(self):
        if self.server or not shutil.which("Xvfb"):
            return
        into, told = os.pipe()
        self.server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(told), "-nolisten", "tcp", "-noreset",
             "-screen", "0", "800x600x24"], pass_fds=[told],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(told)
        with os.fdopen(into) as pipe:
            self.name = ":" + pipe.readline().strip()

    def stop(self):
        if self.server:
            self.server.terminate()
            self.server.wait()


class Command:
    """All runs of one row."""

    def __init__(self, row, options, display, work):
        self.row, self.options = row, options
        self.place = work / row.name
        self.kept = options.results / f"{row.name}.json"
        self.cache = options.results / "symbols"
        self.refknot = options.build / "cli/refknot"
        self.names = {}
        if row.x11:
            display.start()
        spared = [display.server.pid] if display.server else []
        self.runner = Runner(row, self.place, work / "materials",
                             display.name, spared)

    def limit(self, plain, factor, least):
        return min(self.row.limit * factor,
                   max(least, plain.wall * factor + least))

    def plain(self):
        return self.runner.run(["env"], self.place / "plain", self.row.limit)

    def under_refknot(self, number, plain):
        out = self.place / f"refknot.{number}"
        shutil.rmtree(out, ignore_errors=True)
        prefix = [self.refknot, "run", "-q", "-o", f"{out}/$$.rkn", "--"]
        outcome = self.runner.run(
            prefix, out, self.limit(plain, 10, 30),
            {"REFKNOT_CACHE": ""}.items())
        for path in list(out.glob("*.rkn")):
            apart(path)
        return out, outcome

    def refknot_runs(self, plain):
        """The outcomes, findings of the first run, numbers of all."""
        outcomes, counted, first = [], [], None
        for number in range(2 if self.row.varies else 3):
            out, outcome = self.under_refknot(number, plain)
            outcomes.append(outcome)
            if first is None:
                first = all_processes(self.refknot, out, self.cache,
                                      self.names)
            counted.append(numbers(self.refknot, out, self.cache))
            if number and not self.options.keep_recordings:
                shutil.rmtree(out, ignore_errors=True)
        return outcomes, first, counted

    def valgrind(self, plain):
        out = self.place / "valgrind"
        shutil.rmtree(out, ignore_errors=True)
        outcome = self.runner.run(peers.valgrind_prefix(out), out,
                                  self.limit(plain, 150, 60))
        if outcome.status is None:
            return None, "took too long"
        if peers.NEVER in outcome.err:
            return None, "did not come so far"
        texts = [f.read_text(errors="replace") for f in
                 sorted(out.glob("*.xml"))]
        shutil.rmtree(out, ignore_errors=True)
        if not texts:
            return None, f"no result; status {outcome.status}"
        each = [peers.read_valgrind(t, self.names) for t in texts]
        why = None
        if outcome.status != plain.status:
            why = f"status {outcome.status} for {plain.status}"
        return {key: largest([e[key] for e in each])
                for key in ("lost", "possible")}, why

    def lsan(self, plain):
        why = None
        for unwinding in (peers.LSAN_SLOW, peers.LSAN_FAST):
            out = self.place / "lsan"
            shutil.rmtree(out, ignore_errors=True)
            outcome = self.runner.run(peers.lsan_prefix(out, unwinding), out,
                                      self.limit(plain, 60, 30))
            texts = [f.read_text(errors="replace") for f in
                     sorted(out.glob("lsan.*"))]
            shutil.rmtree(out, ignore_errors=True)
            each = [peers.read_lsan(t) for t in texts]
            if outcome.status is None:
                why = "took too long"
            elif peers.NEVER in outcome.err:
                why = "did not come so far"
            elif outcome.status != plain.status:
                why = f"status {outcome.status} for {plain.status}"
            elif None in each:
                why = "the check failed"
            else:
                return largest(each), None
        return None, why

    def peers(self, plain):
        """Kept from an earlier sweep, or run."""
        key = digest(PEERS_FORMAT, self.row.identity, version_of(
            [*self.row.packages, "valgrind", "liblsan0", "libc6"]))
        kept = {}
        if self.kept.exists() and not self.options.fresh:
            kept = json.loads(self.kept.read_text()).get("peers", {})
        if kept.get("key") == key or self.options.no_peers:
            return unpacked_peers(kept)
        valgrind, valgrind_why = self.valgrind(plain)
        lsan, lsan_why = self.lsan(plain)
        return {"key": key, "valgrind": valgrind and valgrind["lost"],
                "valgrind_possible": valgrind and valgrind["possible"],
                "valgrind_why": valgrind_why, "lsan": lsan,
                "lsan_why": lsan_why}

    def harms(self, plain, outcomes):
        """What differs, when the plain program never does the same."""
        other = self.plain()
        found = [harm(plain, other, o) for o in outcomes]
        if not any(found):
            return None, other
        more = [self.plain() for _ in range(3)]
        again = [self.under_refknot(9, plain)[1] for _ in range(2)]
        for one in more:
            if harm(plain, one, outcomes[0]) is None or harm(
                    one, other, outcomes[0]) is None:
                return None, other
        last = [harm(plain, other, o) for o in again]
        text = next(f for f in found if f)
        return (text if all(last) else f"{text} in one run of several"), other

    def run(self):
        plain = self.plain()
        result = {"name": self.row.name, "kind": self.row.kind,
                  "build": build_identity(self.options.build)}
        if plain.status is None:
            return {**result, "failed": "the plain program took too long"}
        if self.row.status not in (None, plain.status):
            return {**result, "failed": f"the plain program ended with "
                    f"status {plain.status}: {plain.err[-400:]}"}
        if self.options.plain:
            return {**result, "plain": plain.out + plain.err,
                    "files": plain.files, "left": plain.left,
                    "plain_s": plain.wall}
        outcomes, processes, counted = self.refknot_runs(plain)
        harmed, other = self.harms(plain, outcomes)
        found = self.peers(plain)
        self.names.update((tuple(k), v) for k, v in found.get("names", []))
        return {**result, "format": RESULTS_FORMAT, **self.judged(
            plain, other, outcomes, processes, counted, harmed, found)}

    def judged(self, plain, other, outcomes, processes, counted, harmed,
               found):
        if any(p["signal"] for p in processes):
            # LeakSanitizer says nothing of what a signal ends.
            found = {**found, "lsan": None, "lsan_why": "ended by a signal"}
        lost = together(processes, "lost")
        missed, by_valgrind, by_lsan, alone = compare(
            lost, found.get("valgrind"), found.get("lsan"))
        possible = together(processes, "possible")
        said = sorted({s for o in outcomes for s in o.said})
        refused = not processes and bool(said)
        if refused:  # with a sentence, before anything ran
            missed, by_valgrind, by_lsan, alone, harmed = {}, {}, {}, {}, None
        return {
            "plain_s": min(plain.wall, other.wall),
            "refknot_s": min(o.wall for o in outcomes),
            "plain_cpu_s": min(plain.cpu, other.cpu),
            "refknot_cpu_s": min(o.cpu for o in outcomes),
            "harmed": harmed, "said": said, "refused": refused,
            "varies": plain.out != other.out,
            "processes": [{k: p[k] for k in (
                "program", "snapshot", "sums", "cut", "stacks", "unnamed",
                "without_symbols", "confidence", "missing", "signal",
                "blocks")} for p in processes],
            "numbers": counted,
            "unstable": is_unstable(counted),
            "wavers": sorted([p, a] for p, _, a in counted[0]) != sorted(
                [p, a] for p, _, a in counted[-1]),
            "lost": total(lost), "possible": total(possible),
            "valgrind": found.get("valgrind") is not None and
            total(found["valgrind"]),
            "valgrind_possible": found.get("valgrind") is not None and
            total(found["valgrind_possible"]),
            "lsan": found.get("lsan") is not None and total(found["lsan"]),
            "missed_held": holders(self.place / "refknot.0",
                                   {**missed, **by_valgrind, **by_lsan}),
            "missed_as_possible": total(without(
                missed, match(missed, possible)[0])),
            "missed": places(missed, self.names),
            "missed_valgrind": places(by_valgrind, self.names),
            "missed_lsan": places(by_lsan, self.names),
            "alarms": places(alone, self.names),
            "peers": packed_peers(found, self.names),
        }


def packed(lost):
    return lost if lost is None else [[s, r] for s, r in lost.items()]


def unpacked(rows):
    if rows is None:
        return None
    return {tuple(tuple(f) for f in s): r for s, r in rows}


LOSSES = ("valgrind", "valgrind_possible", "lsan")


def packed_peers(found, names):
    kept = {k: packed(v) if k in LOSSES else v for k, v in found.items()}
    if kept:
        kept["names"] = [[k, v] for k, v in names.items()]
    return kept


def unpacked_peers(kept):
    return {k: unpacked(v) if k in LOSSES else v for k, v in kept.items()}


def is_done(row, options):
    kept = options.results / f"{row.name}.json"
    if not kept.exists():
        return False
    result = json.loads(kept.read_text())
    return (result.get("format") == RESULTS_FORMAT
            and result["build"] == build_identity(options.build))


def end(*_):
    sys.exit("sweep: was ended")


def work_on(queue, done, options, work):
    """One worker: commands from the queue until there is None."""
    signal.signal(signal.SIGTERM, end)
    become_reaper()
    display = Display()
    try:
        for row in iter(queue.get, None):
            done.put(work_on_one(row, options, display, work))
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        display.stop()
        end_the_rest((), 1)


def work_on_one(row, options, display, work):
    began = time.monotonic()
    try:
        result = Command(row, options, display, work).run()
    except Exception as e:  # one row must not end the sweep
        result = {"name": row.name, "kind": row.kind,
                  "failed": f"{type(e).__name__}: {e}"}
    result["took_s"] = time.monotonic() - began
    if not options.keep_recordings:
        shutil.rmtree(work / row.name, ignore_errors=True)
    return result


def keep(result, options):
    kept = options.results / f"{result['name']}.json"
    if "peers" not in result and kept.exists():
        result["peers"] = json.loads(kept.read_text()).get("peers", {})
    kept.write_text(json.dumps(result))


def run_all(rows, options, work):
    materials.make(work / "materials")
    queue, done = multiprocessing.Queue(), multiprocessing.Queue()
    for row in rows:
        queue.put(row)
    # Daemons end with this process, and end what they started.
    workers = [multiprocessing.Process(target=work_on, daemon=True,
                                       args=(queue, done, options, work))
               for _ in range(options.jobs)]
    for worker in workers:
        queue.put(None)
        worker.start()
    for n in range(len(rows)):
        result = done.get()
        if "plain" in result:
            print(f"{result['name']}: {result['plain_s']:.2f} s, "
                  f"{result['left']} left, {result['plain'][:400]!r}",
                  flush=True)
            continue
        keep(result, options)
        print(f"[{n + 1}/{len(rows)}] {summary.one_line(result)}", flush=True)
    for worker in workers:
        worker.join()


def kept_results(rows, options):
    files = [options.results / f"{r.name}.json" for r in rows]
    results = [json.loads(f.read_text()) for f in files if f.exists()]
    known = [r for r in results if r.get("failed")
             or r.get("format") == RESULTS_FORMAT]
    if len(known) < len(rows):
        print(f"{len(rows) - len(known)} commands have no result yet, or one "
              "of an older sweep: run them")
    return known


def run(rows, options):
    signal.signal(signal.SIGTERM, end)
    work = pathlib.Path(tempfile.mkdtemp(prefix="sweep-"))
    work.chmod(0o755)
    try:
        run_all(rows, options, work)
    finally:
        if not options.keep_recordings:
            shutil.rmtree(work, ignore_errors=True)


def main():
    options = parsed_arguments()
    options.build = options.build.resolve()
    options.results = (options.results or options.build / "sweep").resolve()
    options.results.mkdir(parents=True, exist_ok=True)
    rows = chosen(options.patterns)
    if options.list:
        for row in rows:
            print(f"{row.name:24} {row.kind:12} {row.line}")
        return 0
    explained = differences.parse(options.differences.read_text())
    if not options.report:
        if not (options.build / "cli/refknot").exists():
            sys.exit(f"sweep: {options.build} must be built first")
        run([r for r in rows if not (options.resume and is_done(r, options))],
            options)
    if options.plain:
        return 0
    results = kept_results(rows, options)
    text, unexplained = summary.whole(results, explained)
    (options.results / "table.txt").write_text(text)
    (options.results / "sweep.json").write_text(json.dumps(
        [{k: v for k, v in r.items() if k != "peers"} for r in results]))
    print(text)
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
