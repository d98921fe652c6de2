#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Whether two builds behave the same, for changes of structure.

same.py all -b OLD -n NEW DIR     all that follows; status 1: they differ
same.py record -b BUILD DIR       record some 380 programs with that build
same.py read -b BUILD DIR OUT     ask each command about each recording
same.py compare OUT1 OUT2         say which answers differ, byte by byte

`all` records with OLD and reads that with both builds, byte by byte. It records
once more with each, and what NEW's shim recorded must read as OLD's does, but
for addresses, pids and times, and for lines in which OLD's own two recordings
differ: these are counted. What OLD has made stays in DIR for the next time. The
programs are always OLD's: it must stay as it is, with its sources.
"""
import argparse
import concurrent.futures
import fnmatch
import hashlib
import itertools
import os
import pathlib
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "support")]
# pylint: disable=wrong-import-position
import programs  # noqa: E402
import readings  # noqa: E402
from one_file import apart  # noqa: E402

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC",
               "HOME": "/nonexistent", "TERM": "xterm", "PERL_HASH_SEED": "0",
               "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1",
               "REFKNOT_PAGER": "cat",  # less rings at the end, or not
               "GITHUB_STEP_SUMMARY": "summary.github",
               "GITHUB_OUTPUT": "output.github"}
TIMEOUT = 120  # seconds; against hanging, not a measurement

# What no two runs have the same.
UNEQUAL = [(re.compile(pattern, re.M), into) for pattern, into in (
    (r"(\[)\d+(\]:)", r"\1PID\2"),
    (r"^==\d+==", "==PID=="),
    (r"\b(process +|child of |child |pid\D{1,4})\d+", r"\1PID"),
    (r"\.\d+(\.rkn)", r".PID\1"),
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d", "DATE"),
    (r'("\w+_s": )[-+.\de]+', r"\1TIME"),
    (r"\b\d+(\.\d+)? (ns|us|ms|s|min)\b", "TIME"),
    # Points of the timeline are by time, and a step of the store may be for one.
    (r"""^(file  |refknot's memory |  "(?:file|own)_bytes": ).*""", r"\1SIZE"),
)]
NOW = re.compile(rb'timestamp="[-\d:T]+"')  # JUnit's: when it was written
ADDRESS = re.compile(r"\b0x[0-9A-Fa-f]{6,16}\b")


def digest(*files):
    parts = b"".join(pathlib.Path(f).read_bytes() for f in files)
    return hashlib.sha256(parts).hexdigest()[:16]


def fresh(directory):
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return directory


class Build:
    def __init__(self, path):
        self.path = pathlib.Path(path).resolve()
        targets = programs.built(self.path)
        self.refknot = targets["refknot"]["filename"][0]
        self.shim = targets["refknot_preload"]["filename"][0]
        self.key = digest(self.refknot, self.shim, *sorted(HERE.glob("*.py")))

    def shim_at(self, directory):
        """A copy of its own whose path is as long as any other build's."""
        place = directory / "shims" / digest(self.shim)
        place.mkdir(parents=True, exist_ok=True)
        copy = place / pathlib.Path(self.shim).name
        if not copy.exists() or digest(copy) != digest(self.shim):
            shutil.copy(self.shim, copy)
        return str(copy)


def in_parallel(jobs, work, rows):
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(lambda row: work(*row), rows))


def answer(argv, file, env, given="", **kw):
    """Into one file: stdout, stderr and how it ended."""
    with open(file, "wb") as out, tempfile.TemporaryFile() as err, \
            tempfile.TemporaryFile() as source:
        source.write(given.encode())
        source.seek(0)
        with subprocess.Popen(argv, stdin=source, stdout=out, stderr=err,
                              env=env, close_fds=False, **kw) as process:
            # Not wait(timeout): it polls, and most of this is short.
            ended = os.pidfd_open(process.pid)
            if not select.select([ended], [], [], TIMEOUT)[0]:
                process.kill()
            os.close(ended)
        err.seek(0)
        out.write(b"\n--- stderr\n" + err.read()
                  + f"\n--- exit {process.returncode}\n".encode())


# --- Recording -----------------------------------------------------------------

OPTIONS = {"run": lambda file: ["-o", file, "--"],
           "check": lambda file: ["-o", file, "--"],
           "steady": lambda file: ["--"],
           "memcheck": lambda file: ["--leak-check=full"],
           "doctor": lambda file: []}


