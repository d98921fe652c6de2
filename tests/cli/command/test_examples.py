# SPDX-License-Identifier: MIT
"""Examples of the manual's pages of commands: they run, and print what is shown."""
import re

import pytest

from conftest import SOURCE
from manual import check_page, commands

PAGES = {p.name: p for p in sorted((SOURCE / "man").glob("refknot*.1"))
         if not re.search(r"(?m)^\.so ", p.read_text())}
ORDER = ("NAME", "SYNOPSIS", "DESCRIPTION", "EXAMPLES", "OPTIONS", "EXIT STATUS",
         "SEE ALSO")


def examples(name):
    return commands(PAGES[name].read_text(), "EXAMPLES")


@pytest.mark.parametrize("name", PAGES)
def test_examples_run_and_print_what_the_page_shows(name, tmp_path):
    wrong = check_page(PAGES[name], tmp_path, "EXAMPLES")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_an_example_that_runs_its_command(name):
    command = name.removesuffix(".1").replace("-", " ")
    assert any(re.search(rf"\b{command}\b", c.text) for c in examples(name)
               if not c.hidden and not c.reason)


@pytest.mark.parametrize("name", PAGES)
def test_sections_are_in_the_order_of_use(name):
    sections = re.findall(r"(?m)^\.Sh (.*)$", PAGES[name].read_text())
    assert [s for s in sections if s in ORDER] == list(ORDER)
    assert sections[:4] == list(ORDER[:4]) and sections[-1] == ORDER[-1]


@pytest.mark.parametrize("name", PAGES)
def test_exit_statuses_are_a_table(name):
    text = PAGES[name].read_text().partition(".Sh EXIT STATUS\n")[2]
    rows = re.findall(r"(?m)^\.It (\S+)$", text.partition("\n.El\n")[0])
    assert "2" in rows and len(rows) > 1


@pytest.mark.parametrize("name, text, reason", [
    (name, c.text, c.reason) for name in PAGES for c in examples(name) if c.reason])
def test_example_that_cannot_run_here(name, text, reason):
    pytest.skip(f"{name}: $ {text}: {reason}")
