# SPDX-License-Identifier: MIT
"""Directories that others can write to: nobody's file is written through, over
or away, and the program never notices."""
import os
import stat
import subprocess
import time

import pytest

from common import program
from conftest import SHIM, environment, read_json, run

PLACES = program("places")
SECRET = "int main(void) { return 0; }\n"


@pytest.fixture
def victim(tmp_path):
    path = tmp_path / "victim.c"
    path.write_text(SECRET)
    path.chmod(0o640)
    yield path
    assert path.stat().st_size == len(SECRET)
    assert path.read_text() == SECRET
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.fixture
def shared(tmp_path):
    """As /tmp is."""
    path = tmp_path / "shared"
    path.mkdir()
    path.chmod(0o1777)
    return path


# What an attacker puts at "$trap" beforehand; "$victim" is another's.
TRAPS = {
    "link": 'ln -s "$victim" "$trap"',
    "link_to_nothing": 'ln -s "$victim.none" "$trap"',
    "link_to_itself": 'ln -s "$trap" "$trap"',
    "link_to_directory": 'ln -s "${victim%/*}" "$trap"',
    "hard_link": 'ln "$victim" "$trap"',
    "fifo": 'mkfifo "$trap"',
    "directory": 'mkdir "$trap"',
    "file": 'cp "$victim" "$trap"; chmod 666 "$trap"',
    "empty": ': > "$trap"; chmod 666 "$trap"',
}


def trace(path):
    """Everything about a file but when it was read."""
    st = path.lstat()
    what = os.readlink(path) if stat.S_ISLNK(st.st_mode) else None
    if stat.S_ISREG(st.st_mode):
        with path.open("rb") as file:
            what = st.st_size, file.read(1 << 16)
    return st.st_mode, st.st_ino, st.st_nlink, what


def traces(directory):
    return {p.name: trace(p) for p in directory.iterdir()}


def check_store(path):
    """Ours alone, and whole."""
    st = path.lstat()
    assert stat.S_ISREG(st.st_mode) and stat.S_IMODE(st.st_mode) == 0o600
    assert st.st_nlink == 1
    findings = read_json("report", path)["findings"]
    assert [(f["kind"], f["bytes"]) for f in findings] == [("leak", 100)]


def raw(script, shared, victim, argument="plain", **more):
    """`script` runs as the process that becomes the program."""
    script = (f'trap="$REFKNOT_OUT/fault_places.$$.rkn"; {script}; '
              f'LD_PRELOAD="$shim" exec "$@"')
    done = run("sh", "-c", script, "sh", PLACES, argument, env=environment(
        REFKNOT_OUT=shared, victim=victim, shim=SHIM, **more))
    assert (done.status, done.out) == (0, b"end\n"), done.told
    return done


@pytest.mark.parametrize("name", TRAPS)
def test_a_name_that_is_taken_is_left_alone(name, shared, victim, tmp_path):
    done = raw(f'{TRAPS[name]}; ls -la "$trap" >/dev/null', shared, victim)
    assert not done.err
    trap, = (p for p in shared.iterdir() if p.name.count(".") == 2)
    store, = (p for p in shared.iterdir() if p != trap)
    assert store.name == trap.name[:-len("rkn")] + "2.rkn"
    check_store(store)
    assert not (tmp_path / "victim.c.none").exists()
    if name in ("file", "empty"):
        assert trap.read_text() == (SECRET if name == "file" else "")
        assert stat.S_IMODE(trap.stat().st_mode) == 0o666
    elif name == "fifo":
        assert trap.is_fifo()
    else:
        assert trap.is_symlink() == name.startswith("link")


@pytest.mark.parametrize("name", ["link", "fifo", "hard_link"])
def test_when_all_names_are_taken_one_line_says_so(name, shared, victim):
    fill = TRAPS[name].replace('"$trap"', '"$t"')
    done = raw(f't="$trap"; {fill}; i=2; while [ $i -lt 1000 ]; do '
               f't="${{trap%rkn}}$i.rkn"; {fill}; i=$((i+1)); done',
               shared, victim)
    line, = done.told.splitlines()
    assert line.startswith("refknot: fault_places["), line
    assert line.endswith("this name and all before it are taken"), line
    assert len(list(shared.iterdir())) == 999


@pytest.mark.parametrize("mask", ["0", "0777", "0277"])
def test_a_store_is_its_owner_s_alone(mask, shared, victim):
    raw(f"umask {mask}", shared, victim)
    store, = shared.iterdir()
    check_store(store)


def test_a_directory_may_be_named_by_a_link(shared, victim, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(shared)
    raw(":", link, victim)
    store, = shared.iterdir()
    check_store(store)


def wait_for(condition):
    """Until it holds, which it soon must."""
    while not condition():
        time.sleep(0.001)


@pytest.mark.parametrize("name", [n for n in TRAPS if n != "empty"])
def test_a_store_that_is_swapped_harms_nobody(name, shared, victim):
    """Where the directory is not even sticky, its name can be another's."""
    shared.chmod(0o777)
    with subprocess.Popen(
            ["sh", "-c", "read x; echo end"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(
                LD_PRELOAD=SHIM, REFKNOT_OUT=shared)) as process:
        store = shared / f"sh.{process.pid}.rkn"
        wait_for(store.exists)
        store.rename(shared / "elsewhere")
        run("sh", "-c", TRAPS[name], env=environment(
            trap=store, victim=victim))
        before = trace(store)
        told = process.communicate(b"go\n")
    assert process.returncode == 0
    assert told == (b"end\n", b"")
    assert trace(store) == before
