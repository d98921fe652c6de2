# SPDX-License-Identifier: MIT
"""Corners of the malloc family: the program's own behaviour, and what is told.

Each program runs with and without refknot: same output, same end.
"""
import os
import pathlib
import pty
import re
import shutil
import signal
import stat
import struct
import subprocess

import pytest

from conftest import (BUILD, REFKNOT, SHIM, SOURCE, compiled, environment,
                      of_cxx, own_function, read_json, record, refknot, run)

PROGRAMS = BUILD / "tests/preload/hooks"
LIBRARY = PROGRAMS / "hook_throw_library.so"


def program(name):
    return PROGRAMS / f"hook_{name}"


def same(directory, name, *args, options=(), env=None, **kw):
    """Run plain and recorded; both must look the same from outside."""
    plain = run(program(name), *args, env=env, **kw)
    recorded = record(directory, program(name), *args, options=options,
                      env=env, **kw)
    status = plain.status if plain.status >= 0 else 128 - plain.status
    assert recorded.outcome.status == status, recorded.outcome.told
    assert recorded.outcome.out == plain.out
    assert recorded.outcome.err == plain.err
    return recorded


def raw_environment(directory, **more):
    """For a program without `refknot run`."""
    more.setdefault("LD_PRELOAD", SHIM)
    return environment(REFKNOT_OUT=directory, **more)


def raw(directory, *argv, cwd=None, env=None):
    return run(*argv, cwd=cwd, env=env or raw_environment(directory))


def leaks(report, name):
    """{function of the program: (objects, bytes)} of what it leaked."""
    return {own_function(f["stack"], program(name)):
            (f["objects"], f["bytes"])
            for f in report["findings"] if f["kind"] == "leak"}


def lost_bytes(report):
    return sorted(f["bytes"] for f in report["findings"]
                  if f["kind"] == "leak")


def test_each_function_is_recorded_with_its_size_and_caller(tmp_path):
    report = same(tmp_path, "functions").report()
    assert leaks(report, "functions") == {
        "by_malloc": (1, 101), "by_calloc": (1, 102), "by_realloc": (1, 103),
        "by_realloc_null": (1, 104), "by_reallocarray": (1, 105),
        "by_memalign": (1, 107), "by_valloc": (1, 108),
        "by_pvalloc": (1, 110), "by_aligned_alloc": (1, 128),
        "from_posix_memalign": (1, 109), "by_malloc_0": (1, 0)}
    for finding in report["findings"]:
        assert finding["stack"][0]["module"] == str(program("functions"))
        functions = [f["function"] for f in finding["stack"]]
        assert "main" in functions


def test_every_call_is_counted_once(tmp_path):
    reports = []
    for i, counts in enumerate([(0, 0), (1000, 400)]):
        directory = tmp_path / str(i)
        directory.mkdir()
        reports.append(same(directory, "counts", *counts).report()["process"])
    none, some = reports
    assert some["allocations"] - none["allocations"] == 1000
    assert some["frees"] - none["frees"] == 400
    assert some["live_blocks"] - none["live_blocks"] == 600
    assert some["live_bytes"] - none["live_bytes"] == 600 * 64


def test_results_and_errno_are_those_of_libc(tmp_path):
    recorded = same(tmp_path, "results")
    assert b"NO:" not in recorded.outcome.out
    assert recorded.outcome.out.count(b"yes:") > 20
    report = recorded.report()
    assert report["verdict"]["complete"] is True, report["complete"]
    assert report["findings"] == []


def test_realloc_failure_keeps_the_block(tmp_path):
    report = same(tmp_path, "failed_realloc").report()
    assert leaks(report, "failed_realloc") == {"lose": (1, 77)}


@pytest.mark.parametrize("how", ["return", "exit", "_exit", "_Exit",
                                 "quick_exit", "syscall"])
def test_every_ordinary_end_takes_a_snapshot(how, tmp_path):
    recorded = same(tmp_path, "ends", how)
    report = recorded.report()
    assert report["verdict"]["checked"] is True
    assert lost_bytes(report) == [100]
    assert report["process"]["exit_code"] == 3


@pytest.mark.parametrize("how, number", [
    ("kill", signal.SIGKILL), ("assembly", 0)])
