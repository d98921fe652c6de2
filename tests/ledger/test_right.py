# SPDX-License-Identifier: MIT
"""Programs in right.c do nothing wrong, and nothing is found in them."""
import pytest

from conftest import BUILD, record

PROGRAM = BUILD / "tests/ledger/ledger_right"


@pytest.mark.parametrize("name", ["roots_have_no_pointers"])
def test_nothing_is_found(name, tmp_path):
    recorded = record(tmp_path, PROGRAM, name)
    assert recorded.outcome.status == 0
    assert b"NO" not in recorded.outcome.out
    report = recorded.report()
    assert report["findings"] == []
    assert report["complete"] == []
