#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Random programs that do what few programs do, with refknot and without.

hunt.py [--seeds A:B] [--shrink] [--list SEED] [WORD...]

makes a list of actions from each seed (lists.py; behaviour.c does what it
says), runs it twice plain and once under refknot, and prints what was harmed
(status, output, complaints or files differ), lost (a block that was lost by
construction is no finding, and the recording does not say that something is
missing) or false (a block that is kept is a finding). --shrink leaves words out
as long as that stays so. With WORDs, that list alone is tried. Lists whose plain
runs differ or hang are not counted. Exit status 1: any was harmed, lost or
false.
"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
os.environ.setdefault("TEST_BUILD", str(HERE.parents[2] / "build-test"))
# pylint: disable=wrong-import-position
import lists  # noqa: E402
from conftest import BUILD, REFKNOT, environment, recordings, run  # noqa: E402

PROGRAMS = BUILD / "tests/whole/hunt"
BEHAVIOUR = PROGRAMS / "hunt_behaviour"
PLUGIN = PROGRAMS / "hunt_plugin.so"
JUDGE = PROGRAMS / "hunt_judge"
BOOK_SIZE = 8 + 64 * 8 + 1000 * 24  # struct book
LIVES = 64
PATIENCE = 120  # seconds; against hanging, not a measurement
# Limits beside which all that is lost must be found.
HARMLESS = {"SHARED_MAP", "UNKNOWN_FREE", "NESTED", "TRUNCATED_STACK", "DEPTH",
            "INHERITED"}


# What refknot says where it cannot record, if the program still has the stderr
# that it began with.
MESSAGE = re.compile(rb"^refknot: [^\n]*\n", re.M)


class Place:
    """A directory of its own for one run: book, work and recordings."""

    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="hunt-"))
        self.book = self.path / "book"
        self.work = self.path / "work"
        self.recordings = self.path / "recordings"
        for directory in (self.work, self.recordings):
            directory.mkdir()
        for path in (self.path, self.work, self.recordings):
            path.chmod(0o777)
        with open(self.book, "wb") as book:
            book.truncate(BOOK_SIZE)
        self.book.chmod(0o666)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for directory, _, _ in os.walk(self.path):
            os.chmod(directory, 0o700)
        shutil.rmtree(self.path, ignore_errors=True)

    def pids(self):
        """Of all processes that the program has had."""
        data = self.book.read_bytes()
        count = min(struct.unpack_from("I", data)[0], LIVES)
        return {struct.unpack_from("I", data, 8 + 8 * i)[0]
                for i in range(count)} - {0, 1, 2}

    def files(self):
        """{name: bytes} of what the program left."""
        left = {}
        for path in sorted(self.work.rglob("*")):
            name = str(path.relative_to(self.work))
            if path.is_symlink():
                left[name] = os.readlink(path)
            else:
                left[name] = path.read_bytes() if path.is_file() else None
        return left


@dataclass(frozen=True)
class Seen:
    """How a run looked from outside."""
    status: object
    out: bytes
    err: bytes
    files: dict
    seconds: float

    def differences(self, other):
        names = ("status", "out", "err", "files")
        return [n for n in names if getattr(self, n) != getattr(other, n)]


def end_all(process, place):
    os.killpg(process.pid, signal.SIGKILL)
    for pid in place.pids():
        try:
            own = os.readlink(f"/proc/{pid}/exe") == str(BEHAVIOUR)
            if own:
                os.kill(pid, signal.SIGKILL)
        except OSError:
            pass


