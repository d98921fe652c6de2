# SPDX-License-Identifier: MIT
"""--brief: at most 4 KiB, one finding a line, one next command that works."""
import os
import re
import subprocess

import pytest

from conftest import BUILD, REFKNOT, SOURCE, compiled, record, refknot

MOST = 4096
LEAK = BUILD / "samples/leak"
CYCLE = BUILD / "samples/orphaned_cycle"


def brief(*arguments, **kw):
    """The lines of an answer, by their first word, in order."""
    done = refknot(*arguments, **kw)
    text = (done.out or done.err).decode()
    assert len(text.encode()) <= MOST, len(text)
    assert re.search("[\x00-\x09\x0b-\x1f\x7f]", text) is None, text
    lines = text.splitlines()
    assert all(len(line.encode()) <= 240 for line in lines[:-1])
    assert lines[0].startswith("verdict: ")
    return lines


def next_works(lines, **kw):
    """What the last line says is a command as a shell takes it."""
    command = re.fullmatch("next: refknot (.*)", lines[-1])
    assert command, lines[-1]
    done = subprocess.run(f"'{REFKNOT}' {command[1]}", shell=True,
                          capture_output=True, check=False, **kw)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def test_findings_are_lines_in_the_order_of_reports(tmp_path):
    recorded = record(tmp_path, LEAK)
    lines = brief("report", "--brief", recorded.main)
    assert lines == [
        "verdict: 2 findings, 520 B lost, complete",
        "1 leak 280 B char *[]; leak.c:28 in settings_make",
        "2 leak 5x 240 B char[]; leak.c:40 in settings_read",
        f"next: refknot show {recorded.main} 1"]
    assert "settings_make" in next_works(lines)
    assert brief("leaks", "--brief", recorded.main) == lines
    assert re.match("verdict: no orphaned cycles, 1\\d blocks, 4.* alive, "
                    r"2 of other kinds \(refknot report\), complete",
                    brief("cycles", "--brief", recorded.main)[0])


def test_a_cycle_has_its_types_and_lines(tmp_path):
    recorded = record(tmp_path, CYCLE)
    line, = brief("cycles", "--brief", recorded.main)[1:-1]
    assert line == ("1 orphaned-cycle 3x 1.1 KiB struct session <-> "
                    "struct connection; orphaned_cycle.c:45,57; clear or weaken "
                    "connection.session")


def test_run_and_check_answer_so(tmp_path):
    env = dict(os.environ, PWD=str(tmp_path))
    done = refknot("run", "--brief", LEAK, cwd=tmp_path, env=env)
    at = done.told.index("verdict: ")
    assert done.told[at:].splitlines()[:3] == brief(
        "report", "--brief", cwd=tmp_path)[:3]
    done = refknot("check", "--brief", "--", LEAK, cwd=tmp_path)
    lines = done.told.splitlines()
    lines = lines[next(i for i, line in enumerate(lines)
                       if line.startswith("verdict: ")):]
    assert done.status == 23
    assert lines[0] == "verdict: FAIL 2 leaks (520 B); suppressed 0; exit 23"
    assert re.fullmatch("1 leak 280 B char \\*\\[\\]; leak.c:28 in "
                        "settings_make; [0-9a-f]{16}", lines[1])
    assert lines[3:] == [f"next: refknot run {LEAK}"]
    recording = next(tmp_path.glob("*.rkn"))
    lines = refknot("check", "--brief", recording).out.decode().splitlines()
    assert lines[-1] == f"next: refknot report {recording}"
    done = refknot("check", "--brief", "--", "true", cwd=tmp_path)
    assert done.told == "verdict: OK no findings; suppressed 0; exit 0\n"


def test_it_says_clean_only_of_what_was_checked_whole(tmp_path):
    def verdict(*options, program=("true",)):
        recorded = record(tmp_path, *program, options=options)
        lines = brief("report", "--brief", recorded.main)
        recorded.main.unlink()
        return lines

    clean = verdict()
    assert clean[0] == "verdict: clean, 0 blocks, 0 B alive, complete"
    assert clean[1].startswith("next: refknot objects ")
    program = compiled(tmp_path, "deep", """
        #include <stdlib.h>
        static void *volatile kept;
        static void deeper(int n) { if (n) deeper(n - 1); else kept = malloc(10);
            __asm__ volatile(""); }
        int main(void) { deeper(20); exit(0); }
        """)
    cut = verdict("--depth", "5", program=[program])
    assert cut[0] == "verdict: nothing found, 1 block, 10 B alive, incomplete"
    assert cut[1].startswith("not seen: 1 call stack cut at the recorded depth; "
                             "refknot run --depth 1024 ")
    assert cut[2].startswith("next: refknot report ")
    none = verdict("--no-snapshot")
    assert none[0] == ("verdict: not checked: no snapshot at the end was wanted, "
                       "incomplete")
    assert none[1] == ("not seen: 1 leak and cycle check not made; run it without "
                       "--no-snapshot")


