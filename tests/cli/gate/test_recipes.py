# SPDX-License-Identifier: MIT
"""refknot-ci(7): what people copy from it works. Recipes for test runners are
tried in test_runners.py."""
import re

import pytest
import yaml

from conftest import CC, SOURCE, run
from recipes import PAGE, copy_project, follow, recipe, recipes, surroundings

ACTION = yaml.safe_load((SOURCE / "action.yml").read_text())
RUNNERS = {"make", "baseline", "ctest", "cmake", "meson", "meson.build",
           "meson-tap", "automake"}
HERE = {"gitattributes", "sort", "github", "github-run", "gitlab", "jenkins",
        "bisect"}


@pytest.fixture
def project(tmp_path):
    return copy_project(tmp_path)


def shell(text, project, **more):
    return run("sh", "-e", "-c", text, cwd=project, env=surroundings(**more))


def git(directory, *argv):
    done = run("git", "-c", "user.name=A", "-c", "user.email=a@example.org",
               "-c", "init.defaultBranch=main", *argv, cwd=directory,
               env=surroundings())
    assert done.status == 0, done.told
    return done.out.decode()


def accept(project):
    """The project with a baseline that has its leak."""
    done = follow("baseline", project, TESTS="clean leak")
    assert (project / "leaks.txt").exists(), done.told


def test_each_recipe_is_tried():
    assert set(recipes()) == RUNNERS | HERE
    displays = len(re.findall(r"^\.Bd", PAGE.read_text(), re.M))
    assert displays == len(recipes())


@pytest.mark.parametrize("reader", [["mandoc", "-Tutf8", "-Owidth=200"],
                                    ["groff", "-mandoc", "-Tutf8",
                                     "-rLL=200n", "-P-c"]])
def test_people_copy_what_is_tried(reader):
    """No curly quotes, no lost backslashes."""
    done = run(*reader, PAGE)
    shown = re.sub(r".\x08|\x1b\[\d+m", "", done.out.decode())
    lines = {line.strip() for line in shown.splitlines()}
    for name, text in recipes().items():
        for line in text.splitlines():
            assert line.strip() in lines, (name, line)


def test_github_workflow_uses_the_action_as_it_is():
    workflow = yaml.safe_load(recipe("github"))
    assert workflow["permissions"] == {"contents": "read",
                                       "security-events": "write"}
    steps = workflow["jobs"]["leaks"]["steps"]
    ours = next(s for s in steps if "/refknot@" in s.get("uses", ""))
    assert set(ours["with"]) <= set(ACTION["inputs"])
    required = {n for n, i in ACTION["inputs"].items() if i.get("required")}
    assert required <= set(ours["with"])
    upload = next(s for s in steps if "upload-sarif" in s.get("uses", ""))
    used = re.findall(r"steps\.(\w+)\.outputs\.([\w-]+)", str(upload))
    assert used and set(used) == {(ours["id"], "sarif-file")}
    assert "sarif-file" in ACTION["outputs"]
    assert "always()" in upload["if"]


def test_the_page_names_the_inputs_and_outputs_of_the_action():
    text = PAGE.read_text()
    for name in [*ACTION["inputs"], *ACTION["outputs"]]:
        assert re.search(rf"^\.Ql {name}\b", text, re.M), name


def test_github_without_the_action(project, tmp_path):
    out, page = tmp_path / "out", tmp_path / "page"
    done = follow("github-run", project, TESTS="leak", GITHUB_OUTPUT=out,
                  GITHUB_STEP_SUMMARY=page, GITHUB_WORKSPACE=project)
    assert done.status == 23
    assert "::error file=names.c,line=9,title=leak::" in done.told
    assert "refknot-status=23\nrefknot-findings=1\n" in out.read_text()
    assert "### refknot: failed" in page.read_text()


