# SPDX-License-Identifier: MIT
"""One run of one command under one tool, in a scratch directory that is made
anew and has the same path each time. Whatever the command leaves running is
ended, by its process number."""
import ctypes
import hashlib
import os
import pathlib
import pwd
import re
import select
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field

HERE = pathlib.Path(__file__).resolve().parent
PR_SET_CHILD_SUBREAPER = 36
OUTPUT_LIMIT = 1 << 20


@dataclass
class Outcome:
    status: int           # as a shell has it; None: it took too long
    out: str
    err: str
    files: dict           # name: digest of what the command left
    wall: float           # seconds
    cpu: float
    left: int = 0         # processes that had to be ended
    said: list = field(default_factory=list)  # lines of refknot's own


def become_reaper():
    """Orphans of this process's children become its own children."""
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError("prctl")


def children():
    me = os.getpid()
    found = []
    for task in os.listdir(f"/proc/{me}/task"):
        with open(f"/proc/{me}/task/{task}/children") as f:
            found += map(int, f.read().split())
    return found


def reap(pid):
    """Collect a child if it has ended; whether there is nothing to wait for."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


def end_the_rest(spared, patience):
    """End all children of this process but the spared ones; those that end by
    themselves within so many seconds are not counted."""
    ended, until = 0, time.monotonic() + patience
    while True:
        rest = [p for p in children() if p not in spared and not reap(p)]
        if not rest:
            return ended
        if time.monotonic() > until:
            for pid in rest:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
                ended += 1
            until = time.monotonic() + 5
        time.sleep(0.02)


def wait(process, limit):
    """(status or None, CPU seconds); what takes too long is ended."""
    fd = os.pidfd_open(process.pid)
    try:
        late = not select.select([fd], [], [], limit)[0]
        if late:
            os.killpg(process.pid, signal.SIGTERM)
            if not select.select([fd], [], [], 10)[0]:
                os.killpg(process.pid, signal.SIGKILL)
    finally:
        os.close(fd)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    code = process.returncode
    return (None if late else 128 - code if code < 0 else code,
            usage.ru_utime + usage.ru_stime)


def digests(scratch, skip):
    found = {}
    for path in sorted(scratch.rglob("*")):
        name = str(path.relative_to(scratch))
        if path.is_file() and not path.is_symlink() and not any(
                re.search(s, name) for s in skip):
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return found


def read_limited(path, filters):
    with open(path, "rb") as f:
        text = f.read(OUTPUT_LIMIT).decode(errors="replace")
    for pattern, into in filters:
        text = re.sub(pattern, into, text, flags=re.M)
    return text


class Runner:
    """Runs of one command: `place` has its scratch directory and what steers
    it; `materials` is copied into the scratch directory before each run."""

    def __init__(self, row, place, materials, display=None, spared=()):
        self.row, self.place, self.materials = row, place, materials
        self.display, self.spared = display, set(spared)
        self.scratch, self.control = place / "scratch", place / "control"
        self.user = row.user if os.getuid() == 0 else None

    def prepare(self, prefix, out):
        for directory in (self.scratch, self.control):
            shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(self.materials, self.scratch)
        for name in ("home", "tmp"):
            (self.scratch / name).mkdir()
        self.control.mkdir()
        quoted = " ".join(f'"{p}"' for p in prefix)
        tool = self.control / "tool"
        tool.write_text(f'#!/bin/sh\nexec {quoted} "$@"\n')
        tool.chmod(0o755)
        line = self.control / "line"
        line.write_text(f". '{HERE}/prelude.sh'\nT='{tool}'\n"
                        f"P={self.row.port}\n{self.row.line}\n")
        out.mkdir(parents=True, exist_ok=True)
        if self.user:
            owner = pwd.getpwnam(self.user)
            out.chmod(0o777)
            for path in (self.scratch, *self.scratch.rglob("*")):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        return line

    def environment(self):
        env = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin:/usr/games",
               "HOME": str(self.scratch / "home"),
               "TMPDIR": str(self.scratch / "tmp"), "USER": "sweep",
               "LOGNAME": "sweep", "LC_ALL": "C.UTF-8", "TERM": "dumb",
               "TZ": "UTC", "NO_AT_BRIDGE": "1", "G_SLICE": "always-malloc",
               "XDG_RUNTIME_DIR": str(self.scratch / "tmp")}
        if self.display and self.row.x11:
            env["DISPLAY"] = self.display
            # Else a session bus is started that outlives the program.
            env["DBUS_SESSION_BUS_ADDRESS"] = "disabled:"
        return {**env, **self.row.env}

    def run(self, prefix, out, limit, more_env=()):
        """`prefix` goes before the program; $$ in it is the number of the
        process. `out` is the tool's own directory."""
        line = self.prepare(prefix, out)
        argv = ["bash", str(line)]
        if self.user:
            argv = ["setpriv", f"--reuid={self.user}", "--regid=nogroup",
                    "--clear-groups", *argv]
        env = {**self.environment(), **dict(more_env)}
        out_file, err_file = self.control / "out", self.control / "err"
        with open(out_file, "wb") as o, open(err_file, "wb") as e:
            began = time.monotonic()
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL,
                                       stdout=o, stderr=e, env=env,
                                       cwd=self.scratch,
                                       start_new_session=True)
            status, cpu = wait(process, limit)
            wall = time.monotonic() - began
        left = end_the_rest(self.spared, 0 if status is None else 3)
        err = read_limited(err_file, self.row.filters).splitlines(True)
        said = [x.strip() for x in err if x.startswith("refknot: ")]
        return Outcome(status, read_limited(out_file, self.row.filters),
                       "".join(x for x in err
                               if not x.startswith("refknot: ")),
                       digests(self.scratch, ("^home/", "^tmp/",
                                              *self.row.skip_files)),
                       wall, cpu, left, said)


def lines_differ(plain, other, ours):
    """Whether ours differs in a line in which two plain runs agree."""
    if plain == other:
        return ours != plain
    a, b, c = (t.splitlines() for t in (plain, other, ours))
    if len(a) != len(b):
        return False
    return len(c) != len(a) or any(x == y != z for x, y, z in zip(a, b, c))


def harm(plain, other, ours):
    """What is not as in two plain runs, as a text; None: nothing."""
    if ours.status != plain.status and ours.status != other.status:
        return f"status {ours.status} for {plain.status}"
    for what in ("out", "err"):
        if lines_differ(getattr(plain, what), getattr(other, what),
                        getattr(ours, what)):
            return f"std{what} differs"
    for name in sorted(plain.files.keys() | ours.files.keys()):
        was = plain.files.get(name)
        if was == other.files.get(name) != ours.files.get(name):
            return f"file {name} differs"
    if ours.left > max(plain.left, other.left):
        return f"{ours.left} processes left"
    return None
