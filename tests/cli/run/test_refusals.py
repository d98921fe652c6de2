# SPDX-License-Identifier: MIT
"""What cannot be recorded is refused in one clear sentence, by `run` and by
`doctor`, and never ends in an empty report."""
import json
import os
import pathlib
import shutil
import stat
import subprocess

import pytest

from conftest import (CC, REFKNOT, SHIM, compiled, environment, read_json,
                      refknot, run)

HELLO = '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n'
MALLOC = ("#include <stddef.h>\nstatic char pool[65536]; static size_t at;\n"
          "void *malloc(size_t n) { at += n + 16 & -16; "
          "return pool + at - n; }\nvoid free(void *p) { (void)p; }\n")


def build(directory, name, source, *options):
    """A program of that source; skips when it cannot be built here."""
    text, program = directory / f"{name}.c", directory / name
    text.write_text(source)
    done = run(CC, "-w", text, "-o", program, *options)
    if done.status:
        pytest.skip(f"{CC} {' '.join(options)}: "
                    f"{done.told.strip().splitlines()[-1]}")
    return program


def script(path, interpreter):
    path.write_text(f"#!{interpreter}\n")
    path.chmod(0o755)
    return path


def missing(directory):
    return directory / "missing", "does not exist"


def no_command(directory):
    return "no-such-command-anywhere", "PATH"


def a_directory(directory):
    return directory, "is a directory"


def not_executable(directory):
    path = directory / "data"
    path.write_text("text")
    path.chmod(0o644)
    return path, "cannot be executed"


def static(directory):
    return build(directory, "static", HELLO, "-static"), "statically linked"


def static_pie(directory):
    return (build(directory, "pie", HELLO, "-static-pie"),
            "statically linked")


def own_malloc(directory):
    return (build(directory, "own", HELLO + MALLOC, "-rdynamic"),
            "defines malloc itself")


def sanitizer(directory):
    return (build(directory, "asan", HELLO, "-fsanitize=address"),
            "AddressSanitizer")


def other_architecture(directory):
    path = build(directory, "other", HELLO)
    data = bytearray(path.read_bytes())
    data[18:20] = (183).to_bytes(2, "little")  # e_machine: AArch64
    path.write_bytes(data)
    return path, "machine"


def script_of_static(directory):
    path = script(directory / "s", static(directory)[0])
    return path, "interpreter"


def script_of_nothing(directory):
    return script(directory / "s", directory / "missing"), "interpreter"


def script_of_scripts(directory):
    last = script(directory / "s0", "/bin/sh")
    for i in range(1, 8):
        last = script(directory / f"s{i}", last)
    return last, "script"


def no_program(directory):
    path = directory / "noise"
    path.write_bytes(bytes(range(256)))
    path.chmod(0o755)
    return path, "neither"


def cut_program(directory):
    path = build(directory, "cut", HELLO)
    path.write_bytes(path.read_bytes()[:100])
    return path, ""


def cut_data(directory):
    """All headers are there, but the last segment is not."""
    path = build(directory, "cut", HELLO)
    path.write_bytes(path.read_bytes()[:11500])
    return path, "cut short"


CASES = [missing, no_command, a_directory, not_executable, static, static_pie,
         own_malloc, sanitizer, other_architecture, script_of_static,
         script_of_nothing, script_of_scripts, no_program, cut_program,
         cut_data]


def check_refused(program, says, **kw):
    done = refknot("run", "--", program, **kw)
    assert done.status == 125, done.told
    assert done.out == b""
    lines = done.told.splitlines()
    assert len(lines) == 1 and lines[0].startswith("refknot: "), done.told
    assert says in lines[0], done.told
    doctor = refknot("doctor", program, **kw)
    assert doctor.status == 125, (doctor.out, doctor.told)
    assert says in doctor.told + doctor.out.decode()


@pytest.mark.parametrize("case", CASES, ids=lambda f: f.__name__)
def test_refused(case, tmp_path):
    program, says = case(tmp_path)
    check_refused(program, says, cwd=tmp_path)
    assert not list(tmp_path.glob("*.rkn"))


def as_nobody(tmp_path):
    """Arguments that make `run` another user, who can get at tmp_path."""
    if os.getuid() != 0:
        pytest.skip("only root can make a program of another user")
    for path in [tmp_path, *tmp_path.parents]:
        if not path.stat().st_mode & stat.S_IXOTH:
            path.chmod(path.stat().st_mode | 0o055)
        if path == pathlib.Path("/tmp"):
            break
    return {"user": 65534, "group": 65534, "extra_groups": []}


