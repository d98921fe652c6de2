# SPDX-License-Identifier: MIT
"""refknot view, apart from what is in the page: where it puts it, and whom it starts."""
import os
import pathlib
import stat

import pytest

from conftest import BUILD, environment, record, refknot

pytest_plugins = ["pages"]


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    return record(tmp_path_factory.mktemp("leak"), BUILD / "samples/leak").main


@pytest.fixture
def nobody(tmp_path):
    """An environment in which there is no browser."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "tmp").mkdir()
    return environment(PATH=tmp_path / "bin", TMPDIR=tmp_path / "tmp", BROWSER="")


def script(directory, name, text):
    path = directory / name
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def test_the_browser_gets_a_private_file(recording, nobody, tmp_path):
    told = tmp_path / "told"
    opener = script(tmp_path, "opener", f'echo "$@" >{told}\n')
    done = refknot("view", recording, env={**nobody, "BROWSER": str(opener)})
    assert done.status == 0 and done.told == ""
    path = pathlib.Path(done.out.decode().strip())
    assert told.read_text().strip() == str(path)
    assert path.parent.parent == tmp_path / "tmp"
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert path.read_text().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("which", ["second", "xdg-open"])
def test_the_next_one_is_tried(recording, nobody, tmp_path, which):
    told = tmp_path / "told"
    bad = script(tmp_path, "bad", "exit 3\n")
    good = script(tmp_path / "bin" if which == "xdg-open" else tmp_path,
                  which, f'/bin/echo "$@" >{told}\n')
    several = f"{tmp_path}/none:{bad}" + ("" if which == "xdg-open"
                                          else f":{good}")
    done = refknot("view", recording, env={**nobody, "BROWSER": several})
    assert done.status == 0 and done.told == ""
    assert told.read_text() == done.out.decode()


def test_a_browser_may_stay(recording, nobody, tmp_path):
    ended = tmp_path / "ended"
    stays = script(tmp_path, "stays", f"/bin/sleep 4\n: >{ended}\n")
    done = refknot("view", recording, env={**nobody, "BROWSER": str(stays)})
    assert done.status == 0 and done.told == ""
    assert not ended.exists()


def test_without_a_browser_it_says_where_the_page_is(recording, nobody):
    done = refknot("view", recording, env=nobody)
    assert done.status == 0
    assert done.told == ("refknot: view: no browser could be started; open that "
                         "file in one, or set BROWSER\n")
    assert pathlib.Path(done.out.decode().strip()).exists()


def test_output_starts_nothing(recording, nobody, tmp_path):
    told = tmp_path / "told"
    opener = script(tmp_path, "opener", f": >{told}\n")
    done = refknot("view", "-o", tmp_path / "x.html", recording,
                   env={**nobody, "BROWSER": str(opener)})
    assert (done.status, done.out, done.told) == (0, b"", "")
    assert not told.exists()
    assert os.listdir(tmp_path / "tmp") == []


def test_export_writes_the_same(recording, tmp_path):
    assert refknot("view", "-o", tmp_path / "a", recording).status == 0
    done = refknot("export", "--format", "html", "-o", tmp_path / "b", recording)
    assert done.status == 0, done.told
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_newest_recording_is_meant(recording, tmp_path):
    done = refknot("view", "-o", tmp_path / "a", cwd=recording.parent)
    assert done.status == 0, done.told
    assert b"leak[" in (tmp_path / "a").read_bytes()


@pytest.mark.parametrize("arguments, why", [
    (["none.rkn"], "none.rkn"),
    (["REC", "none.rkn"], "none.rkn"),
    (["REC", "REC", "REC"], "give one recording, or two to compare"),
    (["-o", "/nowhere/x.html", "REC"], "/nowhere/x.html cannot be written"),
    (["-o", "/dev/full", "REC"], "/dev/full cannot be written"),
])
def test_what_cannot_be_is_said(recording, tmp_path, arguments, why):
    arguments = [recording if a == "REC" else a for a in arguments]
    if "-o" not in arguments:
        arguments = ["-o", tmp_path / "x.html", *arguments]
    done = refknot("view", *arguments)
    assert done.status == 2
    assert why in done.told
    assert not (tmp_path / "x.html").exists()


def test_a_directory_that_cannot_be_made(recording):
    done = refknot("view", recording, env=environment(TMPDIR="/nowhere"))
    assert done.status == 2
    assert "name a file with --output" in done.told
