# SPDX-License-Identifier: MIT
"""Places and limits that leave little room, or change under the program."""
import contextlib
import os
import pathlib
import resource
import signal
import shutil
import subprocess

import pytest

from conftest import BUILD, SHIM, environment, read_json, record, refknot, run
from faults import in_a_namespace, leaks, mounted, program, same

PLACES = program("places")
REFKNOT = BUILD / "cli/refknot"
CGROUPS = pathlib.Path("/sys/fs/cgroup")


def check(recorded, complete=True):
    report = recorded.report()
    assert report["verdict"]["checked"] is True, report["complete"]
    assert leaks(report, PLACES) == {"lose": (1, 100)}
    if complete:
        assert report["verdict"]["complete"] is True, report["complete"]


@pytest.mark.parametrize("how", ["umask", "closefrom", "fsize", "data",
                                 "little-data", "stack", "nodump", "lock"])
def test_what_a_program_does_to_itself_is_no_harm(how, tmp_path):
    check(same(tmp_path, PLACES, how))


@pytest.mark.skipif(os.getuid() != 0, reason="not root")
@pytest.mark.parametrize("how", ["uid", "uid-threads", "uid-far"])
def test_another_user_from_now_on_is_still_recorded(how, tmp_path):
    """It may not see its pages; reservations hold nothing nevertheless."""
    recorded = same(tmp_path, PLACES, how)
    check(recorded)
    [leak] = recorded.report()["findings"]
    assert leak["confidence"] == "high"


@pytest.mark.skipif(os.getuid() != 0, reason="not root")
def test_memory_of_refknot_s_own_that_is_locked_is_used_again(tmp_path):
    """Each check takes some, and begins with zeros."""
    recorded = record(tmp_path, PLACES, "lock-check")
    assert recorded.outcome.status == 0, recorded.outcome.told
    assert recorded.outcome.out == b"lost: 1\n" * 4 + b"end\n"
    told = [line.split(": ")[-1] for line in recorded.outcome.told.splitlines()]
    assert told == [f"{n} blocks of {n * 100} bytes are lost"
                    for n in range(2, 6)]


@pytest.mark.skipif(os.getuid() != 0, reason="not root")
def test_another_user_s_hidden_page_is_told_as_not_read(tmp_path):
    report = same(tmp_path, PLACES, "uid-hide").report()
    assert report["verdict"]["complete"] is False
    [gap] = report["complete"]
    assert (gap["count"], gap["what"]) == (
        4096, "bytes of roots that could not be read")
    assert {f["confidence"] for f in report["findings"]} == {"medium"}


NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


@pytest.mark.skipif(os.getuid() != 0, reason="not root")
@pytest.mark.parametrize("how", ["nodump", "plain"])
def test_an_ordinary_user_without_dumps_is_checked(how, tmp_path):
    """Who is not dumpable reads neither its own pagemap nor its memory."""
    for directory in [tmp_path, *list(tmp_path.parents)[:3]]:
        directory.chmod(directory.stat().st_mode | 0o755)
    tmp_path.chmod(0o777)
    if run(*NOBODY, "test", "-x", PLACES, "-a", "-w", tmp_path).status:
        pytest.skip("an ordinary user does not reach the build")
    main = tmp_path / "main.rkn"
    done = run(*NOBODY, REFKNOT, "run", "-q", "-o", main, PLACES, how)
    assert (done.status, done.out, done.err) == (0, b"end\n", b"")
    report = read_json("report", main)
    assert report["verdict"]["checked"] is True, report["complete"]
    assert leaks(report, PLACES) == {"lose": (1, 100)}


@pytest.mark.skipif(os.getuid() != 0, reason="not root")
def test_a_program_that_locks_itself_in_is_checked(tmp_path):
    prison = tmp_path / "prison"
    prison.mkdir()
    check(same(tmp_path, PLACES, "chroot", prison))


