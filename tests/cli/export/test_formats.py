# SPDX-License-Identifier: MIT
"""Each format, read by what its readers use, has what reports say."""
import csv
import functools
import json
import re
import subprocess
import xml.etree.ElementTree

import jsonschema
import pytest

from conftest import BUILD, SOURCE, compiled, read_json, record, refknot, run
from faults import program as fault_program
from readers import (INSTALLED, exported, folded, node_readers, pprof,
                     read_by, recorded, sums, tool)

VALUES = ["live-bytes", "live-blocks", "peak-bytes", "peak-blocks",
          "allocated-bytes", "allocations", "temporary-bytes", "temporary-blocks",
          "leaked-bytes", "leaked-blocks"]
NAMES = dict(zip(VALUES, ["inuse_space", "inuse_objects", "peak_space",
                          "peak_objects", "alloc_space", "alloc_objects",
                          "temporary_space", "temporary_objects",
                          "leaked_space", "leaked_objects"]))
TITLES = dict(zip(VALUES, ["alive at the end, bytes", "alive at the end, blocks",
                           "alive at the peak, bytes",
                           "alive at the peak, blocks",
                           "allocated in the whole run, bytes",
                           "allocated in the whole run, blocks",
                           "temporary by samples, bytes",
                           "temporary by samples, blocks",
                           "leaked, bytes", "leaked, blocks"]))

# Functions, files and types are called as nobody would: what separates, quotes
# or begins something in one of the formats, and bytes that are not UTF-8.
ODD = r'''
#include <stdlib.h>
#include <string.h>

struct odd { struct odd *next; };
struct odd *kept __asm__("\"kept <b>&#35;\"");

static __attribute__((noinline)) void *semicolon(size_t size)
    __asm__("\"se;mi 12\"");
static __attribute__((noinline)) void *quote(size_t size)
    __asm__("\"quo'te<&>%s\"");
static __attribute__((noinline)) void *bytes(size_t size)
    __asm__("\"by\377\302\233tes\"");

# 1 "we;ird <\"dir\">/na,me\377"
static void *semicolon(size_t size) { void *p = calloc(1, size); return p; }
static void *quote(size_t size) { void *p = calloc(1, size); return p; }
static void *bytes(size_t size) { void *p = malloc(size); return p; }

int main(void)
{
    kept = semicolon(100);
    kept->next = quote(200);
    kept->next->next = bytes(300);
    memset(kept->next->next, 0, 300);
    free(malloc(1000));
    return 0;
}
'''


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    directory = tmp_path_factory.mktemp("recordings")
    return recorded(directory, {
        "cycle": [BUILD / "samples/orphaned_cycle"],
        "objects": [BUILD / "samples/gc_cycle"],
        "odd": [compiled(directory, "odd", ODD, "-O1")],
        "typed": [compiled(directory, "typed", ODD, "-g", "-O1")],
    })


ALL = ["cycle", "objects", "odd", "typed", "sqlite3", "git", "python3"]


@pytest.fixture(params=ALL)
def recording(request, recordings):
    return recordings[request.param]


@functools.lru_cache
def known(recording):
    """What is to be compared: what reports know."""
    return sums(recording)


@pytest.fixture(scope="module")
def readers(tmp_path_factory):
    return node_readers(tmp_path_factory.mktemp("node"))


def test_folded_sums_are_those_of_reports(recording, tmp_path):
    for value, total in known(recording).items():
        path = exported(recording, "folded", "--value", value,
                        directory=tmp_path)
        assert sum(n for _, n in folded(path)) == total, value


