# SPDX-License-Identifier: MIT
"""Symbols that an earlier report has left: quick, and never wrong."""
import json
import os
import shutil
import struct
import subprocess
import zlib

import pytest

from conftest import CC, REFKNOT, environment, record, refknot, run

PROGRAM = """#include <stdlib.h>
static inline __attribute__((always_inline)) void *inner(int n)
{
	return malloc(n);
}
__attribute__((noinline)) void lose(int n)
{
	void *volatile p = inner(n);
	(void)p;
}
int main(void)
{
	lose(10);
	lose(20);
	return 0;
}
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The program with debug information in it, and a recording of it."""
    directory = tmp_path_factory.mktemp("built")
    (directory / "lose.c").write_text(PROGRAM)
    compile_program(directory)
    recorded = record(directory, directory / "lose")
    assert recorded.outcome.status == 0
    return directory


def compile_program(directory, *flags):
    subprocess.run([CC, "-O1", "-g", "-Wl,--build-id", *flags, "-o",
                    directory / "lose", "lose.c"], cwd=directory, check=True)


CODE = 1  # a kind of answer


def number(value):
    """As answers.h has it."""
    low = bytes([value & 0x7f | (0x80 if value > 0x7f else 0)])
    return low + number(value >> 7) if value > 0x7f else low


def text(value):
    return b"\0" if value is None else b"\1" + value.encode() + b"\0"


def chain(*locations):
    """An answer about code: [function, file, line, directory, line of the
    declaration, column, qualified name]; bytes stand for themselves."""
    return number(len(locations)) + b"".join(
        part if isinstance(part, bytes) else
        number(part) if isinstance(part, int) else text(part)
        for location in locations for part in location)


class Known:
    """A file's JSON, and its answers by kind and number."""

    def __init__(self, data):
        end = data.index(b"\n") + 1
        assert end % 8 == 0
        self.about, self.rows = json.loads(data[:end]), {}
        while end < len(data):
            of, kind, size = struct.unpack_from("<QII", data, end)
            self.rows[kind, of] = data[end + 16:end + 16 + size]
            end += 16 + (size + 7) // 8 * 8
        assert end == len(data)

    def __eq__(self, other):
        return (self.about, self.rows) == (other.about, other.rows)

    def code(self):
        return [of for kind, of in self.rows if kind == CODE]

    def file(self, about=None, code=None):
        """A file with this instead of its JSON, and of each answer on code."""
        head = json.dumps(self.about if about is None else about).encode()
        out = head + b" " * (7 - len(head) % 8) + b"\n"
        for (kind, of), row in self.rows.items():
            if code is not None and kind == CODE:
                row = code
            out += struct.pack("<QII", of, kind, len(row)) + row
            out += bytes(-len(row) % 8)
        return sealed(out)


class Place:
    """A copy of the program where it was recorded, and a cache."""

    def __init__(self, home, directory):
        self.program = home / "lose"
        self.recording = home / "main.rkn"
        self.cache = directory / "cache"

    def report(self, *options, cache=None, command="report"):
        done = refknot(command, *options, self.recording, env=environment(
            REFKNOT_CACHE=self.cache if cache is None else cache))
        assert (done.status, done.told) == (0, "")
        return done.out

    def plain(self):
        return self.report(cache="")

    def entries(self):
        return sorted(self.cache.glob("*")) if self.cache.exists() else []

    def entry(self):
        """What is kept of the program's own file."""
        for path in self.entries():
            known = Known(path.read_bytes().partition(b"\n")[2])
            if known.about["file"]["path"] == str(self.program):
                return path, known
        return None


@pytest.fixture
def place(built, tmp_path):
    whole = (built / "lose").read_bytes()
    times = os.stat(built / "lose")
    yield Place(built, tmp_path)
    for name in ("lose", "lose.debug"):
        (built / name).unlink(missing_ok=True)
    (built / "lose").write_bytes(whole)
    (built / "lose").chmod(0o755)
    os.utime(built / "lose", ns=(times.st_atime_ns, times.st_mtime_ns))


