# SPDX-License-Identifier: MIT
"""Names of types, and what show has of one: fields, bits, padding, what they
retain."""
import subprocess

import pytest

from conftest import read_json, record, refknot
from typed import (  # pylint: disable=unused-import
    build, build_cxx, live, shown)


def pointers(program, name):
    """Of one object: {field of a pointer: field that it leads to}."""
    main = record(program.parent, program).main
    found = read_json("show", name, main)["object"]
    return {p["field"]: p["to_field"] for p in found["pointers_out"]}


LIST = r"""
#include <stdlib.h>
#include <string.h>
struct buffer { long size; char *bytes; };
struct session {
    struct session *next;
    char *name;
    struct buffer *shared;
    struct buffer *known;
    long number;
} *sessions;
struct buffer *buffer;
int main(void)
{
    struct buffer *shared = calloc(1, sizeof *shared);
    buffer = calloc(1, sizeof *buffer);
    shared->bytes = malloc(100);
    for (int i = 0; i < 5; i++) {
        struct session *s = calloc(1, sizeof *s);
        s->next = sessions;
        s->name = strdup("seven");
        s->shared = shared;
        s->known = buffer;
        sessions = s;
    }
    shared = NULL;
    __asm__ volatile("" : : "r"(shared) : "memory");
}
"""


def test_a_type_and_its_fields_retain_what_would_be_free(build):
    program = build(main=LIST)
    found, fields = shown(program, "struct session")
    assert (found["retained_objects"], found["retained_bytes"]) == (
        5 + 5 + 2, 5 * 40 + 5 * 6 + 16 + 100)
    assert {n: (f["retained_objects"], f["retained_bytes"])
            for n, f in fields.items()} == {
        "next": (8, 4 * 40 + 4 * 6), "name": (5, 30), "shared": (2, 116),
        "known": (0, 0), "number": (None, None)}
    rows = read_json("objects", program.parent / "main.rkn", "--retained")
    row, = [r for r in rows["types"] if r["type"] == "struct session"]
    assert row["retained_bytes"] == found["retained_bytes"]
    told = refknot("show", program.parent / "main.rkn", "struct session")
    text = told.out.decode()
    assert "retain 12 objects, 346 B: free if all of them were" in text
    assert [line.split()[1:5] for line in text.splitlines()
            if " name " in line] == [["name", "char", "*", "30"]]


def test_what_a_type_retains_is_not_known_without_pointers(build):
    program = build(main=LIST)
    main = record(program.parent, program, options=("--no-snapshot",)).main
    found = read_json("show", "struct session", main)["type"]
    assert found["retained_bytes"] is None
    assert {f["retained_bytes"] for f in found["fields"]} == {None}
    told = refknot("show", main, "struct session").out.decode()
    assert "what they retain is not known" in told


BITS = r"""
#include <stdlib.h>
struct bits {
    unsigned a : 3, b : 5;
    unsigned long wide : 40;
    char c;
    signed char sign : 4;
    unsigned : 0;
    unsigned late : 1, : 6, later : 10;
    struct { unsigned in : 2; char *p; } inner;
    void *end;
} *kept;
struct __attribute__((packed)) tight { char c; unsigned x : 13; long y : 50; };
struct tight *tight;
union either { unsigned u : 3; long l; };
struct holder { union either e; _Bool flag : 1; } *holder;
int main(void)
{
    kept = calloc(1, sizeof *kept);
    tight = calloc(1, sizeof *tight);
    holder = calloc(1, sizeof *holder);
}
"""


