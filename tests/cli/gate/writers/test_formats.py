# SPDX-License-Identifier: MIT
"""Each format, read by what its readers use, says what the text says."""
import json
import re
import shutil
import urllib.parse
import xml.etree.ElementTree

import jsonschema
import pytest

from conftest import (BUILD, SOURCE, compiled, environment, run,
                      validator)
from gate import FLAGS, LEAKY, check, leaky, leaky_in  # noqa: F401

FRIENDS = BUILD / "samples/gc_cycle"


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A run with two leaks and a cycle in every format: {format: file}."""
    directory = tmp_path_factory.mktemp("told")
    program = leaky_in(directory)
    files = {f: directory / f"report.{f}" for f in (
        "text", "json", "gnu", "github", "sarif", "junit", "tap", "gitlab",
        "valgrind-xml", "markdown")}
    done = check(*(a for f, p in files.items()
                   for a in ("--output", f"{f}={p}")),
                 "--source-root", directory, "--", program, "12c")
    assert done.status == 23, done.told
    files["alone"] = directory / "alone.sarif"
    check("--output", f"sarif={files['alone']}", "--source-root", directory,
          "--", program, "1")
    return files


def related(result):
    """{text: region} of a SARIF result's related locations."""
    return {r["message"]["text"]: r["physicalLocation"]["region"]
            for r in result["relatedLocations"]}


def parsed(path):
    return json.loads(path.read_text())


def clean(directory, name):
    path = directory / "clean"
    assert check("--output", f"{name}={path}", "--", "true").status == 0
    return path


def test_sarif_is_valid_and_points_into_the_tree(told, tmp_path):
    document = parsed(told["sarif"])
    jsonschema.Draft4Validator(
        parsed(validator("sarif-schema-2.1.0.json"))).validate(document)
    run_ = document["runs"][0]
    found = {r["ruleId"]: r for r in run_["results"]}
    assert set(found) == {"leak", "orphaned-cycle"}
    assert len(run_["results"]) == 3
    rules = [r["id"] for r in run_["tool"]["driver"]["rules"]]
    assert all(r["name"].lower() != r["id"].lower()  # SARIF1001
               for r in run_["tool"]["driver"]["rules"])
    for result in run_["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"] == {"uri": "leaky.c",
                                             "uriBaseId": "SRCROOT"}
        assert place["region"]["startLine"] > 1
        prints = result["partialFingerprints"]
        assert re.fullmatch(r"[0-9a-f]{16}(\.\d+)?",
                            prints["refknotSignature/v1"])
        assert (prints["primaryLocationLineHash"].split(":", 2)[2]
                == prints["refknotSignature/v1"])
        flow = result["codeFlows"][0]["threadFlows"][0]["locations"]
        assert flow[-1]["location"]["message"]["text"] == "allocated"
    assert len(found["orphaned-cycle"]["graphs"][0]["nodes"]) == 2
    base = run_["originalUriBaseIds"]["SRCROOT"]["uri"]
    root = urllib.parse.unquote(urllib.parse.urlparse(base).path)
    assert root == f"{told['sarif'].parent}/"
    empty = parsed(clean(tmp_path, "sarif"))
    assert empty["runs"][0]["results"] == []


def locations(node):
    """All physical locations of a SARIF document."""
    if isinstance(node, dict):
        if "physicalLocation" in node:
            yield node["physicalLocation"]["artifactLocation"]
        for child in node.values():
            yield from locations(child)
    elif isinstance(node, list):
        for child in node:
            yield from locations(child)


