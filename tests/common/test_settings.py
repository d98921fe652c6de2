# SPDX-License-Identifier: MIT
"""Every variable of common/settings.def is taken for what it says, or refused
by its name: by `run` before the program starts, and by the shim alone."""
import re

import pytest

from conftest import (CC, REFKNOT, SHIM, SOURCE, environment, read_json,
                      refknot, run)

NUMBERS = {name: (int(least), int(most)) for name, least, most in re.findall(
    r'SETTING_NUMBER\(\w+, "(\w+)", \d+, (\d+), (\d+),',
    (SOURCE / "common/settings.def").read_text())}
TEXTS = re.findall(r'SETTING_TEXT\(\w+, "(\w+)"',
                   (SOURCE / "common/settings.def").read_text())
WRONG = ["", " ", "-1", "+1", " 1", "1 ", "1\n", "1\t", "1x", "x1", "0x1",
         "1e0", "1.0", "01x", "--", "true", "\u0661", "1,", "0b1",
         "9" * 19, "18446744073709551616", "18446744073709551617",
         "36893488147419103233", "9" * 100000, "0" * 100000 + "x"]


def test_the_table_is_all_of_it():
    assert len(NUMBERS) + len(TEXTS) == len(re.findall(
        r"^SETTING_", (SOURCE / "common/settings.def").read_text(), re.M))
    assert TEXTS == ["REFKNOT_OUT", "REFKNOT_STDERR", "REFKNOT_PROGRAMS",
                     "REFKNOT_SKIP_PROGRAMS"] and "REFKNOT_DEPTH" in NUMBERS


def wrong_for(name):
    least, most = NUMBERS[name]
    return WRONG + [str(most + 1)] + ([str(least - 1)] if least else [])


@pytest.mark.parametrize("name", NUMBERS)
def test_run_refuses_what_is_wrong(name, tmp_path):
    for value in wrong_for(name):
        done = refknot("run", "-q", "echo", "it ran", cwd=tmp_path,
                       env=environment(**{name: value}))
        assert (done.status, done.out) == (2, b""), (value[:40], done.told)
        line, = done.told.splitlines()
        assert line.startswith("refknot: ") and name in line
        assert str(NUMBERS[name][1]) in line and len(line) < 300
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", NUMBERS)
def test_the_shim_refuses_what_is_wrong(name, tmp_path):
    for value in wrong_for(name):
        done = run("/bin/sh", "-c", "echo it ran; exit 3", cwd=tmp_path,
                   env=environment(LD_PRELOAD=SHIM, **{name: value}))
        assert (done.status, done.out) == (3, b"it ran\n"), value[:40]
        line, = done.told.splitlines()
        assert re.fullmatch(r"refknot: \w+\[\d+\] is not recorded: "
                            f"{name}: invalid value", line), line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", NUMBERS)
def test_the_ends_of_the_range_are_taken(name, tmp_path):
    for number in NUMBERS[name]:
        for value in (str(number), "0" * 1000 + str(number)):
            env = environment(**{name: value})
            done = refknot("run", "-q", "-o", tmp_path / "r.rkn", "true",
                           env=env)
            assert done.status == 0 and not done.err, done.told
            done = run("true", cwd=tmp_path, env={**env,
                                                  "LD_PRELOAD": str(SHIM)})
            assert done.status == 0 and not done.err, done.told
    assert len(list(tmp_path.glob("true.*.rkn"))) == 4


@pytest.mark.parametrize("value, says", [
    ("/" + "x" * 300, ""), ("y" * 5000, ""), ("/" + "z/" * 50000, ""),
    ("none", "no such directory"), ("/dev/null", "not a directory"),
    ("\x01", "no such directory")], ids=lambda v: repr(v[:8]))
def test_a_directory_that_cannot_be_is_one_line(value, says, tmp_path):
    done = run("/bin/sh", "-c", "echo it ran", cwd=tmp_path, env=environment(
        LD_PRELOAD=SHIM, REFKNOT_OUT=value))
    assert (done.status, done.out) == (0, b"it ran\n")
    line, = done.told.splitlines()
    assert "is not recorded" in line and says in line, line
    # `run` has a place of its own.
    done = refknot("run", "-q", "-o", tmp_path / "r.rkn", "true",
                   env=environment(REFKNOT_OUT=value))
    assert done.status == 0 and not done.err


def test_an_empty_directory_is_the_working_directory(tmp_path):
    done = run("true", cwd=tmp_path, env=environment(
        LD_PRELOAD=SHIM, REFKNOT_OUT=""))
    assert done.status == 0 and not done.err
    assert len(list(tmp_path.iterdir())) == 1


TWICE = r"""
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
extern char **environ;
/* twice A=1 A=2 -- PROGRAM ...: both stand in the environment. */
int main(int argc, char **argv)
{
    char *all[4096];
    int n = 0, i = 1;

    for (; strcmp(argv[i], "--"); i++)
        all[n++] = argv[i];
    for (char **e = environ; *e; e++)
        all[n++] = *e;
    all[n] = NULL;
    execve(argv[i + 1], argv + i + 1, all);
    return 126;
}
"""


@pytest.fixture(scope="module")
def twice(tmp_path_factory):
    root = tmp_path_factory.mktemp("twice")
    (root / "twice.c").write_text(TWICE)
    done = run(CC, "-w", root / "twice.c", "-o", root / "twice")
    assert done.status == 0, done.told
    return root / "twice"


def test_the_first_of_two_counts(twice, tmp_path):
    good, bad = ["REFKNOT_DEPTH=3", "REFKNOT_DEPTH=x"], "REFKNOT_DEPTH"
    for values in (good, good[::-1]):
        command = [twice, *values, "--"]
        done = run(*command, REFKNOT, "run", "-q", "-o", tmp_path / "r.rkn",
                   "/bin/true")
        assert done.status == (0 if values == good else 2)
        assert (bad in done.told) == (values != good)
        done = run(twice, f"LD_PRELOAD={SHIM}", *values, "--", "/bin/true",
                   cwd=tmp_path)
        assert done.status == 0
        assert (bad in done.told) == (values != good), done.told


def test_what_run_sets_stands_alone(twice, tmp_path):
    """Shells keep the last of two: ours must be the only one."""
    names = ["LD_PRELOAD", "REFKNOT_OUT", "REFKNOT_DEPTH", "REFKNOT_VERIFY",
             "REFKNOT_SNAPSHOT", "REFKNOT_CHILDREN"]
    values = [f"{n}={v}" for n in names for v in ("", "1")
              if n != "LD_PRELOAD"]
    done = run(twice, *values, "LD_PRELOAD=", "LD_PRELOAD=", "--", REFKNOT,
               "run", "-q", "-o", tmp_path / "r.rkn", "--depth", "5",
               "--verify", "7", "--no-snapshot", "--no-children",
               "/usr/bin/env")
    assert done.status == 0, done.told
    lines = done.out.decode().splitlines()
    for name in names[1:]:
        assert len([x for x in lines if x.startswith(name + "=")]) == 1, name
    assert "REFKNOT_DEPTH=5" in lines and "REFKNOT_VERIFY=7" in lines
    assert read_json("report", tmp_path / "r.rkn")["verdict"][
        "checked"] is False
