# SPDX-License-Identifier: MIT
"""Pointers to 4 GiB and more behind the begin of a block, which their records
have no room for."""
import json

import pytest

from conftest import compiled, record, refknot

GIB = 1 << 30
TEXT = """
    #include <stdlib.h>
    struct node { char *far; long rest[5]; };
    static struct node *node;
    static char *root;

    int main(void)
    {
        char *first = malloc(5ul << 30), *second = malloc(6ul << 30);

        if (!first || !second)
            return 77;
        node = malloc(sizeof(*node));
        node->far = first + (4ul << 30) + 24;
        root = second + (5ul << 30) + 32;
        *(void **)(second + (5ul << 30)) = malloc(100);
        first = second = NULL;
        return 0;
    }
    """


def test_offsets_of_four_gibibytes_and_more_are_told(tmp_path):
    program = compiled(tmp_path, "far", TEXT, "-O0", "-fno-builtin")
    recorded = record(tmp_path, program)
    if recorded.outcome.status == 77:
        pytest.skip("no memory to reserve")
    done = refknot("leaks", "-p", "-f", "json", recorded.main)
    found = {f["bytes"]: f for f in json.loads(done.out)["findings"]}
    assert {size: (f["kind"], f["held_bytes"], f["held_by"]["to_offset"])
            for size, f in found.items()} == {
        5 * GIB: ("possible-leak", 0, 4 * GIB + 24),
        6 * GIB: ("possible-leak", 100, 5 * GIB + 32)}