def test_a_sudden_end_leaves_what_was_alive_and_says_what_is_missing(
        how, number, tmp_path):
    recorded = same(tmp_path, "ends", how)
    report = recorded.report()
    if number:
        assert report["process"]["signal"] == number
    assert report["verdict"]["checked"] is False
    assert report["verdict"]["complete"] is False
    assert any("leak and cycle check" in c["what"] for c in report["complete"])
    live = read_json("objects", recorded.main, "--by", "size", "--limit", "0")
    assert any(t["type"] == "100 B" for t in live["types"])


@pytest.mark.parametrize("how", ["fork", "clone"])
def test_a_forked_child_has_a_recording_of_its_own(how, tmp_path):
    recorded = same(tmp_path, "children", how)
    assert lost_bytes(recorded.report()) == [100]
    assert len(recorded.children) == 1
    child = read_json("report", recorded.children[0])
    assert lost_bytes(child) == [200]
    assert child["process"]["exit_code"] == 4


@pytest.mark.parametrize("how", ["fork", "vfork", "clone", "spawn"])
def test_an_executed_program_has_a_recording_of_its_own(how, tmp_path):
    recorded = same(tmp_path, "children", how, program("ends"), "exit")
    assert lost_bytes(recorded.report()) == [100]
    reports = [read_json("report", c) for c in recorded.children]
    ends = [r for r in reports if "hook_ends" in r["process"]["argv"][0]]
    assert len(ends) == 1
    assert lost_bytes(ends[0]) == [100]


@pytest.mark.parametrize("how", ["fork", "vfork", "clone", "spawn"])
def test_no_children_records_the_program_alone(how, tmp_path):
    recorded = same(tmp_path, "children", how, program("ends"), "exit",
                    options=["--no-children"])
    assert recorded.children == []
    assert lost_bytes(recorded.report()) == [100]


@pytest.mark.parametrize("how", ["fork", "clone"])
def test_no_children_leaves_a_forked_child_alone(how, tmp_path):
    recorded = same(tmp_path, "children", how, options=["--no-children"])
    assert recorded.children == []
    assert lost_bytes(recorded.report()) == [100]


def test_threads_come_and_go(tmp_path):
    report = same(tmp_path, "threads").report()
    lost = leaks(report, "threads")
    assert sum(f["objects"] for f in report["findings"]) == 308, lost
    assert sum(f["bytes"] for f in report["findings"]) == 3080
    assert report["verdict"]["complete"] is True, report["complete"]


def test_exceptions_pass_through(tmp_path):
    of_cxx(program("throw"))
    report = same(tmp_path, "throw").report()
    assert report["findings"] == []


def test_a_library_opened_by_c_can_throw_and_be_closed(tmp_path):
    report = same(tmp_path, "dlopens_throw", of_cxx(LIBRARY)).report()
    assert report["findings"] == []


def test_a_signal_handler_may_allocate_anywhere(tmp_path):
    env = environment(LD_PRELOAD=PROGRAMS / "hook_bump.so")
    recorded = same(tmp_path, "signals", env=env)
    assert recorded.outcome.out == b"300 signals\n"
    assert "not glibc's" in refknot("info", recorded.main).out.decode()
    report = recorded.report()
    assert 100 in lost_bytes(report)


def test_a_signal_handler_may_leave_refknot_by_longjmp(tmp_path):
    env = environment(LD_PRELOAD=PROGRAMS / "hook_bump.so")
    recorded = same(tmp_path, "leaves", env=env)
    assert recorded.outcome.out == b"300 signals\n"
    lost = [f for f in recorded.report()["findings"]
            if f["bytes"] == 50 * 10000]
    assert len(lost) == 1 and lost[0]["count"] == 50, lost


@pytest.mark.parametrize("instruction", range(2, 100, 7))
def test_who_was_left_by_longjmp_may_allocate_again(instruction, tmp_path):
    recorded = same(tmp_path, "again", instruction)
    lost = [f for f in recorded.report()["findings"]
            if f["bytes"] == 100 * 60]
    assert len(lost) == 1 and lost[0]["count"] == 100, lost


