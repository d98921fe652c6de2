# SPDX-License-Identifier: MIT
"""What all suites share: where the build is, and how to run programs."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass

import pytest

SOURCE = pathlib.Path(os.environ.get(
    "TEST_SOURCE", pathlib.Path(__file__).resolve().parent.parent))
BUILD = pathlib.Path(os.environ.get("TEST_BUILD", SOURCE / "build"))
CC = os.environ.get("TEST_CC", "gcc")
REFKNOT = BUILD / "cli/refknot"
SHIM = BUILD / "preload/librefknot_preload.so"
sys.path.insert(0, str(SOURCE / "tests/support"))
from one_file import parts  # noqa: E402 pylint: disable=wrong-import-position
TIMEOUT = 300  # seconds; against hanging, not a measurement


def reset_signals():
    """What is ignored or blocked here is so in every program that is started:
    whoever started the tests (nohup, a shell in the background) has no say.
    Python has its own way with three, and subprocess undoes that."""
    own = (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ)
    for number in signal.valid_signals() - set(own):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) in (signal.SIG_IGN, signal.SIG_DFL):
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


reset_signals()


def environment(**more):
    """This environment without what would change a recording."""
    clean = {k: v for k, v in os.environ.items()
             if not k.startswith(("REFKNOT_", "TEST_", "LD_", "MALLOC_",
                                  "DEBUGINFOD_"))}
    clean["LC_ALL"] = "C.UTF-8"
    clean["REFKNOT_CACHE"] = ""
    clean.update({k: str(v) for k, v in more.items()})
    return clean


@dataclass
class Outcome:
    status: int
    out: bytes
    err: bytes

    @property
    def told(self):
        """What people would read on stderr."""
        return self.err.decode(errors="replace")


def run(*argv, env=None, cwd=None, stdin=b"", timeout=TIMEOUT, **kw):
    done = subprocess.run([str(a) for a in argv], input=stdin, env=env or
                          environment(), cwd=cwd, capture_output=True,
                          timeout=timeout, check=False, **kw)
    return Outcome(done.returncode, done.stdout, done.stderr)


# What a sanitizer says of refknot itself, where the tests' build has one.
FINDING = re.compile(r"(?:ERROR|WARNING): \w+Sanitizer: |: runtime error: ")

# Directories in which refknot said that it keeps what found no other place.
KEPT = set()


def refknot(*argv, **kw):
    done = run(REFKNOT, *argv, **kw)
    assert not FINDING.search(done.told), done.told
    KEPT.update(re.findall(r"(/[^\s:]*/refknot-\w{6})/", done.told))
    return done


def read_json(command, recording, *options):
    """What a command says of a recording, as JSON."""
    told = refknot(command, "--format", "json", *options, recording)
    assert told.status == 0, told.told
    return json.loads(told.out)


def recordings(file, status=0):
    """The names of the recordings in a file, that of the program first."""
    told = refknot("list", "--format", "json", file)
    assert told.status == status, told.told
    return [row["path"] for row in json.loads(told.out)["recordings"]]


def split(file):
    """The bytes of each recording in a file, by its name."""
    names, found = recordings(file), parts(file.read_bytes())
    assert len(names) == len(found)
    return dict(zip(names, found))


@dataclass
class Recorded:
    """One run under refknot: how it ended, and its recordings."""
    outcome: Outcome
    main: pathlib.Path
    children: list

    @property
    def all(self):
        return [self.main, *self.children]

    def report(self):
        return read_json("report", self.main, "--limit", "0")


def record(directory, *argv, options=(), **kw):
    """Run under refknot, quietly, with the recordings in `directory`."""
    main = pathlib.Path(directory) / "main.rkn"
    outcome = refknot("run", "-q", "-o", main, *options, "--", *argv, **kw)
    children = recordings(main)[1:] if main.exists() else []
    return Recorded(outcome, main, children)


def of_cxx(program):
    """The program, which a build without a C++ compiler has not."""
    if not pathlib.Path(program).exists():
        pytest.skip("no C++ compiler was there when the tests were built")
    return program


def compiled(directory, name, source, *options, compiler=CC):
    """A program of that C or C++ source."""
    if not shutil.which(compiler.split()[0]):
        pytest.skip(f"{compiler} is not installed")
    suffix = "cc" if "++" in compiler else "c"
    text, program = directory / f"{name}.{suffix}", directory / name
    text.write_text(source)
    done = run(compiler, text, "-o", program, *options)
    assert done.status == 0, done.told
    return program


def other_build():
    """Why this is not gcc's release build, of which alone the budgets are; ""."""
    options = BUILD / "meson-info/intro-buildoptions.json"
    values = {}
    if options.exists():
        values = {o["name"]: o["value"]
                  for o in json.loads(options.read_text())}
    for name, wanted in (("optimization", "3"), ("b_sanitize", "none"),
                         ("b_coverage", False), ("b_lto", False),
                         ("b_ndebug", "false"), ("ubsan_shim", False),
                         ("c_args", [])):
        if values.get(name, wanted) != wanted:
            return f"{name} is {values[name]}"
    first = run(CC, "--version").out.decode().splitlines()[0]
    return "" if "clang" not in first else first


def own_function(stack, program):
    """The innermost function of a stack that is the program's own."""
    name = pathlib.Path(program).name
    for frame in stack:
        if pathlib.Path(frame["module"] or "").name == name:
            return frame["function"]
    return None


def validator(name):
    """A schema that readers of a format publish; skips where it is not here."""
    path = SOURCE.parent / "shared/validators" / name
    if not path.exists():
        pytest.skip(f"{name} is not beside the source tree")
    return path


@pytest.fixture(scope="session", autouse=True)
def nothing_is_kept():
    yield
    for directory in KEPT:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def built():
    if not REFKNOT.exists() or not SHIM.exists():
        pytest.exit(f"{REFKNOT} and {SHIM} must be built first", 3)
