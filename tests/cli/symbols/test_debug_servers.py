# SPDX-License-Identifier: MIT
"""Debug information from debuginfod servers: only where one was named, never for
longer than it answers, and never another file than was asked for. All servers are
on the loopback interface and end with their test."""
import contextlib
import fcntl
import http.server
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

from conftest import REFKNOT, SOURCE, environment, record, refknot, run
from test_debug_files import STACKS, Build, lines_of, libraries, stacks, tree

CLIENT = "libdebuginfod.so.1"


@pytest.fixture(autouse=True)
def client():
    if CLIENT not in run("/sbin/ldconfig", "-p").out.decode():
        pytest.skip(f"{CLIENT} is not installed")


class Server:
    """What it has by build-id; what was asked of it."""

    def __init__(self):
        self.files = {}
        self.asked = []
        self.hangs = False
        self.gate = threading.Event()
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                server.asked.append(self.path)
                if server.hangs:
                    server.gate.wait(60)
                data = server.files.get(self.path)
                self.send_response(200 if data else 404)
                self.send_header("Content-Length", str(len(data or b"")))
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(data or b"")

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def add(self, build_id, kind, path):
        self.files[f"/buildid/{build_id}/{kind}"] = \
            pathlib.Path(path).read_bytes()

    def end(self):
        self.gate.set()
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def server():
    s = Server()
    yield s
    s.end()


@pytest.fixture
def asking(tmp_path, server):
    """An environment that names the server, with a client's cache of its own."""
    return environment(DEBUGINFOD_URLS=server.url,
                       DEBUGINFOD_CACHE_PATH=tmp_path / "client",
                       DEBUGINFOD_TIMEOUT=2)


@pytest.fixture
def bare(tmp_path, server):
    """The program without its debug information, which the server has."""
    made = tmp_path / "made"
    made.mkdir()
    b = Build(made, "gcc", "4")
    b.detach(tmp_path / "own")
    server.add(b.build_id(), "debuginfo", tmp_path / "own")
    server.add(b.build_id(), "executable", b.program)
    b.recorded = record(tmp_path, b.program)
    return b


def warnings(recorded, *options, env):
    done = refknot("report", "--format", "json", *options, recorded.main,
                   env=env)
    assert done.status == 0, done.told
    return json.loads(done.out)["recording"]["warnings"]


def test_none_is_asked_unless_it_is_named(bare, server, asking, tmp_path):
    quiet = {k: v for k, v in asking.items() if k != "DEBUGINFOD_URLS"}
    assert lines_of(bare.recorded, env=quiet) <= {None}
    for off in ([], ["--debuginfod", ""]):
        env = asking if off else quiet
        for command in ("report", "objects", "check", "leaks", "info"):
            refknot(command, *off, bare.recorded.main, env=env)
        refknot("doctor", *off, bare.program, env=env)
        refknot("run", *off, "-o", tmp_path / "x.rkn", bare.program, env=env)
    assert server.asked == []
    assert not (tmp_path / "client").exists()


@pytest.mark.parametrize("how", ["variable", "option"])
def test_the_one_that_is_named_is_asked(how, bare, server, asking):
    options = []
    if how == "option":
        options = ["--debuginfod", server.url]
        asking["DEBUGINFOD_URLS"] = "http://127.0.0.1:1"
    assert stacks(bare.recorded, *options, env=asking) == STACKS
    path = f"/buildid/{bare.build_id()}/debuginfo"
    assert server.asked.count(path) == 1
    told = refknot("doctor", *options, bare.program, env=asking).out.decode()
    assert re.search(rf"^debug +yes +{bare.program} +\S+/client/", told, re.M)


def test_the_program_is_run_with_its_own_environment(bare, server, asking,
                                                     tmp_path):
    done = refknot("run", "--debuginfod", "http://127.0.0.1:1", "-o",
                   tmp_path / "x.rkn", "/bin/sh", "-c",
                   "echo $DEBUGINFOD_URLS", env=asking)
    assert done.out.decode() == server.url + "\n"


def test_the_cache_knows_whom_it_has_its_answers_from(bare, server, asking,
                                                      tmp_path):
    env = {**asking, "REFKNOT_CACHE": str(tmp_path / "cache")}
    off = ["--debuginfod", ""]
    for _ in range(2):
        assert stacks(bare.recorded, env=env) == STACKS
        asked = list(server.asked)
        assert stacks(bare.recorded, env=env) == STACKS
        assert [a for a in server.asked[len(asked):]
                if bare.build_id() in a] == []
        assert lines_of(bare.recorded, *off, env=env) <= {None}
        assert lines_of(bare.recorded, *off, env=env) <= {None}


def test_no_such_file_is_nothing_to_tell(bare, server, asking):
    server.files = {}
    assert warnings(bare.recorded, env=asking) == []
    assert lines_of(bare.recorded, env=asking) <= {None}
    assert server.asked