@pytest.mark.parametrize("version", ["-gdwarf-3", "-gdwarf-4", "-gdwarf-5"])
def test_bit_fields_have_their_places(build, version):
    """Also as DWARF had them before data_bit_offset."""
    program = build(main=BITS, flags=(version,))
    found, fields = shown(program, "struct bits")
    assert {n: (8 * f["offset"] + f["bit"], f["bits"])
            for n, f in fields.items() if f["bits"]} == {
        "a": (0, 3), "b": (3, 5), "wide": (8, 40), "sign": (56, 4),
        "late": (64, 1), "later": (71, 10), "inner.in": (128, 2)}
    assert fields["c"]["offset"] == 6 and fields["end"]["offset"] == 32
    # 4 bits, 6, 7 and 6; of bytes 5 before inner and 7 in it.
    assert (found["padding"], found["padding_bits"]) == (12, 4 + 6 + 7 + 6)
    found, fields = shown(program, "struct tight")
    assert [(8 * fields[n]["offset"] + fields[n]["bit"], fields[n]["bits"])
            for n in ("x", "y")] == [(8, 13), (21, 50)]
    assert (found["padding"], found["padding_bits"]) == (0, 1)
    found, fields = shown(program, "struct holder")
    assert (fields["e"]["bits"], fields["flag"]["bits"]) == (None, 1)
    assert (found["padding"], found["padding_bits"]) == (7, 7)
    told = refknot("show", program.parent / "main.rkn", "struct bits")
    lines = [line.split() for line in told.out.decode().splitlines()]
    assert ["+0x0", "bit", "3", "b", "unsigned", "int:5"] in lines


def test_a_struct_without_a_name_has_that_of_its_typedef(build):
    types = live(build(main=r"""
#include <stdlib.h>
typedef struct { long a[3]; } tri, *tri_p;
typedef const struct { long b[5]; } five;
typedef enum { RED } colour;
struct holder { colour c; enum { ONE, TWO } e; } *holder;
tri_p by_pointer;
five *constant;
tri size;
int main(void)
{
    by_pointer = malloc(sizeof *by_pointer);
    constant = calloc(1, sizeof *constant);
    holder = malloc(sizeof *holder);
    by_pointer->a[0] = size.a[0];
}
"""))
    assert types == {"tri": 1, "five": 1, "struct holder": 1}


def test_a_struct_without_any_name_has_its_place(build):
    program = build(main=r"""
#include <stdlib.h>
struct { long a, b; } *lone;
struct { long a, b; } *first; struct { long a, b; } *second;
struct holder {
    union { struct holder *self; long number; };
    union {
        struct { int x; char *text; }; double d; } value;
    struct { long n; } *inner;
    enum { ONE, TWO } e;
} *holder;
int main(void)
{
    lone = malloc(sizeof *lone);
    first = malloc(sizeof *first);
    second = malloc(sizeof *second);
    holder = calloc(1, sizeof *holder);
    holder->self = holder;
    holder->value.text = malloc(30);
    holder->inner = malloc(sizeof *holder->inner);
}
""")
    types = live(program)
    where = program.parent / "main.o.c"
    assert {n.replace(where.name, "f.c"): c for n, c in types.items()
            if "(" in n} == {
        "struct (f.c:3)": 1, "struct (f.c:4)": 1, "struct (f.c:4/2)": 1,
        "struct (f.c:9)": 1}
    _, fields = shown(program, "struct holder")
    assert {n: f["type"].replace(where.name, "f.c")
            for n, f in fields.items()} == {
        "self|number": "union (f.c:6)", "value": "union (f.c:7)",
        "inner": "struct (f.c:9) *", "e": "enum (f.c:10)"}
    assert pointers(program, "struct holder#1") == {
        "self": "", "value.text": None, "inner": ""}


def test_structs_without_a_name_at_one_line_of_two_files_are_two(build):
    unit = r"""
#include <stdlib.h>
#include "%s.h"
void %s_keep(void) { %s_kept = malloc(sizeof *%s_kept); }
"""
    program = build(
        headers={"one": '#line 7 "one/all.h"\nstruct { long a; } *one_kept;\n',
                 "two": '#line 7 "two/all.h"\nstruct { long a; } *two_kept;\n'},
        one=unit.replace("%s", "one"), two=unit.replace("%s", "two"),
        main="void one_keep(void);\nvoid two_keep(void);\n"
        "int main(void) { one_keep(); two_keep(); }\n")
    assert live(program) == {"struct (all.h:7)": 1, "struct (all.h:7) (2)": 1}


