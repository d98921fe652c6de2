# SPDX-License-Identifier: MIT
"""The gate as a pipeline uses it: statuses, baselines, limits, outputs."""
import json
import os
import re
import shutil
import signal
import subprocess

import jsonschema
import pytest

from conftest import (BUILD, KEPT, SOURCE, compiled, environment, record,
                      refknot, run)
from gate import (FLAGS, LEAKY, check, leaky,  # noqa: F401
                  leaky_in, summary)

SCHEMA = json.loads(
    (SOURCE / "cli/report/refknot-check.schema.json").read_text())
def as_json(*argv, **kw):
    done = check("--output", "json=-", *argv, **kw)
    text = done.out.decode()
    report = json.loads(text[text.index("{\n"):])
    jsonschema.validate(report, SCHEMA)
    assert report["verdict"]["exit_status"] == done.status
    assert report["verdict"]["summary"] == summary(done)
    return report


def test_a_clean_program_is_green(leaky):
    done = check("--", leaky)
    assert (done.status, done.out) == (0, b"out\n")
    assert done.told == "refknot: OK no findings; suppressed 0; exit 0\n"


def test_a_leak_is_red_with_its_line(leaky):
    done = check("--", leaky, "1")
    assert (done.status, done.out) == (23, b"out\n")
    assert (summary(done) ==
            "refknot: FAIL 1 leak (100 B); suppressed 0; exit 23")
    assert re.search("one +leaky.c:12", done.told)
    assert check("--error-exitcode", "7", "--", leaky, "1").status == 7
    assert check("--error-exitcode", "0", "--", leaky, "1").status == 0


@pytest.mark.parametrize("status", [1, 77, 99, 124, 255])
def test_the_programs_own_status_wins(status, leaky):
    done = check("--", leaky, "1", status)
    assert done.status == status
    assert "FAIL 1 leak" in summary(done)
    assert check("--", leaky, "", status).status == status


def test_a_signal_is_told_as_a_shell_does(leaky):
    done = check("--", leaky, "1k")
    assert done.status == 128 + signal.SIGABRT
    assert "FAIL 1 leak" in summary(done)


def test_what_cannot_run_is_125(tmp_path):
    assert check("--", "/absent").status == 125
    static = compiled(tmp_path, "static", "int main(void) { return 0; }",
                      "-static")
    done = check("--", static)
    assert done.status == 125 and "static" in done.told


@pytest.mark.parametrize("argv, words", [
    (["--"], "name a program"),
    (["--fail-on", "leeks", "--", "true"], "leeks"),
    (["--error-exitcode", "77", "--", "true"], "77"),
    (["--error-exitcode", "126", "--", "true"], "126"),
    (["--max-peak", "lots", "--", "true"], "lots"),
    (["--max-live", "Session", "--", "true"], "Session"),
    (["--format", "pdf", "--", "true"], "pdf"),
    (["--output", "junit", "--", "true"], "junit"),
    (["--baseline", "/absent", "--", "true"], "/absent"),
    (["--suppressions", "/absent", "--", "true"], "/absent"),
    (["--programs", "a,,b", "--", "true"], "--programs"),
    (["--skip-programs", "", "--", "true"], "--skip-programs"),
    (["--update-baseline", "--", "true"], "--baseline"),
    (["--source-root", "/absent", "--", "true"], "/absent"),
    (["x.rkn", "--", "true"], "not both")])
def test_bad_use_is_one_sentence(argv, words):
    done = check(*argv)
    assert done.status == 2, done.told
    assert words in done.told
    assert done.out == b""


def test_recordings_are_judged_like_programs(leaky, tmp_path):
    main = record(tmp_path, leaky, "12").main
    done = check(main)
    assert done.status == 23
    assert (done.out.decode().splitlines()[-1] ==
            "refknot: FAIL 2 leaks (120 B); suppressed 0; exit 23")


def test_a_recording_that_cannot_be_read_is_no_green(leaky, tmp_path):
    main = record(tmp_path, leaky).main
    for argv in (["/absent.rkn"], [main, "/absent.rkn"]):
        done = check(*argv)
        assert done.status == 2 and "/absent.rkn" in done.told
        assert ("FAIL complete: absent.rkn: there is no such recording; "
                in done.out.decode())
        assert "exit 2\n" in done.out.decode()
    bad = tmp_path / "bad.rkn"
    bad.write_bytes(b"what is this")
    for argv in ([main, bad], [bad, main]):
        done = check(*argv)
        assert done.status == 2
        assert ("FAIL complete: bad.rkn: it could not be read; "
                in done.out.decode())
    short = tmp_path / "short.rkn"
    short.write_bytes(main.read_bytes()[:-40])
    done = check(short)
    assert done.status == 2 and f"FAIL complete: leaky[" in done.out.decode()
    bad.rename(tmp_path / "newest.rkn")
    main.unlink()
    short.unlink()
    for other in tmp_path.glob("*.rkn"):
        if other.name != "newest.rkn":
            other.unlink()
    done = check(cwd=tmp_path)
    assert done.status == 2
    assert "complete: recording newest.rkn: it could not be read" in done.out.decode()


