# SPDX-License-Identifier: MIT
"""What was alive when, of series that timeline.c makes: points and key frames, how
many there may be, and how long blocks lived."""
import json
import re
import shutil
import struct
import zlib

import jsonschema
import pytest

from conftest import (SHIM, SOURCE, compiled, environment, read_json, record,
                      refknot, run)
from faults import program

TIMELINE = program("timeline")
KIB, MIB = 1024, 1024 * 1024
MOST_POINTS, MOST_KEYS = 1024, 32
META_FLAGS, META_PEAKS = 52, 1 << 14  # struct rkn_meta: a place, and a bit there
SCHEMA = json.loads(
    (SOURCE / "cli/report/refknot-report.schema.json").read_text())


def document(command, file, *options):
    read = read_json(command, file, *options)
    jsonschema.validate(read, SCHEMA)
    return read


def timeline(file, *options):
    return document("timeline", file, *options)["timeline"]


def recorded(directory, series):
    done = record(directory, TIMELINE, series)
    assert done.main.exists()
    return done


def in_order(points):
    """What holds of any timeline."""
    for a, b in zip(points, points[1:]):
        assert a["time_ns"] <= b["time_ns"]
        assert a["allocations"] <= b["allocations"]
        assert a["allocated_bytes"] <= b["allocated_bytes"]
    for p in points:
        assert p["least_bytes"] <= p["bytes"] <= p["most_bytes"]
    assert points[0]["time_ns"] == points[0]["bytes"] == 0
    assert len([p for p in points if p["peak"]]) == 1
    return points


def at(points, name, marks):
    """The points before and behind a mark."""
    time = next(m["time_ns"] for m in marks if m["name"] == name)
    return ([p for p in points if p["time_ns"] <= time],
            [p for p in points if p["time_ns"] > time])


def near(value, expected, part=0.1):
    assert abs(value - expected) <= expected * part, (value, expected)


def test_a_hill_is_seen_as_it_is(tmp_path):
    t = timeline(recorded(tmp_path, "hill").main)
    points = in_order(t["points"])
    before, behind = at(points, "top", t["marks"])
    assert len(before) > 5 and len(behind) > 5
    near(max(p["most_bytes"] for p in points), 8 * MIB, 0.01)
    near(next(p["bytes"] for p in points if p["peak"]), 8 * MIB, 0.01)
    # It only grows, only falls, and only grows again, as far as points tell.
    fall, rise = at(behind, "bottom", t["marks"])
    for part, sign in ((before, 1), (fall, -1), (rise, 1)):
        for a, b in zip(part, part[1:]):
            assert sign * (b["bytes"] - a["bytes"]) >= 0, (a, b)
    near(min(p["least_bytes"] for p in behind), MIB, 0.1)
    near(points[-1]["bytes"], 4 * MIB, 0.01)
    assert points[-1]["blocks"] == 1024
    assert points[-1]["allocations"] == 2816


def test_key_frames_have_what_each_site_had(tmp_path):
    main = recorded(tmp_path, "hill").main
    t = timeline(main, "--by", "function")
    kinds = [i["kind"] for i in t["instants"]]
    assert kinds[0] == "start" and kinds[-1] == "end"
    assert {"peak", "mark", "key frame"} <= set(kinds)
    (grow,) = [g for g in t["groups"] if g["name"] == "grow"]
    marks = [i for i, k in enumerate(kinds) if k == "mark"]
    assert [grow["blocks"][i] for i in marks] == [2048, 256]
    assert grow["bytes"][kinds.index("peak")] == 8 * MIB
    assert grow["bytes"][0] == 0 and grow["bytes"][-1] == 4 * MIB
    for i in t["instants"], t["points"]:
        assert [x["time_ns"] for x in i] == sorted(x["time_ns"] for x in i)


