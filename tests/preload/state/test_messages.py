# SPDX-License-Identifier: MIT
"""What refknot says: on what was standard error when all began, or nowhere."""
import fcntl
import os
import resource
import signal
import subprocess
import termios

import pytest

from conftest import REFKNOT, SHIM, environment, read_json, record, run
from faults import program

MESSAGES = program("messages")
SHORT = 70000 << 10  # bytes of a file: the store is full before the program ends
OURS = b"refknot: "


def limit_files(size=SHORT):
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def without_standard_error():
    limit_files()
    os.close(2)


def alone(directory):
    """The environment of a program that only the shim is loaded into."""
    return environment(LD_PRELOAD=SHIM, REFKNOT_OUT=directory)


def start(*argv, preexec_fn=limit_files, **kw):
    """Status and output; what is under the shim does not hang either."""
    with subprocess.Popen(
            [str(a) for a in argv], stdout=subprocess.PIPE,
            preexec_fn=preexec_fn, **{"env": environment(), **kw}) as process:
        try:
            out = process.communicate(timeout=100)[0]
        finally:
            process.kill()
    return process.returncode, out


def ended_early(recording):
    return [g["what"] for g in read_json("report", recording)["complete"]
            if "switched itself off" in g["what"]]


@pytest.mark.parametrize("size", [65536, 70000, 131072])
def test_a_limit_on_files_ends_the_recording_alone(size, tmp_path):
    recorded = record(tmp_path, MESSAGES, "fill",
                      preexec_fn=lambda: limit_files(size << 10))
    assert (recorded.outcome.status, recorded.outcome.out) == (0, b"end\n")
    assert "recording ends here" in recorded.outcome.told
    assert ended_early(recorded.main)
    for store in tmp_path.iterdir():
        assert store.stat().st_size <= size << 10


@pytest.mark.parametrize("size", [70000, 131072])
def test_a_snapshot_without_room_does_not_make_the_file_grow(size, tmp_path):
    """What was asked for and not given counted as used at the end."""
    recorded = record(tmp_path, MESSAGES, "many",
                      preexec_fn=lambda: limit_files(size << 10))
    assert (recorded.outcome.status, recorded.outcome.out) == (0, b"end\n")


@pytest.mark.parametrize("how", ["alone", "run"])
def test_a_data_file_as_descriptor_2_gets_no_message(how, tmp_path):
    data, main = tmp_path / "data", tmp_path / "main.rkn"
    first = ([], alone(tmp_path)) if how == "alone" else (
        [REFKNOT, "run", "-q", "-o", main], environment())
    assert start(*first[0], MESSAGES, "data", data, env=first[1]) == (
        0, b"end\n")
    assert data.read_bytes() == b"first\nlast\n"
    [recording] = tmp_path.glob("*.rkn")
    assert ended_early(recording)


@pytest.mark.skipif(os.getuid() != 0, reason="not root")
@pytest.mark.parametrize("how", ["alone", "run"])
def test_a_worker_without_a_store_of_its_own_says_nothing_there(how, tmp_path):
    data = tmp_path / "data"
    first = ([], alone(tmp_path)) if how == "alone" else (
        [REFKNOT, "run", "-q", "-o", tmp_path / "main.rkn"], environment())
    assert start(*first[0], MESSAGES, "worker", data, env=first[1]) == (
        0, b"child 0\nend\n")
    assert data.read_bytes() == b"first\nlast\n"


@pytest.mark.parametrize("how", ["alone", "run"])
def test_without_a_standard_error_nothing_is_said(how, tmp_path):
    data = tmp_path / "data"
    if how == "alone":
        done = start(MESSAGES, "closed", data, env=alone(tmp_path),
                     preexec_fn=without_standard_error)
    else:
        done = start(REFKNOT, "run", "-q", "-o", tmp_path / "main.rkn",
                     MESSAGES, "closed", data,
                     preexec_fn=without_standard_error)
    assert done == (0, b"end\n")
    assert data.read_bytes() == b""


def closed_pipe():
    reader, writer = os.pipe()
    os.close(reader)
    return writer, []


def full_pipe():
    """Its reader is there, and reads nothing."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while os.write(writer, bytes(4096)):
            pass
    except BlockingIOError:
        os.set_blocking(writer, True)
    return writer, [reader]


@pytest.mark.parametrize("how", ["alone", "run"])
@pytest.mark.parametrize("made", [closed_pipe, full_pipe])
def test_a_pipe_that_nobody_reads_is_no_harm(made, how, tmp_path):
    writer, others = made()
    first = ([], alone(tmp_path)) if how == "alone" else (
        [REFKNOT, "run", "-q", "-o", tmp_path / "main.rkn"], environment())
    try:
        assert start(*first[0], MESSAGES, "fill", env=first[1],
                     stderr=writer) == (0, b"end\n")
    finally:
        for fd in [writer, *others]:
            os.close(fd)
    [recording] = tmp_path.glob("*.rkn")
    assert ended_early(recording)


def test_the_last_bytes_that_a_file_may_have_are_no_harm(tmp_path):
    """Standard error is a file that is as large as files may be."""
    with open(tmp_path / "log", "wb") as log:
        log.truncate(SHORT)
        log.seek(0, os.SEEK_END)
        assert start(MESSAGES, "fill", env=alone(tmp_path), stderr=log) == (
            0, b"end\n")
    assert (tmp_path / "log").stat().st_size == SHORT


def test_a_terminal_does_not_stop_who_is_in_the_background(tmp_path):
    master, slave = os.openpty()
    settings = termios.tcgetattr(slave)
    settings[3] |= termios.TOSTOP
    termios.tcsetattr(slave, termios.TCSANOW, settings)

    def take_terminal():
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        limit_files()

    try:
        assert start(MESSAGES, "background", env=alone(tmp_path),
                     stderr=slave, start_new_session=True,
                     preexec_fn=take_terminal) == (0, b"child 0\nend\n")
        assert OURS in os.read(master, 4096)
    finally:
        os.close(master)
        os.close(slave)


def test_another_standard_error_than_refknot_s_has_the_program_s_alone(
        tmp_path):
    """What an executed program is given as such is compared by somebody."""
    log = tmp_path / "log"
    recorded = record(tmp_path, "sh", "-c", f'"$0" fill 2>{log}', MESSAGES,
                      preexec_fn=limit_files)
    assert (recorded.outcome.status, recorded.outcome.out,
            recorded.outcome.err) == (0, b"end\n", b"")
    assert log.read_bytes() == b""
    assert any(ended_early(r) for r in recorded.all)


@pytest.mark.parametrize("redirected", ["", "2>log"])
def test_what_the_program_asks_for_is_on_its_own_standard_error(redirected,
                                                                tmp_path):
    recorded = record(tmp_path, "sh", "-c", f'"$0" ask {redirected}; exit 0',
                      MESSAGES, cwd=tmp_path)
    told = ((tmp_path / "log").read_bytes() if redirected
            else recorded.outcome.err)
    assert OURS in told and b"it is not an object" in told
    assert run(MESSAGES, "ask").err == b""  # without refknot: nothing is asked
