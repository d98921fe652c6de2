#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Change a C source in one small way at random, and see whether a test fails.

    tests/mutants/mutants.py --file 'preload/*' --seed 0:50
    tests/mutants/mutants.py --only preload/thread.c:71
    tests/mutants/mutants.py --count 20 --list

Each seed names one mutant of today's tree. A mutant that does not compile does
not count; one with the same object code is equivalent, and neither does it. The
suites of its file run one after the other until a test fails, twice: what fails
without a mutation, or once only, is not believed. A hang counts as killed.

All happens in a copy of the tree with a build directory of its own, and in a
process namespace of its own: a mutant of kill(-1) meets nobody else.
"""
import argparse
import fnmatch
import hashlib
import json
import os
import pathlib
import queue
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("cli", "common", "preload")
ENVIRONMENT = {**os.environ, "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
LEAST, TIMES = 60, 6  # seconds without a result, and times what it takes unmutated

# Suites of a file, besides unit tests: of the first row that its path matches.
SUBJECTS = [
    (r"common/(dominators|graph)", "fuzz samples plants ledger"),
    (r"common/(patterns|settings|called)", "fuzz e2e gate hooks"),
    (r"common/", "fuzz e2e gate samples hooks"),
    (r"preload/.*(region|mark)", "steady ledger hooks"),
    (r"preload/.*/?(api|assertions|collect|copies|counters|declared|errors|finds|"
     r"generations|holders|ledger|listeners|names|objects|pairing|recycle|"
     r"references\w*|taming|trial|visits|world)\.c$", "ledger hooks plants"),
    (r"preload/.*/?(blocks|chunks|contexts|edges|heap|image|inherited|inner|leftovers|"
     r"members|moves|outermost|ordered|pages|results|roots|snapshot|spent|wide)\.c$",
     "truth hooks ledger faults plants"),
    (r"preload/.*/?(cfi\w*|dynamic|modules|module_path|loaded|stacks|unwind|verify)\.c$",
     "stacks hooks truth e2e faults"),
    (r"preload/.*/?(executable|executions|ends|kills|notes|runners|skipped)\.c$",
     "gate faults hooks e2e"),
    (r"preload/", "hooks faults truth ledger stacks e2e"),
    (r"cli/.*(gate|baseline|suppress|kin|issue|frame_lines|line_hash|likeness|matching|"
     r"takers|strangers|cmd_check|cmd_memcheck|executions|children|live)", "gate fuzz e2e"),
    (r"cli/.*(steady|growth|passes|region|balance|habits|shrinking)", "steady ledger e2e"),
    (r"cli/.*(owner|holder|callers|wrong|ledger|borrowed|seats|pooled|owners|inner|"
     r"members|ended|takers|events)", "ledger plants samples e2e"),
    (r"cli/.*(recording|store_|parts|model|chunks|argv|contents|columns)",
     "fuzz e2e samples ledger"),
    (r"cli/.*(symbols|die|elf_file|source|place|functions|scopes|tails)",
     "e2e fuzz samples gate"),
    (r"cli/.*findings", "truth samples ledger plants fuzz"),
    (r"cli/", "e2e samples ledger gate"),
]

OPERATORS = {
    "compare": [(r" < ", " <= "), (r" <= ", " < "), (r" > ", " >= "),
                (r" >= ", " > "), (r" == ", " != "), (r" != ", " == ")],
    "logic": [(r" && ", " || "), (r" \|\| ", " && ")],
    "sum": [(r" \+ ", " - "), (r"(?<=[\w)\]]) - ", " + "), (r" \+= ", " -= "),
            (r" -= ", " += "), (r"\+\+", "--"), (r" << ", " >> ")],
    "constant": [(r"(?<![\w.])0(?![\w.])", "1"), (r"(?<![\w.])1(?![\w.])", "0"),
                 (r"\btrue\b", "false"), (r"\bfalse\b", "true")],
    "boundary": [(r"(?<![\w.])[2-9]\d*(?![\w.])", lambda m: str(int(m[0]) + 1)),
                 (r"(?<![\w.])[2-9]\d*(?![\w.])", lambda m: str(int(m[0]) - 1))],
    "deleted": [(r"(?m)(?<=[;{})]\n)(?<=\n)\t+(?!break|case|default|static|const|struct)"
                 r"[\w*(][^;{}\n]*(?:\n[^;{}\n]+)*;$",
                 lambda m: re.match(r"\t+", m[0])[0] + ";")],
    "return": [(r"(?m)^\t(?=(?:if|for|while|switch|do)\b|[\w>.-]+\()", None)],
}


def blank(text):
    """The same length and lines, without what is not to be mutated."""
    hidden = re.compile(
        r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'"
        r"|(?m:^[ \t]*#(?:[^\n\\]|\\.|\\\n)*)"
        r"|\b(?:static_)?assert\s*\((?:[^;]|\n)*?\);"
        r"|(?m:^\t+(?:static )?(?:const )[^;{()]*\[[^;{()]*\] = \{.*?^\t+\};)"
        r"|\bsizeof\s*\([^)]*\)", re.S)
    return hidden.sub(lambda m: re.sub(r"[^\n\t]", " ", m[0]), text)


def closing(text, at):
    """Behind the parenthesis that is open before `at`."""
    depth = 1
    while depth:
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    return at


def sites(path):
    """All mutations of a file: (kind, begin, end, text)."""
    text = (ROOT / path).read_text()
    code = blank(text)
    found = []
    for body in re.finditer(r"(?ms)^\{\n.*?^\}$", code):
        head = code[:body.start()].rsplit("\n\n", 1)[-1]
        void = re.search(r"\bvoid (?:NOINLINE |COLD )?\w+\(", head) is not None
        for kind, rows in OPERATORS.items():
            for pattern, new in rows:
                for m in re.finditer(pattern, body[0]):
                    begin, end = body.start() + m.start(), body.start() + m.end()
                    if new is None:
                        put = "\treturn; " if void else "\treturn 0; "
                    else:
                        put = new(m) if callable(new) else new
                    found.append((kind, begin, end, put))
        for m in re.finditer(r"\b(?:if|while) \(", body[0]):
            begin = body.start() + m.end()
            end = closing(code, begin) - 1
            found.append(("negated", begin, end, "!(" + text[begin:end] + ")"))
    return text, found


class Mutant:
    def __init__(self, path, text, site):
        self.path, self.kind = path, site[0]
        _, begin, end, put = site
        self.text = text[:begin] + put + text[end:]
        self.line = text[:begin].count("\n") + 1
        low = text.rfind("\n", 0, begin) + 1
        self.old = " ".join(text[low:text.find("\n", end)].split())
        rest = self.text[low:self.text.find("\n", begin + len(put))]
        self.new = " ".join(rest.split())
        self.verdict, self.by = "lives", ""

    def __str__(self):
        by = f"  by {self.by}" if self.by else ""
        return (f"{self.verdict:<10} {self.path}:{self.line}  {self.kind}{by}\n"
                f"    - {self.old}\n    + {self.new}")


def sources(glob):
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    return [p for p in listed.stdout.decode().split("\0")
            if p.endswith(".c") and p.split("/")[0] in FOLDERS
            and fnmatch.fnmatch(p, glob)]


def choose(options):
    if options.only:
        path, line = options.only.rsplit(":", 1)
        text, found = sites(path)
        all_of = [Mutant(path, text, s) for s in found]
        return [m for m in all_of if m.line == int(line)]
    by_kind = {}
    texts = {}
    for path in sources(options.file):
        texts[path], found = sites(path)
        for s in found:
            by_kind.setdefault(s[0], []).append((path, s))
    first, end = (int(n) for n in options.seed.split(":"))
    chosen = []
    for seed in range(first, end):
        dice = random.Random(seed)
        path, site = dice.choice(by_kind[dice.choice(sorted(by_kind))])
        chosen.append(Mutant(path, texts[path], site))
    return chosen


class Copy:
    """A copy of the tree, built, with what its tests do without a mutation."""

    def __init__(self, place):
        self.tree, self.build = place / "tree", place / "build"
        self.tmp, self.lock = place / "tmp", threading.Lock()
        self.digest = self.copy()
        if not (self.build / "build.ninja").exists():
            self.run(["meson", "setup", self.build, self.tree, "-Dtests=true"])
        self.run(["ninja", "-j2", "-C", self.build])
        told = self.run(["meson", "introspect", "--tests", self.build])
        self.tests = json.loads(told.stdout)
        told = (self.build / "compile_commands.json").read_text()
        self.objects = {}
        for c in json.loads(told):
            path = os.path.relpath(self.build / c["file"], self.tree)
            self.objects.setdefault(path, []).append(c["output"])
        self.known = place / "unmutated.json"
        self.usual = {}  # of a test: seconds without a result, what fails
        if self.known.exists():
            kept = json.loads(self.known.read_text())
            self.usual = kept["tests"] if kept["digest"] == self.digest else {}

    def copy(self):
        """What is tracked, and not yet committed; what is equal keeps its time."""
        digest = hashlib.sha256()
        listed = subprocess.run(
            ["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT,
            check=True, stdout=subprocess.PIPE).stdout.decode()
        for path in filter(None, sorted(listed.split("\0"))):
            source, to = ROOT / path, self.tree / path
            if not source.is_file():
                continue
            data = source.read_bytes()
            digest.update(path.encode() + data)
            if to.is_file() and to.read_bytes() == data:
                continue
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, to)
        return digest.hexdigest()

    def run(self, command, check=True):
        return subprocess.run(command, cwd=self.tree, env=ENVIRONMENT, check=check,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def code_of(self, path):
        """What the compiler makes of it, without lines; None: nothing."""
        made = []
        if self.run(["ninja", "-C", self.build, *self.objects[path]],
                    check=False).returncode:
            return None
        for o in self.objects[path]:
            self.run(["objcopy", "-g", self.build / o, self.tmp / "o"])
            made.append((self.tmp / "o").read_bytes())
        return made

    def tests_of(self, path):
        """Unit tests that name the file, then the suites of its subject."""
        stem = pathlib.Path(path).stem
        names = ["_".join(stem.split("_")[:n])
                 for n in range(stem.count("_") + 1, 0, -1)]
        units = {}
        for source in self.tree.glob("tests/**/test_*.c"):
            text = source.read_text()
            for rank, name in enumerate(names):
                if source.stem == f"test_{name}" or f'"{name}.h"' in text:
                    units[source.stem] = min(rank, units.get(source.stem, rank))
        rows = [t for t in self.tests if pathlib.Path(t["cmd"][0]).name in units]
        rows.sort(key=lambda t: units[pathlib.Path(t["cmd"][0]).name])
        wanted = next(w for p, w in SUBJECTS if re.match(p, path))
        for suite in wanted.split():
            rows += [t for t in self.tests if t not in rows
                     and any(s.split(":")[-1] == suite for s in t["suite"])]
        return rows

    def attempt(self, test, limit, *more):
        """What failed, and the longest time without a result. None: it hangs."""
        shutil.rmtree(self.tmp, ignore_errors=True)
        self.tmp.mkdir(mode=0o755)
        lines, failed, longest = queue.Queue(), [], 0
        users = ["--map-root-user"] if os.getuid() else []
        process = subprocess.Popen(
            ["unshare", *users, "--pid", "--fork", "--mount-proc", "--kill-child=KILL",
             *test["cmd"], *more], cwd=self.tree, stdin=subprocess.DEVNULL,
            env={**ENVIRONMENT, **test["env"], "TMPDIR": str(self.tmp)},
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, errors="replace")
        reader = threading.Thread(target=pump, args=(process, lines))
        reader.start()
        while True:
            begun = time.monotonic()
            try:
                line = lines.get(timeout=limit)
            except queue.Empty:
                process.kill()
                failed = None
                break
            longest = max(longest, time.monotonic() - begun)
            if line is None:
                break
            if line.startswith("not ok"):
                failed.append(line.split(None, 3)[3].removeprefix("- ").strip())
        status = process.wait()
        reader.join()
        if failed == [] and status:
            failed = [test["name"]]
        return failed, longest

    def unmutated(self, test):
        """It is run once without a mutation, built as it is."""
        if test["name"] not in self.usual:
            failed, longest = self.attempt(test, 600)
            self.usual[test["name"]] = [longest, failed]
            if failed != []:
                print(f"unmutated, {test['name']} fails: {failed}", flush=True)
            self.known.write_text(json.dumps(
                {"digest": self.digest, "tests": self.usual}))
        return self.usual[test["name"]]

    def killer(self, test):
        """The test of these that fails twice, or ""."""
        longest, without = self.usual[test["name"]]
        is_suite = "tap.py" in " ".join(test["cmd"])
        if without is None or (without and not is_suite):
            return ""
        limit = max(LEAST, TIMES * longest)
        without = list(without)
        for _ in range(3):
            drop = [f"--deselect={name}" for name in without] if is_suite else []
            failed, _ = self.attempt(test, limit, *(["-x", *drop] if is_suite else []))
            if failed is None:
                return test["name"] + " (hangs)"
            if not failed:
                return ""
            again = [failed[0]] if is_suite and "::" in failed[0] else []
            if self.attempt({**test, "cmd": [*test["cmd"][:-1], *again]}
                            if again else test, limit)[0] != []:
                return f"{test['name']}: {failed[0]}"
            without.append(failed[0])
        return ""

    def judge(self, mutant):
        self.tmp.mkdir(mode=0o755, exist_ok=True)
        source = self.tree / mutant.path
        tests = self.tests_of(mutant.path)
        before = self.code_of(mutant.path)
        if any(t["name"] not in self.usual for t in tests):
            self.run(["ninja", "-j2", "-C", self.build])
            for t in tests:
                self.unmutated(t)
        self.tmp.mkdir(mode=0o755, exist_ok=True)
        original = source.read_bytes()
        source.write_text(mutant.text)
        try:
            after = self.code_of(mutant.path)
            if after is None:
                mutant.verdict = "no code"
            elif after == before:
                mutant.verdict = "equivalent"
            else:
                self.try_tests(mutant, tests)
        finally:
            source.write_bytes(original)

    def try_tests(self, mutant, tests):
        wanted = ["cli/refknot", "preload/librefknot_preload.so",
                  "preload/librefknot_oracle.so"]
        wanted += [os.path.relpath(t["cmd"][0], self.build) for t in tests
                   if t["cmd"][0].startswith(str(self.build))]
        if self.run(["ninja", "-j2", "-C", self.build, *wanted],
                    check=False).returncode:
            mutant.verdict = "no code"
            return
        for test in tests:
            mutant.by = self.killer(test)
            if mutant.by:
                mutant.verdict = "killed"
                return


def pump(process, lines):
    for line in process.stdout:
        lines.put(line)
    lines.put(None)


def work(place, waiting, done):
    copy = Copy(place)
    while True:
        try:
            mutant = waiting.get_nowait()
        except queue.Empty:
            return
        copy.judge(mutant)
        print(mutant, flush=True)
        done.append(mutant)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", metavar="A:B", help="mutants A to B - 1")
    parser.add_argument("--count", type=int, default=20, help="as --seed 0:COUNT")
    parser.add_argument("--file", default="*", metavar="GLOB", help="only of these")
    parser.add_argument("--only", metavar="FILE:LINE", help="all mutants of a line")
    parser.add_argument("--jobs", type=int, default=1, help="copies at work at once")
    parser.add_argument("--directory", help="keep the copies there, for the next time")
    parser.add_argument("--list", action="store_true", help="print, and run nothing")
    options = parser.parse_args()
    options.seed = options.seed or f"0:{options.count}"
    chosen = choose(options)
    if options.list:
        for m in chosen:
            print(m)
        return 0
    os.nice(10)
    waiting, done = queue.Queue(), []
    for m in chosen:
        waiting.put(m)
    place = pathlib.Path(options.directory or tempfile.mkdtemp(prefix="refknot-mutants-"))
    os.makedirs(place, exist_ok=True)
    place.chmod(0o755)
    try:
        workers = [threading.Thread(target=work, args=(place / str(i), waiting, done))
                   for i in range(min(options.jobs, len(chosen)))]
        for w in workers:
            w.start()
        for w in workers:
            w.join()
    finally:
        if not options.directory:
            shutil.rmtree(place, ignore_errors=True)
    counted = [m for m in done if m.verdict in ("killed", "lives")]
    for folder in sorted({os.path.dirname(m.path) for m in counted}):
        here = [m for m in counted if os.path.dirname(m.path) == folder]
        print(f"{folder}: killed {sum(m.verdict == 'killed' for m in here)} of {len(here)}")
    return 0 if len(done) == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
