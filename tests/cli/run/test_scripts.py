# SPDX-License-Identifier: MIT
"""A run of many processes: which is the worst, and which command opens which."""
import json
import os
import pathlib
import re
import shutil
import subprocess

import jsonschema
import pytest

from conftest import (BUILD, REFKNOT, SHIM, SOURCE, compiled, environment,
                      recordings, refknot, run, split)

LEAK = BUILD / "samples/leak"            # 520 B in two leaks
CYCLE = BUILD / "samples/orphaned_cycle"  # 1.1 KiB in one cycle
FINE = BUILD / "samples/fine"
SCHEMA = json.loads(
    (SOURCE / "cli/report/refknot-report.schema.json").read_text())
ROW = re.compile(r"^   (\S.*) \[(\d+)\]  +(.*?)  +(refknot report .*)$", re.M)


def script(directory, text, name="run-tests.sh"):
    path = directory / name
    path.write_text(f"#!/bin/sh\n{text}\ntrue\n")
    path.chmod(0o755)
    return path


def run_script(directory, text, *options, **kw):
    return refknot("run", *options, "--", script(directory, text),
                   cwd=directory, **kw)


def rows(done):
    return ROW.findall(done.told)


def obey(directory, command):
    """What a printed command prints, as a shell takes it."""
    name, *words = [w.strip("'") for w in command.split()]
    assert name == "refknot"
    done = refknot(*words, cwd=directory)
    assert done.status == 0, done.told
    return done.out.decode()


def headline(done):
    return next(x for x in done.told.splitlines() if x.startswith("refknot: "))


def test_the_worst_child_is_the_headline_and_each_row_opens_one(tmp_path):
    done = run_script(tmp_path, f"{LEAK} >x; {FINE} >x; {CYCLE} >x; {LEAK} >x")
    assert headline(done) == (
        "refknot: run-tests.sh: 3 of 5 processes have findings, 2.1 KiB lost; "
        "2 are clean")
    found = rows(done)
    assert [(r[0], r[2]) for r in found] == [
        ("orphaned_cycle", "1 orphaned cycle, 1.1 KiB"),
        ("leak", "2 leaks, 520 B"), ("leak", "2 leaks, 520 B")]
    for name, pid, _, command in found:
        assert command == f"refknot report {pid}"
        assert obey(tmp_path, command).startswith(f"refknot: {name}[{pid}]: ")
    report = done.told.split("\n\n", 2)[2]
    assert report.startswith(f"refknot: orphaned_cycle[{found[0][1]}]: ")
    [file] = tmp_path.glob("*.rkn")
    assert report.splitlines()[-1] == f"recording: {file.name}:{found[0][1]}"


def test_of_two_leaking_children_the_second_is_worse(tmp_path):
    done = run_script(tmp_path, f"{LEAK} >x; {CYCLE} >x")
    assert [r[0] for r in rows(done)] == ["orphaned_cycle", "leak"]
    assert obey(tmp_path, "refknot report").startswith("refknot: orphaned_cycle[")


def test_a_leaking_grandchild_is_found(tmp_path):
    done = run_script(tmp_path, f"sh -c '{LEAK} >x; true'; {FINE} >x")
    assert [r[0] for r in rows(done)] == ["leak"]
    assert obey(tmp_path, "refknot report").startswith("refknot: leak[")


@pytest.mark.parametrize("command, found", [
    (["report"], "ORPHANED CYCLE"), (["leaks"], "no leaks"),
    (["cycles"], "ORPHANED CYCLE"), (["show", "1"], "ORPHANED CYCLE"),
    (["why", "struct session#1"], "session"), (["objects"], "struct session"),
    (["info"], "orphaned_cycle")])
def test_all_commands_open_the_same(command, found, tmp_path):
    run_script(tmp_path, f"{LEAK} >x; {CYCLE} >x; {LEAK} >x")
    done = refknot(*command, cwd=tmp_path)
    assert done.status == 0 and found in done.out.decode()


def test_where_only_the_program_leaks_its_report_comes_first(tmp_path):
    done = refknot("run", "--", LEAK, cwd=tmp_path)
    assert re.match(r"refknot: leak\[\d+\]: 2 leaks; ", done.told)
    code = compiled(tmp_path, "parent", """
        #include <stdlib.h>
        void *kept;
        int main(void) {
            kept = malloc(100); kept = NULL;
            return system("true"); }""")
    done = refknot("run", "--", code, cwd=tmp_path)
    assert re.match(r"refknot: parent\[\d+\]: 1 leak; ", done.told)
    assert not rows(done) and "\nrecording: parent." in done.told