def test_a_header_has_one_struct_without_a_name(build):
    """Two units declare one type, which two pointers do not contradict."""
    unit = r"""
#include <stdlib.h>
#include "all.h"
struct %s_holder { long n; struct all *all; } *%s_held;
void %s_hold(void *p)
{
    %s_held = calloc(1, sizeof *%s_held);
    %s_held->all = p;
}
"""
    program = build(
        headers={"all": "struct all { struct { long a, b; } *in; };\n"},
        one=unit.replace("%s", "one"), two=unit.replace("%s", "two"),
        main=r"""
#include <stdlib.h>
#include <string.h>
#include "all.h"
void one_hold(void *p);
void two_hold(void *p);
int main(void)
{
    struct all *all = malloc(sizeof *all);
    void *in = malloc(16);
    memcpy(all, &in, sizeof in);
    one_hold(all);
    two_hold(all);
}
""")
    assert live(program) == {"struct all": 1, "struct one_holder": 1,
                             "struct two_holder": 1, "struct (all.h:1)": 1}


ARRAYS = r"""
#include <stdlib.h>
struct cell { long n; struct grid *grid; };
struct grid {
    void *a[3][4];
    int b[2][3][4];
    char text[2][8];
    struct cell cells[2][3];
} *grid;
static struct grid *roots[3][5];
int (*rows)[3];
int main(void)
{
    grid = calloc(1, sizeof *grid);
    grid->a[2][3] = malloc(40);
    grid->cells[1][2].grid = grid;
    grid->a[0][1] = &grid->text[1][3];
    roots[2][4] = calloc(1, sizeof *grid);
    __asm__ volatile("" : : "r"(roots) : "memory");
    rows = calloc(4, sizeof *rows);
    rows[1][1] = 2;
}
"""


def test_arrays_in_arrays_have_all_of_their_numbers(build):
    program = build(main=ARRAYS)
    types = live(program)
    assert types["int[][3]"] == 1
    _, fields = shown(program, "struct grid")
    assert {n: f["type"] for n, f in fields.items()} == {
        "a": "void *[3][4]", "b": "int[2][3][4]", "text": "char[2][8]",
        "cells": "struct cell[2][3]"}
    assert set(pointers(program, "struct grid#1")) == {
        "a[2][3]", "a[0][1]", "cells[1][2].grid"}
    assert pointers(program, "struct grid#1")["a[0][1]"] == "text[1]+0x3"
    other = read_json("show", "struct grid#2", program.parent / "main.rkn")
    root, = other["object"]["roots"]
    assert root["variable"] == "static roots[2][4] in main.o.c"
    told = refknot("show", program.parent / "main.rkn", "int[][3]#1")
    assert b"int[4][3]" in told.out


TARGETS = r"""
#include <stdlib.h>
struct link { struct link *next, *prev; };
struct item { struct link link; long n; struct { long a, b; } deep; };
struct table {
    long count;
    struct item items[4];
    void *any;
    struct link *link;
    struct item *item;
    long *number;
    struct item (*all)[4];
    struct link **next;
} *table;
int main(void)
{
    table = calloc(1, sizeof *table);
    table->any = &table->items[1];
    table->link = &table->items[1].link;
    table->item = &table->items[1];
    table->number = &table->items[2].deep.a;
    table->all = &table->items;
    table->next = &table->items[3].link.next;
    table->items[0].link.next = &table->items[2].link;
    table->items[0].link.prev = (struct link *)table;
}
"""


def test_a_pointer_leads_to_what_it_is_declared_to_point_at(build):
    """Not to the first field of it; without a type to the whole."""
    assert pointers(build(main=TARGETS), "struct table#1") == {
        "any": "items[1]", "link": "items[1].link", "item": "items[1]",
        "number": "items[2].deep.a", "all": "items",
        "next": "items[3].link.next", "items[0].link.next": "items[2].link",
        "items[0].link.prev": ""}


