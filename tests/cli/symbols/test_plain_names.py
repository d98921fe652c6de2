# SPDX-License-Identifier: MIT
"""No output has a mangled name, and blocks are called after the call that made
them. Names of Rust are written with asm labels: no compiler of it is needed."""
import json
import re
import shutil

import jsonschema
import pytest

from conftest import CC, SOURCE, compiled, record, refknot, run

MANGLED = re.compile(r"_Z[A-Z]|_Z[0-9]|_R[A-Z]")

CXX = """
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>
namespace ns {
struct Item { char *text; Item() : text(new char[70]) {} };
template <class T> struct Pool {
    std::vector<T> all;
    T **get(int n) { return new T *[n](); }
    void add(T t) { all.push_back(t); }
};
std::map<std::string, int> *cache;
void *volatile last; /* which leak() does more than hand on */
int *leak(int n)
{
    last = malloc(n);
    return static_cast<int *>(last);
}
char *leak(const char *text) { return strdup(text); }
}
static char *hidden() { return new char[77]; }
static void *volatile sink;
__attribute__((noinline)) static void fill()
{
    auto *pool = new ns::Pool<std::map<std::string, ns::Item>>;
    pool->add({{"one", ns::Item()}});
    sink = pool->get(9);
    sink = ns::leak(11);
    sink = ns::leak("a text");
    sink = hidden();
    auto copy = [](const char *text) { return strdup(text); };
    sink = copy("another");
    sink = new std::string(100, 'x');
    ns::last = sink = nullptr;
}
int main()
{
    ns::cache = new std::map<std::string, int>;
    (*ns::cache)["a key that is longer than what a string holds itself"] = 1;
    fill();
    return 0;
}
"""

RUST = """
#include <stdlib.h>
#define OWN __attribute__((noinline, noclone))
void *alloc(size_t n) __asm__("_RNvNtCslNYArtu3iFV_5alloc5alloc5alloc");
void *box(size_t n) __asm__(
    "_ZN5alloc5boxed12Box$LT$T$GT$3new17he5c67342ee107645E");
void leak(void) __asm__("_ZN3app5inner4leak17h2cf453a668cbe36aE");
void cycle(void) __asm__("_RNvCs6GmmlP4bgsG_3app5cycle");
void closure(void) __asm__(
    "_ZN3app4main28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE");
void *static_cache[2] __asm__("_RNvCs6GmmlP4bgsG_3app5CACHE");
void *volatile sink;
OWN void *alloc(size_t n) { void *p = calloc(1, n); sink = p; return p; }
OWN void *box(size_t n) { void *p = alloc(n); sink = p; return p; }
OWN void leak(void) { sink = box(24); }
OWN void cycle(void)
{
    void **a = box(40), **b = box(48);
    a[1] = b;
    b[1] = a;
    sink = a;
}
OWN void closure(void) { sink = malloc(32); }
int main(void)
{
    leak();
    cycle();
    closure();
    static_cache[1] = (char *)alloc(400) + 100;
    sink = NULL;
    return 0;
}
"""

COMMANDS = [
    ("report", "-p"), ("report", "--full-stacks"), ("report", "-f", "json"),
    ("leaks",), ("leaks", "-f", "json"), ("cycles",), ("cycles", "-f", "json"),
    ("refs",), ("info",), ("info", "-f", "json"), ("objects",),
    ("objects", "-f", "json"), ("objects", "--by", "site"),
    ("objects", "--by", "function"), ("objects", "--by", "file"),
    ("regions", "--func", "main"), ("regions", "--func", "main", "-f", "json"),
    ("regions", "--func", "nowhere_alloc"), ("regions", "--func", "leak_"),
    ("steady",)]
# Valgrind knows functions by their symbols alone.
FORMATS = ["text", "json", "gnu", "github", "sarif", "junit", "tap", "gitlab",
           "valgrind-xml", "markdown", "lsan-suppressions"]


