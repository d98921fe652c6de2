# SPDX-License-Identifier: MIT
"""File bytes that share a page with a module's writable segment hold nothing.

The program is built twice: first to learn where its block lies when addresses
are not random, then with that address as a constant beside its data.
"""
import shutil

import pytest

from conftest import compiled, record, run

SOURCE = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define X8(v)  v, v, v, v, v, v, v, v
#define X64(v) X8(v), X8(v), X8(v), X8(v), X8(v), X8(v), X8(v), X8(v)
__attribute__((used, section(".gcc_except_table,\\"a\\",@progbits#")))
static const unsigned long constants[] = { X64(ADDRESS), X64(ADDRESS) };

int main(void)
{
    char *p = malloc(1000);

    if (!p)
        return 1;
    memset(p, 1, 1000);
    printf("%p\\n", (void *)p);
    p = NULL;
    return fclose(stdout);
}
"""


def build(directory, address):
    return compiled(directory, f"padding_{address}", SOURCE, "-O0", "-g",
                    "-no-pie", f"-DADDRESS={address}ul")


def test_a_constant_beside_data_holds_nothing(tmp_path):
    setarch = shutil.which("setarch")
    if not setarch or run(setarch, "-R", "true").status:
        pytest.skip("addresses cannot be made the same in each run "
                    "(setarch -R)")
    known = None
    for address in "0", "known":
        program = build(tmp_path, known or address)
        recorded = record(tmp_path, setarch, "-R", program)
        assert recorded.outcome.status == 0, recorded.outcome.told
        told = recorded.outcome.out.decode().strip()
        if known:
            assert told == known
        known = told
    findings = recorded.report()["findings"]
    assert [(f["kind"], f["bytes"]) for f in findings] == [("leak", 1000)]
