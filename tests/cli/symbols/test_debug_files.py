# SPDX-License-Identifier: MIT
"""Debug information wherever compilers and packages put it: one program, and one
report of it; on another machine, too. What does not belong is named."""
import itertools
import json
import os
import pathlib
import re
import shutil

import pytest

from conftest import CC, environment, record, refknot, run

# What both units have is what dwz shares.
SHARED = """\
#include <stdlib.h>
struct shared { struct shared *next; long number; char text[40]; };
struct other { struct shared *list; struct other *of[3]; double weight; };
typedef struct other *other_pointer;
struct held { long number; struct held *next; };
extern char *volatile sink;
static inline __attribute__((always_inline)) void *small(size_t n)
{
    struct shared *volatile s = malloc(n);
    return s;
}
"""
FIRST = SHARED + """\
char *volatile sink;
static struct held *volatile kept;
void *raw(size_t n);
void there(int n, other_pointer o);
__attribute__((noinline)) void here(int n)
{
    sink = small(100 + n);
    sink = 0;
}
int main(int argc, char **argv)
{
    struct other o = { 0 };
    kept = raw(16);
    here(argc);
    there(argc, &o);
    sink = (char *)o.list;
    return argv == NULL;
}
"""
SECOND = SHARED + """\
__attribute__((noinline)) void *raw(size_t n) { return malloc(n); }
void there(int n, other_pointer o);
__attribute__((noinline)) void there(int n, other_pointer o)
{
    sink = small(200 + n);
    o->list = NULL;
    sink = 0;
}
"""
STACKS = [[("small", 9, True), ("here", 18, False), ("main", 25, False)],
          [("small", 9, True), ("there", 16, False), ("main", 26, False)]]
TYPES = {("struct shared", 2), ("struct held", 1)}
ROOTS = {("static kept in first.c", 1), ("no root", 2)}
NAMES = {"small", "here", "there", "main"}
COMPILERS = {"gcc": CC, "clang": "clang"}
VERSIONS = ["4", "5"]


def need(tool):
    if not shutil.which(tool):
        pytest.skip(f"{tool} is not installed")
    return tool


def ok(*argv, cwd=None, timeout=60):
    done = run(*argv, cwd=cwd, timeout=timeout)
    assert done.status == 0, (argv, done.told)
    return done


class Build:
    """The program, built in a directory of its own."""

    def __init__(self, directory, compiler, version, *flags, link=()):
        self.directory = directory
        self.program = directory / "two"
        (directory / "first.c").write_text(FIRST)
        (directory / "second.c").write_text(SECOND)
        need(COMPILERS[compiler].split()[0])
        flags = [*COMPILERS[compiler].split(), "-O1", "-g",
                 f"-gdwarf-{version}", *flags]
        ok(*flags, "-c", "first.c", "second.c", cwd=directory)
        ok(*flags, "-Wl,--build-id", *link, "first.o", "second.o", "-o", "two",
           cwd=directory)

    def do(self, *argv):
        where = self.directory if self.directory.exists() else None
        return ok(*argv, cwd=where)

    def build_id(self, path=None):
        told = self.do("readelf", "-n", path or self.program).out.decode()
        return told.split("Build ID: ")[1].split()[0]

    def detach(self, debug):
        """Move all but what is executed to that file."""
        debug.parent.mkdir(parents=True, exist_ok=True)
        self.do("objcopy", "--only-keep-debug", "two", debug)
        self.do("strip", "two")


def stacks(recorded, *options, env=None):
    done = refknot("report", "--format", "json", *options, recorded.main,
                   env=env)
    assert done.status == 0, done.told
    report = json.loads(done.out)
    assert report["recording"]["warnings"] == []
    return sorted([(f["function"], f["line"], f["inlined"])
                   for f in finding["stack"] if f["function"] in NAMES]
                  for finding in report["findings"])


def objects(recorded, *options, by, env=None):
    done = refknot("objects", "--format", "json", "--by", by, *options,
                   recorded.main, env=env)
    assert done.status == 0, done.told
    return {(t["type"], t["live"]) for t in json.loads(done.out)["types"]}


def assert_whole(recorded, *options, env=None):
    """All that debug information gives a report: names, lines, types, variables."""
    assert stacks(recorded, *options, env=env) == STACKS
    assert objects(recorded, *options, by="type", env=env) == TYPES
    assert objects(recorded, *options, by="root", env=env) == ROOTS


def tree(root, build_id, suffix=".debug"):
    return (root / "usr/lib/debug/.build-id" / build_id[:2] /
            (build_id[2:] + suffix))