def test_the_program_itself_may_be_one_of_several(tmp_path):
    code = compiled(tmp_path, "parent", f"""
        #include <stdlib.h>
        void *kept;
        int main(void) {{
            kept = malloc(9000); kept = NULL;
            return system("{LEAK} >x"); }}""")
    done = refknot("run", "--", code, cwd=tmp_path)
    assert headline(done).startswith(
        "refknot: parent: 2 of 3 processes have findings, 9.3 KiB lost; ")
    assert [r[0] for r in rows(done)] == ["parent", "leak"]
    assert obey(tmp_path, "refknot report").startswith("refknot: parent[")


def test_the_worst_shows_its_first_three_cards(tmp_path):
    code = compiled(tmp_path, "five", "#include <stdlib.h>\nvoid *p;\n" +
                    "".join(f"static void f{i}(void) {{ p = malloc(64); p = NULL; }}\n"
                            for i in range(5)) +
                    "int main(void) { f0(); f1(); f2(); f3(); f4(); return 0; }",
                    "-g", "-O0")
    done = run_script(tmp_path, f"{code}")
    assert re.findall(r"^(\d)  LEAK", done.told, re.M) == ["1", "2", "3"]
    [more] = re.findall("all: (refknot report -n 0 .*)", done.told)
    assert "\n5  LEAK" in obey(tmp_path, more)


def test_make_runs_a_tree(tmp_path):
    if not shutil.which("make"):
        pytest.skip("make is not installed")
    (tmp_path / "Makefile").write_text(
        "all: a b\n"
        f"a:\n\t@{FINE} >x\n\t@{LEAK} >x\n"
        f"b: a\n\t@sh -c '{CYCLE} >x; {FINE} >x'\n")
    done = refknot("run", "--", "make", "-s", cwd=tmp_path)
    assert headline(done).startswith("refknot: make: 2 of ")
    assert [r[0] for r in rows(done)][:2] == ["orphaned_cycle", "leak"]


def test_forked_children_are_of_the_programs_name(tmp_path):
    code = compiled(tmp_path, "forks", """
        #include <stdlib.h>
        #include <sys/wait.h>
        #include <unistd.h>
        void *kept;
        int main(void) {
            free(malloc(1));
            for (int i = 1; i <= 3; i++)
                if (!fork()) { kept = malloc(1000 * i); kept = NULL; return 0; }
            while (wait(NULL) > 0) {}
            return 0; }""")
    done = refknot("run", "--", code, cwd=tmp_path)
    assert headline(done) == ("refknot: forks: 3 of 4 processes have findings, "
                              "5.9 KiB lost; 1 is clean")
    assert [(r[0], r[2]) for r in rows(done)] == [
        ("forks", "1 leak, 2.9 KiB"), ("forks", "1 leak, 2.0 KiB"),
        ("forks", "1 leak, 1000 B")]
    assert "1 leak; 1 block, 2.9 KiB lost" in obey(tmp_path, "refknot report")


def test_killed_children_are_counted_and_named(tmp_path):
    code = compiled(tmp_path, "dies", """
        #include <signal.h>
        #include <stdlib.h>
        void *kept;
        int main(int argc, char **argv) {
            kept = malloc(100); kept = NULL;
            raise(atoi(argv[1]));
            return 0; }""")
    done = run_script(tmp_path, f"{code} 15; {code} 9")
    assert headline(done) == (
        "refknot: run-tests.sh: 1 of 3 processes has findings, 100 B lost; "
        "1 is clean, 1 was not checked, 2 were ended by a signal")
    assert [(r[0], r[2]) for r in rows(done)] == [
        ("dies", "1 leak, 100 B; SIGTERM")]


def test_another_image_of_the_same_process_has_its_path(tmp_path):
    code = compiled(tmp_path, "first", f"""
        #include <stdlib.h>
        #include <unistd.h>
        extern void __lsan_do_leak_check(void) __attribute__((weak));
        void *kept;
        int main(void) {{
            kept = malloc(100); kept = NULL;
            if (__lsan_do_leak_check) __lsan_do_leak_check();
            execl("{LEAK}", "leak", NULL);
            return 1; }}""")
    done = run_script(tmp_path, f"{code} >x")
    for name, pid, _, command in rows(done):
        assert obey(tmp_path, command).startswith(f"refknot: {name}[{pid}]: ")


