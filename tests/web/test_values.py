# SPDX-License-Identifier: MIT
"""What the page shows is what the command line says with --format json."""
import collections
import json
import subprocess

import pytest

from conftest import refknot
from shown import count, seconds, signed, size, time

pytest_plugins = ["pages"]

NAMES = ["orphaned_cycle", "leak", "reference", "gc_cycle", "sqlite", "redis", "git",
         "python", "cxx"]


def expected_live(said, key):
    return next(t["live"] for t in said["types"] if t["type"] == key)


@pytest.mark.parametrize("by", ["type", "site"])
@pytest.mark.parametrize("name", NAMES)
def test_groups(browser, pages, name, by):
    page = pages(name)
    browser.open(page.path, by + "s")
    rows = {row[0]: row[1:] for row in browser.rows()}
    said = page.json("objects", "--by", by, "--retained", "--limit", "0")
    expected = {t["type"]: [str(t["live"]), size(t["bytes"]),
                            size(t["retained_bytes"])] for t in said["types"]}
    assert expected
    assert {key: rows[key][:3] for key in expected} == expected
    history = {t["type"]: [str(t["allocated"]), str(t["freed"])]
               for t in page.json("report")["types"]}
    peak = {t["type"]: size(t["bytes"]) for t in
            page.json("objects", "--by", by, "--at", "peak")["types"]}
    assert peak.keys() <= rows.keys()
    for key, row in rows.items():
        if row[3] == "?":  # a type that single blocks have
            assert by == "type" and row[4:] == ["?", "?"], key
            assert int(history[key][0]) < expected_live(said, key)
            continue
        assert row[3] == peak.get(key, size(0)), key
        if by == "type":
            assert row[4:] == history[key], key
        if key not in expected:
            assert row[0] == "0", key


@pytest.mark.parametrize("name", NAMES)
def test_findings(browser, pages, name):
    page = pages(name)
    said = page.json("report", "--limit", "0")
    browser.open(page.path)
    browser.run("document.querySelectorAll('.finding').forEach((d) => d.open = 1)")
    browser.settle()
    assert browser.run("return document.querySelectorAll('.finding').length") \
        == len(said["findings"])
    for n, f in enumerate(said["findings"], 1):
        card = f".finding:nth-of-type({n}) "
        head = browser.text(card + "summary")
        assert f["kind"].replace("-", " ").upper() in head.upper()
        if f["retained_bytes"] is not None:
            assert size(f["retained_bytes"]) in head
        body = browser.text(card + ".body")
        assert f["signature"] in body
        assert site_of(page, f) in head
        for member in f["members"][:12]:
            assert member["name"] in body
        frames = browser.texts(card + ".stack code")
        names = [s["function"] for s in f["stack"][:12]]
        assert len(frames) == len(names)
        for frame, function in zip(frames, names):
            assert function is None or frame == function


def site_of(page, finding):
    """The site of its first member, as a table of sites has it."""
    if not finding["members"]:
        return ""
    o = page.data()["readings"][0]
    at, texts = 0, o["texts"]
    for i, step in enumerate(o["objects"]["address"]):
        at += step
        if at == int(finding["members"][0]["address"], 16):
            return texts[o["objects"]["site"][i]]
    raise AssertionError(finding["members"][0])


@pytest.mark.parametrize("name", NAMES)
def test_verdict_and_process(browser, pages, name):
    page = pages(name)
    said = page.json("report", "--limit", "0")
    browser.open(page.path)
    verdict = browser.text(".verdict")
    lost = [kind for kind in ("orphaned-cycle", "leaked-reference", "leak")
            if said["verdict"]["by_kind"][kind]["findings"]]
    for kind in lost:
        found = said["verdict"]["by_kind"][kind]["findings"]
        assert f"{found} {kind.replace('-', ' ')}" in verdict
    if not said["verdict"]["findings"]:
        assert verdict.startswith("No findings")
    sums = [said["verdict"]["by_kind"][kind] for kind in lost]
    if sums:
        bytes_lost = sum(s["bytes"] + s["held_bytes"] for s in sums)
        assert f"{size(bytes_lost)} lost" in verdict
    facts = browser.text(".facts")
    process = said["process"]
    assert f"{size(process['live_bytes'])} in " \
        + count(process["live_blocks"], "block") in facts
    assert size(process["peak_bytes"]) in facts
    error = process["peak_error_bytes"]
    assert ("perhaps" in facts) == (error > 0)
    assert f"perhaps {size(error)} more" in facts or not error
    assert f"{process['allocations']}, {process['frees']} freed" in facts


