# SPDX-License-Identifier: MIT
"""Ends by signals: the check is made all the same, and nobody sees how."""
import resource
import signal
import sys

import pytest

from conftest import (BUILD, SHIM, SOURCE, environment, read_json, record,
                      refknot, run)
from faults import leaks, program, same

DIES = program("dies")
SPENT = program("spent")
SCANT = program("scant")
# All whose default action ends the process, but SIGKILL.
FATAL = [s for s in [*range(1, 32), 34, 40, 64] if s not in (
    signal.SIGKILL, signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN,
    signal.SIGTTOU, signal.SIGCONT, signal.SIGCHLD, signal.SIGURG,
    signal.SIGWINCH)]


def check_at_signal(recorded, number):
    report = recorded.report()
    assert report["verdict"]["checked"] is True
    assert report["process"]["signal"] == number
    assert report["recording"]["snapshot_at"] == "signal"
    info = refknot("info", recorded.main).out.decode()
    assert "snapshot         in a handler of the signal that ended" in info
    return report


@pytest.mark.parametrize("number", FATAL)
def test_every_fatal_signal_has_the_check_made(number, tmp_path):
    recorded = same(tmp_path, DIES, "raise", number)
    report = check_at_signal(recorded, number)
    assert leaks(report, DIES) == {"lose": (1, 100)}


@pytest.mark.parametrize("how, number", [
    ("null", signal.SIGSEGV), ("divide", signal.SIGFPE),
    ("illegal", signal.SIGILL), ("trap", signal.SIGTRAP),
    ("bus", signal.SIGBUS), ("abort", signal.SIGABRT),
    ("profile", signal.SIGPROF), ("alarm", signal.SIGALRM),
    ("together", signal.SIGSEGV)])
def test_what_raises_them_makes_no_difference(how, number, tmp_path):
    report = check_at_signal(same(tmp_path, DIES, how), number)
    assert leaks(report, DIES) == {"lose": (1, 100)}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGSEGV])
@pytest.mark.parametrize("how", ["kill", "thread", "register", "again"])
def test_who_gets_them_makes_no_difference(how, number, tmp_path):
    """A block that a register alone leads to is no leak."""
    report = check_at_signal(same(tmp_path, DIES, how, number), number)
    assert leaks(report, DIES) == {"lose": (1, 100)}


@pytest.mark.parametrize("how", ["abort", "raise", "kill", "syscall"])
def test_registers_that_a_last_call_may_change_keep_nothing(how, tmp_path):
    report = same(tmp_path, SPENT, how).report()
    assert report["verdict"]["checked"] is True
    assert leaks(report, SPENT) == {"end": (1, 100)}


@pytest.mark.parametrize("how", ["fault", "inline"])
def test_registers_in_use_where_a_signal_comes_keep_blocks(how, tmp_path):
    report = same(tmp_path, SPENT, how).report()
    assert report["verdict"]["checked"] is True
    assert leaks(report, SPENT) == {}


def test_malloc_leaves_no_address_in_registers(tmp_path):
    report = same(tmp_path, SPENT, "fresh").report()
    assert leaks(report, SPENT) == {"fresh": (1, 100)}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGBUS])
def test_a_small_alternate_stack_does_not_change_the_signal(number, tmp_path):
    report = check_at_signal(same(tmp_path, DIES, "narrow", number), number)
    assert leaks(report, DIES) == {"lose": (1, 100)}


@pytest.mark.parametrize("how, number", [
    ("kill", signal.SIGTERM), ("raise", signal.SIGUSR1),
    ("abort", signal.SIGABRT), ("divide", signal.SIGFPE)])
@pytest.mark.parametrize("left", [1000, 3000, 6000])
@pytest.mark.parametrize("where", ["coroutine", "thread", "own", "take"])
def test_little_stack_does_not_change_the_signal(where, left, how, number,
                                                 tmp_path):
    """There is no room for the frame of a handler."""
    recorded = same(tmp_path, SCANT, where, left, how, number)
    report = check_at_signal(recorded, number)
    assert leaks(report, SCANT) == {"lose": (1, 100)}


def test_registers_on_little_stack_keep_blocks(tmp_path):
    recorded = same(tmp_path, SCANT, "coroutine", 1000, "register",
                    signal.SIGTERM)
    report = check_at_signal(recorded, signal.SIGTERM)
    assert leaks(report, SCANT) == {"lose": (1, 100)}


