# SPDX-License-Identifier: MIT
"""Where recordings go, where they cannot, and where refknot is installed."""
import os
import re
import shutil
import subprocess

import pytest

from conftest import (BUILD, REFKNOT, SHIM, environment, read_json, refknot,
                      run)

LOSER = BUILD / "samples/leak"
FINE = BUILD / "samples/fine"


@pytest.fixture
def tiny(tmp_path):
    """Makes file systems of so many bytes below tmp_path."""
    if os.getuid() != 0:
        pytest.skip("only root can mount a small file system")
    mounted = []

    def make(name, size):
        path = tmp_path / name
        path.mkdir()
        done = run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs",
                   path)
        if done.status:
            pytest.skip(f"mount: {done.told.strip()}")
        mounted.append(path)
        return path

    yield make
    for path in mounted:
        run("umount", path)


def plain():
    return run(LOSER)


def test_a_full_disk_is_told_and_the_recording_kept_elsewhere(tiny):
    full = tiny("full", 65536)
    (full / "filler").write_bytes(bytes(65536))
    done = refknot("run", "-o", full / "r.rkn", LOSER)
    assert (done.status, done.out) == (0, plain().out)
    assert "refknot: " in done.told and str(full) in done.told
    assert "No space left" in done.told
    assert not (full / "r.rkn").exists()


def test_a_full_disk_under_a_raw_run_harms_nobody(tiny):
    full = tiny("full", 65536)
    (full / "filler").write_bytes(bytes(65536))
    done = run(LOSER, env=environment(LD_PRELOAD=SHIM, REFKNOT_OUT=full))
    assert (done.status, done.out) == (0, plain().out)
    assert len(done.told.splitlines()) == 1, done.told
    assert "refknot" in done.told


@pytest.mark.parametrize("kib", [256, 768, 1400, 3000])
def test_a_disk_that_fills_up_during_a_raw_run_harms_nobody(kib, tiny):
    small = tiny("small", kib << 10)
    program = ["/usr/bin/perl", "-e",
               "my @a = map { { at => $_ } } 1 .. 50000; print scalar @a"]
    done = run(*program, env=environment(LD_PRELOAD=SHIM, REFKNOT_OUT=small))
    assert (done.status, done.out) == (0, b"50000"), done.told
    assert len(done.told.splitlines()) <= 1, done.told
    for path in small.iterdir():
        told = refknot("report", "--format", "json", path)
        assert told.status in (0, 2)
        if told.out and not told.status:
            assert b'"complete": false' in told.out


def unprivileged():
    """What makes a program run without root's rights, if this is root."""
    if os.getuid() == 0:
        return {"user": 65534, "group": 65534, "extra_groups": []}
    return {}


def open_up(tmp_path):
    for path in [tmp_path, *tmp_path.parents][:-2]:
        if path.owner() == "root" and path.stat().st_uid == os.getuid():
            path.chmod(path.stat().st_mode | 0o055)


def test_a_read_only_directory_is_told_and_the_program_runs(tmp_path):
    open_up(tmp_path)
    place = tmp_path / "ro"
    place.mkdir()
    place.chmod(0o555)
    done = refknot("run", "/bin/echo", "hello", cwd=place, **unprivileged())
    assert (done.status, done.out) == (0, b"hello\n")
    assert "no recording can be written" in done.told
    assert list(place.iterdir()) == []
    raw = run("/bin/echo", "hello", cwd="/", env=environment(
        LD_PRELOAD=SHIM, REFKNOT_OUT=place), **unprivileged())
    assert (raw.status, raw.out) == (0, b"hello\n")
    assert len(raw.told.splitlines()) == 1


def test_a_directory_that_does_not_exist_is_told(tmp_path):
    done = refknot("run", "-o", tmp_path / "no/such/r.rkn", LOSER)
    assert (done.status, done.out) == (0, plain().out)
    assert "No such file" in done.told


def test_an_existing_recording_is_replaced(tmp_path):
    main = tmp_path / "r.rkn"
    assert refknot("run", "-q", "-o", main, "true").status == 0
    assert not read_json("report", main)["findings"]
    assert refknot("run", "-q", "-o", main, LOSER).status == 0
    assert read_json("report", main)["findings"]
    assert list(tmp_path.iterdir()) == [main]


