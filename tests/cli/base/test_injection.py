# SPDX-License-Identifier: MIT
"""Names that a program, a library or a recording brings along command no
terminal and make no line of their own, whatever shows them."""
import functools
import json
import os
import re
import unicodedata
from dataclasses import dataclass

import pytest

from conftest import (CC, REFKNOT, SHIM, SOURCE, environment, record, refknot,
                      run)

# Titles, colours, a line that lies, a C1 control, writing that turns around,
# bytes that are no text, and what HTML and shells take for theirs.
NASTY = (b"\x1b]0;t\x07\x1b[31m\nrefknot: fake[1]: no leaks\r\t\x7f\xc2\x9b2J"
         b"\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa8\xd8\x9c\xff\xc3<b>'\"`&\\")
SHOWN = ("\\x1b]0;t\\x07\\x1b[31m\\nrefknot: fake[1]: no leaks\\x0d\\t\\x7f"
         "\\xc2\\x9b2J\\xe2\\x80\\xae\\xe2\\x81\\xa6\\xe2\\x80\\xa8\\xd8\\x9c"
         "\\xff\\xc3<b>'\"`&\\")
ALLOWED = b"\n"
TURNING = ("LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI")


def holder(kind):
    """An identifier that is as long as NASTY, whose place that takes."""
    return f"evil_{kind}_".ljust(len(NASTY), "_")


SOURCE_TEXT = """
#include <dlfcn.h>
#include <refknot.h>
#include <stdio.h>
#include <stdlib.h>
#include "scrub.h"
#ifdef LIBRARY
#line 1 "evil_line"
NOINLINE void *evil_library(void)
{
    void *p = malloc(77);
    __asm__ volatile("" : "+r"(p));
    return p;
}
#else
#line 1 "evil_line"
struct pair { struct pair *other; void *also; long count; };
static struct pair *evil_global;
static char *inside;
static NOINLINE struct pair *evil_function(void)
{
    struct pair *p = calloc(1, sizeof(*p));
    __asm__ volatile("" : "+r"(p));
    return p;
}
static NOINLINE void lose(const char *library)
{
    void *l = library ? dlopen(library, RTLD_NOW) : NULL;
    void *(*f)(void) = l ? (void *(*)(void))dlsym(l, "get") : NULL;
    struct pair *a = evil_function(), *b = evil_function();

    if (f)
        f();
    refknot_object(a, "evil_type");
    refknot_object(b, "evil_type");
    a->other = b;
    refknot_retain_by(b, a, "evil_field");
    refknot_release(b);
    b->other = a;
    refknot_retain_by(a, b, "evil_field");
    refknot_release(a);
    evil_function()->other = NULL;
}
int main(int argc, char **argv)
{
    struct pair *held;

    refknot_region_begin("evil_region");
    refknot_mark("evil_mark");
    lose(argc > 1 ? argv[1] : NULL);
    held = evil_global = evil_function();
    refknot_object(held, "evil_type");
    refknot_retain(held);
    refknot_retain_by(held, &evil_global, "evil_field");
    inside = (char *)evil_function() + 8;
    refknot_mark("evil_mark");
    refknot_region_end("evil_region");
    scrub();
    if (argc > 2)
        refknot_assert_last_release(held);
    exit(0);
}
#endif
"""


def poisoned(directory, name, *options):
    """A program or library in whose place holders NASTY stands."""
    text, made = directory / "source.c", directory / "made"
    source = SOURCE_TEXT
    for kind in re.findall(r"evil_(\w+)", SOURCE_TEXT):
        source = re.sub(rf"\bevil_{kind}\b", holder(kind), source)
    text.write_text(source)
    done = run(CC, "-g", "-O1", "-fno-builtin", "-I", SOURCE / "include", "-I",
               SOURCE / "samples", text, "-o", made, "-ldl", *options)
    assert done.status == 0, done.told
    data, count = re.subn(rb"evil_\w+", lambda m: NASTY, made.read_bytes())
    assert count
    path = os.path.join(os.fsencode(directory), name)
    with open(path, "wb") as file:
        file.write(data)
    os.chmod(path, 0o755)
    return path


@dataclass
class Scene:
    place: bytes
    program: bytes
    library: bytes
    env: dict

    def told(self, *argv):
        done = run(*argv, cwd=self.place, env=self.env)
        return done

    @functools.cached_property
    def recording(self):
        names = [n for n in os.listdir(self.place) if n.endswith(b".rkn")]
        assert len(names) == 1
        return os.fsdecode(os.path.join(self.place, names[0]))