def test_without_a_name_all_of_the_newest_run_are_judged(leaky, tmp_path):
    """Not only the process that lost most: limits are of each."""
    big = compiled(tmp_path, "big", "#include <stdlib.h>\nvoid *volatile p;\n"
                   "int main(void) { p = malloc(9 << 20); free(p); return 0; }")
    record(tmp_path, leaky)  # an older run
    (tmp_path / "main.rkn").rename(tmp_path / "older.rkn")
    record(tmp_path, "sh", "-c", f"{leaky} 1; {big}; {leaky} 2; true")
    for options, status, words in (
            (["--max-peak", "1M"], 23, "9.0 MiB at the peak of big["),
            (["--max-peak", "10M"], 23, "FAIL 2 leaks (120 B); "),
            (["--fail-on", "none", "--max-peak", "1M"], 23, "FAIL max-peak"),
            (["--fail-on", "none"], 0, "OK")):
        here = check(*options, cwd=tmp_path)
        assert here.status == status and words in here.out.decode()
        assert here.out == check(*options, "main.rkn", cwd=tmp_path).out
    done = check("-f", "json", cwd=tmp_path)
    assert len(json.loads(done.out)["processes"]) == 4


def test_children_are_judged_too(leaky):
    done = check("--", "sh", "-c", f"{leaky} 1; {leaky} 1; true")
    assert done.status == 23
    assert "FAIL 1 leak (200 B)" in summary(done)
    assert "found in 2 of " in done.told
    assert check("--no-children", "--", "sh", "-c",
                 f"{leaky} 1; true").status == 0


def test_numbers_of_several_processes_are_sums(leaky):
    """A card has those of one process: which one is told."""
    done = check("--", "sh", "-c", f"{leaky} 1; {leaky} 12; true")
    lines = done.told.splitlines()
    sums = next(x for x in lines if x.startswith("found in 2 of "))
    assert re.fullmatch(r"found in 2 of 3 processes, in all 2 objects, 200 B: "
                        r"malloc in one; in leaky\[\d+\]:", sums)
    assert lines[lines.index(sums) + 1].startswith("LEAK   1 block, 100 B")
    assert re.search(r"^    found in 1 of 3 processes, leaky\[\d+\]$",
                     done.told, re.M)
    assert "found in" not in check("--", leaky, "1").told


def test_what_does_not_fail_is_told_all_the_same(leaky):
    done = check("--fail-on", "cycle", "--", leaky, "12")
    assert done.status == 0
    assert (summary(done) == "refknot: OK 2 findings that do not fail (leak); "
            "suppressed 0; exit 0")
    notes = [x for x in done.told.splitlines() if x.startswith("note: ")]
    assert len(notes) == 2
    assert notes[0].startswith("note: does not fail: leak: 1 object, 100 B: ")
    done = check("--fail-on", "cycle", "--", leaky, "1c")
    assert "FAIL 1 orphaned cycle (96 B); " in summary(done)
    assert "note: does not fail: leak: " in done.told


CURSOR = """
#include <stdlib.h>
static char *cursor;
int main(void) { cursor = (char *)malloc(100) + 41; return 0; }
"""


def test_possible_leaks_are_a_note_unless_asked_for(tmp_path):
    program = compiled(tmp_path, "cursor", CURSOR, "-g")
    done = check("--", program)
    assert (done.status, done.told) == (
        0, "note: 1 possible leak (1 object, 100 B), held by pointers into the "
        "middle only; --fail-on possible fails for it\n"
        "refknot: OK no findings; suppressed 0; exit 0\n")
    report = as_json("--", program)
    [finding] = report["findings"]
    assert (finding["kind"], finding["fails"], finding["confidence"]) == (
        "possible-leak", False, "low")
    done = check("--fail-on", "possible", "--", program)
    assert done.status == 23
    assert summary(done).startswith("refknot: FAIL 1 possible leak (100 B); ")


def test_lines_of_one_function_in_several_processes_are_all_shown(tmp_path):
    source = LEAKY.replace("one();\n    if (strchr(what, '3'))", "one();\n"
                           "    if (strchr(what, '3'))")
    program = compiled(tmp_path, "lines", source, *FLAGS)
    done = check("--", "sh", "-c", f"{program} 1; {program} 3; true")
    assert done.status == 23, done.told
    assert re.search("one +lines.c", done.told)
    mains = {x for x in done.told.splitlines() if re.search(" main +lines.c:", x)}
    assert len(mains) >= 2, done.told


def test_what_was_killed_says_what_is_known_of_it(leaky):
    done = check("--", "sh", "-c", "kill -9 $$")
    assert done.status == 128 + signal.SIGKILL
    assert re.search(
        r"FAIL complete: \w+\[\d+\]: killed by SIGKILL, which nothing can "
        r"catch, so its exit check could not be made: known is that \d+ "
        r"objects? of [\d.]+ \w+ were alive; suppressed", summary(done)), \
        done.told


def test_a_child_that_was_killed_is_not_green():
    done = check("--", "sh", "-c", "sh -c 'kill -9 $$'; true")
    assert done.status == 23
    assert "complete" in summary(done)
    # The shell that waited for it saw by what it ended.
    assert re.search(r"FAIL complete: sh\[\d+\]: killed by SIGKILL, which "
                     r"nothing can catch, so its exit check could not be made: "
                     r"known is that \d+ objects? of [\d.]+ \w+ were alive; "
                     r"suppressed 0; killed 1; exit 23", summary(done)), \
        done.told
    done = check("--allow-incomplete", "--", "sh", "-c",
                 "sh -c 'kill -9 $$'; true")
    assert done.status == 0
    assert "incomplete: " in done.told


