# SPDX-License-Identifier: MIT
"""Recordings that are cut, foreign, newer, or corrupt at any byte."""
import json
import os
import random
import struct
import zlib

import pytest

from conftest import (BUILD, SHIM, environment, read_json, record, refknot,
                      run)

LOSER = [BUILD / "samples/orphaned_cycle"]
COMMANDS = ["report", "leaks", "cycles", "objects", "info"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The bytes of a good recording."""
    directory = tmp_path_factory.mktemp("whole")
    recorded = record(directory, *LOSER)
    assert recorded.outcome.status == 0
    return recorded.main.read_bytes()


def raw_run(directory):
    """The store that a run without `refknot run` leaves: large and sparse."""
    run(*LOSER, env=environment(LD_PRELOAD=SHIM, REFKNOT_OUT=directory))
    found = list(directory.iterdir())
    assert len(found) == 1
    return found[0]


def written(path):
    """Offsets of the bytes of a sparse file that are there: [(from, to)]."""
    found, at = [], 0
    with open(path, "rb") as file:
        end = os.fstat(file.fileno()).st_size
        while at < end:
            try:
                at = os.lseek(file.fileno(), at, os.SEEK_DATA)
            except OSError:
                break
            hole = os.lseek(file.fileno(), at, os.SEEK_HOLE)
            found.append((at, hole))
            at = hole
    return found


def chunks(data):
    """Offsets at which the chunks of a recording begin, and its end."""
    at, found = struct.unpack_from("<I", data, 12)[0], []
    while at < len(data):
        found.append(at)
        at += 32 + struct.unpack_from("<I", data, at + 16)[0]
    return [*found, at]


def refused(path, *words):
    for command in COMMANDS:
        done = refknot(command, path)
        assert done.status == 2, (command, done.out, done.told)
        lines = done.told.splitlines()
        assert len(lines) == 1 and str(path) in lines[0], done.told
        assert all(w in lines[0] for w in words), done.told
        assert done.out == b""


@pytest.mark.parametrize("content, words", [
    (b"", ()), (b"x", ()), (b"\x7fELF" + bytes(500), ()),
    (b"not a recording\n" * 100, ()), (bytes(5000), ())])
def test_foreign_files_are_refused(content, words, tmp_path):
    path = tmp_path / "foreign.rkn"
    path.write_bytes(content)
    refused(path, *words)


def test_missing_files_and_directories_are_refused(tmp_path):
    refused(tmp_path / "absent.rkn")
    refused(tmp_path)
    done = refknot("report", cwd=tmp_path)
    assert done.status == 2 and ".rkn" in done.told


def test_a_newer_format_is_refused(whole, tmp_path):
    path = tmp_path / "newer.rkn"
    head = bytearray(whole[:24])
    struct.pack_into("<H", head, 8, 99)
    struct.pack_into("<I", head, 20, zlib.crc32(bytes(head[:20])))
    path.write_bytes(bytes(head) + whole[24:])
    refused(path, "99")


def test_a_cut_recording_is_read_as_far_as_it_goes(whole, tmp_path):
    path, starts = tmp_path / "cut.rkn", chunks(whole)
    assert starts[-1] == len(whole) and len(starts) > 6
    for at in starts[2:-1]:
        for cut in {at, at + 5, at + 40} & set(range(len(whole))):
            path.write_bytes(whole[:cut])
            done = refknot("report", "--format", "json", path)
            assert done.status == 2, (cut, done.told)
            assert str(path) in done.told and "byte" in done.told
            if not done.out:
                continue
            report = json.loads(done.out)
            assert report["verdict"]["complete"] is False
            assert report["complete"]


def test_some_of_a_cut_recording_is_reported(whole, tmp_path):
    path = tmp_path / "cut.rkn"
    path.write_bytes(whole[:chunks(whole)[-2]])
    done = refknot("report", path)
    assert done.status == 2 and done.out and done.err


def survives(path):
    """Damage may be found or not matter, but nothing breaks."""
    done = refknot("report", "--format", "json", path)
    assert done.status in (0, 2), (done.status, done.told)
    assert done.status == 0 or str(path) in done.told
    return done.status


def test_any_damaged_byte_of_a_recording_is_found(whole, tmp_path):
    rng, path = random.Random(4), tmp_path / "bad.rkn"
    places = set(range(0, 64)) | {rng.randrange(len(whole))
                                  for _ in range(120)}
    for at in sorted(places):
        data = bytearray(whole)
        data[at] ^= 1 << rng.randrange(8)
        path.write_bytes(data)
        assert survives(path) == 2, at


def test_a_damaged_store_breaks_nothing(tmp_path):
    rng, path = random.Random(5), raw_run(tmp_path)
    places = [rng.randrange(600) for _ in range(80)]
    for start, end in written(path):
        places += [rng.randrange(start, end) for _ in range(4)]
    with open(path, "r+b") as file:
        for at in places:
            file.seek(at)
            good = file.read(1)
            file.seek(at)
            file.write(bytes([rng.randrange(256)]))
            file.flush()
            survives(path)
            file.seek(at)
            file.write(good)
    assert survives(path) == 0


def test_a_cut_store_breaks_nothing(tmp_path):
    path = raw_run(tmp_path)
    size = path.stat().st_size
    for cut in (size - 5000, size // 2, 100_000, 5000, 1000, 100, 0):
        os.truncate(path, cut)
        survives(path)


def test_a_store_says_the_same_as_a_recording(tmp_path):
    recorded = record(tmp_path, *LOSER)
    directory = tmp_path / "raw"
    directory.mkdir()
    store = read_json("report", raw_run(directory))
    ours = recorded.report()

    def plain(report):
        return [(f["kind"], f["signature"], f["objects"], f["bytes"])
                for f in report["findings"]]

    assert plain(store) == plain(ours)
    assert store["process"]["live_bytes"] == ours["process"]["live_bytes"]