def test_what_is_outside_the_tree_is_absolute_and_straight(tmp_path):
    """Built in a directory beside, as cmake does: "/src/build/../leaky.c"."""
    build, root = tmp_path / "build", tmp_path / "root"
    build.mkdir()
    root.mkdir()
    (tmp_path / "leaky.c").write_text(LEAKY)
    done = run("gcc", *FLAGS, "../leaky.c", "-o", "leaky", cwd=build)
    assert done.status == 0, done.told
    sarif, report = tmp_path / "r.sarif", tmp_path / "r.json"
    check("--source-root", root, "--output", f"sarif={sarif}", "--output",
          f"json={report}", "--", build / "leaky", "12c")
    document = parsed(sarif)
    jsonschema.Draft4Validator(
        parsed(validator("sarif-schema-2.1.0.json"))).validate(document)
    found = list(locations(document["runs"][0]["results"]))
    assert {"uri": f"file://{tmp_path}/leaky.c"} in found
    for place in found:
        assert place["uri"].startswith("file:///"), place
        assert "/../" not in place["uri"]
    frames = [f for i in parsed(report)["findings"] for s in i["stacks"]
              for f in s["frames"]]
    assert {f["file"] for f in frames if f["function"] == "main"} == {
        f"{tmp_path}/leaky.c"}
    # Where the tree has it, paths are from there on.
    check("--source-root", tmp_path, "--output", f"sarif={sarif}", "--",
          build / "leaky", "1")
    [result] = parsed(sarif)["runs"][0]["results"]
    for place in locations(result):
        assert (place == {"uri": "leaky.c", "uriBaseId": "SRCROOT"}
                or place["uri"].startswith("file:///")), place


def line_hashes(text):
    """What github/codeql-action's fingerprints.ts makes of each line."""
    window, starts, index = [0] * 100, [0] * 100, 0
    value, mask, counts, result = 0, (1 << 64) - 1, {}, {}
    power = pow(37, 100, 1 << 64)
    line, line_start, after_cr = 0, True, False

    def output():
        nonlocal starts
        text = f"{value:x}"
        counts[text] = counts.get(text, 0) + 1
        result[starts[index]] = f"{text}:{counts[text]}"
        starts[index] = 0

    def update(c):
        nonlocal value, index
        value = (37 * value + c - power * window[index]) & mask
        window[index] = c
        index = (index + 1) % 100

    for c in [*(ord(c) for c in text), 65535]:
        if c in (32, 9) or (after_cr and c == 10):
            after_cr = False
            continue
        after_cr = c == 13
        c = 10 if c == 13 else c
        if starts[index]:
            output()
        if line_start:
            line += 1
            starts[index] = line
        line_start = c == 10
        update(c)
    for _ in range(100):
        if starts[index]:
            output()
        update(0)
    return result


def test_the_line_hash_is_github_s(told):
    source = told["sarif"].parent / "leaky.c"
    hashes = line_hashes(source.read_text())
    for result in parsed(told["sarif"])["runs"][0]["results"]:
        # Of the constructor; where it is shown depends on others.
        line = related(result)["allocated"]["startLine"]
        assert (result["partialFingerprints"]["primaryLocationLineHash"]
                .startswith(hashes[line] + ":"))
    one = parsed(told["alone"])["runs"][0]["results"][0]
    line = one["locations"][0]["physicalLocation"]["region"]["startLine"]
    assert (one["partialFingerprints"]["primaryLocationLineHash"]
            .startswith(hashes[line] + ":"))


def test_the_ledger_is_in_code_flows(tmp_path):
    path = tmp_path / "r.sarif"
    check("--output", f"sarif={path}", "--", FRIENDS)
    results = parsed(path)["runs"][0]["results"]
    cycles = [r for r in results if r["ruleId"] == "orphaned-cycle"]
    for cycle in cycles:
        whats = [f["message"]["text"] for f in cycle["codeFlows"]]
        assert "the reference that closed the cycle was taken" in whats
        assert cycle["relatedLocations"]


def test_sarif_tells_of_the_baseline(tmp_path):
    program, base = leaky_in(tmp_path), tmp_path / "base"
    path = tmp_path / "r.sarif"
    check("--baseline", base, "--update-baseline", "--", program, "1")
    check("--baseline", base, "--output", f"sarif={path}", "--", program,
          "12")
    states = {r["baselineState"]: r["level"]
              for r in parsed(path)["runs"][0]["results"]}
    assert states == {"unchanged": "note", "new": "error"}


@pytest.mark.parametrize("schema", ["junit-10.xsd", "junit-meson.xsd"])
def test_junit_is_valid(schema, told, tmp_path):
    for path in (told["junit"], clean(tmp_path, "junit")):
        done = run("xmllint", "--noout", "--schema", validator(schema), path)
        assert done.status == 0, done.told


