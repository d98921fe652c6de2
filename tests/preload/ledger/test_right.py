# SPDX-License-Identifier: MIT
"""Programs in right.c do nothing wrong, and nothing is found in them."""
import pytest

from conftest import BUILD, record

PROGRAM = BUILD / "tests/preload/ledger/ledger_right"


CORNERS = [
    "roots_have_no_pointers",
    "holders_keep_encoded_pointers",
    "static_holders_keep_encoded_pointers",
    "holders_keep_numbers",
    "one_pointer_holds_several_references",
    "named_references_are_released_unnamed",
    "children_let_go_of_parents_unnamed",
]


@pytest.mark.parametrize("name", CORNERS)
def test_nothing_is_found(name, tmp_path):
    recorded = record(tmp_path, PROGRAM, name)
    assert recorded.outcome.status == 0
    assert b"NO" not in recorded.outcome.out
    report = recorded.report()
    assert report["findings"] == []
    assert report["complete"] == []
