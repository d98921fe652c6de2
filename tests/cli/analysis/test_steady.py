# SPDX-License-Identifier: MIT
"""refknot steady on passes.c, whose regions grow or only look so, and on
commands that none of us wrote."""
import json
import pathlib
import re
import shutil

import jsonschema
import pytest

from conftest import (BUILD, SOURCE, compiled, environment, record,
                      refknot)

PROGRAM = BUILD / "tests/cli/analysis/steady_passes"
SCHEMA = json.loads((SOURCE / "cli/report/refknot-steady.schema.json").read_text())


def steady(*arguments, options=(), **kw):
    return refknot("steady", *options, "--", *arguments, **kw)


def passes(name, count=6, options=(), **kw):
    return steady(PROGRAM, name, count, options=options, **kw)


def last_line(told):
    return told.told.splitlines()[-1]


def document(told):
    result = json.loads(told.out[told.out.index(b"{"):])
    jsonschema.validate(result, SCHEMA)
    assert result["exit_status"] == told.status
    return result


def judged(name, count, options=()):
    """{type: verdict} of region request."""
    found = document(passes(name, count, ["--format", "json", *options]))
    region, = found["regions"]
    assert found["steady"] == (not region["types"])
    return {row["type"]: row["verdict"] for row in region["types"]}


