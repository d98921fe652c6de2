# SPDX-License-Identifier: MIT
"""Directories that others can write to: nobody's file is written through, over
or away, and the program never notices."""
import os
import pathlib
import shutil
import stat
import subprocess
import tempfile
import time

import pytest

from conftest import (CC, REFKNOT, SHIM, environment, read_json, recordings,
                      refknot, run)
from faults import program

PLACES = program("places")
SECRET = "int main(void) { return 0; }\n"
AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="not root")
IN_A_NAMESPACE = pytest.mark.skipif(
    run("unshare", "-m", "true").status != 0, reason="no mount namespace here")


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


# --- refknot run -o FILE ---------------------------------------------------

def recorded_run(out, *argv, **kw):
    return refknot("run", "-q", "-o", out, *argv, **kw)


@pytest.mark.parametrize("name, why", [
    ("link", "is a symbolic link"), ("link_to_nothing", "is a symbolic link"),
    ("link_to_itself", "is a symbolic link"),
    ("link_to_directory", "is a directory"), ("hard_link", "not a recording"),
    ("fifo", "not a regular file"), ("directory", "is a directory"),
    ("file", "not a recording")])
def test_what_is_no_recording_is_not_overwritten(name, why, shared, victim):
    trap = shared / "r.rkn"
    run("sh", "-c", TRAPS[name], env=environment(trap=trap, victim=victim))
    before = traces(shared)
    done = recorded_run(trap, "sh", "-c", "echo it ran")
    assert (done.status, done.out) == (2, b"")
    line, = done.told.splitlines()
    assert line.startswith("refknot: --output ") and why in line, line
    assert traces(shared) == before


def test_a_device_is_not_overwritten():
    before = os.lstat("/dev/null")
    done = recorded_run("/dev/null", "true")
    assert done.status == 2 and "not a regular file" in done.told
    assert os.lstat("/dev/null").st_ino == before.st_ino


def test_a_link_to_a_recording_is_not_followed(shared):
    assert recorded_run(shared / "a.rkn", "true").status == 0
    (shared / "b.rkn").symlink_to("a.rkn")
    before = traces(shared)
    assert recorded_run(shared / "b.rkn", "true").status == 2
    assert traces(shared) == before


@pytest.mark.parametrize("kind", ["recording", "store", "empty", "hard_link"])
def test_a_recording_gives_its_name_to_the_next(kind, shared):
    out, other = shared / "r.rkn", shared / "other"
    if kind == "store":
        run("true", env=environment(LD_PRELOAD=SHIM, REFKNOT_OUT=shared))
        next(shared.iterdir()).rename(out)
    elif kind == "empty":
        out.touch()
    else:
        assert recorded_run(out, "true").status == 0
    if kind == "hard_link":
        os.link(out, other)
        before = other.read_bytes()
    assert recorded_run(out, PLACES, "plain").status == 0
    check_store(out)
    if kind == "hard_link":
        assert other.read_bytes() == before
    assert {p.name for p in shared.iterdir()} <= {"r.rkn", "other"}


@AS_ROOT
@pytest.mark.parametrize("mode, status", [(0o1777, 2), (0o755, 0)])
def test_another_s_file_where_all_may_write(mode, status, shared):
    out = shared / "r.rkn"
    assert recorded_run(out, "true").status == 0
    os.chown(out, 1, 1)
    shared.chmod(mode)
    before = traces(shared)
    done = recorded_run(out, "true")
    assert done.status == status, done.told
    if status:
        assert "belongs to another user" in done.told
        assert traces(shared) == before


@AS_ROOT
def test_what_cannot_be_read_is_not_overwritten(shared):
    for directory in [shared, *list(shared.parents)[:3]]:
        directory.chmod(directory.stat().st_mode | 0o055)
    shared.chmod(0o777)
    out = shared / "r.rkn"
    out.write_text("secret")
    out.chmod(0o600)
    nobody = {"user": 65534, "group": 65534, "extra_groups": [], "cwd": "/"}
    try:
        assert run(REFKNOT, "--version", **nobody).status == 0
    except PermissionError:
        pytest.skip("an ordinary user does not reach the build")
    done = recorded_run(out, "true", **nobody)
    assert done.status == 2 and "cannot be read" in done.told
    assert out.read_text() == "secret"