@pytest.mark.parametrize("where", ["deeper", "handler", "ring"])
@pytest.mark.parametrize("instruction", [*range(2700, 4200, 250), 6000])
def test_who_was_left_by_longjmp_allocates_elsewhere(instruction, where,
                                                     tmp_path):
    recorded = record(tmp_path, program("again"), instruction, where)
    assert recorded.outcome.out == b"left\n"
    lost = [f for f in recorded.report()["findings"]
            if f["bytes"] == 100 * 60]
    assert len(lost) == 1 and lost[0]["count"] == 100, lost


@pytest.mark.parametrize("instruction", [9000, 11000])
def test_who_stays_on_a_stack_of_its_own_is_not_taken_for_left(instruction,
                                                               tmp_path):
    recorded = record(tmp_path, program("again"), instruction, "stays")
    assert recorded.outcome.out == b"left\n", recorded.outcome.told
    told = refknot("info", recorded.main).out.decode()
    assert "7 allocations recorded without a call stack" in told
    assert 100 in [f["count"] for f in recorded.report()["findings"]]


CHAIN = """
#include "scrub.h"
#include <stdlib.h>
static NOINLINE void lose(void)
{
    void *volatile *volatile head = malloc(100);
    head[0] = malloc(200);
}
int main(void) { lose(); scrub(); return 0; }
"""


def test_blocks_among_a_librarys_zeros_are_no_roots(tmp_path):
    """There the kernel may put what malloc maps; this allocator does so."""
    env = environment(LD_PRELOAD=PROGRAMS / "hook_bump.so")
    program = compiled(tmp_path, "chain", CHAIN, "-g", "-O1",
                       f"-I{SOURCE}/samples")
    finding, = record(tmp_path, program, env=env).report()["findings"]
    assert (finding["bytes"], finding["held_bytes"]) == (100, 200)


def test_what_a_block_holds_is_held_while_it_moves(tmp_path):
    for _ in range(5):
        report = same(tmp_path, "moves").report()
        assert report["verdict"]["checked"] and not report["findings"]


def test_the_exit_check_interrupts_no_wait(tmp_path):
    for _ in range(3):
        recorded = same(tmp_path, "polls")
        assert recorded.outcome.out == b"done\n"


def test_a_daemon_that_closes_everything_is_still_recorded(tmp_path):
    report = same(tmp_path, "closes", 0).report()
    assert lost_bytes(report) == [100, 100]


def test_deep_stacks_are_cut_and_said_to_be(tmp_path):
    report = same(tmp_path, "deep").report()
    assert lost_bytes(report) == [100, 200]
    assert any("stacks cut" in c["what"] for c in report["complete"])
    cut = [f for f in report["findings"] if f["bytes"] == 100][0]
    assert len(cut["stack"]) >= 128


def test_pages_that_nobody_may_touch_are_left_out(tmp_path):
    recorded = same(tmp_path, "guards")
    if recorded.outcome.out == b"no guards\n":
        pytest.skip("this kernel has no MADV_GUARD_INSTALL (Linux 6.13)")
    if tuple(map(int, os.uname().release.split(".")[:2])) < (6, 15):
        pytest.skip("this kernel does not tell of guarded pages (Linux 6.15)")
    assert lost_bytes(recorded.report()) == [100]


def test_pages_behind_a_files_end_hide_none_before_it(tmp_path):
    """All are read by one call, which fails."""
    assert lost_bytes(same(tmp_path, "beyond").report()) == [100]


def test_large_reservations_are_searched_where_they_are_used(tmp_path):
    recorded = same(tmp_path, "reserves")
    if recorded.outcome.out == b"no room\n":
        pytest.skip("this machine gives no TiB of address space")
    assert lost_bytes(recorded.report()) == [100]


def test_reservations_of_the_parent_are_searched_where_they_are_used(tmp_path):
    """A child that looked at each page of a TiB would take minutes."""
    recorded = same(tmp_path, "reserves", "fork")
    if recorded.outcome.out == b"no room\n":
        pytest.skip("this machine gives no TiB of address space")
    child, = recorded.children
    assert lost_bytes(read_json("report", child, "--limit", "0")) == [100]


