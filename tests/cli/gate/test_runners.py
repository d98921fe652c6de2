# SPDX-License-Identifier: MIT
"""Test runners that start the gate, on a project with a shared library, as
refknot-ci(7) says: the leaking tests are red, the clean one is green."""
import base64
import json
import re
import shutil
import xml.etree.ElementTree as tree
import zlib

import pytest

from conftest import BUILD, compiled, run
from gate import leaky  # noqa: F401
from recipes import PROJECT, copy_project, follow, recipe, surroundings

LEAK = ("names_add", "names.c", 9)
CYCLE = ("person_new", "names.c", 26)


@pytest.fixture
def project(tmp_path):
    return copy_project(tmp_path)


def tells(text, place):
    function, file, line = place
    return re.search(rf"\b{function}\b.*\b{file}:{line}\b", text)


def ctest_results(text):
    """{"leak": "***Failed"} of what ctest prints."""
    return dict(re.findall(r"(?:Test|MemCheck) +#\d+: (\w+) \.+ *(\S+)",
                           text))


@pytest.fixture(scope="module")
def memchecked(tmp_path_factory):
    project = copy_project(tmp_path_factory.mktemp("ctest"))
    return project, follow("ctest", project)


def analysis(project):
    """What CTest would send to CDash: {test: [defects]}"""
    newest = max(project.glob("build/Testing/*/DynamicAnalysis.xml"))
    root = tree.parse(newest).getroot()
    part = root.find("DynamicAnalysis")
    assert part.get("Checker") == "Valgrind"
    return {test.find("Name").text:
            [(d.get("type"), d.text) for d in test.iter("Defect")]
            for test in part.findall("Test")}


def test_ctest_counts_memory_leaks(memchecked):
    project, done = memchecked
    text = done.out.decode()
    assert done.status != 0
    assert "Memory Leak - 2" in text
    results = ctest_results(text)
    assert results == {"clean": "Passed", "leak": "***Failed",
                       "cycle": "***Failed", "skip": "***Skipped"}
    log = project / "build/Testing/Temporary/MemoryChecker.2.log"
    assert "definitely lost in loss record 1 of 1" in log.read_text()
    assert tells(log.read_text(), LEAK)


def test_ctest_tells_cdash_which_test_leaks(memchecked):
    found = analysis(memchecked[0])
    assert found["leak"] == found["cycle"] == [("Memory Leak", "1")]
    assert found.get("clean", []) == []


def test_ctest_suppressions_and_own_options(memchecked):
    """With CTest's own options, which say nothing of an exit status."""
    project, _ = memchecked
    (project / "supp").write_text("leak:names_add\n")
    done = run("cmake", "-DMEMORYCHECK_COMMAND_OPTIONS=", "-B", "build",
               f"-DMEMORYCHECK_SUPPRESSIONS_FILE={project / 'supp'}",
               cwd=project, env=surroundings())
    assert done.status == 0, done.told
    done = run("ctest", "-T", "memcheck", cwd=project / "build",
               env=surroundings())
    text = done.out.decode()
    assert done.status == 0 and "Memory Leak - 1" in text, text
    assert analysis(project)["cycle"] == [("Memory Leak", "1")]
    assert analysis(project).get("leak", []) == []


UNSEEN = """
cmake_minimum_required(VERSION 3.13)
project(unseen C)
include(CTest)
add_executable(static static.c)
target_link_options(static PRIVATE -static)
add_test(NAME static COMMAND static)
add_test(NAME killed COMMAND sh -c "kill -9 $$; true")
add_test(NAME fine COMMAND true)
"""


def test_ctest_does_not_call_clean_what_was_not_looked_at(tmp_path):
    """CTest shows the defects that it knows in a test's log; without a log it
    says nothing of the test at all."""
    (tmp_path / "CMakeLists.txt").write_text(UNSEEN)
    (tmp_path / "static.c").write_text("int main(void) { return 0; }\n")
    done = run("sh", "-e", "-c", "cmake -S . -B build "
               f"-DMEMORYCHECK_COMMAND={BUILD}/cli/refknot "
               "-DMEMORYCHECK_TYPE=Valgrind && cmake --build build && "
               "cd build && ctest -T memcheck", cwd=tmp_path,
               env=surroundings())
    text = done.out.decode()
    assert done.status != 0 and "Potential Memory Leak - 2" in text, text
    assert ctest_results(text)["fine"] == "Passed"
    found = analysis(tmp_path)
    assert found["static"] == found["killed"] == [
        ("Potential Memory Leak", "1")]
    assert found.get("fine", []) == []
    newest = max(tmp_path.glob("build/Testing/*/DynamicAnalysis.xml"))
    logs = {t.findtext("Name"): zlib.decompress(base64.b64decode(
        t.findtext("Log"))).decode() for t in
        tree.parse(newest).getroot().iter("Test") if t.findtext("Log")}
    assert "it was not run, or not recorded: its output says why" in \
        logs["static"]
    assert "killed by SIGKILL" in logs["killed"]


