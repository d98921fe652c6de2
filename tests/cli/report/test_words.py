# SPDX-License-Identifier: MIT
"""What reports say of real programs, in text and in JSON."""
import json
import re

import jsonschema
import pytest

from conftest import BUILD, SOURCE, compiled, read_json, record, refknot

SCHEMA = json.loads(
    (SOURCE / "cli/report/refknot-report.schema.json").read_text())

INTERIOR = """
#include <stdlib.h>
#include "scrub.h"
static struct { long pad; char *cursor; } state;
static NOINLINE char *make(void) { return calloc(1, 200); }
static NOINLINE void keep(char **at) { *at = make() + 100; }
int main(int argc, char **argv)
{
    char *local = NULL;

    (void)argv;
    keep(argc > 1 ? &local : &state.cursor);
    scrub();
    exit(local && local[1]);
}
"""


def told(recording):
    """The report in text, and as JSON that the schema allows."""
    text = refknot("report", "-p", "--full", recording)
    as_json = refknot("report", "--format", "json", recording)
    assert text.status == as_json.status == 0, text.told + as_json.told
    report = json.loads(as_json.out)
    jsonschema.validate(report, SCHEMA)
    return text.out.decode(), report


@pytest.mark.parametrize("argument, words, kind, symbol", [
    ([], "a pointer in data of interior "
     "(static state.cursor in interior.c)", "data", "state+0x8"),
    (["on the stack"], "a pointer on the stack of the main thread "
     "(main()'s local)", "stack", None)])
def test_a_possible_leak_names_its_holder(argument, words, kind, symbol,
                                          tmp_path):
    program = compiled(tmp_path, "interior", INTERIOR, "-g", "-O1",
                       f"-I{SOURCE}/samples")
    recorded = record(tmp_path, program, *argument)
    text, report = told(recorded.main)
    assert f"    held at +0x64 by {words}\n" in text
    [finding] = [f for f in report["findings"]
                 if f["kind"] == "possible-leak"]
    holder = finding["held_by"]
    assert (holder["kind"], holder["symbol"]) == (kind, symbol)
    assert holder["to_offset"] == 100
    assert re.match("0x[0-9a-f]+$", holder["address"])
    assert (holder["thread"] == report["process"]["pid"]) == (kind == "stack")


def test_a_possible_leak_is_no_finding_unless_asked_for(tmp_path):
    program = compiled(tmp_path, "interior", INTERIOR, "-g", "-O1",
                       f"-I{SOURCE}/samples")
    main = tmp_path / "main.rkn"
    closing = ("1 possible leak (1 object, 200 B), held by pointers into the "
               f"middle only: refknot leaks -p '{main}' shows it\n")
    ran = refknot("run", "-o", main, program, cwd=tmp_path)
    assert ran.status == 0
    for text in (ran.err.decode(), refknot("report", "--full", main).out.decode(),
                 refknot("leaks", main).out.decode()):
        assert "LEAK " not in text and closing in text, text
        assert "]: no " in text.splitlines()[0]
    assert "]: 1 possible leak\n" in \
        refknot("report", "--possible", main).out.decode()
    for argv, counted, listed in (
            (["report"], 0, 1), (["report", "-p"], 1, 1), (["leaks"], 0, 0),
            (["leaks", "-p"], 1, 1), (["cycles"], 0, 0)):
        report = read_json(argv[0], main, *argv[1:])
        jsonschema.validate(report, SCHEMA)
        assert report["verdict"]["findings"] == counted, argv
        assert report["verdict"]["by_kind"]["possible-leak"]["findings"] == \
            len(report["findings"]) == listed, argv


HISTORY = """
#include <stdlib.h>
static void *kept[2];
__attribute__((noinline)) static void *make(int early)
{
    return early ? malloc(10) : malloc(20);
}
int main(void)
{
    for (int i = 0; i < 100; i++)
        free(make(1));
    kept[0] = make(0);
    kept[1] = make(0);
    return 0;
}
"""


def test_objects_and_report_count_the_whole_run_alike(tmp_path):
    recorded = record(tmp_path, compiled(tmp_path, "history", HISTORY, "-g"))
    report = read_json("report", recorded.main)["types"]
    objects = read_json("objects", recorded.main)["types"]
    assert [t for t in report if t["live"]] == objects
    [made] = [t for t in objects if t["type"] == "malloc in main"]
    assert (made["live"], made["allocated"], made["freed"]) == (2, 102, 100)


@pytest.mark.parametrize("asked, types", [
    ("?", ["connection", "session"]), ("struct sessions", ["session"]),
    ("CONNECTION#9", ["connection"]), ("struct session_anew#1", ["session"])])
def test_show_says_which_names_there_are(asked, types, tmp_path):
    recorded = record(tmp_path, BUILD / "samples/orphaned_cycle")
    done = refknot("show", recorded.main, asked)
    assert done.status == 2
    found = re.findall(r"struct (\w+)#1 to #3", done.told)
    assert found == types, done.told
    for name in found:
        for number in 1, 3:
            assert refknot("show", recorded.main,
                           f"struct {name}#{number}").status == 0
        assert refknot("show", recorded.main,
                       f"struct {name}#4").status == 2


def test_every_kind_of_finding_is_in_the_schemas_and_the_manual():
    header = (SOURCE / "cli/analysis/findings.h").read_text()
    rows = re.findall(r'ROW\(FINDING_\w+, "([^"]+)", "([^"]+)"', header)
    check = json.loads(
        (SOURCE / "cli/report/refknot-check.schema.json").read_text())
    page = (SOURCE / "man/refknot-report.1").read_text().lower()
    assert len(rows) == header.count("ROW(FINDING_") > 10
    names = [name for name, _ in rows]
    assert SCHEMA["$defs"]["kind"]["enum"] == names
    assert check["$defs"]["finding"]["properties"]["kind"]["enum"] == names
    assert [t for _, t in rows if t.lower() not in page] == []