@pytest.fixture(name="cxx", scope="module")
def fixture_cxx(tmp_path_factory):
    directory = tmp_path_factory.mktemp("cxx")
    program = compiled(directory, "names", CXX, "-g", "-O1", compiler="g++")
    return record(directory, program).main


@pytest.fixture(name="rust", scope="module")
def fixture_rust(tmp_path_factory):
    directory = tmp_path_factory.mktemp("rust")
    program = compiled(directory, "names", RUST, "-g", "-O1")
    return record(directory, program).main


def all_outputs(recording, directory):
    for command, *options in COMMANDS:
        done = refknot(command, recording, *options)
        yield command, options, done
    for name in FORMATS:
        done = refknot("check", "--format", name, "--source-root", directory,
                       recording)
        yield "check", [name], done
    report = json.loads(refknot("report", "-f", "json", recording).out)
    for finding in report["findings"]:
        for member in finding["members"][:3]:
            done = refknot("show", recording, member["name"])
            assert done.status == 0, done.told
            yield "show", [member["name"]], done


@pytest.mark.parametrize("language", ["cxx", "rust"])
@pytest.mark.parametrize("stripped", ["", "-g", "-s"])
def test_no_output_has_a_mangled_name(language, stripped, tmp_path):
    program = compiled(tmp_path, "names", CXX if language == "cxx" else RUST,
                       "-g", "-O1", "-rdynamic",
                       compiler="g++" if language == "cxx" else CC)
    if stripped:
        assert run("strip", stripped, program).status == 0
    recorded = record(tmp_path, program).main
    texts = 0
    for command, options, done in all_outputs(recorded, tmp_path):
        text = (done.out + done.err).decode()
        found = MANGLED.search(text)
        assert not found, (command, options, text[found.start():][:99])
        texts += bool(text)
    assert texts > len(FORMATS)


def stacks(recording):
    report = json.loads(refknot("report", "-p", "-f", "json", recording).out)
    jsonschema.validate(report, json.loads(
        (SOURCE / "cli/report/refknot-report.schema.json").read_text()))
    found = {}
    for f in report["findings"]:
        found[f["signature"] if f["type"] in found else f["type"]] = f
    return found


def test_cplus_reads_as_its_source(cxx):
    found = stacks(cxx)
    assert {"malloc in ns::leak", "char[]", "new[] in fill",
            "std::string"} <= set(found), found.keys()
    frames = {f["function"]: f for one in found.values()
              for f in one["stack"]}
    assert "full" not in frames["main"] and "library" not in frames["main"]
    assert frames["operator new"]["full"] == "operator new(unsigned long)"
    assert frames["operator new"]["library"] is True
    [leak] = [f for f in found["malloc in ns::leak"]["stack"]
              if f["function"] == "ns::leak"]
    assert leak["full"] == "ns::leak(int)" and "library" not in leak
    get = [f for f in frames if f.startswith("ns::Pool<") and "get" in f]
    assert get == ["ns::Pool<...>::get"]
    assert frames[get[0]]["full"].startswith("ns::Pool<std::map<")
    lambdas = [f for f in frames if "lambda" in f]
    assert all(f.startswith("fill") for f in lambdas) and lambdas


def test_what_holds_a_block_is_a_variable_by_its_name(rust):
    text = refknot("report", "-p", rust).out.decode()
    assert "a pointer in data of names (static_cache[1])" in text


def test_rust_reads_as_its_source(rust):
    found = stacks(rust)
    assert {"calloc in app::inner::leak", "void *[]",
            "malloc in app::main::{{closure}}"} <= set(found)
    frames = {f["function"]: f for one in found.values()
              for f in one["stack"]}
    assert frames["alloc::boxed::Box<T>::new"]["library"] is True
    assert frames["alloc::alloc::alloc"]["library"] is True
    assert "library" not in frames["app::cycle"]