def test_what_grew_between_two_times(tmp_path):
    main = recorded(tmp_path, "hill").main
    b = document("objects", main, "--between", "bottom", "end")["between"]
    assert (b["from"]["kind"], b["to"]["kind"]) == ("mark", "end")
    (row,) = b["rows"]
    assert "grow at timeline.c:" in row["name"]
    assert (row["before"], row["after"], row["delta"]) == (256, 1024, 768)
    assert row["bytes_delta"] == 3 * MIB
    done = refknot("objects", "--between", "top", "90%", main)
    assert done.status == 0
    assert re.match(r"from \S+ ms \(mark\)\nto \S+ ms \([a-z ]+\)",
                    done.out.decode())


@pytest.mark.parametrize("times, words", [
    (["end", "start"], "earlier time first"),
    (["90%", "top"], "earlier time first: 90% is at "),
    (["nowhere", "end"], "not a time of the run"), (["-1", "end"], "not a time"),
    (["start", "50s"], "is behind the end of the run"),
    (["101%", "200%"], "is behind the end of the run"),
    (["5%"], "takes two times"), (["5%", "6%", "--churn"], "neither --churn"),
    (["5%", "6%", "--func", "f"], "nor --func"),
    (["0.000001", "0.000002"], "nothing is known by call stack; the nearest")])
def test_times_that_are_none_are_refused(times, words, tmp_path):
    main = recorded(tmp_path, "hill").main
    done = refknot("objects", "--between", *times, cwd=tmp_path) \
        if len(times) < 2 else refknot("objects", "--between", *times, main)
    assert done.status == 2 and words in done.told


@pytest.mark.parametrize("key", ["size", "root"])
def test_rows_that_stacks_do_not_know_are_refused(key):
    done = refknot("timeline", "--by", key)
    assert done.status == 2
    assert done.told.strip() == ("refknot: timeline: --by takes neither size nor root: "
                                 "call stacks keep sums only")


STEPS = """
#include <stdlib.h>
#include <time.h>

static void *volatile kept[3];

static void rest(void)
{
\tnanosleep(&(struct timespec){ 0, 200000000 }, NULL);
}

int main(void)
{
\tkept[0] = malloc(1000000);
\trest();
\tkept[1] = malloc(3000000);
\trest();
\tkept[2] = malloc(6000000);
\trest();
\treturn 0;
}
"""


def between(file, *times):
    """What text and JSON say of it."""
    done = refknot("objects", "--between", *times, file)
    assert done.status == 0
    return done.out.decode(), document("objects", file, "--between", *times)["between"]


def test_where_the_instant_had_other_bytes_alive_that_is_said(tmp_path):
    program = compiled(tmp_path, "steps", STEPS, "-g")
    file = record(tmp_path, program).main
    text, b = between(file, "start", "50%")
    asked, taken = b["to"]["asked_bytes"], b["to"]["bytes"]
    assert asked == 4000000 and b["from"]["asked_bytes"] == b["from"]["bytes"] == 0
    line = re.search(r"^at \S+ ms (\S+ \S+) were alive in all, at the instant taken "
                     r"(\S+ \S+): ", text, re.M)
    assert bool(line) == (asked != taken)
    # 5 ms before the last step the nearest instant is behind it, or is it.
    last = [p["time_ns"] for p in timeline(file)["points"] if p["bytes"] > 5000000][0]
    text, b = between(file, "start", f"{(last - 5000000) / 1e6}ms")
    assert (b["to"]["asked_bytes"], b["to"]["bytes"]) == (4000000, 10000000)
    assert re.search(r"^at \S+ ms 3\.8 MiB were alive in all, at the instant taken "
                     r"9\.5 MiB: what changed by call stack is not exact$", text, re.M)
    text, b = between(file, "start", "end")
    assert " in all" not in text
    assert (b["to"]["bytes"], b["to"]["asked_bytes"]) == (10000000, 10000000)


