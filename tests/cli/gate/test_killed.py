# SPDX-License-Identifier: MIT
"""Processes that are killed: what is said of them, and that the gate's colour does
not depend on the instant. fault_instants has them killed at each stop at a system
call, by ptrace, so that no instant is tried by chance and none left out."""
import json
import os
import re
import signal
import sys

import pytest

from conftest import BUILD, SOURCE, compiled
from gate import check, summary

INSTANTS = BUILD / "tests/preload/life/fault_instants"
KILL, TERM = int(signal.SIGKILL), int(signal.SIGTERM)

ENDS = """
#include <stdlib.h>
void *volatile kept;
int main(void) { kept = malloc(100); return 0; }
"""
PAUSES = """
#include <stdlib.h>
#include <unistd.h>
void *volatile kept;
int main(void) { kept = malloc(100); pause(); return 0; }
"""
TELLS = PAUSES.replace("pause();", 'if (write(1, "up\\n", 3) == 3) pause();')
LOSES = """
#include <stdlib.h>
#include <unistd.h>
#include "scrub.h"
void *volatile lost;
int main(void) { lost = malloc(100); lost = NULL; scrub(); pause(); return 0; }
"""

BEFORE = "before it came to its own code"
DURING = "while it was being checked"
AFTER = "after its exit check"
UNCHECKED = "which nothing can catch"
FORKED = "before it allocated anything of its own"


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    directory = tmp_path_factory.mktemp("killed")
    return {name: compiled(directory, name, source, "-g", "-O1",
                           f"-I{SOURCE}/samples")
            for name, source in
            (("ends", ENDS), ("pauses", PAUSES), ("loses", LOSES))}


def judged(tmp_path, *argv, options=()):
    """(how it ended, its JSON) of a check."""
    path = tmp_path / "check.json"
    done = check("--output", f"json={path}", *options, "--", *argv)
    return done, json.loads(path.read_text())


def killed(report):
    return [p for p in report["processes"] if p["killed"]]


def count_of(done):
    return int(re.match(rb"(\d+) instants", done.out)[1])


def phases(report):
    return {phase for p in killed(report)
            for phase in (BEFORE, DURING, AFTER, UNCHECKED, FORKED)
            if phase in p["killed"]}


def try_instants(tmp_path, number, start, first, step, *argv, name):
    """Killed at each of them: all red, and all green where that is accepted."""
    argv = [INSTANTS, number, start, first, step, *argv]
    done, report = judged(tmp_path, *argv)
    assert done.status == 23, done.told
    assert "complete: " in summary(done)
    processes = killed(report)
    assert len(processes) == count_of(done) > 5
    assert report["verdict"]["killed"] == len(processes)
    assert report["verdict"]["killed_ok"] == 0
    assert all(p["incomplete"] == p["killed"] and p["signal"] == number and
               not p["killed_ok"] for p in processes)
    assert not [p for p in report["processes"]
                if p["incomplete"] and not p["killed"]]
    assert f"killed {len(processes)};" in summary(done)
    seen = phases(report)
    done, report = judged(tmp_path, *argv, options=["--killed-ok", name])
    assert done.status == 0, done.told
    assert len(killed(report)) == count_of(done)
    assert all(p["killed_ok"] and not p["incomplete"]
               for p in killed(report))
    assert "/refknot-" not in done.told
    # A step may fall on the few calls behind the check in one run of two.
    few = set() if step == 1 else {AFTER}
    assert phases(report) - few == seen - few
    return seen


def test_sigkill_at_each_instant_from_exec_to_end_is_one_verdict(
        programs, tmp_path):
    seen = try_instants(tmp_path, KILL, "exec", 1, 1, programs["ends"],
                        name="ends")
    assert seen == {BEFORE, UNCHECKED, DURING, AFTER}


def test_sigkill_at_each_instant_of_a_forked_child_is_one_verdict(tmp_path):
    seen = try_instants(tmp_path, KILL, "fork", 1, 1, name="fault_*")
    assert seen == {FORKED, UNCHECKED, DURING, AFTER}


def test_sigkill_at_each_instant_after_sigterm_is_one_verdict(
        programs, tmp_path):
    seen = try_instants(tmp_path, KILL, "term", 1, 1, programs["pauses"],
                        name="./nothing,pauses")
    assert seen == {UNCHECKED, DURING, AFTER}


