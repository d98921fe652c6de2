# SPDX-License-Identifier: MIT
"""What a recording lacks: its cause, its consequence and a remedy that works."""
import re

import pytest

from conftest import SOURCE, compiled, record, refknot

STRING = r'"(?:[^"\\]|\\.)*"'


def strings(text):
    return "".join(t[1:-1] for t in re.findall(STRING, text)).replace('\\"', '"')


def rows():
    """[(name, what, cause, consequence, remedy)] of limits.def."""
    header = (SOURCE / "include/refknot/format.h").read_text()
    why = strings(re.search(r"#define RKN_BYPASS_WHY(.*?)\n\n", header, re.S)[1])
    table = (SOURCE / "include/refknot/limits.def").read_text()
    found = []
    for name, text in re.findall(
            r"^RKN_LIMIT\((\w+), (.*?)\)\n(?=RKN|/\*|\Z)", table, re.S | re.M):
        texts = [why if t == "RKN_BYPASS_WHY" else strings(t)
                 for t in re.findall(rf"{STRING}|RKN_BYPASS_WHY", text)]
        found.append((name, *texts))
    assert len(found) == len(re.findall(r"^RKN_LIMIT\(", table, re.M))
    return found


def plural(what):
    return re.sub(r"\[[^]|]*\|([^]]*)\]", r"\1", what)


def page():
    """{what: the page's words about it, in lower case}"""
    text = (SOURCE / "man/refknot-limits.7").read_text()
    text = text[text.index(".Ss What a report may lack"):text.index(".Sh SEE")]
    items = re.split(r"^\.It ", text, flags=re.M)[1:]
    found = {}
    for item in items:
        what, _, words = item.partition("\n")
        words = words.replace("\\&", "").replace("\\(dq", '"')
        words = " ".join(words.replace("\n.El", "").split()).lower()
        found[what.replace("\\(dq", '"')] = words
    return found


def test_each_row_is_whole():
    for name, what, cause, consequence, remedy in rows():
        assert what and bool(cause) == bool(consequence), name
        assert cause or not remedy, name
        for text in (cause, consequence, remedy):
            assert not text.endswith(".") and ";" not in text[-1:], name


def test_the_manual_has_the_same_words():
    written = page()
    for name, what, *texts in rows():
        said = "".join(f"{text}. ".lower() for text in texts if text).strip()
        if said:
            assert written[plural(what)] == said, name
        else:
            assert written[plural(what)], name


def lacks(recorded):
    return {c["what"]: c for c in recorded.report()["complete"]}


def said(recorded):
    """The report's words, without the ends of its lines."""
    return " ".join(refknot("report", recorded.main).out.decode().split())


DEEP = """
#include <stdlib.h>
static void *volatile kept;
static void deeper(int n) { if (n) deeper(n - 1); else kept = malloc(10);
    __asm__ volatile(""); }
int main(void) { deeper(20); kept = NULL; exit(0); }
"""
BY_DEPTH = "call stacks cut at the recorded depth"
BY_RULES = "call stacks that could not be followed to the end"


def test_depth_is_a_lack_that_depth_mends(tmp_path):
    program = compiled(tmp_path, "deep", DEEP, "-O0")
    cut = record(tmp_path, program, options=["--depth", "5"])
    gap = lacks(cut)[BY_DEPTH]
    assert BY_RULES not in lacks(cut)
    assert gap["why"] == gap["cause"] == \
        "they have more frames than recording keeps"
    option = re.search("refknot run (--depth \\d+) keeps", gap["remedy"])
    assert ("1 call stack cut at the recorded depth: they have more frames than "
            "recording keeps their inner frames are right; findings from "
            "different callers may be one; refknot run --depth 1024 keeps"
            ) in said(cut)
    assert "... deeper than the recorded depth" in \
        refknot("report", "--full", cut.main).out.decode()
    whole = record(tmp_path, program, options=option[1].split())
    assert not lacks(whole)


def test_missing_rules_are_a_lack_that_tables_mend(tmp_path):
    bare = compiled(tmp_path, "bare", DEEP, "-O1", "-fomit-frame-pointer",
                    "-fno-asynchronous-unwind-tables",
                    "-fno-optimize-sibling-calls")
    cut = record(tmp_path, bare)
    gap = lacks(cut)[BY_RULES]
    assert BY_DEPTH not in lacks(cut)
    option = re.search("-f\\S+", gap["remedy"])[0]
    whole = record(tmp_path, compiled(tmp_path, "whole", DEEP, "-O1",
                                      "-fomit-frame-pointer", option,
                                      "-fno-optimize-sibling-calls"))
    assert not lacks(whole)


def test_no_snapshot_names_the_option(tmp_path):
    program = compiled(tmp_path, "deep", DEEP, "-O0")
    recorded = record(tmp_path, program, options=["--no-snapshot"])
    gap, = lacks(recorded).values()
    assert gap["consequence"] == "what was alive is known, but not what was lost"
    assert gap["remedy"] == "run it without --no-snapshot"


HIDDEN = """
#include <stdint.h>
#include <stdlib.h>
#include <refknot.h>
#include "scrub.h"
static uintptr_t hidden;
static NOINLINE void keep(int root)
{
    void *p = malloc(123);
    hidden = ~(uintptr_t)p;
    if (root)
        refknot_root(p);
}
int main(int argc, char **argv)
{
    (void)argv;
    keep(argc > 1);
    scrub();
    exit(!hidden);
}
"""


@pytest.mark.parametrize("root", [False, True])
def test_a_block_whose_pointer_is_not_searched_can_be_declared(root, tmp_path):
    remedies = [row[4] for row in rows()
                if row[0] in ("SHARED_MAP", "UNREADABLE")]
    assert remedies == [
        "refknot_root(block) says that such a block is in use"] * 2
    program = compiled(tmp_path, "hidden", HIDDEN, "-O1", "-g",
                       f"-I{SOURCE}/include", f"-I{SOURCE}/samples")
    recorded = record(tmp_path, program, *(["root"] if root else []))
    assert bool(recorded.report()["findings"]) != root