def test_setuid_to_another_user_is_refused(tmp_path):
    nobody = as_nobody(tmp_path)
    program = build(tmp_path, "setuid", HELLO)
    program.chmod(0o4755)
    if os.statvfs(tmp_path).f_flag & os.ST_NOSUID:
        pytest.skip(f"{tmp_path} is mounted nosuid")
    check_refused(program, "setuid", cwd="/", **nobody)
    # To root itself it gives nothing.
    assert refknot("run", "-q", "-o", tmp_path / "r.rkn",
                   program).status == 0


def test_file_capabilities_are_refused(tmp_path):
    nobody = as_nobody(tmp_path)
    if not shutil.which("setcap"):
        pytest.skip("setcap is not installed")
    program = build(tmp_path, "capable", HELLO)
    done = run("setcap", "cap_net_raw+ep", program)
    if done.status:
        pytest.skip(f"setcap: {done.told.strip()}")
    check_refused(program, "capabilities", cwd="/", **nobody)


def test_setgid_to_another_group_is_refused(tmp_path):
    nobody = as_nobody(tmp_path)
    program = build(tmp_path, "setgid", HELLO)
    program.chmod(0o2755)
    if os.statvfs(tmp_path).f_flag & os.ST_NOSUID:
        pytest.skip(f"{tmp_path} is mounted nosuid")
    check_refused(program, "setgid", cwd="/", **nobody)


IDS = ("#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
       "int main(void) { char *p = getenv(\"LD_PRELOAD\"); "
       "free(malloc(9)); printf(\"%d %d %s\\n\", (int)geteuid(), "
       "(int)getegid(), p ? p : \"-\"); return 7; }\n")


@pytest.mark.parametrize("mode, caps, ids", [
    (0o4755, None, "0 65534"), (0o2755, None, "65534 0"),
    (0o755, "cap_net_raw+ep", "65534 65534")],
    ids=["setuid", "setgid", "capabilities"])
def test_a_privileged_child_runs_unrecorded(mode, caps, ids, tmp_path):
    """The loader drops what would load the shim, and says nothing."""
    nobody = as_nobody(tmp_path)
    program = build(tmp_path, "privileged", IDS)
    program.chmod(mode)
    if os.statvfs(tmp_path).f_flag & os.ST_NOSUID:
        pytest.skip(f"{tmp_path} is mounted nosuid")
    if caps and (not shutil.which("setcap") or
                 run("setcap", caps, program).status):
        pytest.skip("setcap is not installed, or not possible here")
    place = tmp_path / "place"
    place.mkdir()
    place.chmod(0o777)
    for how in (f"{program}; echo $?", f"exec {program}"):
        done = refknot("run", "-q", "-o", place / "r.rkn", "sh", "-c", how,
                       cwd="/", **nobody)
        lines = done.out.decode().splitlines()
        assert lines[0] == f"{ids} -" and not done.err, (lines, done.told)
        assert lines[1:] == ([] if "exec" in how else ["7"])
        assert done.status == (7 if "exec" in how else 0)
        assert {p.name for p in place.iterdir()} == {"r.rkn"}
        argv = read_json("report", place / "r.rkn")["process"]["argv"]
        assert argv[0] == "sh"


def test_an_unreadable_program_is_refused(tmp_path):
    nobody = as_nobody(tmp_path)
    program = build(tmp_path, "unreadable", HELLO)
    program.chmod(0o711)
    check_refused(program, "cannot be read", cwd="/", **nobody)


def test_a_shim_that_does_not_load_is_an_error(tmp_path):
    bad = tmp_path / "librefknot_preload.so"
    bad.write_bytes(SHIM.read_bytes()[:5000])
    done = refknot("run", "true", cwd=tmp_path,
                   env=environment(REFKNOT_SHIM=bad))
    assert done.status == 125
    assert "did not load" in done.told
    gone = refknot("run", "true", env=environment(
        REFKNOT_SHIM=tmp_path / "gone.so"))
    assert gone.status == 125 and "not found" in gone.told
    assert str(tmp_path / "gone.so") in gone.told


def test_doctor_approves_of_what_can_be_recorded(tmp_path):
    done = refknot("doctor", "/bin/ls")
    assert done.status == 0 and done.out


NO_TABLES = "-fno-asynchronous-unwind-tables"
MAKER = """
#include <stdlib.h>

void *make_NAME(void) { return malloc(1); }
void *again_NAME(void) { return make_NAME(); }
"""


def module_of(program):
    """What doctor says of the program itself: JSON, and the word for people."""
    told = json.loads(refknot("doctor", "--format", "json", program).out)
    word = [line.split()[1] for line in
            refknot("doctor", program).out.decode().splitlines()
            if str(program) in line and line.startswith(("debug", "exported"))]
    return told["modules"][0], word[0], told["hints"]


@pytest.mark.parametrize("stripped", [False, True])
@pytest.mark.parametrize("flags, says", [
    (("", ""), "yes"), ((NO_TABLES, NO_TABLES), "no"),
    (("", NO_TABLES), "part")])