def test_no_descriptors_means_no_check_and_no_harm(tmp_path):
    report = same(tmp_path, PLACES, "files").report()
    assert report["process"]["live_blocks"] >= 50001
    assert report["verdict"]["checked"] is False
    assert report["complete"]


def test_a_store_that_is_removed_is_told(tmp_path):
    plain = run(PLACES, "remove", env=environment(REFKNOT_OUT="/absent/x"))
    mine = refknot("run", "-o", tmp_path / "r.rkn", PLACES, "remove")
    assert mine.out == plain.out == b"end\n"
    assert "nothing was recorded" in mine.told or "removed" in mine.told


@in_a_namespace
@pytest.mark.parametrize("script", [
    "mount -t tmpfs -o size=64m tmpfs /dev/shm",
    "mount -t tmpfs -o size=64k tmpfs /dev/shm",
    "mount -t tmpfs -o ro tmpfs /dev/shm",
    "mount -t tmpfs tmpfs /dev && mknod -m 666 /dev/null c 1 3"])
def test_no_room_for_shared_memory_is_no_matter(script, tmp_path):
    main = tmp_path / "main.rkn"
    done = mounted(script, REFKNOT, "run", "-q", "-o", main, PLACES, "plain")
    assert (done.status, done.out, done.err) == (0, b"end\n", b"")
    report = read_json("report", main)
    assert report["verdict"]["checked"] is True
    assert leaks(report, PLACES) == {"lose": (1, 100)}
    assert [p.name for p in tmp_path.iterdir()] == ["main.rkn"]


@in_a_namespace
@pytest.mark.parametrize("size", ["64k", "600k", "1m", "5m", "6m", "8m"])
def test_a_disk_that_fills_up_ends_the_recording_alone(size, tmp_path):
    """All places for a live store are on one small file system."""
    small = tmp_path / "small"
    small.mkdir()
    done = mounted(
        f"mount -t tmpfs -o ro tmpfs /dev/shm; "
        f"mount -t tmpfs -o size={size} tmpfs {small}",
        "sh", "-c", f'"$@"; echo $?; ls -A {small}', "sh", REFKNOT, "run",
        "-o", small / "r.rkn", PLACES, "plain",
        env=environment(TMPDIR=small))
    out = done.out.decode().split()
    assert out[:2] == ["end", "0"], done.told
    assert "refknot" in done.told
    if "recording ends here" in done.told or "unrecorded" in done.told:
        assert "no space left" in done.told or "no place" in done.told
    else:
        assert " lost\n" in done.told or " alive" in done.told


def limit_files(size=1 << 20):
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_limited_files_are_told_and_harm_nobody(tmp_path):
    done = refknot("run", "-o", tmp_path / "r.rkn", PLACES, "plain",
                   preexec_fn=limit_files)
    assert (done.status, done.out) == (0, b"end\n")
    assert done.told.count("ulimit -f") == 2


def limited(tmp_path, size, *argv):
    """refknot with its own streams in files of limited size: the status, and
    what its error output is with the other one in such a file alone."""
    with open(tmp_path / "out", "wb") as out:
        both = subprocess.run([REFKNOT, *argv], stdout=out, stderr=out,
                              env=environment(), check=False,
                              preexec_fn=lambda: limit_files(size))
        one = subprocess.run([REFKNOT, *argv], stdout=out, env=environment(),
                             stderr=subprocess.PIPE, check=False,
                             preexec_fn=lambda: limit_files(size))
    assert both.returncode == one.returncode
    return both.returncode, one.stderr.decode()


@pytest.mark.parametrize("size", [0, 1024])
def test_where_refknot_itself_can_write_nothing_the_status_is_kept(
        size, tmp_path):
    status, told = limited(tmp_path, size, "run", "-o", tmp_path / "r.rkn",
                           "sh", "-c", "exit 3")
    assert status == 3
    assert f"no recording can be written in {tmp_path}: files are" in told
    assert told.count("ulimit -f") == 3 and "space" not in told
    status, told = limited(tmp_path, size, "--help")
    assert (status, "cannot be written" in told) == (2, True)
    assert limited(tmp_path, size, "run", "no such program")[0] == 125