def test_pprof_is_valid_and_has_every_value(recording, tmp_path):
    path = exported(recording, "pprof", directory=tmp_path)
    profile = pprof(path.read_bytes())
    assert profile["types"] == [(NAMES[v], "bytes" if "bytes" in v else "count")
                                for v in VALUES]
    for value, total in known(recording).items():
        assert profile["totals"][NAMES[value]] == total, value
    assert profile["preset"] == "inuse_space"
    document = read_json("report", recording)
    assert profile["program"] == document["recording"]["program"]
    # The innermost frame first, where folded has the outermost.
    stacks = folded(exported(recording, "folded", "--value", "allocations",
                             directory=tmp_path))
    assert ({tuple(f.replace(";", ":") for f in reversed(frames))
             for frames, _ in profile["samples"]} == {f for f, _ in stacks})


def test_go_reads_pprof(recording, tmp_path):
    program = tool("pprof")
    path = exported(recording, "pprof", directory=tmp_path)
    done = run(program, "-raw", path)
    assert done.status == 0, done.told
    for value, total in known(recording).items():
        done = run(program, "-top", "-nodecount=0", "-nodefraction=0", "-unit=B",
                   f"-sample_index={NAMES[value]}", path)
        assert done.status == 0, done.told
        found = re.search(r"nodes accounting for (\d+)B?, 100% of", done.out.decode())
        assert (int(found[1]) if found else 0) == total, done.out


def test_speedscope_reads_a_profile_for_each_value(recording, readers, tmp_path):
    path = exported(recording, "speedscope", directory=tmp_path)
    document = json.loads(path.read_text())
    schema = INSTALLED / "speedscope/dist/release/file-format-schema.json"
    jsonschema.Draft7Validator(json.loads(schema.read_text())).validate(document)
    assert [p["name"] for p in document["profiles"]] == list(TITLES.values())
    read = {p["name"]: p["total"]
            for p in read_by(readers, "speedscope", path)}
    for value, total in known(recording).items():
        assert read[TITLES[value]] == total, value
    frames = document["shared"]["frames"]
    stacks = {tuple(frames[i]["name"].replace(";", ":") for i in sample)
              for sample in document["profiles"][0]["samples"]}
    path = exported(recording, "folded", directory=tmp_path)
    assert stacks == {f for f, _ in folded(path)}


def test_heapprofile_is_the_tree_of_stacks(recording, readers, tmp_path):
    path = exported(recording, "heapprofile", directory=tmp_path)
    document = json.loads(path.read_text())
    sizes, lines = {}, set()

    def visit(node, above):
        frame = node["callFrame"]
        assert set(frame) == {"functionName", "scriptId", "url", "lineNumber",
                              "columnNumber"}
        here = (*above, frame["functionName"].replace(";", ":"))
        if above:
            lines.add((frame["functionName"], frame["lineNumber"] + 1))
        if node["selfSize"]:
            sizes[here[1:]] = sizes.get(here[1:], 0) + node["selfSize"]
        assert node["selfSize"] or node["children"] or not above
        return {node["id"]: node["selfSize"]} | {
            k: v for child in node["children"]
            for k, v in visit(child, here).items()}

    ids = visit(document["head"], ())
    assert sum(ids.values()) == known(recording)["live-bytes"]
    assert {s["nodeId"]: s["size"] for s in document["samples"]} == {
        k: v for k, v in ids.items() if v}
    path = exported(recording, "folded", directory=tmp_path)
    wanted = {}
    for frames, number in folded(path):
        wanted[frames] = wanted.get(frames, 0) + number
    assert sizes == wanted
    document = json.loads(exported(recording, "speedscope",
                                   directory=tmp_path).read_text())
    assert lines <= {(f["name"], f.get("line", 0))
                     for f in document["shared"]["frames"]}
    path = exported(recording, "heapprofile", directory=tmp_path)
    profile, = read_by(readers, "speedscope", path)
    assert profile["total"] == known(recording)["live-bytes"]


def test_callgrind_annotate_has_the_totals(recording, tmp_path):
    path = exported(recording, "callgrind", directory=tmp_path)
    for value, total in known(recording).items():
        done = run(tool("callgrind_annotate"), "--threshold=100", "--auto=no",
                   f"--show={NAMES[value]}", f"--sort={NAMES[value]}", path)
        assert done.status == 0, done.told
        line, = (row for row in done.out.decode(errors="replace").splitlines()
                 if "PROGRAM TOTALS" in row)
        assert int(line.split()[0].replace(",", "")) == total, value