def test_possible_leaks_are_counted_where_they_are_no_findings(tmp_path):
    program = compiled(tmp_path, "interior", """
        #include <stdlib.h>
        static char *volatile cursor;
        int main(void) { cursor = (char *)calloc(1, 200) + 100; exit(0); }
        """)
    recorded = record(tmp_path, program)
    assert brief("report", "--brief", recorded.main)[0] == (
        "verdict: clean, 1 block, 200 B alive, 1 possible leak (-p), complete")
    lines = brief("report", "-p", "--brief", recorded.main)
    assert lines[0] == "verdict: 1 finding, 0 B lost, complete"
    assert lines[1].startswith("1 possible-leak 200 B ")
    assert lines[1].endswith("; confidence low")


TURNS = 14
TURN = """
static void a{0}(unsigned path) {{ if (path & 1) {2}; else {3}; }}
static void b{0}(unsigned path) {{ if (path & 1) {2}; else {3}; }}
"""


def many():
    """A program of which each of 10,000 paths of 14 turns loses a block, or of as
    many as it is told."""
    def step(name, n):
        return f"{name}{n}(path >> 1)" if n < TURNS else "lose()"

    turns = [TURN.format(n, 0, step("a", n + 1), step("b", n + 1))
             for n in reversed(range(TURNS))]
    return "\n".join(["#include <stdlib.h>", '#include "scrub.h"',
                      "static void *volatile last;",
                      "static NOINLINE void lose(void) { last = malloc(16); }",
                      *turns, """
                      int main(int argc, char **argv)
                      {
                          int paths = argc > 1 ? atoi(argv[1]) : 10000;

                          for (int path = 0; path < paths; path++)
                              a0((unsigned)path);
                          last = NULL;
                          scrub();
                          exit(0);
                      }
                      """])


def test_of_ten_thousand_findings_it_prints_what_fits(tmp_path):
    program = compiled(tmp_path, "many", many(), "-O0", "-g",
                       f"-I{SOURCE}/samples")
    recorded = record(tmp_path, program)
    lines = brief("report", "--brief", recorded.main)
    count, = re.findall("^verdict: (\\d+) findings, 1.* KiB lost", lines[0])
    assert int(count) > 9000
    shown = [line for line in lines if re.match("\\d+ leak ", line)]
    assert len(shown) > 20
    assert [int(line.split()[0]) for line in shown] == list(
        range(1, len(shown) + 1))
    assert lines[-2] == f"and {int(count) - len(shown)} more"
    assert lines[-1] == f"next: refknot report -n 0 {recorded.main}"
    three = brief("report", "--brief", "-n", "3", recorded.main)
    assert three[4:] == [f"and {int(count) - 3} more", lines[-1]]
    recorded = record(tmp_path, program, 300)
    gate = brief("check", "--brief", recorded.main)
    assert gate[0].startswith("verdict: FAIL ")
    assert re.fullmatch("and \\d+ more", gate[-2])
    assert gate[-1] == f"next: refknot report {recorded.main}"


def test_names_cannot_change_the_answer(tmp_path):
    place = tmp_path / "a b\n\x1b[31m'c"
    place.mkdir()
    name = "ä" * 200
    program = compiled(place, "pro\tgram", f"""
        #include <stdlib.h>
        #include "scrub.h"
        static void *volatile last;
        static NOINLINE void {name}(void) {{ last = malloc(10); }}
        int main(void) {{ {name}(); last = NULL; scrub(); exit(0); }}
        """, "-O0", "-g", f"-I{SOURCE}/samples")
    recorded = record(place, program)
    lines = brief("report", "--brief", recorded.main)
    assert lines[0] == "verdict: 1 finding, 10 B lost, complete"
    assert lines[1].startswith("1 leak 10 B ") and lines[1].endswith("ä...")
    assert len(lines) == 2  # no shell takes that name in one line
    quoted = tmp_path / "a b'c.rkn"
    quoted.write_bytes(recorded.main.read_bytes())
    lines = brief("report", "--brief", quoted)
    assert lines[-1] == f"next: refknot show '{tmp_path}/a b'\\''c.rkn' 1"
    assert "10 B" in next_works(lines)


@pytest.mark.parametrize("command", ["report", "check"])
def test_it_is_a_format(command, tmp_path):
    recorded = record(tmp_path, "true")
    done = refknot(command, "--brief", "--format", "json", recorded.main)
    assert done.status == 2
    assert "--brief is a format of its own" in done.told


def test_a_reference_names_who_did_not_give_it_back(tmp_path):
    program = compiled(tmp_path, "first_reference",
                       (SOURCE / "samples/first_reference.c").read_text(), "-g",
                       f"-I{SOURCE / 'include'}")
    line = brief("report", "--brief", record(tmp_path, program).main)[1]
    assert line.startswith("1 leaked-reference ")
    assert re.search(r"; not given back: first_reference\.c:\d+ in print, likely$",
                     line), line


def test_kinds_that_were_not_asked_for_are_no_clean_verdict(tmp_path):
    leaks = brief("leaks", "--brief", record(tmp_path, CYCLE).main)
    assert leaks[0].startswith("verdict: no leaks, ")
    assert ", 1 of other kinds (refknot report), complete" in leaks[0]
    assert "ORPHANED CYCLE" in next_works(leaks)
