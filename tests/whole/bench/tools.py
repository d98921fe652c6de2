# SPDX-License-Identifier: MIT
"""The profilers that are measured, and one measured run."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field

from conftest import BUILD, REFKNOT, SHIM, environment

SPAWN = BUILD / "tests/whole/bench/bench_spawn"
LSAN = "/usr/lib/x86_64-linux-gnu/liblsan.so.0"


@dataclass
class Tool:
    name: str
    prefix: list = field(default_factory=list)  # before the program
    env: dict = field(default_factory=dict)
    slow: bool = False  # measure it on less, beside a plain run of the same
    missing: str = ""   # why it cannot be measured here


def tools(out):
    """All of them, with their recordings in the directory `out`."""
    return [
        Tool("plain"),
        Tool("refknot", [REFKNOT, "run", "-q", "-o", out / "r.rkn", "--"]),
        Tool("refknot, shim alone", env={"LD_PRELOAD": SHIM,
                                         "REFKNOT_OUT": out}),
        Tool("heaptrack", ["heaptrack", "-o", out / "heaptrack"],
             missing="" if shutil.which("heaptrack") else "not installed"),
        Tool("LeakSanitizer", env={"LD_PRELOAD": LSAN,
                                   "LSAN_OPTIONS": "exitcode=0"},
             missing="" if os.path.exists(LSAN) else "not installed"),
        Tool("Valgrind", ["valgrind", "-q", "--trace-children=yes",
                          "--leak-check=full",
                          f"--log-file={out}/valgrind.%p"], slow=True,
             missing="" if shutil.which("valgrind") else "not installed"),
    ]


def versions():
    def first_line(*argv):
        if not shutil.which(argv[0]):
            return "not installed"
        done = subprocess.run([str(a) for a in argv], capture_output=True,
                              text=True, check=False)
        return (done.stdout or done.stderr).splitlines()[0]
    model = re.search(r"model name\s*: (.*)",
                      pathlib.Path("/proc/cpuinfo").read_text())
    return {"refknot": first_line(REFKNOT, "--version"),
            "heaptrack": first_line("heaptrack", "--version"),
            "LeakSanitizer": first_line("gcc", "--version"),
            "Valgrind": first_line("valgrind", "--version"),
            "kernel": os.uname().release, "processors": os.cpu_count(),
            "processor": model[1] if model else "not known"}


def empty(directory):
    for path in directory.iterdir():
        path.unlink()


def file_bytes(directory):
    """What is on the disk, holes aside."""
    return sum(p.stat().st_blocks * 512 for p in directory.iterdir())


class Failed(Exception):
    """A run did not end well, so that its time means nothing."""


def measure(tool, workload, scale, out):
    """{wall_s, cpu_s, rss_bytes, file_bytes, command} of one run. Of one that
    runs for a given time, wall_s is for a million of what it does."""
    empty(out)
    argv = [str(a) for a in [*tool.prefix, *workload.argv(scale)]]
    env = environment(**{**workload.env, **tool.env})
    source = workload.stdin(scale) if workload.stdin else os.devnull
    into, told = os.pipe()
    with open(source, "rb") as stdin, open(os.devnull, "wb") as null, \
            tempfile.TemporaryFile() as output:
        with subprocess.Popen([SPAWN, str(told), *argv], env=env, stdin=stdin,
                              stdout=output if workload.rate else null,
                              stderr=null, cwd=workload.cwd,
                              pass_fds=[told]):
            os.close(told)
            inner = workload.drive() if workload.drive else None
            with os.fdopen(into) as pipe:
                wall, cpu, kib, status = map(float, pipe.read().split())
        if workload.rate and not int(status):
            output.seek(0)
            inner = 1e6 / workload.rate(output.read().decode())
    code = os.waitstatus_to_exitcode(int(status))
    if code != 0:
        raise Failed(f"ended with status {code}")
    return {"wall_s": inner or wall, "cpu_s": cpu, "rss_bytes": kib * 1024,
            "file_bytes": file_bytes(out), "command": argv}
