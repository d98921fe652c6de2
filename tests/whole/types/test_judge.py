# SPDX-License-Identifier: MIT
"""What types_truth.py says of a small program, on which it is right, and of answers
that are wrong, which it must see."""
import json

import pytest

from conftest import BUILD, compiled, record, run

pytest.importorskip("clang.cindex", reason="no python3-clang-14")
# pylint: disable=wrong-import-position,import-error
import judge  # noqa: E402
import tree  # noqa: E402

SOURCE = r"""
#include <stdlib.h>
#include <string.h>
struct node { struct node *next; long n; };
struct other { long a, b; } *other;
void *kept[8];
static void *wrapper(size_t n)
{
    void *p = malloc(n);
    if (!p)
        abort();
    return p;
}
struct node *node(void)
{
    struct node *n = wrapper(sizeof *n);
    n->next = n;
    return n;
}
int main(void)
{
    kept[0] = node();
    other = wrapper(sizeof *other);
    kept[1] = strdup("text");
}
"""


@pytest.fixture(name="seen")
def fixture_seen(tmp_path):
    """The tree of the program, and what refknot finds in it."""
    program = compiled(tmp_path, "small", SOURCE, "-g", "-O0")
    main = record(tmp_path, program).main
    done = run(BUILD / "tests/whole/types/types_inferred", main)
    assert done.status == 0, done.told
    rows = [json.loads(line) for line in done.out.splitlines()]
    return judge.Tree(tree.calls_of(str(tmp_path / "small.c"), [])), rows[:-1]


def sums(calls, rows):
    found = judge.Sums()
    for row in rows:
        found.add(calls, row)
    return found


def test_types_that_are_right_are_right(seen):
    found = sums(*seen)
    assert found.blocks == {"all": 3, "struct": 2, "bytes": 1, "right": 3}
    assert not found.wrong and not found.missing


def test_a_wrong_type_is_seen(seen):
    calls, rows = seen
    for row in rows:
        if row["type"] == "struct node":
            row["type"] = "struct other"
    assert sums(calls, rows).blocks["wrong"] == 1


def test_pointers_to_functions_are_of_one_type():
    assert judge.same("function *[]", "void (*)(int)", 0)
    assert not judge.same("struct node", "void (*)(int)", 0)


def test_a_missing_type_is_seen(seen):
    calls, rows = seen
    for row in rows:
        if row["type"] == "struct node":
            row["type"] = None
    assert sums(calls, rows).blocks["missing"] == 1


def test_a_wrapper_as_site_is_seen(seen):
    calls, rows = seen
    for row in rows:
        if row["type"] == "struct node":
            row["at"] = next(f for f in row["frames"]
                             if f["function"] == "wrapper")
    assert sums(calls, rows).blocks["wrapper"] == 1