@pytest.fixture(scope="module", params=["whole", "symbols", "stripped"])
def scene(request, tmp_path_factory):
    """A run in a nasty directory, with an own cache of symbols."""
    root = tmp_path_factory.mktemp("nasty")
    place = os.path.join(os.fsencode(root), NASTY)
    os.mkdir(place)
    strip = {"whole": [], "symbols": ["-g0"], "stripped": ["-s"]}[
        request.param]
    library = poisoned(root, b"lib.so", "-DLIBRARY", "-shared", "-fPIC",
                       f"-Wl,--defsym=get={holder('library')}", *strip)
    program = poisoned(root, b"program", *strip)
    moved = [os.path.join(place, NASTY + end) for end in (b"", b".so")]
    os.rename(program, moved[0])
    os.rename(library, moved[1])
    env = {os.fsencode(k): os.fsencode(v) for k, v in environment(
        REFKNOT_CACHE=root / "cache").items()}
    s = Scene(place, moved[0], moved[1], env)
    s.outcome = s.told(REFKNOT, "run", os.fsdecode(s.program),
                       os.fsdecode(s.library))
    return s


def check_text(data):
    """Fit for a terminal, and no line of it is the name's."""
    bad = {b for b in data if (b < 32 and b not in ALLOWED) or b == 127}
    assert not bad, (bad, data)
    text = data.decode("utf-8")
    for c in text:
        assert unicodedata.category(c) not in ("Zl", "Zp"), (hex(ord(c)), text)
        assert c == "\n" or unicodedata.category(c) != "Cc", (c, text)
        assert unicodedata.bidirectional(c) not in TURNING, (c, text)
    assert not re.search(r"^\s*refknot: fake", text, re.M), text
    assert "\u061c" not in text and "\u200e" not in text
    return text


def commands(recording):
    other = f"{recording}@{os.fsdecode(NASTY)}"
    yield from ([c, recording] for c in ("report", "leaks", "cycles", "refs",
                                         "info", "regions"))
    for by in ("type", "site", "function", "file", "size"):
        yield ["objects", "--limit", "0", "--by", by, recording]
        yield ["diff", "--by", by, other, recording]
    yield ["objects", "--limit", "0", "--by", "root", recording]
    yield ["objects", "--at", os.fsdecode(NASTY), recording]
    yield ["objects", "--gen", "0", recording]
    yield ["regions", "--by", "thread", recording]
    yield ["regions", "--name", os.fsdecode(NASTY), recording]
    yield ["regions", "--func", os.fsdecode(NASTY), recording]
    yield ["refs", "--type", os.fsdecode(NASTY), recording]


def objects_of(scene):
    """Addresses of the objects that there are."""
    done = scene.told(REFKNOT, "report", "-f", "json", scene.recording)
    members = [m for f in json.loads(done.out)["findings"]
               for m in f["members"]]
    assert members
    return [m["address"] for m in members]


def test_the_program_and_the_report_at_its_end(scene):
    assert scene.outcome.status == 0, scene.outcome.err
    text = check_text(scene.outcome.err)
    assert "1 orphaned cycle" in text and SHOWN in text
    assert text.count("\nrecording: ") == 1


def test_every_command_in_text_and_in_json(scene):
    found = list(commands(scene.recording))
    for address in objects_of(scene):
        found += [["show", "--all", scene.recording, address],
                  ["balance", "--all", scene.recording, address]]
    found.append(["doctor", os.fsdecode(scene.program)])
    shown = 0
    for command in found:
        done = scene.told(REFKNOT, *command)
        assert not check_text(done.err) or done.status == 2, done.err
        shown += SHOWN in check_text(done.out)
        done = scene.told(REFKNOT, command[0], "-f", "json", *command[1:])
        if done.status == 0:
            check_text(done.out)
            json.loads(done.out)
        check_text(done.err)
    assert shown > len(found) / 2


@pytest.mark.parametrize("form", [
    "text", "json", "gnu", "github", "sarif", "junit", "tap", "gitlab",
    "valgrind-xml", "markdown", "suppressions", "lsan-suppressions"])
def test_every_format_of_the_gate(scene, form, tmp_path):
    out = tmp_path / "out"
    done = scene.told(REFKNOT, "check", "--output", f"{form}={out}", "--",
                      os.fsdecode(scene.program), os.fsdecode(scene.library))
    assert done.status == 23, done.err
    check_text(done.out)
    check_text(done.err)
    assert check_text(out.read_bytes())
    if form in ("json", "sarif", "gitlab"):
        json.loads(out.read_text())


def replaced(name):
    """What JSON has for names that are not all UTF-8."""
    return name.decode("utf-8", errors="replace")