@pytest.mark.parametrize("argv, name, step", [
    (["/bin/sh", "-c", "true; exit 0"], "sh", 13),
    ([sys.executable, "-I", "-S", "-B", "-c", "pass"], "python*", 199)])
def test_shells_and_interpreters_are_killed_alike(argv, name, step, tmp_path):
    seen = try_instants(tmp_path, KILL, "exec", 2, step, *argv, name=name)
    assert {BEFORE, UNCHECKED, DURING} <= seen


@pytest.mark.parametrize("start", ["exec", "fork"])
def test_sigterm_at_each_instant_is_green_where_nothing_is_lost(
        start, programs, tmp_path):
    argv = [programs["ends"]] if start == "exec" else []
    done, report = judged(tmp_path, INSTANTS, TERM, start, 1, 1, *argv)
    assert done.status == 0, done.told
    assert all(p["killed_ok"] and not p["incomplete"] and BEFORE in p["killed"]
               and p["signal"] == TERM for p in killed(report))
    assert bool(killed(report)) == (start == "exec")
    assert f"{count_of(done)} instants" in done.out.decode()
    assert ("killed by SIGTERM " + BEFORE in done.told) == (start == "exec")


def test_findings_of_what_was_killed_after_its_check_still_fail(
        programs, tmp_path):
    done, report = judged(tmp_path, INSTANTS, KILL, "term", 1, 1,
                          programs["loses"],
                          options=["--killed-ok", "loses"])
    assert done.status == 23
    assert re.match(r"refknot: FAIL 1 leak \([^)]*\); suppressed 0; killed "
                    r"\d+; exit 23$", summary(done)), done.told
    assert report["findings"][0]["processes"] > 1


CRASHES = """
#include <stdlib.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
void *volatile kept;
int main(int argc, char **argv)
{
    int status;
    pid_t child = fork();
    if (!child) {
        kept = malloc(10);
        if (!strcmp(argv[1], "overflow")) {
            struct sigaction none = { .sa_handler = SIG_DFL };
            (void)none;
            for (;;) { volatile char *p = __builtin_alloca(4096); *p = 1; }
        }
        if (!strcmp(argv[1], "raw"))
            __asm__ volatile("syscall" :: "a"(231), "D"(0));
        execv(argv[1], argv + 1);
        _exit(127);
    }
    if (!strcmp(argv[1], "raw")) {
        siginfo_t i;
        waitid(P_PID, child, &i, WEXITED | WNOWAIT);
        kill(child, SIGKILL);
    }
    waitpid(child, &status, 0);
    (void)argc;
    return 0;
}
"""


@pytest.mark.parametrize("how, said", [
    ("overflow", r"signal 11 \(Segmentation fault\) ended the process"),
    ("raw", "its end was not seen")])
def test_what_ended_by_itself_stays_red(how, said, tmp_path):
    """Also where somebody sends SIGKILL to what has exited."""
    program = compiled(tmp_path, "crashes", CRASHES, "-O1")
    done = check("--killed-ok", "*", "--", program, how)
    assert done.status == 23, done.told
    assert re.search(said, done.told), done.told
    assert "killed by" not in summary(done)


@pytest.mark.parametrize("number", ["KILL", "TERM"])
@pytest.mark.parametrize("how", ["static", "bare"])
def test_what_refknot_could_not_see_stays_red_when_killed(
        how, number, tmp_path):
    flags = ["-static"] if how == "static" else []
    program = compiled(tmp_path, "unseen", TELLS, *flags)
    os.mkfifo(tmp_path / "ready")
    bare = "env -u LD_PRELOAD " if how == "bare" else ""
    done = check("--killed-ok", "*", "--", "bash", "-c",
                 f"{bare}{program} >ready & read x <ready; kill -{number} $!; "
                 "wait; true", cwd=tmp_path)
    assert done.status == 23, done.told
    assert ("statically linked" if how == "static" else
            "LD_PRELOAD was not in its environment, ") in done.told
    assert "killed by" not in summary(done)


GROUP = """
#include <stdlib.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
void *volatile kept;
/* A child in a group of its own, and a child of that: both are killed by their
   group, and nobody waits for the second. */
int main(void)
{
    int ready[2];
    char c;
    pid_t child;
    if (pipe(ready)) return 1;
    child = fork();
    if (!child) {
        setpgid(0, 0);
        if (!fork()) setpgid(0, getppid());
        kept = malloc(100);
        if (write(ready[1], "x", 1) == 1) pause();
        _exit(1);
    }
    if (read(ready[0], &c, 1) != 1 || read(ready[0], &c, 1) != 1) return 1;
    if (killpg(child, SIGKILL)) return 1;
    waitpid(child, NULL, 0);
    puts("done");
    return 0;
}
"""


