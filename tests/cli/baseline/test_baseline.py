# SPDX-License-Identifier: MIT
"""Which changes of a program its baseline survives, and which it does not.

Each program leaks at the lines that its first argument names.
"""
import re
import shutil

import pytest

from conftest import SOURCE, compiled, environment
from gate import check, leaky, summary  # noqa: F401

PROGRAM = """
#include <stdlib.h>
#include <string.h>
#include "scrub.h"
static char on[256];
static NOINLINE void *take(size_t n)
{
    void *p = malloc(n);
    __asm__ volatile("" : "+r"(p));
    return p;
}
static NOINLINE void parse(size_t n)
{
    char *p = NULL;
    if (on['a'])
        p = take(n);
    if (on['b'])
        memset(take(n), 1, n);
    if (on['c'])
        p = take(n);
    free(on['a'] ? NULL : p);
}
static NOINLINE void work(void)
{
    parse(100);
    if (on['w'])
        parse(200);
}
int main(int argc, char **argv)
{
    for (char *c = argc > 1 ? argv[1] : ""; *c; c++)
        on[(unsigned char)*c] = 1;
    work();
    scrub();
    return 0;
}
"""
FIRST = "        p = take(n);\n    if (on['b'])"  # its line, and one more
THIRD = "    free(on['a'] ? NULL : p);\n"
LOST = PROGRAM.replace(THIRD, "")


class Project:
    """A program at one path, which is built anew when it changes."""

    def __init__(self, directory):
        self.directory = directory
        self.base = directory / "base.txt"

    def build(self, source, *flags):
        return compiled(self.directory, "program", source,
                        *(flags or ["-g", "-O1"]), f"-I{SOURCE}/samples")

    def accept(self, what="a", source=PROGRAM, *flags):
        done = check("--baseline", self.base, "--update-baseline", "--",
                     self.build(source, *flags), what)
        assert done.status == 0, done.told
        return done

    def judge(self, what="a", source=PROGRAM, *flags):
        return check("--baseline", self.base, "--",
                     self.build(source, *flags), what)


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def changed(old, new, source=PROGRAM):
    assert source.count(old) == 1, old
    return source.replace(old, new)


MOVED = PROGRAM.replace("static NOINLINE void work(void)\n{\n"
                        "    parse(100);\n    if (on['w'])\n"
                        "        parse(200);\n}\n", "")
MOVED = MOVED.replace("static NOINLINE void parse", """
static NOINLINE void parse(size_t n);
static NOINLINE void work(void)
{
    parse(100);
    if (on['w'])
        parse(200);
}
static NOINLINE void parse""")


@pytest.mark.parametrize("source", [
    "/* one more */\n" * 50 + PROGRAM,
    changed(FIRST, "        \n\n" + FIRST),
    changed(FIRST, FIRST.replace("take(n)", "take(n + 0)")),
    changed(FIRST, FIRST.replace("p = take(n);", "  p=take( n );")),
    changed("    parse(100);", "    strlen(\"x\");\n\n    parse(100);"),
    changed("    parse(100);", "    parse(100); /* the first */"),
    MOVED,
    changed("        p = take(n);\n    if (on['b'])",
            "        { p = take(n); }\n    if (on['b'])"),
], ids=["lines above", "lines in the function", "edited in place",
        "white space", "lines in the caller", "a caller edited",
        "functions in another order", "braces"])
def test_an_accepted_leak_stays_so(project, source):
    project.accept()
    done = project.judge("a", source)
    assert done.status == 0, done.told
    assert "baseline 1" in summary(done)


@pytest.mark.parametrize("flags", [["-g", "-O0"], ["-g", "-O2"],
                                   ["-g", "-O3", "-no-pie"], ["-g1", "-O1"],
                                   ["-O1"]], ids=" ".join)
def test_an_accepted_leak_stays_so_in_other_builds(project, flags):
    project.accept("ab")
    done = project.judge("ab", PROGRAM, *flags)
    assert done.status == 0, done.told


def test_an_accepted_leak_stays_so_with_another_compiler(project):
    if not shutil.which("clang"):
        pytest.skip("there is no clang")
    project.accept("ab")
    program = compiled(project.directory, "program", PROGRAM, "-g", "-O1",
                       f"-I{SOURCE}/samples", compiler="clang")
    done = check("--baseline", project.base, "--", program, "ab")
    assert done.status == 0, done.told