def test_threads_with_little_stack_may_be_many(tmp_path):
    """Those that ended leave to others what they were given."""
    check_at_signal(same(tmp_path, SCANT, "threads", 1000, "kill", 15), 15)


def test_a_forked_child_may_have_little_stack(tmp_path):
    recorded = same(tmp_path, SCANT, "child", 1000, "kill", 15)
    check_at_signal(recorded, 15)
    child, = recorded.children
    report = read_json("report", child)
    assert report["process"]["signal"] == 15
    assert leaks(report, SCANT)["lose"] == (1, 50)


@pytest.mark.parametrize("what", ["see", "handle"])
def test_nobody_sees_what_stack_a_signal_would_have(what, tmp_path):
    """And a small one of the program's own does not change the signal."""
    recorded = same(tmp_path, SCANT, what, 30000, "nothing", 15)
    assert recorded.outcome.out
    check_at_signal(recorded, 15)


@pytest.mark.parametrize("how, number, confidence", [
    ("middle", signal.SIGALRM, "high"), ("there", signal.SIGTERM, "medium"),
    ("left", signal.SIGTERM, "medium")])
def test_realloc_defers_a_signal_only_while_it_runs(how, number, confidence,
                                                    tmp_path):
    """Not where a handler interrupted it, whose signal would never come."""
    reallocs = program("reallocs")
    report = check_at_signal(same(tmp_path, reallocs, how), number)
    if how == "middle":  # what the block holds is no leak
        assert leaks(report, reallocs) == {"lose": (1, 100)}
    found, = [f for f in report["findings"] if f["kind"] == "leak" and
              f["bytes"] == 100]
    assert found["confidence"] == confidence, report["complete"]


def test_an_allocator_that_aborts_has_the_check_made(tmp_path):
    recorded = same(tmp_path, DIES, "twice")
    assert b"double free" in recorded.outcome.err
    check_at_signal(recorded, signal.SIGABRT)


def test_an_array_that_overflows_to_the_end_of_the_stack_is_checked(tmp_path):
    """What the kernel told the program lies there, too."""
    report = check_at_signal(same(tmp_path, DIES, "smear"), signal.SIGSEGV)
    assert leaks(report, DIES) == {"lose": (1, 100)}


def test_a_program_may_lose_what_the_kernel_told_it(tmp_path):
    assert same(tmp_path, DIES, "execute").outcome.status == 0


def test_a_handler_that_exits_has_the_check_made(tmp_path):
    report = same(tmp_path, DIES, "leave", signal.SIGTERM).report()
    assert report["recording"]["snapshot_at"] == "exit"
    assert leaks(report, DIES) == {"lose": (1, 100)}


def test_a_stack_that_overflows_onto_an_alternate_one_is_checked(tmp_path):
    report = check_at_signal(same(tmp_path, DIES, "alternate"), signal.SIGSEGV)
    assert leaks(report, DIES) == {"lose": (1, 100)}


@pytest.mark.parametrize("how, args, number, why", [
    ("overflow", (), signal.SIGSEGV, "the stack was full"),
    ("reset", (), signal.SIGTERM, "SA_RESETHAND"),
    ("raise", (9,), signal.SIGKILL, "which nothing can catch")])
def test_what_cannot_be_caught_is_named(how, args, number, why, tmp_path):
    recorded = same(tmp_path, DIES, how, *args)
    report = recorded.report()
    assert report["process"]["signal"] == number
    assert report["verdict"]["checked"] is False
    assert any(why in row["why"] for row in report["complete"])
    assert report["recording"]["snapshot_at"] is None
    alive = read_json("objects", recorded.main, "--by", "size", "--limit", "0")
    assert any(t["type"] == "100 B" for t in alive["types"])


def test_a_handler_may_end_the_process_anywhere_in_its_end(tmp_path):
    """At each of the first instructions: none waits for itself, or loses the
    check."""
    recorded = same(tmp_path, program("ends"), "steps", 200)
    assert recorded.outcome.out == b"200 ended as they should\n"
    assert len(recorded.children) == 200
    for child in recorded.children:
        report = read_json("report", child)
        assert report["verdict"]["checked"] is True, child
        assert leaks(report, program("ends")) == {"lose": (1, 100)}