# --- Names ---------------------------------------------------------------------

def test_a_script_has_its_own_name_and_a_link_that_of_the_link(tmp_path):
    (tmp_path / "tests.d").mkdir()
    (tmp_path / "other").symlink_to(LEAK)
    inner = script(tmp_path / "tests.d", f"{tmp_path}/other >x", "inner-test")
    done = run_script(tmp_path, f"{inner}; sh {inner}; {tmp_path}/other >x")
    assert [r[0] for r in rows(done)] == ["other"] * 3
    [path] = tmp_path.glob("*.rkn")
    assert re.fullmatch(r"run-tests\.sh\.\d+\.rkn", path.name)
    rows_of = json.loads(refknot("list", "-f", "json", path).out)["recordings"]
    assert sorted(row["name"] for row in rows_of) == [
        "inner-test", "other", "other", "other", "run-tests.sh", "sh"]
    [name] = [row["path"] for row in rows_of if row["name"] == "inner-test"]
    report = json.loads(refknot("report", "-f", "json", name).out)
    assert report["process"]["name"] == "inner-test"
    assert report["process"]["argv"][:2] == ["/bin/sh", str(inner)]


@pytest.mark.parametrize("line", ["/bin/sh -e", "/usr/bin/env sh"])
def test_an_interpreter_with_an_argument(line, tmp_path):
    path = script(tmp_path, f"{FINE} >x", "with-argument")
    path.write_text(path.read_text().replace("/bin/sh", line, 1))
    done = refknot("run", "--", path, cwd=tmp_path)
    name = "with-argument" if "env" not in line else "sh"
    assert re.match(rf"refknot: {name}\[\d+\]: ", done.told), done.told


@pytest.mark.parametrize("pattern, judged", [
    ("run-tests.sh", True), ("sh", True), ("dash", True), ("x", False)])
def test_a_gate_knows_a_script_by_all_of_its_names(pattern, judged, tmp_path):
    if os.path.basename(os.path.realpath("/bin/sh")) != "dash":
        pytest.skip("/bin/sh is not dash")
    refknot("check", "--output", "json=told.json", "--programs", pattern, "--",
            script(tmp_path, f"{FINE} >x"), cwd=tmp_path)
    document = json.loads((tmp_path / "told.json").read_text())
    names = [pathlib.Path(p["program"]).name for p in document["processes"]]
    assert ("dash" in names) == judged, document


# --- Which run, and which of it -----------------------------------------------------

def test_copies_belong_together_and_are_as_bad(tmp_path):
    run_script(tmp_path, f"{LEAK} >x; {CYCLE} >x; {LEAK} >x")
    copies = tmp_path / "copies"
    copies.mkdir()
    [path] = tmp_path.glob("*.rkn")
    shutil.copyfile(path, copies / "copy.rkn")
    os.utime(copies / "copy.rkn", (0, 0))
    assert obey(copies, "refknot report").startswith("refknot: orphaned_cycle[")
    all_of_them = obey(copies, "refknot report --all")
    assert all_of_them.startswith("refknot: 3 of 4 processes have findings, ")


def test_each_recording_can_have_a_file_of_its_own(tmp_path):
    """As all had before minor version 8."""
    run_script(tmp_path, f"{LEAK} >x; {CYCLE} >x; {LEAK} >x")
    files = tmp_path / "files"
    files.mkdir()
    [path] = tmp_path.glob("*.rkn")
    for i, data in enumerate(split(path).values()):
        (files / f"one{9 - i}.rkn").write_bytes(data)
        os.utime(files / f"one{9 - i}.rkn", (i, i))
    assert len(list(files.iterdir())) == 4
    assert obey(files, "refknot report").startswith("refknot: orphaned_cycle[")
    assert obey(files, "refknot report --all").startswith(
        "refknot: 3 of 4 processes have findings, ")


