# SPDX-License-Identifier: MIT
"""Functions that end by jumping to another have no frame while that one runs.
What stacks there are without optimization is known: each `leak_X` calls what its
name says, and every build must show the same or, where several ways lead to the
allocation, say nothing that is not so."""
import itertools
import json
import shutil

import pytest

from conftest import CC, environment, record, refknot, run

PART = r"""
#include <stdlib.h>
#include <string.h>
#include "part.h"

volatile int seen;
void *(*hidden)(size_t);

OWN static void *last(size_t n) { seen++; return malloc(n); }
OWN void *middle(size_t n) { return last(n + 1); }
OWN void *first(size_t n) { seen += 2; return middle(n + 1); }
OWN void *either(size_t n)
{
    if (n & 1)
        return calloc(1, n);
    return first(n);
}
OWN void *perhaps(size_t n)
{
    if (n > 1000)
        return hidden(n);
    return first(n + 3);
}
OWN char *copy(const char *text) { seen += 3; return strdup(text); }
static inline __attribute__((always_inline)) void *small(size_t n)
{
    seen += 4;
    return middle(n);
}
OWN void *holder(size_t n) { return small(n + 9); }
OWN void *framed(size_t n)
{
    char *p = first(n);
    seen += 5;
    return p;
}
OWN void *over_framed(size_t n) { seen += 6; return framed(n + 1); }
"""

PART_H = r"""
#include <stddef.h>
#define OWN __attribute__((noinline))
#ifdef __cplusplus
extern "C" {
#endif
extern volatile int seen;
void *middle(size_t n);
void *first(size_t n);
void *either(size_t n);
void *perhaps(size_t n);
char *copy(const char *text);
void *holder(size_t n);
void *framed(size_t n);
void *over_framed(size_t n);
#ifdef __cplusplus
}
#endif
"""

MAIN = r"""
#include "part.h"
void *volatile sink;
#define LEAK(name, call) \
    OWN static void leak_##name(void) { sink = call; sink = 0; }
LEAK(first, first(11))
LEAK(odd, either(13))
LEAK(even, either(14))
LEAK(perhaps, perhaps(15))
LEAK(copy, copy("seventeen bytes."))
LEAK(holder, holder(18))
LEAK(over, over_framed(40))
int main(void)
{
    leak_first();
    leak_odd();
    leak_even();
    leak_perhaps();
    leak_copy();
    leak_holder();
    leak_over();
    return 0;
}
"""

CERTAIN = {
    "leak_first": ["last", "middle", "first"],
    "leak_copy": ["copy"],
    "leak_holder": ["last", "middle", "small", "holder"],
    "leak_over": ["last", "middle", "first", "framed", "over_framed"],
}
SEVERAL_WAYS = {
    "leak_odd": (["either"], ["either"]),
    "leak_even": (["last", "middle", "first", "either"], ["either"]),
    "leak_perhaps": (["last", "middle", "first", "perhaps"], ["perhaps"]),
}
COMPILERS = [CC, "clang"]
LEVELS = ["-O1", "-O2", "-O3", "-Os"]


def build(directory, compiler, *options, shared=False, suffix="c"):
    assert shutil.which(compiler), f"{compiler} is not installed"
    (directory / "part.h").write_text(PART_H)
    part, main = directory / f"part.{suffix}", directory / f"main.{suffix}"
    part.write_text(PART)
    main.write_text(MAIN)
    program = directory / "program"
    if shared:
        library = directory / "libpart.so"
        done = run(compiler, *options, "-fPIC", "-shared", part, "-o", library)
        assert done.status == 0, done.told
        part = library
    done = run(compiler, *options, main, part, "-o", program)
    assert done.status == 0, done.told
    return program


def stacks(directory, program):
    """The program's own functions below each leak_X, innermost first."""
    recorded = record(directory, program)
    found = {}
    for finding in recorded.report()["findings"]:
        own = [f for f in finding["stack"] if f["module"].startswith(
            str(directory))]
        names = [f["function"] for f in own]
        root = next(n for n in names if n.startswith("leak_"))
        assert root not in found
        found[root] = (names[:names.index(root)], own, finding)
    return found


def check_names(found, optimized):
    for root, names in CERTAIN.items():
        assert found[root][0] == names, root
    for root, (plain, certain) in SEVERAL_WAYS.items():
        # Some builds keep these frames, or leave no second way.
        assert found[root][0] == plain or (
            optimized and found[root][0] == certain), root


def lines_of(found, root):
    return [(f["function"], f["line"]) for f in found[root][1]]


@pytest.mark.parametrize("compiler", COMPILERS)
def test_without_optimization_every_frame_is_there(tmp_path, compiler):
    found = stacks(tmp_path, build(tmp_path, compiler, "-O0", "-g"))
    check_names(found, False)
    assert not any(f["tail_call"] for root in found for f in found[root][1])