@pytest.mark.parametrize("name", [n for n in TRAPS if n != "empty"])
def test_what_comes_while_the_program_runs_is_left_alone(name, shared,
                                                         victim):
    trap = shared / "r.rkn"
    done = refknot("run", "-q", "-o", trap, "sh", "-c",
                   f"{TRAPS[name]}; exec \"$0\" plain", PLACES,
                   env=environment(trap=trap, victim=victim), cwd=shared)
    assert (done.status, done.out) == (0, b"end\n")
    line, = (x for x in done.told.splitlines() if "kept in" in x)
    kept = pathlib.Path(line.split("kept in ")[1].split(" until ")[0])
    check_store(kept)
    shutil.rmtree(kept.parent)
    assert {p.name for p in shared.iterdir()} <= {"r.rkn"} | {
        p.name for p in shared.glob("r.*.rkn")}
    assert trap.is_symlink() == name.startswith("link")


@pytest.mark.parametrize("name", TRAPS)
def test_a_name_that_is_made_up_is_a_free_one(name, shared, victim):
    script = f'trap="fault_places.$$.rkn"; {TRAPS[name]}; exec {PLACES} plain'
    done = refknot("run", "-q", "--", "sh", "-c", script, cwd=shared,
                   env=environment(victim=victim))
    assert (done.status, done.out, done.told) == (0, b"end\n", "")
    found, = shared.glob("fault_places.*.2.rkn")
    check_store(found)
    # sh's own before its exec
    assert f"{found}:{found.name.split('.')[1]}.2" in recordings(found)
    trap = shared / found.name.replace(".2.", ".")
    assert trap.is_symlink() == name.startswith("link")
    if name == "file":
        assert trap.read_text() == SECRET


@pytest.mark.parametrize("name", TRAPS)
def test_no_name_is_made_up_of_the_one_that_was_given(name, shared, victim):
    script = f'trap="r.$$.rkn"; {TRAPS[name]}; exec {PLACES} plain'
    done = refknot("run", "-q", "-o", "r.rkn", "--", "sh", "-c",
                   f"sh -c '{script}'; true", cwd=shared,
                   env=environment(victim=victim))
    assert (done.status, done.out, done.told) == (0, b"end\n", "")
    trap, = shared.glob("r.*.rkn")
    assert f"{shared}/r.rkn:{trap.name.split('.')[1]}" in recordings(
        shared / "r.rkn")
    assert trap.is_symlink() == name.startswith("link")
    if name == "file":
        assert trap.read_text() == SECRET


def test_when_all_names_are_taken_run_says_so(shared, victim):
    script = ('touch "true.$$.rkn"; seq -f "true.$$.%g.rkn" 2 999 | '
              'xargs touch; exec true')
    done = refknot("run", "-q", "sh", "-c", script, cwd=shared)
    line, = (x for x in done.told.splitlines() if "kept in" in x)
    assert done.status == 0 and "true." in line and ".999.rkn" in line
    shutil.rmtree(line.split("kept in ")[1].rsplit("/", 1)[0])
    assert all(not p.stat().st_size for p in shared.glob("true.*"))


# --- The directory of live stores ------------------------------------------

def test_what_else_is_in_the_live_directory_is_no_trap(shared, victim):
    """A FIFO is not waited for, and a link not followed."""
    done = refknot(
        "run", "-q", "-o", shared / "r.rkn", "sh", "-c",
        'mkfifo "$REFKNOT_OUT/a.rkn"; ln -s "$victim" "$REFKNOT_OUT/b.rkn"; '
        'mkdir "$REFKNOT_OUT/c.rkn"; echo "$REFKNOT_OUT"; exec "$0" plain',
        PLACES, env=environment(victim=victim))
    directory = pathlib.Path(os.fsdecode(done.out.splitlines()[0]))
    assert done.status == 0
    check_store(shared / "r.rkn")
    assert (directory / "b.rkn").is_symlink()
    shutil.rmtree(directory)


