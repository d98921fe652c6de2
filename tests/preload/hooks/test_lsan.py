# SPDX-License-Identifier: MIT
"""LeakSanitizer's interface: what the program is told, and what is obeyed.

Answers are known by construction; LeakSanitizer, whose search is coarser here
(it takes what stands on dead stack and in its own tables for pointers), runs
beside it and must not find what we do not.
"""
import functools
import os
import shutil
import tempfile

import pytest

from conftest import CC, SOURCE, record, refknot, run

TEXT = SOURCE / "tests/preload/hooks/lsan.c"
FLAGS = ["-g", "-O1", "-fno-builtin", "-pthread", "-w",
         f"-I{SOURCE}/samples"]
ANSWERS = {
    "again": [0, 0, 1, 1],
    "inside": [0, 1],
    "ring": [0, 1],
    "chain": [0, 1],
    "disabled": [0, 1],
    "disabled_fork": [0, 1],
    "ignored": [0, 0],
    "region": [0, 1, 1],
    "thread": [0, 1],
}


def built(directory, *options, compiler=CC, name="lsan"):
    program = directory / name
    done = run(compiler, *FLAGS, *options, TEXT, "-o", program)
    assert done.status == 0, done.told
    return program


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return built(tmp_path_factory.mktemp("lsan"))


@functools.cache
def sanitized():
    """The program with LeakSanitizer; None where it does not work."""
    directory = tempfile.mkdtemp()
    program = os.path.join(directory, "sanitized")
    try:
        if not shutil.which("clang") or run(
                "clang", *FLAGS, "-fsanitize=leak", TEXT, "-o",
                program).status:
            return None
        done = run(program, "again", env={"LSAN_OPTIONS": "exitcode=0"})
        if done.status or "fatal error" in done.told:
            return None
        return open(program, "rb").read()
    finally:
        shutil.rmtree(directory)


def lines(outcome):
    return [int(line) for line in outcome.out.split()]


def lost(report):
    return sorted(f["bytes"] for f in report["findings"])


def gaps(report):
    return {gap["what"]: gap["count"] for gap in report["complete"]}


@pytest.mark.parametrize("mode", sorted(ANSWERS))
def test_a_check_that_can_be_repeated_tells_what_is_lost(mode, plain,
                                                         tmp_path):
    assert run(plain, mode).out == b""
    recorded = record(tmp_path, plain, mode)
    assert recorded.outcome.status == 0
    assert lines(recorded.outcome) == ANSWERS[mode]
    # What it answers with 1 is what the report at the end calls lost.
    told = [line for line in recorded.outcome.told.splitlines()
            if "the leak check that the program asked for" in line]
    assert len(told) == sum(ANSWERS[mode]), recorded.outcome.told
    if mode == "again":
        assert told[0].endswith(": 1 block of 500 bytes is lost")
        assert told[1].endswith(": 2 blocks of 800 bytes are lost")
        assert lost(recorded.report()) == [300, 500]


@pytest.mark.parametrize("mode", sorted(ANSWERS))
def test_leaksanitizer_finds_no_more(mode, tmp_path):
    if not sanitized():
        pytest.skip("LeakSanitizer does not work here, or clang has none")
    program = tmp_path / "sanitized"
    program.write_bytes(sanitized())
    program.chmod(0o755)
    done = run(program, mode, env={"LSAN_OPTIONS": "exitcode=0"})
    theirs = lines(done)
    assert len(theirs) == len(ANSWERS[mode])
    for one, other in zip(theirs, ANSWERS[mode]):
        assert one <= other


def test_checks_do_not_add_up(plain, tmp_path):
    """Two thousand of them take no memory that stays."""
    few = record(tmp_path, plain, "again").report()["process"]
    (tmp_path / "many").mkdir()
    recorded = record(tmp_path / "many", plain, "many")
    assert lines(recorded.outcome) == [1]
    report = recorded.report()
    assert lost(report) == [181] and not report["complete"]
    assert report["process"]["live_blocks"] == few["live_blocks"] - 1


def test_threads_may_ask_all_at_once(plain, tmp_path):
    recorded = record(tmp_path, plain, "storm")
    assert recorded.outcome.status == 0
    assert recorded.outcome.out.endswith(b"wrong 0\n")
    assert set(recorded.outcome.out.split()[:-2]) == {b"0"}
    assert not recorded.report()["complete"]


def test_an_end_waits_for_a_question(plain, tmp_path):
    for _ in range(5):
        recorded = record(tmp_path, plain, "storm_exit")
        assert recorded.outcome.status == 5
        report = recorded.report()
        assert lost(report) == [171] and not report["complete"]
        os.unlink(recorded.main)