def test_the_newest_run_counts(tmp_path):
    run_script(tmp_path, f"{CYCLE} >x; {LEAK} >x")
    [old] = tmp_path.glob("*.rkn")
    run_script(tmp_path, f"{FINE} >x; {FINE} >x; {LEAK} >x")
    old.touch()
    assert obey(tmp_path, "refknot report").startswith("refknot: leak[")
    assert "1 of 4 processes has" in obey(tmp_path, "refknot report --all")
    older = obey(tmp_path, f"refknot report --all {old.name}")
    assert older.startswith("refknot: 2 of 3 processes have findings, ")
    there = refknot("report", "--all", old, cwd="/")
    assert there.out.decode().splitlines()[0] == older.splitlines()[0]


def test_of_a_clean_run_the_program_is_reported(tmp_path):
    run_script(tmp_path, f"{FINE} >x; {FINE} >x")
    assert re.match(r"refknot: run-tests.sh\[\d+\]: no findings",
                    obey(tmp_path, "refknot report"))
    assert obey(tmp_path, "refknot report --all") == (
        "refknot: 0 of 3 processes have findings; 3 are clean\n")


MAPPER = """
    #include <stdlib.h>
    #include <sys/mman.h>
    int main(void) {
        mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
             -1, 0);
        free(malloc(1));
        return 0; }"""


@pytest.mark.parametrize("quiet", [(), ("-q",)])
def test_a_process_that_lost_only_mappings_is_not_clean(quiet, tmp_path):
    """It has no finding all the same, so no status says so."""
    mapper = compiled(tmp_path, "mapper", MAPPER)
    done = run_script(tmp_path, f"{LEAK} >x; {mapper}; {FINE}", *quiet)
    summary = ("1 of 4 processes has findings, 520 B lost and "
               "1.0 MiB of mappings; 2 are clean, 1 lost only mappings")
    if not quiet:
        assert headline(done) == "refknot: run-tests.sh: " + summary
    told = obey(tmp_path, "refknot report --all")
    assert told.splitlines()[0] == "refknot: " + summary
    [command] = re.findall(
        r"^1\.0 MiB of mappings lost: (refknot leaks .*)$", told, re.M)
    assert "1 mapping, 1.0 MiB lost" in obey(tmp_path, command)
    [file] = tmp_path.glob("*.rkn")
    assert re.search(r" mapper +1\.0 MiB of mappings lost +run",
                     obey(tmp_path, f"refknot list {file.name}"))
    assert re.search(r"3 more processes, 1 of them with findings, "
                     r"1\.0 MiB of mappings lost: ",
                     obey(tmp_path, f"refknot report {file.name}"))
    document = json.loads(obey(tmp_path, "refknot report --all -f json"))
    assert document["summary"]["clean"] == 2
    assert document["summary"]["lost_only_mappings"] == 1
    assert document["summary"]["lost_mapped_bytes"] == 1 << 20


def test_children_that_lost_only_mappings_are_told(tmp_path):
    mapper = compiled(tmp_path, "mapper", MAPPER)
    assert "; 1.0 MiB of mappings lost" not in run_script(tmp_path, FINE).told
    told = run_script(tmp_path, mapper).told
    assert re.search(r"^child mapper, pid \d+: 1\.0 MiB of mappings lost; ",
                     told, re.M)
    told = run_script(tmp_path, f"{mapper}; {FINE}; {FINE}").told
    assert ("3 children: 2 with nothing lost, 1 that lost only mappings, 1.0 MiB; "
            in told)


def test_a_quiet_run_is_judged_when_it_is_asked_about(tmp_path):
    done = run_script(tmp_path, f"{LEAK} >x; {CYCLE} >x; {FINE} >x", "-q")
    assert not done.err
    assert obey(tmp_path, "refknot report").startswith("refknot: orphaned_cycle[")
    assert obey(tmp_path, "refknot report --all").startswith(
        "refknot: 2 of 4 processes have findings, ")


def test_a_quiet_run_is_judged_once(tmp_path):
    run_script(tmp_path, f"{LEAK} >x; {CYCLE} >x; {FINE} >x", "-q")
    [path] = tmp_path.glob("*.rkn")
    before, time = split(path), path.stat().st_mtime_ns
    worst = obey(tmp_path, "refknot report")
    assert worst.startswith("refknot: orphaned_cycle[")
    assert path.stat().st_mtime_ns == time
    noted = split(path)
    assert list(before) == list(noted)
    for name, data in before.items():
        assert noted[name] != data and noted[name][240:] == data[240:]
    # It is not read again: of the others only the start is left.
    pid, = re.findall(r"\[(\d+)\]", worst.splitlines()[0])
    path.write_bytes(b"".join(
        data if name.endswith(f":{pid}") else data[:240] + bytes(len(data) - 240)
        for name, data in noted.items()))
    assert obey(tmp_path, "refknot report") == worst


