# SPDX-License-Identifier: MIT
"""Stacks on which little is left: those of coroutines, and of threads with the
least that there may be. tests/preload/guard reads from the code how much of them
refknot may take; here programs get along.
"""
import pytest

from conftest import SHIM, environment, other_build, run
from faults import in_a_namespace, mounted, program, same

NARROW = program("narrow")
LIMIT = 1024  # bytes that refknot adds to what the C library takes

# What a coroutine of 2,048 bytes can do without refknot.
LITTLE = ["allocate", "first", "fill", "align", "stray", "count", "bound",
          "execute", "leave"]
MUCH = ["move", "callback", "act", "spawn", "exit"]

pytestmark = pytest.mark.skipif(bool(other_build()), reason=other_build())


@pytest.mark.parametrize("what", LITTLE)
def test_two_kibibytes_are_enough(what, tmp_path):
    recorded = same(tmp_path, NARROW, what, "2048")
    assert recorded.outcome.out == f"{what} 0\n".encode()
    report = recorded.report()
    assert report["verdict"]["checked"] is True
    assert recorded.children or what == "execute"


def taken(what, **env):
    """Bytes of stack."""
    name, status, size = run(NARROW, what, env=environment(**env)).out.split()
    assert (name.decode(), status) == (what, b"0")
    return int(size)


@pytest.mark.parametrize("what", LITTLE + MUCH)
def test_no_more_than_a_kibibyte_is_added(what, tmp_path):
    plain = taken(what)
    mine = taken(what, LD_PRELOAD=SHIM, REFKNOT_OUT=tmp_path)
    assert list(tmp_path.glob("*.rkn"))
    print(f"{what}: {plain} bytes without refknot, {mine} with it")
    assert mine <= plain + LIMIT


@in_a_namespace
@pytest.mark.parametrize("what, size, told", [
    ("first", "4k", "is not recorded"),
    ("first", "24k", "recording ends here"),
    ("fill", "1m", "recording ends here"),
    ("fill", "2m", "recording ends here")])
def test_recording_is_given_up_on_two_kibibytes(what, size, told, tmp_path):
    done = mounted(f"mount -t tmpfs -o size={size} tmpfs {tmp_path}", "env",
                   f"LD_PRELOAD={SHIM}", f"REFKNOT_OUT={tmp_path}", NARROW,
                   what, "2048")
    assert (done.status, done.out) == (0, f"{what} 0\n".encode())
    assert f"{told}: cannot write " in done.told
