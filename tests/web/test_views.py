# SPDX-License-Identifier: MIT
"""Each view of the page: what it shows, by keys and by clicks, at all widths."""
import json
import re
import subprocess

import pytest

from conftest import SOURCE, read_json, record, refknot
from shown import count, seconds, signed, size, time

pytest_plugins = ["pages"]

VIEWS = ["findings", "flame", "treemap", "timeline", "types", "sites", "objects",
         "object/0", "limits"]


# --- All of them

@pytest.mark.parametrize("name", ["orphaned_cycle", "sqlite", "redis", "git",
                                  "python", "cxx", "phases"])
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


@pytest.mark.parametrize("width", [320, 390])
def test_all_views_names_are_in_sight(browser, twice, width):
    """Also in a window that was wider when the page was opened."""
    browser.open(twice[0].path, "limits", width=500)
    browser.devtools("Emulation.setDeviceMetricsOverride", width=width,
                     height=900, deviceScaleFactor=1, mobile=False)
    browser.settle()
    places = browser.run("return Array.from(document.querySelectorAll('header nav a'),"
                         "(e) => { const b = e.getBoundingClientRect(); return"
                         "[b.left, b.right, b.top, b.bottom, !!e.ariaCurrent]; })")
    bottom = browser.run("return document.querySelector('header')"
                         ".getBoundingClientRect().bottom")
    assert len(places) == 9 and [p[4] for p in places] == [False] * 8 + [True]
    for left, right, top, low, _ in places:
        assert left >= 0 and right <= width and top >= 0 and low <= bottom + 1


def test_the_text_of_a_card_is_not_cut(browser, pages):
    browser.open(pages("leak").path, width=390)
    browser.run("document.querySelectorAll('details').forEach((d) => d.open = 1)")
    browser.settle()
    wide = ("return Array.from(document.querySelectorAll('pre'),"
            " (e) => e.scrollWidth > e.clientWidth)")
    cards = len(browser.texts("pre"))
    assert cards
    browser.run("document.querySelector('.card').append(' word'.repeat(30))")
    assert browser.run(wide) == [False] * cards
    browser.run("document.querySelector('.card').append('letters'.repeat(30))")
    assert browser.run(wide) == [False] * cards


def test_an_address_needs_no_slash(browser, pages):
    browser.open(pages("leak").path)
    for address, title in (("#timeline", "Timeline"), ("#/types", "Types"),
                           ("#objects/char[]", "Objects"), ("#", "Findings"),
                           ("#/limits", "What is not here"), ("", "Findings")):
        browser.run("location.hash = arguments[0]", address)
        browser.settle()
        assert browser.text("main h2") == title, address
    browser.open(pages("leak").path)
    browser.run("location.hash = '#objects/char[]'")
    browser.settle()
    assert browser.run("return document.querySelector('.search').value") == "char[]"


OUTSIDE = """
    document.querySelectorAll("main details").forEach((d) => d.open = true);
    return new Promise((done) => setTimeout(() => {
        const found = [], wide = document.documentElement.clientWidth;
        for (const e of document.querySelectorAll("#app *")) {
            const b = e.getBoundingClientRect(), s = getComputedStyle(e);
            if (!b.width || e.closest(".pan svg, .hidden, .skip"))
                continue;
            if (b.left < -0.5 || b.right > wide + 0.5)
                found.push("outside: " + e.outerHTML.slice(0, 100));
            // What may be scrolled sideways says so; what is cut ends with an ellipsis.
            if (s.overflowX !== "visible" && e.scrollWidth > e.clientWidth + 1 && e.className
                && s.textOverflow !== "ellipsis" && !e.matches(".before, .after, .tile"))
                found.push("cut: " + e.outerHTML.slice(0, 100));
        }
        done(found);
    }, 300))"""


@pytest.mark.parametrize("name", ["cxx", "python", "phases", "git", "twice"])
def test_nothing_is_outside_a_narrow_window(browser, pages, twice, name):
    page = twice[0] if name == "twice" else pages(name)
    browser.open(page.path, width=390)
    for view in [*VIEWS, *["compare"] * (name == "twice")]:
        browser.view(view)
        assert browser.run(OUTSIDE) == [], view


def test_nor_is_a_window(browser, phases):
    page, times = phases
    browser.open(page.path, "timeline", width=390)
    browser.brush(times[:2])
    for view in VIEWS:
        browser.view(view)
        assert browser.run("return document.documentElement.scrollWidth") <= 390, view


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


