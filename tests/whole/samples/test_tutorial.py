# SPDX-License-Identifier: MIT
"""What refknot-tutorial(7) and refknot-gc(7) say that their commands print."""
import pytest

from conftest import SOURCE
from manual import Command, check_page, chosen, commands, matches, updated, wrong_status

STEPS = ("first_leak", "first_stack", "first_cycle", "first_holder", "first_cache",
         "first_reference", "first_server")


def page(name):
    return SOURCE / "man" / f"{name}.7"


@pytest.mark.parametrize("name", ["refknot-tutorial", "refknot-gc"])
def test_commands_print_what_the_page_shows(name, tmp_path):
    wrong = check_page(page(name), tmp_path)
    assert not wrong, "\n".join(wrong)


def test_each_step_has_a_program_that_is_built_and_recorded():
    told = [c.text for c in commands(page("refknot-tutorial").read_text())]
    for step in STEPS:
        assert f"cc -g {step}.c -o {step}" in told
        assert any("refknot" in c and f"./{step}" in c for c in told)


PAGE = """.Sh OTHER
.Dl $ elsewhere
.Sh EXAMPLES
.Dl $ one
.\\" run: two
.\\" status: 23
.\\" lines: 2
.Bd -literal
$ three \\-x
a
\\&...
.Ed
.Bd -literal
not printed
.Ed
.\\" not run: for the test
.Dl $ four
"""


def test_commands_of_a_page_are_found_with_what_is_said_about_them():
    one, two, three, four = commands(PAGE, "EXAMPLES")
    assert (one.text, one.output, one.hidden) == ("one", None, False)
    assert (two.text, two.hidden) == ("two", True)
    assert (three.text, three.output, three.status) == ("three -x", ["a", "..."], 23)
    assert four.reason == "for the test"


@pytest.mark.parametrize("shown, printed, same", [
    (["a", "b"], ["a", "b"], True),
    (["a"], ["a", "b"], False),
    (["a", "..."], ["a", "b"], True),
    (["...", "b"], ["a", "b", "b"], True),
    (["...", "c"], ["a", "b"], False),
    (["x.12.rkn at 0x55aa00bb"], ["x.13.rkn at 0x7faa00bbcc"], True),
    (["3 objects, 72 B"], ["3 objects, 96 B"], False),
])
def test_what_a_page_shows_is_compared(shown, printed, same):
    assert bool(matches(shown, printed)) == same


def test_a_page_gets_the_lines_that_it_asks_for():
    found = commands(PAGE, "EXAMPLES")
    found[2].printed = ["zero", ".first", "second"]
    assert chosen(found[2]) == ["...", ".first", "..."]
    assert "$ three \\-x\n\\&...\n\\&.first\n\\&...\n.Ed" in updated(PAGE, found)
    frames = ["main at x.c:1", "__libc_start_call_main at y.h:5", "_start (x)"]
    assert chosen(Command("x", 0, 0, [], printed=frames)) == [frames[0], "..."]
    assert chosen(Command("x", 0, 0, [], printed=list("abc"), lines="1 end")) == [
        "a", "...", "c"]


@pytest.mark.parametrize("ended, status, said, wrong", [
    (0, 0, "", False), (2, 0, "", True), (23, 23, "", False), (0, 23, "", True),
    (2, 2, "refknot: run: there is no option --x", True)])
def test_the_status_of_a_command_is_checked(ended, status, said, wrong):
    command = Command("x", 0, 0, [], status, ended=ended, printed=[said])
    assert bool(wrong_status(command)) == wrong
