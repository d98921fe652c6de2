# SPDX-License-Identifier: MIT
"""What the sweep concludes, without the sweep's programs: which losses are
the same, what is harm, which differences are explained."""
import fnmatch
import shutil
import types

import pytest

import differences
import peers
import recording as rkn
import summary
from commands import COMMANDS, Row
from conftest import BUILD, SOURCE, compiled, environment, record, run
from findings import all_processes, is_unstable, numbers, together
from runs import Outcome, Runner, harm
from sites import (compare, largest, match, module_name, site_of, total,
                   without)
from sweep import Command, Display
from tables import is_cut, tables_of

A = (("prog", 0x174), ("prog", 0x18e), ("libc.so", 0x249))
B = (("prog", 0x174), ("prog", 0x1bd), ("libc.so", 0x249))
C = (("libz.so", 0x010),)
NOTHING = {}, {}, {}, {}


# ------------------------------------------------------------- sites

def test_a_site_is_the_same_wherever_modules_were_loaded():
    ours = site_of([("/usr/lib/libz.so.1.2.13", 0x11010, "f")])
    theirs = site_of([("/lib/libz.so.1", 0x7f0000a11010, None)])
    assert ours == theirs == (("libz.so", 0x010),)


def test_frames_of_the_allocators_are_no_part_of_a_site():
    inner = ("/usr/libexec/valgrind/vgpreload_memcheck-amd64-linux.so", 0x7b4,
             "operator new(unsigned long)")
    assert site_of([inner, ("prog", 0x1174, "mk")]) == (("prog", 0x174),)
    new = ("/usr/lib/x86_64-linux-gnu/libstdc++.so.6", 0xae123, "_Znwm")
    assert site_of([new, ("prog", 0x1174, "mk")]) == (("prog", 0x174),)
    string = (new[0], 0xae123, "std::string::_M_create")
    assert site_of([string])[0][0] == "libstdc++.so"


def test_a_version_is_no_part_of_a_modules_name():
    assert module_name("/usr/lib/libxml2.so.2.9.14") == "libxml2.so"
    assert module_name(None) == "?"
    assert module_name("/usr/bin/python3.11") == "python3.11"


def test_equal_losses_match_whole():
    assert match({A: [3, 99]}, {A: [3, 99]}) == ({}, {})


def test_what_is_more_on_one_side_is_left():
    assert match({A: [5, 50]}, {A: [3, 30]}) == ({A: [2, 20]}, {})
    assert match({A: [3, 30]}, {A: [5, 50]}) == ({}, {A: [2, 20]})


def test_a_stack_that_one_tool_cut_matches_by_its_inner_frames():
    assert match({A: [3, 99]}, {A[:2]: [3, 99]}) == ({}, {})


def test_the_closest_site_is_matched_first():
    ours, theirs = match({A: [1, 8], B: [1, 9]}, {B: [1, 9]})
    assert ours == {A: [1, 8]} and theirs == {}


def test_another_allocating_function_never_matches():
    assert match({A: [1, 8]}, {C: [1, 8]}) == ({A: [1, 8]}, {C: [1, 8]})


def test_an_operator_new_of_the_programs_own_matches_what_calls_it():
    inner = (("prog", 0x999), *A)
    assert match({inner: [3, 99]}, {A: [3, 99]}) == ({}, {})
    assert match({A: [3, 99]}, {inner: [3, 99]})[0]


def test_without_is_what_was_matched():
    assert without({A: [5, 50], B: [1, 9]}, {A: [2, 20]}) == {
        A: [3, 30], B: [1, 9]}


def test_a_forked_childs_copy_of_a_loss_counts_once():
    assert largest([{A: [3, 99]}, {A: [3, 99], B: [1, 11]}]) == {
        A: [3, 99], B: [1, 11]}
    assert total({A: [3, 99], B: [1, 11]}) == (4, 110)


def test_nothing_differs_where_all_agree():
    assert compare({A: [1, 8]}, {A: [1, 8]}, {A: [1, 8]}) == NOTHING


def test_missed_is_what_both_peers_find():
    missed, by_valgrind, by_lsan, alone = compare(
        {}, {A: [2, 16], B: [1, 9]}, {A: [1, 8], C: [1, 5]})
    assert missed == {A: [1, 8]}
    assert by_valgrind == {A: [1, 8], B: [1, 9]}
    assert by_lsan == {C: [1, 5]}
    assert alone == {}