def look(place, argv):
    began = time.monotonic()
    with subprocess.Popen(
            [str(a) for a in argv], cwd=place.work, env=environment(),
            start_new_session=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            out, err = process.communicate(timeout=PATIENCE)
            status = process.returncode
        except subprocess.TimeoutExpired:
            end_all(process, place)
            out, err = process.communicate()
            status = "hangs"
    if isinstance(status, int) and status < 0:
        status = 128 - status
    return Seen(status, out, MESSAGE.sub(b"", err), place.files(), time.monotonic() - began)


def command(place, words):
    return [BEHAVIOUR, place.book, PLUGIN, *words]


def plain(words):
    with Place() as place:
        return look(place, command(place, words))


@dataclass
class Life:
    """What refknot's recording of one process says."""
    state: str
    lost: int
    found: int
    false: int
    gaps: list
    holders: list   # what leads to blocks that were not found

    @property
    def is_complete(self):
        return self.state == "judged" and not set(self.gaps) - HARMLESS


@dataclass
class Verdict:
    """What came of one list."""
    words: list
    kind: str = "right"   # right, unfit, harmed, lost, false
    why: list = field(default_factory=list)
    seed: object = None
    planted: int = 0
    found: int = 0
    excused: int = 0      # lost, and the recording says that it may lack some

    def __str__(self):
        head = f"{self.kind}: {' '.join(self.words)}"
        if self.seed is not None:
            head = f"seed {self.seed} {head}"
        return "\n    ".join([head, *self.why])


LINE = re.compile(r"life \d+ \d+ (\w+) (\d+) (\d+) (\d+) ?(.*)")


def judge(place):
    """The lives, and what else was called lost: (pid, size)."""
    names = [n for file in sorted(place.recordings.glob("*.rkn"))
             for n in recordings(file)]
    done = run(JUDGE, place.book, *names)
    lives, foreign, unread, holders = [], [], [], []
    for line in done.out.decode(errors="replace").splitlines():
        found = LINE.fullmatch(line)
        if found:
            state, lost, seen, false, gaps = found.groups()
            lives.append(Life(state, int(lost), int(seen), int(false),
                              gaps.split(), holders))
            holders = []
        elif line.startswith("held by"):
            holders.append(line)
        elif line.startswith("foreign"):
            foreign.append(line)
        else:
            unread.append(line)
    if done.status:
        unread.append(f"judge: status {done.status}: {done.told.strip()}")
    return lives, foreign, unread


def short(data):
    text = repr(data)
    return text if len(text) < 400 else f"{text[:300]} ... {text[-90:]}"


def compare(verdict, expected, seen):
    for name in expected.differences(seen):
        verdict.kind = "harmed"
        verdict.why.append(f"{name}: plain {short(getattr(expected, name))}, "
                           f"with refknot {short(getattr(seen, name))}")


def weigh(verdict, place):
    """Was what was lost found, and nothing else?"""
    lives, foreign, unread = judge(place)
    verdict.why += unread + foreign
    if foreign or unread:
        verdict.kind = "false"
    for number, life in enumerate(lives):
        verdict.planted += life.lost
        verdict.found += life.found
        text = (f"life {number} is {life.state}: {life.found} of {life.lost} "
                f"found, {life.false} false; {' '.join(life.gaps)}")
        if life.false:
            verdict.kind = "false"
            verdict.why.append(text)
        elif life.found < life.lost and life.is_complete:
            verdict.kind = "lost"
            verdict.why += [text, *life.holders[:5]]
        elif life.found < life.lost:
            verdict.excused += life.lost - life.found


def recorded(verdict, expected):
    words = verdict.words
    with Place() as place:
        seen = look(place, [REFKNOT, "run", "-q", "-o",
                            place.recordings / "main.rkn", "--",
                            *command(place, words)])
        compare(verdict, expected, seen)
        if verdict.kind == "right":
            weigh(verdict, place)


def tried(words, seed=None):
    """The verdict; where it is harmed, plain runs are tried some more. What
    runs over the end of a stack from malloc() overwrites the heap: what is
    lost then nobody knows."""
    verdict = Verdict(words, seed=seed)
    if "fault:3" in words and any(w.startswith("thread:3:") for w in words):
        verdict.kind = "unfit"
        return verdict
    expected = plain(words)
    if expected.status == "hangs" or expected.differences(plain(words)):
        verdict.kind = "unfit"
        return verdict
    recorded(verdict, expected)
    if verdict.kind == "harmed":
        if any(expected.differences(plain(words)) for _ in range(4)):
            verdict.kind = "unfit"
    return verdict


def shrunk(verdict):
    """The shortest list that goes wrong in the same way, every time of two."""
    kind = verdict.kind

    def is_wrong(words):
        return all(tried(words).kind == kind for _ in range(2))
    words = lists.shrink(verdict.words, is_wrong)
    return tried(words, seed=verdict.seed)


class Tally:
    """Sums of many lists."""

    def __init__(self):
        self.kinds = collections.Counter()
        self.planted = self.found = self.excused = 0
        self.wrong = []

    def add(self, verdict):
        self.kinds[verdict.kind] += 1
        self.planted += verdict.planted
        self.found += verdict.found
        self.excused += verdict.excused
        if verdict.kind not in ("right", "unfit"):
            self.wrong.append(verdict)

    @property
    def tries(self):
        return sum(self.kinds.values()) - self.kinds["unfit"]

    def __str__(self):
        kinds = self.kinds
        return (f"{self.tries} programs, harmed {kinds['harmed']}, lost "
                f"{kinds['lost']}, false {kinds['false']}; blocks lost by "
                f"construction {self.planted}, found {self.found}, said to "
                f"be perhaps missing {self.excused}; {kinds['unfit']} lists "
                "that are not the same each time were left out")


def run_all(seeds, jobs=os.cpu_count(), each=None, without=()):
    """The tally; `each` is called with every verdict in turn. A list with a
    word that begins as one of `without` is left out."""
    def one(seed):
        words = lists.words_of(seed)
        if any(w.startswith(tuple(without)) for w in words):
            return Verdict(words, "unfit")
        return tried(words, seed=seed)
    tally = Tally()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for verdict in pool.map(one, seeds):
            tally.add(verdict)
            if each:
                each(verdict)
    return tally


def span(text):
    first, _, last = text.partition(":")
    return range(int(first), int(last) if last else int(first) + 1)


def parse():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=span, default=range(0, 1000))
    parser.add_argument("--shrink", action="store_true")
    parser.add_argument("--list", type=int, help="print the seed's words")
    parser.add_argument("--without", action="append", default=[],
                        metavar="BEGINNING", help="of words of lists that "
                        "are left out")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("words", nargs="*", metavar="WORD")
    return parser.parse_args()


def main():
    asked = parse()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if asked.list is not None:
        print(*lists.words_of(asked.list))
        return 0
    if asked.words:
        verdict = tried(asked.words)
        print(shrunk(verdict) if asked.shrink and
              verdict.kind not in ("right", "unfit") else verdict)
        return verdict.kind not in ("right", "unfit")

    def each(verdict):
        if verdict.kind not in ("right", "unfit"):
            print(shrunk(verdict) if asked.shrink else verdict, flush=True)
    tally = run_all(asked.seeds, asked.jobs, each, asked.without)
    print(tally)
    return bool(tally.wrong)


if __name__ == "__main__":
    sys.exit(main())