@pytest.mark.skipif(os.geteuid() != 0, reason="not root")
def test_reservations_of_another_user_s_are_not_looked_through(tmp_path):
    """It may not see which pages are touched: the list of mappings tells, but
    of one that the kernel joined with memory of ours it told that it is used."""
    recorded = same(tmp_path, "reserves", "user")
    if recorded.outcome.out == b"no room\n":
        pytest.skip("this machine gives no 32 TiB of address space")
    assert lost_bytes(recorded.report()) == [100]


def test_depth_limits_the_recorded_frames(tmp_path):
    report = same(tmp_path, "deep", options=["--depth", "5"]).report()
    remedy, = (g["remedy"] for g in report["complete"]
               if g["what"] == "call stacks cut at the recorded depth")
    assert "refknot run --depth" in remedy
    stacks = [len(f["stack"]) for f in report["findings"]]
    assert stacks and max(stacks) == 5


def test_no_snapshot_is_said(tmp_path):
    report = same(tmp_path, "ends", "exit", options=["--no-snapshot"]).report()
    assert report["verdict"]["checked"] is False
    assert report["verdict"]["complete"] is False


def test_the_users_own_preload_stays(tmp_path):
    env = environment(LD_PRELOAD=PROGRAMS / "hook_says.so")
    recorded = same(tmp_path, "counts", 3, env=env)
    assert recorded.outcome.out == b"preloaded\n"
    assert lost_bytes(recorded.report()) == [192]


def test_jemalloc_preloaded_by_the_user_is_recorded(tmp_path):
    library = pathlib.Path("/usr/lib/x86_64-linux-gnu/libjemalloc.so.2")
    if not library.exists():
        pytest.skip(f"{library} is not installed")
    recorded = record(tmp_path, program("counts"), 1000, 400,
                      env=environment(LD_PRELOAD=library))
    assert recorded.outcome.status == 0
    process = recorded.report()["process"]
    assert process["live_blocks"] >= 600
    assert process["live_bytes"] >= 600 * 64


def recordings(directory):
    return [p for p in directory.iterdir() if p.is_file()]


def test_raw_preload_leaves_a_readable_recording(tmp_path):
    done = raw(tmp_path, program("counts"), 5)
    assert (done.status, done.out, done.err) == (0, b"", b"")
    found = recordings(tmp_path)
    assert len(found) == 1
    assert lost_bytes(read_json("report", found[0])) == [320]


def test_raw_preload_takes_a_relative_directory(tmp_path):
    (tmp_path / "out").mkdir()
    done = raw(tmp_path, program("closes"), 0, cwd=tmp_path,
               env=raw_environment("out"))
    assert done.status == 0 and done.err == b""
    found = recordings(tmp_path / "out")
    assert len(found) == 1
    assert lost_bytes(read_json("report", found[0])) == [100, 100]


def test_raw_preload_without_a_directory_uses_the_working_directory(tmp_path):
    env = environment(LD_PRELOAD=SHIM)
    done = run(program("counts"), 1, cwd=tmp_path, env=env)
    assert done.status == 0 and done.err == b""
    assert len(recordings(tmp_path)) == 1


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o177])
def test_recordings_are_for_the_user_alone(umask, tmp_path):
    before = os.umask(umask)
    try:
        raw(tmp_path, program("counts"), 1)
        main = tmp_path / "main.rkn"
        done = refknot("run", "-q", "-o", main, program("counts"), 1)
    finally:
        os.umask(before)
    assert done.status == 0, done.told
    found = recordings(tmp_path)
    assert len(found) == 2
    for path in found:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("name, value", [
    ("REFKNOT_DEPTH", "0"), ("REFKNOT_DEPTH", "-1"),
    ("REFKNOT_DEPTH", "many"), ("REFKNOT_DEPTH", "99999999999999999999"),
    ("REFKNOT_DEPTH", ""), ("REFKNOT_CHILDREN", "2"),
    ("REFKNOT_SNAPSHOT", "yes")])
def test_a_wrong_setting_is_told_and_harms_nobody(name, value, tmp_path):
    env = raw_environment(tmp_path, **{name: value})
    done = raw(tmp_path, program("ends"), "exit", env=env)
    assert (done.status, done.out) == (3, b"at exit\n")
    lines = done.told.splitlines()
    assert len(lines) == 1 and name in lines[0], done.told
    env = environment(**{name: value})
    told = refknot("run", program("ends"), "exit", env=env)
    assert told.status == 2 and name in told.told
    assert told.out == b""


