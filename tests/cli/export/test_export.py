# SPDX-License-Identifier: MIT
"""What `refknot export` is asked that it cannot do, where its output goes, and
that nothing is half written."""
import csv
import json
import os
import pty
import signal
import struct
import subprocess
import time

import pytest

from conftest import BUILD, REFKNOT, compiled, environment, record, refknot
from readers import folded

FORMATS = ("folded speedscope pprof heapprofile callgrind massif dhat heapsnapshot "
           "dot graphml perfetto csv json html").split()
STACKS, THREADS = 5, 6  # types of chunks


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return record(tmp_path_factory.mktemp("made"),
                  BUILD / "samples/orphaned_cycle").main


def refused(*argv, **kw):
    """The one sentence with which it is."""
    done = refknot("export", *argv, **kw)
    assert done.status == 2 and not done.out
    assert done.told.startswith("refknot: ") and done.told.count("\n") == 1
    return done.told


def test_a_page_that_cannot_be_written_leaves_what_was_there(made, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("the old one")
    for argv in (["export", "-f", "html"], ["view"]):
        done = subprocess.run(
            ["sh", "-c", "trap '' XFSZ; ulimit -f 20; exec \"$@\"", "sh", REFKNOT,
             *argv, "-o", page, made], env=environment(), capture_output=True,
            check=False)
        assert done.returncode == 2 and b"cannot be written" in done.stderr
        assert page.read_text() == "the old one"
        assert os.listdir(tmp_path) == ["page.html"]
    done = subprocess.run(
        ["sh", "-c", "trap '' XFSZ; ulimit -f 20; exec \"$@\"", "sh", REFKNOT,
         "view", made], env=environment(TMPDIR=str(tmp_path)),
        capture_output=True, check=False)
    assert done.returncode == 2 and os.listdir(tmp_path) == ["page.html"]
    done = refknot("view", "-o", "-", made, cwd=tmp_path)
    assert done.status == 0 and b"<!doctype html>" in done.out[:100].lower()
    assert os.listdir(tmp_path) == ["page.html"]


def test_formats_are_those_of_the_help():
    told = " ".join(refknot("export", "--help").out.decode().split())
    assert ", ".join(FORMATS) in told
    assert refused().endswith(", ".join(FORMATS) + "\n")
    assert ", ".join(FORMATS) in refused("-f", "nonesuch")


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_file_is_written_twice(form, made, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    for path in (one, two):
        done = refknot("export", "-f", form, "-o", path, made)
        assert (done.status, done.out, done.err) == (0, b"", b"")
    done = refknot("export", "-f", form, made)
    assert one.read_bytes() == two.read_bytes() == done.out
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one", "two"]


def test_graphs_of_one_process_of_a_run(tmp_path):
    leak = BUILD / "samples/leak"
    done = refknot("run", "-q", "-o", "r.rkn", "sh", "-c", f"{leak}; true",
                   cwd=tmp_path)
    assert done.status == 0, done.told
    part = refknot("list", "r.rkn", cwd=tmp_path).out.decode().split()[-1]
    assert part.startswith("r.rkn:")
    for form in ("dot", "graphml"):
        done = refknot("export", "-f", form, part, cwd=tmp_path)
        assert done.status == 0 and b"char *[]" in done.out, done.told


RECURSION = r"""
#include <stdlib.h>
void *kept;
static void a(int depth);
__attribute__((noinline)) static void b(int depth)
{
    if (!depth)
        kept = malloc(1000);
    else
        a(depth - 1);
}
__attribute__((noinline)) static void a(int depth)
{
    if (depth % 2)
        b(depth);
    else
        b(depth - !!depth);
}
int main(void)
{
    a(5);
}
"""


def test_what_calls_itself_on_other_lines_counts_once(tmp_path):
    program = compiled(tmp_path, "recursion", RECURSION, "-g", "-O0")
    made = record(tmp_path, program).main
    text = refknot("export", "-f", "callgrind", made).out.decode()
    calls, caller = {}, None
    names = {}
    for line in text.splitlines():
        for word in ("fn", "cfn"):
            if line.startswith(word + "="):
                number, _, name = line[len(word) + 1:].partition(" ")
                names[number] = name or names[number]
                if word == "fn":
                    caller = names[number]
                else:
                    called = names[number]
        if line.startswith("calls="):
            calls[caller, called] = calls.get((caller, called), 0) + 1
    assert calls["a", "b"] == 1, text


@pytest.mark.parametrize("argv, words", [
    (["-f", "folded", "--value", "nonesuch"], "it can be one of: live-bytes, "),
    (["-f", "pprof", "--value", "live-bytes"], "--value is not for pprof"),
    (["-f", "heapprofile", "--value", "live-blocks"], "give --value live-bytes"),
    (["-f", "dhat", "--value", "allocations"], "give --value allocated-bytes"),
    (["-f", "dot", "--by", "site"], "--by is not for dot"),
    (["-f", "csv", "--by", "nonesuch"], "it can be one of: type, "),
    (["-f", "folded", "a.rkn", "b.rkn"], "give one recording"),
    (["-f", "folded", "a.rkn", "3"], "WHAT is for dot and graphml only"),
    (["-f", "folded", "1"], "no recording 1 here, and WHAT is for dot and graphml"),
    (["-f", "json", "node#1"], "recording node#1 here, and WHAT is for dot"),
    (["-f", "folded", "nosuch.rkn"], "nosuch.rkn: cannot be opened"),
    (["-f", "dot", "a", "b", "c"], "give one recording and one WHAT"),
])
def test_wrong_use_is_told(argv, words, tmp_path):
    assert words in refused(*argv, cwd=tmp_path)


ONCE = """
#include <stdlib.h>
static void *volatile p;
int main(void) { p = malloc(4096); free(p); return 0; }
"""


@pytest.mark.parametrize("form, value, words", [
    ("folded", "live-bytes", "live-bytes: no call stack has any; --value peak-bytes"),
    ("heapprofile", "live-bytes", "--value peak-bytes has some"),
    ("dhat", "leaked-bytes", "--value peak-bytes has some"),
    ("folded", "peak-bytes", ""), ("dhat", "allocated-bytes", "")])
def test_a_file_without_any_stack_is_told(form, value, words, tmp_path):
    main = record(tmp_path, compiled(tmp_path, "once", ONCE)).main
    done = refknot("export", "-f", form, "--value", value, main)
    assert done.status == 0
    assert words in done.told if words else "any" not in done.told
    if form == "folded":
        assert bool(done.out) == (not words)


def test_where_no_other_value_is_known_none_is_named(tmp_path):
    program = compiled(tmp_path, "empty", ONCE.replace("4096", "0"))
    done = refknot("export", "-f", "folded", record(tmp_path, program).main)
    assert (done.status, done.out) == (0, b"")
    assert done.told == "refknot: export: live-bytes: no call stack has any\n"


@pytest.mark.parametrize("what, words", [
    ("99", "is neither a finding nor an object"),
    ("nonesuch", "is neither a finding nor an object"),
    ("struct session", "is neither a finding nor an object"),
    ("struct session#99", "is neither a finding nor an object"),
    ("s", "could mean several things"),
])
def test_what_cannot_be_drawn_is_told(what, words, made, tmp_path):
    path = tmp_path / "file.dot"
    path.write_text("as it was")
    assert words in refused("-f", "dot", "-o", path, made, what)
    assert path.read_text() == "as it was"
    assert [p.name for p in tmp_path.iterdir()] == ["file.dot"]


def test_what_is_no_recording_leaves_the_file(made, tmp_path):
    path, bad = tmp_path / "file", tmp_path / "bad.rkn"
    path.write_text("as it was")
    bad.write_text("no recording")
    assert "is not a recording" in refused("-f", "folded", "-o", path, bad)
    assert "cannot be opened" in refused("-f", "folded", "-o", path,
                                         tmp_path / "absent.rkn")
    assert path.read_text() == "as it was"
    cut = tmp_path / "cut.rkn"
    cut.write_bytes(made.read_bytes()[:-200])
    done = refknot("export", "-f", "folded", "--value", "allocations", "-o", path,
                   cut)
    assert done.status == 2 and done.told  # as of any command
    assert path.read_text() != "as it was"


def test_a_place_that_cannot_be_written_is_told(made, tmp_path):
    for path, words in ((tmp_path, "Is a directory"),
                        (tmp_path / "absent/file", "No such file"),
                        ("/dev/full", "No space left on device")):
        told = refused("-f", "folded", "-o", path, made)
        assert f"export: {path} cannot be written" in told and words in told
    with open("/dev/full", "wb") as full:
        done = subprocess.run([REFKNOT, "export", "-f", "speedscope", made],
                              stdout=full, stderr=subprocess.PIPE,
                              env=environment(), check=False)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"the standard output cannot be written" in done.stderr


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Each file of it is larger than a buffer."""
    return record(tmp_path_factory.mktemp("large"), "/usr/bin/python3", "-c",
                  "import json, os; os._exit(0)").main


@pytest.mark.parametrize("form", FORMATS)
def test_a_full_disk_is_told_with_the_files_name(form, large):
    told = refused("-f", form, "-o", "/dev/full", large)
    assert told == ("refknot: export: /dev/full cannot be written: "
                    "No space left on device\n")


def test_links_and_devices_stay(made, tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    assert refknot("export", "-f", "folded", "-o", link, made).status == 0
    assert link.is_symlink() and folded(target)
    assert target.stat().st_mode & 0o777 == 0o640
    assert refknot("export", "-f", "folded", "-o", "/dev/null", made).status == 0
    assert os.path.exists("/dev/null") and not os.path.isfile("/dev/null")
    done = refknot("export", "-f", "folded", "-o", "-", made, cwd=tmp_path)
    assert done.out == target.read_bytes() and not (tmp_path / "-").exists()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
        assert refknot("export", "-f", "folded", "-o", pipe, made).status == 0
        assert reader.communicate(timeout=60)[0] == target.read_bytes()


def test_what_is_not_text_does_not_go_to_a_terminal(made):
    ours, theirs = pty.openpty()
    for form, status in (("pprof", 2), ("folded", 0)):
        done = subprocess.run([REFKNOT, "export", "-f", form, made],
                              stdout=theirs, stderr=subprocess.PIPE,
                              env=environment(), check=False, timeout=60)
        assert done.returncode == status
        assert (b"export: pprof is not text" in done.stderr) == bool(status)
    os.close(theirs)
    os.close(ours)


def test_an_interrupt_leaves_no_draft(tmp_path):
    """In the middle of a file: its reader is slow, as it is a pipe's turn."""
    program = compiled(tmp_path, "many", """
#include <stdlib.h>
static void **kept;
int main(void)
{
    kept = calloc(300000, sizeof(*kept));
    for (int i = 0; i < 300000; i++)
        kept[i] = malloc(32);
    return 0;
}
""", "-g")
    made = record(tmp_path, program).main
    place = tmp_path / "place"
    place.mkdir()
    with subprocess.Popen([REFKNOT, "export", "-f", "heapsnapshot", "-o",
                           place / "file", made], env=environment()) as run:
        deadline = time.monotonic() + 60
        while run.poll() is None and not list(place.iterdir()):
            assert time.monotonic() < deadline
            time.sleep(0.002)
        run.send_signal(signal.SIGTERM)
        run.wait(timeout=60)
    assert [p.name for p in place.iterdir()] in ([], ["file"])
    assert run.returncode in (-signal.SIGTERM, 0)


def test_what_leaked_is_not_known_without_a_check(tmp_path):
    made = record(tmp_path, BUILD / "samples/leak",
                  options=["--no-snapshot"]).main
    told = refused("-f", "folded", "--value", "leaked-bytes", made)
    assert "leaked-bytes is not known: " in told
    done = refknot("export", "-f", "folded", "--value", "allocations", made)
    assert done.status == 0 and done.out
    done = refknot("export", "-f", "speedscope", made)
    names = [p["name"] for p in json.loads(done.out)["profiles"]]
    assert not [n for n in names if "leaked" in n]


@pytest.mark.parametrize("argv", [
    ["heapsnapshot"], ["dot"], ["graphml"], ["csv", "--by", "root"]])
def test_pointers_that_are_not_known_are_not_drawn(argv, tmp_path):
    made = record(tmp_path, BUILD / "samples/orphaned_cycle",
                  options=["--no-snapshot"]).main
    assert "who holds it is not known: no snapshot" in refused("-f", *argv, made)


def until(kind, recording):
    """What is before the first chunk of that type."""
    whole = recording.read_bytes()
    at = struct.unpack_from("<I", whole, 12)[0]
    while struct.unpack_from("<H", whole, at + 4)[0] != kind:
        at += 32 + struct.unpack_from("<I", whole, at + 16)[0]
    return whole[:at]


def test_a_cut_recording_has_what_is_known(made, tmp_path):
    """Its blocks are missing: they are not 0."""
    cut = tmp_path / "cut.rkn"
    cut.write_bytes(until(THREADS, made))  # more stacks might follow
    done = refknot("export", "-f", "csv", cut)
    assert done.status == 2  # as of any command
    rows = list(csv.DictReader(done.out.decode().splitlines()))
    assert rows and all(r["live"] == r["bytes"] == r["retained_bytes"] == ""
                        and int(r["allocated"]) for r in rows)
    done = refknot("export", "-f", "json", cut)
    for row, known in zip(json.loads(done.out)["rows"], rows, strict=True):
        assert row["live"] is None and row["allocated"] == int(known["allocated"])
    for form, words in (("folded", "live-bytes is not known: the recording was cut"),
                        ("massif", "what was alive at the end is not known"),
                        ("dot", "who holds it is not known: the recording was cut")):
        done = refknot("export", "-f", form, cut)
        assert done.status == 2 and not done.out and words in done.told
    done = refknot("export", "-f", "speedscope", cut)
    names = [p["name"] for p in json.loads(done.out)["profiles"]]
    assert names == ["allocated in the whole run, bytes",
                     "allocated in the whole run, blocks"]
    cut.write_bytes(until(STACKS, made))
    done = refknot("export", "-f", "speedscope", cut)
    assert done.status == 2 and not json.loads(done.out)["profiles"]


def test_completion_knows_formats_and_values(made):
    def offered(*words):
        done = refknot("__complete", "export", *words, cwd=made.parent)
        return [w.split("\t")[0] for w in done.out.decode().splitlines()]

    assert offered("--format", "") == FORMATS
    assert offered("--value", "leaked") == ["leaked-bytes", "leaked-blocks"]
    assert offered("--value", "p") == ["peak-bytes", "peak-blocks"]
    assert "main.rkn" in offered("-f", "dot", "")
    assert offered("--by", "r") == ["root"]


def test_a_recording_without_name_is_the_newest(made):
    done = refknot("export", "-f", "dot", "1", cwd=made.parent)
    assert done.status == 0, done.told
    assert done.out == refknot("export", "-f", "dot", made, "1").out