def test_all_prints_the_worst_and_the_command_for_the_rest(tmp_path):
    run_script(tmp_path, f"{LEAK} >x; {CYCLE} >x; {LEAK} >x")
    out = obey(tmp_path, "refknot report --all -n 1")
    assert re.findall(r"^refknot: (\S+)\[\d+\]", out, re.M) == ["orphaned_cycle"]
    assert len(re.findall(r"^run-tests\.sh\.\d+\.rkn:\d+:$", out, re.M)) == 1
    [rest, command] = re.findall(
        "^and (.*); all: (.*)$", out, re.M)[0]
    assert rest == "2 more processes with 4 findings, 1.0 KiB lost"
    out = obey(tmp_path, command)
    assert re.findall(r"^refknot: (\S+)\[\d+\]", out, re.M) == [
        "orphaned_cycle", "leak", "leak"]
    assert len(re.findall(r"^run-tests\.sh\.\d+\.rkn:\d+:$", out, re.M)) == 3


def test_a_file_that_is_named_is_the_programs_and_says_what_else_is_in_it(
        tmp_path):
    run_script(tmp_path, f"{LEAK} >x; {FINE} >x; {CYCLE} >x", "-o", "r.rkn")
    *out, last = obey(tmp_path, "refknot report r.rkn").splitlines()
    assert re.match(r"refknot: run-tests.sh\[\d+\]: no findings", out[0])
    words, command = last.split(": ")
    assert words == "r.rkn has 3 more processes, 2 of them with findings"
    assert obey(tmp_path, command).startswith(
        "refknot: 2 of 4 processes have findings, ")
    [name] = re.findall(r"^(r\.rkn:\d+):$", obey(tmp_path, command + " -n 1"),
                        re.M)
    for name, more in ("r.rkn r.rkn", False), (name, False):
        out = refknot("report", *name.split(), cwd=tmp_path).out.decode()
        assert ("more processes" in out) == more
    run_script(tmp_path, f"{FINE} >x", "-o", "fine.rkn")
    assert "more process" not in obey(tmp_path, "refknot report fine.rkn")
    run_script(tmp_path, f"{FINE} >x", "-q", "-o", "quiet.rkn")
    assert obey(tmp_path, "refknot report quiet.rkn").splitlines()[-1] == (
        "quiet.rkn has 1 more process, not judged yet: "
        "refknot report --all 'quiet.rkn'")


def test_what_is_damaged_in_a_file_costs_only_itself(tmp_path):
    run_script(tmp_path, f"{LEAK} >x; {CYCLE} >x; {LEAK} >x", "-o", "r.rkn")
    parts = split(tmp_path / "r.rkn")
    at = len(next(iter(parts.values())))
    for where in (0, 5, 17, 30, 60, 300):  # magic, version, length, META, more
        data = bytearray(b"".join(parts.values()))
        data[at + where] ^= 1
        (tmp_path / "bad.rkn").write_bytes(data)
        names = recordings(tmp_path / "bad.rkn", 2)
        assert len(names) == 4
        assert [n.split(":")[1] for n in names[2:]] == [
            n.split(":")[1] for n in list(parts)[2:]]
        done = refknot("report", "--all", "bad.rkn", cwd=tmp_path)
        assert done.status == 2 and "orphaned_cycle[" in done.out.decode()
        assert f"bad.rkn:" in done.told and "damaged" in done.told
        done = refknot("check", "bad.rkn", cwd=tmp_path)
        assert done.status == 2 and "it could not be read" in done.out.decode()


def test_a_file_that_was_cut_keeps_what_is_before(tmp_path):
    run_script(tmp_path, f"{LEAK} >x; {CYCLE} >x; {LEAK} >x", "-o", "r.rkn")
    parts = list(split(tmp_path / "r.rkn").values())
    data = b"".join(parts)
    for last in range(4):
        for inside in (10, 100, len(parts[last]) - 1):
            size = sum(map(len, parts[:last])) + inside
            (tmp_path / "cut.rkn").write_bytes(data[:size])
            names = recordings(tmp_path / "cut.rkn", 2)
            assert len(names) == last + 1
        (tmp_path / "cut.rkn").write_bytes(data[:size - inside])
        if last:
            assert len(recordings(tmp_path / "cut.rkn")) == last