def test_without_its_check_nothing_is_green(leaky):
    done = check("--", leaky, env=environment(REFKNOT_SNAPSHOT=0))
    assert done.status == 23 and "complete" in summary(done)


def test_a_baseline_accepts_and_only_what_is_in_it(leaky, tmp_path):
    base = tmp_path / "base.txt"
    gate = ["--baseline", base]
    done = check(*gate, "--update-baseline", "--", leaky, "1")
    assert done.status == 0
    lines = base.read_text().splitlines()
    assert len(lines) == 2 and lines[0].startswith("# refknot baseline 1")
    assert re.fullmatch(r"[0-9a-f]{16} leak count=1 bytes=100 "
                        r"lines=(\+\d+:[0-9a-f]{4},){2}\+\d+:[0-9a-f]{4} "
                        r"calls=take<one<main take leaky.c",
                        lines[1])
    assert check(*gate, "--", leaky, "1").status == 0
    done = check(*gate, "--", leaky, "12")
    assert done.status == 23
    assert (summary(done) == "refknot: FAIL 1 new leak (20 B); baseline 1, "
            "suppressed 0; exit 23")
    assert re.search("two +leaky.c:13", done.told)
    assert "one at leaky.c:12" not in done.told
    assert check(*gate, "--fail-on", "any", "--", leaky, "1").status == 23
    done = check(*gate, "--", leaky, "2")
    assert "stale: " in done.told and f"{base}:2" in done.told
    # A second leak of the same function is new, and so is its line.
    assert check(*gate, "--", leaky, "13").status == 23


def test_more_of_what_is_accepted_is_told(leaky, tmp_path):
    base = tmp_path / "base.txt"
    check("--baseline", base, "--update-baseline", "--", leaky, "1")
    twice = ["--", "sh", "-c", f"{leaky} 1; {leaky} 1; true"]
    done = check("--baseline", base, *twice)
    assert done.status == 0
    assert re.search(r"grown: [0-9a-f]{16} leak in take: 2 of 200 B where the "
                     r"baseline has 1 of 100 B", done.told), done.told
    done = check("--baseline", base, "--fail-on", "grown", *twice)
    assert done.status == 23 and "grown: " not in done.told


def test_a_baseline_is_sorted_and_merged_by_a_sort(leaky, tmp_path):
    one, two, both = (tmp_path / n for n in ("1", "2", "both"))
    for base, what in ((one, "1"), (two, "2")):
        check("--baseline", base, "--update-baseline", "--", leaky, what)
    merged = run("sort", one, two, env=environment(LC_ALL="C"))
    both.write_bytes(merged.out)
    done = check("--baseline", both, "--", leaky, "12")
    assert done.status == 0, done.told
    check("--baseline", both, "--update-baseline", "--", leaky, "12")
    lines = both.read_text().splitlines()
    assert lines == sorted(lines) and len(lines) == 3


def test_a_baseline_holds_in_other_builds_and_lines(tmp_path):
    base = tmp_path / "base.txt"
    moved = "/* one more line */\n" * 50 + LEAKY
    for name, source, flags in (("a", LEAKY, ["-O1", "-g"]),
                                ("b", moved, ["-O2", "-g"]),
                                ("c", moved, ["-O0", "-g", "-no-pie"]),
                                ("d", LEAKY, ["-O1"])):
        (tmp_path / name).mkdir()
        program = compiled(tmp_path / name, name, source, *flags,
                           FLAGS[-1])
        first = not base.exists()
        done = check("--baseline", base,
                     *(["--update-baseline"] if first else []), "--",
                     program, "12")
        assert done.status == 0, (name, done.told)


def test_a_failed_or_incomplete_run_leaves_the_baseline(leaky, tmp_path):
    base = tmp_path / "base.txt"
    update = ["--baseline", base, "--update-baseline", "--"]
    check(*update, leaky, "1")
    before = base.read_bytes()
    assert check(*update, leaky, "", "3").status == 3
    assert check(*update, leaky,
                 env=environment(REFKNOT_SNAPSHOT=0)).status == 23
    assert base.read_bytes() == before


def test_a_broken_baseline_names_its_line(tmp_path):
    base = tmp_path / "base.txt"
    base.write_text("# x\n<<<<<<< HEAD\n")
    done = check("--baseline", base, "--", "true")
    assert done.status == 2 and f"{base}:2:" in done.told


def test_suppressions_of_both_kinds_cover_and_are_counted(leaky, tmp_path):
    supp = tmp_path / "supp"
    supp.write_text("leak:^one$\nleak:nowhere\n# old until:2020-01-01\n"
                    "leak:two\n{\n   ring\n   Memcheck:Leak\n"
                    "   match-leak-kinds: definite\n   fun:malloc\n"
                    "   fun:take\n   fun:ring\n   ...\n}\n")
    done = check("--suppressions", supp, "--show-suppressed", "--", leaky,
                 "12c")
    assert (summary(done) ==
            "refknot: FAIL 1 leak (20 B); suppressed 2; exit 23")
    assert f"unused: {supp}:2: " in done.told
    assert f"expired: {supp}:4: " in done.told
    assert f"suppressed: 1 of 100 B by {supp}:1: " in done.told
    assert f"suppressed: 1 of 96 B by {supp}:5: ring" in done.told
    assert re.search("two +leaky.c", done.told)
    assert not re.search("one +leaky.c", done.told)