def test_junit_has_a_case_a_rule_with_its_findings(told):
    root = xml.etree.ElementTree.parse(told["junit"]).getroot()
    cases = root.findall("./testsuite/testcase")
    failed = [c for c in cases if c.find("failure") is not None]
    assert int(root.get("tests")) == len(cases)
    assert int(root.get("failures")) == len(failed) == 2
    assert len({c.get("name") for c in cases}) == len(cases)
    assert {c.get("classname") for c in cases} == {"refknot.leaky"}
    cycles, leaks = (next(c for c in failed if c.get("name") == name).find(
        "failure") for name in ("no orphaned cycles", "no leaks"))
    assert "struct node --.next--> struct node --.next--> back" in cycles.text
    assert leaks.text.count("LEAK  ") == 2
    assert leaks.get("message") == (
        "2 leaks (120 B); take at leaky.c:8, called by one at leaky.c:12")


def test_junit_is_not_called_after_the_shell_that_starts_it(leaky, tmp_path):
    path = tmp_path / "r.xml"
    check("--output", f"junit={path}", "--", "sh", "-c", f"{leaky} 1; true")
    names = {c.get("classname") for c in
             xml.etree.ElementTree.parse(path).getroot().iter("testcase")}
    assert names == {"refknot"}


def test_tap_is_read_by_prove(told, tmp_path):
    done = run("prove", "--exec", "cat", told["tap"])
    assert b"Failed 2/11 subtests" in done.out
    done = run("prove", "--exec", "cat", clean(tmp_path, "tap"))
    assert done.status == 0, done.out


def test_gitlab_is_valid(told, tmp_path):
    schema = parsed(validator("codequality.schema.json"))
    report = parsed(told["gitlab"])
    jsonschema.validate(report, schema)
    assert {(r["check_name"], r["location"]["path"]) for r in report} == {
        ("leak", "leaky.c"), ("orphaned-cycle", "leaky.c")}
    assert len({r["fingerprint"] for r in report}) == len(report) == 3
    assert parsed(clean(tmp_path, "gitlab")) == []


def test_gitlab_has_what_fails_without_a_finding(tmp_path):
    """Else it is empty, and the merge request looks clean."""
    path = tmp_path / "r.json"
    done = check("--output", f"gitlab={path}", "--", "sh", "-c", "kill -9 $$")
    assert "FAIL complete" in done.told
    [entry] = parsed(path)
    jsonschema.validate([entry], parsed(validator("codequality.schema.json")))
    assert (entry["check_name"], entry["fingerprint"]) == ("complete",) * 2
    assert entry["description"].startswith("not all was recorded and checked: ")
    assert "SIGKILL" in entry["description"]


def test_gitlab_lists_the_accepted_with_the_least_severity(tmp_path):
    """GitLab compares the reports of two branches by fingerprints."""
    program, base = leaky_in(tmp_path), tmp_path / "base"
    path = tmp_path / "r.json"
    check("--output", f"gitlab={path}", "--", program, "1")
    [before] = parsed(path)
    check("--baseline", base, "--update-baseline", "--", program, "1")
    check("--baseline", base, "--output", f"gitlab={path}", "--", program,
          "12")
    jsonschema.validate(parsed(path),
                        parsed(validator("codequality.schema.json")))
    severities = {r["fingerprint"]: r["severity"] for r in parsed(path)}
    assert severities.pop(before["fingerprint"]) == "info"
    assert list(severities.values()) == ["major"]


def test_gnu_lines_have_place_severity_and_rule(told):
    lines = told["gnu"].read_text().splitlines()
    matcher = re.compile(r"^(.*):(\d+):(\d+):\s+(error|note):\s+(.*)$")
    assert all(matcher.match(line) for line in lines), lines
    errors = [m for m in map(matcher.match, lines) if m[4] == "error"]
    assert [m[1] for m in errors] == ["leaky.c"] * 3
    assert errors[0][5].endswith("[orphaned-cycle]")
    assert errors[0][2] == "17" and "leaky.c:8:1: note: allocated in take" in (
        lines)
    assert "leaky.c:24:1: note: called from main" in lines


