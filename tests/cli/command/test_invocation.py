# SPDX-License-Identifier: MIT
"""What a command line means: mistyped words, programs, recordings, nothing."""
import re

import pytest

from conftest import BUILD, refknot

LEAK = BUILD / "samples/leak"


def names():
    """The commands that the help lists."""
    return re.findall(r"^  (\w+) ", refknot("--help").out.decode(), re.M)


def test_alone_it_lists_the_commands_in_groups_and_fails():
    done = refknot()
    assert done.status == 2 and done.out == refknot("--help").out
    groups = done.out.decode().split("\n\n")[1:-1]
    assert len(groups) == 5
    assert all(re.match(r"[A-Z][^\n]*\n  \w", g) for g in groups)
    assert all(len(line) <= 80 for line in done.out.decode().splitlines())


def test_each_command_has_help_and_a_manual_page():
    assert len(names()) == len(set(names())) > 10
    for name in names():
        done = refknot(name, "--help")
        assert done.status == 0, name
        assert f"Usage: refknot {name} " in done.out.decode()


@pytest.mark.parametrize("typed, meant", [
    ("rnu", "run"), ("ru", "run"), ("Run", "run"), ("reprot", "report"),
    ("rep", "report"), ("leak", "leaks"), ("cycle", "cycles"),
    ("object", "objects"), ("chekc", "check"), ("dif", "diff"),
    ("help-me", None), ("ls", None), ("x", None), ("", None),
    ("r" * 4000, None)])
def test_a_mistyped_command_is_guessed(typed, meant):
    done = refknot(typed)
    assert done.status == 2 and not done.out
    asks = f'"{typed}" is not a command; did you mean "{meant}"?'
    if meant:
        assert done.told == f"refknot: {asks}\n"
    else:
        assert "did you mean" not in done.told
        assert done.told.count("\n") == 1 and "command" in done.told


@pytest.mark.parametrize("command, typed, meant", [
    ("report", "--fromat", "--format"), ("run", "--dept", "--depth"),
    ("report", "--limits", "--limit"), ("objects", "--sroted", None),
    ("report", "--no-symbol-cach", "--no-symbol-cache")])
def test_a_mistyped_option_is_guessed(command, typed, meant):
    done = refknot(command, typed)
    assert done.status == 2 and not done.out
    if meant:
        assert done.told == (f'refknot: {command}: there is no option '
                             f'"{typed}"; did you mean {meant}?\n')
    else:
        assert "did you mean" not in done.told and typed in done.told


def test_a_path_is_a_program_to_run(tmp_path):
    done = refknot(LEAK, cwd=tmp_path)
    [made] = tmp_path.glob("*.rkn")
    assert "LEAK" in done.told and made.name in done.told
    short = refknot(made)
    assert short.status == 0 and short.out == refknot("report", made).out
    assert refknot("./nothing", cwd=tmp_path).status == \
        refknot("run", "./nothing", cwd=tmp_path).status != 0


def test_the_options_of_a_program_are_its_own(tmp_path):
    program = tmp_path / "p.sh"
    program.write_text("#!/bin/sh\necho \"$@\"\n")
    program.chmod(0o755)
    done = refknot(program, "--help", "-q", cwd=tmp_path)
    assert done.out == b"--help -q\n"