def test_names_in_json_are_what_they_were(scene):
    done = scene.told(REFKNOT, "report", "-f", "json", scene.recording)
    report = json.loads(done.out)
    assert report["recording"]["program"] == replaced(scene.program)
    assert report["process"]["argv"] == [replaced(scene.program),
                                         replaced(scene.library)]
    frames = [f for finding in report["findings"] for f in finding["stack"]]
    assert replaced(scene.program) in {f["module"] for f in frames}
    if any(f["line"] for f in frames if f["module"] == replaced(
            scene.program)):
        assert replaced(NASTY) in {f["function"] for f in frames}
        assert any((f["file"] or "").endswith("/" + replaced(NASTY))
                   for f in frames)
    # Types are spelled as in text, so that they can be asked for.
    assert SHOWN in {m["type"] for f in report["findings"]
                     for m in f["members"]}


def test_the_cache_of_symbols_changes_nothing(scene):
    command = [REFKNOT, "report", scene.recording]
    first, second = scene.told(*command), scene.told(*command)
    without = scene.told(*command[:2], "--no-symbol-cache", command[2])
    assert first.out == second.out == without.out
    assert first.status == without.status == 0


N = os.fsdecode(NASTY)


@pytest.mark.parametrize("command", [
    [N], ["-" + N], ["help", N], ["run", N], ["run", "./" + N],
    ["run", "--" + N, "true"], ["run", "-o", f"{N}/x/y", "true"],
    ["run", "-o", "place/", "true"], ["run", "--depth", N, "true"],
    ["run", "--verify", N, "true"], ["report", N], ["report", "no/" + N],
    ["report", "--format", N], ["report", "--limit", N],
    ["report", "-" + N], ["objects", "--by", N], ["objects", "--sort", N],
    ["objects", "--gen", N], ["objects", "--at", N, "r.rkn"],
    ["regions", "--func", N, "r.rkn"], ["regions", "--name", N, "r.rkn"],
    ["regions", "--by", N], ["refs", "--type", N, "r.rkn"],
    ["show", "r.rkn", N], ["balance", "r.rkn", N], ["diff", N, N],
    ["diff", f"r.rkn@{N}", "r.rkn"], ["info", N], ["doctor", N],
    ["doctor", "./" + N], ["report", "text"]], ids=repr)
def test_arguments_in_errors(command, tmp_path):
    assert refknot("run", "-q", "-o", tmp_path / "r.rkn", "true").status == 0
    (tmp_path / "text").write_bytes(NASTY)
    for json_too in ([], ["-f", "json"]):
        done = refknot(*command[:1], *json_too, *command[1:], cwd=tmp_path)
        check_text(done.out)
        check_text(done.err)
        if command[0] != "run":
            assert len(done.told.splitlines()) <= 1, done.told


@pytest.mark.parametrize("name", [
    "REFKNOT_DEPTH", "REFKNOT_VERIFY", "REFKNOT_CHILDREN", "REFKNOT_SHIM",
    "REFKNOT_SNAPSHOT", "REFKNOT_SIGNALS", "REFKNOT_STDERR",
    "REFKNOT_PROGRAMS", "REFKNOT_SKIP_PROGRAMS",
    "REFKNOT_CACHE", "TMPDIR", "XDG_CACHE_HOME", "HOME", "NO_COLOR",
    "LC_ALL", "REFKNOT_OUT"])
def test_the_environment_in_errors(name, tmp_path):
    env = environment(**{name: N})
    for command in (["run", "true"], ["report"]):
        done = refknot(*command, cwd=tmp_path, env=env)
        check_text(done.out)
        check_text(done.err)


def test_the_shim_s_own_line(tmp_path):
    """A program and a directory with such names, without `refknot run`."""
    program = os.fsdecode(poisoned(tmp_path, NASTY))
    for more in ({"REFKNOT_OUT": tmp_path / N / "no"},
                 {"REFKNOT_OUT": N}, {"REFKNOT_DEPTH": N}):
        done = run(program, env=environment(LD_PRELOAD=SHIM, **more))
        text = check_text(done.err)
        assert done.status == 0 and text.count("\n") == 1
        assert SHOWN in text
    done = run(program, program, "assert", cwd=tmp_path,
               env=environment(LD_PRELOAD=SHIM))
    assert SHOWN in check_text(done.err), done.err
    assert done.err.count(b"\n") == 1


def test_a_message_of_a_recording_is_shown_so(tmp_path):
    """What a recording that anybody may have made says of itself."""
    recorded = record(tmp_path, "true")
    done = refknot("report", recorded.main, tmp_path / N)
    check_text(done.out)
    assert len(check_text(done.err).splitlines()) == 1