def test_lines_are_the_same_from_the_symbol_cache(project):
    program = project.build(LOST)
    cached = environment(REFKNOT_CACHE=project.directory / "cache")
    plain = project.accept("ab", LOST) and project.base.read_text()
    for _ in range(2):
        project.base.unlink()
        check("--baseline", project.base, "--update-baseline", "--", program,
              "ab", env=cached)
        assert project.base.read_text() == plain
    assert list((project.directory / "cache").iterdir())


def test_an_accepted_leak_stays_so_without_the_source(project):
    project.accept("ab", LOST)
    program = project.build(LOST)
    for file in project.directory.glob("*.c"):
        file.unlink()
    assert check("--baseline", project.base, "--", program,
                 "ab").status == 0
    # Offsets alone still tell.
    assert check("--baseline", project.base, "--", program,
                 "c").status == 23


@pytest.mark.parametrize("accepted, what, where", [
    ("a", "b", r"parse\(\) \+\d+ there, \+\d+ here"),
    ("b", "a", r"parse\(\) \+\d+ there, \+\d+ here"),
    ("b", "c", r"parse\(\) \+\d+ there, \+\d+ here"),
    # The text is that of the accepted one, a second time.
    ("a", "c", r"parse\(\) \+\d+ there, \+\d+ here"),
], ids=str)
def test_another_line_of_the_function_is_new(project, accepted, what, where):
    project.accept(accepted, LOST)
    for both in (what, accepted + what):
        done = project.judge(both, LOST)
        assert done.status == 23, done.told
        assert "1 new leak" in summary(done)
        assert re.search("an accepted finding has the same functions but "
                         "other lines: " + where, done.told), done.told
    done = project.judge(what, LOST)
    assert "stale: " in done.told


def test_another_line_is_new_when_the_accepted_one_is_mended(project):
    project.accept("a")
    mended = changed(FIRST, FIRST.replace("p = take(n);",
                                          "free(take(n));"))
    assert project.judge("a", mended).status == 0
    done = project.judge("ab", mended)
    assert done.status == 23 and "1 new leak" in summary(done), done.told


TESTS = """
#include <stdlib.h>
#include "scrub.h"
static NOINLINE char *make(void)
{
    char *p = malloc(40);
    __asm__ volatile("" : "+r"(p));
    return p;
}
static NOINLINE void test_first(void)
{
    char *p = make();
    __asm__ volatile("" : : "r"(p) : "memory");
}
static void (*const tests[])(void) = { test_first };
int main(void)
{
    for (unsigned i = 0; i < sizeof(tests) / sizeof(*tests); i++)
        tests[i]();
    scrub();
    return 0;
}
"""
SECOND = """
static NOINLINE void test_second(void)
{
    char *p = make();
    __asm__ volatile("" : : "r"(p) : "memory");
}
static void (*const tests[])(void) = { test_second, """


@pytest.mark.parametrize("flags", [["-g", "-O0"], ["-g", "-O2"], ["-O1"]],
                         ids=" ".join)
def test_another_test_that_loses_what_a_mended_one_did_is_new(project, flags):
    mended = changed('    __asm__ volatile("" : : "r"(p) : "memory");',
                     "    free(p);", TESTS)
    assert project.accept("", TESTS, *flags)
    both = changed("static void (*const tests[])(void) = { ", SECOND, mended)
    done = project.judge("", both, *flags)
    assert done.status == 23 and "1 new leak" in summary(done), done.told
    assert re.search(r"differs from an accepted one only by the name test_"
                     r"second where it was test_first", done.told)
    if "-g" in flags:
        renamed = TESTS.replace("test_first", "test_of_make")
        assert project.judge("", renamed, *flags).status == 0


def test_another_line_of_a_caller_is_new(project):
    project.accept("a")
    done = project.judge("aw")
    assert done.status == 23 and "1 new leak (200 B)" in summary(done)
    assert re.search(r"work\(\) \+2 there, \+4 here", done.told), done.told


def test_a_process_that_has_only_the_new_line_is_red(project):
    project.accept("a")
    program = project.build(PROGRAM)
    for first, second in ("ab", "ba"):
        done = check("--baseline", project.base, "--", "sh", "-c",
                     f"{program} {first}; {program} {second}; true")
        assert done.status == 23, done.told
        assert "FAIL 1 new leak (100 B); baseline 1" in summary(done)
        assert "found in 1 of " in done.told
        assert "grown" not in done.told