@pytest.fixture(scope="module")
def lost_maps(tmp_path_factory):
    out = tmp_path_factory.mktemp("lost") / "lost_maps"
    subprocess.run(["gcc", "-O1", "-g", "-pthread", "-I", SOURCE / "include", "-o", out,
                    SOURCE / "tests/cli/report/lost_maps.c"], check=True)
    return out


@pytest.mark.parametrize("case, verdict", [
    ("lost", "1 mapping, 64.0 KiB lost; nothing else was found; "),
    ("many", "{} mappings, "),
    ("beside_lost_block", "1 leak; 1 block, 9.8 KiB lost; 1 mapping, 64.0 KiB lost."),
])
def test_lost_mappings_are_what_leaks_says(browser, page_of, lost_maps, case, verdict):
    page = page_of(lost_maps, case)
    said = page.json("leaks")["lost_mappings"]
    assert said["mappings"] > (80 if case == "many" else 0)
    sentence = re.search("^.* lost: no pointer to .* found$",
                         refknot("leaks", page.recording).out.decode(), re.M)[0]
    browser.open(page.path)
    assert "Nothing to mend" not in browser.text() and "No findings" not in browser.text()
    assert sentence.split(":")[0] in browser.text(".verdict")
    assert browser.text(".verdict").startswith(verdict.format(said["mappings"]))
    assert browser.text(".mappings p") == sentence + "."
    assert browser.rows(".mappings table") == [
        [row["site"], str(row["mappings"]), size(row["bytes"])] for row in said["sites"]]
    assert sentence + "\n" in page.path.read_text()
    browser.view("limits")
    assert "Lost mappings are with the findings." in browser.text()


def test_where_no_mapping_is_lost_nothing_is_said_of_them(browser, page_of):
    page = page_of("/bin/true")
    browser.open(page.path)
    assert browser.text(".good") == "Nothing to mend."
    assert browser.text(".verdict").startswith("No findings")
    assert "mapping" not in browser.text()
    assert "Lost mappings" not in page.path.read_text().split('<div id="app">')[0]
    browser.view("limits")
    assert "refknot waste lists it" in browser.text()


def test_what_was_not_recorded_is_said(browser, page_of):
    program = "import os; os.kill(os.getpid(), 9)"
    page = page_of("/usr/bin/python3", "-S", "-c", program)
    said = page.json("report")
    assert said["complete"]
    browser.open(page.path)
    assert "not checked" in browser.text(".verdict")
    assert "mapping" not in browser.text(".verdict")
    browser.view("limits")
    told = browser.text()
    assert said["lost_mappings"]["not_known"] in told
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


@pytest.mark.parametrize("width", [390, 1280])
def test_the_flame_graph_is_as_wide_as_what_is_above_it(browser, pages, width):
    for name in ("leak", "python"):  # which needs a scroll bar
        browser.open(pages(name).path, "flame", width=width)
        bar, graph = browser.run("return ['.about', 'canvas'].map((s) => {"
                                 "const b = document.querySelector(s).getBoundingClientRect();"
                                 "return [b.left, b.right]; })")
        assert graph == pytest.approx(bar, abs=0.5)
        assert browser.run("return document.documentElement.scrollWidth") <= width


def test_names_in_the_flame_graph_are_not_cut_in_a_letter(browser, pages):
    browser.open(pages("python").path, "flame", width=1280)
    browser.run("""
        const of = CanvasRenderingContext2D.prototype, { fillText, fillRect } = of;
        window.drawn = [];
        let box;
        of.fillRect = function (...of) { box = of; fillRect.apply(this, of); };
        of.fillText = function (text, x, ...of) {
            if (text)
                window.drawn.push([text, x - box[0], this.measureText(text).width, box[2]]);
            fillText.call(this, text, x, ...of);
        };""")
    browser.press("Down", selector="canvas")
    drawn = browser.run("return window.drawn")
    names = set(pages("python").data()["readings"][0]["texts"])
    cut = [text for text, *_ in drawn if text not in names and text != "all"]
    assert len(drawn) > 40 and len(cut) > 5
    for text, x, wide, room in drawn:
        assert x + wide <= room, text
    for text in cut:
        assert text.endswith("\u2026") and any(n.startswith(text[:-1]) for n in names), text


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


@pytest.mark.parametrize("name, view", [
    ("python", "sites"), ("python", "objects"), ("cxx", "types"), ("cxx", "treemap"),
    ("cxx", "object/0"), ("python", "timeline")])