def keep_times(path, change):
    times = os.stat(path)
    change(path)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def destroy_dwarf(path):
    """Same size, no debug information that anybody could read."""
    told = run("readelf", "-SW", path)
    data = bytearray(path.read_bytes())
    for line in told.out.decode().splitlines():
        words = line.replace("[ ", "[").split()
        if len(words) > 5 and words[1].startswith(".debug_"):
            offset, size = int(words[4], 16), int(words[5], 16)
            data[offset:offset + size] = b"\xff" * size
    path.write_bytes(data)


@pytest.mark.parametrize("options", [
    [], ["--format", "json"], ["--limit", "0"]])
def test_second_report_reads_no_dwarf_and_says_the_same(place, options):
    first = place.report(*options)
    assert b"lose.c" in first and b"inner" in first
    assert first == place.report(*options, cache="")
    keep_times(place.program, destroy_dwarf)
    assert b"lose.c" not in place.plain()
    assert place.report(*options) == first


def test_every_command_reads_what_another_left(place):
    commands = [["report"], ["leaks"], ["objects", "--by", "site"]]
    first = [place.report(*c[1:], command=c[0]) for c in commands]
    keep_times(place.program, destroy_dwarf)
    again = [place.report(*c[1:], command=c[0]) for c in commands]
    assert again == first


def test_run_leaves_what_the_report_needs(place, tmp_path):
    env = environment(REFKNOT_CACHE=place.cache)
    done = refknot("run", "-o", tmp_path / "r.rkn", place.program, env=env)
    assert done.status == 0 and "lose.c" in done.told
    keep_times(place.program, destroy_dwarf)
    assert b"lose.c:13" in place.report()


def test_other_addresses_are_added(place):
    place.report(command="objects")
    before = len(place.entry()[1].code())
    place.report()
    assert len(place.entry()[1].code()) > before


def test_changed_file_is_read_anew(place):
    place.report()
    place.program.write_bytes(place.program.read_bytes())
    os.utime(place.program, (1, 1))
    destroy_dwarf(place.program)
    assert place.report() == place.plain()
    place.program.unlink()
    assert place.report() == place.plain()


def test_debug_information_that_comes_later_is_used(place):
    debug = place.program.with_suffix(".debug")
    full = place.plain()
    run("objcopy", "--only-keep-debug", place.program, debug)
    run("objcopy", "--strip-all", f"--add-gnu-debuglink={debug}",
        place.program)
    away = debug.rename(debug.with_suffix(".away"))
    bare = place.report()
    assert b"lose.c" not in bare and bare == place.plain()
    assert place.report() == bare
    assert place.entry()[1].about["debug"] is None
    away.rename(debug)
    assert place.report() == full
    assert place.entry()[1].about["debug"]["path"] == str(debug)
    keep_times(debug, destroy_dwarf)
    assert place.report() == full
    gone = place.program.rename(place.program.with_suffix(".gone"))
    assert place.report() == place.plain() != full
    gone.rename(place.program)
    assert place.report() == full
    debug.unlink()
    assert place.report() == place.plain() == bare


def sealed(contents):
    return b"refknot-cache 1 %08x\n" % zlib.crc32(contents) + contents


