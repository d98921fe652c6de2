# SPDX-License-Identifier: MIT
"""Some hundred random programs look the same with refknot, and what they lose
is found. hunt.py does the same with any seeds; see there.
"""
import os

import pytest

import hunt
import lists

SEEDS = 400
TOGETHER = 50  # seeds of one test


@pytest.mark.parametrize("first", range(0, SEEDS, TOGETHER))
def test_random_programs_are_unharmed_and_judged_rightly(
        first, record_property):
    tally = hunt.run_all(range(first, first + TOGETHER), os.cpu_count())
    record_property("tries", tally.tries)
    assert not tally.wrong, "\n".join(map(str, tally.wrong))
    assert tally.tries > TOGETHER // 2 and tally.found > 0


@pytest.mark.parametrize("words", [
    "fork:0:0{ map:1 leak:50 }",                    # 32 TiB, in a child
    "map:23 fork:0:0{ map:1 leak:50 }",
    "privilege:2 map:1",                            # the same of another user
    "map:15 fork:0:0{ leak:50 }",                   # a protection key
    "map:15 filter:3:310 leak:50 raise:1",
    "control:1 sleep:1:2 leak:50",                  # no cpuid
    "control:1 low:8192:0 leak:50",
    "limit:11:0:0 sleep:10:2",                      # no signal can wait
    "spin:4 limit:11:0:0 raise:15:0",               # so that none stops
    "argv:0 fork:0:0{ leak:50 }",
    "leak:50 coroutine:4096{ raise:15:3 }",         # no room for a frame
    "leak:50 altstack:8192 coroutine:4096{ raise:15:3 }",
    "leak:50 block:8 raise:8:0",                    # blocked and pending
    "leak:50 block:0 raise:5:1",
    "leak:50 filter:3:28 run:3",                    # executed under a filter
    "filter:3:28 run:9",
    "filter:2:257 run:4",
    "limit:7:0:0 exec:9:1:0{ }",
    "unshare:1 clonevm{ fault:4 }",                 # a namespace's first
    "unshare:1 fork:0:0{ fault:4 }",
    "churn:1:24 vfork:0{ filter:0:56 } leak:50",    # does not know who it is
    "thread:2:1048576{ raise:13:1 on:13:1:0{ } }",  # sent to itself
    "sleep:1:0 low:3000:0",                         # it runs, and is unknown
    "directory:2 privilege:8 low:3500:0",           # nobody may see where it is
    "low:2100:1 low:2700:0 privilege:0 low:3000:1",
    "filter:5:110 spin:5 privilege:0",              # signal stacks of others
    "limit:9:0:1 fork:0:0{ leak:50 map:1 } map:3",  # no addresses
    "limit:9:67108864:1 leak:50 churn:500:3000 fork:0:0{ churn:50:3000 }",
    "limit:9:67108864:1 vfork:0{ exec:1:0:0{ leak:50 } } thread:2:16384{ leak:9 }",
    "limit:9:0:0 exec:0:0:0{ leak:50 }",
    "limit:2:3145728:1 churn:5000:3000 leak:50 fork:0:0{ churn:5000:1000 }",
    "limit:2:3145728:0 run:3 run:10 exec:0:0:0{ leak:50 }",
    "limit:9:0:0 filter:3:89 run:0",                # no addresses, and a filter
    "filter:3:35 timer limit:9:67108864:1 traced{ leak:279:4 coroutine:4096{ } }",
    "leak:146470:5 limit:2:3145728:0 map:5 sleep:10:4",  # two pages too many
    "limit:7:0:0 run:3 run:4",                      # shells without the shim
    "limit:7:3:0 run:3 run:0",
    "filter:2:0 run:4",                             # the loader cannot read
    "filter:2:262 run:4",                           # nor look at a file
    "limit:7:1:0 exec:0:0:0{ }",                    # nor open one
    "coroutine:4096{ on:2:14:0{ } raise:15:3 }",    # no signal stack to be had
    "on:2:2:0{ } coroutine:4096{ raise:15:3 }",
    "coroutine:4096{ altstack:0 raise:15:3 }",      # nor any more
    "altstack:8192 coroutine:4096{ altstack:65536 altstack:0 raise:15:3 }",
    "thread:2:32768{ coroutine:4096{ on:24:31:1{ } raise:10:0 } }",
    "vfork:1{ filter:2:257 leak:400:0 }",           # where its stack ends
    "limit:7:4:0 low:3000:0",                       # the last descriptor
    "spin:1 low:3000:0 limit:7:4:0",
    "sleep:1:4 privilege:8 map:1",                  # one mapping with an arena
    "thread:1:8388608{ churn:5000:1 } map:1 low:4096:0 privilege:2 leak:162:4",
    "limit:11:0:1 limit:9:67108864:0 spin:5 filter:5:217 leak:173008:4",
    "privilege:5 sleep:2:2 limit:8:65536:1 coroutine:1048576{ } privilege:9 "
    "alarm",                                        # sent before they wait
    "privilege:3 exec:7:0:0{ }",                    # a privileged loader
    "coroutine:8192{ } thread:3:131072{ on:1:19:0{ flush } } raise:1:1",
    # What hunt itself once took for a fault.
    "buffer:2 fork:2:1{ aroundfork:2{ leak:50 } run:6 }",  # who prints first
    "limit:2:0:1 keep:156119:3:0",                  # cannot grow, and is lost
    "aroundfork:2{ leak:40:0 } fork:0:0{ }",        # whose block it is
    "fork:0:0{ leak:3121:1 exec:7:0:0{ } }",        # whose recording
    "broken:1 on:13:10:0{ leak:79:1 }",             # after the check
    "altstack:16384 ticks:5 run:10 clonevm{ leak:110:0 leak:4606:3 } fault:3",
    "on:11:29:1{ keep:184:1:1 } argv:0 argv:1",     # who overwrote it
    "fork:4:1{ coroutine:8192{ query:7 leak:211:0 end:3:45 } leak:3672:2 }",
])
def test_what_went_wrong_once_is_right(words):
    verdict = hunt.tried(words.split())
    assert verdict.kind == "right", str(verdict)