@pytest.mark.parametrize("order", [
    ["--error-exitcode=9", "--log-file=LOG", "-q"],
    ["-q", "--log-file=LOG", "--error-exitcode=9"],
    ["-v", "--error-exitcode=9", "--num-callers=50", "--log-file=LOG"],
    ["--error-exitcode=9", "--log-file=LOG", "--"]])
def test_valgrinds_options_stand_in_any_order(order, leaky, tmp_path):
    log = tmp_path / "log"
    done = run(BUILD / "cli/refknot",
               *(o.replace("LOG", str(log)) for o in order), leaky, "1")
    assert done.status == 9, done.told
    assert "definitely lost in loss record 1 of 1" in log.read_text()


CURSOR = """
#include <stdlib.h>
static char *cursor;
int main(void) { cursor = (char *)malloc(100) + 41; return 0; }
"""


@pytest.mark.parametrize("asked, status", [
    ([], 0), (["--show-reachable=yes"], 0),
    (["--show-leak-kinds=definite,reachable"], 0),
    (["--show-leak-kinds=all"], 9),
    (["--errors-for-leak-kinds=definite,possible"], 9),
    (["--show-possibly-lost=yes"], 9)])
def test_possible_leaks_are_errors_where_asked_for(asked, status, tmp_path):
    log, program = tmp_path / "log", compiled(tmp_path, "cursor", CURSOR)
    done = run(BUILD / "cli/refknot", "--error-exitcode=9", "--log-file=" +
               str(log), *asked, program)
    assert done.status == status, done.told
    assert ("possibly lost" in log.read_text()) == bool(status)


def test_options_of_the_program_are_not_valgrinds(leaky):
    for argv in (["-q", leaky, "--log-file=x"], ["--frob", "--", "--tool=x"]):
        done = run(BUILD / "cli/refknot", *argv)
        assert done.status == 2 and "there is no option" in done.told


def test_a_log_that_cannot_be_written_is_told_before_the_run(tmp_path):
    mark = tmp_path / "mark"
    done = run(BUILD / "cli/refknot", "--log-file=/absent/log", "touch", mark)
    assert done.status == 2 and "/absent/log" in done.told
    assert not mark.exists()


@pytest.mark.parametrize("form", ["--log-file={}", "--xml=yes --xml-file={}"])
@pytest.mark.parametrize("first", [True, False])
def test_bad_suppressions_leave_a_log_that_is_not_clean(form, first, tmp_path):
    """A test runner reads the log only."""
    log, bad = tmp_path / "log", tmp_path / "bad.supp"
    bad.write_text("{\n bad\n")
    options = [f"--suppressions={bad}", *form.format(log).split()]
    done = run(BUILD / "cli/refknot", *options[::1 if first else -1], "true")
    assert done.status == 2 and "bad.supp:2: " in done.told
    assert "it was not run, or not recorded" in log.read_text()


def test_memcheck_xml_is_not_clean_where_nothing_was_seen(tmp_path):
    path = tmp_path / "x.xml"
    done = run(BUILD / "cli/refknot", "--xml=yes", f"--xml-file={path}",
               "/absent")
    assert done.status == 125
    [error] = tree.parse(path).getroot().findall("error")
    assert error.findtext("kind") == "Leak_PossiblyLost"
    assert error.findtext("xwhat/leakedbytes") == "0"
    assert "incomplete: /absent: " in error.findtext("xwhat/text")


def test_cmake_emulator_is_red_on_the_leaking_test(project):
    done = follow("cmake", project)
    text = done.out.decode()
    assert done.status != 0
    assert ctest_results(text) == {
        "clean": "Passed", "leak": "***Failed", "cycle": "***Failed",
        "skip": "***Skipped"}
    assert tells(text, LEAK) and tells(text, CYCLE)


def meson_results(project, log):
    """{"leak": "FAIL"}"""
    lines = (project / "build/meson-logs" / log).read_text().splitlines()
    tests = [json.loads(line) for line in lines]
    return {t["name"].split(" / ")[-1]: t["result"] for t in tests}, tests