def test_frames_of_the_library_are_one_line_unless_asked_for(rust, cxx):
    text = refknot("leaks", rust).out.decode()
    assert re.search("^   at +app::inner::leak ", text, re.M), text
    assert "alloc::" not in text
    findings = json.loads(refknot("leaks", "-f", "json", rust).out)["findings"]
    leaked = [f["members"][0]["address"] for f in findings
              if any("inner::leak" in s["function"] for s in f["stack"])]
    text = refknot("show", rust, leaked[0]).out.decode()
    folded = "    ... 2 frames of the standard library\n    #2  app::inner::leak"
    assert folded in text
    for option in ("--full", "--full-stacks"):
        text = refknot("leaks", option, rust).out.decode()
        assert "frames of the standard library" not in text
        assert "    #1  alloc::boxed::Box<T>::new at " in text
    # One line is no shorter than one.
    text = refknot("leaks", "--full", cxx).out.decode()
    assert "    #0  operator new (libstdc++.so.6)\n    #1  fill" in text


def test_a_stack_of_nothing_else_is_shown(tmp_path):
    """The pool of libstdc++ is made by its initializer, before main()."""
    program = compiled(tmp_path, "only", """
        #include <stdlib.h>
        void *volatile sink;
        void *make(size_t n) __asm__("_ZN5alloc5alloc5alloc17hd6ab53acaea788b7E");
        void *make(size_t n) { void *p = malloc(n); sink = p; return p; }
        void begin(void) __asm__("_ZN3std2rt4init17hd6ab53acaea788b7E");
        __attribute__((constructor)) void begin(void) { make(99); sink = 0; }
        int main(void) { return 0; }
        """, "-g", "-O1", "-fno-optimize-sibling-calls")
    text = refknot("leaks", "--full",
                   record(tmp_path, program).main).out.decode()
    assert "malloc in std::rt::init#1" in text
    assert "#0  alloc::alloc::alloc" in text and "#1  std::rt::init" in text


@pytest.mark.parametrize("function", [
    "_ZN2ns4leakEi", "ns::leak", "ns::leak(int)"])
def test_a_function_may_be_named_either_way(function, cxx):
    done = refknot("regions", "--func", function, cxx)
    assert done.status == 0, done.told
    assert b"malloc in ns::leak" in done.out, done.out


@pytest.mark.parametrize("pattern", [
    "leak:_ZN2ns4leakEi", "leak:^ns::leak(int)$", "leak:ns::leak",
    "type:^malloc in _ZN2ns4leakEi$", "type:^malloc in ns::leak$  # known",
    "{\n a\n Memcheck:Leak\n fun:malloc\n fun:_ZN2ns4leakEi\n}",
    "{\n a\n Memcheck:Leak\n fun:malloc\n fun:ns::leak(int)\n}"])
def test_a_suppression_may_have_either_name(pattern, cxx, tmp_path):
    rules = tmp_path / "rules.supp"
    if pattern.startswith("type:") and "#" not in pattern:
        pattern += "  # known"
    rules.write_text(pattern + "\n")
    done = refknot("check", "--suppressions", rules, "--format", "json", cxx)
    found = json.loads(done.out)
    states = {i["state"] for i in found["findings"]
              if i["type"] == "malloc in ns::leak"}
    assert states == {"suppressed"}, done.told


@pytest.mark.parametrize("name", ["suppressions", "lsan-suppressions"])
@pytest.mark.parametrize("language", ["cxx", "rust"])
def test_generated_suppressions_cover_what_they_are_of(name, language, request,
                                                       tmp_path):
    recording = request.getfixturevalue(language)
    rules = tmp_path / "rules.supp"
    rules.write_bytes(refknot("check", "--format", name, recording).out)
    done = refknot("check", "--suppressions", rules, recording)
    assert done.status == 0, done.told


