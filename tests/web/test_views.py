# SPDX-License-Identifier: MIT
"""Each view of the page: what it shows, by keys and by clicks, at all widths."""
import json
import re
import subprocess

import pytest

from conftest import read_json, record, refknot
from shown import size

pytest_plugins = ["pages"]

VIEWS = ["findings", "flame", "treemap", "timeline", "types", "sites", "objects",
         "object/0", "limits"]


# --- All of them

@pytest.mark.parametrize("name", ["orphaned_cycle", "sqlite", "git", "python",
                                  "cxx"])
def test_no_view_fails_or_asks_for_anything(browser, pages, name):
    browser.open(pages(name).path)
    for view in VIEWS:
        browser.view(view)
        assert browser.text("main h2")
    asked = browser.requests()
    assert asked and all(url.startswith("file://") and "page.html" in url
                         for url in asked), asked


def test_the_policy_forbids_requests(browser, pages):
    browser.open(pages("leak").path)
    assert browser.run(
        "return new Promise((r) => { document.addEventListener("
        "'securitypolicyviolation', (e) => r(e.effectiveDirective));"
        "const i = new Image(); i.src = 'file:///etc/hostname';"
        "setTimeout(() => r('nothing was forbidden'), 2000); })") == "img-src"
    assert browser.run(
        "return fetch('data:,x').then(() => 'fetched', () => 'forbidden')") \
        == "forbidden"
    browser.errors()  # these are of the policy


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("view", VIEWS)
def test_nothing_is_wider_than_the_window(browser, pages, view, width):
    browser.open(pages("cxx").path, view, width=width)
    browser.settle()
    assert browser.run("return document.documentElement.scrollWidth") <= width