def plain(b, _):
    return b, ()


def linked(b, _):
    debug = b.directory / ".debug/two.debug"
    b.detach(debug)
    b.do("objcopy", f"--add-gnu-debuglink={debug}", "two")
    return b, ()


def by_build_id(b, root):
    """In another root, which has the program, too."""
    b.detach(tree(root, b.build_id()))
    place = root / str(b.program)[1:]
    place.parent.mkdir(parents=True)
    shutil.copy2(b.program, place)
    return b, ("--sysroot", root)


def dwz(b, *arguments):
    done = run(need("dwz"), *arguments, cwd=b.directory)
    if "Unknown debugging section" in done.told:
        pytest.skip("dwz cannot read what this compiler writes")
    assert done.status == 0, done.told


def dwz_alone(b, _):
    dwz(b, "two")
    return b, ()


def dwz_shared(b, root):
    """What several files have is in one that they name."""
    debug = b.directory / "two.debug"
    b.detach(debug)
    b.do("objcopy", f"--add-gnu-debuglink={debug}", "two")
    shutil.copy(debug, b.directory / "again")
    dwz(b, "-m", "shared.dwz", "-r", "two.debug", "again")
    assert b"shared.dwz" in b.do("readelf", "--string-dump=.gnu_debugaltlink",
                                 "two.debug").out
    return b, ()


def dwz_elsewhere(b, root):
    """The shared file where packages have them, by its base name."""
    dwz_shared(b, root)
    place = root / str(b.program)[1:]
    place.parent.mkdir(parents=True)
    shutil.copy2(b.program, place)
    shutil.copy2(b.directory / "two.debug", place.parent)
    (root / "usr/lib/debug/.dwz").mkdir(parents=True)
    shutil.move(b.directory / "shared.dwz", root / "usr/lib/debug/.dwz")
    return b, ("--sysroot", root)


def compressed(how):
    def compress(b, _):
        done = run("objcopy", f"--compress-debug-sections={how}", "two",
                   cwd=b.directory)
        if done.status:
            pytest.skip(f"objcopy cannot compress by {how}")
        return b, ()
    return compress


def split(b, _):
    return b, ()


def split_elsewhere(b, root):
    """The .dwo files under a root, where the compiler ran."""
    place = root / str(b.program)[1:]
    place.parent.mkdir(parents=True)
    shutil.copy2(b.program, root / str(b.program)[1:])
    for name in ("first.dwo", "second.dwo"):
        shutil.move(b.directory / name, place.parent)
    return b, ("--sysroot", root)


def packed(b, _):
    """What a linker for .dwo files makes of them; Debian's two know DWARF 5
    of clang only: one crashes, one does not end."""
    tool = need("llvm-dwp")
    told = b.do("readelf", "--debug-dump=info", "first.dwo").out.decode()
    if "Version:       5" in told and "clang" not in told:
        pytest.skip("llvm-dwp does not end with gcc's DWARF 5")
    b.do(tool, "-e", "two", "-o", "two.dwp")
    (b.directory / "first.dwo").unlink()
    (b.directory / "second.dwo").unlink()
    return b, ()


def packed_by_binutils(b, _):
    tool = need("dwp")
    told = b.do("readelf", "--debug-dump=info", "first.dwo").out.decode()
    if "Version:       5" in told:
        pytest.skip("dwp of binutils crashes with DWARF 5")
    b.do(tool, "-e", "two", "-o", "two.dwp")
    (b.directory / "first.dwo").unlink()
    (b.directory / "second.dwo").unlink()
    return b, ()


def packed_beside_the_debug_file(b, root):
    packed(b, root)
    debug = b.directory / ".debug/two.debug"
    b.detach(debug)
    b.do("objcopy", f"--add-gnu-debuglink={debug}", "two")
    shutil.move(b.directory / "two.dwp", b.directory / ".debug/two.dwp")
    return b, ()


SPLIT = ["-gsplit-dwarf"]
FORMS = {
    "plain": (plain, []),
    "debug link": (linked, []),
    "build-id": (by_build_id, []),
    "dwz": (dwz_alone, []),
    "dwz, shared": (dwz_shared, []),
    "dwz, elsewhere": (dwz_elsewhere, []),
    "zlib": (compressed("zlib"), []),
    "zlib, old": (compressed("zlib-gnu"), []),
    "zstd": (compressed("zstd"), []),
    ".dwo": (split, SPLIT),
    ".dwo, compressed": (compressed("zstd"), SPLIT),
    ".dwo, elsewhere": (split_elsewhere, SPLIT),
    ".dwp": (packed, SPLIT),
    ".dwp, binutils": (packed_by_binutils, SPLIT),
    ".dwp, debug link": (packed_beside_the_debug_file, SPLIT),
    "LTO": (plain, ["-flto"]),
    "LTO, debug link": (linked, ["-flto"]),
}