def folded(page, value):
    """{stack: value} and the sums of functions with what they call."""
    done = refknot("export", "--format", "folded", "--value", value,
                   page.recording)
    assert done.status == 0, done.told
    totals, own, whole = collections.Counter(), collections.Counter(), 0
    for line in done.out.decode().splitlines():
        stack, number = line.rsplit(" ", 1)
        names = stack.split(";")
        whole += int(number)
        own[names[-1]] += int(number)
        for function in set(names):
            totals[function] += int(number)
    return totals, own, whole


@pytest.mark.parametrize("value", ["live-bytes", "live-blocks",
                                   "peak-bytes", "peak-blocks",
                                   "allocated-bytes", "allocations",
                                   "temporary-bytes", "temporary-blocks",
                                   "leaked-bytes", "leaked-blocks"])
@pytest.mark.parametrize("name", ["orphaned_cycle", "sqlite", "python", "cxx"])
def test_flame_graph(browser, pages, name, value):
    page = pages(name)
    totals, own, whole = folded(page, value)
    browser.open(page.path, "flame")
    browser.choose("main select", value)
    text = size if value.endswith("bytes") else str
    assert browser.text(".about").split("\n")[-1].startswith(text(whole))
    browser.run("document.querySelector('main > details').open = true")
    browser.settle()
    rows = {row[0]: row[1:3] for row in browser.rows()}
    # A ";" in a name would end it there.
    assert {key.replace(";", ":"): row for key, row in rows.items()} == \
        {key: [text(totals[key]), text(own[key])] for key in totals
         if totals[key]}


@pytest.mark.parametrize("name", NAMES)
def test_treemap(browser, pages, name):
    page = pages(name)
    live = page.json("report")["process"]["live_bytes"]
    browser.open(page.path, "treemap")
    assert browser.text(".way button") == f"all, {size(live)}"
    data = page.data()["readings"][0]
    # Each block is kept once: what is below the root is all there is.
    assert sum(data["tree"]["bytes"]) == live
    assert sum(data["tree"]["blocks"]) == \
        page.json("report")["process"]["live_blocks"]
    tiles = browser.run("return Array.from(document.querySelectorAll('.tile'),"
                        "(t) => t.getAttribute('aria-label'))")
    rows = browser.rows()
    assert rows and tiles
    top = rows[0]
    assert any(t.startswith(f"{top[0]}, {top[1]}") for t in tiles)