def test_the_newest_recording_is_the_program_s_own(tmp_path):
    for _ in range(3):
        done = refknot("run", "-q", "--", "sh", "-c",
                       f"echo $$; {FINE} >x; (exit 3); {FINE} >x; true",
                       cwd=tmp_path)
        assert done.status == 0, done.told
        newest = refknot("report", cwd=tmp_path).out.decode()
        assert re.match(r"refknot: sh\[%d\]: " % int(done.out),
                        newest), newest


def test_no_live_store_is_left_behind(tmp_path):
    def stores():
        return {p for place in ("/dev/shm", "/tmp")
                for p in os.listdir(place) if p.startswith("refknot-")}
    # Others may run refknot at the same time and make theirs meanwhile; ours
    # would be there each time.
    for _ in range(50):
        before = stores()
        done = refknot("run", "-q", "-o", tmp_path / "r.rkn", "sh", "-c",
                       "ls >/dev/null; (exit 3)")
        assert done.status == 3
        assert refknot("info", tmp_path / "r.rkn").out
        (tmp_path / "r.rkn").unlink()
        if stores() <= before:
            return
    pytest.fail(f"left: {stores() - before}")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    root = tmp_path_factory.mktemp("installed")
    done = run("/usr/bin/meson", "install", "-C", BUILD, "--no-rebuild",
               "--quiet", "--destdir", root)
    assert done.status == 0, done.told
    return root


def only(root, pattern):
    found = list(root.rglob(pattern))
    assert len(found) == 1, (pattern, found)
    return found[0]


def test_the_installed_tree_has_everything(installed):
    for pattern in ("bin/refknot", "refknot/librefknot_preload.so",
                    "include/refknot.h", "pkgconfig/refknot.pc",
                    "man1/refknot.1*", "man1/refknot-run.1*",
                    "man1/refknot-leaks.1*", "man1/refknot-cycles.1*",
                    "man3/refknot.3*", "refknot/samples/gc_cycle.c",
                    "refknot-report.schema.json"):
        only(installed, pattern)


def test_the_installed_tree_finds_its_own_shim(installed, tmp_path):
    binary = only(installed, "bin/refknot")
    moved = tmp_path / "moved"
    shutil.copytree(binary.parent.parent, moved)
    done = run(moved / "bin/refknot", "run", "-q", "-o", tmp_path / "r.rkn",
               "/bin/sh", "-c", "echo $LD_PRELOAD")
    assert done.status == 0, done.told
    assert done.out.decode().strip() == str(only(moved, "*_preload.so"))