def test_narrow_tables_are_whole(browser, pages, name, view):
    """No word is cut, nothing is aside, and rows are where the table thinks they are."""
    browser.open(pages(name).path, view, width=390)
    browser.run("document.querySelectorAll('details').forEach((d) => d.open = true)")
    browser.settle()
    tables = len(browser.texts(".scroll"))
    assert tables
    for n in range(tables):
        box = f"const box = document.querySelectorAll('.scroll')[{n}];"
        seen, last = {}, browser.run(box + "return +box.querySelector('table')"
                                     ".ariaRowCount - 1")
        while last - 1 not in seen:
            found = browser.run(box + """
                const all = box.getBoundingClientRect(), tops = box.querySelector("tr[aria-hidden]")
                    .getBoundingClientRect().top;
                const rows = Array.from(box.querySelectorAll("tbody tr:not([aria-hidden])"), (e) => {
                    const b = e.getBoundingClientRect();
                    const cells = [...e.children].filter((c) => c.offsetParent);
                    return [e.ariaRowIndex - 2, b.top - tops, b.height, parseFloat(e.style.minHeight),
                        cells.every((c) => c.scrollWidth <= c.clientWidth
                            && c.getBoundingClientRect().right <= all.right),
                        cells.filter((c) => c.innerText).length];
                });
                const down = box.scrollTop;
                box.scrollTop += box.clientHeight;
                return [rows, box.scrollWidth - box.clientWidth, down, box.clientHeight];""")
            rows, aside, down, high = found
            assert aside == 0
            head = browser.run(box + "return box.querySelector('thead').offsetHeight")
            # The part in sight is full.
            assert rows[0][1] <= down
            assert rows[-1][0] == last - 1 or rows[-1][1] + rows[-1][2] + head >= down + high
            for at, top, height, meant, whole, _ in rows:
                assert whole and height == meant
                assert seen.setdefault(at, top) == top
            browser.settle()
        assert sorted(seen) == list(range(last))


def test_keys_walk_a_narrow_table(browser, pages):
    browser.open(pages("python").path, "sites", width=390)
    active = ("const a = document.querySelector('tr.active'), box = a.closest('.scroll'),"
              "r = a.getBoundingClientRect(), b = box.getBoundingClientRect(),"
              "h = box.querySelector('thead').getBoundingClientRect(); return ["
              "a.ariaRowIndex - 2, +box.querySelector('table').ariaRowCount - 2,"
              "r.top >= h.bottom - 1 && r.bottom <= b.bottom + 1]")
    keys = [("Down", lambda at, end: 1), ("End", lambda at, end: end),
            ("PageUp", lambda at, end: None), ("Up", lambda at, end: at - 1),
            ("Home", lambda at, end: 0), ("PageDown", lambda at, end: None),
            ("PageDown", lambda at, end: None), ("Up", lambda at, end: at - 1)]
    at = 0
    for key, meant in keys:
        browser.press(key, selector=".scroll")
        before, (at, end, in_sight) = at, browser.run(active)
        assert in_sight and at != before, key
        if meant(before, end) is not None:
            assert at == meant(before, end), key


def test_narrow_tables_are_told_as_tables(browser, pages):
    told = []
    for width in (1280, 390):
        browser.open(pages("cxx").path, "types", width=width)
        nodes = browser.devtools("Accessibility.getFullAXTree")["nodes"]
        roles = [n["role"]["value"] for n in nodes if not n["ignored"]]
        told.append({role: roles.count(role) for role in ("table", "row", "rowheader",
                                                          "columnheader", "cell")})
    wide, narrow = told
    assert wide["table"] == narrow["table"] == 1
    assert wide["row"] == wide["rowheader"] + 1 == narrow["row"] == narrow["rowheader"] + 1 > 3
    assert narrow["columnheader"] == 4 < wide["columnheader"]
    assert narrow["cell"] == 3 * narrow["rowheader"]


# --- Drawings

PAN = """
    const pan = document.querySelector(".pan"), svg = pan.querySelector("svg");
    const all = svg.getBoundingClientRect(), part = pan.getBoundingClientRect();
    const meant = pan.querySelector(".meant")?.getBoundingClientRect();
    return { wider: all.width > part.width + 1, looks: pan.className, focus: pan.tabIndex,
        hint: pan.parentElement.innerText.includes("scroll it sideways"),
        scale: all.width / svg.viewBox.baseVal.width,
        meant: !meant || (meant.left >= part.left && meant.right <= part.right),
        outside: Array.from(svg.querySelectorAll("text"), (e) => [e.textContent,
            e.getBoundingClientRect()]).filter(([, b]) => b.left < all.left - 1
            || b.right > all.right + 1).map(([text]) => text) };"""