def test_the_total_has_what_did_not_change_too(tmp_path):
    file = record(tmp_path, compiled(tmp_path, "steps", STEPS, "-g")).main
    last = [p["time_ns"] for p in timeline(file)["points"] if p["bytes"] == 4000000][0]
    text, b = between(file, f"{last / 1e6}ms", "end")
    assert b["from"]["bytes"] == 4000000
    assert re.search(r"^ *2 +3 +\+1 +\+5\.7 MiB  total$", text, re.M), text


def test_the_second_time_may_follow_the_recording(tmp_path):
    main = recorded(tmp_path, "hill").main
    done = [refknot("objects", *words) for words in (
        ["--between", "top", "bottom", main],
        [main, "--between", "top", "bottom"])]
    assert done[0].status == 0 and done[0].out == done[1].out
    done = refknot("objects", main, "--between", "top")
    assert done.status == 2 and "takes two times" in done.told


def test_start_peak_and_end_of_a_small_run(tmp_path):
    main = recorded(tmp_path, "few").main
    t = timeline(main, "--by", "function")
    kinds = [i["kind"] for i in t["instants"]]
    assert (kinds[0], kinds[-1]) == ("start", "end") and "peak" in kinds
    deltas = {}
    for times in ("start", "end"), ("start", "peak"), ("peak", "end"):
        b = document("objects", main, "--between", *times)["between"]
        assert (b["from"]["kind"], b["to"]["kind"]) == times
        deltas[times] = [r["delta"] for r in b["rows"]]
    assert list(deltas.values()) == [[1], [8], [-7]]


def test_a_block_that_moves_is_alive(tmp_path):
    points = in_order(timeline(recorded(tmp_path, "moves").main)["points"])
    assert len(points) > 20
    for p in points[3:]:
        assert p["least_bytes"] >= MIB, p


def test_time_that_passes_before_a_process_is_killed(tmp_path):
    main = recorded(tmp_path, "waits").main
    points = in_order(timeline(main)["points"])
    peak = next(p for p in points if p["peak"])
    assert peak["bytes"] == points[-1]["bytes"] == 10 * MIB
    assert points[-1]["time_ns"] > peak["time_ns"] + 700000000
    lines = refknot("timeline", main, env=environment(LC_ALL="C")).out
    bars = [line for line in lines.decode().splitlines() if " |" in line]
    assert {len(b) for b in bars} == {79} and bars[0].endswith("####")


def test_a_program_that_waits_does_not_grow(tmp_path):
    main = recorded(tmp_path, "late").main
    t = timeline(main)
    peak = next(p for p in t["points"] if p["peak"])
    assert peak["bytes"] == 40 * KIB
    assert 0.4e9 <= peak["time_ns"] < t["points"][-1]["time_ns"] - 0.09e9
    lines = refknot("timeline", main, env=environment(LC_ALL="C")).out
    bars = [line for line in lines.decode().splitlines() if " |" in line]
    # One column in ten is more than 40 ms.
    assert bars[0].rstrip("#:.").endswith(40 * " ")
    assert 40 * " " in bars[-2]


def test_one_block_after_a_program_waited(tmp_path):
    points = in_order(timeline(recorded(tmp_path, "once").main)["points"])
    peak = next(p for p in points if p["peak"])
    assert peak["bytes"] == 51 * MIB
    # The clock that is read for it may be 4 ms behind.
    assert 0.39e9 < peak["time_ns"] < points[-1]["time_ns"] - 0.09e9


def test_marks_use_no_numbers(tmp_path):
    main = recorded(tmp_path, "ticks").main
    points = in_order(timeline(main)["points"])
    assert points[-1]["births"] == points[-1]["allocations"] == 500
    assert churn(main)[0]["total"]["temporary"] == 1


def test_two_threads_together(tmp_path):
    points = in_order(timeline(recorded(tmp_path, "threads").main)["points"])
    peak = next(p for p in points if p["peak"])
    assert 16 * MIB < peak["bytes"] <= 24 * MIB
    # What is not published, of each.
    assert max(p["most_bytes"] for p in points) <= 24 * MIB + 256 * KIB
    assert points[-1]["bytes"] < 64 * KIB
    assert len(points) > 10


