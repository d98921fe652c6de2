# SPDX-License-Identifier: MIT
"""Types by the text of a call: where nothing else tells them, where the text may
not be what was compiled, and against what proves another."""
import itertools
import os
import re
import subprocess

import pytest

from conftest import compiled, read_json, record, refknot

BUILDS = list(itertools.product(["gcc", "clang"], ["-O0", "-O2"]))

# Nothing but the call's text says what a block is.
HELP = r"""
#include <stdlib.h>
#include <string.h>
void *memdup(const void *p, size_t n)
{
    void *copy = malloc(n);
    return memcpy(copy, p, n);
}
void put(void *to, void *p) { memcpy(to, &p, sizeof p); }
"""
BEGIN = r"""
#include <stdlib.h>
#include <string.h>
void *memdup(const void *p, size_t n);
void put(void *to, void *p);
struct item { long a, b, c; };
struct entry { long key; struct item *items; void *priv; struct item in[3]; };
typedef struct { int x, y; double z[4]; } point;
struct tail { int n; char text[]; } *one;
struct entry *an_entry; /* what is only measured is not in debug information */
point *a_point;
void *kept[32];
int used;
static void keep(void *p) { put(&kept[used++], p); }
"""


@pytest.fixture(params=BUILDS, ids="".join)
def build(request, tmp_path):
    compiler, level = request.param

    def program(text, *options, suffix="c"):
        source = tmp_path / f"calls.{suffix}"
        source.write_text(BEGIN + text)
        helper = compiled(tmp_path, "help.o", HELP, level, "-g", "-c",
                          compiler=compiler)
        subprocess.run([compiler, level, "-g", *options, source, helper, "-o",
                        tmp_path / "program"], check=True)
        return tmp_path / "program"

    return program


def rows(recording):
    return {r["type"]: (r["live"], *r["evidence"]) for r in
            read_json("objects", recording, "--limit", "0")["types"]}


def types(program):
    return rows(record(program.parent, program).main)


CALLS = r"""
int main(void)
{
    struct entry e = { 1 }, *pe = &e;
    point local;
    memset(&local, 0, sizeof local);
    one = NULL;
    keep(malloc(sizeof(struct entry)));
    keep(malloc(sizeof *pe));
    keep(calloc(7, sizeof(*pe->items)));
    keep(malloc(sizeof pe->in[0]));
    keep((point *)malloc(
        /* ( */ sizeof(point)));
    keep(memdup(&local, sizeof(local)));
    keep(malloc(sizeof(struct tail) + 30));
    return 0;
}
"""
SEEN = {"struct entry": (2, "source"), "struct item[]": (1, "source"),
        "struct item": (1, "source"), "point": (2, "source"),
        "struct tail": (1, "source")}


def test_the_text_of_a_call_tells(build):
    assert types(build(CALLS)) == SEEN


@pytest.mark.parametrize("call", [
    "malloc(24)", "malloc(sizeof(struct item) + (n & 1) - 1)",
    "malloc(n + sizeof(struct item))", "malloc(9 * sizeof(struct nobody *) / 3)",
    "list_new(2 * sizeof(struct item))"])
def test_what_may_be_another_is_not_said(build, call):
    found = types(build(r"""
struct nobody;
volatile long n = 1;
__attribute__((noinline)) void *list_new(size_t n) { return malloc(2 * n); }
int main(void) { keep(%s); return 0; }
""" % call))
    assert [evidence for _, *evidence in found.values()] == [[]]


def test_two_variables_of_one_name_say_nothing(build):
    found = types(build(r"""
int main(void)
{
    { struct item *p = 0; keep(malloc(sizeof *p + 16)); put(&p, 0); }
    { point *p = 0; keep(malloc(sizeof *p)); put(&p, 0); }
    return 0;
}
"""))
    assert [evidence for _, *evidence in found.values()] == [[]]


def test_a_source_that_was_edited_is_not_believed(build):
    """By its time, or by the sum that the line table has."""
    program = build(CALLS)
    recording = record(program.parent, program).main
    source = program.parent / "calls.c"
    text = source.read_text()
    source.write_text(text.replace("struct entry)", "struct item )"))
    later = program.stat().st_mtime + 10
    os.utime(source, (later, later))
    assert {evidence for _, *evidence in rows(recording).values()
            for evidence in evidence} == set()