def test_callgrind_has_what_functions_call(recordings, tmp_path):
    path = exported(recordings["cycle"], "callgrind", directory=tmp_path)
    done = run(tool("callgrind_annotate"), "--inclusive=yes", "--threshold=100",
               "--auto=no", "--show=inuse_space", path)
    rows = dict(reversed(re.match(r"\s*([\d,]+) \(.*?\)\s+\S+?:(\S+)", row).groups())
                for row in done.out.decode().splitlines()
                if re.match(r"\s*[\d,]+ \(.*?\)\s+\S+?:\S+", row))
    live = sums(recordings["cycle"])["live-bytes"]
    assert int(rows["main"].replace(",", "")) <= live
    assert int(rows["_start"].replace(",", "")) == live


def test_a_call_that_recurs_counts_once(tmp_path):
    program = compiled(tmp_path, "recurs", """
#include <stdlib.h>
void *kept;
static __attribute__((noinline)) void *deep(int depth)
{
    void *p = depth ? deep(depth - 1) : malloc(1000);
    __asm__ volatile ("" : : "r"(p));
    return p;
}
int main(void)
{
    kept = deep(5);
    return 0;
}
""", "-g", "-O1", "-fno-optimize-sibling-calls")
    path = exported(record(tmp_path, program).main, "callgrind")
    names, costs, caller, called = {}, [], None, None
    for line in path.read_text().splitlines():
        if found := re.match(r"(c?fn)=\((\d+)\)(?: (.*))?$", line):
            name = names.setdefault(found[2], found[3])
            if found[1] == "fn":
                caller = name
            else:
                called = name
        elif line.startswith("calls="):
            costs.append((caller, called))
        elif re.match(r"\d+ ", line) and costs and len(costs[-1]) == 2:
            costs[-1] += (int(line.split()[1]),)
    assert ("deep", "deep", 1000) in costs and ("main", "deep", 1000) in costs
    assert all(cost[2] == 1000 for cost in costs)


def ms_print(path):
    """What it reads: [(ms, bytes)] of snapshots, and what it prints."""
    done = run(tool("ms_print"), path)
    assert done.status == 0, done.told
    text = done.out.decode(errors="replace")
    rows = re.findall(r"(?m)^ *(\d+) +([\d,]+) +([\d,]+) +[\d,]+ +0 +0$", text)
    assert [int(n) for n, *_ in rows] == list(range(len(rows)))
    return [(int(time.replace(",", "")), int(total.replace(",", "")))
            for _, time, total in rows], text


def massif_trees(path):
    """{snapshot: ("peak" or "detailed", its tree)} of those that have one."""
    parts = path.read_bytes().split(b"#-----------\nsnapshot=")[1:]
    return {int(number): (kind.decode(), tree) for number, kind, tree in (
        re.fullmatch(rb"(\d+)\n.*?heap_tree=(\w+)\n(.*)", part,
                     re.DOTALL).groups() for part in parts) if tree}


def test_massif_has_the_peak_and_the_end(recording, tmp_path):
    path = exported(recording, "massif", directory=tmp_path)
    rows, text = ms_print(path)
    live, peak = (known(recording)[v] for v in ("live-bytes", "peak-bytes"))
    trees = massif_trees(path)
    (top,) = [n for n, (kind, _) in trees.items() if kind == "peak"]
    assert f"{top} (peak)" in text
    assert rows[0] == (0, 0) and rows[top][1] == peak and rows[-1][1] == live
    for number, (_, tree) in trees.items():
        is_tree(tree, rows[number][1])