def test_an_update_of_several_processes_accepts_each_line(project):
    program = project.build(PROGRAM)
    both = ["--", "sh", "-c", f"{program} a; {program} b; true"]
    check("--baseline", project.base, "--update-baseline", *both)
    assert len(project.base.read_text().splitlines()) == 3
    assert check("--baseline", project.base, *both).status == 0
    for what in ("a", "b", "ab"):
        assert project.judge(what).status == 0
    assert project.judge("w").status == 0  # nothing is lost there
    assert project.judge("bw").status == 23


def test_numbers_behind_signatures_do_not_matter(project):
    project.accept("ab", LOST)
    text = project.base.read_text()
    text = text.replace(" leak", ".7 leak", 1).replace(".2 leak", " leak")
    project.base.write_text(text)
    assert project.judge("ab", LOST).status == 0
    done = project.judge("abc", LOST)
    assert done.status == 23 and "1 new leak" in summary(done)


def test_comments_stay_with_their_lines(project):
    project.accept("ab")
    lines = project.base.read_text().splitlines()
    assert len(lines) == 3
    project.base.write_text("\n".join(
        [lines[0], lines[1] + " # the first", lines[2] + " # the second"]))
    second = re.search(r"lines=\S+ calls=\S+", lines[2])[0]
    project.accept("b")
    assert f"{second} take program.c  # the second" in (
        project.base.read_text())
    assert "# the first" not in project.base.read_text()


def test_files_without_lines_accept_as_they_did(project):
    project.accept("ab")
    old = re.sub(r" lines=\S+", "", project.base.read_text())
    project.base.write_text(old)
    for what in ("a", "b", "ab"):
        assert project.judge(what, LOST).status == 0
    assert project.judge("abc", LOST).status == 23
    project.accept("ab")
    assert project.base.read_text().count("lines=") == 2


def test_two_calls_on_one_line_are_one_finding_that_grows(project):
    twice = changed(FIRST, FIRST.replace("p = take(n);",
                                         "p = take(n), p = take(n);"))
    project.accept("a")
    done = project.judge("a", twice)
    assert done.status == 0
    assert "grown: " in done.told and ": 2 of 200 B" in done.told


def test_limits_count_what_is_beyond_the_baseline(project):
    project.accept("a")
    program = project.build(PROGRAM)
    twice = ["--", "sh", "-c", f"{program} a; {program} ab; true"]
    for option, most, status in (("bytes", 200, 0), ("bytes", 199, 23),
                                 ("objects", 2, 0), ("objects", 1, 23)):
        done = check("--baseline", project.base, f"--max-leaked-{option}",
                     most, *twice)
        assert done.status == status, done.told
        if status:
            assert re.search(r"FAIL max-leaked-\w+: (200 B|2 objects) leaked",
                             summary(done)), done.told


MACRO = LOST.replace("static NOINLINE void parse", """
#define TAKE(n) do { p = take(n); __asm__ volatile("" : "+r"(p)); } while (0)
static NOINLINE void parse""").replace(
    "p = take(n);\n    if (on['b'])", "TAKE(n);\n    if (on['b'])").replace(
    "memset(take(n), 1, n);", "TAKE(n + 0);")


def test_uses_of_a_macro_are_lines_like_others(project):
    project.accept("a", MACRO)
    assert project.judge("a", "\n\n" + MACRO).status == 0
    assert project.judge("b", MACRO).status == 23


INLINED = PROGRAM.replace("static NOINLINE void parse",
                          "static inline __attribute__((always_inline)) "
                          "void parse")


def test_inlined_functions_are_told_apart_likewise(project):
    project.accept("a", INLINED)
    assert project.judge("a", INLINED, "-g", "-O2").status == 0
    assert project.judge("a").status == 0  # not inlined at all
    assert project.judge("b", INLINED).status == 23
    assert project.judge("aw", INLINED).status == 23


DEEP = PROGRAM.replace("{\n    char *p = NULL;", """{
    static int depth;
    char *p = NULL;
    if (on['d'] && depth++ < 4)
        return parse(n);""")


def test_a_function_that_calls_itself_counts_once(project):
    project.accept("a", DEEP, "-g", "-O0")
    assert project.judge("ad", DEEP, "-g", "-O0").status == 0
    assert project.judge("bd", DEEP, "-g", "-O0").status == 23