def test_gitlab_script_leaves_both_reports(project):
    job = yaml.safe_load(recipe("gitlab"))["leaks"]
    assert job["artifacts"]["when"] == "always"
    git(project, "init", "-q")
    accept(project)
    script = "\n".join(job["script"])
    where = {"CI_PROJECT_DIR": project}
    assert shell(script, project, TESTS="clean leak", **where).status == 0
    done = shell(script, project, TESTS="clean cycle", **where)
    assert done.status == 23, done.told
    for report in job["artifacts"]["reports"].values():
        assert (project / report).stat().st_size, report
    assert '"path": "names.c"' in (project / "leaks.json").read_text()


def test_jenkins_steps_leave_both_reports(project):
    text = recipe("jenkins")
    steps = re.findall(r'sh (?:\'(.*)\'|"""((?:.*\n)*?) *""")', text)
    # Groovy joins lines at a backslash before the shell sees them.
    lines = [(a or b).replace("\\\n", "") for a, b in steps]
    assert len(lines) == 2 and text.count("{") == text.count("}")
    git(project, "init", "-q")
    accept(project)
    assert shell("\n".join(lines), project, TESTS="clean leak").status == 0
    done = shell("\n".join(lines), project, TESTS="leak cycle")
    assert done.status == 23, done.told
    for report in re.findall(r"(?:junit|pattern:) ?'(\S+)'", text):
        assert (project / report).exists(), report


def check(project, *options, tests):
    return run("refknot", "check", "--programs", "./*", "--baseline",
               "leaks.txt", *options, "--", "make", "check", cwd=project,
               env=surroundings(TESTS=tests))


def test_baselines_of_two_branches_are_merged_by_a_sort(project):
    (project / ".gitattributes").write_text(recipe("gitattributes"))
    (project / "leaks.txt").write_text("")
    git(project, "init", "-q")
    git(project, "add", ".gitattributes", "leaks.txt")
    git(project, "commit", "-qm", "none")
    for branch, tests in (("one", "leak"), ("two", "cycle")):
        git(project, "checkout", "-qb", branch, "main")
        assert check(project, "--update-baseline", tests=tests).status == 0
        git(project, "commit", "-qam", branch)
    git(project, "merge", "-q", "one")
    assert follow("sort", project).status == 0
    lines = (project / "leaks.txt").read_text().splitlines()
    assert lines == sorted(set(lines)) and len(lines) == 3
    done = check(project, tests="clean leak cycle")
    assert done.status == 0 and "baseline 2" in done.told


TESTS_C = """
#include "names.h"
int main(void)
{
    struct names n = { 0 };
    for (int i = 0; i < 8; i++)
        names_add(&n, "Edsger");
    %s
    return 0;
}
"""


@pytest.fixture
def history(project):
    """Commits of which the fourth brings a leak, and the second no program."""
    (project / "Makefile").write_text("tests: tests.c names.c\n"
                                      f"\t{CC} -g -o $@ $^\n")
    script = project / "leaks.sh"
    script.write_text(recipe("bisect"))
    script.chmod(0o755)
    (project / "leaks.txt").write_text("")
    git(project, "init", "-q")
    for n, body in enumerate(("names_clear(&n);", "no C;",
                              "names_clear(&n); ;", "names_forget(&n);",
                              "names_forget(&n); ;", ";names_forget(&n);")):
        (project / "tests.c").write_text(TESTS_C % body)
        git(project, "add", "tests.c", "names.c", "names.h", "Makefile")
        git(project, "commit", "-qm", f"commit {n + 1}")
    return project


def test_bisect_finds_the_commit_that_leaks(history):
    git(history, "bisect", "start", "HEAD", "HEAD~5")
    told = git(history, "bisect", "run", "./leaks.sh")
    assert "is the first bad commit" in told
    bad = git(history, "log", "-1", "--format=%s", "refs/bisect/bad")
    assert bad == "commit 4\n"


@pytest.mark.parametrize("body, status", [
    ("names_clear(&n);", 0), ("names_forget(&n);", 1), ("no C;", 125),
    ("names_clear(&n); return 2;", 125), ("__builtin_trap();", 125)])
def test_bisect_skips_what_says_nothing(body, status, history):
    (history / "tests.c").write_text(TESTS_C % body)
    assert run("./leaks.sh", cwd=history, env=surroundings()).status == status