@pytest.mark.parametrize("series", ["hill", "wide"])
def test_massif_has_what_was_alive_when(series, tmp_path):
    made = record(tmp_path, fault_program("timeline"), series).main
    rows, _ = ms_print(path := exported(made, "massif"))
    told = read_json("timeline", made, "--by", "function")["timeline"]
    points = [(p["time_ns"] // 1000000, p["bytes"]) for p in told["points"]]
    # Key frames are between, or are a point.
    assert set(points) <= set(rows)
    assert rows == sorted(rows, key=lambda row: row[0])
    kinds = [i["kind"] for i in told["instants"]]
    sums_then = [(i["time_ns"] // 1000000, sum(g["bytes"][n] for g in told["groups"]))
                 for n, i in enumerate(told["instants"]) if i["kind"] != "mark"]
    trees = massif_trees(path)
    assert [rows[n] for n in trees] == sums_then[1:]  # the start has none
    assert kinds.count("key frame") == len(trees) - 2 > 3
    assert [kind for kind, _ in trees.values()].count("peak") == 1
    for number, (_, tree) in trees.items():
        is_tree(tree, rows[number][1])
    assert (b" in more places, all below" in path.read_bytes()) == (
        series == "wide")


def is_tree(text, whole):
    """Massif's: each node has its children, and not more than their sum."""
    tree = text.splitlines()
    counts = [re.match(rb"( *)n(\d+): (\d+) ", line).groups() for line in tree]
    for i, (indent, children, size) in enumerate(counts):
        below = []
        for inner, _, part in counts[i + 1:]:
            if len(inner) <= len(indent):
                break
            if len(inner) == len(indent) + 1:
                below.append(int(part))
        assert len(below) == int(children)
        assert sum(below) <= int(size)
        assert not i or not below or len(indent) > 0
    top = [int(size) for indent, _, size in counts if len(indent) == 1]
    assert sum(top) == whole


@pytest.mark.parametrize("name", ["cycle", "sqlite3", "python3"])
def test_dhat_shows_one_value(name, recordings, readers, tmp_path):
    recording = recordings[name]
    said = known(recording)
    for value, verb in (("live", "Alive at the end"), ("leaked", "Leaked"),
                        ("peak", "Alive at the peak")):
        path = exported(recording, "dhat", "--value", f"{value}-bytes",
                        directory=tmp_path)
        shown = read_by(readers, "dhat", path)
        assert shown["total"] == said[f"{value}-bytes"]
        assert shown["blocks"] == said[f"{value}-blocks"]
        if shown["blocks"]:
            assert f"{verb} at {{" in shown["text"]
        document = json.loads(path.read_text())
        assert (document["bklt"], document["bkacc"]) == (False, False)
    path = exported(recording, "dhat", "--value", "allocated-bytes",
                    directory=tmp_path)
    shown = read_by(readers, "dhat", path)
    assert shown["blocks"] == said["allocations"]
    assert "Allocated in the whole run at {" in shown["text"]


@pytest.mark.parametrize("name", ["cycle", "sqlite3", "python3"])
def test_dhat_has_the_peak_and_the_end(name, recordings, readers, tmp_path):
    recording = recordings[name]
    said = known(recording)
    path = exported(recording, "dhat", directory=tmp_path)
    shown = read_by(readers, "dhat", path)
    assert [shown[k] for k in ("peak", "peakBlocks", "end", "endBlocks")] == [
        said[k] for k in ("peak-bytes", "peak-blocks", "live-bytes", "live-blocks")]
    assert shown["blocks"] == said["allocations"]
    document = json.loads(path.read_text())
    assert (document["bklt"], document["bkacc"]) == (True, False)
    points = read_json("timeline", recording)["timeline"]["points"]
    assert document["te"] == points[-1]["births"]
    assert document["tg"] == next(p["births"] for p in points if p["peak"])
    assert "t-gmax: " in shown["text"] and "avg lifetime " in shown["text"]
    for point in document["pps"]:
        for b, k in (("gb", "gbk"), ("eb", "ebk")):
            assert point[b] <= point["mb"] <= point["tb"]
            assert point[k] <= point["mbk"] <= point["tbk"]
        assert 0 <= point["tl"] <= point["tbk"] * document["te"]


def test_dhat_has_how_long_blocks_lived(short, readers, tmp_path):
    path = exported(short, "dhat", directory=tmp_path)
    document = json.loads(path.read_text())
    names = [text.split(": ")[-1].split(" (")[0] for text in document["ftbl"]]
    lives = {names[p["fs"][0]]: p["tl"] / p["tbk"] for p in document["pps"]}
    assert lives["at_once"] == 0
    assert 8 <= lives["later"] < 64  # the bucket of the nine that are born between
    # Those that are alive at the end: of each that is known.
    shown = read_by(readers, "dhat", path)
    assert shown["lifetime"] == pytest.approx(
        sum(p["tl"] for p in document["pps"]) / 6000)


def test_dhat_of_what_has_no_lifetimes_has_one_value(short, readers, tmp_path):
    cut = tmp_path / "cut.rkn"
    for size in range(len(short.read_bytes()), 0, -100):
        cut.write_bytes(short.read_bytes()[:size])
        done = refknot("export", "-f", "dhat", cut)
        if not json.loads(done.out)["bklt"]:
            break
    (tmp_path / "cut.dhat").write_bytes(done.out)
    shown = read_by(readers, "dhat", tmp_path / "cut.dhat")
    assert shown["blocks"] == 6000 and "avg lifetime" not in shown["text"]


def test_csv_has_the_rows_of_objects(recording, tmp_path):
    for by in ("type", "site", "root"):
        path = exported(recording, "csv", "--by", by, directory=tmp_path)
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file, strict=True))
        wanted = read_json("objects", recording, "--by", by, "--retained")
        columns = ("live", "bytes", "retained_objects", "retained_bytes")
        assert ([(r[by], *(int(r[c]) for c in columns)) for r in rows
                 if int(r["live"])]
                == [(t["type"], *(t[c] for c in columns))
                    for t in wanted["types"]])
        if by != "root":
            peak = read_json("objects", recording, "--by", by, "--at", "peak")
            assert {r[by]: (int(r["peak_blocks"]), int(r["peak_bytes"]))
                    for r in rows if int(r["peak_blocks"])} == {
                        t["type"]: (t["live"], t["bytes"]) for t in peak["types"]}
        if by == "type":
            history = {t["type"]: (t["allocated"], t["freed"]) for t in
                       read_json("report", recording)["types"]}
            assert {r[by]: (int(r["allocated"]), int(r["freed"]))
                    for r in rows} | history == {
                        r[by]: (int(r["allocated"]), int(r["freed"]))
                        for r in rows}


TABLE = json.loads((SOURCE / "cli/report/refknot-table.schema.json").read_text())


@pytest.mark.parametrize("by", ["type", "site", "function", "file", "size", "root"])
def test_json_has_the_table_of_csv(by, recording, tmp_path):
    path = exported(recording, "csv", "--by", by, directory=tmp_path)
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, strict=True))
    document = json.loads(exported(recording, "json", "--by", by,
                                   directory=tmp_path).read_text())
    jsonschema.validate(document, TABLE)
    names = [c["name"] for c in document["columns"]]
    units = {c["name"]: c["unit"] for c in document["columns"]}
    assert names == list(rows[0]) and names[0] == by
    assert [n for n in names if units[n] == "bytes"] == [
        n for n in names if n.endswith("bytes") or n == "size"]
    assert [n for n in names if units[n] == "text"] == [by] * (by != "size")
    if by == "size":
        assert all(r["bytes"] == r["live"] * r["size"] for r in document["rows"])
    assert [c["name"] for c in document["columns"] if c["sampled"]] == [
        n for n in names if n.startswith("sampled_")]
    for row, known_row in zip(document["rows"], rows, strict=True):
        assert list(row) == names and known_row == {
            n: "" if value is None else str(value) for n, value in row.items()}