def test_suppressions_that_are_wrong_name_file_and_line(tmp_path):
    supp = tmp_path / "supp"
    for text, line in (("leak:x\nleek:y\n", 2), ("cycle:x\n", 1),
                       ("{\n  x\n  Memcheck:Leak\n", 3)):
        supp.write_text(text)
        done = check("--suppressions", supp, "--", "true")
        assert done.status == 2 and f"{supp}:{line}" in done.told, done.told


def test_blocks_that_are_left_out_are_told(tmp_path):
    supp = tmp_path / "supp"
    block = "{{\n   x\n   {}\n   fun:f\n}}\n"
    supp.write_text("".join(block.format(kind) for kind in (
        "Helgrind:Race", "drd:ConflictingAccess", "Memcheck:Cond")))
    done = check("--suppressions", supp, "--", "true")
    assert done.status == 0
    assert done.told.splitlines()[0] == (
        f"refknot: {supp}: 3 blocks for other tools, or for other faults "
        "than leaks, were left out")
    supp.write_text("leak:x\n" + block.format("Memchek:Leak"))
    done = check("--suppressions", supp, "--", "true")
    assert done.status == 0
    assert done.told.splitlines()[0] == (
        f'refknot: {supp}:4: "Memchek" is not a known tool of Valgrind\'s; its block '
        "was left out")
    supp.write_text(block.format("Memcheck:Leek") * 2)
    done = check("--suppressions", supp, "--", "true")
    assert done.status == 0
    assert done.told.splitlines()[0] == (
        f'refknot: {supp}:3: "Memcheck:Leek" is not a known fault of Memcheck\'s; its '
        "block was left out, and 1 more for such a reason")
    assert check("--suppressions", "/dev/null", "--", "true").told.count(
        "\n") == 1


VALGRIND = """
{{
   name {0}
   Memcheck:Leak
   fun:malloc
   ...
   fun:{0}
}}
"""


def test_of_a_file_for_valgrind_the_unused_are_counted(leaky, tmp_path):
    shared, own = tmp_path / "shared.supp", tmp_path / "own.supp"
    shared.write_text("".join(VALGRIND.format(f) for f in (
        "absent", "one", "missing", "nowhere")) + "leak:^gone$\n")
    own.write_text("leak:absent\nleak:missing\nleak:two\n")
    options = ["--suppressions", shared, "--suppressions", own]
    report = tmp_path / "r.json"
    done = check(*options, "--output", f"json={report}", "--", leaky, "12")
    assert [x for x in done.told.splitlines() if "unused" in x] == [
        f"unused: 4 of 5 suppressions in {shared} matched nothing; "
        "--show-suppressed names them",
        f"unused: {own}:1: absent matched nothing",
        f"unused: {own}:2: missing matched nothing"]
    assert len([s for s in json.loads(report.read_text())["suppressions"]
                if not s["findings"] and not s["built_in"]]) == 6
    done = check(*options, "--show-suppressed", "--", leaky, "12")
    assert done.told.count(f"unused: {shared}:") == 4
    assert f"unused: {shared}:2: name absent matched nothing" in done.told
    assert f"suppressed: 1 of 100 B by {shared}:10: name one" in done.told
    # One alone is named; what has expired is told beside it.
    shared.write_text("leak:^gone$ until:2020-01-01\n"
                      + VALGRIND.format("absent") + VALGRIND.format("one"))
    done = check("--suppressions", shared, "--", leaky, "1")
    assert [x.split(" ")[0] for x in done.told.splitlines()[:-1]] == [
        "expired:", "unused:"], done.told
    assert "name absent matched nothing" in done.told


ALLOCATORS = """
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include "scrub.h"
static void *volatile sink;
static NOINLINE void by_malloc(void) { sink = malloc(101); }
static NOINLINE void by_calloc(void) { sink = calloc(1, 102); }
static NOINLINE void by_align(void)
{
    void *p = NULL;
    sink = posix_memalign(&p, 64, 103) ? NULL : p;
}
static NOINLINE void by_strdup(void) { sink = strdup("1234567"); }
int main(void)
{
    by_malloc();
    by_calloc();
    by_align();
    by_strdup();
    sink = NULL;
    scrub();
    return 0;
}
"""
SIZES = {101: "m", 102: "c", 103: "a", 8: "s"}
# What LeakSanitizer hides with each pattern, of these four.
HIDDEN = {"malloc": "ms", "calloc": "c", "alloc": "cms", "posix_memalign": "a",
          "strdup": "s", "*": "acms", "^main$": "acms", "^by_malloc$": "m",
          "by_*c": "cm", "lossy.c": "acms", "main*loc": "", "realloc": ""}
BUILDS = {"plt": ["-O0"], "ibt": ["-O2", "-fcf-protection"],
          "no-plt": ["-O1", "-fno-plt"], "now": ["-O1", "-Wl,-z,now"],
          "no-pie": ["-O1", "-no-pie"], "stripped": ["-O1", "-s"]}


def lossy(directory, *options):
    return compiled(directory, "lossy", ALLOCATORS, "-g", "-fno-builtin",
                    f"-I{SOURCE}/samples", *options)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return lossy(tmp_path_factory.mktemp("plain"), "-O1")


