# SPDX-License-Identifier: MIT
"""What reads the formats of `refknot export`: other people's programs, or a few
lines where a format needs no more."""
import glob
import gzip
import json
import re
import shutil

import pytest

from conftest import BUILD, SOURCE, read_json, record, refknot, run

DRIVERS = SOURCE / "tests/cli/export/readers"
INSTALLED = BUILD / "readers/node_modules"
PLACES = ":".join([f"{BUILD}/readers", "/usr/bin", "/bin", "/usr/sbin",
                   "/usr/local/bin", *glob.glob("/usr/lib/go-*/pkg/tool/linux_*")])


def tool(name):
    """A program's path; skips where it is not installed."""
    found = shutil.which(name, path=PLACES)
    if not found:
        pytest.skip(f"{name} is not installed")
    return found


def node_readers(directory):
    """A directory with the drivers beside what they need of npm's."""
    tool("node")
    if not INSTALLED.is_dir():
        pytest.skip("what reads formats is not installed: scripts/readers does")
    place = directory / "readers"
    place.mkdir()
    (place / "node_modules").symlink_to(INSTALLED)
    for driver in DRIVERS.glob("*.mjs"):
        shutil.copy(driver, place)
    return place


def recorded(directory, programs):
    """{name: recording} of these programs, and of others' that most machines
    have."""
    programs = programs | {
        "sqlite3": ["sqlite3", ":memory:", "create table t(a, b);"
                    "insert into t values (1, hex(randomblob(20)));"
                    "select count(*) from t", ".quit"],
        "git": ["git", "-C", directory, "init", "-q", "repository"],
        "python3": ["/usr/bin/python3", "-c",
                    "import json, os; d = json.loads('[1, [2, {}]]'); "
                    "os._exit(0)"],
    }
    made = {}
    for name, argv in programs.items():
        place = directory / f"of_{name}"
        place.mkdir()
        made[name] = record(place, *argv).main
    return made


def read_by(place, driver, file):
    """What a driver of that directory says of a file, as JSON."""
    done = run(tool("node"), "--max-old-space-size=2048", f"{driver}.mjs", file,
               cwd=place)
    # Of a page without line breaks an error shows megabytes.
    assert done.status == 0, done.told[-800:]
    return json.loads(done.out.decode().strip().splitlines()[-1])


def exported(recording, form, *options, directory=None):
    """A recording in a format, as a file beside it, or in `directory`."""
    path = (directory or recording.parent) / f"{recording.stem}.{form}"
    done = refknot("export", "--format", form, "-o", path, *options, recording)
    assert done.status == 0, done.told
    return path


def sums(recording):
    """What reports say in all: {value of export: number}."""
    told = refknot("report", "--format", "json", recording)
    assert told.status == 0, told.told
    document = json.loads(told.out)
    process, kinds = document["process"], document["verdict"]["by_kind"]
    lost = [kinds[k] for k in ("orphaned-cycle", "leaked-reference", "leak")]
    peak = read_json("objects", recording, "--at", "peak", "--by", "site")
    return {
        "peak-bytes": sum(t["bytes"] for t in peak["types"]),
        "peak-blocks": sum(t["live"] for t in peak["types"]),
        "live-bytes": process["live_bytes"],
        "live-blocks": process["live_blocks"],
        "allocations": process["allocations"],
        "leaked-bytes": sum(k["bytes"] + k["held_bytes"] for k in lost),
        "leaked-blocks": sum(k["objects"] + k["held_objects"] for k in lost),
    }


def folded(path):
    """Collapsed stacks as flamegraph.pl reads them: [(frames, number)]."""
    rows = []
    for line in path.read_text().splitlines():
        found = re.fullmatch(r"(.*)\s+?(\d+(?:\.\d*)?)", line)
        assert found, line
        rows.append((tuple(found[1].split(";")), int(found[2])))
    return rows


# --- profile.proto -------------------------------------------------------------

def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7f) << shift
        shift += 7
        if not byte & 0x80:
            return value, at


def fields(data):
    """The fields of a message: [(number, an integer or bytes)]."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        value, at = varint(data, at)
        if key & 7 == 2:
            assert at + value <= len(data)
            value, at = data[at:at + value], at + value
        else:
            assert key & 7 == 0
        yield key >> 3, value


def packed(data):
    at, values = 0, []
    while at < len(data):
        value, at = varint(data, at)
        values.append(value)
    return values


def pprof(data):
    """A profile as Go's decoder has it, as far as tests need it; checks what that
    checks (profile.CheckValid)."""
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    parts = {n: [] for n in range(1, 16)}
    for number, value in fields(data):
        parts[number].append(value)
    strings = [s.decode() for s in parts[6]]
    assert strings[0] == ""

    def message(value):
        return dict(fields(value))

    types = [(strings[t[1]], strings[t[2]])
             for t in map(message, parts[1])]
    mappings = {m[1]: m for m in map(message, parts[3])}
    functions = {f[1]: strings[f.get(2, 0)] for f in map(message, parts[5])}
    locations = {}
    for value in map(message, parts[4]):
        line = message(value[4])
        locations[value[1]] = functions[line[1]]
        if value.get(2):
            m = mappings[value[2]]
            assert m[2] <= value[3] < m[3]
    assert (len(mappings), len(functions), len(locations)) == tuple(
        len(parts[n]) for n in (3, 5, 4))  # no id twice
    assert 0 not in locations and 0 not in functions and 0 not in mappings
    samples = []
    for sample in map(message, parts[2]):
        values = packed(sample[2])
        assert len(values) == len(types)
        samples.append((tuple(locations[i] for i in packed(sample[1])), values))
    return {"types": types, "samples": samples,
            "preset": strings[parts[14][0]],
            "comments": [strings[n] for n in parts[13]],
            "program": strings[message(parts[3][0])[5]] if mappings else None,
            "totals": {name: sum(values[i] for _, values in samples)
                       for i, (name, _) in enumerate(types)}}