def test_a_live_directory_that_is_replaced_is_not_believed(shared, victim):
    """Others' recordings behind a link there stay where they are."""
    theirs = shared / "theirs"
    theirs.mkdir()
    run("true", env=environment(LD_PRELOAD=SHIM, REFKNOT_OUT=theirs))
    before = traces(theirs)
    done = refknot(
        "run", "-q", "-o", shared / "r.rkn", "sh", "-c",
        'mv "$REFKNOT_OUT" moved; ln -s "$PWD/theirs" "$REFKNOT_OUT"; '
        'echo "$REFKNOT_OUT"', cwd=shared)
    assert done.status == 0
    assert "removed or replaced" in done.told.splitlines()[-1]
    assert traces(theirs) == before
    os.unlink(done.out.strip())


def live_directory(script, out, **more):
    """Where stores are while a program runs, after that as root."""
    done = run("unshare", "-m", "sh", "-c", f'{script}; exec "$@"', "sh",
               REFKNOT, "run", "-q", "-o", out, "sh", "-c",
               'echo "$REFKNOT_OUT"', env=environment(**more))
    assert done.status == 0 and not done.err, done.told
    assert out.exists()
    return pathlib.Path(os.fsdecode(done.out.strip())).parent


@IN_A_NAMESPACE
@pytest.mark.parametrize("how, safe", [
    ("mode=1777", True), ("mode=777", False), ("mode=1777,uid=1", False),
    ("mode=755,uid=1", False), ("mode=775", False)])
def test_stores_live_where_nobody_else_can_move_them(how, safe, tmp_path):
    mount = f"mount -t tmpfs -o size=64g,{how} tmpfs /dev/shm"
    place = live_directory(mount, tmp_path / "r.rkn")
    assert place == (pathlib.Path("/dev/shm") if safe else tmp_path)


@IN_A_NAMESPACE
@pytest.mark.parametrize("mode, owner", [(0o777, 0), (0o755, 1), (0o1777, 1)])
def test_a_directory_that_is_theirs_is_used_last(mode, owner, tmp_path):
    mount = "mount -t tmpfs -o size=64k tmpfs /dev/shm"
    theirs, fine = tmp_path / "theirs", tmp_path / "fine"
    fine.mkdir()
    (theirs / "below").mkdir(parents=True)
    theirs.chmod(mode)
    os.chown(theirs, owner, -1)
    for place in (theirs, theirs / "below"):
        assert live_directory(mount, place / "r.rkn", TMPDIR=fine) == fine
        assert live_directory(mount, fine / "r.rkn", TMPDIR=place) == fine
        (place / "r.rkn").unlink()
        (fine / "r.rkn").unlink()
    # Who can write there can replace the recording, too.
    assert live_directory(mount, theirs / "r.rkn",
                          TMPDIR=theirs / "below") == theirs


@AS_ROOT
def test_a_shim_is_not_linked_where_others_could_put_theirs(tmp_path):
    place, theirs = tmp_path / "a b", tmp_path / "theirs"
    place.mkdir()
    theirs.mkdir()
    shutil.copy(SHIM, place)
    show = ["run", "-q", "-o", tmp_path / "r.rkn", "sh", "-c",
            'echo "$LD_PRELOAD"']
    env = environment(REFKNOT_SHIM=place / SHIM.name, TMPDIR=theirs)
    assert refknot(*show, env=env).out.startswith(os.fsencode(theirs))
    theirs.chmod(0o777)
    assert refknot(*show, env=env).out.startswith(b"/tmp/refknot-")


# --- Files that change under a reader --------------------------------------