@pytest.mark.parametrize("form,compiler,version",
                         itertools.product(FORMS, COMPILERS, VERSIONS))
def test_one_report_whatever_the_form(form, compiler, version, tmp_path):
    change, flags = FORMS[form]
    link = []
    if "-flto" in flags and compiler == "clang":
        need("ld.lld")
        link = ["-fuse-ld=lld"]
    home, root = tmp_path / "made", tmp_path / "root"
    home.mkdir()
    root.mkdir()
    b = Build(home, compiler, version, *flags, link=link)
    b, options = change(b, root)
    recorded = record(tmp_path, b.program)
    assert recorded.outcome.status == 0, recorded.outcome.told
    assert_whole(recorded, *options)
    # And from what the first report has left.
    env = environment(REFKNOT_CACHE=tmp_path / "cache")
    for _ in range(2):
        assert_whole(recorded, *options, env=env)


# --- What does not belong -----------------------------------------------------

@pytest.fixture
def pair(tmp_path):
    """The program with its debug information, and another version's."""
    home, other = tmp_path / "made", tmp_path / "other"
    home.mkdir()
    other.mkdir()
    b, foreign = Build(home, "gcc", "4"), Build(other, "gcc", "5", "-O0")
    foreign.do("objcopy", "--only-keep-debug", "two", "two.debug")
    b.foreign = other / "two.debug"
    return b


def warnings(recorded, *options, **kw):
    """What a report, a check and the JSON of both say, which is the same."""
    told = [json.loads(refknot("report", "--format", "json", *options,
                               recorded.main, **kw).out)["recording"],
            json.loads(refknot("check", "--format", "json", *options,
                               recorded.main, **kw).out)]
    report = refknot("report", *options, recorded.main, **kw)
    check = refknot("check", *options, recorded.main, **kw)
    assert told[0]["warnings"] == told[1]["warnings"]
    for warning in told[0]["warnings"]:
        assert f"\n{warning}\n" in report.out.decode()
        assert f"note: {warning}\n" in check.out.decode() + check.told
    return told[0]["warnings"]


def lines_of(recorded, *options, **kw):
    report = json.loads(refknot("report", "--format", "json", *options,
                                recorded.main, **kw).out)
    return {f["line"] for finding in report["findings"]
            for f in finding["stack"] if f["function"] in NAMES}


def test_a_debug_file_of_another_build_is_named_and_not_used(pair, tmp_path):
    own = pair.build_id()
    debug = pair.directory / "two.debug"
    pair.detach(pair.directory / "own")
    shutil.copy(pair.foreign, debug)
    recorded = record(tmp_path, pair.program)
    [told] = warnings(recorded)
    assert told == (f"debug file {debug} of {pair.program} is of another "
                    "build and not used: it has build-id "
                    f"{pair.build_id(pair.foreign)}, where {own} was "
                    "looked for; put the file of that build there")
    assert lines_of(recorded) <= {None}
    assert told in refknot("doctor", pair.program).out.decode()
    assert told in json.loads(refknot("doctor", "--format", "json",
                                      pair.program).out)["hints"]
    # One that belongs is found behind it, and there is nothing to say.
    (pair.directory / ".debug").mkdir()
    shutil.move(pair.directory / "own", pair.directory / ".debug/two.debug")
    assert warnings(recorded) == []
    assert stacks(recorded) == STACKS


def without_id(pair):
    pair.do("objcopy", "--remove-section=.note.gnu.build-id", "two")


def test_a_debug_file_with_another_sum_is_named_and_not_used(pair, tmp_path):
    debug = pair.directory / "two.debug"
    without_id(pair)
    pair.detach(debug)
    pair.do("objcopy", f"--add-gnu-debuglink={debug}", "two")
    recorded = record(tmp_path, pair.program)
    assert warnings(recorded) == []
    assert stacks(recorded) == STACKS
    debug.write_bytes(debug.read_bytes() + b"\0")
    [told] = warnings(recorded)
    assert told.startswith(f"debug file {debug} of {pair.program} is another "
                           "than .gnu_debuglink means and not used: its CRC-32 "
                           "is ")
    assert lines_of(recorded) <= {None}