@pytest.mark.parametrize("compiler,level",
                         itertools.product(COMPILERS, LEVELS))
def test_what_jumped_is_shown_with_its_line(tmp_path, compiler, level):
    (tmp_path / "plain").mkdir()
    plain = stacks(tmp_path / "plain",
                   build(tmp_path / "plain", compiler, "-O0", "-g"))
    optimized = level != "-O1"
    for n, (version, shared) in enumerate([("-gdwarf-5", False),
                                           ("-gdwarf-4", True)]):
        here = tmp_path / str(n)
        here.mkdir()
        found = stacks(here, build(here, compiler, level, "-g", version,
                                   shared=shared))
        check_names(found, optimized)
        for root in CERTAIN:
            assert lines_of(found, root) == lines_of(plain, root)
            assert found[root][2]["signature"] == plain[root][2]["signature"]
        jumped = {f["function"] for f in found["leak_over"][1]
                  if f["tail_call"]}
        if optimized:
            assert jumped == {"last", "middle", "first", "over_framed"}
            holder = found["leak_holder"][1]
            assert [(f["inlined"], f["tail_call"]) for f in holder[:4]] == [
                (False, True), (False, True), (True, True), (False, True)]
            # One way is as likely as another: which line is not known.
            if found["leak_even"][0] == ["either"]:
                assert found["leak_even"][1][0]["line"] is None


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("option", [
    ["-fno-plt"], ["-gz=zlib"], ["-flto"], ["-ffunction-sections"],
    ["-fcf-protection=full"], ["-fno-semantic-interposition"],
    ["-Wl,-z,now"], ["-Wl,-z,lazy"], ["-no-pie", "-fno-pie"]])
def test_other_ways_to_build_show_the_same(tmp_path, compiler, option):
    shared = "-no-pie" not in option and "-flto" not in option
    program = build(tmp_path, compiler, "-O2", "-g", *option, shared=shared)
    check_names(stacks(tmp_path, program), True)


def test_symbols_are_enough_for_names(tmp_path):
    """Also with debug information in a file of its own."""
    program = build(tmp_path, CC, "-O2", "-g")
    names = CERTAIN | {r: c for r, (_, c) in SEVERAL_WAYS.items()}
    names["leak_holder"] = ["last", "middle", "holder"]
    debug = tmp_path / "program.debug"
    for command in (["objcopy", "--only-keep-debug", program, debug],
                    ["strip", "-g", program]):
        assert run(*command).status == 0
    run("mv", debug, tmp_path / "away")
    found = stacks(tmp_path, program)
    assert {r: found[r][0] for r in found} == names
    run("mv", tmp_path / "away", debug)
    run("strip", program)
    run("objcopy", f"--add-gnu-debuglink={debug}", program)
    check_names(stacks(tmp_path, program), True)


def test_c_plus_plus_is_no_other(tmp_path):
    """And operator new[] of its library, which jumps to operator new."""
    (tmp_path / "new.cc").write_text(
        "__attribute__((noinline)) char *make(int n)\n"
        "{ return new char[n]; }\n"
        "char *volatile sink;\n"
        "int main() { sink = make(11); sink = nullptr; }\n")
    program = tmp_path / "new"
    done = run("g++", "-O2", "-g", tmp_path / "new.cc", "-o", program)
    assert done.status == 0, done.told
    stack = record(tmp_path, program).report()["findings"][0]["stack"]
    names = [(f["function"], f["tail_call"]) for f in stack]
    assert names[0][0] == "operator new" and not names[0][1]
    assert ("make", True) in names
    assert names[-1][0] == "_start"
    program = build(tmp_path, "g++", "-O2", "-g", "-fpermissive", "-w",
                    "-D_Static_assert=static_assert", suffix="c")
    check_names(stacks(tmp_path, program), True)


def gate(recorded, *options):
    told = refknot("check", "--output", "json=-", *options, recorded.main)
    assert told.status == 23, told.told
    findings = json.loads(told.out[told.out.index(b"{\n"):])["findings"]
    return json.dumps([f for f in findings if f["state"] != "suppressed"])


