# SPDX-License-Identifier: MIT
"""What stays behind after SIGKILL: of refknot, of programs, of both. A later run
clears what nobody uses, and nothing else."""
import fcntl
import os
import pathlib
import re
import select
import signal
import stat
import subprocess
import tempfile

import pytest

from conftest import REFKNOT, compiled, environment, refknot, run
from faults import program

PAUSES = """
#include <stdlib.h>
#include <unistd.h>
void *volatile kept;
int main(void)
{
    kept = malloc(100);
    if (write(1, "up\\n", 3) == 3) pause();
    return 0;
}
"""
PLACES = ["/dev/shm", tempfile.gettempdir()]


def is_locked(path):
    with open(path, "rb") as f:
        try:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def left(directory):
    """Directories of runs whose owner is gone, and half of a recording."""
    found = []
    for place in [*PLACES, directory]:
        for d in pathlib.Path(place).glob("*refknot-??????"):
            try:
                mode = stat.S_IMODE(d.lstat().st_mode)
                if (d / ".owner").exists():
                    found += [d] if not is_locked(d / ".owner") else []
                elif mode == 0o1700:
                    found.append(d)
            except FileNotFoundError:
                continue
    return found + [f for f in pathlib.Path(directory).glob(".refknot-??????")
                    if f.is_file() and f.stat().st_size]


def clear(directory):
    done = refknot("run", "-q", "-o", pathlib.Path(directory) / "last.rkn",
                   "--", "/bin/true")
    assert done.status == 0, done.told
    return done


@pytest.fixture
def pauses(tmp_path):
    return compiled(tmp_path, "pauses", PAUSES)


def start(pauses, directory):
    """(refknot, program's number, its directory) of a run that goes on."""
    r, w = os.pipe()
    with open(directory / "told", "wb") as told:
        p = subprocess.Popen([REFKNOT, "run", "-q", "-o", directory / "a.rkn",
                              "--", pauses], stdout=w, stderr=told,
                             env=environment())
    os.close(w)
    assert os.read(r, 3) == b"up\n"
    os.close(r)
    child = int(pathlib.Path(f"/proc/{p.pid}/task/{p.pid}/children")
                .read_text().split()[0])
    variables = pathlib.Path(f"/proc/{child}/environ").read_bytes().split(b"\0")
    place = next(v for v in variables if v.startswith(b"REFKNOT_OUT="))
    return p, child, pathlib.Path(os.fsdecode(place[12:]))


def end(pid):
    """Kill what is not our child, and see it gone."""
    fd = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    select.select([fd], [], [])
    os.close(fd)


def test_a_program_that_outlives_refknot_keeps_its_directory(
        pauses, tmp_path):
    p, child, place = start(pauses, tmp_path)
    p.kill()
    p.wait()
    clear(tmp_path)
    assert place.is_dir() and list(place.glob("pauses.*.rkn"))
    end(child)
    clear(tmp_path)
    assert not place.exists()
    assert not left(tmp_path)


def test_the_directory_of_a_run_that_goes_on_stays(pauses, tmp_path):
    p, child, place = start(pauses, tmp_path)
    clear(tmp_path)
    assert place.is_dir() and list(place.glob("pauses.*.rkn"))
    os.kill(child, signal.SIGKILL)
    assert p.wait() == 128 + signal.SIGKILL
    assert not place.exists()
    assert (tmp_path / "a.rkn").exists()
    assert not (tmp_path / "told").read_text()


@pytest.mark.parametrize("first", ["refknot", "program"])
def test_both_killed_leave_nothing_in_any_order(first, pauses, tmp_path):
    p, child, place = start(pauses, tmp_path)
    if first == "program":  # refknot has no time to be told
        os.kill(p.pid, signal.SIGSTOP)
        end(child)
        p.kill()
    else:
        p.kill()
        p.wait()
        end(child)
    p.wait()
    clear(tmp_path)
    assert not place.exists()
    assert not left(tmp_path)


def test_what_was_said_to_be_kept_stays(pauses, tmp_path):
    """Of a process that goes on when its run has ended."""
    done = refknot("run", "-q", "-o", tmp_path / "a.rkn", "--", "bash", "-c",
                   f"exec 3< <({pauses} 2>/dev/null); read <&3; echo $!")
    child = int(done.out)
    path = pathlib.Path(re.search(r"goes on in (\S+\.rkn)", done.told)[1])
    end(child)
    clear(tmp_path)
    assert path.exists()
    assert refknot("report", path).status == 0


def test_what_is_not_of_a_run_is_not_touched(tmp_path):
    for name in ("refknot-abcdef", ".refknot-abcdef"):
        (tmp_path / name).mkdir(0o700)
    (tmp_path / "refknot-aaaaaa").mkdir()
    (tmp_path / "refknot-aaaaaa" / ".owner").write_text("")
    (tmp_path / "refknot-aaaaaa" / "mine.txt").write_text("mine")
    (tmp_path / ".refknot-bbbbbb").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    refknot("run", "-q", "-o", tmp_path / "a.rkn", "--", "/bin/true",
            env=environment(TMPDIR=tmp_path))
    (tmp_path / "a.rkn").unlink()
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("command", [
    ["run", "-q", "-o", "out.rkn", "--"], ["check", "--"]])
def test_refknot_killed_at_any_instant_leaves_what_a_later_run_clears(
        command, tmp_path):
    done = run(program("instants"), int(signal.SIGKILL), "exec", 1, 23,
               REFKNOT, *command, "/bin/true", cwd=tmp_path)
    assert re.match(rb"\d\d+ instants, \d+ by 9\n$", done.out), done.out
    clear(tmp_path)
    assert not left(tmp_path)


def test_a_child_that_begins_when_the_run_is_over_names_no_directory(
        tmp_path):
    gone = tmp_path / "refknot-aaaaaa"
    done = refknot("run", "-q", "-o", tmp_path / "a.rkn", "--", "bash", "-c",
                   f"REFKNOT_OUT={gone} /bin/echo hello")
    assert done.out == b"hello\n"
    assert "refknot-aaaaaa" not in done.told
    assert re.search(r"is not recorded: the run that it was started in has "
                     r"ended", done.told), done.told


def test_where_nothing_can_be_locked_runs_are_recorded(tmp_path):
    """As on network file systems without locks: and nothing is left."""
    compiled(tmp_path, "nolocks.so", "#include <errno.h>\n"
             "int flock(int fd, int what);\n"
             "int flock(int fd, int what)\n"
             "{ (void)fd, (void)what; errno = ENOLCK; return -1; }\n",
             "-shared", "-fPIC")
    before = left(tmp_path)
    done = refknot("run", "-q", "-o", tmp_path / "a.rkn", "--", "/bin/true",
                   env=environment(LD_PRELOAD=tmp_path / "nolocks.so",
                                   TMPDIR=tmp_path))
    assert done.status == 0, done.told
    assert (tmp_path / "a.rkn").exists(), done.told
    assert {d for d in left(tmp_path) if d.parent == tmp_path} <= set(before)