def test_an_editor_jumps_to_the_line(told):
    if not shutil.which("vim"):
        pytest.skip("vim is not installed")
    done = run("vim", "-es", "-u", "NONE", "-c", f"cgetfile {told['gnu']}",
               "-c", "for i in getqflist() | if i.valid | "
               "call writefile([i.lnum], '/dev/stdout', 'a') | endif | "
               "endfor", "-c", "q", cwd=told["gnu"].parent)
    assert done.out.split(), done.told


def test_github_annotations_are_capped_and_the_rest_is_in_the_summary(
        tmp_path):
    source = tmp_path / "many.c"
    calls = "\n".join(
        f"static __attribute__((noinline)) void lose{i}(void)\n"
        f"{{ void *p = malloc({i + 1}); __asm__ volatile(\"\" :: \"r\"(p)); }}"
        for i in range(25))
    source.write_text(
        "#include <stdlib.h>\n#include <string.h>\n" + calls +
        "\nint main(void)\n{" + "".join(f"lose{i}();" for i in range(25)) +
        "char b[4096]; memset(b, 0, 4096); "
        "__asm__ volatile(\"\" :: \"r\"(b)); return 0; }\n")
    program = tmp_path / "many"
    assert run("gcc", "-g", "-O0", source, "-o", program).status == 0
    page = tmp_path / "summary.md"
    done = check("--format", "github", "--source-root", tmp_path, "--",
                 program, env=environment(GITHUB_STEP_SUMMARY=page))
    lines = [x for x in done.told.splitlines() if x.startswith("::")]
    errors = [x for x in lines if x.startswith("::error ")]
    assert len(errors) == 10
    assert errors[0].startswith("::error file=many.c,line=")
    assert "25 B" in errors[0]  # the worst first
    assert len([x for x in lines if x.startswith("::notice ")]) == 1
    assert page.read_text().count("| leak |") == 25


def test_workflow_commands_and_markdown_are_escaped(tmp_path):
    directory = tmp_path / "a,b:c%`<x>`"
    directory.mkdir()
    program = leaky_in(directory)
    done = check("--format", "github", "--source-root", tmp_path, "--output",
                 f"markdown={tmp_path}/m.md", "--", program, "1")
    [line] = [x for x in done.told.splitlines() if x.startswith("::")]
    assert line.startswith("::error file=a%2Cb%3Ac%25`<x>`/leaky.c,line=")
    assert "<x>" not in (tmp_path / "m.md").read_text()


def test_valgrind_xml_is_as_its_readers_want_it(told):
    root = xml.etree.ElementTree.parse(told["valgrind-xml"]).getroot()
    assert root.findtext("protocolversion") == "4"
    assert root.findtext("tool") == "memcheck"
    errors = root.findall("error")
    assert [e.findtext("kind") for e in errors] == [
        "Leak_DefinitelyLost"] * 3
    assert len({e.findtext("unique") for e in errors}) == 3
    for e in errors:
        assert int(e.findtext("xwhat/leakedbytes")) > 0
        assert int(e.findtext("xwhat/leakedblocks")) > 0
        for frame in e.findall("stack/frame"):
            assert frame.findtext("ip").startswith("0x")
            assert frame.findtext("obj")
            if frame.find("dir") is not None:
                assert frame.findtext("file") and frame.findtext("line")
    assert int(root.findtext("ppid")) > 1
    order = [child.tag for child in root]
    assert order[:8] == ["protocolversion", "protocoltool", "preamble", "pid",
                         "ppid", "tool", "args", "status"]


# --- What tells two findings from each other ---------------------------------