@pytest.mark.parametrize("how", ["default", "handler", "signal", "limit"])
def test_a_vfork_child_changes_nothing_of_what_its_parent_is_told(
        how, tmp_path):
    recorded = same(tmp_path, program("vforks"), how)
    assert b"SOMETHING ELSE" not in recorded.outcome.out
    assert leaks(recorded.report(), program("vforks")) == {"lose": (1, 100)}


def test_a_vfork_child_that_a_signal_ends_is_no_end_of_its_parent(tmp_path):
    report = check_at_signal(same(tmp_path, program("vforks"), "die"),
                             signal.SIGTERM)
    assert leaks(report, program("vforks")) == {"lose": (1, 100)}


def test_actions_are_told_as_they_would_be(tmp_path):
    recorded = same(tmp_path, program("dispositions"))
    assert b"SOMETHING ELSE" not in recorded.outcome.out
    assert recorded.outcome.out.count(b"after ") > 40


def test_checks_at_signals_can_be_switched_off(tmp_path):
    env = environment(REFKNOT_SIGNALS=0)
    recorded = same(tmp_path, DIES, "raise", 15, env=env)
    assert recorded.report()["verdict"]["checked"] is False
    caught = record(tmp_path, "grep", "SigCgt", "/proc/self/status", env=env)
    assert int(caught.outcome.out.split()[1], 16) in (0, 1 << 10)


def ignore_hangup():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def test_an_ignored_signal_stays_ignored(tmp_path):
    recorded = record(tmp_path, DIES, "raise", signal.SIGHUP,
                      preexec_fn=ignore_hangup)
    assert recorded.outcome.status == 0
    assert recorded.outcome.out == b"begin\nend\n"


NESTED = """
import signal, sys
for number in (1, 2, 3, 10, 12, 15):
    signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, [10, 14])
sys.path.insert(0, sys.argv[1])
import conftest
print(conftest.run("grep", "-E", "^Sig(Ign|Blk)", "/proc/self/status").out)
"""


def test_what_is_pending_and_ignored_stays_pending(tmp_path):
    recorded = same(tmp_path, program("pends"))
    assert recorded.outcome.out == b"pending, ignored\n"


def test_tests_set_dispositions_of_their_own():
    """Under nohup, or behind a shell, they start programs as anywhere else."""
    done = run(sys.executable, "-c", NESTED, SOURCE / "tests")
    assert b"SigBlk:\\t0000000000000000\\nSigIgn:\\t0000000000000000\\n" \
        in done.out, done


def core_of(tmp_path, argv):
    """The core that a program leaves, as gdb reads it; None where none."""
    tmp_path.mkdir()
    run(*argv, cwd=tmp_path, preexec_fn=lambda: resource.setrlimit(
        resource.RLIMIT_CORE, (-1, -1)))
    cores = [p for p in tmp_path.iterdir() if p.name.startswith("core")]
    if not cores:
        return None
    told = run("gdb", "-batch", "-nx", "-ex", "bt 1", "-ex",
               "p $_siginfo.si_signo", "-ex", "p $_siginfo._sifields."
               "_sigfault.si_addr", DIES, cores[0]).out.decode()
    size = cores[0].stat().st_blocks * 512
    return [line for line in told.splitlines()
            if line.startswith(("#0", "$"))], size


def test_a_core_shows_where_the_program_died(tmp_path):
    with open("/proc/sys/kernel/core_pattern", encoding="ascii") as f:
        pattern = f.read().strip()
    if pattern.startswith("|") or "/" in pattern:
        pytest.skip(f"cores do not come to the working directory: {pattern}")
    plain = core_of(tmp_path / "plain", [DIES, "null"])
    if not plain:
        pytest.skip("this machine writes no cores")
    mine = core_of(tmp_path / "mine", [
        BUILD / "cli/refknot", "run", "-q", "-o", tmp_path / "r.rkn", DIES,
        "null"])
    assert mine[0] == plain[0] and "fault" in mine[0][0]
    assert mine[1] < plain[1] + (8 << 20)


def unshared(*argv):
    return ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child",
            *argv]


def has_namespaces():
    return run(*unshared("true")).status == 0


@pytest.mark.skipif(not has_namespaces(), reason="no pid namespace here")
@pytest.mark.parametrize("how, args", [
    ("raise", (15,)), ("raise", (10,)), ("kill", (11,)), ("null", ()),
    ("divide", ())])