@pytest.mark.parametrize("width", [390, 1280])
def test_a_drawing_fits_or_says_that_it_is_scrolled(browser, pages, width):
    page, wider = pages("python"), []
    browser.open(page.path, "objects", width=width)
    for i in range(0, len(page.data()["readings"][0]["objects"]["type"]), 4):
        browser.view(f"object/{i}")
        if not browser.texts(".pan"):
            continue
        seen = browser.run(PAN)
        wider.append(seen["wider"])
        assert 0.799 <= seen["scale"] <= 1 and seen["meant"] and not seen["outside"], (i, seen)
        assert seen["hint"] == seen["wider"] == (seen["focus"] == 0), (i, seen)
        assert ("before" in seen["looks"] or "after" in seen["looks"]) == seen["wider"]
        if seen["wider"]:
            browser.run("document.querySelector('.pan').scrollLeft = 1e6")
            browser.settle()
            assert browser.run(PAN)["looks"] == "pan before"
            browser.run("document.querySelector('.pan').scrollLeft = 0")
            browser.settle()
            assert browser.run(PAN)["looks"] == "pan after"
    assert len(wider) > 5 and not all(wider)
    if width == 390:
        assert any(wider)


def test_a_drawing_of_a_cycle_names_each_field_once(browser, pages):
    browser.open(pages("cxx").path)
    cycles = browser.run("""
        document.querySelectorAll("details.finding").forEach((d) => d.open = true);
        return new Promise((r) => setTimeout(() => r(Array.from(
            document.querySelectorAll(".finding .graph"), (g) => Array.from(
            g.querySelectorAll(".edge text"), (e) => e.textContent))), 300))""")
    assert cycles and all(texts for texts in cycles)
    for texts in cycles:
        for text in texts:
            names = text.split(", ")
            assert len(set(names)) == len(names)


def test_a_pointer_to_its_own_block_is_a_loop_at_it(browser, phases):
    page, _ = phases
    reading = page.data()["readings"][0]
    edges = reading["edges"]
    own = [a for a, b in zip(edges["from"], edges["to"]) if a == b]
    assert len(own) > 1000
    for width in (1280, 390):
        browser.open(page.path, f"object/{own[0]}", width=width)
        path, box = browser.run("""
            const of = [...document.querySelectorAll(".edge")].filter((e) =>
                e.querySelector("text")?.textContent === ".self")[0].querySelector("path");
            const ends = [0, of.getTotalLength()].map((n) => of.getPointAtLength(n));
            const node = document.querySelector(".node.meant"), r = node.querySelector("rect");
            const at = node.transform.baseVal[0].matrix;
            return [ends.map((p) => [p.x - at.e, p.y - at.f]),
                [r.width.baseVal.value, r.height.baseVal.value]]""")
        for x, y in path:
            assert -1 <= x <= box[0] + 1 and -1 <= y <= box[1] + 1
            assert min(abs(x - box[0]), abs(y - box[1])) < 1, (path, box)


# --- Timeline

def window(browser):
    """The two ends as the sliders have them, in seconds."""
    return [float(x) for x in browser.run(
        "return Array.from(document.querySelectorAll('[role=slider]'),"
        " (e) => e.ariaValueNow)")]


def drag(browser, *shares):
    """Draws from one part of the chart's width to others."""
    area = browser.run("const b = document.querySelector('.plot .under')"
                       ".getBoundingClientRect(); return [b.x, b.y, b.width]")
    moves = [{"type": "pointerMove", "duration": 50, "y": int(area[1] + 150),
              "x": int(area[0] + area[2] * share)} for share in shares]
    browser.call("POST", browser.session + "/actions", {"actions": [
        {"type": "pointer", "id": "mouse", "actions": [
            moves[0], {"type": "pointerDown", "button": 0}, *moves[1:],
            {"type": "pointerUp", "button": 0}]}]})
    browser.settle()


@pytest.fixture
def phases(pages):
    """The page, and the times of its marks and of its end, in seconds."""
    page = pages("phases")
    told = page.json("timeline")["timeline"]
    return page, [seconds(at) for at in
                  [*(m["time_ns"] for m in told["marks"]), told["to_ns"]]]


def test_without_a_timeline_the_view_says_so(browser, pages, tmp_path):
    page = pages("leak").with_data(tmp_path / "page.html", lambda data:
                                   data["readings"][0].pop("timeline"))
    browser.open(page.path, "timeline")
    assert "has no timeline" in browser.text()


