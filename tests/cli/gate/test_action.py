# SPDX-License-Identifier: MIT
"""action.yml: its steps do in a simulated runner what it promises."""
import json
import os
import re
import shutil

import pytest
import yaml

from conftest import BUILD, REFKNOT, SOURCE, environment, run
from recipes import copy_project

ACTION = yaml.safe_load((SOURCE / "action.yml").read_text())
STEPS = ACTION["runs"]["steps"]
SCRIPTS = sorted((SOURCE / "scripts").glob("action-*"))


class Runner:
    """What GitHub does with a composite action: expressions, files, env."""

    def __init__(self, directory, path=f"{BUILD / 'cli'}:/usr/bin:/bin"):
        self.directory, self.path = directory, path
        self.workspace = copy_project(directory)
        self.summary = directory / "summary"
        self.outputs = {}
        self.status, self.log = None, ""

    def value(self, text, inputs):
        def known(match):
            words = match.group(1).strip().split(".")
            if words[0] == "inputs":
                return inputs[words[1]]
            assert words[0] == "steps" and words[2] == "outputs", words
            return self.outputs.get(words[1], {}).get(words[3], "")
        return re.sub(r"\$\{\{(.*?)\}\}", known, text)

    def step(self, step, inputs, more):
        out = self.directory / f"output-{step['id']}"
        out.write_text("")
        env = environment(
            PATH=self.path, GITHUB_ACTION_PATH=SOURCE, GITHUB_OUTPUT=out,
            GITHUB_STEP_SUMMARY=self.summary, GITHUB_WORKSPACE=self.workspace,
            RUNNER_TEMP=self.directory, **more,
            **{k: self.value(v, inputs) for k, v in step["env"].items()})
        done = run("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c",
                   step["run"], cwd=self.workspace, env=env)
        self.outputs[step["id"]] = dict(
            line.split("=", 1) for line in out.read_text().splitlines())
        self.log += done.out.decode() + done.told
        self.status = done.status

    def use(self, environ=None, **given):
        inputs = {n: str(i.get("default", ""))
                  for n, i in ACTION["inputs"].items()}
        inputs.update({n.replace("_", "-"): v for n, v in given.items()})
        assert set(inputs) == set(ACTION["inputs"])
        for step in STEPS:
            self.step(step, inputs, environ or {})
            if self.status:
                break
        return {n: self.value(o["value"], inputs)
                for n, o in ACTION["outputs"].items()}


@pytest.fixture
def runner(tmp_path):
    return Runner(tmp_path)


def test_nothing_of_others_is_run_and_no_input_is_pasted():
    assert ACTION["runs"]["using"] == "composite"
    for step in STEPS:
        assert "uses" not in step
        assert "${{" not in step["run"] and step["shell"] == "bash"
    used = re.findall(r"inputs\.([\w-]+)", str(STEPS))
    assert sorted(used) == sorted(ACTION["inputs"])


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: p.name)
def test_shellcheck_has_no_complaint(script):
    assert os.access(script, os.X_OK)
    if not shutil.which("shellcheck"):
        pytest.skip("shellcheck is not installed")
    done = run("shellcheck", script)
    assert done.status == 0, done.out.decode()


def test_a_clean_suite_is_green(runner):
    told = runner.use(command="make check", environ={"TESTS": "clean"})
    assert (runner.status, told["status"], told["findings"]) == (0, "0", "0")
    assert told["sarif-file"] == ""
    assert "refknot: OK no findings" in told["summary"]
    assert "### refknot: passed" in runner.summary.read_text()


def test_a_leak_is_red_with_annotation_and_reports(runner):
    told = runner.use(command="make check", sarif_file="r.sarif",
                      junit_file="r.xml", environ={"TESTS": "leak"})
    assert (runner.status, told["status"], told["findings"]) == (23, "23", "1")
    assert "FAIL 1 leak (104 B)" in told["summary"]
    assert re.search(r"^::error file=names.c,line=9,title=leak::",
                     runner.log, re.M)
    assert re.search("names_add +names.c:9", runner.log)
    assert told["sarif-file"] == str(runner.workspace / "r.sarif")
    sarif = json.loads((runner.workspace / "r.sarif").read_text())
    assert len(sarif["runs"][0]["results"]) == 1
    assert "<failure" in (runner.workspace / "r.xml").read_text()
    assert "### refknot: failed" in runner.summary.read_text()