def test_the_same_seed_is_the_same_list():
    assert lists.words_of(7) == lists.words_of(7) != lists.words_of(8)


def test_a_list_of_each_action_is_known_to_the_program():
    """Else a program that stops at a word nobody knows would look the same."""
    names = {line[7:-1] for line in
             (hunt.HERE / "actions.def").read_text().splitlines()
             if line.startswith("ACTION(")}
    assert names == set(lists.CHOICES)


def test_shorter_lists_keep_what_matters():
    words = "flush fork:0:0{ leak:1 text:5 } drop".split()
    assert lists.shrink(words, lambda w: "leak:1" in w) == ["leak:1"]
    assert lists.flat(lists.parse(words)) == words


def seen(**other):
    look = {"status": 0, "out": b"", "err": b"", "files": {}, "seconds": 0}
    return hunt.Seen(**{**look, **other})


@pytest.mark.parametrize("what", [{"status": 139}, {"out": b"x"},
                                  {"err": b"x"}, {"files": {"data": b""}}])
def test_harm_is_seen(what):
    verdict = hunt.Verdict([])
    hunt.compare(verdict, seen(), seen(**what))
    assert verdict.kind == "harmed"


def test_a_loss_that_is_not_found_is_seen(monkeypatch):
    """Beside a program that is killed nothing is complete; said so, it counts
    as excused. Without that word it is lost."""
    killed = ["leak:100:0", "end:6:0"]
    assert hunt.tried(killed).excused == 1
    monkeypatch.setattr(hunt.Life, "is_complete", True)
    assert hunt.tried(killed).kind == "lost"


def test_a_false_finding_is_seen(monkeypatch):
    monkeypatch.setattr(hunt, "judge", lambda _: ([], ["foreign 1 1"], []))
    assert hunt.tried(["churn:1:24"]).kind == "false"