def trace_of(recording, readers, directory):
    """What a model of traces has: the process's name, {counter: [(ns, {series:
    value})]} and [(instant, ns)]."""
    path = exported(recording, "perfetto", directory=directory)
    read = read_by(readers, "trace", path)
    assert read["others"] == 0
    counters, instants = {}, []
    for e in read["events"]:
        at = round(e["ms"] * 1000000)
        if e["phase"] == "C":
            assert all(isinstance(v, int) for v in e["args"].values())
            counters.setdefault(e["name"], []).append((at, e["args"]))
        elif e["phase"] == "i":
            instants.append((e["name"], at))
        else:
            assert (e["name"], e["phase"]) == ("process_name", "M")
    return read["name"], counters, instants


COUNTERS = {("alive", "bytes"): "bytes", ("blocks", "alive"): "blocks",
            ("allocated", "bytes"): "allocated_bytes",
            ("allocations", "so far"): "allocations"}


@pytest.mark.parametrize("series", ["hill", "wide"])
def test_a_trace_has_what_was_alive_when(series, readers, tmp_path):
    made = record(tmp_path, fault_program("timeline"), series).main
    name, counters, instants = trace_of(made, readers, tmp_path)
    assert name == fault_program("timeline").name
    told = read_json("timeline", made, "--by", "site", "--limit", "0")["timeline"]
    for (counter, part), known_as in COUNTERS.items():
        assert counters.pop(counter) == [
            (p["time_ns"], {part: p[known_as]}) for p in told["points"]]
    sites = counters.pop("alive by site")
    assert not counters
    rows = {g["name"]: g["bytes"] for g in told["groups"]}
    assert [time for time, _ in sites] == [i["time_ns"] for i in told["instants"]]
    for n, (_, values) in enumerate(sites):
        assert sum(values.values()) == sum(row[n] for row in rows.values())
        assert all(rows[name][n] == value for name, value in values.items()
                   if name != "(others)")
    assert len(sites[0][1]) == min(len(rows), 21)
    assert sorted(instants) == sorted(
        [(m["name"], m["time_ns"]) for m in told["marks"]]
        + [("peak", p["time_ns"]) for p in told["points"] if p["peak"]])


