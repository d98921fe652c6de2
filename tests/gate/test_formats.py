# SPDX-License-Identifier: MIT
"""Each format, read by what its readers use, says what the text says."""
import json
import re
import shutil
import urllib.parse
import xml.etree.ElementTree

import jsonschema
import pytest

from conftest import BUILD, environment, run, validator
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
    return files


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
        assert re.fullmatch("[0-9a-f]+:1", prints["primaryLocationLineHash"])
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
        line = result["locations"][0]["physicalLocation"]["region"][
            "startLine"]
        assert (result["partialFingerprints"]["primaryLocationLineHash"]
                == hashes[line])


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
    assert "ROOT CYCLE" in cycles.text
    assert leaks.text.count("LEAK  ") == 2
    assert leaks.get("message") == "2 leaks (120 B); take at leaky.c:8"


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
    assert "leaky.c:17:1: note: called from ring" in lines


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


def test_markdown_has_a_row_a_finding(told):
    text = told["markdown"].read_text()
    assert text.startswith("### refknot: failed\n")
    assert text.count("| leak |") == 2
    assert text.count("| orphaned cycle |") == 1
    assert text.count("<details>") == text.count("</details>") == 3