def test_the_first_process_of_a_namespace_is_spared_as_before(
        how, args, tmp_path):
    plain = run(*unshared(DIES, how, *args))
    own = run(*unshared("env", f"LD_PRELOAD={SHIM}", f"REFKNOT_OUT={tmp_path}",
                        DIES, how, *args))
    assert (own.status, own.out) == (plain.status, plain.out), own.told
    last = sorted(tmp_path.glob("fault_dies.*.rkn"))[-1]
    report = read_json("report", last)
    assert report["verdict"]["checked"] is True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGPIPE])
@pytest.mark.parametrize("how", ["kill", "zero", "group", "killpg", "sigqueue",
                                 "tgkill", "raw", "tkill", "rawtgkill"])
@pytest.mark.parametrize("who", ["", "blocked"])
def test_who_sends_its_own_process_a_fatal_signal_never_goes_on(
        how, number, who, tmp_path):
    """Another thread takes it, and would leave the sender its time."""
    recorded = same(tmp_path, program("sends"), how, number, who)
    assert recorded.outcome.out == b""
    assert recorded.outcome.status == 128 + number
    report = check_at_signal(recorded, number)
    assert leaks(report, program("sends")) == {"lose": (1, 100)}


@pytest.mark.parametrize("who", ["all", "sigwait"])
def test_who_sends_what_nobody_dies_of_goes_on(who, tmp_path):
    recorded = same(tmp_path, program("sends"), "kill", signal.SIGTERM, who)
    assert recorded.outcome.out == b"sent\nhandled\n"
    assert leaks(recorded.report(), program("sends")) == {"lose": (1, 100)}


@pytest.mark.parametrize("how", ["sigwait", "sigwaitinfo", "sigtimedwait"])
def test_a_fatal_signal_of_the_first_thread_is_taken_by_no_other(how, tmp_path):
    """The kernel ends the process as it is sent, although the first thread runs
    no more until a child of vfork() has ended."""
    recorded = same(tmp_path, program("awaits"), how, "first")
    assert recorded.outcome.out == b""
    report = check_at_signal(recorded, signal.SIGTERM)
    assert leaks(report, program("awaits")) == {"lose": (1, 100)}


@pytest.mark.parametrize("who", ["all", "thread"])
@pytest.mark.parametrize("how", ["sigwait", "sigwaitinfo", "sigtimedwait"])
def test_who_waits_for_a_signal_takes_what_is_not_the_first_threads(
        how, who, tmp_path):
    recorded = same(tmp_path, program("awaits"), how, who)
    assert recorded.outcome.out == b"taken\n"
    assert recorded.outcome.status == 0


@pytest.mark.parametrize("how, out, children", [
    ("trap", b"child 5\n", True), ("long", b"child 5\n", True),
    ("debug", b"child 5\n", True), ("trap", b"child 5\n", False),
    ("filter", b"child 1f\n", False), ("null", b"child b\n", True),
    ("raise", b"goes on\nchild 700\n", True),
    ("self", b"goes on\nchild 700\n", True),
    ("term", b"waited 300\ngoes on\nchild 700\n", True)])
def test_the_first_process_of_a_namespace_dies_of_what_the_kernel_sends(
        how, out, children, tmp_path):
    recorded = same(tmp_path, program("first"), how,
                    options=() if children else ("--no-children",))
    if b"no namespace" in recorded.outcome.out:
        pytest.skip("no namespaces here")
    assert recorded.outcome.out == b"begin\n" + out
    assert leaks(recorded.report(), program("first")) == {"lose": (1, 100)}


@pytest.mark.parametrize("number", [
    signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL,
    signal.SIGTRAP, signal.SIGSYS, signal.SIGTERM])
def test_what_waits_blocked_still_waits_at_the_end(number, tmp_path):
    recorded = same(tmp_path, DIES, "pending", number)
    assert recorded.outcome.status == 0
    report = recorded.report()
    assert report["recording"]["snapshot_at"] == "exit"
    assert leaks(report, DIES) == {"lose": (1, 100)}
    if number == signal.SIGTERM:
        return
    report = check_at_signal(same(tmp_path, DIES, "behind", number),
                             signal.SIGTERM)
    assert leaks(report, DIES) == {"lose": (1, 100)}
