# SPDX-License-Identifier: MIT
"""Recordings that are cut, foreign, newer, or corrupt at any byte."""
import json
import os
import random
import re
import struct
import subprocess
import zlib

import pytest

from conftest import (BUILD, SHIM, SOURCE, compiled, environment, read_json,
                      record, refknot, run)

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


def test_what_was_not_read_is_not_called_nothing(whole, tmp_path):
    path, starts = tmp_path / "cut.rkn", chunks(whole)
    kinds = {struct.unpack_from("<H", whole, at + 4)[0]: at
             for at in starts[:-1]}
    for at, known in ((kinds[8] + 5, False), (kinds[9] + 40, True)):
        path.write_bytes(whole[:at])
        told = {c: refknot(c, path).out.decode() for c in COMMANDS}
        report = json.loads(refknot("report", "-f", "json", path).out)
        alive = report["process"]["live_blocks"]
        assert (alive is not None) == known
        assert (report["process"]["live_bytes"] is not None) == known
        assert ("what is alive is not known" in told["report"]) != known
        assert ("what is alive is not known" in told["objects"]) != known
        assert (re.search("^alive +not known$", told["info"], re.M)
                is None) == known
        assert known or " 0 B alive" not in told["report"]
        assert not known or f"{alive} blocks" in told["report"]


def test_the_manual_s_example_is_a_recording(tmp_path):
    page = (SOURCE / "man/refknot-recording.5").read_text()
    example = page.split(".Sh EXAMPLES")[1]
    rows = re.findall("^([0-9a-f]{4})  ((?:[0-9a-f]{2} ?)+)$", example, re.M)
    data = bytes.fromhex("".join(row for _, row in rows))
    assert [int(at, 16) for at, _ in rows] == list(range(0, len(data), 16))
    assert data[10:12] == b"\x01\x00"
    assert "minor;          10\n" in page and "minor version 1" in example
    path = tmp_path / "example.rkn"
    path.write_bytes(data)
    info = read_json("info", path)
    assert (info["process"]["pid"], info["process"]["exit_code"]) == (4711, 0)
    assert {g["what"]: g["count"] for g in info["complete"]}[
        "frees of blocks that were not recorded"] == 3
    starts = [at for at in chunks(data)[:-1]]
    said = [int(x, 16) for x in
            re.findall("begins at\\s0x([0-9a-f]+)", example)]
    assert starts[1:] == said and f"at 0x{starts[1] + 32:x}," in example


def test_every_flag_of_a_process_is_in_the_manual():
    header = (SOURCE / "include/refknot/format.h").read_text()
    bits = re.findall(r"RKN_META_\w+ = 1u << (\d+)", header)
    page = (SOURCE / "man/refknot-recording.5").read_text()
    row = re.search("^uint32_t flags;(.*?)^uint32_t end;", page,
                    re.S | re.M)[1]
    assert len(bits) > 7
    assert [int(x) for x in re.findall(r"\d+", row)] == [
        1 << int(b) for b in bits]


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    """The bytes of a recording with objects, references and regions."""
    directory = tmp_path_factory.mktemp("counted")
    recorded = record(directory, BUILD / "tests/preload/ledger/ledger_corners", "pairs")
    return recorded.main.read_bytes()


def test_missing_parts_are_not_called_nothing(counted, tmp_path):
    full, path = tmp_path / "full.rkn", tmp_path / "cut.rkn"
    full.write_bytes(counted)
    kinds = {struct.unpack_from("<H", counted, at + 4)[0]: at
             for at in chunks(counted)[:-1]}
    path.write_bytes(counted[:kinds[11] + 40])
    missing = "that part of the recording is missing"
    for command in (["refs"], ["regions"], ["regions", "--name", "x"],
                    ["show"], ["balance"], ["diff", full], ["diff"]):
        named = command[0] in ("show", "balance")
        after = ["Node#1"] if named else []
        if command == ["diff"]:
            after = [full]
        done = refknot(*command, path, *after)
        assert done.status == 2
        told = done.out.decode() + done.told
        assert missing in told, (command, told)
        assert "no live object" not in told and "no object" not in told
    # what was read whole is compared all the same
    assert refknot("diff", "--by", "site", full, path).out


def test_a_part_of_the_blocks_is_said_to_be_a_part(tmp_path):
    main = tmp_path / "many.rkn"
    refknot("run", "-q", "-o", main, "perl", "-e",
            "our @a = map { { $_ => $_ } } 1 .. 300000")
    data = main.read_bytes()
    second = [at for at in chunks(data)[:-1]
              if struct.unpack_from("<H", data, at + 4)[0] == 8][1]
    main.write_bytes(data[:second])
    text = refknot("report", main).out.decode()
    assert re.search(r"; at least \d{4,} blocks, .* alive; not all", text)


def test_the_duration_of_an_unknown_end_is_not_known(tmp_path):
    child = subprocess.Popen(
        ["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=environment(LD_PRELOAD=SHIM, REFKNOT_OUT=tmp_path))
    try:
        child.stdin.write(b"x\n")
        child.stdin.flush()
        child.stdout.readline()  # by now it is being recorded
        [store] = tmp_path.iterdir()
        assert read_json("info", store)["process"]["duration_s"] is None
        assert re.search("^duration +not known$",
                         refknot("info", store).out.decode(), re.M)
    finally:
        child.kill()
        child.communicate()


def test_the_duration_until_a_signal_is_known(tmp_path):
    recorded = record(tmp_path, "sh", "-c", "kill -9 $$")
    process = read_json("info", recorded.main)["process"]
    assert process["signal"] == 9 and process["duration_s"] > 0


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


LARGE = """
#include <stdlib.h>

char *volatile into, *volatile first;

int main(void)
{
    char *a = malloc(6ul << 30), *b = malloc(9ul << 30), *c = malloc(8ul << 30);

    if (!a || !b || !c)
        return 77;
    first = a;
    *(char **)(a + (5ul << 30)) = b + (7ul << 30) + 3;
    into = c + (6ul << 30);
    return 0;
}
"""


def test_offsets_of_4_gib_and_more_are_true(tmp_path):
    program = compiled(tmp_path, "large", LARGE, "-g")
    recorded = record(tmp_path, program)
    if recorded.outcome.status == 77:
        pytest.skip("the system gives no blocks of such sizes")
    held = [f["held_by"] for f in recorded.report()["findings"]
            if f["kind"] == "possible-leak"]
    assert sorted((h["to_offset"], h["offset"]) for h in held
                  if h["kind"] == "block") == [((7 << 30) + 3, 5 << 30)]
    assert [h["to_offset"] for h in held if h["kind"] == "data"] == [6 << 30]
    told = refknot("show", recorded.main, "char[]#2").out.decode()
    assert "char[]#1 +0x140000000 to +0x1c0000003\n" in told
    assert "-> char[]#1 +0x140000000\n" in told
    told = refknot("show", recorded.main, "char[]#1").out.decode()
    assert "      +0x140000000 char[]#2\n" in told
    told = json.loads(refknot("show", "--format", "json", recorded.main,
                              "char[]#2").out)
    assert '"to_offset": 7516192771' in json.dumps(told)