RING = PROGRAM.replace("int main", """
struct node { struct node *next; char pad[40]; };
static NOINLINE void ring(void)
{
    struct node *a, *b;
    if (on['r']) {
        a = take(sizeof(*a));
        b = take(sizeof(*b));
    } else if (on['s']) {
        a = take(sizeof(*b));
        b = take(sizeof(*a));
    } else {
        return;
    }
    a->next = b;
    b->next = a;
}
int main""").replace("    work();", "    ring();\n    work();")


def test_cycles_made_at_other_lines_are_new(project):
    project.accept("r", RING)
    assert "orphaned-cycle" in project.base.read_text()
    assert project.judge("r", "\n" + RING).status == 0
    assert project.judge("r", RING, "-g", "-O2").status == 0
    done = project.judge("s", RING)
    assert done.status == 23 and "1 new orphaned cycle" in summary(done)
    assert "other lines: ring() +" in done.told


def test_an_update_tells_what_it_takes_out(project):
    project.accept("ab")
    lines = project.base.read_text().splitlines()
    done = project.accept("a")
    assert "baseline: 0 added, 1 removed, 1 kept" in done.told
    assert f"removed: {project.base}:3: {lines[2].split()[0]} leak" in (
        done.told)
    project.base.write_text("\n".join(lines) + "\n")
    done = check("--baseline", project.base, "--update-baseline",
                 "--keep-stale", "--", project.build(PROGRAM), "c")
    assert done.status == 0, done.told
    assert "baseline: 0 added, 0 removed, 2 kept (2 of them not found)" in (
        done.told)
    assert project.base.read_text().splitlines() == lines
    done = check("--keep-stale", "--baseline", project.base, "--", "true")
    assert done.status == 2 and "--update-baseline" in done.told


def test_a_program_that_goes_on_as_another_can_be_accepted(project):
    program = project.build(PROGRAM)
    argv = ["--", "sh", "-c", f"exec {program} a"]
    done = check("--baseline", project.base, "--update-baseline", *argv)
    assert done.status == 0, done.told
    assert check("--baseline", project.base, *argv).status == 0


@pytest.mark.parametrize("text, line", [
    ("# refknot baseline 2: x\n", 1),
    ("# x\n0123456789abcdef leek count=1 bytes=1\n", 2),
    ("0123456789abcdef leak count=1 bytes=1 lines=3\n", 1)])
def test_what_a_baseline_cannot_be_is_told(project, text, line):
    project.base.write_text(text)
    done = project.judge()
    assert done.status == 2
    assert f"{project.base}:{line}: " in done.told


def test_a_part_of_the_runs_keeps_the_larger_numbers(leaky, tmp_path):
    accepted = tmp_path / "b.txt"
    update = ["--baseline", accepted, "--update-baseline"]
    both = ["--", "sh", "-c", f"{leaky} 1; {leaky} 1"]
    assert check("--programs", "leaky", *update, *both).status == 0
    before = accepted.read_text()
    assert "count=2" in before
    assert check(*update, "--keep-stale", "--", leaky, "1").status == 0
    assert accepted.read_text() == before
    assert check("--programs", "leaky", "--baseline", accepted, "--fail-on",
                 "grown", *both).status == 0
    assert check(*update, "--", leaky, "1").status == 0
    assert "count=1" in accepted.read_text()


def test_outputs_do_not_write_over_the_baseline_or_each_other(leaky, tmp_path):
    accepted, link = tmp_path / "b.txt", tmp_path / "link"
    check("--baseline", accepted, "--update-baseline", "--", leaky, "1")
    before = accepted.read_text()
    link.symlink_to(accepted)
    for path in (accepted, link):
        done = check("--baseline", accepted, "--output", f"json={path}", "--",
                     leaky, "1")
        assert (done.status, done.out) == (2, b""), done.told
        assert f"would write over {path}, the baseline" in done.told
    assert accepted.read_text() == before
    twice = tmp_path / "x"
    done = check("--output", f"json={twice}", "--output", f"junit={twice}",
                 "--", leaky)
    assert (done.status, done.out) == (2, b"")
    assert f"two of --output are the file {twice}" in done.told
    assert not twice.exists()


WRAPPED = """
#include <stdlib.h>
#include "scrub.h"
NOINLINE void *allocate(size_t n) { return malloc(n); }
static inline void *take(size_t n) { return allocate(n); }
static char *volatile kept;
static NOINLINE void first(void)
{
    kept = take(100);
    kept = NULL;
}
static NOINLINE void second(void)
{
    kept = take(200);
    /* planted */
    kept = NULL;
}
int main(void)
{
    int i = 0;
    while (!i++)
        first();
    second();
    scrub();
    return 0;
}
"""
PLANTED = changed("    /* planted */", "    kept = take(200);", WRAPPED)


