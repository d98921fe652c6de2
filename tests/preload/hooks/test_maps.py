# SPDX-License-Identifier: MIT
"""What the program maps, unmaps and fails to, in whatever way: what is left of it."""
import pytest

from conftest import CC, SOURCE, read_json, record, run

TEXT = SOURCE / "tests/preload/hooks/maps.c"
PAGE = 4096
MIB = 1 << 20


@pytest.fixture(scope="module")
def maps(tmp_path_factory):
    program = tmp_path_factory.mktemp("maps") / "maps"
    done = run(CC, "-g", "-O1", "-fno-builtin", "-w", TEXT, "-o", program)
    assert done.status == 0, done.told
    return program


def mapped(tmp_path, maps, mode):
    """What it printed; and what is mapped of its own."""
    done = record(tmp_path, maps, mode)
    assert done.outcome.status == 0, done.outcome.told
    found = read_json("waste", done.main, "--by", "function")["waste"]
    return done.outcome.out, found["mapped_by_program"]


@pytest.mark.parametrize("mode, live, size", [
    ("fails", 1, 64 * MIB), ("break", 2, 9 * MIB)])
def test_what_fails_or_only_asks_unmaps_nothing(mode, live, size, tmp_path, maps):
    _, found = mapped(tmp_path, maps, mode)
    assert (found["total"]["live"], found["total"]["live_bytes"]) == (live, size)
    assert found["missed"] == 0


def test_calls_by_syscall_are_known(tmp_path, maps):
    _, found = mapped(tmp_path, maps, "syscall")
    of = {row["key"]: row["live_bytes"] for row in found["rows"]}
    assert of["map_by_syscall"] == MIB - PAGE
    assert of["call_the_kernel"] == 2 * MIB  # by mremap
    assert found["total"]["live"] == 2 and found["missed"] == 0


def test_what_handlers_unmap_inside_refknot_is_gone(tmp_path, maps):
    _, found = mapped(tmp_path, maps, "handlers")
    assert (found["total"]["live"], found["total"]["calls"]) == (0, 2000)
    assert found["missed"] == 0


def test_jumps_out_of_handlers_leave_no_lock(tmp_path, maps):
    """Each may leave one call that is not known."""
    _, found = mapped(tmp_path, maps, "jumps")
    assert 2000 <= found["total"]["live"] <= 4000
    assert found["missed"] <= 1000


def test_a_handler_on_a_signal_stack_in_a_frame_of_main_maps(tmp_path, maps):
    _, found = mapped(tmp_path, maps, "signal_stack")
    assert found["total"]["live"] <= found["missed"]


def test_many_mappings_take_no_longer_each(tmp_path, maps):
    """100,000 calls of a microsecond or two, and not of 100 us."""
    told, found = mapped(tmp_path, maps, "many")
    assert int(told) < 1500, "ms"
    assert found["missed"] == 0
    assert found["total"]["live"] == 50000
