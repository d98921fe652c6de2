# SPDX-License-Identifier: MIT
"""Which numbers of blocks are noted as what may be counts of references."""
import pathlib
import subprocess

import pytest

from conftest import BUILD, environment, record

HERE = pathlib.Path(__file__).parent
NUMBERS_OF = BUILD / "tests/cli/first_words_of"


@pytest.mark.parametrize("flags", [[], ["-no-pie", "-fno-pie"]],
                         ids=["pie", "at_a_fixed_place"])
def test_numbers_are_noted_only_where_counts_may_be(tmp_path, flags):
    program, log = tmp_path / "numbers", tmp_path / "log"
    subprocess.run(["gcc", *flags, HERE / "numbers.c", "-o", program],
                   check=True, capture_output=True)
    main = record(tmp_path, program, log).main
    noted = subprocess.run([NUMBERS_OF, main, "counts"], check=True, text=True,
                           capture_output=True, env=environment()).stdout
    found = {line.split()[0]: line.split(maxsplit=2)[2]
             for line in noted.splitlines()}
    want = dict(line.split(maxsplit=1)
                for line in log.read_text().splitlines())
    assert len(want) == 29
    assert {a: found.get(a, "no") for a in want} == want