def test_a_trace_needs_a_timeline(recordings, readers, tmp_path):
    name, counters, _ = trace_of(recordings["typed"], readers, tmp_path)
    assert name == "typed"
    _, sites = counters["alive by site"][-1]
    assert {s for s in sites if "na,me\\xff:" in s and sites[s] == 300}
    cut = tmp_path / "cut.rkn"
    cut.write_bytes(recordings["odd"].read_bytes()[:700])
    done = refknot("export", "-f", "perfetto", cut)
    assert done.status == 2 and not done.out
    assert "export: what was alive when is not known: an older version" in done.told


# --- Temporary blocks -----------------------------------------------------------------

SHORT = """
#include <stdlib.h>
static void *volatile p, *kept[10];
static __attribute__((noinline)) void at_once(void)
{
    for (int i = 0; i < 3000; i++) {
        p = malloc(48);
        free(p);
    }
}
static __attribute__((noinline)) void later(void)
{
    for (int i = 0; i < 3000; i++) {
        free(kept[i % 10]);
        kept[i % 10] = malloc(100);
    }
}
int main(void)
{
    at_once();
    later();
    return 0;
}
"""


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    place = tmp_path_factory.mktemp("short")
    return record(place, compiled(place, "short", SHORT, "-g")).main


def test_temporary_blocks_are_a_value_of_their_own(short, readers, tmp_path):
    # As many as the samples stand for.
    blocks, = (row["sampled_temporary_blocks"] for row in
               read_json("export", short, "--by", "function")["rows"]
               if row["function"] == "at_once")
    assert 2500 <= blocks <= 3000
    wanted = {"temporary-blocks": blocks, "temporary-bytes": blocks * 48}
    go = pprof(exported(short, "pprof", directory=tmp_path).read_bytes())
    path = exported(short, "speedscope", directory=tmp_path)
    drawn_by = {p["name"]: p["total"] for p in read_by(readers, "speedscope", path)}
    for value, total in wanted.items():
        done = refknot("export", "-f", "folded", "-o", tmp_path / "folded",
                       "--value", value, short)
        assert done.status == 0
        assert done.told == (f"refknot: export: {value} is by samples of what was "
                             "freed\n")
        rows = [(stack[-1], number) for stack, number in folded(tmp_path / "folded")]
        assert rows == [("at_once", total)]
        assert go["totals"][NAMES[value]] == drawn_by[TITLES[value]] == total
    assert go["comments"] == ["temporary_space and temporary_objects are by samples "
                              "of what was freed"]
    done = run(tool("pprof"), "-comments", tmp_path / "main.pprof")
    assert "by samples" in done.out.decode(), done.told
    path = exported(short, "callgrind", directory=tmp_path)
    assert "event: temporary_space : temporary by samples, bytes\n" in path.read_text()
    done = run(tool("callgrind_annotate"), "--show=temporary_space", path)
    assert re.search(fr"{blocks * 48:,} \(100.0%\) .*:at_once", done.out.decode()), done.told
    for by in ("function", "type"):
        with exported(short, "csv", "--by", by, directory=tmp_path).open() as file:
            rows = list(csv.DictReader(file))
        assert [(int(r["sampled_temporary_blocks"]),
                 int(r["sampled_temporary_bytes"])) for r in rows
                if int(r["sampled_temporary_blocks"])] == [tuple(wanted.values())]
    churn = {r["name"]: r["temporary"] for r in
             read_json("objects", short, "--churn", "--by", "function")["churn"]["rows"]}
    assert churn == {"at_once": 1, "later": 0}