def test_a_directory_that_is_not_there_is_told_and_harms_nobody(tmp_path):
    done = raw(tmp_path / "absent", program("ends"), "exit")
    assert (done.status, done.out) == (3, b"at exit\n")
    assert len(done.told.splitlines()) == 1, done.told


def test_children_of_a_raw_run_tell_a_failure_once_each(tmp_path):
    done = raw(tmp_path / "absent", program("children"), "fork")
    assert done.status == 4
    assert 1 <= len(done.told.splitlines()) <= 2, done.told


def test_signals_to_refknot_reach_the_program(tmp_path):
    with subprocess.Popen(
            [REFKNOT, "run", "-q", "-o", tmp_path / "main.rkn", "--", "sh",
             "-c", "trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; "
             "done"], env=environment(), stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 7


HANDLES = ("$SIG{$ARGV[0]} = sub { exit 7 }; $| = 1; print qq(ready\\n); "
           "sleep 1 while 1")


@pytest.mark.parametrize("name", ["INT", "QUIT", "HUP"])
def test_also_where_a_script_has_them_ignored(name, tmp_path):
    """What it starts with & begins so: handlers of its own count."""
    os.mkfifo(tmp_path / "ready")
    done = run("sh", "-c", f"trap '' HUP; {REFKNOT} run -q -o main.rkn -- "
               f"perl -e '{HANDLES}' {name} >ready & pid=$!; "
               f"read x <ready; kill -{name} $pid; wait $pid; echo $?",
               env=environment(), cwd=tmp_path)
    assert done.out == b"7\n", done.told
    assert read_json("report", tmp_path / "main.rkn")["process"]


def read_until(fd, wanted):
    got = b""
    while wanted not in got:
        more = os.read(fd, 4096)
        assert more, got
        got += more
    return got


def read_rest(fd):
    got = b""
    try:
        while more := os.read(fd, 4096):
            got += more
    except OSError:  # nobody has the other end any more
        pass
    return got


def test_a_terminal_interrupts_the_program_once(tmp_path):
    # Perl runs no handler while it reads: the signal must not meet a read.
    program_text = ("$SIG{INT} = sub { print qq(caught\\n); $n++ }; $| = 1; "
                    "print qq(ready\\n); sleep 1 until $n; "
                    "$_ = <STDIN>; exit 7")
    pid, fd = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.execve(REFKNOT, [REFKNOT, "run", "-o", tmp_path / "main.rkn",
                            "--", "perl", "-e", program_text], environment())
    read_until(fd, b"ready")
    os.write(fd, b"\x03")
    got = read_until(fd, b"caught")
    os.write(fd, b"on\n")
    got += read_rest(fd)
    os.close(fd)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7, got
    assert got.count(b"caught") == 1
    assert read_json("report", tmp_path / "main.rkn")["process"]


def test_a_child_that_outlives_the_program_is_told(tmp_path):
    ready, never = tmp_path / "ready", tmp_path / "never"
    os.mkfifo(ready)
    os.mkfifo(never)
    recorded = record(
        tmp_path, "sh", "-c",
        f"sh -c 'echo $$ >{ready}; read x <{never}' >/dev/null 2>&1 & "
        f"read pid <{ready}; echo $pid")
    os.kill(int(recorded.outcome.out), signal.SIGKILL)
    assert recorded.outcome.status == 0
    kept = re.search(r"goes on in (/\S+),", recorded.outcome.told)
    assert kept, recorded.outcome.told
    assert read_json("report", kept[1])["process"]["allocations"] > 0
    shutil.rmtree(pathlib.Path(kept[1]).parent)


def missing(report):
    """{what was not recorded: (how often, why)}"""
    return {c["what"]: (c["count"], c["why"]) for c in report["complete"]}


def test_a_block_is_one_whatever_name_it_is_had_and_freed_by(tmp_path):
    report = same(tmp_path, "halves").report()
    assert lost_bytes(report) == [101 + 102 + 103]
    assert missing(report) == {}


@pytest.mark.parametrize("how", ["now", "lazy"])
def test_a_plugin_that_is_bound_to_the_c_library_is_seen(tmp_path, how):
    report = same(tmp_path, "plugs", PROGRAMS / "hook_plug.so", how,
                  "both").report()
    assert lost_bytes(report) == [333, 444]
    assert missing(report) == {}


def test_a_plugin_with_an_allocator_of_its_own_keeps_it(tmp_path):
    report = same(tmp_path, "plugs", PROGRAMS / "hook_plug_own.so",
                  "now").report()
    assert lost_bytes(report) == [444]
    assert missing(report) == {}


def test_a_plugin_with_a_c_library_of_its_own_is_named(tmp_path):
    report = same(tmp_path, "plugs", PROGRAMS / "hook_plug.so",
                  "apart").report()
    assert lost_bytes(report) == [444]
    assert {f["confidence"] for f in report["findings"]} == {"medium"}
    (count, why), = missing(report).values()
    assert count == 1 and why.startswith("hook_plug.so: "), why
    done = refknot("check", "--fail-on", "cycle", "--", program("plugs"),
                   PROGRAMS / "hook_plug.so", "apart", cwd=tmp_path)
    assert done.status == 23 and "hook_plug.so" in done.told, done.told


def test_a_plugin_beside_another_allocator_is_named(tmp_path):
    env = environment(LD_PRELOAD=PROGRAMS / "hook_bump.so")
    report = same(tmp_path, "plugs", PROGRAMS / "hook_plug.so", "now",
                  env=env).report()
    (count, why), = missing(report).values()
    assert count == 1 and why.startswith("hook_plug.so: "), why


def distance_of_free():
    """From mallopt() to free(), in the C library: no loader tells that."""
    path = run("sh", "-c", "ldd /bin/sh | sed -n 's/.*libc.so.6 => "
               "\\([^ ]*\\).*/\\1/p'").out.decode().strip()
    values = {}
    for line in run("readelf", "-W", "--dyn-syms", path).out.decode(
            ).splitlines():
        cells = line.split()
        if len(cells) >= 8 and cells[0].rstrip(":").isdigit():
            values[cells[7].split("@")[0]] = int(cells[1], 16)
    return values["free"] - values["mallopt"]


# Several times: what is mapped in a freed block's place is not always the same.
@pytest.mark.parametrize("where", [(), *[("thread",)] * 5])
def test_what_the_c_library_has_free_is_not_alive(tmp_path, where):
    report = same(tmp_path, "frees_past", distance_of_free(),
                  *where).report()
    assert lost_bytes(report) == [777]
    assert report["findings"][0]["confidence"] == "medium"
    assert "blocks that the C library has free again" in missing(report)


BETWEEN = r"""
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>
void *NAME(void *at, size_t size, int access, int flags, int fd, long offset)
{
	write(2, "wrapped\n", 8);
	return (void *)syscall(SYS_mmap, at, size, access, flags, fd, offset);
}
"""
MAPS = r"""
#define _GNU_SOURCE
#include <sys/mman.h>
int main(void)
{
	return CALL(0, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	       MAP_FAILED;
}
"""


@pytest.mark.parametrize("call", ["mmap", "mmap64"])
@pytest.mark.parametrize("between", ["mmap", "mmap64"])
def test_a_library_between_has_the_calls_of_its_name(between, call, tmp_path):
    library = compiled(tmp_path, "libbetween.so", BETWEEN, "-shared", "-fPIC",
                       "-fno-builtin", "-w", f"-DNAME={between}")
    maps = compiled(tmp_path, "maps", MAPS, f"-DCALL={call}",
                    "-Wl,--no-as-needed", library, f"-Wl,-rpath,{tmp_path}")
    plain = run(maps)
    recorded = record(tmp_path, maps)
    assert recorded.outcome.status == plain.status == 0
    assert plain.err.count(b"wrapped") == (between == call)
    assert recorded.outcome.err == plain.err


def test_the_store_ends_behind_its_last_piece(tmp_path):
    """What was made ready in advance is given back when the recording ends."""
    raw(tmp_path, program("functions"))
    [store] = tmp_path.iterdir()
    with store.open("rb") as file:  # large, and mostly holes
        file_bytes, used = struct.unpack_from("<QQ", file.read(32), 16)
    assert store.stat().st_size == file_bytes == -(-used // 8192) * 8192