def test_a_window_is_drawn_over_the_chart(browser, phases):
    page, times = phases
    end = float(times[-1])
    browser.open(page.path, "timeline")
    assert window(browser) == pytest.approx([0, end], rel=1e-3)
    drag(browser, 0.2, 0.3, 0.5)
    assert window(browser) == pytest.approx([0.2 * end, 0.5 * end], rel=0.02)
    # Backwards; beyond an end; and less than a few pixels are none.
    drag(browser, 0.8, 0.6)
    assert window(browser) == pytest.approx([0.6 * end, 0.8 * end], rel=0.02)
    browser.click(".bar button")
    assert window(browser) == pytest.approx([0, end], rel=1e-3)
    drag(browser, 0.7, 1.05)
    assert window(browser) == pytest.approx([0.7 * end, end], rel=0.02)
    browser.click(".bar button")
    drag(browser, 0.5, 0.501)
    assert window(browser) == pytest.approx([0, end], rel=1e-3)


def test_an_end_of_the_window_is_drawn(browser, phases):
    page, times = phases
    end = float(times[-1])
    browser.open(page.path, "timeline")
    browser.brush((0.25 * end, 0.75 * end))
    area = browser.run("const b = document.querySelectorAll('.grip')[1]"
                       ".getBoundingClientRect(); return [b.x + 10, b.y + 20]")
    browser.call("POST", browser.session + "/actions", {"actions": [
        {"type": "pointer", "id": "mouse", "actions": [
            {"type": "pointerMove", "duration": 0, "x": int(area[0]), "y": int(area[1])},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerMove", "duration": 50, "x": int(area[0]) + 120,
             "y": int(area[1])},
            {"type": "pointerUp", "button": 0}]}]})
    browser.settle()
    low, high = window(browser)
    assert low == pytest.approx(0.25 * end, rel=0.01)
    assert high > 0.8 * end


def test_keys_move_the_ends_of_the_window(browser, phases):
    page, times = phases
    end = float(times[-1])
    browser.open(page.path, "timeline")
    browser.press("Right", "PageUp", selector=".grip")
    assert window(browser) == pytest.approx([0.055 * end, end], rel=1e-3)
    browser.press("Left", "PageDown", "PageDown",
                  selector=".grip ~ .grip")
    assert window(browser) == pytest.approx([0.055 * end, 0.895 * end], rel=1e-3)
    # They do not pass each other.
    browser.press("Home")
    low, high = window(browser)
    assert low < high < low + end / 500
    browser.press("End", selector=".grip")
    assert window(browser)[0] < high
    browser.press("Escape")
    assert window(browser) == pytest.approx([0, end], rel=1e-3)


def test_the_chart_is_told_to_those_that_do_not_see_it(browser, phases):
    page, times = phases
    browser.open(page.path, "timeline")
    nodes = browser.devtools("Accessibility.getFullAXTree")["nodes"]
    sliders = [n for n in nodes if n.get("role", {}).get("value") == "slider"]
    assert [n["name"]["value"] for n in sliders] == ["The window's start",
                                                     "The window's end"]
    texts = browser.run("return Array.from(document.querySelectorAll("
                        "'[role=slider]'), (e) => e.ariaValueText)")
    last = page.json("timeline")["timeline"]["points"][-1]
    assert texts[0] == "0 s: 0 B in 0 blocks"
    assert texts[1] == f"{time(last['time_ns'])}: {size(last['bytes'])} in " \
        + count(last["blocks"], "block")
    status = [n for n in nodes if n.get("role", {}).get("value") == "status"]
    assert status and "Most was alive at" in browser.text("[role=status]")
    browser.brush((times[0], times[1]))
    points = page.json("timeline")["timeline"]["points"]
    first, last = [[p for p in points if p["time_ns"] <= float(t) * 1e9][-1]
                   for t in times[:2]]
    gain = {key: last[key] - first[key] for key in
            ("bytes", "blocks", "allocations", "allocated_bytes")}
    assert gain["blocks"] > 3000
    assert browser.text("[role=status]").startswith(
        f"{time(int(float(times[0]) * 1e9))} to {time(int(float(times[1]) * 1e9))}: "
        f"+{size(gain['bytes'])}, +{gain['blocks']} blocks; "
        f"{gain['allocations']} allocations of {size(gain['allocated_bytes'])}")


def lines(browser, selector):
    """Lists of the points of paths."""
    return [[tuple(float(x) for x in p.split()) for p in re.split("[ML]", d.rstrip("Z"))
             if p] for d in browser.run(
                 "return Array.from(document.querySelectorAll('.plot ' + arguments[0]),"
                 " (e) => e.getAttribute('d'))", selector)]