def test_found_by_one_peer_and_refknot_is_no_difference():
    assert compare({A: [1, 8]}, {A: [1, 8]}, {}) == NOTHING
    assert compare({A: [1, 8]}, {}, {A: [1, 8]}) == NOTHING


def test_an_alarm_is_what_no_peer_finds():
    assert compare({A: [1, 8], C: [1, 5]}, {A: [1, 8]}, {}) == (
        {}, {}, {}, {C: [1, 5]})


def test_a_peer_without_result_is_no_witness():
    assert compare({}, {A: [1, 8]}, None) == ({}, {A: [1, 8]}, {}, {})
    assert compare({}, None, {A: [1, 8]}) == ({}, {}, {A: [1, 8]}, {})
    assert compare({A: [1, 8]}, None, {}) == ({}, {}, {}, {A: [1, 8]})
    assert compare({A: [1, 8]}, None, None) == NOTHING


# ------------------------------------------------------------- peers

VALGRIND = """<error><kind>Leak_DefinitelyLost</kind><xwhat>
<text>83 (33 direct, 50 indirect) bytes in 1 blocks are definitely lost</text>
<leakedbytes>83</leakedbytes><leakedblocks>1</leakedblocks></xwhat>
<stack><frame><ip>0x48417B4</ip><obj>/x/vgpreload_memcheck.so</obj>
<fn>malloc</fn></frame><frame><ip>0x109174</ip><obj>/t/prog</obj><fn>mk</fn>
</frame></stack></error><error><kind>Leak_PossiblyLost</kind><xwhat>
<text>9 bytes in 1 blocks are possibly lost</text><leakedbytes>9</leakedbytes>
<leakedblocks>1</leakedblocks></xwhat><stack><frame><ip>0x1</ip></frame>
</stack></error><error><kind>InvalidFree</kind></error><error><kind>cut"""

LSAN = """==7==ERROR: LeakSanitizer: detected memory leaks

Direct leak of 99 byte(s) in 3 object(s) allocated from:
    #0 0x7f55df813545  (/usr/lib/liblsan.so.0+0x13545)
    #1 0x5619c0e9b174  (/t/prog+0x1174) (BuildId: 00)
    #2 0x5619c0e9b18e  (<unknown module>)

Indirect leak of 5 byte(s) in 1 object(s) allocated from:
    #0 0x7f55df813545  (/usr/lib/liblsan.so.0+0x13545)
    #1 0x5619c0e9b174  (/t/prog+0x1174)

SUMMARY: LeakSanitizer: 104 byte(s) leaked in 4 allocation(s).
"""


def test_valgrinds_file_is_read_also_when_it_is_cut():
    names = {}
    found = peers.read_valgrind(VALGRIND, names)
    assert found["lost"] == {(("prog", 0x174),): [1, 33]}
    assert total(found["possible"]) == (1, 9)
    assert names["prog", 0x174] == "mk"


def test_leak_sanitizers_text_is_read():
    assert peers.read_lsan(LSAN) == {
        (("prog", 0x174), ("?", 0x18e)): [3, 99], (("prog", 0x174),): [1, 5]}


def test_a_failed_check_of_leak_sanitizer_is_no_result():
    assert peers.read_lsan("==7==LeakSanitizer has encountered a fatal "
                           "error.\n") is None
    assert peers.read_lsan("") == {}


# ------------------------------------------------------------- harm

def outcome(**more):
    return Outcome(**{"status": 0, "out": "a\nb\n", "err": "", "wall": 1,
                      "cpu": 1, "files": {"f": "1"}, **more})


def test_the_same_outcome_is_no_harm():
    assert harm(outcome(), outcome(), outcome()) is None


@pytest.mark.parametrize("change", [
    {"status": 139}, {"status": None}, {"out": "a\n"}, {"err": "oops\n"},
    {"files": {}}, {"files": {"f": "2"}}, {"files": {"f": "1", "g": "1"}},
    {"left": 1}])
def test_each_other_outcome_is_harm(change):
    assert harm(outcome(), outcome(), outcome(**change))


