# SPDX-License-Identifier: MIT
"""A small part of tests/whole/suites, in one build: libyaml beside LeakSanitizer and
Valgrind, and check's own tests, which fork a process for each, alone: under
Valgrind these take minutes."""
import shutil
import sys
import types

import pytest

import debian
from conftest import REFKNOT, SOURCE

sys.path.insert(0, str(SOURCE / "tests/whole/sweep"))
# pylint: disable=wrong-import-position
import differences  # noqa: E402
import suites  # noqa: E402
from table import BUILDS, SUITES  # noqa: E402

NAMES = ["libyaml", "check"]
KNOWN = SOURCE / "tests/whole/suites/differences"


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    for tool in ("cmake", "valgrind"):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is needed")
    return debian.sources(tmp_path_factory.mktemp("sources"), *NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_suite_is_as_plain_and_as_its_peers_have_it(name, sources, tmp_path):
    options = types.SimpleNamespace(directory=tmp_path, refknot=REFKNOT,
                                    limit=250, no_peers=name == "check")
    row = suites.Bench(options, SUITES[name], BUILDS["gcc-O2"],
                       sources[name]).measure()
    print(suites.HEAD, suites.line(row), sep="\n")
    known = differences.parse(KNOWN.read_text())
    unexplained = [d for d in row.differences if not differences.explain(
        known, d[0], f"{name}-gcc-O2", d[1])]
    assert not unexplained
    assert row.findings
    if name == "libyaml":
        assert row.confirmed


def test_each_row_of_the_differences_has_a_reason():
    for row in differences.parse(KNOWN.read_text()):
        assert row.why
        assert row.kind in differences.KINDS