def objects(page, most):
    """Numbers and addresses of some: those that alone keep most others, and each
    nth."""
    o = page.data()["readings"][0]["objects"]
    addresses, at = [], 0
    for step in o["address"]:
        at += step
        addresses.append(at)
    keepers = collections.Counter(by for by in o["dominator"] if by >= 0)
    big = [by for by, _ in keepers.most_common(most)]
    some = list(range(0, len(addresses), max(1, len(addresses) // most)))
    return [(i, addresses[i]) for i in sorted({*big, *some})]


def facts(browser):
    return dict(zip(browser.texts(".object .facts dt"),
                    browser.texts(".object .facts dd")))


@pytest.mark.parametrize("name", NAMES)
def test_object_cards(browser, pages, name):
    page = pages(name)
    browser.open(page.path, "objects")
    referrers = {row[0]: row[3] for row in browser.rows()}
    for number, address in objects(page, 4):
        said = show(page, address)
        browser.view(f"object/{number}")
        told = facts(browser)
        assert browser.text("h2") == said["name"]
        if said["name"] in referrers:
            assert referrers[said["name"]] == \
                str(len(said["pointers_in"]) + len(said["roots"]))
        assert told["Size"] == size(said["bytes"])
        assert told["Address"] == said["address"]
        if said["retained_bytes"] is not None:
            assert told["Retained"] == f"{size(said['retained_bytes'])} in " \
                + count(said["retained_objects"], "block")
        assert told["Kept by"] == (said["retained_by"] or "no block alone")
        assert told.get("Finding") == (str(said["finding"])
                                       if said["finding"] else None)
        to, by = pointers(browser)
        assert to == collections.Counter(
            p["object"] for p in said["pointers_out"])
        assert sum(by.values()) == \
            len(said["pointers_in"]) + len(said["roots"])
        assert not collections.Counter(
            p["object"] for p in said["pointers_in"]) - by
        assert browser.texts(".stack li code") == \
            [f["function"] or f"{base(f['module'])}+{f['offset']}"
             for f in said["stack"]]
        way = browser.texts(".path li")
        if said["path_root"]:
            assert len(way) == len(said["path"]) + 2 or len(way) > 40
            assert way[-1].endswith(said["name"])
        elif said["state"] == "lost":
            assert way == []


def base(path):
    return path.rsplit("/", 1)[-1]


def pointers(browser):
    """Names of what a card's object points at, and of what points at it."""
    found = []
    for n in (1, 2):
        part = f".halves section:nth-of-type({n}) "
        rows = browser.rows(part) if browser.texts(part + "table") else []
        found.append(collections.Counter(row[1] for row in rows))
    return found


def show(page, address):
    done = refknot("show", "--format", "json", page.recording, hex(address))
    assert done.status == 0, done.told
    return json.loads(done.out)["object"]


SIZES = {0: "0 B", 1: "1 B", 1023: "1023 B", 1024: "1.0 KiB", 1075: "1.0 KiB",
         1076: "1.1 KiB", 1048524: "1023.9 KiB", 1048525: "1.0 MiB",
         (1 << 30) - 1: "1.0 GiB", 5 * (1 << 40): "5.0 TiB",
         (1 << 60) // 1024 * 3: "3.0 PiB"}


def test_sizes_are_as_the_command_line_has_them(browser, pages, tmp_path):
    def change(data):
        types = data["readings"][0]["types"]
        for key in types:
            if types[key]:
                types[key] = [types[key][0]] * len(SIZES)
        types["bytes"] = list(SIZES)
    page = pages("leak").with_data(tmp_path / "page.html", change)
    browser.open(page.path, "types")
    assert [row[2] for row in browser.rows()] == list(SIZES.values())[::-1]
    assert [size(number) for number in SIZES] == list(SIZES.values())


# --- The timeline

TIMED = [*NAMES, "phases"]


@pytest.mark.parametrize("name", TIMED)
def test_timeline(browser, pages, name):
    page = pages(name)
    said = page.json("timeline")["timeline"]
    browser.open(page.path, "timeline")
    browser.run("document.querySelector('main > details').open = true")
    browser.settle()
    assert browser.rows("details .table table") == [
        [time(p["time_ns"]), size(p["bytes"]), str(p["blocks"]),
         size(p["most_bytes"]), size(p["least_bytes"]), str(p["allocations"]),
         size(p["allocated_bytes"])] for p in said["points"]]
    told = browser.text(".about")
    for p in said["points"][-1:] + [p for p in said["points"] if p["peak"]]:
        assert f"{time(p['time_ns'])}: {size(p['bytes'])} in " \
            + count(p["blocks"], "block") in told
    assert [p["peak"] for p in said["points"]] == [
        bool(x) for x in page.data()["readings"][0]["timeline"]["peak"]]
    marks = [[m["name"], time(m["time_ns"]), size(m["bytes"]), str(m["blocks"])]
             for m in said["marks"]]
    assert len(marks) == (3 if name == "phases" else len(marks))
    if marks:
        rows = browser.rows("h3 ~ .table table")
        assert [[row[0].split("  ", 1)[1], *row[1:]] for row in rows] == marks


@pytest.mark.parametrize("by", ["type", "site"])
@pytest.mark.parametrize("name", ["phases", "sqlite", "redis", "cxx"])
def test_key_frames(pages, name, by):
    page = pages(name)
    said = page.json("timeline", "--by", by, "--limit", "0")["timeline"]
    r = page.data()["readings"][0]
    frames = r["timeline"]["frames"]
    assert [f["t"] for f in frames] == [i["time_ns"] for i in said["instants"]]
    for column in ("bytes", "blocks"):
        sums = collections.defaultdict(lambda: [0] * len(frames))
        for at, frame in enumerate(frames):
            for stack, n in zip(frame["stack"], frame[column]):
                sums[r["texts"][r["stacks"][by][stack]]][at] += n
        assert sums == {g["name"]: g[column] for g in said["groups"]}


# 8,192 call stacks, of which a key frame has not all.
MANY = r"""
#include <stdlib.h>
void *kept[8192];
static void go(int depth, unsigned bits, unsigned n)
{
	if (!depth)
		kept[n] = malloc(32 + n % 7);
	else if (bits & 1)
		go(depth - 1, bits >> 1, n);
	else
		go(depth - 1, bits >> 1, n);
}
int main(void)
{
	for (int k = 0; k < 40; k++)
		for (unsigned n = 0; n < 8192; n++) {
			free(kept[n]);
			go(13, n, n);
		}
	return 0;
}
"""


def test_what_key_frames_have_together(browser, page_of, tmp_path):
    (tmp_path / "many.c").write_text(MANY)
    subprocess.run(["gcc", "-g", "-O0", "-o", tmp_path / "many",
                    tmp_path / "many.c"], check=True)
    page = page_of(tmp_path / "many")
    r = page.data()["readings"][0]
    rest = len(r["stacks"]["node"])
    keys = [f for f in r["timeline"]["frames"] if rest in f["stack"]]
    assert keys, "no key frame has more stacks than it has rows"
    at = keys[-1]
    point = max((p for p in page.json("timeline")["timeline"]["points"]
                 if p["time_ns"] <= at["t"]), key=lambda p: p["time_ns"])
    assert abs(sum(at["bytes"]) - point["bytes"]) < point["bytes"] / 10
    way = ["0", seconds(at["t"])]
    said = page.json("objects", "--between", *way, "--by", "type", "--limit",
                     "0")["between"]["rows"]
    together = next(row for row in said if row["name"].startswith("("))
    browser.open(page.path, "timeline")
    browser.brush(way)
    browser.view("types")
    assert "Smaller stacks together gained " \
        + signed(size_signed(together["bytes_delta"])) in browser.text("main")
    browser.view("flame")
    assert browser.text(".about").split("\n")[-1].endswith(
        signed(size_signed(sum(row["bytes_delta"] for row in said))))


WINDOWS = [(0, 1), (0.2, 0.8), (0.5, 0.51), (0.7, 1), (0.45, 0.65)]


@pytest.mark.parametrize("way", WINDOWS)
@pytest.mark.parametrize("name", ["phases", "sqlite", "redis"])
def test_what_was_gained(browser, pages, name, way):
    page = pages(name)
    end = page.json("timeline")["timeline"]["to_ns"]
    way = [seconds(int(part * end)) for part in way]
    browser.open(page.path, "timeline")
    browser.brush(way)
    told = refknot("objects", "--between", *way, page.recording)
    if told.status == 2 and "nothing is known by call stack" in told.told:
        assert "is the nearest to both ends of the window: what was gained is not known" \
            in browser.text("main")
        return
    whole = [0, 0]
    for by in ("type", "site"):
        said = page.json("objects", "--between", *way, "--by", by, "--limit",
                         "0")["between"]
        browser.view(by + "s")
        rows = {row[0]: row[1:3] for row in browser.rows()}
        changed = {row["name"]: [signed(size_signed(row["bytes_delta"])),
                                 signed(str(row["delta"]))]
                   for row in said["rows"]}
        assert {key: rows[key] for key in changed} == changed
        assert all(row == ["0 B", "0"] for key, row in rows.items()
                   if key not in changed)
        whole = [sum(row[k] for row in said["rows"])
                 for k in ("bytes_delta", "delta")]
    for value, text, n in (("gained-bytes", size_signed, whole[0]),
                           ("gained-blocks", str, whole[1])):
        browser.view("flame")
        browser.choose("main select", value)
        assert browser.text(".about").split("\n")[-1].endswith(
            ", " + signed(text(n)))


def size_signed(number):
    return "-" + size(-number) if number < 0 else size(number)


TIMES = {0: "0 s", 7: "7 ns", 999: "999 ns", 1000: "1.0 us", 999949: "999.9 us",
         999950: "1.0 ms", 999949999: "999.9 ms", 999950000: "1.0 s",
         59949999999: "59.9 s", 59950000000: "0 min 59 s", 61 * 10 ** 9: "1 min 1 s",
         3599 * 10 ** 9: "59 min 59 s", 7260 * 10 ** 9: "2 h 1 min"}


def test_times_are_as_the_command_line_has_them(browser, pages, tmp_path):
    def change(data):
        t = data["readings"][0]["timeline"]
        for key in t:
            if isinstance(t[key], list) and key != "frames":
                t[key] = [0] * len(TIMES)
        t["t"] = list(TIMES)
    page = pages("leak").with_data(tmp_path / "page.html", change)
    browser.open(page.path, "timeline")
    browser.run("document.querySelector('main > details').open = true")
    browser.settle()
    assert [row[0] for row in browser.rows()] == list(TIMES.values())
    assert [time(ns) for ns in TIMES] == list(TIMES.values())