@pytest.fixture(scope="module")
def wrapped(tmp_path_factory):
    project = copy_project(tmp_path_factory.mktemp("meson"))
    return project, follow("meson", project)


MESON = {"clean": "OK", "leak": "FAIL", "cycle": "FAIL", "skip": "SKIP",
         "broken": "ERROR"}


def test_meson_wrapper_is_red_on_the_leaking_test(wrapped):
    project, done = wrapped
    assert done.status != 0
    results, tests = meson_results(project, "testlog-refknot.json")
    assert {n: results[n] for n in MESON} == MESON, done.out.decode()
    leak = next(t for t in tests if t["name"].endswith("leak"))
    assert "MALLOC_PERTURB_" in leak["env"]
    assert tells(leak["stderr"], LEAK)


@pytest.mark.parametrize("byte", ["0", "255"])
def test_meson_setup_does_not_mind_what_freed_memory_holds(byte, wrapped):
    project, _ = wrapped
    done = run("meson", "test", "-C", "build", "--setup", "leaks", *MESON,
               cwd=project, env=surroundings(MALLOC_PERTURB_=byte))
    assert done.status != 0
    results, tests = meson_results(project, "testlog-leaks.json")
    assert results == MESON, done.out.decode()
    assert tests[0]["env"]["MALLOC_PERTURB_"] == byte


def test_meson_has_a_test_a_rule(wrapped):
    project, _ = wrapped
    done = run("meson", "test", "-C", "build", "-v", "gate", cwd=project,
               env=surroundings())
    text = done.out.decode()
    assert done.status != 0
    assert re.search(r"no leaks +FAIL", text), text
    assert re.search(r"no orphaned cycles +OK", text)
    assert re.search(r"all was recorded and checked +OK", text)
    assert "ERROR" not in text


def test_meson_recipes_are_those_of_the_project():
    text = (PROJECT / "meson.build").read_text()
    assert recipe("meson.build") in text
    assert recipe("meson-tap") in text


@pytest.fixture(scope="module")
def automade(tmp_path_factory):
    """Configured by autotools, in a directory of its own."""
    project = tmp_path_factory.mktemp("automake") / "project"
    shutil.copytree(PROJECT, project)
    build = project / "build"
    build.mkdir()
    done = run("sh", "-e", "-c", "autoreconf -i .. && ../configure -q CFLAGS=-g"
               " && make -s check TESTS=", cwd=build, env=surroundings())
    assert done.status == 0, done.told
    return build, follow("automake", build)


def test_automake_judges_the_program_behind_libtools_script(automade):
    build, done = automade
    assert done.status != 0
    results = {name: result for result, name in
               re.findall(r"^([A-Z]+): test_(\w+)$", done.out.decode(), re.M)}
    assert results == {"clean": "PASS", "leak": "FAIL", "cycle": "FAIL",
                       "skip": "SKIP", "broken": "ERROR"}
    assert "temporary wrapper script" in (build / "test_leak").read_text()
    assert tells((build / "test_leak.log").read_text(), LEAK)
    assert tells((build / "test_cycle.log").read_text(), CYCLE)


def test_shells_and_sed_are_judged_unless_told_otherwise(automade):
    """What --programs is for: sed has a leak, and libtool's script runs sed."""
    build, _ = automade
    report = build / "report.json"
    statuses = {}
    for programs in (["--programs", "./*"], ["--skip-programs", "/usr/bin/*"],
                     []):
        done = run(BUILD / "cli/refknot", "check", *programs, "--output",
                   f"json={report}", "--", "./test_clean", cwd=build,
                   env=surroundings())
        statuses[programs[0] if programs else "all"] = done.status
        found = json.loads(report.read_text())
        names = {p["program"].rsplit("/")[-1] for p in found["processes"]}
        if programs:
            assert names <= {"test_clean", "lt-test_clean"}, names
            assert found["processes_not_judged"] > 0
            assert "of programs that are not to be judged" in done.told
        else:
            assert "sed" in names
            assert found["processes_not_judged"] == 0
    assert statuses["--programs"] == statuses["--skip-programs"] == 0


def test_make_check_is_judged_as_a_whole(project):
    done = follow("baseline", project, TESTS="clean leak")
    assert (project / "leaks.txt").exists(), done.told
    assert follow("make", project, TESTS="clean leak").status == 0
    done = follow("make", project, TESTS="clean leak cycle")
    assert done.status == 23
    assert "FAIL 1 new orphaned cycle" in done.told
    assert tells(done.told, CYCLE) and not tells(done.told, LEAK)
