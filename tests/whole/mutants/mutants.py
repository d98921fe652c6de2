#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Change a C source in one small way at random, and see whether a test fails.

    tests/whole/mutants/mutants.py --file 'preload/*' --seed 0:50
    tests/whole/mutants/mutants.py --only preload/thread.c:71
    tests/whole/mutants/mutants.py --count 20 --list

Each seed names one mutant of today's tree. A mutant that does not compile does
not count, nor does one with the original's object code, which is equivalent.
The suites of its file run one after the other until a test fails, twice: what
fails without a mutation, or only once, is not believed. A hang counts as killed.

The work is done in a copy of the tree, and the tests run in a process namespace
of their own: a mutant of kill() meets nobody else.
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

ROOT = pathlib.Path(__file__).resolve().parents[3]
FOLDERS = ("cli", "common", "preload")
ENVIRONMENT = {**os.environ, "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
LEAST, TIMES = 60, 6  # seconds without a result; times the longest unmutated
MOST_DOUBTS = 3  # tests that failed only once
PLUGIN = "no:cacheprovider"  # ends pytest's options
KNOWN = "whole/truth/test_truth.py::test_refknot_finds_what_is_known"

# Kind, pattern in code, what it becomes; None: a return before it.
OPERATORS = [
    ("compare", r" < ", " <= "), ("compare", r" <= ", " < "),
    ("compare", r" > ", " >= "), ("compare", r" >= ", " > "),
    ("compare", r" == ", " != "), ("compare", r" != ", " == "),
    ("logic", r" && ", " || "), ("logic", r" \|\| ", " && "),
    ("sum", r" \+ ", " - "), ("sum", r"(?<=[\w)\]]) - ", " + "),
    ("sum", r" \+= ", " -= "), ("sum", r" -= ", " += "),
    ("sum", r"\+\+", "--"), ("sum", r" << ", " >> "),
    ("constant", r"(?<![\w.])0(?![\w.])", "1"), ("constant", r"(?<![\w.])1(?![\w.])", "0"),
    ("constant", r"\btrue\b", "false"), ("constant", r"\bfalse\b", "true"),
    ("boundary", r"(?<![\w.])[2-9]\d*(?![\w.])", lambda m: str(int(m[0]) + 1)),
    ("boundary", r"(?<![\w.])[2-9]\d*(?![\w.])", lambda m: str(int(m[0]) - 1)),
    ("deleted", r"(?m)(?<=[;{})]\n)\t+(?!break|case|default|static|const|struct)"
     r"[\w*(][^;{}\n]*(?:\n[^;{}\n]+)*;$", lambda m: re.match(r"\t+", m[0])[0] + ";"),
    ("return", r"(?m)^\t(?=(?:if|for|while|switch|do)\b|[\w>.-]+\()", None),
]
# No code of theirs is mutated: comments, texts, preprocessor, assertions, tables.
HIDDEN = re.compile(
    r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'"
    r"|(?m:^[ \t]*#(?:[^\n\\]|\\.|\\\n)*)|\b(?:static_)?assert\s*\((?:[^;]|\n)*?\);"
    r"|(?m:^\t+(?:static )?(?:const )[^;{()]*\[[^;{()]*\] = \{.*?^\t+\};)"
    r"|\bsizeof\s*\([^)]*\)", re.S)


class Mutant:
    def __init__(self, path, text, site):
        self.kind, begin, end, put = site
        self.path = path
        self.text = text[:begin] + put + text[end:]
        self.line = text[:begin].count("\n") + 1
        low, high = text.rfind("\n", 0, begin) + 1, text.find("\n", end)
        self.old, self.new = (" ".join(t.split()) for t in (
            text[low:high], text[low:begin] + put + text[end:high]))
        self.verdict, self.by = "lives", ""

    def __str__(self):
        by = f"  by {self.by}" if self.by else ""
        return (f"{self.verdict:<10} {self.path}:{self.line}  {self.kind}{by}\n"
                f"    - {self.old}\n    + {self.new}")


def closing(text, at):
    """The parenthesis that closes the one before `at`."""
    depth = 1
    while depth:
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    return at - 1


def sites(path):
    """The file's text, and all mutations of it: (kind, begin, end, new text)."""
    text, found = (ROOT / path).read_text(), []
    code = HIDDEN.sub(lambda m: re.sub(r"[^\n\t]", " ", m[0]), text)
    for body in re.finditer(r"(?ms)^\{\n.*?^\}$", code):
        head, base = code[:body.start()].rsplit("\n\n", 1)[-1], body.start()
        void = re.search(r"\bvoid (?:[A-Z]+ )*\w+\(", head)
        before = "\treturn; " if void else "\treturn 0; "
        for kind, pattern, new in OPERATORS:
            for m in re.finditer(pattern, body[0]):
                put = new(m) if callable(new) else before if new is None else new
                found.append((kind, base + m.start(), base + m.end(), put))
        for m in re.finditer(r"\b(?:if|while) \(", body[0]):
            end = closing(code, base + m.end())
            found.append(("negated", base + m.end(), end,
                          f"!({text[base + m.end():end]})"))
    return text, found


def choose(options):
    if options.only:
        path, line = options.only.rsplit(":", 1)
        text, found = sites(path)
        return [m for m in (Mutant(path, text, s) for s in found) if m.line == int(line)]
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, text=True,
                            stdout=subprocess.PIPE).stdout.splitlines()
    by_kind, texts = {}, {}
    for path in listed:
        if (path.endswith(".c") and path.split("/")[0] in FOLDERS
                and fnmatch.fnmatch(path, options.file)):
            texts[path], found = sites(path)
            for s in found:
                by_kind.setdefault(s[0], []).append((path, s))
    chosen = []
    for seed in range(*(int(n) for n in options.seed.split(":"))):
        dice = random.Random(seed)
        path, site = dice.choice(by_kind[dice.choice(sorted(by_kind))])
        chosen.append(Mutant(path, texts[path], site))
    return chosen