def test_by_its_name_alone_a_debug_file_must_have_the_same_code(pair,
                                                                tmp_path):
    debug = pair.directory / "two.debug"
    without_id(pair)
    pair.detach(debug)
    recorded = record(tmp_path, pair.program)
    assert stacks(recorded) == STACKS
    shutil.copy(pair.foreign, debug)
    [told] = warnings(recorded)
    assert f"{debug} of {pair.program} is of another build and not" in told
    assert lines_of(recorded) <= {None}


def test_what_is_no_debug_file_is_named(pair, tmp_path):
    debug = pair.directory / "two.debug"
    pair.detach(pair.directory / "own")
    debug.write_text("no ELF file")
    recorded = record(tmp_path, pair.program)
    [told] = warnings(recorded)
    assert told == (f"debug file {debug} of {pair.program} is not an ELF file and "
                    "not used; put the file of that build there")


def test_a_shared_file_of_another_build_is_named_and_not_used(tmp_path):
    b = Build(tmp_path, "gcc", "4")
    dwz_shared(b, tmp_path)
    shared = b.directory / "shared.dwz"
    recorded = record(tmp_path, b.program)
    assert stacks(recorded) == STACKS
    data = bytearray(shared.read_bytes())
    at = data.index(bytes.fromhex(b.build_id(shared)))
    data[at] ^= 1
    shared.write_bytes(data)
    [told] = warnings(recorded)
    assert told.startswith(f"shared debug file {shared} of {b.program} is of "
                           "another build and not used: it has build-id ")
    env = environment(REFKNOT_CACHE=tmp_path / "cache")
    assert warnings(recorded, env=env) == warnings(recorded, env=env) == [told]


def test_a_dwo_file_of_another_build_is_named_and_not_used(tmp_path):
    b = Build(tmp_path, "gcc", "5", "-gsplit-dwarf")
    env = environment(REFKNOT_CACHE=tmp_path / "cache")
    recorded = record(tmp_path, b.program)
    assert stacks(recorded, env=env) == STACKS
    shutil.copy(tmp_path / "first.dwo", tmp_path / "second.dwo")
    for _ in range(2):
        [told] = warnings(recorded, env=env)
        assert told == (f"split debug information second.dwo of {b.program} is "
                        "of another build, and not used; functions that were "
                        "inlined are not shown")


def test_a_package_of_another_build_is_named_and_not_used(tmp_path):
    home, other = tmp_path / "made", tmp_path / "other"
    home.mkdir()
    other.mkdir()
    b = Build(home, "clang", "5", "-gsplit-dwarf")
    recorded = record(tmp_path, b.program)
    packed(b, None)
    env = environment(REFKNOT_CACHE=tmp_path / "cache")
    assert stacks(recorded, env=env) == STACKS
    foreign = Build(other, "clang", "5", "-O0", "-gsplit-dwarf")
    packed(foreign, None)
    shutil.copy(other / "two.dwp", home)
    for _ in range(2):
        [told] = warnings(recorded, env=env)
        assert "is not in its package (.dwp), which is of another build" in told


def test_a_dwo_file_is_looked_for_behind_one_that_does_not_belong(tmp_path):
    made, root = tmp_path / "made", tmp_path / "root"
    made.mkdir()
    b = Build(made, "gcc", "5", "-gsplit-dwarf")
    linked(b, None)
    shutil.copy(made / "second.dwo", made / ".debug/first.dwo")
    recorded = record(tmp_path, b.program)
    assert stacks(recorded) == STACKS
    place = root / str(made)[1:]
    shutil.copytree(made, place)
    shutil.rmtree(made)
    assert stacks(recorded, "--sysroot", root) == STACKS


# --- Another root --------------------------------------------------------------

def rooted(b, root):
    take(root, b.program)
    return root / str(b.program)[1:]


def test_nothing_outside_the_root_is_read(pair, tmp_path):
    recorded = record(tmp_path, pair.program)
    root = tmp_path / "root"
    root.mkdir()
    done = refknot("report", "--sysroot", root, recorded.main)
    assert b"first.c" not in done.out and b"no symbols for" in done.out
    rooted(pair, root)
    assert stacks(recorded, "--sysroot", root) == STACKS
    # An absolute link means the root, and so does one that leaves it.
    for to in ("/elsewhere", "../" * 30 + "elsewhere"):
        shutil.rmtree(root)
        rooted(pair, root)
        home = root / str(pair.directory)[1:]
        home.rename(root / "elsewhere")
        home.symlink_to(to)
        assert stacks(recorded, "--sysroot", root) == STACKS
    # One that goes round in a circle leads nowhere.
    home.unlink()
    home.symlink_to(home.name)
    done = refknot("report", "--sysroot", root, recorded.main)
    assert done.status == 0 and b"no symbols for" in done.out


