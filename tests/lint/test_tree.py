# SPDX-License-Identifier: MIT
"""The tree keeps what is promised of its code."""
import os

import pytest

from lint import CHECKS
from tree import Tree

TREE = Tree(os.environ["TEST_SOURCE"], os.environ["TEST_BUILD"])


def passes(findings):
    found = list(findings)
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("name", [name for name in CHECKS if name != "tidy"])
def test_check(name):
    passes(CHECKS[name](TREE))


# By parts, since a test has only so many seconds.
@pytest.mark.parametrize("folder", ["cli/", "common/", "preload/", "samples/", "tests/cli/",
                                    "tests/common/", "tests/preload/", "tests/whole/",
                                    "tests/support/"])
def test_tidy(folder):
    passes(CHECKS["tidy"](TREE, under=(folder,)))


def test_tidy_sees_every_file():
    parts = test_tidy.pytestmark[0].args[1]
    assert [f for f in TREE.commands if not TREE.name(f).startswith(tuple(parts))] == []