def contrast(one, other):
    def light(colour):
        parts = [int(x) / 255 for x in re.findall(r"\d+", colour)[:3]]
        r, g, b = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4
                   for x in parts]
        return 0.2126 * r + 0.7152 * g + 0.0722 * b
    high, low = sorted([light(one), light(other)], reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast(browser, pages, scheme):
    browser.devtools("Emulation.setEmulatedMedia", features=[
        {"name": "prefers-color-scheme", "value": scheme}])
    browser.open(pages("orphaned_cycle").path)
    colours = browser.run("""
        const found = [];
        for (const e of document.querySelectorAll("#app *")) {
            const own = [...e.childNodes].some((n) => n.nodeType === 3
                && n.data.trim());
            if (!own || !e.offsetParent)
                continue;
            let under = e, ground;
            do {
                ground = getComputedStyle(under).backgroundColor;
                under = under.parentElement;
            } while (under && ground === "rgba(0, 0, 0, 0)");
            found.push([getComputedStyle(e).color, ground, e.innerText]);
        }
        return found""")
    dark = scheme == "dark"
    assert len(colours) > 30
    assert (contrast(colours[0][1], "rgb(0, 0, 0)") < 3) == dark
    for ink, ground, text in colours:
        assert contrast(ink, ground) >= 4.5, (text, ink, ground)
    browser.devtools("Emulation.setEmulatedMedia", features=[])


def test_the_switch_turns_the_colours(browser, pages):
    browser.open(pages("leak").path)
    ground = "return getComputedStyle(document.body).backgroundColor"
    before = browser.run(ground)
    browser.click(".theme")
    between = browser.run(ground)
    browser.click(".theme")
    assert before != between and browser.run(ground) == before


def test_every_control_has_a_name(browser, pages):
    browser.open(pages("cxx").path)
    for view in VIEWS:
        browser.view(view)
        nameless = browser.run("""
            return [...document.querySelectorAll("button, a[href], input, select,"
                + " canvas, [role=region], [role=group], [tabindex='0']")]
                .filter((e) => !(e.getAttribute("aria-label") || e.innerText
                    || e.textContent || e.closest("label")
                    || e.getAttribute("aria-hidden")))
                .map((e) => e.outerHTML.slice(0, 200))""")
        assert nameless == [], view


def test_the_page_is_walked_by_tab(browser, pages):
    browser.open(pages("leak").path)
    seen = []
    for _ in range(16):
        browser.press("Tab")
        seen.append(browser.run(
            "const e = document.activeElement, s = getComputedStyle(e);"
            "return [e.innerText || e.getAttribute('aria-label'),"
            " s.outlineStyle !== 'none' && s.outlineWidth !== '0px']"))
    assert [s[0] for s in seen][:4] == ["To the contents", "Dark", "Findings",
                                        "Flame graph"]
    # Behind the last one is the document itself.
    assert len([name for name, visible in seen if not visible]) <= 1


def test_slash_leads_to_the_search(browser, pages):
    browser.open(pages("sqlite").path, "types")
    browser.press("/", "c", "h", "a", "r")
    rows = browser.rows()
    assert rows and all("char" in row[0].lower() for row in rows)
    assert browser.run("return document.activeElement.type") == "search"


def test_printed_tables_are_whole(browser, pages):
    page = pages("python")
    browser.open(page.path, "objects")
    blocks = page.json("report")["process"]["live_blocks"]
    shown = browser.run("return document.querySelectorAll("
                        "'tbody tr:not([aria-hidden])').length")
    assert len(browser.rows()) == min(blocks, 1000) > shown


def test_without_scripts_there_is_a_list(browser, pages):
    page = pages("orphaned_cycle")
    browser.devtools("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.call("POST", browser.session + "/url",
                     {"url": f"file://{page.path}"})
        document = browser.devtools("DOM.getDocument", depth=-1)
        html = browser.devtools("DOM.getOuterHTML",
                                nodeId=document["root"]["nodeId"])["outerHTML"]
    finally:
        browser.devtools("Emulation.setScriptExecutionDisabled", value=False)
    assert "ORPHANED CYCLE   3 times" in html
    assert "to break it  clear or weaken connection.session" in html


def test_findings_are_printed_open_and_on_white(browser, many):
    browser.open(many[0])
    assert not browser.texts(".body")
    browser.run("dispatchEvent(new Event('beforeprint'))")
    browser.settle()
    assert len(browser.texts(".body")) == len(browser.texts(".finding")) == 3
    browser.click(".theme")
    browser.devtools("Emulation.setEmulatedMedia", media="print")
    ground = browser.run("return getComputedStyle(document.body).backgroundColor")
    browser.devtools("Emulation.setEmulatedMedia", media="")
    assert contrast(ground, "rgb(0, 0, 0)") > 15
    assert contrast(browser.run(
        "return getComputedStyle(document.body).backgroundColor"),
        "rgb(0, 0, 0)") < 3


def test_a_process_without_blocks(browser, page_of):
    page = page_of("/bin/true")
    browser.open(page.path)
    for view in [v for v in VIEWS if v != "object/0"]:
        browser.view(view)
        assert browser.text("main h2")


# --- Findings

def test_a_cycle_is_drawn_with_what_closed_it(browser, pages):
    page = pages("gc_cycle")
    cycles = [f for f in page.json("report", "--limit", "0")["findings"]
              if f["references"] and f["references"]["closed_by"]]
    assert cycles
    browser.open(page.path)
    browser.run("document.querySelectorAll('.finding').forEach((d) => d.open = 1)")
    browser.settle()
    closed = cycles[0]["references"]["closed_by"]
    lines = browser.run("return [...document.querySelectorAll('.graph')].map("
                        "(g) => [...g.querySelectorAll('li')].map((l) => "
                        "l.textContent))")
    closing = [line for of in lines for line in of
               if line.startswith(closed["holder"]) and
               line.split("\u2192")[1].strip().startswith(closed["object"])]
    assert len(closing) == 1 and closing[0].endswith("(closing)")
    assert browser.run("return document.querySelectorAll("
                       "'.edge.closing path').length")
    assert "closed the cycle" in browser.text(".key.closing")


def test_members_lead_to_their_cards(browser, pages):
    browser.open(pages("orphaned_cycle").path)
    assert browser.texts(".graph .edge text") == [".connection", ".session"]
    browser.click(".body .plain a")
    assert browser.text("h2") == "struct session#1"
    assert browser.text(".path") == ""
    assert "it is lost" in browser.text("main")


def test_the_suppression_suppresses(browser, pages, tmp_path):
    page = pages("orphaned_cycle")
    browser.open(page.path)
    browser.run("document.querySelector('.body > details').open = true")
    text = browser.text(".copied pre")
    file = tmp_path / "suppressions"
    file.write_text(text)
    program = page.json("report")["recording"]["program"]
    done = refknot("check", "--suppressions", file, "--", program,
                   cwd=tmp_path)
    assert done.status == 0, done.told
    assert refknot("check", "--", program, cwd=tmp_path).status != 0


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A page of three findings, and its recording."""
    tmp_path = tmp_path_factory.mktemp("many")
    source = tmp_path / "many.c"
    source.write_text("""
        #include <stdlib.h>
        static void *lose(int n) { return malloc(n); }
        void *one(void) { return lose(10); }
        void *two(void) { return lose(20); }
        int main(void) { one(); two(); void **p = malloc(64), **q = malloc(32);
            *p = q; *q = p; return 0; }
        """)
    subprocess.run(["gcc", "-g", "-o", tmp_path / "many", source], check=True)
    recording = record(tmp_path, tmp_path / "many").main
    assert refknot("view", "-o", tmp_path / "page.html", recording).status == 0
    return tmp_path / "page.html", recording


def test_findings_are_searched_and_chosen(browser, many):
    path, recording = many
    browser.open(path)
    assert len(browser.texts(".finding")) == 3
    browser.choose("main select", "orphaned-cycle")
    assert len(browser.texts(".finding")) == 1
    browser.choose("main select", "")
    leak = read_json("report", recording)["findings"][1]
    browser.choose("main .search", leak["signature"])
    assert len(browser.texts(".finding")) == 1
    browser.choose("main .search", "nothing like this")
    assert "None is like that" in browser.text()


def test_what_was_not_recorded_is_said(browser, page_of):
    program = "import os; os.kill(os.getpid(), 9)"
    page = page_of("/usr/bin/python3", "-S", "-c", program)
    said = page.json("report")
    assert said["complete"]
    browser.open(page.path)
    assert "not checked" in browser.text(".verdict")
    browser.view("limits")
    told = browser.text()
    for gap in said["complete"]:
        assert gap["what"] in told and gap["consequence"] in told
    browser.view("treemap")
    assert "is not known" in browser.text()


# --- Flame graph

def about(browser):
    return browser.text(".about").split("\n")


def test_the_flame_graph_is_walked_and_zoomed(browser, pages):
    browser.open(pages("orphaned_cycle").path, "flame")
    browser.press("Down", "Down", selector="canvas")
    first = about(browser)
    assert first[0].startswith("__libc_start")
    browser.press("Down", "Down", "Down", "Down")
    assert about(browser)[0].startswith("__printf")
    browser.press("Right")
    assert about(browser)[0].startswith("session_open")
    heights = browser.run("return document.querySelector('canvas').height")
    browser.press("Enter")
    zoomed = browser.run("return document.querySelector('canvas').height")
    assert zoomed < heights  # what is below the others is out of sight
    browser.press("Up")
    assert about(browser)[0].startswith("serve")
    browser.click(".bar button")
    assert browser.run("return document.querySelector('canvas').height") == heights


def test_a_click_zooms_where_it_is(browser, pages):
    browser.open(pages("orphaned_cycle").path, "flame")
    browser.run("""
        const c = document.querySelector("canvas");
        const area = c.getBoundingClientRect();
        for (const type of ["mousemove", "click"])
            c.dispatchEvent(new MouseEvent(type, { bubbles: true,
                clientX: area.left + area.width - 30, clientY: area.top + 6.5 * 20 }));
        """)
    browser.settle()
    assert about(browser)[0].startswith("connection_accept")
    assert not browser.run("return document.querySelector('.bar button').disabled")


def test_inverted_the_innermost_is_first(browser, pages):
    browser.open(pages("orphaned_cycle").path, "flame")
    browser.choose("main select", "leaked-bytes")
    browser.click("main input[type=checkbox]")
    browser.press("Down", selector="canvas")
    assert about(browser)[0].startswith("session_open")
    browser.press("Down")
    assert about(browser)[0].startswith("serve")


def test_a_search_says_how_much_it_found(browser, pages):
    browser.open(pages("orphaned_cycle").path, "flame")
    browser.choose("main .search", "session_open")
    assert "found: 888 B, 17.1 %" in browser.text()


# --- Treemap

def test_the_treemap_is_gone_down(browser, pages):
    browser.open(pages("orphaned_cycle").path, "treemap")
    tiles = browser.run("return [...document.querySelectorAll('.tile')].map("
                        "(t) => [t.getAttribute('aria-label'), t.className])")
    sessions = [t for t in tiles if t[0].startswith("struct session, 1.1 KiB")]
    assert len(sessions) == 1 and "lost" in sessions[0][1]
    browser.press("Enter", selector=".tile.lost")
    assert browser.texts(".way button")[1:] == ["struct session"]
    assert "3 blocks, 792 B; retained 1.1 KiB in 9 blocks" in browser.text(".about")
    assert {row[0] for row in browser.rows()} == {"struct connection", "char[]"}
    browser.press("Escape", selector=".tile")
    assert len(browser.texts(".way button")) == 1


def test_arrows_lead_from_tile_to_tile(browser, pages):
    browser.open(pages("sqlite").path, "treemap")
    first = browser.run("const t = document.querySelector('.tile'); t.focus();"
                        "return t.getAttribute('aria-label')")
    browser.press("Right")
    name = "return document.activeElement.getAttribute('aria-label')"
    second = browser.run(name)
    assert second != first
    browser.press("Left")
    assert browser.run(name) != second


# --- Tables

def test_tables_are_sorted_and_walked(browser, pages):
    page = pages("sqlite")
    browser.open(page.path, "types")
    browser.click("thead th:nth-child(2) button")
    alive = [int(row[1]) for row in browser.rows()]
    assert alive == sorted(alive, reverse=True)
    browser.click("thead th:nth-child(1) button")
    names = [row[0] for row in browser.rows()]
    assert names == sorted(names)
    assert browser.run("return document.querySelector('thead th').ariaSort") \
        == "ascending"
    browser.press("Down", "Down", selector=".scroll")
    assert browser.run("return document.querySelector('tr.active th').innerText")\
        == names[2]
    browser.press("End")
    assert browser.run("return document.querySelector('tr.active th').innerText")\
        == names[-1]
    browser.press("Home", "Enter")
    assert browser.text("h2") == "Objects"
    assert browser.run("return document.querySelector('.search').value") == names[0]


# --- Timeline

def add_timeline(data):
    """A run in which one stack grows, and another comes and goes."""
    r = data["readings"][0]
    nodes = [n for n in r["stacks"]["node"] if n >= 0]
    grows, passes = nodes[0], nodes[1]
    second = 10 ** 9
    r["timeline"] = {
        "t": [i * second for i in range(11)],
        "bytes": [1000 * i for i in range(11)],
        "blocks": list(range(11)),
        "frames": [{"t": t * second, "node": [grows, passes],
                    "bytes": [100 * t + 70, 5000 if t == 5 else 0],
                    "blocks": [t, 1 if t == 5 else 0]}
                   for t in (0, 5, 10)]}


def test_without_a_timeline_the_view_says_so(browser, pages, tmp_path):
    page = pages("leak").with_data(tmp_path / "page.html", lambda data:
                                   data["readings"][0].pop("timeline"))
    browser.open(page.path, "timeline")
    assert "has no timeline" in browser.text()


def test_the_timeline_is_the_recording_s(pages):
    page = pages("sqlite")
    t = page.data()["readings"][0]["timeline"]
    told = read_json("timeline", page.recording)["timeline"]
    assert [list(x) for x in zip(t["t"], t["bytes"], t["blocks"])] == [
        [p["time_ns"], p["bytes"], p["blocks"]] for p in told["points"]]
    assert [f["t"] for f in t["frames"]] == [
        i["time_ns"] for i in told["instants"]]
    assert not t["frames"][0]["node"]
    # The last has what is alive at the end.
    assert sum(t["frames"][-1]["bytes"]) == t["bytes"][-1]
    assert sum(t["frames"][-1]["blocks"]) == t["blocks"][-1]
    nodes = set(page.data()["readings"][0]["stacks"]["node"])
    assert all(n in nodes for f in t["frames"] for n in f["node"])


def test_a_window_of_the_timeline_is_everywhere(browser, pages, tmp_path):
    page = pages("sqlite").with_data(tmp_path / "page.html", add_timeline)
    browser.open(page.path, "timeline")
    assert browser.run("return document.querySelectorAll('.plot canvas').length")
    browser.run("document.querySelector('main > details').open = true")
    assert [row[1] for row in browser.rows()][:3] == ["0 B", "1000 B", "2.0 KiB"]
    area = browser.run("const b = document.querySelector('.u-over')"
                       ".getBoundingClientRect(); return [b.x, b.y, b.width]")
    def at(share):
        return {"type": "pointerMove", "duration": 50, "y": int(area[1] + 50),
                "x": int(area[0] + area[2] * share)}
    browser.call("POST", browser.session + "/actions", {"actions": [
        {"type": "pointer", "id": "mouse", "actions": [
            at(0.02), {"type": "pointerDown", "button": 0}, at(0.3), at(0.52),
            {"type": "pointerUp", "button": 0}]}]})
    browser.settle()
    browser.view("flame")
    assert re.match(r"Window: (\d+\.\d ms|\d\.\d s) to 5\.\d s", browser.text(".window"))
    assert about(browser)[-1].startswith("5.4 KiB")  # 500 and 5000 bytes
    browser.view("types")
    gained = [row[3] for row in browser.rows()]
    assert gained[0] == "+4.9 KiB" and "+500 B" in gained[:2]
    browser.click(".window button")
    assert "In the window" not in browser.text("thead")


# --- Two recordings

@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    directory = tmp_path_factory.mktemp("compared")
    sides = []
    for name, argv in (("before", ["sqlite3", ":memory:", "select 1;"]),
                       ("after", ["/usr/bin/python3", "-S", "-c", "import json"])):
        (directory / name).mkdir()
        sides.append(record(directory / name, *argv).main)
    page = directory / "page.html"
    done = refknot("view", "-o", page, *sides)
    assert done.status == 0, done.told
    return page, sides


def test_what_changed_is_what_diff_says(browser, compared):
    path, sides = compared
    done = refknot("diff", "--format", "json", "--limit", "0", *sides)
    changes = json.loads(done.out)
    rows = changes["difference"]["rows"]
    assert rows
    browser.open(path, "compare")
    shown = {row[0]: row[1:4] for row in browser.rows()}
    for row in rows:
        delta = f"{row['delta']:+d}" if row["delta"] else "0"
        assert shown[row["type"]] == [
            str(row["before"]), str(row["after"]), delta.replace("-", "\u2212")]
    assert len(shown) == len(rows)
    growth = {row["type"]: row["bytes"] for row in rows}
    order = [growth[key] for key in shown]
    assert order == sorted(order, reverse=True) and len(set(order)) > 1


def test_the_flame_graph_shows_what_changed(browser, compared):
    path, sides = compared
    live = [json.loads(refknot("report", "--format", "json", side).out)
            ["process"]["live_bytes"] for side in sides]
    browser.open(path, "flame")
    figures = about(browser)[-1]
    assert "\u2192" in figures and "+" in figures
    browser.choose("main .bar label:nth-child(2) select", "0")
    assert about(browser)[-1].startswith(size(live[0]))
    browser.choose("main .bar label:nth-child(2) select", "1")
    assert about(browser)[-1].startswith(size(live[1]))


# --- Recordings that are not whole

def test_what_a_cut_recording_lacks_is_not_0_beside_another(browser, compared,
                                                            tmp_path):
    _, (before, after) = compared
    cut = tmp_path / "cut.rkn"
    cut.write_bytes(before.read_bytes()[:before.stat().st_size * 2 // 3])
    page = tmp_path / "page.html"
    assert refknot("view", "-o", page, cut, after).status == 2
    browser.open(page, "compare")
    assert "What was alive is not known of" in browser.text("main")
    browser.open(page, "flame")
    assert browser.text("main h2") or "not known" in browser.text("main")


def test_functions_of_one_name_are_as_many_as_there_are(browser, tmp_path):
    sources = [tmp_path / "one.c", tmp_path / "two.c"]
    for n, source in enumerate(sources):
        source.write_text("#include <stdlib.h>\n"
                          "__attribute__((noinline)) static void *init(void)\n"
                          f"{{ return malloc({1000 + 4000 * n}); }}\n"
                          f"void *kept{n};\nvoid make{n}(void);\n"
                          f"void make{n}(void) {{ kept{n} = init(); }}\n")
    main = tmp_path / "main.c"
    main.write_text("void make0(void), make1(void);\n"
                    "int main(void) { make0(); make1(); }\n")
    program = tmp_path / "two"
    subprocess.run(["gcc", "-g", "-O0", "-o", program, main, *sources],
                   check=True)
    page = tmp_path / "page.html"
    made = record(tmp_path, program)
    assert refknot("view", "-o", page, made.main).status == 0
    browser.open(page, "flame")
    browser.run("document.querySelectorAll('details').forEach((d) => d.open = 1)")
    browser.settle()
    rows = [row for row in browser.rows() if row[0].startswith("init")]
    assert len(rows) == 2, browser.rows()


@pytest.mark.parametrize("share", [40, 60, 75, 90, 97])
def test_a_cut_recording_is_shown_as_far_as_it_goes(browser, pages, tmp_path,
                                                    share):
    whole = pages("sqlite").recording.read_bytes()
    cut = tmp_path / "cut.rkn"
    cut.write_bytes(whole[:len(whole) * share // 100])
    path = tmp_path / "page.html"
    done = refknot("view", "-o", path, cut)
    assert done.status == 2 and "cut.rkn" in done.told
    if not path.exists():
        pytest.skip("it has no recording at all")
    said = json.loads(refknot("report", "--format", "json", cut).out)
    browser.open(path)
    assert "not checked" in browser.text(".verdict")
    for view in VIEWS:
        browser.view(view)
        assert browser.text("main h2") or "not known" in browser.text()
    browser.view("limits")
    for gap in said["complete"]:
        assert gap["what"] in browser.text()