@pytest.fixture(scope="module")
def sanitized(tmp_path_factory):
    """The program with LeakSanitizer; None where that does not work."""
    directory = tmp_path_factory.mktemp("sanitized")
    (directory / "lossy.c").write_text(ALLOCATORS)
    program = directory / "lossy"
    if run("gcc", *FLAGS, "-fno-builtin", "-fsanitize=leak",
           directory / "lossy.c", "-o", program).status:
        return None
    return program if "by_malloc" in run(program).told else None


def hidden(shown):
    return "".join(sorted(set("mcas") - {SIZES[int(b)] for b in shown}))


@pytest.mark.parametrize("pattern", HIDDEN)
def test_a_pattern_covers_the_allocation_function_as_leaksanitizer_s_does(
        pattern, plain, sanitized, tmp_path):
    supp = tmp_path / "supp"
    supp.write_text(f"leak:{pattern}\n")
    report = as_json("--suppressions", supp, "--", plain)
    assert hidden(f["bytes"] for f in report["findings"]
                  if f["state"] == "new") == HIDDEN[pattern]
    if sanitized:
        done = run(sanitized, env={"LSAN_OPTIONS":
                                   f"suppressions={supp}:print_suppressions=0:"
                                   "fast_unwind_on_malloc=0"})
        assert hidden(re.findall(r"leak of (\d+) byte", done.told)
                      ) == HIDDEN[pattern], done.told


@pytest.mark.parametrize("build", BUILDS)
def test_which_function_allocated_is_known_in_every_build(build, tmp_path):
    program, supp = lossy(tmp_path, *BUILDS[build]), tmp_path / "supp"
    block = "{{\n   {0}\n   Memcheck:Leak\n   fun:{0}\n   ...\n   obj:*\n}}\n"
    for text in ("leak:^{}$\n", block):
        supp.write_text("".join(text.format(f) for f in (
            "calloc", "posix_memalign", "malloc")))
        report = as_json("--suppressions", supp, "--", program)
        assert {SIZES[f["bytes"]]: f["suppressed_by"]["text"].strip("^$")
                for f in report["findings"]} == {
            "m": "malloc", "s": "malloc", "c": "calloc",
            "a": "posix_memalign"}


CALLERS = """
#include <stdlib.h>
#include <string.h>
#include "scrub.h"
static NOINLINE char *copy(const char *s)
{
    char *p = malloc(strlen(s) + 1);
    return p ? strcpy(p, s) : p;
}
static NOINLINE void a(void) { *copy("a") = 0; }
#ifdef PLANTED
static NOINLINE void b(void) { *copy("bb") = 0; }
#endif
int main(void)
{
    a();
#ifdef PLANTED
    b();
#endif
    scrub();
    return 0;
}
"""


@pytest.mark.parametrize("grammar", ["suppressions", "valgrind-suppressions"])
def test_a_generated_suppression_hides_no_other_leak_of_its_function(
        grammar, tmp_path):
    supp = tmp_path / "supp"
    program = compiled(tmp_path, "program", CALLERS, "-g", "-O0",
                       f"-I{SOURCE}/samples")
    planted = compiled(tmp_path, "planted", CALLERS, "-g", "-O0",
                       "-DPLANTED", f"-I{SOURCE}/samples")
    assert check("--output", f"{grammar}={supp}", "--",
                 program).status == 23
    assert check("--suppressions", supp, "--", program).status == 0
    done = check("--suppressions", supp, "--", planted)
    assert done.status == 23, done.told
    assert "FAIL 1 leak (3 B); suppressed 1" in summary(done)
    if not shutil.which("valgrind"):
        pytest.skip("valgrind is not installed")
    for which, status in ((program, 0), (planted, 9)):
        done = run("valgrind", "-q", "--leak-check=full",
                   "--error-exitcode=9", f"--suppressions={supp}", which)
        assert done.status == status, done.told


@pytest.mark.parametrize("which", [0, 1])
def test_generated_suppressions_cover_what_they_are_of(which, leaky,
                                                       tmp_path):
    done = check("--gen-suppressions", "--", leaky, "12c")
    text = done.told[done.told.index("# as LeakSanitizer"):
                     done.told.index("\nORPHANED")]
    parts = text.split("# as Valgrind has it\n")
    supp = tmp_path / "supp"
    supp.write_text(parts[which])
    # Two leaks have one line of LeakSanitizer's, and a block each.
    assert parts[which].count("leak:" if which == 0 else "{") == 1 + 2 * which
    done = check("--suppressions", supp, "--", leaky, "12c")
    assert done.status == 0, done.told
    assert "suppressed 3" in summary(done)


@pytest.mark.parametrize("grammar", ["suppressions", "lsan-suppressions"])
def test_a_file_of_suppressions_is_used_as_it_is(grammar, leaky, tmp_path):
    supp = tmp_path / "supp"
    done = check("--output", f"{grammar}={supp}", "--", leaky, "123c")
    assert done.status == 23
    text = supp.read_text()
    entries = text.split("}\n") if "{" in text else text.splitlines()
    entries = [entry for entry in entries if entry]
    assert len(entries) == len(set(entries)), text
    if grammar == "lsan-suppressions":
        assert text.count("leak:^take$") == 1 and "cycle:^take$" in text
    done = check("--suppressions", supp, "--", leaky, "123c")
    assert done.status == 0, done.told
    assert "suppressed 4" in summary(done)
    assert "unused" not in done.told
    assert check("--output", f"{grammar}={supp}", "--", leaky).status == 0
    assert supp.read_text() == ""