PEERS = """
#include <stdlib.h>
#include <string.h>
#include "scrub.h"
#include "deep.h"
static NOINLINE char *make_copy(const char *s)
{
    char *p = malloc(strlen(s) + 1);
    return p ? strcpy(p, s) : p;
}
static NOINLINE void take_a(void) { *make_copy("a") = 0; }
static NOINLINE void take_b(void) { *make_copy("bb") = 0; }
static NOINLINE void twice(void)
{
    *make_copy("ccc") = 0;
    *make_copy("dddd") = 0;
}
static NOINLINE void deep(void) { *make_copy("12345678") = 0; }
DEEP
static NOINLINE void first(void) { deep20(); }
static NOINLINE void second(void) { deep20(); }
static NOINLINE void lone(void) { memset(malloc(50), 0, 50); }
int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strchr(what, 'a')) take_a();
    if (strchr(what, 'b')) take_b();
    if (strchr(what, 't')) twice();
    if (strchr(what, 'd')) first();
    if (strchr(what, 'e')) second();
    if (strchr(what, 'l')) lone();
    if (strchr(what, 'o')) outside();
    scrub();
    return 0;
}
"""
DEEP = """
#include <string.h>
#define F(n, m) static NOINLINE void deep##n(void) { m(); \\
    __asm__ volatile(""); }
#define DEEP F(1, deep) %s
static NOINLINE void outside(void)
{
    void *p = malloc(60), *q = malloc(61); memset(p, 0, 60); memset(q, 0, 61);
    void *r = malloc(62);
    memset(r, 0, 62);
}
""" % " ".join(f"F({n}, deep{n - 1})" for n in range(2, 21))


@pytest.fixture(scope="module")
def peers(tmp_path_factory):
    """A program whose findings have lines in common; a part of it is not in
    the source tree."""
    directory = tmp_path_factory.mktemp("peers")
    (directory / "tree").mkdir()
    (directory / "include").mkdir()
    (directory / "include/deep.h").write_text(DEEP)
    return compiled(directory / "tree", "peers", PEERS, "-g", "-O1", "-fno-builtin",
                    f"-I{SOURCE}/samples", f"-I{directory}/include")


def line_of(peers, text):
    lines = (peers.parent / "peers.c").read_text().splitlines()
    return next(n + 1 for n, line in enumerate(lines) if text in line)


def reported(peers, form, what, *options):
    path = peers.parent / f"r.{form}"
    check(*options, "--source-root", peers.parent, "--output",
          f"{form}={path}", "--", peers, what)
    return path


def annotations(peers, what, *options):
    """{bytes: (line, message)} of GitHub's, which has the least room."""
    text = reported(peers, "github", what, *options).read_text()
    found = re.findall(r"^::error file=peers.c,line=(\d+),title=leak::"
                       r"1 object, (\d+) B: (.*) \([0-9a-f.]+\)$", text, re.M)
    assert len(found) == text.count("::error"), text
    return {int(b): (int(line), m) for line, b, m in found}


def test_findings_of_one_constructor_are_shown_at_their_callers(peers):
    line = {name: line_of(peers, text) for name, text in (
        ("make", "char *p = malloc"), ("a", 'make_copy("a")'),
        ("b", 'make_copy("bb")'), ("c", 'make_copy("ccc")'),
        ("d", 'make_copy("dddd")'))}
    made = f"char[], in make_copy at peers.c:{line['make']}, called by "
    assert annotations(peers, "abt") == {
        size: (line[name], f"{made}{f} at peers.c:{line[name]}")
        for size, name, f in ((2, "a", "take_a"), (3, "b", "take_b"),
                              (4, "c", "twice"), (5, "d", "twice"))}


def test_a_finding_alone_stands_at_its_own_line_as_before(peers):
    assert annotations(peers, "al") == {
        2: (line_of(peers, "char *p = malloc"),
            "char[], in make_copy"),
        50: (line_of(peers, "malloc(50)"), "malloc in lone, in lone")}


def test_of_a_long_chain_the_frames_that_differ_are_shown(peers):
    text = reported(peers, "gnu", "dea").read_text()
    errors = [x for x in text.splitlines() if "error:" in x]
    chains = [x.split("make_copy at ")[1] for x in errors]
    assert len(chains) == 3
    for function, call in (("first", "first(void)"),
                           ("second", "second(void)")):
        line = line_of(peers, call)
        [error] = [x for x in errors if f"called by {function} at" in x]
        assert error.startswith(f"peers.c:{line}:1: error: leak: ")
        assert re.search(r", called by deep at peers.c:\d+, called by deep1 .*"
                         r"\.\.\. \(\d+ more\), called by deep19 at .*, "
                         rf"called by deep20 at .*, called by {function} at "
                         rf"peers.c:{line} \[leak\]$", error), error
    assert len({c.split(" [")[0] for c in chains}) == 3