def test_what_varies_between_plain_runs_is_no_harm():
    other = outcome(out="a\nc\n", files={"f": "2"})
    assert harm(outcome(), other, outcome(out="a\nd\n", files={"f": "3"})
                ) is None
    assert harm(outcome(), other, outcome(out="x\nd\n")) == "stdout differs"
    assert harm(outcome(), outcome(status=1), outcome(status=1)) is None


# ------------------------------------------------------- differences

FILE = """# a comment
alarm   php-*  *libxml2.so!*  peers  a reason
    that goes on
missed  *      prog!f*        both
    another
"""


def test_rows_are_read_with_their_reasons():
    first, second = differences.parse(FILE)
    assert first.why == "a reason that goes on"
    assert (second.kind, second.right, second.line) == ("missed", "both", 4)
    assert second.why == "another"


def test_the_file_of_the_repository_is_well_formed():
    rows = differences.parse((SOURCE / "tests/whole/sweep/differences").read_text())
    names = [c.name for c in COMMANDS]
    for row in rows:
        assert any(fnmatch.fnmatchcase(n, row.command) for n in names), row


@pytest.mark.parametrize("line", [
    "alarm php x", "alarm php x peers", "alarms php x peers why",
    "alarm php x me why",
    "  continues nothing"])
def test_a_line_that_is_no_row_is_refused(line):
    with pytest.raises(differences.Malformed):
        differences.parse(line)


def test_a_row_explains_its_kind_command_and_place_only():
    rows = differences.parse(FILE)
    where = "php!f < libxml2.so!g"
    assert differences.explain(rows, "alarm", "php-xml", where) is rows[0]
    assert not differences.explain(rows, "missed", "php-xml", where)
    assert not differences.explain(rows, "alarm", "php", where)
    assert not differences.explain(rows, "alarm", "php-xml", "php!f")


def test_a_row_that_matches_nothing_any_more_is_named():
    rows = differences.parse(FILE)
    assert differences.explain(rows, "missed", "x", "prog!f")
    assert differences.unused(rows, ["php-xml"]) == [rows[0]]
    assert differences.unused(rows, ["x"]) == []


def result(**more):
    return {"name": "prog", "kind": "tool", "harmed": None, "missed": [],
            "missed_valgrind": [], "missed_lsan": [], "alarms": [],
            "unstable": False, "wavers": False, "missed_held": {},
            "numbers": [], "processes": [], "plain_s": 1.0,
            "refknot_s": 1.1, "lost": [0, 0],
            "possible": [0, 0], "valgrind": [0, 0], "lsan": [0, 0],
            "refused": False, **more}


@pytest.mark.parametrize("change,kind", [
    ({"harmed": "status 139 for 0"}, "harmed"),
    ({"missed": [["prog!f", 1, 8]]}, "missed"),
    ({"missed_valgrind": [["prog!f", 1, 8]]}, "missed-valgrind"),
    ({"missed_lsan": [["prog!f", 1, 8]]}, "missed-lsan"),
    ({"alarms": [["prog!f", 1, 8]]}, "alarm"),
    ({"unstable": True, "numbers": [
        [["prog", {}, []]], [["prog", {"leak": [1, 1, 8, 0, 0]}, []]]]},
     "unstable"),
    ({"processes": [{"cut": {"prog": 3}, "stacks": 9, "unnamed": [],
                     "without_symbols": 0}]}, "cut"),
    ({"processes": [{"cut": {}, "stacks": 9, "unnamed": ["x.so"],
                     "without_symbols": 1}]}, "unnamed"),
    ({"refknot_s": 99.0}, "slow"), ({"failed": "no such program"}, "failed")])
def test_each_difference_needs_a_row(change, kind):
    text, unexplained = summary.whole([result(**change)], [])
    assert unexplained == 1 and kind in text
    row = differences.parse(f"{kind} prog * refknot it is so")
    text, unexplained = summary.whole([result(**change)], row)
    assert unexplained == 0 and "it is so" in text


def test_without_differences_nothing_is_unexplained():
    assert summary.whole([result()], [])[1] == 0


# ------------------------------------------------------------- table