def test_a_forked_child_begins_anew(tmp_path):
    done = recorded(tmp_path, "forks")
    (child,) = done.children
    parent = in_order(timeline(done.main)["points"])
    points = in_order(timeline(child)["points"])
    assert max(p["most_bytes"] for p in parent) == 8 * MIB
    assert max(p["most_bytes"] for p in points) == MIB
    assert points[-1]["bytes"] == 0
    assert points[-1]["allocations"] == 256
    assert len(points) > 3


def killed(directory):
    """The store that a process leaves which is killed."""
    done = run(TIMELINE, "dies",
               env=environment(LD_PRELOAD=SHIM, REFKNOT_OUT=directory))
    assert done.status == -9
    (store,) = directory.glob("*.rkn")
    return store


def test_a_killed_process_leaves_its_timeline(tmp_path):
    store = killed(tmp_path)
    with open(store, "rb") as file:
        assert file.read(8) == b"RKNSTORE"
    points = in_order(timeline(store)["points"])
    before, behind = at(points, "top", timeline(store)["marks"])
    assert len(before) > 5 and len(behind) > 5
    near(max(p["most_bytes"] for p in points), 8 * MIB, 0.01)
    assert points[-1]["blocks"] == 1024
    finished = recorded(tmp_path, "dies").main
    assert finished.read_bytes()[:4] == b"\x89RKN"
    assert len(in_order(timeline(finished)["points"])) > 10


def test_ten_million_allocations_stay_within_bounds(tmp_path):
    done = recorded(tmp_path, "many")
    t = timeline(done.main)
    points = in_order(t["points"])
    assert points[-1]["allocations"] == 10000000
    # With the start, the peak and the end.
    assert 171 <= len(points) <= MOST_POINTS + 3
    assert sum(i["kind"] == "key frame" for i in t["instants"]) <= MOST_KEYS
    assert done.main.stat().st_size < MIB
    # Evenly: no part of the run is without.
    steps = [b["births"] - a["births"] for a, b in zip(points, points[1:])]
    assert max(steps) < 10000000 / 50, max(steps)


def test_a_burst_does_not_hide_what_is_slow(tmp_path):
    points = in_order(timeline(recorded(tmp_path, "slow").main)["points"])
    slow = [p for p in points if p["allocations"] > 1000001]
    assert len(points) - len(slow) > 20
    assert len(slow) > 20
    # But for the first 256, which it had the numbers for.
    late = [p for p in slow if p["allocations"] > 1000300]
    for a, b in zip(late, late[1:]):
        assert b["allocations"] - a["allocations"] < 50


def recorded_wide(directory):
    """Its recording, timeline, key frames, and the rows of the others and of deep()."""
    main = recorded(directory, "wide").main
    t = timeline(main, "--by", "site")
    keys = [i for i, x in enumerate(t["instants"]) if x["kind"] == "key frame"]
    assert keys
    rows = {name: next((g for g in t["groups"] if g["name"].startswith(name)), None)
            for name in ("(smaller", "deep at")}
    return main, t, keys, rows["(smaller"], rows["deep at"]


def test_many_stacks_are_summed_and_the_large_ones_stay(tmp_path):
    # A key frame takes a 64th of the time: on a busy machine the first may be the end.
    for i in range(10):
        (tmp_path / str(i)).mkdir()
        main, t, keys, others, deep = recorded_wide(tmp_path / str(i))
        end = t["instants"][-1]["time_ns"] - 50000000
        full = [i for i in keys if others and others["blocks"][i]
                and t["instants"][i]["time_ns"] < end]
        if full:
            break
    assert full
    for i in full:
        assert deep["blocks"][i] < 7424
        assert deep["blocks"][i] + others["blocks"][i] <= 1 << 14
    # Those that it does not name have not grown behind it.
    time = f"{t['instants'][full[-1]]['time_ns'] / 1e9:.9f}"
    rows = document("objects", main, "--between", time, "end")["between"]
    assert rows["from"]["kind"] == "key frame"
    assert [r["name"] for r in rows["rows"]
            if r["name"].startswith(("deep at", "(smaller"))] == []
    assert b"only the sum is known" in refknot(
        "objects", "--between", time, "end", main).out
    last = full[-1]
    assert deep["blocks"][last] + others["blocks"][last] == 1 << 14
    assert deep["bytes"][last] >= 11 * MIB
    assert others["bytes"][last] < MIB


