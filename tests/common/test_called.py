# SPDX-License-Identifier: MIT
"""A program goes by the name that it was started by, wherever refknot names it."""
import json
import re

import pytest

from conftest import BUILD, SHIM, environment, refknot, run

LEAK = BUILD / "samples/leak"


@pytest.fixture
def link(tmp_path):
    """The program by another name, and a script for it."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/alias").symlink_to(LEAK)
    script = tmp_path / "bin/script"
    script.write_text(f"#!{tmp_path}/bin/alias\n")
    script.chmod(0o755)
    return tmp_path / "bin/alias"


@pytest.mark.parametrize("start", [
    ["{}/bin/alias"], ["bash", "-c", "exec {}/bin/alias"],
    ["bash", "-c", "exec -a -alias {}/bin/alias"]])
def test_its_recording_and_its_report_have_it(start, link, tmp_path):
    here = tmp_path / "here"
    here.mkdir()
    done = refknot("run", "--", *[x.format(tmp_path) for x in start], cwd=here)
    pid = re.search(r"^refknot: alias\[(\d+)\]: ", done.told, re.M)
    assert pid, done.told
    assert f"recording: alias.{pid[1]}.rkn\n" in done.told
    assert (here / f"alias.{pid[1]}.rkn").exists()
    report = json.loads(refknot("report", "-f", "json",
                                here / f"alias.{pid[1]}.rkn").out)
    assert report["recording"]["program"] == str(LEAK)


@pytest.mark.parametrize("start", [
    ["{}/bin/script"], ["bash", "-c", "exec -a alias {}/bin/script"],
    ["bash", "-c", "cd {}/bin; exec ./script a b"]])
def test_a_script_has_the_name_of_the_script(start, link, tmp_path):
    done = refknot("run", "-o", tmp_path / "r.rkn", "--",
                   *[x.format(tmp_path) for x in start])
    assert re.search(r"^refknot: script\[\d+\]: ", done.told, re.M), done.told


@pytest.mark.parametrize("name", ["worker: idle 3", "/proc/self/exe", ""])
def test_what_is_no_name_is_the_files(name, link, tmp_path):
    done = refknot("run", "-o", tmp_path / "r.rkn", "--", "bash", "-c",
                   f"exec -a '{name}' {link}")
    assert re.search(r"^refknot: leak\[\d+\]: ", done.told, re.M), done.told


def test_a_child_has_it(link, tmp_path):
    done = refknot("run", "-o", tmp_path / "r.rkn", "--", "bash", "-c",
                   f"{link}; true")
    assert re.search(r"^   alias \[\d+\]  2 leaks", done.told, re.M)


def test_the_shim_alone_has_it(link, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    assert run(link, env=environment(LD_PRELOAD=SHIM,
                                     REFKNOT_OUT=out)).status == 0
    [store] = out.iterdir()
    assert re.fullmatch(r"alias\.\d+\.rkn", store.name)
    done = run(link, env=environment(LD_PRELOAD=SHIM, REFKNOT_OUT=out,
                                     REFKNOT_DEPTH="none"))
    assert re.match(r"refknot: alias\[\d+\] is not recorded: ", done.told)


@pytest.mark.parametrize("patterns, found", [
    ("alias", True), ("leak", True), ("al?as,x", True), ("sh", False)])
def test_a_gate_knows_both_of_its_names(patterns, found, link):
    done = refknot("check", "--programs", patterns, "--", "bash", "-c",
                   f"{link}; true")
    assert done.status == 23
    assert (" FAIL 2 leaks" in done.told) == found, done.told


def test_a_gate_calls_it_by_it(link):
    done = refknot("check", "--max-peak", "1", "--", link)
    assert re.search(r" at the peak of alias\[\d+\]", done.told), done.told
