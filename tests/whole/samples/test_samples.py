# SPDX-License-Identifier: MIT
"""Each sample's first comment says what refknot must report about it."""
import re

import os

import pytest

from conftest import (BUILD, SOURCE, own_function, read_json, record, refknot,
                      run)

SAMPLES = sorted(p.stem for p in (SOURCE / "samples").glob("*.c"))


LESSONS = [name for name in SAMPLES if name.startswith("gc_")]


def words(name, what="refknot"):
    """What the sample says of itself, after `refknot:` or `output:`."""
    text = (SOURCE / "samples" / f"{name}.c").read_text()
    return re.findall(rf"^ \* {what}: (.*)$", text, re.M)


def sample(name):
    return BUILD / "samples" / name


def told(name, report):
    """The same of a report."""
    lines = []
    for f in report["findings"]:
        where = own_function(f["stack"], sample(name))
        objects = f"{f['objects']} object" + "s" * (f["objects"] != 1)
        if f["kind"] == "leak":
            held = f["held_objects"]
            line = f"leak {objects}, {f['bytes']} bytes, in {where}"
            if held:
                line += f", holding {held} objects"
            lines.append(line)
        else:
            lines.append(f"{f['kind']} {f['count']} times, {objects}, "
                         f"{f['bytes']} bytes")
            if f["held_objects"]:
                each = f["held_objects"] // f["count"]
                lines.append(f"each holds {each} object of "
                             f"{f['held_bytes'] // f['held_objects']} bytes")
            if f["kind"] == "orphaned-cycle":
                members = [m["type"] for m in f["members"]]
                lines.append("members " + ", ".join(members))
    return lines or ["nothing"]


@pytest.mark.parametrize("name", SAMPLES)
def test_report_is_what_the_sample_says(name, tmp_path):
    recorded = record(tmp_path, sample(name))
    assert recorded.outcome.status == 0
    assert words(name)
    assert sorted(told(name, recorded.report())) == sorted(words(name))


@pytest.mark.parametrize("name", LESSONS)
def test_lesson_prints_what_must_come_out(name, tmp_path):
    recorded = record(tmp_path, sample(name))
    lines = recorded.outcome.out.decode().splitlines()
    wanted = words(name, "output")
    assert len(wanted) >= 4
    for pattern in wanted:
        while lines and not re.fullmatch(" *" + pattern, lines[0]):
            del lines[0]
        assert lines, f"{pattern!r} did not come out, or too early"
        del lines[0]


@pytest.mark.parametrize("name", LESSONS)
def test_lesson_alone_says_how_to_run_it(name):
    done = run(sample(name))
    assert done.status == 0 and done.err == b""
    assert done.out.decode() == (
        f"nothing is recorded: refknot run {sample(name)}\n")


def test_a_cycle_that_is_not_collected_is_reported(tmp_path):
    recorded = record(tmp_path, sample("gc_cycle"),
                      env={**os.environ, "GC_CYCLE_NO_COLLECT": "1"})
    f, = recorded.report()["findings"]
    assert f["kind"] == "orphaned-cycle"
    assert [m["name"] for m in f["members"]] == ["Node#1", "Node#2"]
    closed, orphaned = (f["references"][k] for k in ("closed_by",
                                                     "orphaned_by"))
    assert (closed["holder"], closed["object"]) == ("Node#2", "Node#1")
    assert own_function(closed["stack"], sample("gc_cycle")) == "node_set_next"
    assert orphaned["object"] == "Node#2" and orphaned["count"] == 1


def test_a_cycle_is_drawn_with_fields_and_its_way_back(tmp_path):
    recorded = record(tmp_path, sample("orphaned_cycle"))
    text = refknot("report", "--full", recorded.main).out.decode()
    assert "ROOT" in text and "CYCLE BACK TO" in text
    assert "session_open" in text and "connection_accept" in text
    assert "--.connection-->\n" in text
    assert "--.session--> CYCLE BACK TO struct session#1\n" in text
    assert "orphaned_cycle.c:" in text
    cycles = refknot("cycles", recorded.main).out.decode()
    assert "--.connection--> struct connection --.session--> back\n" in cycles


def test_report_of_a_run_is_the_report_of_its_recording(tmp_path):
    main = tmp_path / "main.rkn"
    done = refknot("run", "-o", main, sample("leak"))
    later = refknot("report", main).out.decode()
    # The run knows that there was no other process.
    told = done.told.replace(", no children; ", "; ")
    assert "no children" in done.told and later.strip() in told
    assert refknot("leaks", main).status == 0


def test_a_clean_program_is_called_clean(tmp_path):
    recorded = record(tmp_path, sample("fine"))
    text = refknot("report", recorded.main).out.decode()
    assert "no findings" in text.splitlines()[0]


@pytest.mark.parametrize("by", ["type", "site", "function", "file", "size"])
def test_objects_sum_to_what_is_alive(by, tmp_path):
    recorded = record(tmp_path, sample("orphaned_cycle"))
    process = recorded.report()["process"]
    for limit in ("0", "1"):
        rows = read_json("objects", recorded.main, "--by", by, "--limit",
                         limit)["types"]
        assert sum(r["live"] for r in rows) == process["live_blocks"]
        assert sum(r["bytes"] for r in rows) == process["live_bytes"]
        assert len({r["type"] for r in rows}) == len(rows)