def record(build, directory, o, of=None):
    """Programs of the build `of`. All is made at one path, then moved: paths
    and their lengths are the same in all recordings."""
    at = fresh(directory.parent / "at")
    work = at / "work"
    work.mkdir()
    programs.make_inputs(work)
    env = {**ENVIRONMENT, "HOME": str(work), "REFKNOT_CACHE": "",
           "REFKNOT_SHIM": build.shim_at(directory.parent)}

    def one(name, command, argv, given):
        argv = ["setarch", "-R", build.refknot, command[0],
                *OPTIONS[command[0]](f"../{name}.rkn"), *argv]
        answer(argv, at / f"{name}.run", env, given, cwd=work)
        if (at / f"{name}.rkn").exists():
            apart(at / f"{name}.rkn")
        children = at.glob(f"{name}.[0-9]*.rkn")
        order = sorted(children, key=lambda p: int(p.name.split(".")[-2]))
        for i, child in enumerate(order):
            child.rename(at / f"{name}.child{i}.rkn")
    rows = [row for row in programs.everything((of or build).path)
            if fnmatch.fnmatch(row[0], o.only)]
    in_parallel(o.jobs, one, rows)
    for name, command, *_ in rows:
        if command == programs.RUN and not (at / f"{name}.rkn").exists():
            print(f"{name} was not recorded: see {directory / name}.run")
    shutil.rmtree(directory, ignore_errors=True)
    at.rename(directory)


# --- Reading -------------------------------------------------------------------

class Reader:
    """Files of OUT: a directory a recording, a file a question."""

    def __init__(self, build, directory, out, few=False):
        self.build, self.directory, self.few = build, directory, few
        self.out = fresh(out)
        self.env = {**ENVIRONMENT, "REFKNOT_CACHE": str(out / ".cache")}
        (out / ".cache").mkdir()

    def place(self, name, *recordings):
        place = self.out / name
        place.mkdir()
        for given, file in dict(recordings).items():
            (place / given).symlink_to(file)
        return place

    def ask(self, place, name, arguments):
        argv = [self.build.refknot, *arguments]
        if name.startswith("tty."):
            argv = ["script", "-qec", " ".join(argv), "/dev/null"]
        file = place / name.replace("/", "%")
        answer(argv, file, self.env, cwd=place)
        return file.read_text(errors="replace")

    def finish(self, place):
        """Where we are, and when, is no answer, nor is a build's place."""
        for file in place.iterdir():
            if file.is_symlink() or not file.is_file():
                continue
            old = file.read_bytes()
            text = NOW.sub(b'timestamp="NOW"', old)
            for path, into in ((place, b"PLACE"), (self.out, b"OUT"),
                               (self.build.refknot, b"refknot")):
                text = text.replace(str(path).encode(), into)
            if text != old:
                file.write_bytes(text)

    def recording(self, name, file, other, full):
        rec, beside = file.name, other.name
        place = self.place(name, (rec, file), (beside, other))
        told = "".join([self.ask(place, *row) for row in readings.few(rec)])
        if not self.few:
            told += self.ask(place, "objects.at", ["objects", "--at=?", rec])
            for row in readings.every(rec, beside, told, full):
                self.ask(place, *row)
        self.finish(place)

    def words(self, name, files):
        given = [(f"{letter}.rkn", f) for letter, f in zip("abc", files)]
        place = self.place(name, *given)
        (place / "empty.rkn").touch()
        told = {c: self.ask(place, c, [c, "--help"])
                for c in readings.COMMANDS}
        for question, arguments in readings.words(told):
            self.ask(place, question, arguments)
        self.finish(place)

    def damaged(self, name, file):
        place = self.place(name)
        for where, data in readings.damaged(file.read_bytes()):
            (place / f"{where}.rkn").write_bytes(data)
            for command in ("report", "info", "objects"):
                self.ask(place, f"{command}.{where}",
                         [command, f"{where}.rkn"])
        self.finish(place)

    def everything(self, o):
        files = sorted(self.directory.glob("*.rkn"))
        rows = [(f.stem, self.recording, f, files[i - 1], i % 8 == 0 or
                 f.name.startswith(readings.FULL) or "." not in f.stem)
                for i, f in enumerate(files)]
        if not self.few:
            some = [self.directory / f"{n}.rkn" for n in
                    ("leak", "gc_cycle", "ledger_spans.passes")]
            rows += [(f"damaged.{f.stem}", self.damaged, f) for f in some
                     if f in files]
            rows += [("words", self.words, some)]
        in_parallel(o.jobs, lambda name, work, *row: work(name, *row),
                    [r for r in rows if fnmatch.fnmatch(r[0], o.only)])
        for file in self.directory.glob(f"{o.only}.run"):
            shutil.copy(file, self.place(file.name) / "run")