OWN = """
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "%s"; }
"""


@pytest.mark.parametrize("own, status, words", [
    ("leak:one\\nleak:^two$\\n", 0, "suppressed 2; exit 0"),
    ("leak:one\\n", 23, "FAIL 1 leak (20 B); suppressed 1"),
    ("leek:one\\n", 23, "__lsan_default_suppressions():1: ")])
def test_a_program_may_bring_its_own_suppressions(own, status, words,
                                                  tmp_path):
    """As LeakSanitizer has it; it must be exported for that."""
    program = compiled(tmp_path, "own", LEAKY + OWN % own, *FLAGS, "-rdynamic")
    done = check("--", program, "12")
    assert done.status == status and words in done.told, done.told


def test_limits_say_what_they_found(leaky):
    done = check("--max-leaked-bytes", "100", "--", leaky, "1")
    assert done.status == 0
    done = check("--max-leaked-bytes", "99", "--", leaky, "1")
    assert done.status == 23
    assert "max-leaked-bytes: 100 B leaked" in summary(done)
    done = check("--max-peak", "10", "--", leaky)
    assert done.status == 23 and "max-peak: " in summary(done)


def test_regions_and_types_have_limits():
    spans = BUILD / "samples/gc_count_objects"
    before = check("--", spans)
    assert check("--max-live", "NoSuch=0", "--", spans).status \
        == before.status


GROWING = """
#include <stdlib.h>
#include <refknot.h>
static void *kept[100];
static __attribute__((noinline)) void serve(int i, int grows)
{
    refknot_region_begin("request");
    free(malloc(10));
    if (grows) kept[i] = malloc(50);
    refknot_region_end("request");
}
int main(int argc, char **argv)
{
    (void)argv;
    for (int i = 0; i < 10; i++) serve(i, argc > 1);
    return kept[99] != 0;
}
"""


def test_growth_of_regions_fails_when_asked_for(leaky, tmp_path):
    program = compiled(tmp_path, "growing", GROWING, "-g", "-O1",
                       "-fno-builtin", f"-I{SOURCE}/include")
    asked = ["--fail-on", "leak,growth", "--"]
    assert check("--", program, "1").status == 0
    assert check(*asked, program).status == 0
    done = check(*asked, program, "1")
    assert done.status == 23
    assert "growth:request: malloc in serve +1 a pass" in summary(done)


def test_growth_is_red_where_no_region_was_seen(leaky):
    """Nothing was measured; nothing may be called steady."""
    asked = ["--fail-on", "leak,growth"]
    done = check(*asked, "--", leaky)
    assert done.status == 23
    assert "FAIL growth: no region was seen: put refknot_region_begin() and " \
        in summary(done)
    assert "steady" not in done.told and done.told.count("no region") == 1
    done = check(*asked, "--allow-incomplete", "--", leaky)
    assert done.status == 0
    assert "note: growth of regions: no region was seen: " in done.told


def test_nothing_fails_where_nothing_is_to(leaky):
    done = check("--fail-on", "none", "--", leaky, "12c")
    assert done.status == 0, done.told


def test_json_says_all_of_it(leaky, tmp_path):
    report = as_json("--", leaky, "12")
    leak = next(f for f in report["findings"] if f["bytes"] == 100)
    assert (leak["kind"], leak["state"], leak["fails"]) == ("leak", "new",
                                                            True)
    assert leak["function"] == "take"
    assert leak["stacks"][0]["what"] == "allocated"
    assert report["processes"][0]["exit_code"] == 0
    report = as_json("--source-root", leaky.parent, "--", leaky, "1")
    assert report["findings"][0]["path"] == "leaky.c"
    assert report["findings"][0]["line"] == 8


def test_several_formats_go_to_files(leaky, tmp_path):
    out, text = tmp_path / "r.json", tmp_path / "r.txt"
    done = check("--output", f"json={out}", "--output", f"text={text}",
                 "--format", "json", "--", leaky, "1")
    assert done.status == 23
    report = json.loads(out.read_text())
    jsonschema.validate(report, SCHEMA)
    assert text.read_text().splitlines()[-1] == summary(done)
    done = check("--output", "json=/absent/x", "--", leaky)
    assert done.status == 2 and "/absent/x" in done.told


def started(directory):
    """A program that leaves a file, and how to run it."""
    mark = directory / "started"
    return mark, ["--", "sh", "-c", f"touch {mark}; exit 7"]


def test_a_report_that_cannot_be_written_is_told_before_the_run(tmp_path):
    mark, program = started(tmp_path)
    (tmp_path / "file").write_text("old")
    for bad in ("absent/r.json", ".", "file/r.json", "/proc/r.json"):
        done = check("--output", f"json={bad}", *program, cwd=tmp_path)
        assert done.status == 2, (bad, done.told)
        assert done.told.count("\n") == 1
        assert done.told.startswith(f"refknot: --output json={bad}: ")
        assert not mark.exists(), bad
    done = check("--baseline", "absent/base", "--update-baseline", *program,
                 cwd=tmp_path)
    assert done.status == 2 and not mark.exists(), done.told