def test_the_table_has_what_it_promises():
    names = [c.name for c in COMMANDS]
    assert len(names) == len(set(names)) >= 150
    listed = set()
    for line in (SOURCE / "tests/whole/sweep/packages").read_text().splitlines():
        listed |= set(line.split("#")[0].split())
    assert len(listed) >= 60
    always = {"bash", "dash", "coreutils", "grep", "findutils", "gzip",
              "libc-bin", "apt", "dpkg", "iproute2", "gpgv", "less",
              "bsdextrautils"}
    named = {p for c in COMMANDS for p in c.packages}
    assert not named - listed - always


# --------------------------------------- recordings, and all together

LEAKY = """
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
__attribute__((noinline)) static void *make(int n) { return malloc(n); }
__attribute__((noinline)) static void lose(void)
{
	for (int i = 0; i < 3; i++) {
		char **outer = make(33);
		*outer = make(50);
	}
}
__attribute__((noinline)) static void wipe(void)
{
	char stack[4096];
	memset(stack, 0, sizeof(stack));
	__asm__ volatile("" : : "r"(stack) : "memory");
}
void *kept;
int main(void)
{
	kept = make(7);
	lose();
	wipe();
	puts("done");
	return 0;
}
"""


@pytest.fixture(scope="module")
def leaky(tmp_path_factory):
    return compiled(tmp_path_factory.mktemp("leaky"), "leaky", LEAKY, "-O1",
                    "-g", "-fno-omit-frame-pointer")


def test_a_recording_says_what_no_root_leads_to(leaky, tmp_path):
    recorded = rkn.Recording(record(tmp_path, leaky).main)
    assert recorded.has_snapshot and recorded.program == str(leaky)
    sizes = sorted(recorded.blocks[i][1] for i in recorded.unreachable())
    assert sizes == [33] * 3 + [50] * 3
    stack = recorded.stack(recorded.blocks[recorded.unreachable()[0]][3])
    assert stack[0][0] == str(leaky)


def test_a_recording_says_what_holds_a_block(leaky, tmp_path):
    recorded = rkn.Recording(record(tmp_path, leaky).main)
    holder = recorded.holders()
    held = {b[1]: holder(i) for i, b in enumerate(recorded.blocks)}
    assert held[33] == held[50] == "nothing" and held[7] == "data"
    recorded.blocks[[b[1] for b in recorded.blocks].index(7)] = (
        0, 7, 0, 0, 0)
    kept = next(i for i, b in enumerate(recorded.blocks) if b[1] == 7)
    lost = next(i for i, b in enumerate(recorded.blocks) if b[1] == 33)
    recorded.edges.append((kept, lost, 0, 0))
    assert recorded.holders()(lost) == "bytes behind a request"
    recorded.roots = [(r[0], r[1], r[2] or 4, *r[3:]) for r in recorded.roots]
    assert recorded.holders()(kept) == "a pointer into a middle"


def test_a_whole_stack_is_not_cut_and_a_shortened_one_is(leaky, tmp_path):
    recorded = rkn.Recording(record(tmp_path, leaky).main)
    stacks = [recorded.stack(i) for i in range(1, len(recorded.stacks))]
    assert stacks and not any(is_cut(s) for s in stacks)
    longest = max(stacks, key=len)
    assert all(is_cut(longest[:n]) for n in range(1, len(longest) - 1))


def test_unwind_tables_are_those_that_readelf_reads(leaky):
    told = run("readelf", "--debug-dump=frames", leaky).out.decode()
    starts = {int(line.split("pc=")[1].split("..")[0], 16)
              for line in told.splitlines() if " FDE " in line}
    assert set(tables_of(str(leaky)).starts) == starts


def test_without_tables_no_stack_is_cut(tmp_path):
    assert not is_cut([(None, 0x1000)])
    assert not is_cut([(str(tmp_path / "gone"), 0x1000)])
    assert not is_cut([])


def options(tmp_path):
    (tmp_path / "results").mkdir()
    return types.SimpleNamespace(
        results=tmp_path / "results", build=BUILD, no_peers=False,
        fresh=False, plain=False, keep_recordings=False)


def sweep_one(line, tmp_path):
    (tmp_path / "materials").mkdir()
    row = Row("leaky", (), "tool", line)
    return Command(row, options(tmp_path), Display(), tmp_path)


@pytest.mark.skipif(not shutil.which("valgrind"), reason="no valgrind")
def test_a_command_goes_through_the_whole_sweep(leaky, tmp_path):
    found = sweep_one(f"$T {leaky}", tmp_path).run()
    assert found["lost"] == (6, 249) == found["valgrind"]
    assert not summary.differences_of(found), summary.whole([found], [])[0]