def test_every_reader_sees_them(tmp_path):
    """Text, gate, regions, suppressions with and without them."""
    program = build(tmp_path, CC, "-O2", "-g")
    recorded = record(tmp_path, program)
    told = refknot("report", "--full", recorded.main).out.decode()
    assert "#0  last at part.c:9 (program, tail call)" in told
    assert "small at part.c:28 (program, inlined, tail call)" in told
    told = refknot("regions", "--func", "last", recorded.main)
    assert told.status == 0 and b"no call stack" not in told.out + told.err
    assert '"tail_call": true' in gate(recorded)
    for lines in (["fun:malloc", "fun:leak_first"],
                  ["fun:malloc", "fun:last", "fun:middle", "fun:first",
                   "fun:leak_first"],
                  ["fun:malloc", "fun:last", "...", "fun:leak_first"]):
        block = tmp_path / "block.supp"
        block.write_text("{\n one\n Memcheck:Leak\n " + "\n ".join(lines) +
                         "\n}\n")
        assert "leak_first" not in gate(recorded, "--suppressions", block)


def test_the_cache_changes_nothing(tmp_path):
    program = build(tmp_path, CC, "-O2", "-g", shared=True)
    recorded = record(tmp_path, program)
    env = environment(REFKNOT_CACHE=str(tmp_path / "cache"))
    told = [refknot("report", "--limit", "0", recorded.main, env=e).out
            for e in (None, env, env)]
    assert told[0] == told[1] == told[2]
    assert list((tmp_path / "cache").iterdir())


def below_main(tmp_path, program):
    """Names of the only leak's frames above main(), innermost first."""
    stack = record(tmp_path, program).report()["findings"][0]["stack"]
    names = [f["function"] for f in stack]
    return names[:names.index("main")]


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("call", ["return hook(n);",
                                  "char *p = hook(n); seen = *p; return p;"])
def test_a_pointer_leads_to_where_it_was_set(tmp_path, compiler, call):
    """And not to what it began with, which ends by the same jump."""
    (tmp_path / "hook.c").write_text(
        "#include <stdlib.h>\n#include \"part.h\"\n"
        "OWN static void *first_one(size_t n) { return malloc(n); }\n"
        "OWN static void *other(size_t n) { return malloc(n + 1); }\n"
        "static void *(*hook)(size_t) = first_one;\n"
        "volatile int seen;\n"
        f"OWN static void *make(size_t n) {{ {call} }}\n"
        "void *volatile sink;\n"
        "int main(int n, char **a)\n{\n"
        "    (void)a;\n"
        "    if (n < 9)\n        hook = other;\n"
        "    sink = make(40);\n    sink = 0;\n    return 0;\n}\n")
    (tmp_path / "part.h").write_text(PART_H)
    program = tmp_path / "hook"
    for options in (["-O2", "-g"], ["-O2"]):
        done = run(compiler, *options, tmp_path / "hook.c", "-o", program)
        assert done.status == 0, done.told
        names = below_main(tmp_path, program)
        assert "first_one" not in names
        assert "return hook" in call or names[-1] == "make"


def test_of_functions_of_one_name_the_programs_is_called(tmp_path):
    (tmp_path / "lib.c").write_text(
        "#include <stdlib.h>\n#include \"part.h\"\n"
        "OWN void *helper(size_t n) { return malloc(n + 1); }\n"
        "OWN void *xalloc(size_t n) { return helper(n); }\n"
        "OWN char *make(size_t n)\n"
        "{ char *p = xalloc(n); *p = 1; return p; }\n")
    (tmp_path / "main.c").write_text(
        "#include <stdlib.h>\n#include \"part.h\"\n"
        "char *make(size_t n);\n"
        "OWN void *xalloc(size_t n) { return malloc(n); }\n"
        "void *volatile sink;\n"
        "int main(void) { sink = make(40); sink = 0; return 0; }\n")
    (tmp_path / "part.h").write_text(PART_H)
    library, program = tmp_path / "libmake.so", tmp_path / "main"
    for command in (["-fPIC", "-shared", tmp_path / "lib.c", "-o", library],
                    [tmp_path / "main.c", library, "-o", program]):
        done = run(CC, "-O2", "-g", *command)
        assert done.status == 0, done.told
    assert below_main(tmp_path, program) == ["xalloc", "make"]


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("far", ["", ".skip 4000"])
def test_a_jump_to_what_has_no_name_is_a_way(tmp_path, compiler, far):
    """`hidden`, the way that is taken, has no symbol; `other` is no answer."""
    (tmp_path / "lib.c").write_text(
        "#include <stdlib.h>\n#include \"part.h\"\n"
        "volatile int seen;\n"
        "OWN void *inner(size_t n)\n"
        "{ char *p = malloc(n); *p = 1; return p; }\n"
        "OWN static void *hidden(size_t n) { seen++; return inner(n + 3); }\n"
        "OWN void *other(size_t n) { seen--; return inner(n + 5); }\n"
        f"__asm__(\".text; {far}\");\n"
        "OWN void *either(size_t n)\n"
        "{\n    if (n & 1)\n        return other(n);\n"
        "    return hidden(n);\n}\n"
        "OWN void *make(size_t n)\n"
        "{ char *p = either(n); *p = 1; return p; }\n")
    (tmp_path / "main.c").write_text(
        "#include <stddef.h>\nvoid *make(size_t n);\nvoid *volatile sink;\n"
        "int main(void) { sink = make(40); sink = 0; return 0; }\n")
    (tmp_path / "part.h").write_text(PART_H)
    library, program = tmp_path / "libmake.so", tmp_path / "main"
    for command in ([compiler, "-fPIC", "-shared", tmp_path / "lib.c", "-o",
                     library], ["strip", library],
                    [CC, tmp_path / "main.c", library, "-o", program]):
        if command[0] != "strip":
            command[1:1] = ["-O2"]
        done = run(*command)
        assert done.status == 0, done.told
    assert below_main(tmp_path, program) == ["inner", "either", "make"]


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("options", [["-g"], [], ["-mindirect-branch=thunk"],
                                     ["-mindirect-branch=thunk-inline"]])