# --- Comparing -----------------------------------------------------------------

def answers(out, only):
    return {str(p.relative_to(out)): p for p in out.glob("[!.]*/*")
            if p.is_file() and not p.is_symlink() and
            fnmatch.fnmatch(p.parent.name.removesuffix(".run"), only)}


def lines_of(path, normalised):
    text = path.read_bytes().decode("latin-1") if path else ""
    if normalised:
        numbers = {}
        text = ADDRESS.sub(lambda m: "ADDRESS%d" % numbers.setdefault(
            m[0], len(numbers)), text)
        for pattern, into in UNEQUAL:
            text = pattern.sub(into, text)
    return text.splitlines(keepends=True)


def compare(old, new, only, again=None):
    """Print what differs; with `again`, what is as unequal there is left out,
    and only its files are looked at."""
    a, b, c = (d and answers(d, only) for d in (old, new, again))
    differ, total, left_out = 0, 0, {}
    for name in sorted(c or {**a, **b}):
        if name in a and name in b and not c and (
                a[name].read_bytes() == b[name].read_bytes()):
            continue
        mine, theirs = (lines_of(x.get(name), c) for x in (a, b))
        unsure = set()
        if c:
            third = lines_of(c[name], True)
            total += len(mine)
            unsure = {i for i, (x, y) in enumerate(itertools.zip_longest(
                mine, third)) if x != y or len(mine) != len(third)}
            left_out.update({name: len(unsure)} if unsure else {})
        if len(unsure) >= len(mine) > 0:
            continue
        rows = [(i, x, y) for i, (x, y) in enumerate(itertools.zip_longest(
            mine, theirs, fillvalue="")) if x != y and i not in unsure]
        there = name in a and name in b
        if not rows and there:
            continue
        differ += 1
        if differ <= 40:
            print(name + ("" if there else ": only one has it"))
            for i, x, y in rows[:2] if there else []:
                print(f"  {i + 1:5} - {x.rstrip()}\n        + {y.rstrip()}")
    if c:
        print(f"not compared: {sum(left_out.values())} lines of {total}, in "
              f"{len(left_out)} files:", *list(left_out)[:20])
    print(f"{differ} of {len(c or {**a, **b})} files differ: {old} and {new}")
    return differ


# --- Commands ------------------------------------------------------------------

def once(directory, key, make, *args):
    """As another time has left it, or made now."""
    stamp, start = directory.parent / f"{directory.name}.made", time.time()
    if not (stamp.exists() and stamp.read_text() == key and
            directory.exists()):
        stamp.unlink(missing_ok=True)
        make(*args)
        stamp.write_text(key)
    print(f"{directory.name}: {time.time() - start:.0f} s", flush=True)


def read(build, directory, out, o, few=False):
    Reader(build, directory, out, few).everything(o)


def compare_all(old, new, home, o):
    key = old.key + o.only
    for name in ("old", "again"):
        once(home / name, key, record, old, home / name, o)
    once(home / "old.out", key, read, old, home / "old", home / "old.out", o)
    read(new, home / "old", home / "old.new.out", o)
    differ = compare(home / "old.out", home / "old.new.out", o.only)
    record(new, home / "new", o, of=old)
    for name in ("again", "new"):
        read(new, home / name, home / f"{name}.out", o, few=True)
    differ += compare(home / "old.out", home / "new.out", o.only,
                      home / "again.out")
    return differ


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("command",
                        choices=("record", "read", "compare", "all"))
    parser.add_argument("directory", type=pathlib.Path, nargs="+")
    parser.add_argument("-b", "--build", type=Build)
    parser.add_argument("-n", "--new", type=Build)
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", default="*", metavar="PATTERN",
                        help="names of recordings: 'leak', 'ledger_*'")
    parser.add_argument("-p", "--programs", type=Build,
                        help="record: the build whose programs are run")
    o = parser.parse_args()
    paths, start = [p.absolute() for p in o.directory], time.time()
    if len(paths) != (2 if o.command in ("read", "compare") else 1):
        parser.error("read and compare take two directories, others one")
    differ = 0
    if o.command == "record":
        record(o.build, paths[0], o, o.programs)
    elif o.command == "read":
        read(o.build, *paths, o)
    elif o.command == "compare":
        differ = compare(*paths, o.only)
    else:
        differ = compare_all(o.build, o.new, paths[0], o)
    print(f"{time.time() - start:.0f} s")
    return differ > 0


if __name__ == "__main__":
    sys.exit(main())