SHRINK = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>
static ssize_t one(const char *name, int fd, void *p, size_t n, off_t at)
{
    static long calls;
    ssize_t (*real)(int, void *, size_t, off_t) =
        (ssize_t (*)(int, void *, size_t, off_t))dlsym(RTLD_NEXT, name);

    if (++calls == atol(getenv("SHRINK_AT")))
        (void)!truncate(getenv("SHRINK"), atol(getenv("SHRINK_TO")));
    return real(fd, p, n, at);
}
ssize_t pread(int fd, void *p, size_t n, off_t at)
{ return one("pread", fd, p, n, at); }
ssize_t pread64(int fd, void *p, size_t n, off_t at)
{ return one("pread64", fd, p, n, at); }
"""


@pytest.fixture(scope="module")
def shrinker(tmp_path_factory):
    root = tmp_path_factory.mktemp("shrink")
    (root / "shrink.c").write_text(SHRINK)
    done = run(CC, "-w", "-shared", "-fPIC", root / "shrink.c", "-o",
               root / "shrink.so", "-ldl")
    assert done.status == 0, done.told
    return root / "shrink.so"


@pytest.mark.parametrize("form", ["store", "recording"])
@pytest.mark.parametrize("left", [0, 7, 100, 5000, 100000])
def test_a_file_that_shrinks_under_its_reader(form, left, shared, shrinker,
                                              tmp_path):
    if form == "store":
        run(PLACES, "plain", env=environment(LD_PRELOAD=SHIM,
                                             REFKNOT_OUT=shared))
        whole, = shared.iterdir()
    else:
        whole = shared / "r.rkn"
        assert recorded_run(whole, PLACES, "plain").status == 0
    left = min(left, whole.stat().st_size // 2)
    seen = set()
    for at in (1, 2, 3, 5, 8, 13, 21, 34):
        copy = tmp_path / "copy.rkn"
        run("cp", "--sparse=always", whole, copy)
        done = run(REFKNOT, "report", copy, env=environment(
            LD_PRELOAD=shrinker, SHRINK=copy, SHRINK_AT=at, SHRINK_TO=left))
        assert done.status in (0, 2), (done.status, done.told)
        seen.add(done.status)
        lines = done.told.splitlines()
        assert (len(lines) == 1) == (done.status == 2), done.told
        assert all(x.startswith("refknot: ") for x in lines)
    assert 2 in seen


# Cuts the file SHRINK to nothing at the first call of one of these, or of that
# which SHRINK_AT names, once it is mapped: those for other files may come first.
SHRINK_BINARY = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void shrink(const char *name)
{
    const char *at = getenv("SHRINK_AT");
    const char *file = getenv("SHRINK");
    char line[5000];
    FILE *maps;
    int now = 0;

    if (at && strcmp(at, name))
        return;
    maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof(line), maps))
        now |= strstr(line, file) != NULL;
    if (maps)
        fclose(maps);
    if (now)
        (void)!truncate(file, 0);
}
#define REAL(name) dlsym(RTLD_NEXT, name)
int dwarf_getsrclines(void *die, void *lines, void *n)
{
    shrink(__func__);
    return ((int (*)(void *, void *, void *))REAL("dwarf_getsrclines"))(
        die, lines, n);
}
void *dwarf_getsrc_die(void *die, unsigned long pc)
{
    shrink(__func__);
    return ((void *(*)(void *, unsigned long))REAL("dwarf_getsrc_die"))(
        die, pc);
}
char *elf_rawfile(void *elf, size_t *size)
{
    char *p = ((char *(*)(void *, size_t *))REAL("elf_rawfile"))(elf, size);

    shrink(__func__);
    return p;
}
void *dwfl_module_eh_cfi(void *module, void *bias)
{
    shrink(__func__);
    return ((void *(*)(void *, void *))REAL("dwfl_module_eh_cfi"))(
        module, bias);
}
"""

# Nothing names its calls but what its code is.
NAMELESS = """
#include <stdlib.h>
int main(void)
{
    void *volatile p = malloc(100);

    p = NULL;
    return 0;
}
"""


@pytest.fixture(scope="module")
def binary_shrinker(tmp_path_factory):
    root = tmp_path_factory.mktemp("shrink_binary")
    (root / "w.c").write_text(SHRINK_BINARY)
    done = run(CC, "-w", "-shared", "-fPIC", root / "w.c", "-o",
               root / "w.so", "-ldl")
    assert done.status == 0, done.told
    return root / "w.so"


@pytest.fixture
def nameless(tmp_path):
    (tmp_path / "n.c").write_text(NAMELESS)
    done = run(CC, "-w", "-s", "-Wl,--build-id=none", tmp_path / "n.c", "-o",
               tmp_path / "nameless")
    assert done.status == 0, done.told
    return tmp_path / "nameless"


def cut_short(shrinker, binary, *argv):
    """Of a command that reads it: whoever links it anew, in place, at the
    wrong moment."""
    done = run(REFKNOT, *argv, env=environment(LD_PRELOAD=shrinker,
                                               SHRINK=binary))
    assert binary.stat().st_size == 0
    return done


def assert_told_to_try_again(done):
    assert done.status == 2, (done.status, done.told)
    line, = done.told.splitlines()
    assert line.startswith("refknot: ") and "again" in line, line