def churn(file, *options):
    c = document("objects", file, "--churn", *options)["churn"]
    return c, {r["name"].split()[0]: r for r in c["rows"]}


@pytest.mark.parametrize("series", ["churn", "inside"])
def test_how_long_blocks_lived(series, tmp_path):
    c, rows = churn(recorded(tmp_path, series).main, "--by", "function")
    assert rows["briefly"]["allocations"] == 600012
    assert rows["churn"]["allocations"] == 300000
    assert rows["briefly"]["temporary"] > 0.99
    assert rows["briefly"]["median_below"] == 0
    # 299 others are allocated while one lives.
    assert rows["churn"]["temporary"] < 0.01
    assert rows["churn"]["median_below"] == 512
    assert 299 / 3 < rows["churn"]["mean_about"] < 299 * 3
    assert rows["briefly"]["mean_about"] < 1
    assert 299 / 9 < c["total"]["mean_about"] < 299
    assert abs(c["total"]["temporary"] - 2 / 3) < 0.1
    assert abs(sum(c["total"]["lives"]) - 1) < 0.001
    # 12 sizes, each but the first a copy of the one before.
    assert rows["copies"]["copies"] == 11
    assert rows["copies"]["copied_bytes"] == sum(
        16 << i for i in range(11))


def test_a_last_phase_is_not_the_run(tmp_path):
    c, rows = churn(recorded(tmp_path, "phases").main, "--by", "function")
    assert rows["phases"]["allocations"] == 1275000
    near(rows["phases"]["temporary"], 75 / 1275, 0.3)
    assert rows["phases"]["median_below"] == 32768
    assert sum(c["total"]["lives"]) == pytest.approx(1)


def test_what_was_resized_has_no_lifetime(tmp_path):
    c, rows = churn(recorded(tmp_path, "resizes").main, "--by", "function")
    assert rows["resizes"]["allocations"] == 1010
    assert rows["resizes"]["temporary"] is None
    assert rows["resizes"]["mean_about"] is None
    assert rows["briefly"]["temporary"] == 1


def test_how_long_blocks_lived_while_more_and_more_is_alive(tmp_path):
    c, rows = churn(recorded(tmp_path, "rises").main, "--by", "function")
    assert rows["rises"]["allocations"] == 60000
    assert abs(rows["rises"]["temporary"] - 1 / 2) < 0.1
    assert rows["pile"]["temporary"] is None


def test_what_a_function_costs(tmp_path):
    main = recorded(tmp_path, "churn").main
    c, rows = churn(main, "--func", "copies", "--by", "function")
    assert c["function"] == "copies"
    assert c["total"]["allocations"] == 36
    assert {n: r["allocations"] for n, r in rows.items()} == \
        {"briefly": 12, "copies": 24}
    assert c["all"]["allocations"] == 900036
    done = refknot("objects", "--func", "nothing_of_it", main)
    assert done.status == 2 and "nothing_of_it" in done.told
    # Recursion counts once.
    (tmp_path / "wide").mkdir()
    c, _ = churn(recorded(tmp_path / "wide", "wide").main, "--func", "deep")
    assert c["total"]["allocations"] == 1 << 14