@pytest.mark.parametrize("option", ["-gdwarf-5", "-gdwarf-4"])
def test_a_sum_counts_more_than_a_time(tmp_path, option):
    """clang's table of version 5 has sums, that of version 4 has none."""
    source = tmp_path / "calls.c"
    source.write_text(BEGIN + CALLS)
    helper = compiled(tmp_path, "help.o", HELP, "-g", "-c")
    program = tmp_path / "program"
    subprocess.run(["clang", option, "-O0", source, helper, "-o", program],
                   check=True)
    recording = record(tmp_path, program).main
    text, then = source.read_text(), program.stat().st_mtime
    with_sum = option == "-gdwarf-5"
    os.utime(source, (then + 10, then + 10))
    assert rows(recording) == SEEN if with_sum else rows(recording) != SEEN
    # Another text of the same length and an older time.
    source.write_text(text.replace("struct entry)", "struct item )"))
    os.utime(source, (then - 10, then - 10))
    found = {e for _, *evidence in rows(recording).values() for e in evidence}
    assert ("source" in found) == (not with_sum)


def test_without_the_source_findings_are_the_same(build, tmp_path):
    program = build(CALLS.replace("keep(", "put(&used, "))
    recording = record(program.parent, program).main

    def signatures():
        found = read_json("report", recording)["findings"]
        return sorted(f["signature"] for f in found)

    there = signatures()
    assert there
    (tmp_path / "calls.c").rename(tmp_path / "elsewhere")
    assert signatures() == there
    assert "source" not in str(rows(recording))


def test_a_source_against_a_site_leaves_it_open(build):
    program = build(r"""
struct other { double d[3]; } *other;
int main(void)
{
    other = malloc(sizeof(struct item));
    keep(other);
    return 0;
}
""")
    recording = record(program.parent, program).main
    assert rows(recording) == {"malloc in main": (1,)}
    info = refknot("info", recording).out.decode()
    assert re.search(r"1 block without one, for the source of their call names "
                     "another", info)


def test_what_the_cache_has_is_what_the_source_says(build, tmp_path):
    """The text is read each time, what it means is not."""
    program = build(CALLS)
    recording = record(program.parent, program).main
    for _ in range(2):
        assert rows(recording) == SEEN
    source = tmp_path / "calls.c"
    kept = source.read_text()
    source.unlink()
    assert "source" not in str(rows(recording))
    source.write_text(kept)
    then = program.stat().st_mtime - 1
    os.utime(source, (then, then))
    assert rows(recording) == SEEN


@pytest.mark.parametrize("other", ["leaf", "node"])
def test_new_of_a_class_that_nothing_else_tells(other, tmp_path):
    """A name of two types in the unit is none: scopes are not all followed."""
    source = tmp_path / "calls.cc"
    source.write_text(r"""
extern "C" void put(void *to, void *p);
struct OTHER { long a; };
namespace ns {
struct node { long a, b; } seen;
void *kept[4];
void *made() { return new node; }
}
OTHER seen;
int main() { put(&ns::kept[0], ns::made()); put(&ns::kept[1], new OTHER[3]); }
""".replace("OTHER", other))
    helper = compiled(tmp_path, "help.o", HELP, "-g", "-c")
    subprocess.run(["g++", "-g", "-O0", source, helper, "-o",
                    tmp_path / "program"], check=True)
    found = types(tmp_path / "program")
    if other == "leaf":
        assert found["ns::node"] == (1, "source")
        assert found["leaf[]"] == (1, "source")
    else:
        assert not [t for t in found if "node" in t]


def test_the_compiler_says_what_a_call_allocates(tmp_path):
    """LLVM's attribute, in place of one that clang 14 writes."""
    source = tmp_path / "calls.c"
    source.write_text(BEGIN + "int main(void) { keep(malloc(24 + used)); "
                      "one = 0; return 0; }\n"
                      "struct item *item;\n")
    assembly = tmp_path / "calls.s"
    subprocess.run(["clang", "-g", "-O2", "-fno-builtin", "-S", source, "-o",
                    assembly], check=True)
    text = assembly.read_text()
    at, = (piece for piece in text.split("# Abbrev [")
           if "DW_TAG_structure_type" in piece.splitlines()[0]
           and re.search(r"\.byte\t24 +# DW_AT_byte_size", piece))
    origin = r"(\t\.byte\t127 +# DW_AT_call_origin\n)"
    text, changed = re.subn(origin, '\t.ascii "\\\\216|"\n', text)
    assert changed
    offset = int(re.search("0x([0-9a-f]+):", at)[1], 16)
    text = re.sub(r"\.long\t\d+( +# DW_AT_call_origin)",
                  rf".long\t{offset}\1", text)
    assembly.write_text(text)
    helper = compiled(tmp_path, "help.o", HELP, "-g", "-c")
    subprocess.run(["clang", assembly, helper, "-o", tmp_path / "program"],
                   check=True)
    source.unlink()
    assert types(tmp_path / "program") == {"struct item": (1, "alloc-type")}
