# SPDX-License-Identifier: MIT
"""Modules are found again by whoever reads a report, whatever the loader
called them and wherever the program went since; those that are not
are told."""
import json
import re
import shutil

import pytest

from conftest import (SOURCE, compiled, environment, read_json, record,
                      refknot, run)

PLUG = """
#include <stdlib.h>
#include "scrub.h"
static void *volatile sink;
static NOINLINE void plug_leak(void) { sink = malloc(1000); sink = 0; }
void plug_run(void)
{
    for (volatile int i = 0; i < 3; i++)
        plug_leak();
    scrub();
}
"""
LINKED = """
#include "scrub.h"
void plug_run(void);
int main(void) { plug_run(); scrub(); return 0; }
"""
# dlopen argv[1], go to argv[2], execute argv[3] by the shell, and lose there.
OPENING = """
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>
#include "scrub.h"
int main(int argc, char **argv)
{
    void *plug = dlopen(argv[1], RTLD_NOW);
    void (*run)(void) = plug ? (void (*)(void))dlsym(plug, "plug_run") : 0;
    if (!run || (argc > 2 && chdir(argv[2])))
        return 9;
    if (argc > 3 && system(argv[3]))
        return 8;
    run();
    scrub();
    return 0;
}
"""
# The same from a copy that has no name.
IN_MEMORY = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>
#include "scrub.h"
int main(int argc, char **argv)
{
    int from = open(argv[1], O_RDONLY), to = memfd_create("plug", 0);
    char path[64];
    while (sendfile(to, from, 0, 1 << 20) > 0)
        ;
    snprintf(path, sizeof(path), argv[2], to);
    void *plug = dlopen(path, RTLD_NOW);
    void (*run)(void) = plug ? (void (*)(void))dlsym(plug, "plug_run") : 0;
    if (!run)
        return 9;
    run();
    scrub();
    return 0;
}
"""
FLAGS = ["-g", "-O1", "-fno-builtin", f"-I{SOURCE}/samples"]
SHARED = [*FLAGS, "-shared", "-fPIC"]


@pytest.fixture
def here(tmp_path):
    directory = tmp_path / "here"
    directory.mkdir()
    compiled(directory, "libplug.so", PLUG, *SHARED)
    return directory


def link(here, *flags, name="linked"):
    text = here / f"{name}.c"
    text.write_text(LINKED)
    done = run("cc", text.name, "-o", name, *FLAGS, *flags, cwd=here)
    assert done.status == 0, done.told
    return f"./{name}"


def assert_named(recording, module):
    report = read_json("report", recording, "--limit", "0")
    assert [f["stack"][0]["function"] for f in report["findings"]] == \
        ["plug_leak"]
    assert report["findings"][0]["objects"] == 3
    assert report["findings"][0]["stack"][0]["module"] == str(module)
    assert report["recording"]["modules_without_symbols"] == 0
    told = refknot("info", recording).out.decode()
    assert "no symbols for" not in told


LINKS = {
    "environment": (["-L.", "-lplug"], "."),
    "empty element": (["-L.", "-lplug"], ":/nowhere"),
    "by a path": (["./libplug.so"], None),
    "origin": (["-L.", "-lplug", "-Wl,-rpath,$ORIGIN"], None),
    "relative runpath": (["-L.", "-lplug", "-Wl,-rpath,."], None),
    "relative rpath": (["-L.", "-lplug", "-Wl,--disable-new-dtags",
                        "-Wl,-rpath,../here"], None),
}


@pytest.mark.parametrize("how", LINKS)
def test_linked_libraries_have_their_names(how, here, tmp_path):
    flags, path = LINKS[how]
    program = link(here, *flags)
    env = environment(LD_LIBRARY_PATH=path) if path else environment()
    recorded = record(tmp_path, program, cwd=here, env=env)
    assert recorded.outcome.status == 0, recorded.outcome.told
    report = read_json("report", recorded.main)
    module = report["findings"][0]["stack"][0]["module"]
    assert module.startswith("/")
    assert_named(recorded.main, module)


@pytest.mark.parametrize("how", LINKS)
def test_doctor_looks_where_the_loader_will(how, here):
    flags, path = LINKS[how]
    program = link(here, *flags)
    env = environment(LD_LIBRARY_PATH=path) if path else environment()
    told = refknot("doctor", program, cwd=here, env=env).out.decode()
    assert re.search(r"^debug +yes +/\S*/libplug\.so ", told, re.M), told
    assert "cannot start" not in told
    (here / "libplug.so").unlink()
    told = refknot("doctor", program, cwd=here, env=env).out.decode()
    assert re.search(r"^note: \S*libplug\.so, which it needs, was not found: "
                     r"it cannot start$", told, re.M), told
    assert "libc.so.6" in told


@pytest.mark.parametrize("name", ["./libplug.so", "../here/libplug.so",
                                  "../here/./../here/libplug.so"])
@pytest.mark.parametrize("to", [".", "/"])
def test_who_goes_elsewhere_has_opened_the_same(name, to, here, tmp_path):
    program = compiled(here, "opening", OPENING, *FLAGS)
    recorded = record(tmp_path, program, name, to, cwd=here)
    assert recorded.outcome.status == 0, recorded.outcome.told
    assert_named(recorded.main, here / "libplug.so")


def test_a_search_path_element_that_is_empty_is_the_directory(here, tmp_path):
    program = compiled(here, "opening", OPENING, *FLAGS)
    recorded = record(tmp_path, program, "libplug.so", "/", cwd=here,
                      env=environment(LD_LIBRARY_PATH=":"))
    assert_named(recorded.main, here / "libplug.so")


@pytest.mark.parametrize("name", ["with\nline", "with space", "x (deleted)",
                                  "deep/" * 100])
def test_directories_may_have_any_name(name, here, tmp_path):
    program = compiled(here, "opening", OPENING, *FLAGS)
    directory = here / name
    directory.mkdir(parents=True)
    shutil.copy(here / "libplug.so", directory)
    recorded = record(tmp_path, program, "./libplug.so", "/", cwd=directory)
    assert_named(recorded.main, directory / "libplug.so")


def test_a_program_that_the_loader_was_told_to_load(here, tmp_path):
    program = link(here, "-L.", "-lplug")
    recorded = record(tmp_path, "/lib64/ld-linux-x86-64.so.2",
                      "--library-path", ".", program, cwd=here)
    report = recorded.report()
    assert_named(recorded.main, here / "libplug.so")
    assert report["findings"][0]["stack"][2]["function"] == "main"
    assert report["findings"][0]["stack"][2]["module"] == str(here / "linked")


def assert_told(recording, module, why):
    report = read_json("report", recording, "--limit", "0")
    assert report["recording"]["modules_without_symbols"] == 1
    assert report["findings"][0]["stack"][0]["function"] is None
    said = rf"1 module: \S*{module}[^;]* {why}"
    told = refknot("info", recording).out.decode()
    assert re.search(rf"^no symbols for +{said}", told, re.M), told
    assert re.search(r"^ +\d+ of \d+ frames are known by offset", told, re.M)
    told = refknot("report", recording).out.decode()
    assert re.search(rf"^no symbols for {said}.*\n1 finding has calls in it",
                     told, re.M), told
    told = refknot("check", recording).out.decode()
    assert re.search(rf"^note: no symbols for {said}.*; 1 finding has calls",
                     told, re.M), told
    told = read_json_of_check(recording)
    assert len(told["modules_without_symbols"]) == 1
    assert module in told["modules_without_symbols"][0]["path"]


def read_json_of_check(recording):
    done = refknot("check", "--format", "json", recording)
    assert done.status == 23, done.told
    return json.loads(done.out)


def test_who_deletes_its_plug_in_is_told(here, tmp_path):
    program = compiled(here, "opening", OPENING, *FLAGS)
    recorded = record(tmp_path, program, "./libplug.so", "/",
                      f"rm {here}/libplug.so", cwd=here)
    assert recorded.outcome.status == 0
    assert_told(recorded.main, "here/libplug.so", "is not there")


def test_a_plug_in_that_is_built_anew_meanwhile_is_told(here, tmp_path):
    program = compiled(here, "opening", OPENING, *FLAGS)
    compiled(here, "other.so", PLUG.replace("1000", "2000"), *SHARED)
    recorded = record(tmp_path, program, "./libplug.so", "/",
                      f"mv {here}/other.so {here}/libplug.so", cwd=here)
    assert recorded.outcome.status == 0
    assert_told(recorded.main, "here/libplug.so", "is another build")


def test_the_same_build_in_its_place_is_as_good(here, tmp_path):
    program = compiled(here, "opening", OPENING, *FLAGS)
    recorded = record(
        tmp_path, program, "./libplug.so", "/", f"cd {here} && "
        "cp libplug.so new && rm libplug.so && mv new libplug.so", cwd=here)
    assert recorded.outcome.status == 0
    assert_named(recorded.main, here / "libplug.so")


@pytest.mark.parametrize("path", ["/proc/self/fd/%d", "/dev/fd/%d"])
def test_a_plug_in_without_a_file_is_told(path, here, tmp_path):
    """A descriptor's name would be another file to whoever reads it."""
    program = compiled(here, "memory", IN_MEMORY, *FLAGS)
    recorded = record(tmp_path, program, "./libplug.so", path, cwd=here)
    assert recorded.outcome.status == 0
    assert_told(recorded.main, "memfd:plug", "was in memory only")


def test_the_kernel_s_own_code_is_no_module_without_symbols(here, tmp_path):
    program = link(here, "./libplug.so")
    recorded = record(tmp_path, program, cwd=here)
    assert b"[vdso]" in recorded.main.read_bytes() or \
        b"linux-vdso" not in recorded.main.read_bytes()
    assert_named(recorded.main, here / "libplug.so")
