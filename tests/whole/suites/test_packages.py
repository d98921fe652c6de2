# SPDX-License-Identifier: MIT
"""Test suites that none of us wrote: three C libraries as Debian has them.

Their suites run under the gate, and each program of them under the gate,
LeakSanitizer and Valgrind: what is lost must be the same bytes and blocks, or
the difference be explained here. Then a leak and a cycle are planted in each.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
from dataclasses import dataclass, field

import debian
import pytest

from conftest import environment, run
from gate import check, summary

LSAN = pathlib.Path("/usr/lib/x86_64-linux-gnu/liblsan.so.0")


@dataclass
class Package:
    name: str
    options: list
    tests: str  # a pattern of ctest's names
    leak: tuple  # file, text, what stands in its place
    leaked_at: str  # text of the line that is blamed
    cycle: tuple
    cycle_at: str
    findings: int = 0  # in the suite as it is
    differs: dict = field(default_factory=dict)  # test: why


PACKAGES = [
    Package(
        "cjson", ["-DENABLE_CJSON_UTILS=On"], "",
        ("cJSON.c", "            global_hooks.deallocate(item->string);", ""),
        "output = (unsigned char*)input_buffer->hooks.allocate(",
        # its children are a ring: each knows the next and the one before
        ("cJSON.c", "            cJSON_Delete(item->child);", ""),
        "cJSON* node = (cJSON*)hooks->allocate(sizeof(cJSON));"),
    Package(
        "jansson", ["-DJANSSON_BUILD_DOCS=OFF"], "^test_",
        ("src/value.c", "    jsonp_free(string->value);\n"
         "    jsonp_free(string);", "    jsonp_free(string);"),
        "v = jsonp_strndup(value, len);",
        # its own pairs would be other cycles in each run: the seed of its
        # hashes is a random number
        ("src/hashtable.c",
         "    hashtable->order = INITIAL_HASHTABLE_ORDER;\n",
         "    hashtable->order = INITIAL_HASHTABLE_ORDER;\n"
         "    void **one = malloc(24), **other = malloc(24);\n"
         "    *one = other;\n    *other = one;\n"),
        "void **one = malloc(24), **other = malloc(24);"),
    Package(
        "libyaml", ["-DBUILD_TESTING=ON"], "",
        ("src/api.c", "    BUFFER_DEL(parser, parser->buffer);\n    while",
         "    while"),
        "if (!BUFFER_INIT(parser, parser->buffer, INPUT_BUFFER_SIZE))",
        ("src/api.c", "    memset(parser, 0, sizeof(yaml_parser_t));\n"
         "    if (!BUFFER_INIT(parser, parser->raw_buffer",
         "    memset(parser, 0, sizeof(yaml_parser_t));\n"
         "    void **one = yaml_malloc(24), **other = yaml_malloc(24);\n"
         "    *one = other;\n    *other = one;\n"
         "    if (!BUFFER_INIT(parser, parser->raw_buffer"),
        "void **one = yaml_malloc(24), **other = yaml_malloc(24);",
        findings=8),
]
NAMES = [p.name for p in PACKAGES]


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """{name: the package's source tree}."""
    if not shutil.which("cmake"):
        pytest.skip("cmake is needed to build them")
    return debian.sources(tmp_path_factory.mktemp("sources"), *NAMES)


def make(tree):
    done = run("cmake", "--build", tree / "b", "-j2")
    assert done.status == 0, done.out.decode() + done.told


@pytest.fixture(scope="module", params=PACKAGES, ids=NAMES)
def built(request, sources):
    package = request.param
    tree = sources[package.name]
    done = run("cmake", "-S", tree, "-B", tree / "b",
               "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_C_FLAGS=-w",
               *package.options)
    assert done.status == 0, done.told
    make(tree)
    return package, tree


@contextlib.contextmanager
def patched(tree, file, text, to):
    path = tree / file
    old = path.read_text()
    assert old.count(text) == 1, (file, text, old.count(text))
    path.write_text(old.replace(text, to))
    try:
        make(tree)
        yield
    finally:
        path.write_text(old)
        make(tree)


def suite(package, tree):
    return ["ctest", "--test-dir", tree / "b",
            *(["-R", package.tests] if package.tests else [])]


def gate(package, tree, *options):
    return check("--source-root", tree, "--programs", f"{tree}/*", *options, "--",
                 *suite(package, tree))


def findings_of(done, path):
    assert path.exists(), done.told
    return [f for f in json.loads(path.read_text())["findings"]
            if f["fails"]]


def programs(package, tree):
    """{test: (command, directory)}, as ctest would run them."""
    told = run(*suite(package, tree), "--show-only=json-v1")
    tests = {}
    for test in json.loads(told.out)["tests"]:
        where = {p["name"]: p["value"] for p in test["properties"]}
        tests[test["name"]] = (test["command"],
                               where.get("WORKING_DIRECTORY"))
    assert tests
    return tests


def by_gate(command, where, path):
    done = check("--output", f"json={path}", "--fail-on", "leak,cycle",
                 "--suppressions", "/dev/null", "--", *command, cwd=where)
    lost = findings_of(done, path)
    return (sum(f["bytes"] + f["held_bytes"] for f in lost),
            sum(f["objects"] + f["held_objects"] for f in lost))


def by_lsan(command, where, **more):
    done = run(*command, cwd=where, env=environment(
        LD_PRELOAD=LSAN, LSAN_OPTIONS="exitcode=0", **more))
    if "LeakSanitizer has encountered a fatal error" in done.told:
        pytest.skip("LeakSanitizer cannot work here; it needs ptrace")
    told = re.search(r"SUMMARY: \w+: (\d+) byte\(s\) leaked in (\d+) ",
                     done.told)
    return tuple(map(int, told.groups())) if told else (0, 0)


def by_valgrind(command, where, **more):
    done = run("valgrind", "--leak-check=full", *command, cwd=where,
               env=environment(**more))
    lost = [0, 0]
    for amount, blocks in re.findall(
            r"(?:definitely|indirectly) lost: ([\d,]+) bytes in ([\d,]+)",
            done.told):
        lost[0] += int(amount.replace(",", ""))
        lost[1] += int(blocks.replace(",", ""))
    return tuple(lost)


def most_of(ours, peer, command, where):
    """What a peer finds, of up to four runs the one that finds the most.

    A word that a function left on the stack may look like a pointer and keep a
    block alive for the peer. Which words are left depends on where the stack
    begins, so each run has an environment of another length.
    """
    rows = []
    for length in range(0, 64, 16):
        rows.append(peer(command, where, STACK_BEGINS_LOWER="x" * length))
        if rows[-1] >= ours:
            break
    return max(rows)


def test_the_suite_has_what_is_known_of_it(built, tmp_path):
    package, tree = built
    out = tmp_path / "out.json"
    done = gate(package, tree, "--output", f"json={out}")
    assert done.status == (23 if package.findings else 0), done.told
    assert len(findings_of(done, out)) == package.findings
    plain = run(*suite(package, tree))
    assert plain.status == 0
    assert b"100% tests passed" in done.out


def test_the_three_tools_agree_on_what_is_lost(built, tmp_path):
    package, tree = built
    if not LSAN.exists() or not shutil.which("valgrind"):
        pytest.skip("LeakSanitizer and Valgrind are needed")
    rows = {}
    for name, (command, where) in programs(package, tree).items():
        ours = by_gate(command, where, tmp_path / "out.json")
        rows[name] = (ours, most_of(ours, by_lsan, command, where),
                      most_of(ours, by_valgrind, command, where))
    for name, (ours, lsan, valgrind) in rows.items():
        print(f"{package.name} {name}: {ours} {lsan} {valgrind}")
    different = {n for n, row in rows.items() if len(set(row)) > 1}
    assert different == set(package.differs), rows
    if package.findings:
        assert any(row[0][0] for row in rows.values())


def line_of(tree, file, text):
    lines = (tree / file).read_text().splitlines()
    found = [i for i, at in enumerate(lines, 1) if text in at]
    assert found, text
    return found


def places_of(findings, tree):
    """(file, line) of all frames in the tree."""
    return {(os.path.relpath(os.path.realpath(frame["file"]), tree),
             frame["line"])
            for f in findings for frame in f["stacks"][0]["frames"]
            if frame["file"] and frame["line"]}


@pytest.mark.parametrize("what", ["leak", "cycle"])
def test_what_is_planted_turns_it_red_with_file_and_line(what, built,
                                                         tmp_path):
    package, tree = built
    with_base = ["--baseline", tmp_path / "base"]
    out = tmp_path / "out.json"
    assert gate(package, tree, *with_base, "--update-baseline").status == 0
    edit = getattr(package, what)
    kind, at = (("leak", package.leaked_at) if what == "leak" else
                ("orphaned-cycle", package.cycle_at))
    with patched(tree, *edit):
        done = gate(package, tree, *with_base, "--output", f"json={out}")
        assert done.status == 23, done.told
        assert "new " in summary(done)
        new = [f for f in findings_of(done, out) if f["kind"] == kind]
        assert new, done.told
        planted = {(edit[0], n) for n in line_of(tree, edit[0], at)}
        assert planted & places_of(new, tree), new
        assert any((f["path"], f["line"]) in places_of([f], tree)
                   for f in new)
        gate(package, tree, *with_base, "--update-baseline")
        assert gate(package, tree, *with_base).status == 0
    assert gate(package, tree, *with_base).status == 0