CLASSES = r"""
#include <cstdlib>
#include <cstring>
#define NEW __attribute__((noinline)) void
void *kept[32];
static int count;
static void keep(void *p) { kept[count++] = p; }
namespace {
struct Job { Job *next; long n; };
}
namespace net {
namespace {
struct Deep { Deep *d; long n; };
}
struct Outer {
    struct Impl;
    struct Inner { long a; Inner *in; };
    Impl *impl;
    Inner *inner;
};
struct Outer::Impl { long v[3]; void *p; };
}
NEW f(int n)
{
    struct Local { Local *l; long n; };
    Local *x = new Local;
    x->l = x;
    x->n = n;
    keep(x);
    { struct Block { long n, m; Block *b; }; auto b = new Block; b->b = b;
      keep(b); }
}
template <class T> NEW g(T)
{
    struct In { In *in; T t; };
    In *x = new In;
    x->in = x;
    keep(x);
}
struct Method {
    NEW run() const
    {
        struct In { In *in; };
        In *x = new In;
        x->in = x;
        keep(x);
    }
};
net::Outer *outer;
int main()
{
    Job *job = new Job;
    job->next = job;
    keep(job);
    net::Deep *deep = new net::Deep;
    deep->d = deep;
    keep(deep);
    outer = (net::Outer *)calloc(1, sizeof *outer);
    outer->impl = (net::Outer::Impl *)malloc(sizeof *outer->impl);
    outer->inner = (net::Outer::Inner *)malloc(sizeof *outer->inner);
    f(1);
    g(2L);
    Method().run();
}
"""


def test_names_of_cxx_have_their_scopes(build_cxx):
    types = live(build_cxx(main=CLASSES))
    assert {n: c for n, c in types.items() if "libstdc++" not in n} == {
        "(anonymous namespace)::Job": 1, "net::(anonymous namespace)::Deep": 1,
        "net::Outer": 1, "net::Outer::Impl": 1, "net::Outer::Inner": 1,
        "f(int)::Local": 1, "f(int)::Block": 1, "g<long>(long)::In": 1,
        "Method::run() const::In": 1}


WORDS = r"""
#include <cstdlib>
struct Base { virtual ~Base() {} Base *base; };
namespace { struct Hidden : Base { long n; Hidden *hidden; char c; }; }
template <class T> struct Box : Base { T t; Base *other; };
void *kept[8];
__attribute__((noinline)) Base *make(int n)
{
    if (n == 1)
        return new Hidden;
    return n == 2 ? (Base *)new Box<int> : new Base;
}
int main()
{
    for (int i = 0; i < 3; i++) {
        Base *b = make(i);
        b->base = b;
        kept[i] = b;
    }
    Hidden *h = static_cast<Hidden *>((Base *)kept[1]);
    h->hidden = h;
    static_cast<Box<int> *>((Base *)kept[2])->other = h;
}
"""


def test_types_by_first_words_have_fields(build_cxx):
    """What is a Base at its site is more."""
    program = build_cxx(main=WORDS)
    for name, wanted in (
            ("(anonymous namespace)::Hidden", {"base": 8, "n": 16, "hidden": 24,
                                               "c": 32}),
            ("Box<int>", {"base": 8, "t": 16, "other": 24})):
        found, fields = shown(program, name)
        assert found["live"] == 1
        assert {n: f["offset"] for n, f in fields.items()
                if "vptr" not in n} == wanted
    assert fields["other"]["targets"][0]["type"] == (
        "(anonymous namespace)::Hidden")


def test_first_words_of_two_classes_of_one_name_have_no_fields(build_cxx):
    unit = r"""
namespace ns { struct Base { virtual ~Base(); long b; };
struct Two : Base {
    %m
    __attribute__((noinline)) Two(long n) : Base() { b = n; }
}; }
ns::Base *%s() { return new ns::Two(%n); }
"""
    program = build_cxx(
        one=unit.replace("%m", "long first;").replace("%s", "one")
        .replace("%n", "1"),
        two=unit.replace("%m", "char *second[3];").replace("%s", "two")
        .replace("%n", "2"),
        main=r"""
namespace ns { struct Base { virtual ~Base(); long b; }; Base::~Base() {} }
ns::Base *one(), *two(), *kept[2];
int main() { kept[0] = one(); kept[1] = two(); }
""")
    found, fields = shown(program, "ns::Two")
    assert found["live"] == 2 and not fields


def test_the_cache_has_the_same_names_and_fields(build, tmp_path):
    program = build(main=BITS + "struct { void *p; } *nameless;\n"
                    "void more(void) { nameless = malloc(8); }\n")
    main = record(program.parent, program).main
    for name in ("struct bits", "struct tight", "struct holder"):
        told = [refknot("show", "--format", "json", *options, main, name).out
                for options in (("--no-symbol-cache",), (), ())]
        assert told[0] == told[1] == told[2]