def test_a_group_that_is_killed_is_known_also_where_nobody_waits(tmp_path):
    program = compiled(tmp_path, "group", GROUP, "-O1")
    done, report = judged(tmp_path, program)
    assert done.status == 23 and done.out == b"done\n"
    assert len(killed(report)) == 2, done.told
    assert all(UNCHECKED in p["killed"] for p in killed(report))
    done, report = judged(tmp_path, program, options=["--killed-ok", "group"])
    assert done.status == 0, done.told
    assert done.told.count("note: group[") == 2


def test_a_shell_in_a_pipeline_kills_itself_and_is_known(tmp_path):
    done = check("--killed-ok", "sh", "--", "sh", "-c",
                 "sh -c 'kill -9 $$'; true")
    assert done.status == 0, done.told
    assert re.search(r"note: sh\[\d+\]: killed by SIGKILL, which nothing can "
                     r"catch", done.told)


EARLY = """
#include <sys/syscall.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
/* Before any constructor, also that of refknot's. */
static void early(int argc, char **argv)
{
    long pid, result;
    if (argc < 2) return;
    __asm__ volatile("syscall" : "=a"(pid) : "a"(SYS_getpid)
                     : "rcx", "r11", "memory");
    __asm__ volatile("syscall" : "=a"(result)
                     : "a"(SYS_kill), "D"(pid), "S"((long)(argv[1][0] == 'k'
                       ? SIGKILL : argv[1][0] == 't' ? SIGTERM : SIGSEGV))
                     : "rcx", "r11", "memory");
}
__attribute__((section(".preinit_array"), used))
static void (*const entry)(int, char **) = early;
int main(void) { return 0; }
"""


@pytest.mark.parametrize("letter, number, said", [
    ("k", signal.SIGKILL, "FAIL complete: early: killed by SIGKILL before"),
    ("t", signal.SIGTERM, "PROGRAM FAILED no findings")])
def test_a_program_that_is_killed_before_refknot_is_in_it_has_its_status(
        letter, number, said, tmp_path):
    program = compiled(tmp_path, "early", EARLY)
    done = check("--", program, letter)
    assert done.status == 128 + number, done.told
    assert summary(done).startswith("refknot: " + said), done.told
    assert f"was killed by {number.name} before refknot's shim" in done.told


@pytest.mark.parametrize("letter, status, said", [
    ("k", 23, "killed by SIGKILL before it came to its own code"),
    ("t", 0, "killed by SIGTERM before it came to its own code"),
    ("s", 23, "SIGSEGV ended it before refknot's shim began")])
def test_a_child_that_ends_before_refknot_is_in_it(letter, status, said,
                                                   tmp_path):
    program = compiled(tmp_path, "early", EARLY)
    done = check("--", "sh", "-c", f"{program} {letter}; true")
    assert done.status == status, done.told
    assert said in done.told
    done = check("--killed-ok", "early", "--", "sh", "-c",
                 f"{program} {letter}; true")
    assert done.status == (23 if letter == "s" else 0), done.told


LATE = """
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	char pid[16];
	siginfo_t info;
	pid_t child = fork();

	(void)argc;
	if (!child) {
		setpgid(0, 0);
		execl("/bin/true", "true", (char *)NULL);
	}
	waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
	snprintf(pid, sizeof(pid), "%s%d", strchr(argv[1], 'g') ? "-" : "", child);
	if (!strchr(argv[1], 'o')) {
		kill(atoi(pid), SIGKILL);
		return 0;
	}
	child = fork();
	if (!child)
		execl("/bin/kill", "kill", "-9", "--", pid, (char *)NULL);
	waitpid(child, NULL, 0);
	return 0;
}
"""


@pytest.mark.parametrize("how", ["own", "other", "group"])
def test_who_has_ended_is_killed_by_nobody(how, tmp_path):
    """Though kill() has no error while nobody has waited for it."""
    program = compiled(tmp_path, "late", LATE, "-Wno-unused-result")
    letters = {"own": "s", "other": "o", "group": "g"}[how]
    done, report = judged(tmp_path, program, letters)
    assert done.status == 0, done.told
    assert not killed(report)
    assert "true" in {p["program"].rsplit("/", 1)[-1]
                      for p in report["processes"]}
