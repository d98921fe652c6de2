# SPDX-License-Identifier: MIT
"""Limits that are exceeded say by what, in which process, and from where."""
import json
import re
import xml.etree.ElementTree as tree

import jsonschema
import pytest

from conftest import SOURCE, compiled, refknot, run, validator
from gate import check, leaky, summary  # noqa: F401

# One session from open_one(), two from open_two(), which a region leaves, and
# as many blocks of keep(); none is lost.
SERVER = """
#include <stdlib.h>
#include <refknot.h>
#define NOINLINE __attribute__((noinline))
void *kept[10];
static int count;
static NOINLINE void keep(size_t size)
{
    kept[count] = malloc(size);
    refknot_object(kept[count], "Session");
    count++;
}
static NOINLINE void open_one(void) { keep(100); }
static NOINLINE void open_two(void) { keep(30); }
void *plain[10];
static NOINLINE void buffer(int i) { plain[i] = malloc(1000); }
int main(int argc, char **argv)
{
    (void)argv;
    open_one();
    for (int i = 0; i < argc; i++) {
        refknot_region_begin("request");
        open_two();
        buffer(i);
        refknot_region_end("request");
    }
    return kept[9] != plain[9];
}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    return compiled(tmp_path_factory.mktemp("server"), "server", SERVER, "-g",
                    "-O1", "-fno-builtin", "-fno-optimize-sibling-calls",
                    f"-I{SOURCE}/include")


FORMATS = ("text", "json", "gnu", "github", "sarif", "junit", "tap", "gitlab",
           "markdown", "valgrind-xml")
LIMIT = "Session=2"


@pytest.fixture(scope="module")
def told(server, tmp_path_factory):
    """Three sessions where two may be, in every format: {format: text}."""
    directory = tmp_path_factory.mktemp("told")
    files = {f: directory / f for f in FORMATS}
    done = check(*(a for f, p in files.items()
                   for a in ("--output", f"{f}={p}")), "--max-live", LIMIT,
                 "--source-root", server.parent, "--", server, "x")
    assert done.status == 23, done.told
    return {f: p.read_text() for f, p in files.items()}


SAYS = re.compile(r"3 objects alive at the end of server\[\d+\] \(limit 2\)")


def test_the_last_line_has_both_numbers_and_the_process(told):
    line = told["text"].splitlines()[-1]
    assert re.fullmatch(rf"refknot: FAIL max-live:{LIMIT}: {SAYS.pattern}; "
                        r"suppressed 0; exit 23", line)


def test_text_has_the_stacks_with_most_first(told):
    text = told["text"]
    assert re.search(rf"^limit --max-live {LIMIT}: {SAYS.pattern}$", text,
                     re.M)
    two = text.index("  2 objects, 60 B alive at the end, from\n")
    one = text.index("  1 object, 100 B alive at the end, from\n")
    assert two < text.index("open_two at server.c:14") < one
    assert one < text.index("open_one at server.c:13")


def test_json_has_the_limit_beside_what_was_found(told):
    report = json.loads(told["json"])
    jsonschema.validate(report, json.loads(
        (SOURCE / "cli/report/refknot-check.schema.json").read_text()))
    rules = {r["id"]: r for r in report["rules"]}
    limit = rules[f"max-live:{LIMIT}"]["limit"]
    assert (limit["option"], limit["unit"], limit["most"], limit["found"]) == (
        f"--max-live {LIMIT}", "objects", 2, 3)
    assert limit["pid"] == report["processes"][0]["pid"]
    assert limit["program"] == report["processes"][0]["program"]
    assert [(p["objects"], p["bytes"], p["path"], p["line"], p["function"])
            for p in limit["places"]] == [
                (2, 60, "server.c", 10, "keep"),
                (1, 100, "server.c", 10, "keep")]
    assert limit["places"][0]["stack"]["frames"][1]["function"] == "open_two"
    assert rules["leak"]["limit"] is None


def test_gnu_and_github_point_at_the_place_with_most(told):
    line = next(x for x in told["gnu"].splitlines() if ": error: " in x)
    assert line.startswith("server.c:10:1: error: ") and SAYS.search(line)
    called = "keep at server.c:10, called by open_{0} at server.c:{1}"
    for name, line, amount in (("two", 14, "2 objects, 60 B"),
                               ("one", 13, "1 object, 100 B")):
        assert (f"server.c:{line}:1: note: {amount} alive at the end, from "
                + called.format(name, line) + "\n") in told["gnu"]
    [line] = told["github"].splitlines()
    assert line.startswith(
        f"::error file=server.c,line=10,title=--max-live {LIMIT}::")
    assert SAYS.search(line)
    assert (f", from {called.format('two', 14)} (2 objects, 60 B), "
            f"{called.format('one', 13)} (1 object, 100 B)") in line


def test_sarif_has_a_result_of_it(told):
    document = json.loads(told["sarif"])
    jsonschema.Draft4Validator(json.loads(
        validator("sarif-schema-2.1.0.json").read_text())).validate(document)
    [result] = document["runs"][0]["results"]
    rules = document["runs"][0]["tool"]["driver"]["rules"]
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == "limit"
    assert SAYS.search(result["message"]["text"])
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "server.c"
    assert place["region"]["startLine"] == 10
    assert len(result["stacks"]) == 2
    assert not document["runs"][0]["invocations"][0][
        "toolExecutionNotifications"]


def test_junit_and_tap_have_it_in_their_case(told):
    root = tree.fromstring(told["junit"])
    [failure] = root.iter("failure")
    assert SAYS.search(failure.get("message"))
    assert "open_two at server.c:14" in failure.text
    block = told["tap"][told["tap"].index("not ok"):]
    assert SAYS.search(block)
    assert ('- what: "2 objects, 60 B alive at the end, from keep at '
            'server.c:10, called by open_two at server.c:14"') in block


def test_gitlab_and_markdown_have_it(told):
    [entry] = json.loads(told["gitlab"])
    assert SAYS.search(entry["description"])
    assert entry["location"] == {"path": "server.c", "lines": {"begin": 10}}
    assert entry["fingerprint"] == f"max-live:{LIMIT}"
    jsonschema.validate([entry], json.loads(
        validator("codequality.schema.json").read_text()))
    assert f"<summary>--max-live {LIMIT}: 3 objects" in told["markdown"]
    assert "<p>2 objects, 60 B</p>" in told["markdown"]
    assert "<summary>" in told["markdown"] and "open&#95;two" in told["markdown"]


@pytest.mark.parametrize("option, words, place", [
    (["--max-peak", "1k"], r"2\.1 KiB at the peak of server\[\d+\] "
     r"\(limit 1\.0 KiB\)", "alive at the peak, from"),
    (["--max-left", "request=1"], r"\d objects left by passes in "
     r"server\[\d+\] \(limit 1\)", "left by passes, from"),
    (["--max-left", "request/malloc in buffer=1kB"], r"2\.0 KiB left by "
     r"passes in server\[\d+\] \(limit 1\.0 KiB\)",
     "2 objects, 2.0 KiB left by passes, from"),
    (["--max-left", "request/Session=10B"], r"60 B left by passes in "
     r"server\[\d+\] \(limit 10 B\)", "alive at the end, from"),
    (["--max-live", "Session=100B"], r"160 B alive at the end of "
     r"server\[\d+\] \(limit 100 B\)", "1 object, 100 B alive at the end")])
def test_each_limit_says_where(option, words, place, server):
    done = check(*option, "--", server, "x")
    assert done.status == 23, done.told
    assert re.search(words, summary(done)), done.told
    assert f"limit {option[0]}" in done.told
    assert place in done.told, done.told
    assert "#0  " in done.told


# At its peak it has what was given back long before its end; most was allocated
# elsewhere.
PEAK = """
#include <stdlib.h>
#define NOINLINE __attribute__((noinline))
void *kept[3];
static NOINLINE void hog(int i) { kept[i] = malloc(60000); }
static NOINLINE void beside(void) { kept[2] = malloc(500); }
static NOINLINE void churn(void)
{
    for (int i = 0; i < 100; i++) {
        void *p = malloc(20000);
        __asm__ volatile ("" : : "r"(p));
        free(p);
    }
}
int main(int argc, char **argv)
{
    (void)argv;
    for (int i = 0; i < argc; i++)
        hog(i);
    beside();
    for (int i = 0; i < 3; i++)
        free(kept[i]);
    churn();
    return 0;
}
"""


def test_a_peak_says_who_had_it(tmp_path):
    program = compiled(tmp_path, "peak", PEAK, "-g", "-O1", "-fno-builtin",
                       "-fno-optimize-sibling-calls")
    files = {f: tmp_path / f for f in FORMATS}
    done = check(*(a for f, p in files.items()
                   for a in ("--output", f"{f}={p}")), "--max-peak", "1k",
                 "--source-root", tmp_path, "--", program, "x")
    assert done.status == 23, done.told
    texts = {f: p.read_text() for f, p in files.items()}
    for form, text in texts.items():
        # Valgrind's has findings only.
        assert ("hog" in text) == (form != "valgrind-xml"), form
        assert "churn" not in text, form
    first, second = re.findall(r"(?m)^  (.*) alive at the peak, from$",
                               texts["text"])[:2]
    assert (first, second) == ("2 objects, 117.2 KiB", "1 object, 500 B")
    places = next(r for r in json.loads(texts["json"])["rules"]
                  if r["id"] == "max-peak")["limit"]["places"]
    assert [(p["objects"], p["bytes"], p["function"]) for p in places[:2]] == [
        (2, 120000, "hog"), (1, 500, "beside")]
    says = "from hog (2 objects, 117.2 KiB), beside (1 object, 500 B)"
    [entry] = json.loads(texts["gitlab"])
    assert says in entry["description"]
    [result] = json.loads(texts["sarif"])["runs"][0]["results"]
    assert says in result["message"]["text"]
    assert says in texts["github"]
    done = check("--brief", "--max-peak", "1k", "--", program, "x")
    line = next(x for x in done.told.splitlines()
                if x.startswith("limit --max-peak 1k: "))
    assert says in line, done.told
    # What lists it, and not the findings, which there are none of.
    command, = re.findall("^next: (.*)", done.told.splitlines()[-1])
    assert command == f"refknot run -q {program} x; refknot objects --at peak"
    kept = tmp_path / "kept.rkn"
    for options in ["--keep", kept, "--", program, "x"], [kept]:
        done = check("--brief", "--max-peak", "1k", *options)
        last = (done.out + done.err).decode().splitlines()[-1]
        assert last == f"next: refknot objects --at peak {kept}"
    assert refknot(*last.split()[2:]).status == 0


def test_where_more_fails_than_a_limit_the_report_is_next(leaky):
    done = check("--brief", "--max-peak", "10", "--", leaky, "1")
    assert "limit --max-peak 10: " in done.told
    # Of one line, both numbers in one manner.
    done = check("--max-peak", "0.5k", "--", leaky, "12")
    assert re.search(r"^limit --max-peak 0\.5k: \d+\.\d KiB at the peak of "
                     r"leaky\[\d+\] \(limit 512 B\)$", done.told, re.M), done.told
    done = check("--brief", "--max-peak", "10", "--", leaky, "1")
    assert done.told.splitlines()[-1] == f"next: refknot run {leaky} 1"


@pytest.mark.parametrize("typed, says", [
    ("Sesion", 'did you mean "Session"?'),
    ("malloc in bufer", 'did you mean "malloc in buffer"?'),
    ("struct nothing_like_it", "see refknot regions")])
def test_a_mistyped_type_in_a_region_fails(typed, says, server, tmp_path):
    """The limit would guard nothing."""
    limit = ["--max-left", f"request/{typed}=0"]
    done = check(*limit, "--output", f"json={tmp_path / 'j'}", "--", server, "x")
    assert done.status == 23, done.told
    assert f"nothing of that type was made; {says}" in summary(done)
    [rule] = [r for r in json.loads((tmp_path / "j").read_text())["rules"]
              if r["id"].startswith("max-left")]
    assert rule["failed"]
    done = check(*limit, "--allow-incomplete", "--", server, "x")
    assert done.status == 0 and "nothing of that type was made" in done.told


def test_what_leaks_beyond_a_limit_is_shown(leaky, tmp_path):
    files = {f: tmp_path / f for f in FORMATS}
    done = check(*(a for f, p in files.items()
                   for a in ("--output", f"{f}={p}")), "--max-leaked-bytes",
                 "50", "--source-root", leaky.parent, "--", leaky, "12")
    assert done.status == 23
    assert (summary(done) == "refknot: FAIL max-leaked-bytes: 120 B leaked "
            "(limit 50 B); suppressed 0; exit 23")
    assert re.search("one +leaky.c:12", done.told)
    assert re.search("two +leaky.c:13", done.told)
    report = json.loads(files["json"].read_text())
    assert report["verdict"]["findings"] == 2
    assert all(f["fails"] for f in report["findings"])
    for form in FORMATS:
        assert "leaky.c" in files[form].read_text(), form
    root = tree.parse(files["junit"]).getroot()
    [failure] = root.iter("failure")
    assert failure.get("type") == "max-leaked-bytes"
    assert re.search("one +leaky.c:12", failure.text)


def test_of_several_processes_the_worst_is_told(server):
    done = check("--max-live", "Session=0", "--", "sh", "-c",
                 f"{server}; {server} x x; {server} x; true")
    assert "4 objects alive at the end of server[" in summary(done), done.told


def test_a_limit_that_holds_says_nothing(server):
    done = check("--max-live", "Session=3", "--max-left", "request=9", "--",
                 server, "x")
    assert done.status == 0
    assert done.told == "refknot: OK no findings; suppressed 0; exit 0\n"
