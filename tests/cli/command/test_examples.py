# SPDX-License-Identifier: MIT
"""Examples of the manual's pages of commands: they run, and print what is shown."""
import re

import pytest

from conftest import BUILD, SOURCE, environment, record, refknot
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


def skeleton(text):
    """Lines without their numbers; of charts what is around them."""
    return [re.sub(r"[\d.]+( [KMG]?i?B| [mu]?s\b)?", "N", " ".join(line.split()))
            for line in text.splitlines()
            if line.strip(" ^") and "|" not in line and "+──" not in line]


@pytest.fixture(scope="module")
def pinned(tmp_path_factory):
    directory = tmp_path_factory.mktemp("pinned")
    record(directory, BUILD / "samples/first_pinned")
    return directory


@pytest.mark.parametrize("command", ["timeline", "objects --churn", "waste"])
def test_the_readme_shows_what_is_printed(command, pinned):
    shown = re.search(rf"(?ms)^\$ refknot {command}\n(.*?)^```$",
                      (SOURCE / "README.md").read_text())[1]
    done = refknot(*command.split(), cwd=pinned,
                   env=environment(LC_ALL="C.UTF-8"))
    assert done.status == 0, done.told
    assert skeleton(done.out.decode()) == skeleton(shown)