def test_the_chart_has_the_points_where_they_belong(browser, phases):
    page, _ = phases
    told = page.json("timeline")["timeline"]
    points, end = told["points"], told["to_ns"]
    browser.open(page.path, "timeline")
    grid = lines(browser, ".tick path")
    low, right, left = grid[0][0][1], grid[0][1][0], grid[0][0][0]
    top = max(p["most_bytes"] for p in points)
    names = browser.texts(".plot .tick text")
    assert names[0] == "0 B" and len(names) > 2
    assert [size(round((low - line[0][1]) / (low - 32) * top / 2 ** 18) * 2 ** 18)
            for line in grid] == names
    def at(ns, n, most):
        return pytest.approx((left + ns / end * (right - left),
                              low - n / most * (low - 32)), abs=0.11)
    blocks = max(p["blocks"] for p in points)
    # Each has its own bytes until the next; the peak those of the next.
    after = [b if a["peak"] and b["bytes"] < a["bytes"] else a
             for a, b in zip(points, points[1:])]
    assert [a["peak"] for a, b in zip(points, after) if a is not b] == [True]
    for line, key, most in ((".sums", "bytes", top), ("path.blocks", "blocks", blocks)):
        wanted = [at(points[0]["time_ns"], points[0][key], most)]
        for here, then, to in zip(points, after, points[1:]):
            if then is not here:
                wanted.append(at(here["time_ns"], then[key], most))
            wanted.append(at(to["time_ns"], then[key], most))
            wanted.append(at(to["time_ns"], to[key], most))
        assert lines(browser, line) == [wanted]
    between = lines(browser, ".between")[0]
    gaps = [(a["time_ns"], b["time_ns"], b) for a, b in zip(points, points[1:])]
    upper = [at(t, b["most_bytes"], top) for a, e, b in gaps for t in (a, e)]
    lower = [at(t, b["least_bytes"], top) for a, e, b in gaps for t in (a, e)]
    assert between == [*upper, *lower[::-1]]
    assert [line[0][0] for line in lines(browser, ".at path")] == [
        pytest.approx(left + m["time_ns"] / end * (right - left), abs=0.11)
        for m in told["marks"]]
    assert len(lines(browser, ".frame")) == len(told["instants"])
    peak = next(p for p in points if p["peak"])
    assert float(browser.run("return document.querySelector('.plot .peak')"
                             ".getAttribute('d')").split()[0][1:]) == \
        pytest.approx(left + peak["time_ns"] / end * (right - left), abs=0.11)
    # What is below the pointer is told.
    begin = browser.run("return document.querySelector('.plot').getBoundingClientRect().x")
    x = int(begin + (left + right) / 2)
    browser.call("POST", browser.session + "/actions", {"actions": [
        {"type": "pointer", "id": "mouse", "actions": [
            {"type": "pointerMove", "duration": 0, "y": 400, "x": x}]}]})
    browser.settle()
    ns = (x - begin - left) / (right - left) * end
    there = [p for p in points if p["time_ns"] <= ns][-1]
    assert browser.text("[role=status]") == \
        f"{time(there['time_ns'])}: {size(there['bytes'])} in " \
        + count(there["blocks"], "block")


def test_a_mark_opens_the_window_to_the_next(browser, phases):
    page, times = phases
    browser.open(page.path, "timeline")
    browser.press("Down", "Enter", selector="h3 ~ .table .scroll")
    assert window(browser) == pytest.approx([float(t) for t in times[1:3]], rel=1e-3)
    browser.press("Down", "Down", "Enter", selector="h3 ~ .table .scroll")
    assert window(browser) == pytest.approx([float(t) for t in times[2:4]], rel=1e-3)
    browser.choose(".search", "load")
    assert len(browser.rows("h3 ~ .table table")) == 1


# Entries stay, and are made before the first mark; requests are lost, before the second.
ENTRIES, REQUESTS = 12000, 4000
NEAR = 3  # that the recorder itself or the C library may have made


def total(rows, column):
    return sum(int(row[column]) for row in rows)


