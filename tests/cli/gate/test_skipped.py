# SPDX-License-Identifier: MIT
"""The shim stays out of the way of programs that are not judged, and nothing is
missed that they start."""
import os
import resource
import shutil

import pytest

from conftest import REFKNOT, SHIM, compiled, environment, recordings, run
from gate import FLAGS, check, summary
from test_check import as_json

# It behaves as it is called: "lose", "clean", "killed"; "raw" executes the
# rest of its arguments by the kernel's own call.
MULTI = r"""
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "scrub.h"

extern char **environ;

static NOINLINE void lose(void)
{
    void *volatile lost = malloc(333);
    lost = NULL;
}

int main(int argc, char **argv)
{
    const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1
                                             : argv[0];

    lose();
    scrub();
    if (!strcmp(name, "killed"))
        raise(SIGKILL);
    if (!strcmp(name, "raw"))
        syscall(SYS_execve, argv[1], argv + 1, environ);
    if (!strcmp(name, "forks") && fork())
        wait(NULL);
    if (!strcmp(name, "becomes") && argc > 1)
        execv(argv[1], argv + 1);
    return 0;
}
"""
NAMES = ["lose", "clean", "killed", "raw", "forks", "becomes"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A directory with the one program under all of its names."""
    directory = tmp_path_factory.mktemp("multi, names")
    compiled(directory, "multi", MULTI, *FLAGS, "-Wno-unused-result")
    for name in NAMES:
        (directory / name).symlink_to("multi")
    return directory


def stores(options, *command, cwd):
    """How many programs' recordings were kept, and the report."""
    keep = cwd / "keep" / "main.rkn"
    keep.parent.mkdir()
    try:
        report = as_json(*options, "-o", keep, "--", *command, cwd=cwd)
        return len(recordings(keep)) if keep.exists() else 0, report
    finally:
        shutil.rmtree(keep.parent)


def test_a_program_that_is_not_judged_leaves_no_recording(place):
    kept, report = stores(["--programs", "lose"], "sh", "-c",
                          "./clean; ./lose; ./clean; true", cwd=place)
    assert kept == 1
    assert report["processes_not_judged"] == 3
    assert [p["program"] for p in report["processes"]] == [f"{place}/multi"]
    assert [f["bytes"] for f in report["findings"]] == [333]


@pytest.mark.parametrize("options, judged", [
    (["--programs", "lose"], 1),
    (["--programs", "los?,x"], 1),
    (["--programs", "[k-m]ose"], 1),
    (["--programs", "[[:alpha:]]ose"], 1),
    (["--programs", "./*"], 2),
    (["--programs", "./*", "--skip-programs", "clean"], 1),
    (["--programs", "./lose"], 2),
    (["--skip-programs", "sh,clean"], 1),
    (["--skip-programs", "*sh,[[:alpha:]]lean"], 1),
    (["--skip-programs", "/bin/sh,[!l]*n"], 1),
    (["--skip-programs", "dash"], 2),
    (["--skip-programs", "./*"], 1),
    ([], 3)])
def test_the_shim_and_the_gate_are_of_one_mind(options, judged, place):
    """By name, by path, through links, in a directory with a comma."""
    if os.path.realpath("/bin/sh").rsplit("/", 1)[1] != "dash":
        pytest.skip("sh is no link to dash")
    report = as_json(*options, "--", "sh", "-c", "./lose; ./clean; true",
                     cwd=place)
    assert len(report["processes"]) == judged
    assert report["processes_not_judged"] == 3 - judged
    assert all(p["incomplete"] is None for p in report["processes"])


def test_a_name_is_no_file_that_is_here(place):
    """One program goes by many names: a link to it means that name only."""
    report = as_json("--skip-programs", "clean", "--", "./lose", cwd=place)
    assert len(report["findings"]) == 1


def test_what_a_skipped_program_starts_is_judged(place):
    for shell in ("./lose", "exec ./lose", "(./lose; true)", "(./lose) & wait",
                  "sh -c ./lose", "env ./lose", "./becomes ./lose",
                  "./becomes ./becomes ./lose", "echo ./lose | sh"):
        report = as_json("--programs", "lose", "--", "sh", "-c", shell,
                         cwd=place)
        assert len(report["findings"]) == 1, shell
        assert report["verdict"]["exit_status"] == 23
        assert [p["incomplete"] for p in report["processes"]] == [None]


def test_a_script_is_its_interpreter(place):
    script = place / "script"
    script.write_text("#!/bin/sh\n./lose\nexit 0\n")
    script.chmod(0o755)
    report = as_json("--programs", "./*", "--", script, cwd=place)
    assert [p["program"] for p in report["processes"]] == [f"{place}/multi"]
    assert report["processes_not_judged"] == 1
    assert len(report["findings"]) == 1


def test_what_a_skipped_program_starts_and_refknot_cannot_record_is_told(
        place):
    compiled(place, "static", "int main(void) { return 0; }", "-static")
    for shell in ("./static; true", "exec ./static", "env ./static"):
        done = check("--programs", "./*", "--", "sh", "-c", shell, cwd=place)
        assert done.status == 23
        assert "FAIL complete: static[" in summary(done), done.told
        assert "]: it was executed and not recorded: " in summary(done)
    for shell in ("env -i ./lose", "env LD_PRELOAD= ./lose"):
        done = check("--programs", "./*", "--", "sh", "-c", shell, cwd=place)
        assert done.status == 23
        assert "]: it was executed and not recorded: LD_PRELOAD was not" \
            in summary(done), done.told
    done = check("--skip-programs", "sh,static", "--", "sh", "-c",
                 "./static; ./clean", cwd=place)
    assert "FAIL 1 leak (333 B)" in summary(done), done.told


def test_one_process_may_be_skipped_and_judged_in_turn(place):
    """By what it ended who waits knows, also a shell that is skipped."""
    for shell, words in (
            ("exec ./becomes ./killed", "killed by SIGKILL"),
            ("./becomes ./killed; true", "killed by SIGKILL, which ")):
        done = check("--programs", "killed", "--", "sh", "-c", shell,
                     cwd=place)
        assert words in done.told, done.told
        assert "FAIL complete: killed" in summary(done)
    # Judged first, and then gone on as what is not.
    for options in (["--programs", "becomes"], ["--skip-programs", "killed"]):
        report = as_json(*options, "--", "./becomes", "./killed", cwd=place)
        assert [p["incomplete"] for p in report["processes"]] == [None]
        assert report["verdict"]["failed"] is False
        assert report["processes_not_judged"] == 1


def test_a_main_program_that_is_not_judged_has_its_status(place):
    for status in (0, 7):
        done = check("--programs", "lose", "--allow-incomplete", "--", "sh",
                     "-c", f"exit {status}", cwd=place)
        assert done.status == status, done.told
        assert "shim did not load" not in done.told
    done = check("--programs", "lose", "--", "sh", "-c", "kill -9 $$",
                 cwd=place)
    assert done.status == 137 and "not recorded of" not in done.told
    assert "nothing was recorded of the programs to judge, but 1 process" \
        in summary(done)


def test_children_that_a_skipped_program_forks_are_skipped(place):
    kept, report = stores(["--skip-programs", "forks"], "./forks", cwd=place)
    assert kept == 0
    assert (len(report["processes"]), report["processes_not_judged"]) == (0, 1)


def test_patterns_that_no_program_had_are_still_told(place):
    done = check("--programs", "lose,clean,sh,absent", "--skip-programs",
                 "sh", "--", "sh", "-c", "./lose; true", cwd=place)
    told = [line for line in done.told.splitlines()
            if "no program that ran was of that name" in line]
    assert [line.split("'")[1] for line in told] == ["clean", "absent"]


def test_patterns_of_another_refknot_do_not_hold(place):
    """One that runs under a gate has its own."""
    done = check("--programs", "refknot", "--allow-incomplete", "--", REFKNOT,
                 "check", "--", "./lose", cwd=place)
    assert "FAIL 1 leak (333 B)" in done.told, done.told
    env = environment(REFKNOT_SKIP_PROGRAMS="*", REFKNOT_PROGRAMS="x")
    done = run(REFKNOT, "check", "--", "./lose", cwd=place, env=env)
    assert "FAIL 1 leak (333 B)" in summary(done), done.told


def test_where_it_can_leave_no_word_it_is_recorded(place, tmp_path):
    """The directory for that is not there."""
    done = run(place / "lose", env=environment(
        LD_PRELOAD=SHIM, REFKNOT_OUT=tmp_path, REFKNOT_SKIP_PROGRAMS="lose"))
    assert (done.status, done.told) == (0, "")
    assert len(list(tmp_path.glob("*.rkn"))) == 1


LIMITED = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

/* Whole pages that it gets under a limit on data, before or from now on. */
int main(int argc, char **argv)
{
    struct rlimit limit = { 24 << 20, 24 << 20 };
    unsigned pages = 0;

    free(malloc(1));
    if (argc > 1 && setrlimit(RLIMIT_DATA, &limit))
        return 1;
    while (mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
        pages++;
    printf("%u\n", pages);
    return 0;
}
"""


@pytest.mark.parametrize("when", ["before", "itself"])
def test_a_limit_on_data_leaves_as_much_as_without_refknot(when, tmp_path):
    limited = compiled(tmp_path, "limited", LIMITED)

    def limit():
        resource.setrlimit(resource.RLIMIT_DATA, (24 << 20, 24 << 20))

    argv = [limited] + (["now"] if when == "itself" else [])
    more = {"preexec_fn": limit} if when == "before" else {}
    plain = run(*argv, **more)
    assert plain.status == 0 and int(plain.out) > 1000
    notes = tmp_path / "out" / ".executed"
    notes.mkdir(parents=True)
    skipped = run(*argv, **more, env=environment(
        LD_PRELOAD=SHIM, REFKNOT_OUT=notes.parent,
        REFKNOT_SKIP_PROGRAMS="limited"))
    assert list(notes.iterdir()) and not list(notes.parent.glob("*.rkn"))
    assert 0 <= int(plain.out) - int(skipped.out) <= 8