def test_signatures_are_those_of_the_symbols(tmp_path):
    """As version 0.1 made them: baselines are kept for years."""
    program = compiled(tmp_path, "kept", """
        #include <stdlib.h>
        void *volatile sink;
        void leak(void) __asm__("_ZN2ns4leakEi");
        __attribute__((noinline)) void leak(void) { sink = malloc(10); sink = 0; }
        int main(void) { leak(); return 0; }
        """, "-g", "-O1")
    [finding] = stacks(record(tmp_path, program).main).values()
    assert finding["signature"] == "a731337823372599"


CALLS = r"""
#define _GNU_SOURCE
#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
void *volatile sink[40];
int n;
#define OWN __attribute__((noinline, noclone))
#define DO(name, call) OWN void do_##name(void) { sink[n++] = call; }
DO(a, malloc(10))
DO(b, calloc(1, 10))
DO(c, reallocarray(NULL, 10, 3))
DO(d, aligned_alloc(64, 128))
DO(e, memalign(64, 128))
DO(f, strdup("abc"))
DO(g, strndup("abc", 2))
DO(h, wcsdup(L"abc"))
DO(i, fopen("/dev/null", "r"))
DO(j, opendir("/"))
DO(k, realpath("/", NULL))
DO(l, getcwd(NULL, 0))
OWN void do_m(void) { void *p; n += !posix_memalign(&p, 64, 9); sink[n] = p; }
OWN void do_o(void) { char *p; if (asprintf(&p, "%d", n) > 0) sink[n++] = p; }
OWN void *zeroed(size_t s) { return calloc(1, s); }
OWN void *made(size_t s) { void *p = calloc(1, s); sink[n++] = p; return p; }
OWN void do_p(void) { sink[n++] = zeroed(8); n++; }
void *(*volatile other)(size_t) = malloc;
OWN void do_q(void) { sink[n++] = other(8); n++; }
int main(void)
{
    do_a(); do_b(); do_c(); do_d(); do_e(); do_f(); do_g(); do_h(); do_i();
    do_j(); do_k(); do_l(); do_m(); do_o(); do_p(); do_q();
    return 0;
}
"""


@pytest.mark.parametrize("compiler", [CC, "clang"])
@pytest.mark.parametrize("options", [["-O0"], ["-O2"], ["-O2", "-fno-plt"],
                                     ["-O2", "-fcf-protection"]])
def test_a_block_is_called_after_the_call_that_made_it(compiler, options,
                                                       tmp_path):
    assert shutil.which(compiler)
    # Debug information would tell the types, as the C library's does of fopen()
    # and others where it is installed.
    program = compiled(tmp_path, "calls", CALLS, *options,
                       "-fno-builtin", compiler=compiler)
    recorded = record(tmp_path, program).main
    report = json.loads(refknot("objects", "-f", "json", recorded).out)
    types = {t["type"] for t in report["types"]}
    expected = {"malloc in do_a", "calloc in do_b", "reallocarray in do_c",
                "aligned_alloc in do_d", "memalign in do_e", "strdup in do_f",
                "wcsdup in do_h", "posix_memalign in do_m",
                # By a pointer nobody knows what it was.
                "malloc in do_q"}
    assert expected <= types, expected - types
    # Where a tail call removed the frame, the jump says it.
    assert types & {"calloc in zeroed", "calloc in do_p"}


def test_limits_know_the_names_of_version_0_1(tmp_path):
    program = compiled(tmp_path, "calls", CALLS, "-g", "-O1")
    recorded = record(tmp_path, program).main
    for name in ("calloc in do_b", "malloc in do_b", "strdup in do_f",
                 "malloc in do_f"):
        only = ["check", "--fail-on", "over-retained", "--max-live"]
        done = refknot(*only, f"{name}=1", recorded)
        assert done.status == 0, (name, done.told)
        done = refknot(*only, f"{name}=0", recorded)
        assert done.status == 23, (name, done.told)