def test_what_was_made_is_followed_by_all_views(browser, phases):
    page, (loaded, served, indexed, end) = phases
    for way, made in (((0, loaded), ENTRIES), ((loaded, served), REQUESTS),
                      ((served, indexed), 0), ((loaded, end), REQUESTS)):
        browser.open(page.path, "timeline")
        browser.brush(way)
        lost = made == REQUESTS
        browser.view("objects")
        told = browser.text(".table > p")
        shown = int(told.split(" of ")[0])
        assert abs(shown - made) <= NEAR, (way, told)
        browser.view("treemap")
        assert abs(total(browser.rows(), 3) - made // 2) <= NEAR if made else \
            not browser.rows() or total(browser.rows(), 3) <= NEAR, way
        browser.view("findings")
        assert len(browser.texts(".finding")) == lost
        assert f"{int(lost)} of 1 finding" in browser.text("main")
        if lost:
            assert "in the window 4000 blocks, 1.9 MiB" in browser.text(".finding")
        browser.view("flame")
        browser.choose("main select", "live-blocks")
        assert abs(int(about(browser)[-1].split(",")[0]) - made) <= NEAR, way
        browser.choose("main select", "leaked-blocks")
        assert about(browser)[-1].startswith(str(made * lost) + ","), way
        options = browser.texts("main select:first-of-type option")
        assert not any("allocated" in o or "peak" in o for o in options)
        # What does not follow says why.
        browser.view("limits")
        assert "told of the whole run" in browser.text(".window")
        browser.view("object/0")
        assert "known of the end only" in browser.text(".window")
        assert re.search(r"Made at\n[\d.]+( m?s)? \u2013 [\d.]+ m?s after the start",
                         browser.text(".facts"))
    browser.click(".window button")
    browser.view("objects")
    assert " of " not in browser.text(".table > p")
    assert not browser.texts(".window")


def test_when_a_block_was_made_is_said_in_words(browser, phases):
    page, _ = phases
    reading = page.data()["readings"][0]
    steps, of = reading["timeline"]["steps"], reading["objects"]["step"]
    browser.open(page.path, "objects")
    told = "the times after the start between which the block was allocated"
    assert f"Made at: {told}." in browser.text(".hint")
    assert browser.run("return [...document.querySelectorAll('thead button')].filter("
                       "(b) => b.innerText === 'Made at')[0].title") == told
    for i in (0, len(of) // 2, len(of) - 1):
        browser.view(f"object/{i}")
        since, until = [time(at) for at in steps[of[i] - 1:of[i] + 1]]
        if since.split()[1:] == until.split()[1:]:
            since = since.split()[0]
        between = until if until.startswith(since + " ") else f"{since} \u2013 {until}"
        assert f"Made at\n{between} after the start" in browser.text(".facts")
    browser.open(page.path, "objects", width=390)
    assert "Made at" not in browser.text("main")


def test_too_much_to_follow_is_said(browser, phases, tmp_path):
    page, times = phases
    def drop(data):
        for part in ("tree", "stacks"):
            del data["readings"][0][part]["made"]
        del data["readings"][0]["timeline"]["findings"]["made"]
    page = page.with_data(tmp_path / "page.html", drop)
    browser.open(page.path, "timeline")
    browser.brush((times[0], times[1]))
    browser.view("treemap")
    assert "too many groups" in browser.text("main")
    browser.view("flame")
    assert all("gained" in o for o in browser.texts("main select option"))
    browser.view("findings")
    assert len(browser.texts(".finding")) == 1


def test_a_window_with_one_key_frame_says_that(browser, pages):
    page = pages("leak")
    browser.open(page.path, "timeline")
    end = window(browser)[1]
    browser.brush((f"{end * 0.97:.6f}", f"{end:.6f}"))
    assert "nearest to both ends" in browser.text(".about")
    browser.view("types")
    assert "nearest to both" in browser.text("main")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_chart_has_contrast(browser, phases, scheme):
    browser.devtools("Emulation.setEmulatedMedia", features=[
        {"name": "prefers-color-scheme", "value": scheme}])
    browser.open(phases[0].path, "timeline")
    ground = browser.run("return getComputedStyle(document.body).backgroundColor")
    found = browser.run("return Array.from(document.querySelectorAll('.plot text'),"
                        " (e) => [getComputedStyle(e).fill, e.textContent])")
    assert len(found) > 12
    for ink, text in found:
        assert contrast(ink, ground) >= 4.5, text
    for line in (".sums", "path.blocks", ".at path"):
        ink = browser.run("return getComputedStyle(document.querySelector("
                          "'.plot ' + arguments[0])).stroke", line)
        assert contrast(ink, ground) >= 3, line
    browser.devtools("Emulation.setEmulatedMedia", features=[])


@pytest.mark.parametrize("width", [390, 1280])
def test_the_chart_is_as_wide_as_there_is_room(browser, phases, width):
    browser.open(phases[0].path, "timeline", width=width)
    texts = browser.run("""
        const all = document.querySelector(".plot").getBoundingClientRect();
        return Array.from(document.querySelectorAll(".plot text"), (e) => {
            const b = e.getBoundingClientRect();
            return [e.textContent, b.left - all.left, b.right - all.left, b.top - all.top,
                b.bottom - all.top, all.width];
        })""")
    for text, left, right, top, bottom, room in texts:
        assert left >= 0 and right <= room and top >= 0 and bottom <= 332, text
    # Those below each other or side by side do not overlap.
    for one in texts:
        for other in texts:
            if one is not other:
                assert one[1] >= other[2] or one[2] <= other[1] \
                    or one[3] >= other[4] - 3 or one[4] - 3 <= other[3], (one, other)


@pytest.mark.parametrize("width", [390, 1280])
def test_the_ends_of_the_window_cover_no_number(browser, phases, width):
    browser.open(phases[0].path, "timeline", width=width)
    knobs, texts = browser.run("""
        return [Array.from(document.querySelectorAll(".grip"), (e) => {
            const all = e.getBoundingClientRect(), knob = getComputedStyle(e, "::after");
            const edges = knob.boxSizing === "border-box" ? 0 : 2 * parseFloat(knob.borderLeftWidth);
            const left = all.left + parseFloat(knob.left);
            return [left, left + parseFloat(knob.width) + edges]; }),
        Array.from(document.querySelectorAll(".plot .tick text, .plot text.blocks"), (e) => {
            const b = e.getBoundingClientRect();
            return [e.textContent, b.left, b.right]; })]""")
    assert len(knobs) == 2 and len(texts) > 4
    for left, right in knobs:
        for text, begin, end in texts:
            assert end < left or begin > right, (text, left, right)


def test_dark_graphs_are_printed_light(browser, phases):
    browser.devtools("Emulation.setEmulatedMedia", features=[
        {"name": "prefers-color-scheme", "value": "dark"}])
    browser.open(phases[0].path, "flame")
    pixel = ("const c = document.querySelector('canvas');"
             "return Array.from(c.getContext('2d').getImageData("
             "c.width >> 1, 15, 1, 1).data).slice(0, 3).reduce((a, b) => a + b)")
    assert browser.run(pixel) < 300
    # Before the event has ended: then the page is printed.
    assert browser.run("dispatchEvent(new Event('beforeprint'));"
                       "return Promise.resolve().then(() => {" + pixel + "})") > 500
    browser.run("dispatchEvent(new Event('afterprint'))")
    browser.settle()
    assert browser.run(pixel) < 300
    browser.devtools("Emulation.setEmulatedMedia", features=[])


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


@pytest.fixture(scope="module")
def twice(pages, tmp_path_factory):
    """The same program's run, and another of it."""
    directory = tmp_path_factory.mktemp("twice")
    one = pages("phases")
    other = record(directory, one.recording.parent / "phases").main
    return one.beside(directory / "page.html", other), [one.recording, other]


@pytest.mark.parametrize("by", ["type", "site"])
def test_a_window_of_two_recordings_compares_what_they_gained(browser, twice, by):
    page, sides = twice
    end = min(read_json("timeline", side)["timeline"]["to_ns"] for side in sides)
    way = [seconds(int(end * part)) for part in (0.1, 0.6)]
    gains = [{row["name"]: row for row in read_json(
        "objects", side, "--between", *way, "--by", by, "--limit", "0")
        ["between"]["rows"]} for side in sides]
    browser.open(page.path, "timeline")
    browser.brush(way)
    browser.view("compare")
    browser.choose("main .bar select", by)
    rows = {row[0]: row[1:] for row in browser.rows()}
    expected = {}
    for name in {*gains[0], *gains[1]}:
        blocks, had = ([g.get(name, {}).get(key, 0) for g in gains]
                       for key in ("delta", "bytes_delta"))
        if blocks[0] != blocks[1] or had[0] != had[1]:
            expected[name] = [minus(str(n)) for n in blocks] \
                + [signed(str(blocks[1] - blocks[0]))] \
                + [minus(small(n)) for n in had] + [signed(small(had[1] - had[0]))]
    assert rows == expected
    browser.view("flame")
    # Both have 12000 blocks of entries that were made by then, and nothing of the end.
    browser.choose("main select", "leaked-blocks")
    assert "\u2192" in about(browser)[-1]
    assert not any("gained" in o for o in browser.texts("main select option"))


def small(number):
    return "-" + size(-number) if number < 0 else size(number)


def minus(text):
    return text.replace("-", "\u2212")


def test_a_window_of_which_one_knows_nothing(browser, twice, tmp_path):
    page = twice[0].with_data(tmp_path / "page.html", lambda data:
                              data["readings"][0].pop("timeline"))
    browser.open(page.path, "timeline")
    browser.brush((0, 0.05))
    browser.view("compare")
    assert "has no timeline" in browser.text("main")
    browser.view("flame")
    assert "not known of both what was made when" in browser.text("main")
    assert any("allocated" in o for o in browser.texts("main select option"))
    browser.choose("main .bar label:nth-child(2) select", "1")
    assert any("gained" in o for o in browser.texts("main select option"))


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