def test_the_program_s_own_signal_of_a_limit_on_files_is_its_own(tmp_path):
    status, _ = limited(tmp_path, 0, "run", "-o", tmp_path / "r.rkn", "sh",
                        "-c", "kill -XFSZ $$; exit 3")
    assert status == 128 + signal.SIGXFSZ


def limit_addresses(size=200 << 20):
    resource.setrlimit(resource.RLIMIT_AS, (size, size))


def test_limited_addresses_are_told_and_harm_nobody(tmp_path):
    """No store can be mapped, and the program's status is its own."""
    done = refknot("run", "-o", tmp_path / "r.rkn", "sh", "-c", "echo end; exit 3",
                   preexec_fn=limit_addresses)
    assert (done.status, done.out) == (3, b"end\n")
    assert "ulimit -v" in done.told and "did not load" not in done.told


def test_a_store_that_a_limit_keeps_small_is_told_so(tmp_path):
    """What ends the recording is no disk."""
    many = "my @a = map { { at => $_ } } 1 .. 200000; print scalar @a"
    done = refknot("run", "-o", tmp_path / "r.rkn", "/usr/bin/perl", "-e", many,
                   preexec_fn=lambda: limit_addresses(300 << 20))
    assert (done.status, done.out) == (0, b"200000")
    assert "recording ends here" in done.told
    assert "(ulimit -v)" in done.told and "space left" not in done.told


LITTLE = 16 << 20  # bytes; refknot's tables take 70 MiB of addresses


def limit_data():
    resource.setrlimit(resource.RLIMIT_DATA, (LITTLE, LITTLE))


def test_a_limit_on_data_that_stood_before_is_the_program_s_alone(tmp_path):
    check(same(tmp_path, PLACES, "plain", preexec_fn=limit_data))


def test_what_a_shell_limits_starts_and_is_checked(tmp_path):
    recorded = same(tmp_path, "bash", "-c",
                    'ulimit -d 16384; "$0" plain; "$0" little-data; exit 0',
                    PLACES)
    reports = [read_json("report", child) for child in recorded.all]
    checked = [r for r in reports if leaks(r, PLACES)]
    assert [leaks(r, PLACES) for r in checked] == [{"lose": (1, 100)}] * 2


def data_bytes(**env):
    """Of a process: what the kernel counts against RLIMIT_DATA."""
    done = run("grep", "VmData", "/proc/self/status", env=environment(**env))
    return int(done.out.split()[1]) << 10


def test_refknot_has_little_data(tmp_path):
    mine = data_bytes(LD_PRELOAD=SHIM, REFKNOT_OUT=tmp_path)
    assert list(tmp_path.glob("grep.*.rkn"))
    assert mine - data_bytes() < 4 << 20


@in_a_namespace
def test_a_pid_namespace_of_its_own(tmp_path):
    main = tmp_path / "main.rkn"
    done = run("unshare", "--pid", "--fork", "--mount-proc", REFKNOT, "run",
               "-q", "-o", main, PLACES, "plain")
    assert (done.status, done.out, done.err) == (0, b"end\n", b"")
    assert leaks(read_json("report", main), PLACES) == {"lose": (1, 100)}


@in_a_namespace
def test_without_proc_the_rest_is_there(tmp_path):
    main = tmp_path / "main.rkn"
    done = mounted("mount -t tmpfs tmpfs /proc", REFKNOT, "run", "-q", "-o",
                   main, PLACES, "plain", env=environment(REFKNOT_SHIM=SHIM))
    assert (done.status, done.out) == (0, b"end\n"), done.told
    report = read_json("report", main)
    assert report["verdict"]["checked"] is False
    assert report["process"]["live_blocks"] >= 50001


