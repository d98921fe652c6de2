# SPDX-License-Identifier: MIT
"""Long output on a terminal goes through a pager; all of it arrives."""
import contextlib
import os
import pty
import subprocess

import pytest

from conftest import BUILD, REFKNOT, environment, record, refknot


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    return record(tmp_path_factory.mktemp("pager"),
                  BUILD / "samples/orphaned_cycle").main


def on_terminal(*argv, **more):
    """The status, and all that a terminal of 24 lines was shown."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [str(REFKNOT), *map(str, argv)], stdin=theirs, stdout=theirs,
        stderr=theirs, env=environment(TERM="xterm", **more),
        start_new_session=True)
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):
        while data := os.read(ours, 4096):
            shown += data
    os.close(ours)
    return process.wait(60), shown.decode().replace("\r\n", "\n")


def test_the_pager_gets_all_with_its_colours(recording, tmp_path):
    paged = tmp_path / "paged"
    status, shown = on_terminal("report", recording,
                                REFKNOT_PAGER=f"cat > {paged}; echo end $LESS")
    assert status == 0 and shown == "end FRX\n"
    assert "\x1b[1;31m" in paged.read_text()
    plain = refknot("report", recording).out.decode()
    for escape in ("\x1b[1;31m", "\x1b[0m", "\x1b[1m", "\x1b[2m"):
        paged.write_text(paged.read_text().replace(escape, ""))
    assert paged.read_text() == plain


@pytest.mark.parametrize("more", [
    {"REFKNOT_PAGER": ""}, {"REFKNOT_PAGER": "cat"},
    {"PAGER": "there-is-no-such-pager"}, {"PAGER": "", "NO_COLOR": "1"},
    {"REFKNOT_PAGER": "cat -u", "PAGER": "false"}, {"PAGER": "exit 127"}])
def test_nothing_is_lost_whatever_is_set(more, recording):
    status, shown = on_terminal("report", recording, **more)
    assert status == 0
    assert "ORPHANED CYCLE" in shown and shown.endswith(
        "; nothing left out\n")


def test_a_pager_that_is_left_early_ends_the_report(recording):
    status, shown = on_terminal("objects", recording, REFKNOT_PAGER="head -n 1")
    assert status in (0, -13) and len(shown.splitlines()) == 1


def test_errors_are_seen_and_their_status_is_kept(recording):
    status, shown = on_terminal("show", recording, "nothing#1", PAGER="cat -u")
    assert status == 2 and 'show: no live object is named "nothing#1"' in shown


def test_a_pipe_has_no_pager(recording):
    done = refknot("report", recording, env=environment(PAGER="false"))
    assert done.status == 0 and b"ORPHANED" in done.out