def test_doctor_tries_tables_on_functions(tmp_path, flags, says, stripped):
    objects = []
    for name, flag in zip("ab", flags):
        text = MAKER.replace("NAME", name) + "".join(
            f"void *more_{name}{i}(void *p)"
            f" {{ return realloc(p, {i} * 7); }}\n" for i in range(300))
        source = tmp_path / f"{name}.c"
        source.write_text(text)
        objects.append(tmp_path / f"{name}.o")
        assert run(CC, "-g", "-O1", "-c", source, "-o", objects[-1],
                   *filter(None, [flag])).status == 0
    program = compiled(tmp_path, "program", "void *again_a(void);\n"
                       "void *again_b(void);\nint main(void)\n"
                       "{ return !again_a() + !again_b(); }\n",
                       *objects, "-g", *filter(None, [flags[0]]),
                       "-Wl,-z,max-page-size=0x200000",
                       *(["-s"] if stripped else []))
    module, word, hints = module_of(program)
    assert word == says
    assert module["unwind_tables"] == (says != "no")
    about = [h for h in hints if "unwind tables" in h]
    assert bool(about) == (says != "yes")
    if not stripped:
        assert module["unwind_tried"] == 605
        covered = {"yes": 605, "no": 0, "part": 303}[says]
        assert module["unwind_covered"] == covered
        assert says != "part" or "303 of 605 functions" in about[0]


def test_names_are_shown_without_control_characters(tmp_path):
    done = refknot("run", "no\x1b[31msuch\nprogram")
    assert done.status == 125
    assert "\x1b" not in done.told and len(done.told.splitlines()) == 1


@pytest.mark.parametrize("args", [["run"], ["frobnicate"],
                                  ["run", "--no-such-option"],
                                  ["run", "--depth", "0", "true"],
                                  ["objects", "--by", "colour"],
                                  ["report", "--format", "tea"],
                                  ["report", "--limit", "-3"],
                                  ["report", "--limit", "1x"],
                                  ["run", ""], ["doctor", ""],
                                  ["doctor", "ls", "b"],
                                  ["run", "-o", "", "true"],
                                  ["run", "-o", "/", "true"],
                                  ["run", "-o", "new/", "true"],
                                  ["help", "frobnicate"]])
def test_wrong_use_is_status_2(args, tmp_path):
    done = refknot(*args, cwd=tmp_path)
    assert done.status == 2 and not done.out, args
    lines = done.told.splitlines()
    assert len(lines) == 1 and lines[0].startswith("refknot: "), done.told
    if "--limit" in args:
        assert "--limit" in lines[0]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("variable, value, says, never", [
    ("REFKNOT_SNAPSHOT", "maybe", "refknot: REFKNOT_SNAPSHOT is", "--"),
    ("REFKNOT_DEPTH", "x", "--depth (REFKNOT_DEPTH) is", "snapshot")])
def test_a_bad_setting_is_called_by_its_name(variable, value, says, never):
    done = refknot("run", "true", env=environment(**{variable: value}))
    assert done.status == 2 and says in done.told and value in done.told
    assert never not in done.told


@pytest.mark.parametrize("args", [["--help"], ["--version"],
                                  ["run", "--help"], ["report", "--help"],
                                  ["leaks", "--help"], ["cycles", "--help"],
                                  ["objects", "--help"], ["info", "--help"],
                                  ["doctor", "--help"], ["help"],
                                  ["run", "-h"], ["report", "-?"],
                                  ["info", "--usage"]])
def test_help_is_given(args):
    done = refknot(*args)
    assert done.status == 0 and done.out and not done.err


@pytest.mark.parametrize("args", [["help", "run"], ["--help", "run"],
                                  ["run", "-h"]])
def test_help_of_a_command_is_that_command_s(args):
    assert refknot(*args).out == refknot("run", "--help").out
    assert b"--depth" in refknot(*args).out


def test_what_cannot_be_written_is_told_with_the_reason(tmp_path):
    main = tmp_path / "r.rkn"
    assert refknot("run", "-q", "-o", main, "true").status == 0
    for command in (["info", main], ["report", main],
                    ["report", "-f", "json", main], ["--help"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [str(a) for a in (REFKNOT, *command)], stdout=full,
                stderr=subprocess.PIPE, env=environment(), check=False)
        assert done.returncode == 2
        assert b"No space left on device" in done.stderr, command


def test_a_shim_in_a_path_with_spaces_is_found(tmp_path):
    place = tmp_path / "a dir: with spaces"
    place.mkdir()
    shutil.copy(SHIM, place)
    done = refknot("run", "-q", "-o", tmp_path / "r.rkn", "true",
                   env=environment(REFKNOT_SHIM=place / SHIM.name))
    assert done.status == 0, done.told