def test_a_root_has_the_build_that_ran(pair, tmp_path):
    recorded = record(tmp_path, pair.program)
    root = tmp_path / "root"
    place = rooted(pair, root)
    shutil.copy(pair.foreign.parent / "two", place)
    done = refknot("report", "--sysroot", root, recorded.main)
    assert b"is another build than the one that ran" in done.out
    # By its build-id it is found wherever it is, as packages have links to it.
    link = tree(root, pair.build_id(), "")
    link.parent.mkdir(parents=True)
    shutil.copy(pair.program, root / "moved")
    link.symlink_to("/moved")
    assert stacks(recorded, "--sysroot", root) == STACKS


def test_where_only_the_debug_file_is_there_that_is_told(pair, tmp_path):
    recorded = record(tmp_path, pair.program)
    root = tmp_path / "root"
    debug = tree(root, pair.build_id())
    debug.parent.mkdir(parents=True)
    pair.do("objcopy", "--only-keep-debug", "two", debug)
    told = warnings(recorded, "--sysroot", root)
    assert told == [f"only the debug file of {pair.program} is there, not the "
                    "file itself: functions that ended by a jump are not shown"]
    assert lines_of(recorded, "--sysroot", root) >= {9, 18, 25, 16, 26}


def test_one_root_has_no_answers_of_another(pair, tmp_path):
    """Whatever the cache has of that build-id."""
    recorded = record(tmp_path, pair.program)
    roots = [tmp_path / "a", tmp_path / "b", tmp_path / "c"]
    whole, bare = rooted(pair, roots[0]), rooted(pair, roots[1])
    run("strip", bare)
    roots[2].mkdir()
    env = environment(REFKNOT_CACHE=tmp_path / "cache")
    plain = {}
    for root in (*roots, None):
        options = ("--sysroot", root) if root else ()
        plain[root] = refknot("report", *options, recorded.main).out
    assert len(set(plain.values())) == 4
    for root in (*roots, None, *reversed(roots), None, None, *roots, *roots):
        options = ("--sysroot", root) if root else ()
        for _ in range(2):
            assert refknot("report", *options, recorded.main,
                           env=env).out == plain[root]
    os.utime(whole, (1, 1))
    shutil.copy2(bare, whole)
    assert refknot("report", "--sysroot", roots[0], recorded.main,
                   env=env).out == plain[roots[1]]


def test_a_root_that_is_none_is_refused(pair, tmp_path):
    recorded = record(tmp_path, pair.program)
    for root in (tmp_path / "none", recorded.main):
        done = refknot("report", "--sysroot", root, recorded.main)
        assert done.status == 2
        assert done.told == (
            f'refknot: --sysroot is "{root}"; give a directory that has a copy '
            "of the other machine's files\n")


def libraries(program):
    return re.findall(r"(/lib\S+) \(", run("ldd", program).out.decode())


def take(root, path):
    place = root / str(path)[1:]
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, place)


@pytest.mark.parametrize("command", [
    ["report"], ["report", "--format", "json"], ["leaks"], ["info"],
    ["objects"], ["objects", "--by", "site"], ["check", "--format", "text"],
    ["regions"], ["refs"]])
@pytest.mark.parametrize("form", ["plain", "debug link", "dwz, shared", ".dwo"])
def test_another_machine_s_report_is_the_same(command, form, tmp_path):
    """The recording and a copy of the files, and nothing where they were."""
    home, root = tmp_path / "made", tmp_path / "root"
    home.mkdir()
    change, flags = FORMS[form]
    b, _ = change(Build(home, "gcc", "5" if form == ".dwo" else "4", *flags),
                  root)
    recorded = record(tmp_path, b.program)
    here = refknot(*command, recorded.main)
    assert b"first.c" in here.out or command[0] not in ("report", "leaks")
    (root / str(home)[1:]).parent.mkdir(parents=True, exist_ok=True)
    shutil.move(home, root / str(home)[1:])
    for path in libraries(f"{root}/{b.program}"):
        take(root, os.path.realpath(path))
        debug = tree(pathlib.Path("/"), b.build_id(path))
        if debug.exists():
            take(root, debug)
    for name in ("lib", "lib64"):
        if os.path.islink(f"/{name}"):
            (root / name).symlink_to(os.path.realpath(f"/{name}"))
    there = refknot(*command, "--sysroot", root, recorded.main)
    assert (there.status, there.out) == (here.status, here.out)