class Copy:
    """A copy of the tree, built, with what its tests do unmutated."""

    def __init__(self, place, most):
        self.most = most
        self.tree, self.build, self.tmp = place / "tree", place / "build", place / "tmp"
        digest = self.copy()
        if not (self.build / "build.ninja").exists():
            self.run("meson", "setup", self.build, self.tree, "-Dtests=true")
        self.run("ninja", "-j2", "-C", self.build)
        self.tests = json.loads(
            self.run("meson", "introspect", "--tests", self.build).stdout)
        # Any suite of pytest's, without its folders.
        suite = next(t for t in self.tests if "tap.py" in str(t["cmd"]))
        self.pytest = {**suite, "cmd": suite["cmd"][:suite["cmd"].index(PLUGIN) + 1]}
        self.objects = {}
        for c in json.loads((self.build / "compile_commands.json").read_text()):
            path = os.path.relpath(self.build / c["file"], self.tree)
            self.objects.setdefault(path, []).append(c["output"])
        # By a test's name: seconds without a result, and what fails.
        self.known = place / f"unmutated-{digest}.json"
        self.usual = json.loads(self.known.read_text()) if self.known.exists() else {}

    def copy(self):
        """What is tracked, and will be; what is equal keeps its time. A digest."""
        digest = hashlib.sha256()
        listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT,
                                check=True, text=True, stdout=subprocess.PIPE).stdout
        for path in sorted(listed.splitlines()):
            source, to = ROOT / path, self.tree / path
            if not source.is_file() or path.startswith("tests/whole/mutants/"):
                continue
            digest.update(path.encode() + source.read_bytes())
            if not to.is_file() or to.read_bytes() != source.read_bytes():
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, to)
        return digest.hexdigest()[:12]

    def run(self, *command, check=True):
        return subprocess.run(command, cwd=self.tree, env=ENVIRONMENT, check=check,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def code_of(self, path):
        """What the compiler makes of it, without lines; None: nothing."""
        objects = self.objects[path]
        if self.run("ninja", "-C", self.build, *objects, check=False).returncode:
            return None
        bare = self.build / "bare.o"
        code = []
        for o in objects:
            self.run("objcopy", "-g", self.build / o, bare)
            code.append(bare.read_bytes())
        return code

    def tests_of(self, path):
        """Unit tests that name the file, then what suites.txt has for it."""
        parts = pathlib.Path(path).stem.split("_")
        stems = ["_".join(parts[:n]) for n in range(len(parts), 0, -1)]
        ranks = {}
        for source in self.tree.glob("tests/**/test_*.c"):
            text = source.read_text()
            ranks[source.stem] = min((rank for rank, stem in enumerate(stems)
                                      if source.stem == f"test_{stem}"
                                      or f'"{stem}.h"' in text), default=None)
        units = [(ranks.get(re.sub(r"_o\d$", "", pathlib.Path(t["cmd"][0]).name)), t)
                 for t in self.tests]
        rows = [t for _, t in sorted((u for u in units if u[0] is not None),
                                     key=lambda u: u[0])]
        table = (pathlib.Path(__file__).parent / "suites.txt").read_text().splitlines()
        lines = (line.replace("KNOWN", KNOWN).split() for line in table
                 if line and line[0] != "#")
        for word in next(w for p, *w in lines if re.match(p, path))[:self.most]:
            if word.partition("::")[0].startswith(tuple(os.listdir(self.tree / "tests"))):
                rows.append({**self.pytest, "name": word, "cmd": [
                    *self.pytest["cmd"], f"{self.tree}/tests/{word}"]})
            else:
                rows += [t for t in self.tests if f"refknot:{word}" in t["suite"]]
        return rows

    def attempt(self, test, limit, *more):
        """The tests that fail, and the longest time without a result; None: a hang."""
        shutil.rmtree(self.tmp, ignore_errors=True)
        self.tmp.mkdir(mode=0o755)
        process = subprocess.Popen(
            ["env", "--default-signal", "setpriv", "--pdeathsig=KILL", "unshare",
             *["--map-root-user"] * (os.getuid() > 0),
             "--pid", "--fork", "--mount-proc", "--kill-child=KILL",
             # The first process of all has no default actions for signals.
             "sh", "-c", '"$@"; exit $?', "sh", *test["cmd"], *more],
            cwd=self.tree, env={**ENVIRONMENT, **test["env"], "TMPDIR": str(self.tmp)},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            errors="replace")
        lines, failed, longest = queue.Queue(), [], 0
        reader = threading.Thread(
            target=lambda: [lines.put(x) for f in (process.stdout, [None]) for x in f])
        reader.start()
        begun, line = time.monotonic(), ""
        while line is not None and failed is not None:
            try:
                line = lines.get(timeout=limit)
            except queue.Empty:
                process.kill()
                failed = None
            else:
                longest, begun = max(longest, time.monotonic() - begun), time.monotonic()
                if line and line.startswith("not ok"):
                    failed.append(line.split(None, 3)[-1].removeprefix("- ").strip())
        if process.wait() and failed == []:
            failed = [test["name"]]
        reader.join()
        return failed, longest

    def learn(self, tests):
        """How they go unmutated; everything is built."""
        new = [t for t in tests if t["name"] not in self.usual]
        if new:
            self.run("ninja", "-j2", "-C", self.build)
        for t in new:
            failed, longest = self.attempt(t, 600)
            self.usual[t["name"]] = longest, failed
            if failed != []:
                print(f"without a mutation, {t['name']} fails: {failed}", flush=True)
            self.known.write_text(json.dumps(self.usual))

    def killer(self, test):
        """Which of its tests fails twice; ""."""
        longest, drop = self.usual[test["name"]]
        suite = PLUGIN in test["cmd"]
        if drop is None or (drop and not suite):
            return ""
        drop, limit = list(drop), max(LEAST, TIMES * longest)
        for _ in range(MOST_DOUBTS):
            more = ["-x", *(f"--deselect={d}" for d in drop)] if suite else []
            failed, _ = self.attempt(test, limit, *more)
            if failed == []:
                return ""
            again = test
            if suite and failed and "::" in failed[0]:
                again, more = {**test, "cmd": [*self.pytest["cmd"], failed[0]]}, []
            if self.attempt(again, limit, *more)[0] != []:
                return f"{test['name']} ({failed[0] if failed else 'hangs'})"
            drop += failed or []
        return ""

    def judge(self, mutant):
        source, tests = self.tree / mutant.path, self.tests_of(mutant.path)
        before, original = self.code_of(mutant.path), source.read_bytes()
        self.learn(tests)
        source.write_text(mutant.text)
        try:
            after = self.code_of(mutant.path)
            needed = {t["cmd"][0] for t in tests if t["cmd"][0].startswith(str(self.build))}
            if after == before:
                mutant.verdict = "equivalent"
            elif after is None or self.run(
                    "ninja", "-j2", "-C", self.build, "cli/refknot",
                    "preload/librefknot_preload.so", "preload/librefknot_oracle.so",
                    *(os.path.relpath(n, self.build) for n in needed),
                    check=False).returncode:
                mutant.verdict = "no code"
            else:
                mutant.by = next(filter(None, map(self.killer, tests)), "")
                mutant.verdict = "killed" if mutant.by else "lives"
        finally:
            source.write_bytes(original)


def work(copy, mutants, done):
    for mutant in mutants:
        copy.judge(mutant)
        print(mutant, flush=True)
        done.append(mutant)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", metavar="A:B", help="mutants A to B - 1")
    parser.add_argument("--count", type=int, default=20, help="as --seed 0:COUNT")
    parser.add_argument("--file", default="*", metavar="GLOB", help="of these files")
    parser.add_argument("--only", metavar="FILE:LINE", help="all mutants of a line")
    parser.add_argument("--most", type=int, metavar="N",
                        help="of a file's suites only the first N, in haste")
    parser.add_argument("--jobs", type=int, default=1, help="copies at work at once")
    parser.add_argument("--directory", help="keep the copies there, for the next time")
    parser.add_argument("--list", action="store_true", help="print, and run nothing")
    options = parser.parse_args()
    options.seed = options.seed or f"0:{options.count}"
    chosen = choose(options)
    if options.list:
        print(*chosen, sep="\n")
        return 0
    os.nice(10)
    place = pathlib.Path(options.directory or tempfile.mkdtemp(prefix="mutants-"))
    place.mkdir(exist_ok=True)
    place.chmod(0o755)
    done, jobs = [], options.jobs
    workers = [threading.Thread(target=work, args=(
        Copy(place / str(i), options.most), chosen[i::jobs], done)) for i in range(jobs)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    if not options.directory:
        shutil.rmtree(place, ignore_errors=True)
    counted = [m for m in done if m.verdict in ("killed", "lives")]
    for folder in sorted({p for m in counted for p in pathlib.Path(m.path).parents}):
        here = [m for m in counted if folder in pathlib.Path(m.path).parents]
        print(f"{folder}: killed {sum(m.verdict == 'killed' for m in here)} of {len(here)}")
    return 0 if len(done) == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