@pytest.mark.parametrize("last", ["return through(n);", "return hook(n);"])
def test_where_one_way_leads_anywhere_no_other_is_certain(tmp_path, compiler,
                                                          options, last):
    """hook() is inner(): by itself, or by a function that jumps to it."""
    if compiler == "clang" and "-m" in str(options):
        options = ["-mretpoline"]
    (tmp_path / "main.c").write_text(
        "#include <stdlib.h>\n"
        "#define OWN __attribute__((noinline))\n"
        "volatile int seen;\nvoid *volatile sink;\n"
        "void *(*volatile hook)(size_t);\n"
        "OWN static char *inner(size_t n)\n"
        "{ char *p = malloc(n); *p = 1; return p; }\n"
        "OWN void *through(size_t n) { seen++; return hook(n + 3); }\n"
        "OWN void *other(size_t n) { seen--; return inner(n + 5); }\n"
        "OWN void *either(size_t n)\n{\n"
        "    if (n & 1)\n        return other(n);\n"
        f"    {last}\n}}\n"
        "OWN char *make(size_t n)\n"
        "{ char *p = either(n); *p = 1; return p; }\n"
        "int main(int n, char **a)\n"
        "{ (void)a; hook = (void *(*)(size_t))inner;\n"
        "  sink = make((size_t)n * 70); sink = 0; return 0; }\n")
    program = tmp_path / "main"
    done = run(compiler, "-O2", "-fcf-protection=none", *options,
               tmp_path / "main.c", "-o", program)
    assert done.status == 0, done.told
    assert below_main(tmp_path, program) == ["inner", "either", "make"]
    stack = record(tmp_path, program).report()["findings"][0]["stack"]
    jumped = next(f for f in stack if f["function"] == "either")
    assert jumped["tail_call"]
    # Of two lines, neither is certain.
    assert jumped["line"] is None


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("options", [["-g"], [], ["-mindirect-branch=thunk"]])
def test_who_was_called_and_jumped_by_a_pointer_is_certain(tmp_path, compiler,
                                                           options):
    """As what runs tests does. Where it jumped from is not known, nor what else
    was on the way; and a thunk is nobody's function."""
    if compiler == "clang" and "-m" in str(options):
        options = ["-mretpoline"]
    (tmp_path / "main.c").write_text(
        "#include <stdlib.h>\n"
        "#define OWN __attribute__((noinline))\n"
        "volatile int seen;\nvoid *volatile sink;\n"
        "OWN static void test_it(void)\n"
        "{ sink = malloc(70); sink = 0; seen++; }\n"
        "OWN static void run_one(void (*volatile *test)(void))\n"
        "{\n    seen++;\n    (*test)();\n}\n"
        "OWN static void run_framed(void (*volatile *test)(void))\n"
        "{ (*test)(); seen++; }\n"
        "OWN static void run_all(void (*volatile *test)(void))\n"
        "{ run_one(test); run_framed(test); seen++; }\n"
        "int main(void)\n"
        "{ void (*volatile test)(void) = test_it; run_all(&test); return 0; }\n")
    program = tmp_path / "main"
    done = run(compiler, "-O2", "-fcf-protection=none", *options,
               tmp_path / "main.c", "-o", program)
    assert done.status == 0, done.told
    findings = record(tmp_path, program).report()["findings"]
    stacks = [[f for f in g["stack"]] for g in findings]
    names = sorted([f["function"] for f in s][:s.index(next(
        f for f in s if f["function"] == "main"))] for s in stacks)
    assert names == [["test_it", "run_framed", "run_all"],
                     ["test_it", "run_one", "run_all"]]
    jumped, = (f for s in stacks for f in s if f["function"] == "run_one")
    assert jumped["tail_call"] and jumped["line"] is None