def test_what_cannot_be_written_is_kept_in_one_file(tmp_path):
    """Something took the name while the program ran."""
    done = run_script(tmp_path, f"ln -s x r.rkn; {LEAK} >x; {FINE} >x; {LEAK} >x",
                      "-o", "r.rkn")
    [kept] = re.findall("the recording is kept in (.*) until you remove it",
                        done.told)
    kept = pathlib.Path(kept)
    try:
        assert os.listdir(kept.parent) and len(recordings(kept)) == 5
        assert [x for x in os.listdir(kept.parent) if x.endswith(".rkn")] == [
            kept.name]
        assert obey(tmp_path, f"refknot report --all {kept}").startswith(
            "refknot: 2 of 5 processes have findings, ")
        assert ("refknot: run-tests.sh: 2 of 5 processes have findings, "
                in done.told)
    finally:
        shutil.rmtree(kept.parent)


def test_two_runs_that_write_one_file_leave_that_of_one(tmp_path):
    script(tmp_path, f"for i in 1 2 3 4 5; do {LEAK}; {FINE}; done >/dev/null")
    runs = [subprocess.Popen(
        [REFKNOT, "run", "-q", "-o", "r.rkn", "./run-tests.sh"], cwd=tmp_path,
        env=environment()) for _ in range(4)]
    assert [one.wait() for one in runs] == [0] * 4
    assert len(recordings(tmp_path / "r.rkn")) == 11
    assert obey(tmp_path, "refknot report --all r.rkn").startswith(
        "refknot: 5 of 11 processes have findings, ")
    assert sorted(os.listdir(tmp_path)) == ["r.rkn", "run-tests.sh"]


@pytest.mark.parametrize("name", ["out.bin", ".hidden.rkn", "r"])
def test_a_file_of_any_name_has_all(name, tmp_path):
    done = run_script(tmp_path, f"{LEAK} >x; {FINE} >x", "-o", name)
    assert obey(tmp_path, f"refknot report --all {name}").startswith(
        "refknot: 1 of 3 processes has findings, ")
    assert not re.search(r"refknot report \d", done.told)


def test_a_name_of_another_files_recording_is_refused(tmp_path):
    run_script(tmp_path, f"{LEAK} >x", "-o", "r.rkn")
    [_, part] = recordings(tmp_path / "r.rkn")
    done = refknot("run", "-o", part, "true", cwd=tmp_path)
    assert done.status == 2
    assert "the name of a recording in another file" in done.told


def test_a_gate_judges_the_process_that_is_named(tmp_path):
    run_script(tmp_path, f"{LEAK} >x; {FINE} >x")
    [_, leaks, fine] = recordings(next(tmp_path.glob("*.rkn")))
    for name, status in ((leaks, 23), (fine, 0)):
        done = refknot("check", name.rsplit(":")[1], cwd=tmp_path)
        assert done.status == status, done.told


def test_json_has_a_summary(tmp_path):
    run_script(tmp_path, f"{LEAK} >x; {CYCLE} >x; {FINE} >x")
    document = json.loads(refknot("report", "--all", "-f", "json",
                                  cwd=tmp_path).out)
    jsonschema.validate(document, SCHEMA)
    assert [r["process"]["name"] for r in document["reports"]] == [
        "orphaned_cycle", "leak"]
    assert document["summary"] == {
        "processes": 4, "with_findings": 2, "clean": 2, "unchecked": 0,
        "signalled": 0, "findings": 3, "lost_bytes": 1624,
        "lost_only_mappings": 0, "lost_mapped_bytes": 0}
    (tmp_path / "clean").mkdir()
    run_script(tmp_path / "clean", f"{FINE} >x")
    document = json.loads(refknot("report", "--all", "-f", "json",
                                  cwd=tmp_path / "clean").out)
    jsonschema.validate(document, SCHEMA)
    assert document["reports"] == [] and document["summary"]["clean"] == 2


def test_a_number_that_is_no_process_is_said_to_be_none(tmp_path):
    run_script(tmp_path, f"{LEAK} >x")
    done = refknot("report", "1", cwd=tmp_path)
    assert done.status == 2 and "no recording of a process 1 here" in done.told
    (tmp_path / "1").write_text("a file")
    done = refknot("report", "1", cwd=tmp_path)
    assert done.status == 2 and "is not a recording" in done.told