def test_temporary_blocks_are_not_known_of_what_was_cut(short, tmp_path):
    cut, whole = tmp_path / "cut.rkn", short.read_bytes()

    def folded_by(value):
        return refknot("export", "-f", "folded", "--value", value, cut)

    for size in range(len(whole), 0, -100):
        cut.write_bytes(whole[:size])
        done = folded_by("temporary-blocks")
        if not done.out:
            break
    assert done.status == 2
    assert "export: temporary-blocks is not known: an older version" in done.told
    assert folded_by("live-blocks").out  # which come before
    done = refknot("export", "-f", "speedscope", cut)
    assert "temporary" not in done.out.decode()
    done = refknot("export", "-f", "csv", cut)
    assert {r["sampled_temporary_blocks"] for r in
            csv.DictReader(done.out.decode().splitlines())} == {""}


# --- Graphs ------------------------------------------------------------------------

def graph(path):
    networkx = pytest.importorskip("networkx")
    return networkx.read_graphml(path)


def drawn(path):
    """What Graphviz makes of a file: [(kind, ...)] of its plain output."""
    done = subprocess.run([tool("dot"), "-Tplain", path], capture_output=True,
                          check=False, timeout=60)
    assert done.returncode == 0 and not done.stderr, done.stderr
    text = done.stdout.decode().replace("\\\n", "")
    return [line.split(" ") for line in text.splitlines()]


def test_types_are_a_graph(recording, tmp_path):
    path = exported(recording, "graphml", directory=tmp_path)
    types = read_json("objects", recording)["types"]
    nodes = [data for _, data in graph(path).nodes(data=True)]
    assert sorted((n["label"], n["objects"], n["bytes"]) for n in nodes) == sorted(
        (t["type"], t["live"], t["bytes"]) for t in types[:len(nodes)])
    assert len(nodes) == min(len(types), 60)
    shapes = drawn(exported(recording, "dot", directory=tmp_path))
    assert (len([s for s in shapes if s[0] == "node"])
            == len(nodes) + (len(types) > 60))
    assert (len([s for s in shapes if s[0] == "edge"])
            == graph(path).number_of_edges())


