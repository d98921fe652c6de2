# SPDX-License-Identifier: MIT
"""What `refknot __complete` offers, and that three shells take it from there."""
import re
import shlex
import shutil

import pytest

from conftest import (BUILD, REFKNOT, SOURCE, compiled, environment, record,
                      refknot, run)

SCRIPTS = SOURCE / "cli/command/completion"


MARKS = """
#include <stdlib.h>
#include <refknot.h>
int main(void)
{
    free(malloc(1));
    refknot_mark("loaded");
    refknot_mark("served all");
    return 0;
}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A directory with a recording."""
    directory = tmp_path_factory.mktemp("completion")
    record(directory, BUILD / "samples/orphaned_cycle")
    (directory / "notes.txt").write_text("")
    return directory


def offered(place, *words):
    done = refknot("__complete", *words, cwd=place)
    assert done.status == 0 and not done.err
    return [line.split("\t")[0] for line in done.out.decode().splitlines()]


def test_commands_are_those_of_the_help(place):
    listed = [line.split()[0] for line in
              refknot("--help").out.decode().splitlines()
              if line.startswith("  ") and line[2] != " "]
    assert sorted(offered(place, "")) == sorted([*listed, "help"])
    assert offered(place, "re") == ["report", "refs", "regions"]
    assert offered(place, "help", "re") == offered(place, "re")
    assert offered(place, "./pro") == offered(place, "nothing", "") == [":files"]
    assert not [name for name in listed if name.startswith("_")]


@pytest.mark.parametrize("command", ["run", "report", "check", "show", "list"])
def test_options_are_those_of_the_help(command, place):
    told = refknot(command, "--help").out.decode()
    listed = {word.rstrip(",").split("=")[0].split("[")[0]
              for line in told.splitlines() for word in line.split()[:2]
              if line.lstrip().startswith("-") and word.startswith("--")}
    found = offered(place, command, "--")
    assert set(found) == listed - {"--usage"} and len(found) == len(set(found))


@pytest.mark.parametrize("words, found", [
    (["report", "--format", ""], ["text", "json"]),
    (["report", "--format", "=", "j"], ["json"]), (["report", "-f", ""],
                                                   ["text", "json"]),
    (["report", "--format", "="], ["text", "json"]),
    (["objects", "--by", "si"], ["site", "size"]),
    (["report", "--limit", ""], []), (["report", ""], ["main.rkn"]),
    (["report", "--sysroot", ""], [":files"]),
    (["check", "--output", "js"], ["json"]),
    (["run", ""], [":command"]), (["run", "-q", "l"], [":command"]),
    (["run", "-o", "x.rkn", "ls", "-"], [":files"]),
    (["check", "--", ""], [":command"]), (["check", "--", "ls", "a"], [":files"]),
    (["memcheck", ""], [":command"]), (["doctor", ""], [":command"]),
    (["list", ""], ["main.rkn"]), (["show", "struct s"], ["struct session"]),
    (["show", "session_"], ["session_open"]),
    (["show", "main.rkn", "struct c"], ["struct connection"]),
    (["show", "/absent.rkn", "struct c"], [":files"]),
    (["why", "struct s"], ["struct session#1"]),
    (["refs", "--type", "struct c"], ["struct connection"]),
    (["regions", "--func", "ser"], ["serve"])])
def test_words_follow_from_the_tables(words, found, place):
    assert offered(place, *words) == found


def test_marks_of_the_recording_are_offered(tmp_path):
    record(tmp_path, compiled(tmp_path, "marks", MARKS, "-I",
                              SOURCE / "include"))
    assert offered(tmp_path, "objects", "--at", "") == [
        "loaded", "served all", "peak"]
    assert offered(tmp_path, "objects", "--at", "se") == ["served all"]
    assert offered(tmp_path, "timeline", "--from", "") == [
        "start", "peak", "end", "loaded", "served all"]


def test_nothing_harms_a_prompt(place, tmp_path):
    bad = tmp_path / "bad.rkn"
    bad.write_bytes(b"RKN" * 100)
    for words in ([], ["--help"], ["show", "--help"], ["__complete", ""],
                  ["show", bad.name, ""], ["x" * 10000], ["report", "=", "="],
                  ["\x1b[2J", ""], ["help", "", ""]):
        done = refknot("__complete", *words, cwd=tmp_path)
        assert done.status == 0 and b"\x1b" not in done.out


# --- Shells ----------------------------------------------------------------------

def shell(name, script, place):
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed")
    directory = str(REFKNOT.parent)
    done = run(name, "-c", script, cwd=place,
               env=environment(PATH=f"{directory}:/usr/bin:/bin", HOME=place))
    return done.out.decode().splitlines()


CASES = [("rep", ["report"]), ("report --form", ["--format"]),
         ("report --format j", ["json"]), ("report ", ["main.rkn"])]


def words_of(line):
    """The words as they stand on a command line, each quoted for a script."""
    words = re.findall(r"(?:\\.|'[^']*'?|[^\s\\])+|$", line)
    return " ".join(shlex.quote(w) for w in words
                    if w or line.endswith(" "))


@pytest.mark.parametrize("line, found", CASES + [
    ("show 'struct s", ["struct session"]),
    ("show struct\\ s", [r"struct\ session"]),
    ("show session_", ["session_open"])])
def test_bash(line, found, place):
    assert shell("bash", f"""
        source {SCRIPTS}/refknot.bash
        COMP_WORDS=(refknot {words_of(line)}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        _refknot 2>/dev/null
        printf '%s\\n' "${{COMPREPLY[@]}}" """, place) == found


@pytest.mark.parametrize("line, found", CASES + [
    ("show 'struct s", ["'struct session'"]),
    ("show session_", ["session_open"])])
def test_fish(line, found, place):
    told = shell("fish", f"""
        source {SCRIPTS}/refknot.fish
        complete -C "refknot {line}\"""", place)
    assert [t.split("\t")[0].strip("'") for t in told] == [
        f.strip("'") for f in found]


@pytest.mark.parametrize("line, found", CASES + [
    ("show 'struct s'", ["struct session"]), ("show session_",
                                              ["session_open"])])
def test_zsh(line, found, place):
    """compadd() is zsh's own way to add matches; here it prints them."""
    told = shell("zsh", f"""
        compadd() {{ print -l -- "${{(@P)@[-1]}}" }}
        _files() {{ print FILES }}
        words=(refknot {words_of(line)})
        CURRENT=$#words
        source {SCRIPTS}/_refknot""", place)
    assert told == found


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_the_scripts_are_valid(name):
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed")
    script = SCRIPTS / ("_refknot" if name == "zsh" else f"refknot.{name}")
    done = run(name, "-n", script)
    assert done.status == 0 and not done.err, done.told