def test_charts_are_plain_where_the_locale_is(tmp_path):
    main = recorded(tmp_path, "hill").main
    plain = refknot("timeline", main, env=environment(LC_ALL="C"))
    wide = refknot("timeline", main, env=environment(LC_ALL="C.UTF-8"))
    assert plain.out.isascii() and "█" in wide.out.decode()
    lines = plain.out.decode().splitlines()
    assert max(map(len, lines[1:])) <= 80
    assert any(line.startswith("^  peak, 8.0 MiB at") for line in lines)
    assert any(line.startswith("a  top, 8.0 MiB at") for line in lines)
    bars = [line for line in lines if " |" in line]
    assert len(bars) == 12 and bars[0].startswith("    8.0 MiB |")
    # The highest bar is where the peak's mark is.
    under = next(line for line in lines if "^" in line and "peak" not in line)
    assert bars[0][under.index("^")] in "#:."


def test_a_window(tmp_path):
    main = recorded(tmp_path, "hill").main
    t = timeline(main, "--from", "top", "--to", "bottom")
    assert t["from_ns"] < t["to_ns"]
    assert all(t["from_ns"] <= p["time_ns"] <= t["to_ns"]
               for p in t["points"])
    assert [m["name"] for m in t["marks"]] == ["top", "bottom"]


@pytest.mark.parametrize("options, words", [
    (["--from", "end", "--to", "10%"], "--from is after --to: end is at "),
    (["--from", "top", "--to", "start"], "--from is after --to"),
    (["--from", "x"], "not a time of the run"),
    (["--from", "50s"], '"50s" is behind the end of the run, which was at'),
    (["--to", "1e300"], "is behind the end of the run"),
    (["--from", "101%"], '"101%" is behind the end')])
def test_windows_that_are_none_are_refused(options, words, tmp_path):
    done = refknot("timeline", *options, recorded(tmp_path, "hill").main)
    assert done.status == 2 and words in done.told and not done.out


def test_the_end_may_be_written_as_it_is_printed(tmp_path):
    main = recorded(tmp_path, "few").main
    printed = refknot("timeline", main).out.decode().partition(" ms;")[0]
    end = timeline(main)["to_ns"]
    # 100.1 ms are up to 100.149.
    for time in f"{printed}ms", f"{printed}49ms", "100%":
        to = timeline(main, "--to", time)["to_ns"]
        assert end - 100000 < to <= end, time


def test_an_empty_window_has_no_chart(tmp_path):
    main = recorded(tmp_path, "hill").main
    done = refknot("timeline", "--from", "top", "--to", "top", main)
    assert done.status == 0 and b"|" not in done.out
    assert re.search(rb"the window is empty: it begins and ends at \S+ ms\n",
                     done.out)


@pytest.mark.parametrize("name, words", [
    ("brief", r"; most was alive: 416 B in 13 blocks; at the end 416 B in "
     r"13 blocks\n\nthe run is too short for times: no chart below 10 ms\n"),
    ("nothing", r"; at the end 0 B in 0 blocks\n\nno bytes were alive\n")])
def test_a_run_of_which_there_is_no_chart(name, words, tmp_path):
    # On a busy machine it may take longer.
    for i in range(10):
        (tmp_path / str(i)).mkdir()
        main = recorded(tmp_path / str(i), name).main
        if timeline(main)["to_ns"] < 10000000:
            break
    assert re.fullmatch(r"[\d.]+ [mu]s" + words,
                        refknot("timeline", main).out.decode())
    for p in timeline(main)["points"]:
        assert p["allocated_bytes"] >= p["bytes"], p


def test_the_axis_has_what_the_heading_has(tmp_path):
    lines = refknot("timeline", recorded(tmp_path, "small").main).out.decode()
    assert "416 B in 13 blocks" in lines
    scale = re.findall(r"(?m)^ *(\d+ B) [|+]", lines)
    assert scale == ["416 B", "208 B", "0 B"]