def test_memory_that_is_hidden_or_gone_is_no_gap(plain, tmp_path):
    recorded = record(tmp_path, plain, "hidden_region")
    assert lines(recorded.outcome) == [0, 1]
    report = recorded.report()
    assert lost(report) == [151] and not report["complete"]
    assert report["findings"][0]["confidence"] == "high"


def test_wrong_calls_are_called_by_their_names(plain, tmp_path):
    report = record(tmp_path, plain, "wrong").report()
    assert gaps(report) == {
        "__lsan_ calls about memory that is not what they say": 2}


OFF = [(["-DTURNED_OFF=1"], None), (["-DTURNED_OFF=off"], None),
       (['-DOPTIONS="detect_leaks=0"'], None),
       (['-DOPTIONS="verbosity=1,detect_leaks=true:detect_leaks=no"'], None),
       (['-DOPTIONS="exitcode=7 detect_leaks=\'false\'"'],
        "report_objects=1"),
       (['-DOPTIONS="detect_leaks=0"', "-rdynamic"], "detect_leaks=0")]
ON = [(["-DTURNED_OFF=0"], None), (['-DOPTIONS="exitcode=0"'], None),
      (['-DOPTIONS="detect_leaks=0:detect_leaks=1"'], None),
      (['-DOPTIONS="no_detect_leaks=0"'], None),
      (['-DOPTIONS="detect_leaks=0"'], "exitcode=3:detect_leaks=1"),
      (['-DOPTIONS=""'], "detect_leaks=0")]


def asked(options):
    env = {"LSAN_OPTIONS": options} if options else {}
    return {**os.environ, "REFKNOT_CACHE": "", "LC_ALL": "C.UTF-8", **env}


@pytest.mark.parametrize("how, options", OFF)
def test_a_program_may_turn_checks_off(how, options, tmp_path):
    program = built(tmp_path, *how)
    recorded = record(tmp_path, program, "off_later", env=asked(options))
    assert lines(recorded.outcome) == [0]
    report = recorded.report()
    assert report["findings"] == []
    assert report["verdict"]["turned_off"]
    assert report["verdict"]["withheld"] == 1
    told = refknot("report", recorded.main)
    assert b"turned leak checks off" in told.out
    gate = refknot("check", recorded.main)
    assert gate.status == 0 and b"suppressed 1" in gate.out
    assert b"a program turned leak checks off itself" in gate.out


@pytest.mark.parametrize("how, options", ON)
def test_other_words_turn_nothing_off(how, options, tmp_path):
    program = built(tmp_path, *how)
    recorded = record(tmp_path, program, "off_later", env=asked(options))
    assert lines(recorded.outcome) == [1]
    report = recorded.report()
    assert lost(report) == [191] and not report["verdict"]["turned_off"]
    assert refknot("check", recorded.main).status == 23


OWN = '-DSUPPRESSIONS="leak:^lose$"'


@pytest.mark.parametrize("mode, more", [
    ("again", []), ("again", ["-rdynamic"]), ("killed", [])])
def test_suppressions_of_its_own_hold_everywhere(mode, more, tmp_path):
    program = built(tmp_path, OWN, *more)
    done = refknot("run", "-o", tmp_path / "a.rkn", "--", program, mode)
    assert "no findings" in done.told and "LEAK" not in done.told
    assert "by __lsan" not in done.told
    assert "not shown: the program's own __lsan_default_suppressions()" \
        in done.told
    told = refknot("report", tmp_path / "a.rkn")
    assert b"no findings" in told.out
    assert refknot("check", tmp_path / "a.rkn").status == 0


def test_they_hold_for_forked_children(tmp_path):
    program = built(tmp_path, OWN)
    done = refknot("run", "-o", tmp_path / "a.rkn", "--", program,
                   "disabled_fork")
    child = [line for line in done.told.splitlines()
             if line.startswith("child ")]
    assert len(child) == 1 and "nothing lost (1 finding of 122 B withheld" \
        in child[0], done.told


def test_they_hold_for_the_program_that_brings_them_alone(tmp_path):
    """Two programs of one source are judged together."""
    first = record(tmp_path, built(tmp_path, OWN, name="lsan"), "again")
    (tmp_path / "b").mkdir()
    second = record(tmp_path / "b", built(tmp_path / "b"), "again")
    for order in [first.main, second.main], [second.main, first.main]:
        gate = refknot("check", *order)
        assert gate.status == 23
        assert b"FAIL 2 leaks (800 B)" in gate.out, gate.out
        assert b"found in 1 of 2 processes" in gate.out
    assert refknot("check", first.main, first.main).status == 0
