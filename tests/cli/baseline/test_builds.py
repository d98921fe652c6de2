# SPDX-License-Identifier: MIT
"""What a baseline accepted by its place in code without names is not accepted
in another build, where that place is another one."""
import shutil

import pytest

from conftest import SOURCE, compiled
from gate import check, summary

FLAGS = ["-O1", "-fno-builtin", f"-I{SOURCE}/samples"]
PLUG = """
#include <stdlib.h>
#include "scrub.h"
static void *volatile sink;
static NOINLINE void leak(int n) { sink = malloc(n); sink = 0; }
void plug_run(void) { leak(%s); scrub(); }
"""
HOST = """
#include <dlfcn.h>
#include "scrub.h"
int main(int argc, char **argv)
{
    void *plug = dlopen(argv[argc - 1], RTLD_NOW);
    void (*run)(void) = plug ? (void (*)(void))dlsym(plug, "plug_run") : 0;
    if (!run)
        return 9;
    run();
    scrub();
    return 0;
}
"""


class Plugged:
    def __init__(self, directory, build_id, *flags):
        self.directory = directory
        self.base = directory / "base.txt"
        self.flags = ["-shared", "-fPIC", f"-Wl,--build-id={build_id}",
                      *FLAGS, *flags]
        self.host = compiled(directory, "host", HOST, "-g", *FLAGS)

    def build(self, bytes_lost):
        compiled(self.directory, "plug.so", PLUG % bytes_lost, *self.flags)

    def check(self, *options):
        return check("--baseline", self.base, *options, "--", self.host,
                     "./plug.so", cwd=self.directory)

    def accept(self):
        done = self.check("--update-baseline")
        assert done.status == 0, done.told


@pytest.mark.parametrize("build_id", ["sha1", "none"])
def test_another_build_without_names_is_not_accepted(build_id, tmp_path):
    plugged = Plugged(tmp_path, build_id, "-s")
    plugged.build("100")
    plugged.accept()
    assert plugged.check().status == 0
    plugged.build("100 - 1")
    done = plugged.check()
    assert done.status == 23, done.told
    assert "has no name, and it is not what was accepted" in done.told
    plugged.accept()
    assert plugged.check().status == 0


def test_a_copy_of_the_build_is_accepted(tmp_path):
    plugged = Plugged(tmp_path, "none", "-s")
    plugged.build("100")
    plugged.accept()
    shutil.copy(tmp_path / "plug.so", tmp_path / "copy")
    (tmp_path / "copy").replace(tmp_path / "plug.so")
    assert plugged.check().status == 0


@pytest.mark.parametrize("build_id", ["sha1", "none"])
def test_another_build_with_names_is_accepted(build_id, tmp_path):
    plugged = Plugged(tmp_path, build_id, "-g")
    plugged.build("100")
    plugged.accept()
    plugged.build("\n100 - 1")
    assert plugged.check().status == 0


def test_an_older_baseline_does_not_accept_by_offsets(tmp_path):
    plugged = Plugged(tmp_path, "sha1", "-s")
    plugged.build("100")
    plugged.accept()
    entry = plugged.base.read_text()
    assert " lines=@" in entry
    for lines in (" lines=?,+1:aaaa,+7:bbbb", ""):
        words = [w for w in entry.splitlines()[1].split()
                 if not w.startswith("lines=")]
        plugged.base.write_text(" ".join(words[:4]) + lines + "\n")
        done = plugged.check()
        assert done.status == 23, done.told
        assert "1 new leak" in summary(done)