@pytest.mark.skipif(not shutil.which("valgrind"), reason="no valgrind")
def test_each_program_of_a_command_is_judged(leaky, tmp_path):
    found = sweep_one(f"$T {leaky}; $T true", tmp_path).run()
    assert [p["program"] for p in found["processes"]] in (
        ["leaky", "true"], ["true", "leaky"])
    assert found["lost"] == (6, 249)
    assert not summary.differences_of(found), summary.whole([found], [])[0]


def test_a_blind_refknot_has_missed_what_the_peers_find(leaky, tmp_path):
    command = sweep_one(f"$T {leaky}", tmp_path)
    plain = command.plain()
    command.names["leaky", 0x174] = "make"
    lost = {(("leaky", 0x174),): [3, 99]}
    found = command.judged(plain, plain, [plain], [], [[]], None,
                           {"valgrind": lost, "valgrind_possible": {},
                            "lsan": lost})
    assert found["missed"] == [["leaky!make", 3, 99]]


def test_leak_sanitizer_is_no_witness_of_what_a_signal_ended(leaky,
                                                             tmp_path):
    command = sweep_one(f"$T {leaky}", tmp_path)
    plain = command.plain()
    ended = {k: {} for k in ("lost", "heads", "possible", "sums", "cut")}
    ended.update(program="leaky", snapshot=True, stacks=1, unnamed=[],
                 without_symbols=0, confidence=[], missing=[], signal=15,
                 blocks=1)
    found = command.judged(plain, plain, [plain], [ended], [[]], None,
                           {"valgrind": None, "lsan": {A: [1, 8]}})
    assert found["lsan"] is False and not found["missed_lsan"]


def test_what_a_command_leaves_running_is_ended(tmp_path):
    (tmp_path / "materials").mkdir()
    row = Row("rest", (), "tool", "sleep 300 & echo begun")
    script = (f"import sys; sys.path.insert(0, {str(SOURCE / 'tests/whole/sweep')!r}"
              "); import runs, pathlib; from commands import Row; "
              "runs.become_reaper(); p = pathlib.Path(sys.argv[1]); "
              f"row = Row('rest', (), 'tool', {row.line!r}); "
              "o = runs.Runner(row, p, p / 'materials').run(['env'], p / 'o',"
              " 20); print(o.out.strip(), o.left, runs.children())")
    done = run("/usr/bin/python3", "-c", script, tmp_path,
               env=environment(PYTHONDONTWRITEBYTECODE="1"))
    assert done.out.decode().strip() == "begun 1 []", done.told


def test_a_command_that_takes_too_long_is_ended(tmp_path):
    (tmp_path / "materials").mkdir()
    row = Row("late", (), "tool", "$T sleep 300")
    done = Runner(row, tmp_path, tmp_path / "materials").run(
        ["env"], tmp_path / "o", 0.5)
    assert done.status is None


def test_three_runs_have_equal_numbers(leaky, tmp_path):
    rows = []
    for n in range(3):
        out = tmp_path / str(n)
        out.mkdir()
        record(out, leaky)
        rows.append(numbers(BUILD / "cli/refknot", out, tmp_path / "cache"))
    assert rows[0] == rows[1] == rows[2] and not is_unstable(rows)
    assert rows[0][0][1]["leak"][1:] == [3, 99, 3, 150]


def test_other_sums_of_the_same_allocations_are_unstable():
    one = ["prog", {"leak": [1, 1, 8, 0, 0]}, [9, 8, 1, 8]]
    two = ["prog", {}, [9, 8, 1, 8]]
    other = ["prog", {}, [9, 9, 0, 0]]
    assert is_unstable([[one], [two]])
    assert not is_unstable([[one], [one]])
    assert not is_unstable([[one], [other]])


def test_losses_by_site_are_what_the_report_says(leaky, tmp_path):
    record(tmp_path, leaky)
    processes = all_processes(BUILD / "cli/refknot", tmp_path,
                              tmp_path / "cache", {})
    heads, lost = (together(processes, k) for k in ("heads", "lost"))
    assert total(heads) == (3, 99) and total(lost) == (6, 249)
    assert set(heads) <= set(lost)