def test_a_cycle_is_one_component(recordings, tmp_path):
    path = tmp_path / "cycle.dot"
    done = refknot("export", "-f", "dot", "-o", path, recordings["cycle"], "1")
    assert done.status == 0, done.told
    # The nodes of each strong component that is a cycle.
    done = run(tool("sccmap"), "-d", path)
    assert done.status == 0, done.told
    told = done.out.decode()
    finding, = read_json("cycles", recordings["cycle"])["findings"]
    assert told.count("digraph cluster_") == 1
    assert len(re.findall(r"(?m)^\tn\d+\t\[", told)) == len(finding["members"])
    assert told.count(" -> ") == sum(len(m["edges"])
                                     for m in finding["members"])


@pytest.mark.parametrize("form", ["dot", "graphml"])
def test_what_is_near_an_object_has_its_pointers(form, recordings, tmp_path):
    path = tmp_path / form
    done = refknot("export", "-f", form, "-o", path, recordings["typed"],
                   "struct odd#1")
    assert done.status == 0, done.told
    if form == "dot":
        text = path.read_text()
        assert '[label="kept in typed"' in text and 'label=".next"' in text
        drawn(path)
        return
    nodes = graph(path).nodes(data=True)
    kinds = sorted(data["kind"] for _, data in nodes)
    assert kinds == ["block", "block", "meant", "root"]
    assert sorted(d["bytes"] for _, d in nodes if d["bytes"]) == [100, 200, 300]


def test_a_neighbourhood_has_at_most_fifty_blocks(tmp_path):
    program = compiled(tmp_path, "star", """
#include <stdlib.h>
#define MANY 5000
static void **hub;
int main(void)
{
    hub = calloc(MANY, sizeof(*hub));
    for (int i = 0; i < MANY; i++)
        hub[i] = malloc(24);
    return 0;
}
""", "-g")
    made = record(tmp_path, program).main
    path = tmp_path / "near.graphml"
    done = refknot("export", "-f", "graphml", "-o", path, made, "void *[]#1")
    assert done.status == 0, done.told
    assert graph(path).number_of_nodes() == 51  # and the root
    path = tmp_path / "near.dot"
    refknot("export", "-f", "dot", "-o", path, made, "void *[]#1")
    assert "there are more" in path.read_text()


# --- Names ---------------------------------------------------------------------------

def test_odd_names_are_data(recordings, readers, tmp_path):
    made, typed = recordings["odd"], recordings["typed"]
    frames = {f for stack, _ in folded(exported(made, "folded", directory=tmp_path))
              for f in stack}
    names = {"se:mi 12", "quo'te<&>%s", "by\\xff\\xc2\\x9btes"}
    assert names <= frames
    kept = {n.replace(":", ";") for n in names}
    profile = pprof(exported(made, "pprof", directory=tmp_path).read_bytes())
    assert kept <= {f for stack, _ in profile["samples"] for f in stack}
    for form in ("speedscope", "heapprofile", "heapsnapshot", "dhat"):
        text = exported(made, form, directory=tmp_path).read_text()
        assert "\x9b" not in text
        assert kept <= {t for t in texts(json.loads(text))} or form == "dhat"
    rows = exported(made, "callgrind", directory=tmp_path).read_text()
    assert all(f") {n}\n" in rows for n in kept)
    rows = exported(typed, "callgrind", directory=tmp_path).read_text()
    assert '/we;ird <"dir">/na,me\\xff\n' in rows
    table = exported(typed, "csv", "--by", "file", directory=tmp_path)
    with table.open(newline="", encoding="utf-8") as file:
        row, = csv.DictReader(file, strict=True)
    assert row["file"].endswith('we;ird <"dir">/na,me\\xff')
    root = xml.etree.ElementTree.parse(exported(made, "graphml",
                                                directory=tmp_path)).getroot()
    assert root.tag.endswith("graphml")


def texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)