def test_a_report_that_is_there_stays_until_the_run_is_done(leaky, tmp_path):
    report = tmp_path / "r.json"
    report.write_text("old")
    seen = tmp_path / "seen"
    done = check("--output", f"json={report}", "--", "sh", "-c",
                 f"cat {report} >{seen}")
    assert done.status == 0, done.told
    assert seen.read_text() == "old"
    assert json.loads(report.read_text())["schema"] == "refknot-check/1"
    # One sentence, and the report stays.
    assert check("--output", f"json={report}", "--output", "gnu=/absent/x",
                 "--", leaky).status == 2
    assert json.loads(report.read_text())["schema"] == "refknot-check/1"


@pytest.mark.parametrize("form", ["json", "sarif", "junit", "text", "gnu",
                                  "valgrind-xml"])
def test_a_report_that_fails_late_does_not_hide_the_programs_status(
        form, leaky, tmp_path):
    other = tmp_path / "other"
    for own, status, word in ((7, 7, "PROGRAM FAILED|FAIL"), (0, 2, "FAIL")):
        done = check("--output", f"{form}=/dev/full", "--output",
                     f"tap={other}", "--", leaky, "1", own)
        assert done.status == status, done.told
        assert f"refknot: --output {form}=/dev/full: not all could be " \
            "written: No space left on device\n" in done.told
        assert re.match(rf"refknot: ({word}) .*output: not all reports could "
                        rf"be written; .*; exit {status}$", summary(done))
        assert other.read_text().startswith("TAP version 13")
        other.unlink()


def test_a_full_standard_output_does_not_hide_it_either(leaky):
    for own, status in ((7, 7), (0, 2)):
        done = subprocess.run(
            [f"{BUILD}/cli/refknot", "check", "--output", "json=-", "--",
             "sh", "-c", f"exit {own}"], check=False, env=environment(),
            stdout=open("/dev/full", "w"), stderr=subprocess.PIPE)
        assert done.returncode == status, done.stderr
        assert b"--output json=-: not all could be written" in done.stderr


def test_a_report_may_go_to_a_pipe(leaky, tmp_path):
    """As the shell's >(command) is one: its reader must not see an early end."""
    done = subprocess.run(
        ["bash", "-c", f"{BUILD}/cli/refknot check --output json=>(cat >"
         f"{tmp_path}/r.json; echo done) -- {leaky} 1 | cat"], check=False,
        env=environment(), capture_output=True)
    assert b"done" in done.stdout
    assert json.loads((tmp_path / "r.json").read_text())["findings"]


def test_recordings_can_be_kept(leaky, tmp_path):
    main = tmp_path / "kept.rkn"
    check("-o", main, "--", leaky, "1")
    assert check(main).status == 23
    assert not [p for p in os.listdir(".") if p.endswith(".rkn")]


def test_no_live_store_is_left_behind(leaky):
    before = set(os.listdir("/dev/shm"))
    assert check("--", leaky, "1").status == 23
    left = set(os.listdir("/dev/shm")) - before
    assert not any(str(os.getpid()) in name for name in left)


def test_a_broken_pipe_is_no_green(leaky):
    done = subprocess.run(f"{BUILD}/cli/refknot check -- {leaky} 1 2>&1 "
                          "| head -c 1 >/dev/null; exit ${PIPESTATUS[0]}",
                          shell=True, executable="/bin/bash", check=False,
                          env=environment())
    assert done.returncode in (23, 2)


JUDGED = [  # which of /T [a]/leaky, and of sh that starts it
    (["--programs", "leaky"], 23, 1), (["--programs", "leak"], 23, 0),
    (["--programs", "l?aky,other"], 23, 1),
    (["--programs", "other", "--programs", "leaky"], 23, 1),
    (["--programs", "./*"], 23, 1), (["--programs", "./l*"], 23, 1),
    (["--programs", "././leaky"], 23, 1), (["--programs", "sub/*"], 23, 0),
    (["--programs", "/usr/*"], 0, None), (["--programs", "*sh"], 0, None),
    (["--programs", "*/leaky"], 23, 1),
    (["--skip-programs", "leaky"], 0, None),
    (["--skip-programs", "./*"], 0, None),
    (["--skip-programs", "/usr/*"], 23, 1),
    (["--programs", "./*", "--skip-programs", "leaky"], 23, 0)]


@pytest.mark.parametrize("options, status, processes", JUDGED,
                         ids=[" ".join(row[0]) for row in JUDGED])
def test_programs_say_what_is_judged(options, status, processes, tmp_path):
    place = tmp_path / "T [a]"
    place.mkdir()
    leaky_in(place)
    report = tmp_path / "r.json"
    done = check(*options, "--output", f"json={report}", "--", "sh", "-c",
                 "./leaky 1; true", cwd=place)
    assert done.status == status, done.told
    found = json.loads(report.read_text())
    if processes is not None:
        assert len(found["processes"]) == processes
        assert len(found["findings"]) == processes
    if processes == 0:
        assert "nothing was recorded of the programs to judge" in done.told


def test_what_goes_on_as_another_program_is_complete(leaky):
    """It never ends as itself, and the one that does is not judged."""
    done = check("--skip-programs", "leaky", "--", "sh", "-c",
                 f"exec {leaky} 1")
    assert done.status == 0, done.told