def test_recordings_elsewhere_are_named_by_their_paths(tmp_path):
    (tmp_path / "there").mkdir()
    done = run_script(tmp_path, f"{LEAK} >x; {CYCLE} >x", "-o", "there/r.rkn")
    commands = [r[3] for r in rows(done)]
    assert all(c.startswith("refknot report 'there/r.") for c in commands)
    for command in commands:
        assert " lost\n" in obey(tmp_path, command)


def test_all_of_what_cannot_be_read_is_an_error(tmp_path):
    for name in ("absent.rkn", "text.rkn"):
        (tmp_path / "text.rkn").write_text("a text")
        done = refknot("report", "--all", name, cwd=tmp_path)
        assert done.status == 2 and f"{name}: " in done.told


def test_all_of_a_process_that_was_not_recorded_is_an_error(tmp_path):
    run_script(tmp_path, f"{LEAK} >x", "-o", "r.rkn")
    for what in (["--all"], []):
        done = refknot("report", *what, "r.rkn:1", cwd=tmp_path)
        assert done.status == 2 and done.told.startswith("refknot: r.rkn:1: ")


def test_what_no_run_made_is_alone(tmp_path):
    run_script(tmp_path, f"{LEAK} >x")
    (tmp_path / "out").mkdir()
    run(LEAK, env=environment(LD_PRELOAD=SHIM, REFKNOT_OUT=tmp_path))
    [store] = (p for p in tmp_path.glob("leak.*.rkn") if p.stat().st_size > 1 << 30)
    assert obey(tmp_path, f"refknot report --all {store.name}").startswith(
        "refknot: 1 of 1 process has findings, 520 B lost\n")
    pid = store.name.split(".")[1]
    for command in ("refknot report", f"refknot report {pid}"):
        assert obey(tmp_path, command).startswith(f"refknot: leak[{pid}]: ")


# --- Many ------------------------------------------------------------------------

def test_five_hundred_children(tmp_path):
    done = run_script(tmp_path, f"""
        i=0
        while [ $i -lt 470 ]; do {FINE} >x; i=$((i + 1)); done
        while [ $i -lt 499 ]; do {LEAK} >x; i=$((i + 1)); done
        {CYCLE} >x""")
    assert headline(done) == (
        "refknot: run-tests.sh: 30 of 501 processes have findings, 15.8 KiB "
        "lost; 471 are clean")
    assert len(rows(done)) == 10
    [more] = re.findall("^   and 20 more with 40 findings, 10.2 KiB: (.*)$",
                        done.told, re.M)
    assert len(done.told) < 4096
    assert obey(tmp_path, "refknot report").startswith("refknot: orphaned_cycle[")
    out = obey(tmp_path, more)
    assert len(re.findall(r"^\S+\.rkn:\d+:$", out, re.M)) == 30


@pytest.mark.parametrize("command", [
    ["timeline"], ["objects"], ["objects", "--at", "peak"], ["objects", "--churn"],
    ["objects", "--between", "start", "end"], ["waste"], ["diff"]])
def test_it_is_said_whose_numbers_they_are(command, tmp_path):
    """And how to name another process: only where the file has one."""
    run_script(tmp_path, f"{CYCLE} >x; {FINE} >x")
    [file] = tmp_path.glob("*.rkn")
    names = recordings(file)

    def told(name, *more):
        given = [f"{name}@peak", name] if command == ["diff"] else [name]
        return obey(tmp_path, " ".join(["refknot", *command, *more, *given]))

    for name, program in (file.name, "run-tests.sh"), (
            f"{file.name}:{names[1].split(':')[1]}", "orphaned_cycle"):
        title = f"{re.escape(name)}: " if command == ["diff"] else ""
        [shown] = re.findall(
            rf"^{title}{program}\[\d+\]; {file.name} has 2 more processes: "
            r"(refknot list .*)$", told(name), re.M)
        assert names[1].split(":")[1] in obey(tmp_path, shown)
    assert " more process" not in told(file.name, "-f", "json")
    refknot("run", "-q", "-o", "one.rkn", "--", FINE, cwd=tmp_path)
    assert " more process" not in told("one.rkn")
