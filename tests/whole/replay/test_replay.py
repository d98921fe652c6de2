# SPDX-License-Identifier: MIT
"""A run's own log of events, replayed against what was recorded of it."""
import os
import signal
import subprocess

import pytest

from conftest import BUILD, SHIM, environment, record, run

EVENTS = BUILD / "tests/whole/replay/replay_events"
COMPARE = BUILD / "tests/whole/replay/replay_compare"


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log"
    yield path
    path.unlink(missing_ok=True)  # it is large


def compare(log, recording, events):
    done = run(COMPARE, log, recording)
    told = done.out.decode()
    assert done.status == 0, told + done.told
    assert int(told.splitlines()[-1].split()[0]) >= events
    return told


@pytest.mark.parametrize("threads, events", [(1, 300_000), (8, 10_000_000)])
def test_no_difference_over_random_events(threads, events, log, tmp_path):
    recorded = record(tmp_path, EVENTS, log, events, threads, 1, "exit")
    assert recorded.outcome.status == 0, recorded.outcome.told
    assert ", 0 differences" in compare(log, recorded.main, events)
    report = recorded.report()
    assert report["findings"] == []
    assert report["verdict"]["complete"] is True, report["complete"]


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_time_all_is_there(seed, log, tmp_path):
    """At most what each thread was just about to do is missing."""
    recorded = record(tmp_path, EVENTS, log, 1_000_000, 8, seed, "kill")
    assert recorded.outcome.status == 128 + signal.SIGKILL
    compare(log, recorded.main, 400_000)


def test_a_store_without_refknot_run_is_the_same(log, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    done = run(EVENTS, log, 1_000_000, 8, 5, "exit",
               env=environment(LD_PRELOAD=SHIM, REFKNOT_OUT=out))
    assert (done.status, done.err) == (0, b"")
    compare(log, next(out.iterdir()), 1_000_000)


def test_a_difference_is_found(log, tmp_path):
    """The comparison itself: what the shim did not see, it tells."""
    recorded = record(tmp_path, EVENTS, log, 50_000, 2, 1, "exit")
    with open(log, "r+b") as file:
        size = os.fstat(file.fileno()).st_size
        noted = size - (size - 88) % 24
        for at in range(noted - 24, 88, -24):
            file.seek(at)
            event = bytearray(file.read(24))
            if event[22] == 1:  # an allocation: of one byte more
                event[8:16] = (int.from_bytes(event[8:16], "little")
                               + 1).to_bytes(8, "little")
                file.seek(at)
                file.write(event)
                break
    done = subprocess.run([COMPARE, log, recorded.main], check=False,
                          capture_output=True)
    assert done.returncode == 1
    assert b"size" in done.stdout or b"bytes" in done.stdout