def spoiled(path, known):
    """Files that can be in the cache's place: none may be believed."""
    data = path.read_bytes()
    inside = data.partition(b"\n")[2]
    yield b""
    yield data[:-1]
    yield data[:len(data) // 2]
    yield data.replace(b"inner", b"outer")
    yield sealed(b"")
    yield sealed(b"\0" * 100)
    yield sealed(b"[" * 100000)
    yield sealed(b" " + inside)  # rows that do not begin at a multiple of 8
    yield sealed(inside.partition(b"\n")[0])
    for cut in (1, 8, 16):
        yield sealed(inside[:-cut])
    yield sealed(inside + struct.pack("<QII", 1, CODE, 0xffffffff))
    for wrong in ([], 7, "text", None, {}):
        yield known.file(about=wrong)
        for key in known.about:
            if key != "debug" or wrong is not None:
                yield known.file(about={**known.about, key: wrong})
    right = ["f", "g", 1, None, 1, 1, None]
    for code in (b"", b"\0", chain(right)[:-1], chain(right) + b"\0",
                 b"\2" + chain(right)[1:], chain(right[:-1]),
                 number(1 << 63), b"\xff" * 11, chain(*[right] * 65),
                 chain(["f", b"\1g"]),
                 *(chain(right[:i] + [1 << 40] + right[i + 1:])
                   for i in (2, 4, 5))):
        yield known.file(code=code)


def test_spoiled_entries_are_not_believed_but_replaced(place):
    right = place.report()
    path, known = place.entry()
    for bad in spoiled(path, known):
        path.write_bytes(bad)
        assert place.report() == right, bad[:200]
        assert place.entry()[1] == known, bad[:200]


def test_entries_of_another_version_are_not_used(place):
    right = place.report()
    path, known = place.entry()
    wrong = chain(["wrong", "wrong.c", 1, None, 1, 1, None])
    path.write_bytes(known.file(code=wrong))
    assert b"wrong.c" in place.report()  # or this test tests nothing
    for key in ("refknot", "libdw"):
        path.write_bytes(known.file({**known.about, key: "0.0"}, wrong))
        assert place.report() == right


def test_no_place_for_a_cache_is_no_error(place, tmp_path):
    right = place.plain()
    file = tmp_path / "file"
    file.write_text("mine\n")
    for env in ({"REFKNOT_CACHE": file}, {"REFKNOT_CACHE": "/proc/none"},
                {"REFKNOT_CACHE": tmp_path / "no/such/place"},
                {"HOME": "/nonexistent", "XDG_CACHE_HOME": ""},
                {"HOME": "", "XDG_CACHE_HOME": "relative"},
                {"HOME": "/proc/self", "XDG_CACHE_HOME": ""}):
        told = environment(**env)
        if "REFKNOT_CACHE" not in env:
            del told["REFKNOT_CACHE"]
        for _ in range(2):
            done = refknot("report", place.recording, env=told,
                           cwd=tmp_path)
            assert (done.status, done.out, done.told) == (0, right, "")
    assert file.read_text() == "mine\n"
    assert sorted(tmp_path.iterdir()) == [file]


def test_a_full_disk_is_no_error(place, tmp_path):
    if os.getuid() != 0:
        pytest.skip("only root can mount a small file system")
    full = tmp_path / "full"
    full.mkdir()
    done = run("mount", "-t", "tmpfs", "-o", "size=65536", "tmpfs", full)
    if done.status:
        pytest.skip(f"mount: {done.told.strip()}")
    try:
        place.cache = full / "cache"
        place.cache.mkdir(mode=0o700)
        (full / "filler").write_bytes(bytes(65536))
        right = place.plain()
        assert place.report() == place.report() == right
        assert place.entries() == []
    finally:
        run("umount", full)


def test_limited_files_are_no_error(place):
    right = place.plain()
    done = run("sh", "-c", 'ulimit -f 0; exec "$0" report "$1" | cat',
               REFKNOT, place.recording,
               env=environment(REFKNOT_CACHE=place.cache))
    assert (done.status, done.out, done.told) == (0, right, "")
    assert place.entries() == []


def test_no_symbol_cache_neither_reads_nor_writes(place):
    right = place.report("--no-symbol-cache")
    assert place.entries() == []
    assert place.report() == right
    before = {p: p.read_bytes() for p in place.entries()}
    assert before
    keep_times(place.program, destroy_dwarf)
    assert b"lose.c" not in place.report("--no-symbol-cache")
    assert {p: p.read_bytes() for p in place.entries()} == before


def test_programs_without_build_id_are_not_kept(place):
    compile_program(place.program.parent, "-Wl,--build-id=none")
    recorded = record(place.program.parent, place.program)
    assert recorded.outcome.status == 0
    assert b"lose.c" in place.report()
    assert place.entry() is None


def test_reports_at_the_same_time_agree(place):
    right = place.plain()
    shutil.rmtree(place.cache, ignore_errors=True)
    env = environment(REFKNOT_CACHE=place.cache)
    running = [subprocess.Popen([REFKNOT, "report", place.recording],
                                env=env, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)
               for _ in range(8)]
    for process in running:
        out, _ = process.communicate()
        assert (process.returncode, out) == (0, right)
    assert place.report() == right
    assert all(not p.name.startswith("new-") for p in place.entries())