FORKS = r"""
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static char *volatile large;

int main(int argc, char **argv)
{
    const int children = atoi(argv[1]);

    large = malloc(40000);
    memset(large, 1, 40000);
    for (int i = 0; i < children; i++)
        if (!fork()) {
            free(malloc(7));
            if (argc > 2 && argv[2][0] == 'f')
                free(large);
            if (argc > 2 && argv[2][0] == 'k')
                _exit(raise(9));
            exit(0);
        }
    while (wait(NULL) > 0)
        ;
    return 0;
}
"""


@pytest.fixture(scope="module")
def forks(tmp_path_factory):
    return compiled(tmp_path_factory.mktemp("forks"), "forks", FORKS)


def inherited(*argv, status=0):
    """What is told of it as JSON, as a note, and in Markdown."""
    document = as_json(*argv)
    text, page = (check("-f", f, *argv) for f in ("text", "markdown"))
    assert text.status == page.status == status, text.told
    notes = [line[6:] for line in text.told.splitlines()
             if line.startswith("note: ") and " forked: " in line]
    marked = [line for line in page.told.splitlines() if " forked: " in line]
    assert len(notes) == len(marked)
    return document["inherited"], notes


def test_it_says_how_much_memory_that_was_inherited_counts_as_held(forks):
    told, notes = inherited("--", forks, 3)
    assert told["processes"] == 3
    assert 3 * 40000 < told["bytes"] < 3 * 120000
    size = f"{told['bytes'] / 1024:.1f} KiB"
    assert notes == [
        f"3 of 4 processes were forked: {size} that they inherited counted as "
        "held (roots); a pointer that is left there may hide a leak"]
    one, notes = inherited("--", forks, 1)
    assert one["processes"] == 1 and 40000 < one["bytes"] < 120000
    assert notes[0].startswith("1 of 2 processes was forked: ")
    # What the child freed is none of it.
    freed, _ = inherited("--", forks, 1, "f")
    assert one["bytes"] - 40100 < freed["bytes"] <= one["bytes"] - 40000


def test_no_word_of_forks_where_nothing_was_inherited_or_judged(forks):
    for options in (("--", forks, 0),
                    ("--skip-programs", "sh", "--", "sh", "-c",
                     f"({forks} 0; :)& wait")):
        told, notes = inherited(*options)
        assert (told, notes) == ({"processes": 0, "bytes": 0}, [])
    # Nor where no search was made.
    told, notes = inherited("--", forks, 2, "k", status=23)
    assert (told, notes) == ({"processes": 0, "bytes": 0}, [])


def test_info_tells_what_a_child_inherited(forks, tmp_path):
    child, = record(tmp_path, forks, 1).children
    told = refknot("info", child).out.decode()
    row, = (line for line in told.splitlines()
            if line.split()[:1] == ["inherited"])
    assert "from the parent process" in row


def test_a_server_that_is_not_judged_may_stay(tmp_path):
    stays = compiled(tmp_path, "stays", """
#include <unistd.h>
#include <stdlib.h>
int main(void)
{
    char byte;
    int ready[2];
    if (pipe(ready))
        return 1;
    if (!fork()) {
        free(malloc(1));
        close(1);
        close(2);
        close(ready[0]);
        close(ready[1]);
        /* Until the one who started all closes the pipe. */
        while (read(0, &byte, 1) > 0) {}
        return 0;
    }
    close(ready[1]);
    while (read(ready[0], &byte, 1) > 0) {}
    return 0;
}
""")
    for options, status in ((["--skip-programs", "stays"], 0), ([], 23)):
        reader, writer = os.pipe()
        done = subprocess.run(
            [f"{BUILD}/cli/refknot", "check", *options, "--", "sh", "-c",
             f"{stays}; true"], stdin=reader, check=False,
            capture_output=True, env=environment())
        os.close(writer)
        os.close(reader)
        told = done.stderr.decode()
        assert done.returncode == status, told
        assert ("still running" in told.splitlines()[-1]) == bool(status)
        KEPT.update(re.findall(r"(/[^\s:]*/refknot-\w{6})/", told))


def test_memcheck_skips_programs_like_valgrind(leaky):
    shell = ["sh", "-c", f"{leaky} 1; true"]
    for option, status in (("-q", 9), ("--trace-children-skip=leaky,x", 0),
                           ("--trace-children-skip=*/sh", 9),
                           ("--trace-children=no", 0),
                           ("--trace-children=yes", 9)):
        done = refknot("memcheck", "--error-exitcode=9", option, *shell)
        assert done.status == status, (option, done.told)


def test_of_many_findings_the_worst_are_printed(tmp_path):
    """The log of a pipeline is read by a person; files have them all."""
    calls = "\n".join(f"    sink = malloc({100 + n}); sink = 0;" for n in range(30))
    program = compiled(tmp_path, "many", f"""
        #include <stdlib.h>
        void *volatile sink;
        int main(void)
        {{
        {calls}
            return 0;
        }}
        """, "-g")
    report = tmp_path / "report.json"
    done = check("--output", f"json={report}", "--", program)
    assert done.status == 23 and "FAIL 30 leaks" in summary(done)
    assert done.told.count("\nLEAK   ") == 20
    assert "1 block, 129 B" in done.told and "1 block, 109 B" not in done.told
    assert "\nomitting 10 more; --full prints all, " in done.told
    assert len(json.loads(report.read_text())["findings"]) == 30
    full = check("--full", "--", program).told
    assert full.count("\nLEAK  ") == 30 and "omitting" not in full