@pytest.mark.parametrize("accepted", ["-g -O2", "-g -O0", "-O2"])
@pytest.mark.parametrize("flags", ["-g -O0", "-g -O2", "-g -Os", "-g1 -O2",
                                   "-g -O2 -flto", "-O2", "-O0"])
def test_tail_calls_and_debug_information_make_nothing_new(project, accepted,
                                                           flags):
    project.accept("", WRAPPED, *accepted.split())
    done = project.judge("", WRAPPED, *flags.split())
    assert done.status == 0, done.told
    assert "baseline 2" in summary(done) and "stale" not in done.told
    done = project.judge("", PLANTED, *flags.split())
    assert done.status == 23 and "1 new leak" in summary(done), done.told


@pytest.mark.parametrize("old, new, what", [
    ("    while (!i++)\n        first();",
     "    if (!i)\n\n        i++, first();", r"the line in main\(\) "),
    ("kept = take(100);", "/* x */\n    kept = take(50 + 50);",
     r"the line in first\(\) "),
    ("NOINLINE void *allocate(size_t n) { return malloc(n); }\n"
     "static inline void *take(size_t n) { return allocate(n); }",
     "static inline void *take(size_t n) { return malloc(n); }", "allocate"),
    ("    kept = take(100);", "    first_of(99);", None),
], ids=["a line of the test", "the line itself", "no wrapper", "another size with it"])
def test_one_edit_is_told_and_not_new(project, old, new, what):
    project.accept("", WRAPPED, "-g", "-O0")
    for source in WRAPPED, PLANTED:
        edited = changed(old, new, source).replace(
            "static NOINLINE void first(void)",
            "static void first_of(size_t n)\n{\n\n    kept = take(n);\n}\n"
            "static NOINLINE void first(void)" if what is None else
            "static NOINLINE void first(void)")
        done = project.judge("", edited, "-g", "-O0")
        if source is WRAPPED and what:
            assert done.status == 0, done.told
            assert re.search(r"^accepted: [0-9a-f]{16} leak in \w+ differs "
                             rf"from \S+:\d only by {what}", done.told, re.M)
            project.base.with_suffix(".old").write_text(
                project.base.read_text())
            told = project.accept("", edited, "-g", "-O0").told
            assert "of them changed" in told and "1 added" not in told
            assert "accepted: " not in project.judge("", edited, "-g",
                                                     "-O0").told
            project.base.write_text(
                project.base.with_suffix(".old").read_text())
        else:
            assert done.status == 23, done.told


def test_the_nearest_accepted_one_is_named(project):
    project.accept("", WRAPPED, "-g", "-O0")
    edited = changed("NOINLINE void *allocate(size_t n) { return malloc(n); }"
                     "\nstatic inline void *take(size_t n) { return "
                     "allocate(n); }", "static inline void *take(size_t n) "
                     "{ return malloc(n); }", PLANTED)
    edited = edited.replace("    kept = take(100);", "    kept = take(99);")
    done = project.judge("", edited, "-g", "-O0")
    assert done.status == 23
    assert re.search("differs from an accepted one only by allocate, and in "
                     "size: 1 of 100 B there, 1 of 99 B here", done.told)


def test_a_merge_left_in_a_baseline_is_called_so(leaky, tmp_path):  # noqa: F811
    base = tmp_path / "base"
    check("--baseline", base, "--update-baseline", "--", leaky, "1")
    lines = base.read_text().splitlines(keepends=True)
    for number, marker in ((2, "<<<<<<< HEAD\n"), (3, "=======\n"),
                           (2, "||||||| 1a2b3c\n"), (3, ">>>>>>> other\n")):
        merged = tmp_path / "merged"
        merged.write_text("".join(
            [*lines[:number - 1], marker, *lines[number - 1:]]))
        done = check("--baseline", merged, "--", leaky, "1")
        assert done.status == 2
        assert f"merged:{number}: a merge has left this conflict marker" in \
            done.told


def test_a_second_baseline_is_refused(leaky, tmp_path):  # noqa: F811
    done = check("--baseline", "a", "--baseline", "b", "--", leaky)
    assert done.status == 2
    assert done.told.startswith("refknot: --baseline is given twice, a and b; ")