def test_what_differs_outside_of_the_tree_is_in_the_text(peers):
    line = line_of(peers, "outside();")
    text = reported(peers, "github", "o").read_text()
    assert text.count(f"::error file=peers.c,line={line},") == 2
    for n in (8, 9):
        assert (f": malloc in outside at deep.h:{n}, called by main at "
                f"peers.c:{line} (") in text


def test_a_new_finding_is_told_from_a_known_one(peers, tmp_path):
    base = tmp_path / "base"
    check("--baseline", base, "--update-baseline", "--", peers, "a")
    assert annotations(peers, "ab", "--baseline", base) == {
        3: (line_of(peers, 'make_copy("bb")'),
            "char[], in make_copy at peers.c:8, called by take_b at "
            "peers.c:12")}


def test_fingerprints_do_not_depend_on_other_findings(peers):
    def of(what):
        results = parsed(reported(peers, "sarif", what))["runs"][0]["results"]
        report = parsed(reported(peers, "gitlab", what))
        sarif = {r["partialFingerprints"]["refknotSignature/v1"]:
                 r["partialFingerprints"]["primaryLocationLineHash"]
                 for r in results}
        assert len(set(sarif.values())) == len(results) == len(report)
        assert set(sarif) == {r["fingerprint"] for r in report}
        return sarif
    a, b, both = of("a"), of("b"), of("ab")
    assert both == {**a, **b} and len(both) == 2
    assert of("abl").items() > both.items()


def test_sarif_has_the_constructor_as_a_related_location(peers):
    path = reported(peers, "sarif", "ab")
    jsonschema.Draft4Validator(
        parsed(validator("sarif-schema-2.1.0.json"))).validate(parsed(path))
    made = line_of(peers, "char *p = malloc")
    for result in parsed(path)["runs"][0]["results"]:
        [there] = result["relatedLocations"]
        assert there["message"]["text"] == "allocated"
        assert there["physicalLocation"]["region"]["startLine"] == made
        assert result["message"]["text"].endswith(
            f"; [allocated here]({there['id']})")
        assert result["locations"][0]["physicalLocation"]["region"][
            "startLine"] in (made + 3, made + 4)


@pytest.mark.parametrize("form", ["github", "gnu", "gitlab", "tap", "markdown",
                                  "sarif", "junit"])
def test_every_format_names_the_callers(form, peers):
    text = reported(peers, form, "ab").read_text().replace("&#95;", "_")
    for function in ("take_a", "take_b"):
        wanted = f"make_copy at peers.c:8, called by {function} at peers.c:"
        assert wanted in text or (form == "junit" and function in text), text
    if form in ("gitlab", "tap"):
        assert {int(n) for n in re.findall(r'(?:"begin"|line): (\d+)', text)
                } == {11, 12}


def test_places_of_a_limit_are_told_apart(peers):
    path = reported(peers, "github", "ab", "--max-live",
                    "malloc in make_copy=0", "--fail-on", "none")
    [line] = path.read_text().splitlines()
    assert line.startswith("::error file=peers.c,line=8,title=")
    for function, n in (("take_a", 11), ("take_b", 12)):
        assert (f"make_copy at peers.c:8, called by {function} at peers.c:{n} "
                "(1 object, ") in line


def test_no_property_of_junit_is_repeated(leaky, tmp_path):
    path = tmp_path / "r.xml"
    check("--output", f"junit={path}", "--", "sh", "-c",
          f"{leaky} 1; {leaky} 2; {leaky} 3; true")
    found = [(p.get("name"), p.get("value")) for p in
             xml.etree.ElementTree.parse(path).getroot().iter("property")]
    assert [name for name, _ in found] == ["programs", "processes", "summary"]
    programs = dict(found)["programs"].split(", ")
    assert len(programs) == 2 and programs[1] == str(leaky), programs
    assert dict(found)["processes"] == "4"


def test_markdown_has_a_row_a_finding(told):
    text = told["markdown"].read_text()
    assert text.startswith("### refknot: failed\n")
    assert text.count("| leak |") == 2
    assert text.count("| orphaned cycle |") == 1
    assert text.count("<details>") == text.count("</details>") == 3