def test_another_file_than_was_asked_for_is_named_and_not_used(bare, server,
                                                               asking,
                                                               tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    foreign = Build(other, "gcc", "5", "-O0")
    server.add(bare.build_id(), "debuginfo", foreign.program)
    env = {**asking, "REFKNOT_CACHE": str(tmp_path / "cache")}
    for _ in range(2):
        [told] = warnings(bare.recorded, env=env)
        assert re.fullmatch(
            rf"debuginfod's file \S+/client/\S+ of {bare.program} is of "
            rf"another build and not used: it has build-id "
            rf"{foreign.build_id()}, where {bare.build_id()} was looked for; "
            rf"put the file of that build there", told)
        assert lines_of(bare.recorded, env=env) <= {None}


def test_who_cannot_be_reached_is_told_once(bare, asking):
    asking["DEBUGINFOD_URLS"] = "http://127.0.0.1:1"
    [told] = warnings(bare.recorded, env=asking)
    assert told == ("debuginfod (http://127.0.0.1:1) cannot be asked "
                    "(Connection refused); correct --debuginfod or "
                    "DEBUGINFOD_URLS, or give --debuginfod ''")


def test_who_does_not_answer_is_waited_for_once(bare, server, asking,
                                                tmp_path):
    """Whatever else is missing: here all files are."""
    server.hangs = True
    root = tmp_path / "root"
    root.mkdir()
    [told] = warnings(bare.recorded, "--sysroot", root, env=asking)
    assert told == (f"debuginfod ({server.url}) sent nothing for 2 s and was not "
                    "asked again; try later, set DEBUGINFOD_TIMEOUT, or give "
                    "--debuginfod ''")
    assert len(server.asked) == 1


def on_terminal(*argv, env, until):
    """Run with a terminal as stderr, and once that shows `until`, ^C."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [str(a) for a in argv], env=env, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=theirs, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(2, 0x540E, 0))  # TIOCSCTTY
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):
        while until not in shown:
            shown += os.read(ours, 1000)
        os.write(ours, b"\x03")
    out = process.stdout.read()
    with contextlib.suppress(OSError):
        while data := os.read(ours, 1000):
            shown += data
    status = process.wait(60)
    os.close(ours)
    return status, out, shown


def test_waiting_is_shown_and_can_be_ended(bare, server, asking):
    server.hangs = True
    asking["DEBUGINFOD_TIMEOUT"] = "1000"
    status, out, shown = on_terminal(
        REFKNOT, "report", bare.recorded.main, env=asking,
        until=b"waiting for an answer (^C ends this)")
    assert status == 0
    assert (f"\ndebuginfod ({server.url}) was interrupted and not asked again; "
            "make the report once more to ask it\n").encode() in out
    assert shown.endswith(b"\r\x1b[K")
    # a slow machine may not have asked it once by then
    assert len(server.asked) <= 1


def test_another_machine_has_the_same_report_from_build_ids(bare, server,
                                                            asking, tmp_path):
    """Nothing of the program is there, and another build of it in its place."""
    own = tmp_path / "own"
    commands = [["report", "--full"], ["report", "--format", "json"],
                ["leaks", "--full"],
                ["objects", "--by", "site"], ["check", "--full"], ["refs"]]
    (bare.directory / ".debug").mkdir()
    shutil.copy(own, bare.directory / ".debug/two.debug")
    here = [refknot(*c, bare.recorded.main) for c in commands]
    assert b"second.c" in here[0].out
    for path in libraries(bare.program):
        server.add(bare.build_id(path), "executable", path)
        debug = tree(pathlib.Path("/"), bare.build_id(path))
        if debug.exists():
            server.add(bare.build_id(path), "debuginfo", debug)
    root = tmp_path / "root"
    root.mkdir()
    shutil.move(bare.directory, tmp_path / "away")
    bare.directory.mkdir()
    shutil.copy("/bin/true", bare.program)
    for options in (["--sysroot", root], []):
        there = [refknot(*c, *options, bare.recorded.main, env=asking)
                 for c in commands]
        assert [(t.status, t.out) for t in there] == \
            [(h.status, h.out) for h in here]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def test_debuginfod_itself(bare, asking, tmp_path):
    """Debian's server, on the files of the program."""
    if not shutil.which("debuginfod"):
        pytest.skip("debuginfod is not installed")
    files, port = tmp_path / "files", free_port()
    files.mkdir()
    shutil.move(tmp_path / "own", files)
    shutil.copy(bare.program, files)
    shutil.move(bare.directory, tmp_path / "away")
    url = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        ["timeout", "120", "debuginfod", "-d", tmp_path / "index.sqlite", "-p",
         str(port), "-F", files], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, env=environment(HOME=tmp_path))
    try:
        # It answers once it has read the files; what it did not have is
        # remembered by the client, so another asks.
        id_ = tree(pathlib.Path("/"), run(
            "readelf", "-n", files / "two").out.decode()
            .split("Build ID: ")[1].split()[0])
        name = id_.parent.name + id_.stem
        while server.poll() is None and run(
                "python3", "-c", "import sys, urllib.request as u\n"
                "try: u.urlopen(sys.argv[1])\nexcept OSError: sys.exit(1)",
                f"{url}/buildid/{name}/debuginfo").status:
            time.sleep(0.2)
        assert stacks(bare.recorded, "--debuginfod", url, env=asking) == STACKS
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)