@pytest.mark.parametrize("command", [
    ["report"], ["report", "--format=json"], ["check"], ["leaks"]])
def test_a_binary_that_shrinks_under_a_report(command, shared, tmp_path,
                                              binary_shrinker):
    binary = tmp_path / "binary"
    shutil.copy(PLACES, binary)
    assert recorded_run(tmp_path / "r.rkn", binary, "plain").status == 0
    assert_told_to_try_again(cut_short(binary_shrinker, binary, *command,
                                       tmp_path / "r.rkn"))


def test_a_binary_that_shrinks_under_a_baseline(tmp_path, nameless,
                                                binary_shrinker):
    """Its code is summed up, as it has no build-id."""
    assert recorded_run(tmp_path / "r.rkn", nameless).status == 0
    assert_told_to_try_again(cut_short(
        binary_shrinker, nameless, "check", "--baseline",
        tmp_path / "baseline", "--update-baseline", tmp_path / "r.rkn"))
    assert not (tmp_path / "baseline").exists()


@pytest.mark.parametrize("name", ["binary", "nameless"])
def test_a_binary_that_shrinks_under_the_doctor(name, tmp_path, nameless,
                                                binary_shrinker):
    shutil.copy(PLACES, tmp_path / "binary")
    assert_told_to_try_again(cut_short(binary_shrinker, tmp_path / name,
                                       "doctor", tmp_path / name))


def test_a_binary_that_shrinks_under_the_report_of_a_run(tmp_path,
                                                         binary_shrinker):
    """The program has run: its status and its recording stay."""
    binary = tmp_path / "binary"
    shutil.copy(PLACES, binary)
    done = run(REFKNOT, "run", "-o", tmp_path / "r.rkn", binary, "plain",
               env=environment(LD_PRELOAD=binary_shrinker, SHRINK=binary,
                               SHRINK_AT="dwarf_getsrc_die"))
    assert binary.stat().st_size == 0
    assert done.status == 0, (done.status, done.told)
    assert f"`refknot report {tmp_path / 'r.rkn'}`" in done.told
    shutil.copy(PLACES, binary)
    assert "]: 1 leak; " in run(REFKNOT, "report",
                                      tmp_path / "r.rkn").out.decode()


def test_a_binary_that_shrank_before_it_was_looked_at(shared, tmp_path):
    binary = tmp_path / "binary"
    shutil.copy(PLACES, binary)
    assert recorded_run(tmp_path / "r.rkn", binary, "plain").status == 0
    os.truncate(binary, 0)
    done = run(REFKNOT, "report", tmp_path / "r.rkn")
    assert done.status == 0, done.told
    assert f"{binary} is not an ELF file (any more)" in done.out.decode()


# As a distribution's administrator would: all programs load it.
FOR_ALL = ('mkdir "$1/etc" && cp -a /etc/. "$1/etc" && '
           'echo "$shim" > "$1/etc/ld.so.preload" && '
           'mount --bind "$1/etc" /etc && shift && exec "$@"')


@pytest.fixture
def reachable():
    """For every user, unlike pytest's own, which each session closes."""
    with tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(name)
        path.chmod(0o755)
        yield path


@pytest.mark.skipif(os.getuid() != 0 or run("unshare", "-m", "true").status,
                    reason="needs root and a mount namespace")
@pytest.mark.parametrize("privileged", [False, True])
def test_who_gains_privileges_is_left_alone(privileged, reachable):
    """What a user says of a setuid program's environment counts for nothing."""
    shared, copy = reachable / "shared", reachable / "fault_places"
    shared.mkdir()
    shared.chmod(0o1777)
    shutil.copy(PLACES, copy)
    copy.chmod(0o4755 if privileged else 0o755)
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    if run(*user, "test", "-r", SHIM, "-a", "-w", shared).status or \
            os.statvfs(copy).f_flag & os.ST_NOSUID:
        pytest.skip("an ordinary user does not reach the build, or nosuid")
    done = run("unshare", "-m", "sh", "-c", FOR_ALL, "sh", reachable, *user,
               copy, "plain", env=environment(REFKNOT_OUT=shared, shim=SHIM))
    assert (done.status, done.out, done.err) == (0, b"end\n", b"")
    stores = list(shared.glob("fault_places.*.rkn"))
    assert bool(stores) != privileged