SQL = b"""create table t(a, b);
with recursive c(x) as (values(1) union all select x+1 from c where x<40000)
insert into t select x, hex(randomblob(20)) from c;
create index i on t(b); select count(*) from t a join t b on a.b = b.b;
"""
PERL = 'my %h; $h{$_} = "x" x ($_ % 100) for 1..40000; %h = (); print 1'


@pytest.mark.parametrize("argv, stdin", [
    (["sqlite3", ":memory:"], SQL), (["perl", "-e", PERL], b"")])
def test_real_programs(argv, stdin, tmp_path):
    if not shutil.which(argv[0]):
        pytest.skip(f"{argv[0]} is not installed")
    done = record(tmp_path, *argv, stdin=stdin)
    report = document("timeline", done.main, "--by", "site")
    points = in_order(report["timeline"]["points"])
    process = report["process"]
    peak = next(p for p in points if p["peak"])
    assert peak["bytes"] == process["peak_bytes"]
    assert points[-1]["allocations"] == process["allocations"]
    assert len(points) > 10 and report["timeline"]["groups"]
    total = churn(done.main)[0]["total"]
    assert total["allocations"] == process["allocations"]
    assert total["frees"] == process["frees"]
    assert 0 < total["temporary"] < 1


def without(data, kinds):
    """A recording whose chunks of these types are not there."""
    head = bytearray(data[:24])
    kept, at = [], struct.unpack_from("<I", data, 12)[0]
    while at < len(data):
        size = 32 + struct.unpack_from("<I", data, at + 16)[0]
        chunk = bytearray(data[at:at + size])
        at += size
        if struct.unpack_from("<H", chunk, 4)[0] in kinds:
            continue
        struct.pack_into("<H", chunk, 6, len(kept))
        struct.pack_into("<I", chunk, 28, zlib.crc32(bytes(chunk[:28])))
        kept.append(bytes(chunk))
    struct.pack_into("<I", head, 16, len(head) + sum(map(len, kept)))
    struct.pack_into("<I", head, 20, zlib.crc32(bytes(head[:20])))
    return bytes(head) + b"".join(kept)


def without_flag(data, flag):
    """A recording whose process has not that flag; its chunk is the first one."""
    data = bytearray(data)
    at = struct.unpack_from("<I", data, 12)[0]
    size = struct.unpack_from("<I", data, at + 16)[0]
    place = at + 32 + META_FLAGS
    flags = struct.unpack_from("<I", data, place)[0]
    assert flags & flag
    struct.pack_into("<I", data, place, flags & ~flag)
    struct.pack_into("<I", data, at + 20,
                     zlib.crc32(bytes(data[at + 32:at + 32 + size])))
    struct.pack_into("<I", data, at + 28, zlib.crc32(bytes(data[at:at + 28])))
    return bytes(data)


def test_a_peak_that_is_not_known_by_stack_is_a_point_only(tmp_path):
    main = recorded(tmp_path, "hill").main
    main.write_bytes(without_flag(main.read_bytes(), META_PEAKS))
    t = timeline(main, "--by", "function")
    assert len([p for p in t["points"] if p["peak"]]) == 1
    assert "peak" not in [i["kind"] for i in t["instants"]]


def test_a_recording_without_a_timeline_says_so(tmp_path):
    main = recorded(tmp_path, "hill").main
    old = tmp_path / "old.rkn"
    old.write_bytes(without(main.read_bytes(), ()))
    assert timeline(old)["points"]
    old.write_bytes(without(main.read_bytes(), (27, 28, 29, 30)))
    for command in (["timeline"], ["objects", "--between", "1%", "2%"]):
        done = refknot(*command, old)
        assert done.status == 2 and "not known" in done.told
    done = refknot("objects", "--churn", old)
    assert done.status == 0 and b"grow" in done.out
    assert b"what was copied is not known" in done.out
    assert b"%" not in done.out.split(b"how long")[0].split(b"90 %")[1]
    total = churn(old)[0]["total"]
    assert total["copies"] is total["copied_bytes"] is None
    assert total["temporary"] is None