def test_the_header_compiles_alone_in_c_and_cxx(installed, tmp_path):
    header = only(installed, "include/refknot.h")
    for compiler, suffix in (("gcc", "c"), ("g++", "cc")):
        if not shutil.which(compiler):
            pytest.skip(f"{compiler} is not installed")
        source = tmp_path / f"t.{suffix}"
        source.write_text("#include <refknot.h>\nint main() { return 0; }\n")
        done = run(compiler, "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                   f"-I{header.parent}", source, "-o", tmp_path / "t")
        assert done.status == 0, done.told


def test_the_pkg_config_file_is_header_only(installed):
    text = only(installed, "refknot.pc").read_text()
    assert "Libs:" not in text or "-lrefknot" not in text
    version = subprocess.run([BUILD / "cli/refknot", "--version"], check=True,
                             capture_output=True, text=True).stdout
    assert text.split("Version:")[1].split()[0] in version


@pytest.mark.parametrize("words", [
    ["check"], ["steady", "-w", "1", "-r", "1"]])
def test_who_keeps_no_recording_needs_no_place_for_one(words, tmp_path):
    open_up(tmp_path)
    place = tmp_path / "ro"
    place.mkdir()
    place.chmod(0o555)
    done = refknot(*words, "--", "/bin/sh", "-c", ": {}", cwd=place,
                   **unprivileged())
    assert done.status == 0, done.told
    assert "no recording" not in done.told
    done = refknot("check", "--keep", "r.rkn", "--", "/bin/true", cwd=place,
                   **unprivileged())
    assert "no recording can be written in .: Permission denied" in done.told


def test_a_directory_that_cannot_be_read_has_no_newest(tmp_path):
    open_up(tmp_path)
    place = tmp_path / "secret"
    place.mkdir()
    place.chmod(0o711)
    done = refknot("report", cwd=place, **unprivileged())
    assert (done.status, done.told) == (
        2, "refknot: this directory cannot be read (Permission denied); name "
        "a recording\n")
    place.chmod(0o755)
    done = refknot("report", cwd=place, **unprivileged())
    assert done.status == 2 and "there is no *.rkn here" in done.told


def in_removed(tmp_path, *words, env=None):
    """A command in a working directory that is there no more."""
    gone = tmp_path / "gone"
    gone.mkdir()
    return run("/bin/sh", "-c", 'rmdir "$0"; exec "$@"', gone, *words,
               cwd=gone, env=env)


def test_in_a_removed_directory_the_program_runs(tmp_path):
    done = in_removed(tmp_path, REFKNOT, "run", "-q", "/bin/echo", "hello")
    assert (done.status, done.out) == (0, b"hello\n")
    told = done.told.splitlines()
    assert told[0] == ("refknot: no recording can be written in .: No such "
                       "file or directory; the program runs all the same")
    kept = re.search("the recording is kept in (.*) until", told[1])[1]
    assert len(told) == 2 and refknot("report", kept).status == 0
    shutil.rmtree(os.path.dirname(kept))


def test_in_a_removed_directory_the_shim_says_what_is_wrong(tmp_path):
    done = in_removed(tmp_path, "/usr/bin/env", f"LD_PRELOAD={SHIM}",
                      "/bin/echo", "hello")
    assert (done.status, done.out) == (0, b"hello\n")
    assert re.fullmatch(
        r"refknot: echo\[\d+\] is not recorded: cannot write a recording in "
        r"the working directory: no such directory\n", done.told), done.told


def test_in_a_removed_directory_a_gate_says_what_to_do(tmp_path):
    done = in_removed(tmp_path, REFKNOT, "check", "--", "/bin/echo", "hello")
    assert (done.status, done.out) == (2, b"")
    assert done.told == (
        "refknot: the working directory has no name (No such file or "
        "directory); go to another, or name the one of the sources by "
        "--source-root\n")
    done = in_removed(tmp_path, REFKNOT, "check", "--source-root", "/", "--",
                      "/bin/echo", "hello")
    assert (done.status, done.out) == (0, b"hello\n"), done.told


@pytest.mark.parametrize("name", [
    b"a b", b"a\nb", "\u00e4\u20ac".encode(), b"a\xff", b".hidden", b"-x",
    b"%s%n"])
def test_a_program_of_any_name_has_a_recording_that_is_found(name, tmp_path):
    program = os.path.join(os.fsencode(tmp_path), name)
    shutil.copy(LOSER, program)
    for env in environment(), environment(LC_ALL="C", LANG="C"):
        done = refknot("run", os.fsdecode(program), cwd=tmp_path, env=env)
        assert (done.status, done.out) == (0, plain().out)
        heading = refknot("report", cwd=tmp_path, env=env).out.splitlines()[0]
        assert heading in done.err.splitlines()
        for path in tmp_path.glob("*.rkn"):
            assert path.name.isprintable() or name == b"a\xff"
            path.unlink()
        assert os.listdir(os.fsencode(tmp_path)) == [name]


@pytest.mark.parametrize("name, told", [
    ("place", "is a directory; name a file in it"),
    ("new/", "is a directory; name a file in it"),
    ("", "is empty; name a file"),
    ("text", "is not a recording"),
])
@pytest.mark.parametrize("command, option", [("run", "--output"),
                                             ("check", "--keep")])
def test_no_place_is_refused_before_the_program_runs(
        command, option, name, told, tmp_path):
    (tmp_path / "place").mkdir()
    (tmp_path / "text").write_text("text")
    where = f"{tmp_path}/{name}" if name else ""
    done = refknot(command, f"{option}={where}", "--", "sh", "-c",
                   f"touch {tmp_path}/ran")
    assert done.status == 2 and not (tmp_path / "ran").exists()
    assert f"{option} {where} " in done.told and told in done.told, done.told