def series(growth, count, warmup=3):
    """What the text must be, by another way than the shim's."""
    shift = 0
    while (count - 1) >> shift >= 16:
        shift += 1
    width = 1 << shift
    sums = [sum(growth(i) for i in range(first, min(first + width, count)))
            for first in range(0, count, width)]
    text = " ".join(f"{n:+d}" if n else "0"
                    for n in sums[-(-warmup // width):])
    return text + (f" by {width} passes" if shift else "")


# --- What grows ----------------------------------------------------------------


def test_what_every_pass_leaves_is_told_with_its_site():
    told = passes("grows")
    assert told.status == 23
    lines = told.told.splitlines()
    assert [line for line in lines if " called by " not in line] == [
        "request  6 passes",
        "    GROWS IN EVERY PASS  Session  +2 a pass",
        lines[2],
        "        6 objects, 288 B in 3 passes: +2 +2 +2",
        "    GROWS IN EVERY PASS  malloc in keep  +1 a pass",
        lines[7],
        "        3 objects, 72 B in 3 passes: +1 +1 +1",
        "what holds it: record a run with refknot run, then refknot objects "
        "--by root",
        "refknot: FAIL steady: request: 2 types grow in every pass "
        "(Session +2, malloc in keep +1); exit 23"]
    for site, function in zip((lines[2], lines[7]), ("session", "keep")):
        assert re.fullmatch(rf"        allocated by {function} at "
                            r"passes\.c:\d+ \(steady_passes\)", site)
    for line, function in ((3, "grows"), (4, "main"), (8, "grows"), (9, "main")):
        assert re.fullmatch(rf"        called by {function} at "
                            r"passes\.c:\d+ \(steady_passes\)", lines[line])


def test_json_has_the_callers_too():
    found = document(passes("grows", 6, ["--format", "json"]))
    for row in found["regions"][0]["types"]:
        assert [c.split(" at ")[0] for c in row["callers"]] == ["grows", "main"]


def test_the_gate_takes_a_region_for_judged_as_steady_does(tmp_path):
    """A process with too few passes says nothing against one with enough."""
    both = ["sh", "-c", f"{PROGRAM} steady 2; {PROGRAM} steady 9"]
    few = ["sh", "-c", f"{PROGRAM} steady 2"]
    for command, status in ((both, 0), (few, 23)):
        assert refknot("steady", "--", *command).status == status
        done = refknot("check", "--fail-on", "growth", "--", *command,
                       cwd=tmp_path)
        assert done.status == status, done.told


@pytest.mark.parametrize("count", [6, 16, 17, 33, 100, 1000])
def test_growth_in_every_pass_is_found_at_any_length(count):
    assert judged("grows", count) == {
        "Session": "grows-every-pass", "malloc in keep": "grows-every-pass"}
    assert judged("grows_after_warmup", count) == {
        "malloc in keep": "grows-every-pass"}


@pytest.mark.parametrize("name, period, phase, count", [
    ("grows_every_third", 3, 0, 16), ("grows_every_third", 3, 0, 17),
    ("grows_every_third", 3, 0, 200), ("grows_every_hundredth", 100, 50, 1000),
    ("grows_every_hundredth", 100, 50, 12345)])
def test_periodic_growth_is_found(name, period, phase, count):
    found = document(passes(name, count, ["--format", "json"]))
    row, = found["regions"][0]["types"]
    assert (row["type"], row["verdict"]) == ("malloc in keep",
                                             "grows-periodically")
    assert row["series"] == series(lambda i: i % period == phase, count)
    told = passes(name, count)
    assert re.search(r"FAIL steady: request: 1 type grows periodically "
                     r"\(malloc in keep \+1 every \d+ passes\); exit 23$",
                     last_line(told))


def test_growth_that_goes_up_and_down_is_found():
    assert judged("grows_unevenly", 60) == {"Session": "grows-periodically"}


def test_growth_by_several_ways_is_found():
    assert judged("grows_by_turns", 6) == {
        "all blocks together": "grows-every-pass"}
    assert judged("grows_by_turns", 40) == {
        "malloc in keep": "grows-periodically",
        "malloc in keep_other": "grows-periodically"}


def test_the_site_is_the_one_that_grows():
    source = (SOURCE / "tests/cli/analysis/passes.c").read_text().splitlines()
    line = 1 + next(i for i, x in enumerate(source) if "/* grows */" in x)
    assert f"keep_either at passes.c:{line} " in passes("grows_at_one_line").told


@pytest.mark.parametrize("count", [6, 200])
def test_threads_of_one_pass_are_taken_together(count):
    assert judged("grows_in_threads", count) == {
        "malloc in keep": "grows-every-pass"}
    told = passes("grows_in_threads", count)
    assert f"request  {count} passes in {count} threads\n" in told.told


def test_a_child_is_judged_too():
    assert judged("grows_in_child", 6) == {
        "Session": "grows-every-pass", "malloc in keep": "grows-every-pass"}


def test_growth_with_returns_is_found_over_all_passes():
    found = document(passes("grows_with_returns", 600, ["--format", "json"]))
    row, = found["regions"][0]["types"]
    assert row["verdict"] == "grows-periodically"
    assert row["objects"] > 5000


@pytest.mark.parametrize("name", ["grows_over_threads",
                                  "grows_over_threads_at_once"])
@pytest.mark.parametrize("count", [240, 400])
def test_what_no_thread_shows_by_itself_their_sum_does(name, count):
    found = document(passes(name, count, ["--format", "json"]))
    region, = found["regions"]
    row, = region["types"]
    assert (row["type"], row["verdict"], row["thread"]) == (
        "malloc in keep", "grows-periodically", None)
    assert region["threads"] == count // 10
    assert count // 8 < row["objects"] <= count // 7 + 1


@pytest.mark.parametrize("count", [20, 100])
def test_the_thread_that_grows_is_named(count):
    found = document(passes("grows_in_one_of_threads", count,
                            ["--format", "json"]))
    region, = found["regions"]
    row, = region["types"]
    assert (row["verdict"], row["passes"]) == (
        "grows-every-pass", row["objects"])
    assert region["stopped_threads"] == 0
    told = passes("grows_in_one_of_threads", count)
    assert re.search(r" passes, most in thread \d+: \+", told.told)
    assert row["thread"] != 0


# --- What does not ----------------------------------------------------------------


@pytest.mark.parametrize("count", [6, 9, 15, 16, 17, 30, 64, 100, 129, 500])
@pytest.mark.parametrize("name", [
    "steady", "caches_at_first", "initialises_late", "doubles", "oscillates",
    "plateaus", "freed_outside", "handed_over"])
def test_what_only_looks_like_growth_is_none(name, count):
    assert judged(name, count) == {}


@pytest.mark.parametrize("name, count", [
    ("saws", 16), ("saws", 40), ("saws", 100), ("fills_a_cache", 64),
    ("fills_a_cache", 200), ("threads_set_up", 6), ("threads_set_up", 40)])
def test_so_is_what_a_longer_look_tells(name, count):
    assert judged(name, count) == {}


@pytest.mark.parametrize("count", [120, 400])
@pytest.mark.parametrize("name", [
    "warms_up_in_main", "fills_a_cache_in_threads", "threads_set_up_slowly",
    "threads_stay"])
def test_threads_that_fill_a_cache_or_set_up_are_none(name, count):
    assert judged(name, count) == {}


def test_a_thread_that_stopped_before_the_others_is_named():
    told = passes("warms_up_in_main", 200)
    assert told.told.splitlines()[:2] == [
        "request  220 passes in 21 threads; nothing grows",
        told.told.splitlines()[1]]
    assert re.fullmatch(
        r"    warm-up: the main thread( and \d+ more)? stopped before the "
        r"others began, after \d+ passes", told.told.splitlines()[1])
    found = document(passes("warms_up_in_main", 200, ["--format", "json"]))
    region, = found["regions"]
    assert region["stopped_threads"] >= 1
    assert region["stopped_passes"] >= 20
    assert document(passes("steady", 200, ["--format", "json"]))["regions"][0][
        "stopped_thread"] is None


def test_the_line_of_what_is_steady():
    told = passes("steady", 40)
    assert told.status == 0
    assert told.told.splitlines() == [
        "request  40 passes; nothing grows",
        "refknot: OK steady: request: 40 passes; exit 0"]


# --- What cannot be judged ---------------------------------------------------------


def test_too_few_passes_are_not_green():
    told = passes("steady", 5)
    assert told.status == 23
    assert told.told.splitlines() == [
        "request  5 passes; 6 are needed to judge it",
        "refknot: FAIL steady: request: 5 passes, 6 needed; exit 23"]
    assert passes("steady", 5, ["--warmup", "2"]).status == 0
    assert passes("steady", 5, ["-w", "0", "-r", "5"]).status == 0
    assert passes("steady", 5, ["-w", "0", "-r", "6"]).status == 23


def test_neither_is_a_program_without_regions():
    told = passes("no_region")
    assert told.status == 23
    assert last_line(told) == (
        "refknot: FAIL steady: the program made no regions known (see "
        "refknot.h), and no argument has a {} to be replaced by how much "
        "it is to do (see refknot steady --help); exit 23")


def test_neither_is_a_region_that_is_not_there():
    told = passes("steady", options=["--region", "requests"])
    assert told.status == 23
    assert last_line(told) == (
        "refknot: FAIL steady: requests: 0 passes, 6 needed; exit 23")


def test_neither_are_passes_that_found_no_room():
    told = passes("overflows")
    assert told.status == 23
    assert "found no room" in told.told
    assert last_line(told) == ("refknot: FAIL steady: request: not all that "
                               "it did is known; exit 23")


# --- Options, recordings, statuses -----------------------------------------------------


def test_regions_are_chosen_by_name():
    assert "poll: 1 type grows" in last_line(passes("two_regions"))
    told = passes("two_regions", options=["--region", "request"])
    assert (told.status, last_line(told)) == (
        0, "refknot: OK steady: request: 6 passes; exit 0")
    told = passes("two_regions",
                  options=["--region", "request", "--region", "poll"])
    assert told.status == 23


def test_recordings_are_judged_as_programs_are(tmp_path):
    r = record(tmp_path, PROGRAM, "grows", 6)
    told = refknot("steady", r.main)
    assert told.status == 23
    assert told.out.decode().splitlines()[-1] == last_line(passes("grows"))
    fine = record(tmp_path, PROGRAM, "steady", 6)
    told = refknot("steady", fine.main)
    assert (told.status, told.told) == (0, "")
    told = refknot("steady", tmp_path / "none.rkn")
    assert told.status == 2


def test_statuses(tmp_path):
    assert passes("grows", options=["--error-exitcode", "1"]).status == 1
    assert passes("grows", options=["--error-exitcode", "0"]).status == 0
    told = passes("fails")
    assert told.status == 7
    assert last_line(told).endswith("; exit 7")
    assert steady(tmp_path / "none").status == 125
    for bad in (["--error-exitcode", "77"], ["--error-exitcode", "x"],
                ["--runs", "0"], ["--warmup", "-1"], ["--format", "xml"]):
        told = passes("steady", options=bad)
        assert told.status == 2, bad
        assert len(told.told.splitlines()) == 1
    told = refknot("steady", "some.rkn", "--", PROGRAM)
    assert (told.status, "not both" in told.told) == (2, True)
    told = refknot("steady", "--")
    assert (told.status, "name a program" in told.told) == (2, True)


def test_limit_cuts_rows_and_says_so():
    told = passes("grows", options=["--limit", "1"])
    assert "omitting 1 more; --limit 0 shows all" in told.told
    assert "2 types grow" in last_line(told)
    assert told.told.count("GROWS") == 1


def test_no_recording_stays_behind(tmp_path):
    assert passes("grows", cwd=tmp_path).status == 23
    assert not list(tmp_path.iterdir())
    told = steady("/bin/sh", "-c", "echo $REFKNOT_OUT", cwd=tmp_path)
    live = pathlib.Path(told.out.decode().strip())
    assert live.is_absolute() and not live.exists()


# --- Whole commands -------------------------------------------------------------------


def test_a_command_that_leaves_more_for_more_work_grows():
    told = steady(PROGRAM, "leaves", "{}")
    assert told.status == 23
    lines = told.told.splitlines()
    assert lines[0] == f"{PROGRAM} leaves {{}}  6 runs"
    assert lines[1] == "    GROWS IN EVERY RUN  Session  +1 a run"
    calls = [line for line in lines if " called by " in line]
    assert calls[0].startswith("        called by leaves at passes.c:")
    assert lines[3 + len(calls)] == "        3 objects, 144 B in 3 runs: +1 +1 +1"
    assert lines[-1] == (
        f"refknot: FAIL steady: {PROGRAM} leaves {{}}: 1 type grows in every "
        "run (Session +1); exit 23")
    found = document(steady(PROGRAM, "leaves", "{}",
                            options=["--format", "json", "--runs", "20"]))
    assert found["unit"] == "run"
    row, = found["regions"][0]["types"]
    assert (row["objects"], row["bytes"]) == (20 - 1, 20 * 48)


def test_what_comes_to_an_end_does_not():
    told = steady(PROGRAM, "leaves_a_little", "{}")
    assert (told.status, last_line(told)) == (
        0, f"refknot: OK steady: {PROGRAM} leaves_a_little {{}}: 6 runs; "
        "exit 0")


def test_what_the_command_starts_counts_too():
    told = steady("/bin/sh", "-c", f"{PROGRAM} leaves {{}}; exit 0")
    assert told.status == 23
    assert "(Session +1)" in last_line(told)


def test_what_an_exec_replaced_does_not(tmp_path):
    program = compiled(tmp_path, "replaced", """
        #include <stdlib.h>
        #include <unistd.h>
        static void *volatile kept;
        int main(int argc, char **argv)
        {
            for (int i = atoi(argv[argc - 1]); i > 0; i--)
                kept = malloc(24);
            return execl("/bin/true", "true", (char *)NULL);
        }""", "-fno-builtin")
    told = steady(program, "{}")
    assert told.status == 0, told.told


def test_each_run_is_told_how_much_to_do():
    told = steady("/bin/echo", "<{}-{}>", "{", options=["-w", "1", "-r", "2"])
    assert told.out == b"<1-1> {\n<2-2> {\n<3-3> {\n"
    assert told.status == 0


def test_the_first_run_that_fails_is_the_last():
    told = steady("/bin/sh", "-c", "echo {}; test {} -lt 3 || exit 5")
    assert (told.status, told.out) == (5, b"1\n2\n3\n")
    assert "failed with exit status 5; no run follows" in told.told
    assert last_line(told).endswith("2 runs, 6 needed; exit 5")


def test_regions_and_runs_exclude_each_other():
    told = steady(PROGRAM, "leaves", "{}", options=["--region", "request"])
    assert (told.status, "exclude each other" in told.told) == (2, True)


def test_every_run_has_the_same_surroundings():
    told = steady("/bin/sh", "-c",
                  'echo {} >/dev/null; echo "$LD_PRELOAD"; '
                  "grep SigIgn /proc/self/status")
    lines = told.out.decode().splitlines()
    assert len(lines) == 12
    assert len(set(lines[0::2])) == 1 and len(set(lines[1::2])) == 1
    assert lines[0].count("librefknot_preload.so") == 1


# Programs that none of us wrote: what each does with the number is all its work.
REAL = {
    "jq": ["jq", "-n", "[range({}*100)]|map(tostring)|add|length"],
    "sqlite3": ["sqlite3", ":memory:",
                "with recursive n(x) as (select 1 union all select x+1 from n "
                "where x<{}*100) select count(*), sum(x) from n;"],
    "python3": ["/usr/bin/python3", "-S", "-c",
                "for i in range({}*100): x = [str(i)] * 3"],
    "perl": ["perl", "-e", "for (1..{}*100) { push @a, {{n=>$_}}; @a=() }"],
    "xmllint": ["sh", "-c", 'for i in $(seq {}); do echo "<a>$i</a>"; done | '
                "(echo '<r>'; cat; echo '</r>') | xmllint --noout -"],
}
LEAK = ["/usr/bin/python3", "-S", "-c",
        "import ctypes; c = ctypes.CDLL(None)\n"
        "for i in range({}): c.strdup(b'lost')"]


@pytest.mark.parametrize("name", sorted(REAL))
def test_real_commands_are_steady(name):
    if not shutil.which(REAL[name][0]):
        pytest.skip(f"{name} is not installed")
    told = steady(*REAL[name], env=environment(PYTHONMALLOC="malloc",
                                               PYTHONHASHSEED=0))
    assert told.status == 0, told.told
    assert last_line(told).endswith(": 6 runs; exit 0")


def test_a_leak_in_a_real_command_is_found():
    told = steady(*LEAK, env=environment(PYTHONMALLOC="malloc",
                                       PYTHONHASHSEED=0))
    assert told.status == 23
    assert re.search(r"1 type grows in every run \(strdup in \S+ \+1\)",
                     last_line(told)), told.told


def test_what_was_not_recorded_is_told():
    done = steady("sh", "-c", f"env -i {PROGRAM} each 12; {PROGRAM} each 12")
    assert "steady_passes, pid " in done.told
    assert "is not judged: it was executed and not recorded" in done.told


def test_help_says_what_the_braces_are():
    told = refknot("steady", "--help").out.decode()
    assert "Where an argument of PROG has {}, PROG is run six times" in told
    shown = passes("no_region")
    assert "refknot steady --help" in last_line(shown)


def test_what_grows_in_several_processes_is_one_row(tmp_path):
    """Each type and place, with the sums of the processes that have it."""
    def rows(commands):
        told = steady("sh", "-c", "; ".join(f"{PROGRAM} {c}" for c in commands),
                      options=["--format", "json"])
        region, = document(told)["regions"]
        return region["passes"], [
            (r["place"], r["passes"], r["objects"], r["bytes"], r["rate"])
            for r in region["types"]]

    passes_once, once = rows(["grows 20"])
    assert len(once) == 2
    for others in (["grows 20"], ["grows 20", "grows 20"]):
        n = 1 + len(others)
        assert rows(["grows 20", *others]) == (n * passes_once, [
            (place, n * seen, n * objects, n * size, rate)
            for place, seen, objects, size, rate in once])
    assert rows(["steady 20", "grows 20"])[1] == once