def test_a_baseline_is_written_and_then_holds(runner):
    name = "known leaks.txt"
    leak = {"TESTS": "leak"}
    runner.use(command="make check", baseline=name, update_baseline="true",
               environ=leak)
    assert runner.status == 0 and (runner.workspace / name).exists()
    runner.use(command="make check", baseline=name, environ=leak)
    assert runner.status == 0
    runner.use(command="make check", baseline=name,
               environ={"TESTS": "leak cycle"})
    assert runner.status == 23
    runner.use(command="make check", baseline=name, fail_on="any",
               environ=leak)
    assert runner.status == 23


def test_inputs_reach_the_gate_as_they_are(runner):
    odd = "$(touch pwned) `touch pwned` \"'; touch pwned; #"
    (runner.workspace / odd).write_text("leak:names_add\n")
    (runner.workspace / "second").write_text("cycle:person_new  # known\n")
    runner.use(command="make check\necho \"a  'b'\" > c; false || true",
               suppressions=f"{odd}\nsecond\n", sarif_file=odd + ".sarif",
               options="--show-suppressed\n--max-peak\n1G\n",
               environ={"TESTS": "leak cycle"})
    assert runner.status == 0, runner.log
    assert not (runner.workspace / "pwned").exists()
    assert (runner.workspace / "c").read_text() == "a  'b'\n"
    assert (runner.workspace / (odd + ".sarif")).exists()
    assert "suppressed 2" in runner.log


def test_where_and_what_can_be_chosen(runner):
    build = runner.workspace / "build"
    build.mkdir()
    command = "make -f ../plain.mk VPATH=.. check"
    leak = {"TESTS": "leak"}
    runner.use(command=command, working_directory="build", environ=leak)
    assert "::error file=names.c,line=9" in runner.log
    runner.use(command=command, working_directory="build", environ=leak,
               skip_programs="test_leak")
    assert runner.status == 23 and "::error title=all was" in runner.log
    runner.use(command=command, working_directory="build", environ=leak,
               skip_programs="test_leak", allow_incomplete="true")
    assert runner.status == 0


@pytest.mark.parametrize("given, status", [
    ({"command": "exit 3"}, "3"), ({"command": "false\ntrue"}, "1"),
    ({"command": "true", "fail_on": "leeks"}, "2"),
    ({"command": "true", "update_baseline": "yes"}, "2")])
def test_other_failures_have_their_status(given, status, runner):
    told = runner.use(**given)
    assert str(runner.status) == told["status"] == status, runner.log
    assert told["sarif-file"] == ""


def test_the_refknot_that_is_named_is_used(tmp_path):
    runner = Runner(tmp_path, path="/usr/bin:/bin")
    told = runner.use(command="make check", refknot=str(REFKNOT),
                      environ={"TESTS": "leak"})
    assert told["status"] == "23"


def test_without_any_refknot_one_is_built(tmp_path):
    """With a packages.sh and a build that only say what they were asked."""
    copy = tmp_path / "action/scripts"
    copy.mkdir(parents=True)
    shutil.copy(SOURCE / "scripts/action-build", copy)
    (copy / "packages.sh").write_text(
        "build_packages='one two'\n"
        "install_packages() { echo \"packages $*\"; }\n"
        "configure() {\necho \"configure $*\"; mkdir -p \"$1/cli\"\n"
        "printf 'rule r\\n command = ln -s $to $out\\n"
        f"build cli/refknot: r\\n to = {REFKNOT}\\n'"
        " >\"$1/build.ninja\"\n}\n")
    out = tmp_path / "out"
    done = run(copy / "action-build", env=environment(
        PATH="/usr/bin:/bin", RUNNER_TEMP=tmp_path, GITHUB_OUTPUT=out,
        REFKNOT=""))
    assert done.status == 0, done.told
    build = tmp_path / "refknot-build"
    assert f"packages one two\nconfigure {build} -Dtests=false\n" in \
        done.out.decode()
    assert out.read_text() == f"refknot={build}/cli/refknot\n"