@contextlib.contextmanager
def memory_limited(mib):
    """A control group with that much memory; a wrapper for commands."""
    old, new = CGROUPS / "memory", CGROUPS
    base = old if (old / "memory.limit_in_bytes").exists() else new
    group = base / f"refknot-test-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"no control group can be made here: {error}")
    try:
        name = ("memory.limit_in_bytes" if base == old else "memory.max")
        try:
            (group / name).write_text(str(mib << 20))
        except OSError as error:
            pytest.skip(f"no memory limit can be set here: {error}")
        yield ["sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"',
               "sh"]
    finally:
        for _ in range(100):
            with contextlib.suppress(OSError):
                group.rmdir()
                break


def test_killed_for_memory_what_was_alive_is_known(tmp_path):
    with memory_limited(300) as limited:
        recorded = record(tmp_path, *limited, PLACES, "eat")
    assert recorded.outcome.status == 128 + signal.SIGKILL
    files = [recorded.main, *recorded.children]
    reports = [read_json("report", f) for f in files]
    eaten = max(reports, key=lambda r: r["process"]["live_bytes"] or 0)
    assert eaten["process"]["signal"] == signal.SIGKILL
    assert eaten["process"]["live_bytes"] > 50 << 20
    assert eaten["verdict"]["checked"] is False
    alive = read_json("objects", files[reports.index(eaten)], "--by", "size",
                      "--limit", "0")
    assert any(t["type"] == "100 B" for t in alive["types"])


def test_the_program_goes_on_when_refknot_is_killed(tmp_path):
    """And its recording, in the live directory, is complete."""
    script = 'echo $REFKNOT_OUT $PPID; read x; exec "$0" plain'
    with subprocess.Popen(
            [REFKNOT, "run", "-o", tmp_path / "r.rkn", "sh", "-c", script,
             PLACES], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=environment()) as process:
        directory, parent = process.stdout.readline().split()
        stores = pathlib.Path(os.fsdecode(directory))
        # No other run removes what has more than stores, and an empty file may
        # be a store that has no beginning yet.
        (stores / "ours").write_text("not a store\n")
        assert int(parent) == process.pid
        process.kill()
        process.wait()
        process.stdin.write(b"go\n")
        process.stdin.close()
        assert process.stdout.read() == b"end\n"
    try:
        store = next(stores.glob("fault_places.*.rkn"))
        for _ in range(1000):  # it ends after its output does
            report = read_json("report", store)
            if report["verdict"]["checked"]:
                break
        assert leaks(report, PLACES) == {"lose": (1, 100)}
        assert report["verdict"]["complete"] is True
        assert report["process"]["exit_code"] == 0
    finally:
        shutil.rmtree(stores)


def test_main_begins_with_the_registers_that_it_has_without_us(tmp_path):
    """What a program reads before it writes it: of that, nothing is ours."""
    same(tmp_path, program("registers"))


@pytest.mark.parametrize("size", [16, 128, 5000])
@pytest.mark.parametrize("how", ["guard", "key"])
def test_pages_of_a_block_that_fault_are_not_read(how, size, tmp_path):
    """Neither in a small block nor in a large one; what is around them is."""
    guards = program("guards")
    recorded = same(tmp_path, guards, how, size)
    if recorded.outcome.out:
        pytest.skip("the kernel or the processor has no such pages")
    assert leaks(recorded.report(), guards) == {"lose": (1, 100)}


@pytest.mark.parametrize("how", ["guard", "key"])
def test_pages_that_fault_are_not_read_in_a_child_that_has_them(how, tmp_path):
    guards = program("guards")
    recorded = same(tmp_path, guards, how, 16, "fork")
    if recorded.outcome.out:
        pytest.skip("the kernel or the processor has no such pages")
    child, = recorded.children
    report = read_json("report", child, "--limit", "0")
    assert leaks(report, guards) == {"lose": (1, 100)}
