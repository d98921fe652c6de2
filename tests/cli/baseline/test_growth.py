# SPDX-License-Identifier: MIT
"""Growth of regions that is accepted, and what is more or other than that."""
import re

import pytest

from conftest import SOURCE, compiled
from gate import check, summary

# serve keeps argv[1] objects a pass, and other argv[2] in a region of its own.
GROWING = """
#include <refknot.h>
#include <stdlib.h>
static void *volatile kept[4096];
static unsigned used;
__attribute__((noinline)) static void serve(void)
{
    kept[used++] = malloc(50);
}
__attribute__((noinline)) static void other(void)
{
    kept[used++] = malloc(20);
}
int main(int argc, char **argv)
{
    int serves = argc > 1 ? atoi(argv[1]) : 0;
    int others = argc > 2 ? atoi(argv[2]) : 0;
    int passes = argc > 3 ? atoi(argv[3]) : 20;
    for (int i = 0; i < passes; i++) {
        refknot_region_begin("request");
        for (int k = 0; k < serves; k++)
            serve();
        refknot_region_end("request");
        refknot_region_begin("job");
        for (int k = 0; k < others; k++)
            other();
        refknot_region_end("job");
    }
    return kept[4095] != 0;
}
"""
ASKED = ["--fail-on", "leak,growth"]


@pytest.fixture(scope="module")
def growing(tmp_path_factory):
    return compiled(tmp_path_factory.mktemp("growing"), "growing", GROWING,
                    "-g", "-O1", "-fno-builtin", f"-I{SOURCE}/include")


@pytest.fixture
def base(tmp_path):
    return tmp_path / "base.txt"


def accept(base, program, *argv, options=()):
    done = check(*ASKED, "--baseline", base, "--update-baseline", *options,
                 "--", program, *argv)
    assert done.status == 0, done.told
    return base.read_text().splitlines()[1:]


def judge(base, program, *argv):
    return check(*ASKED, "--baseline", base, "--", program, *argv)


def test_accepted_growth_does_not_fail(growing, base):
    lines = accept(base, growing, "2")
    assert len(lines) == 1
    assert re.fullmatch(r"[0-9a-f]{16} growth count=32 bytes=1600 passes=16 "
                        "request malloc in serve growing", lines[0])
    for passes in "20", "40", "200":
        done = judge(base, growing, "2", "0", passes)
        assert done.status == 0, done.told
        assert "baseline 1" in summary(done) and "stale" not in done.told
    assert judge(base, growing, "1").status == 0


def test_more_and_other_growth_fails(growing, base):
    accept(base, growing, "2")
    done = judge(base, growing, "3")
    assert done.status == 23
    assert re.search(r"growth:request: malloc in serve \+3 a pass in serve .*"
                     r"\(clearly more than was accepted\)", summary(done))
    done = judge(base, growing, "2", "1")
    assert done.status == 23, done.told
    assert "growth:job: malloc in other +1 a pass" in summary(done)
    assert "growth:request" not in summary(done)


def test_another_program_is_another_growth(growing, base, tmp_path):
    accept(base, growing, "2")
    renamed = tmp_path / "server"
    renamed.write_bytes(growing.read_bytes())
    renamed.chmod(0o755)
    done = judge(base, renamed, "2")
    assert done.status == 23 and "; stale 1;" in summary(done)


def test_what_no_longer_grows_is_stale(growing, base):
    lines = accept(base, growing, "2", "1")
    assert len(lines) == 2
    done = judge(base, growing, "2")
    assert done.status == 0 and " growth job malloc in other growing " in (
        done.told), done.told
    assert accept(base, growing, "2", options=["--keep-stale"]) == lines
    assert len(accept(base, growing, "2")) == 1


def test_entries_stand_where_growth_is_not_asked_for(growing, base):
    lines = accept(base, growing, "2")
    base.write_text("\n".join(["# refknot baseline 1", lines[0] + " # why"]))
    done = check("--baseline", base, "--update-baseline", "--", growing)
    assert done.status == 0 and "stale" not in done.told
    assert base.read_text().endswith(" growing  # why\n")
    assert accept(base, growing, "3")[0].endswith(" growing  # why")
    assert judge(base, growing, "3").status == 0


def test_too_few_passes_are_not_accepted(growing, base):
    accept(base, growing, "2")
    done = judge(base, growing, "2", "0", "4")
    assert done.status == 23 and "too few to judge" in summary(done)


def test_what_an_entry_cannot_be_is_told(growing, base):
    for line in ("growth count=1 bytes=1", "growth count=1 bytes=1 passes=0",
                 "leak count=1 bytes=1 passes=3"):
        base.write_text(f"0123456789abcdef {line} x\n")
        done = judge(base, growing)
        assert done.status == 2 and f"{base}:1: " in done.told, done.told
        assert "passes=" in done.told
