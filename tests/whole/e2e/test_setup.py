# SPDX-License-Identifier: MIT
"""A build without what only tests need; which of these it has is said."""
import os
import pathlib
import re

import pytest

from conftest import SOURCE, run

MESON = pathlib.Path("/usr/bin/meson")
# Each: what is not there, and what is not built for it.
LACKING = {
    "nothing": {},
    "cmocka": {"of units": "NO"},
    "cpp": {"of C++ programs": "NO"},
}
ROWS = ["of units", "of programs", "of C++ programs", "of figures"]

pytestmark = pytest.mark.skipif(not MESON.exists(), reason="no meson")


def set_up(directory, lacking, *options):
    """As on a machine where that is not installed."""
    finder, native = directory / "pkg-config", directory / "native.ini"
    absent = "cmocka" if lacking == "cmocka" else "no-such-package"
    finder.write_text('#!/bin/sh\ncase " $* " in *" %s "*) exit 1;; esac\n'
                      'exec /usr/bin/pkg-config "$@"\n' % absent)
    finder.chmod(0o755)
    lines = ["[binaries]", f"pkgconfig = '{finder}'",
             f"pkg-config = '{finder}'", "cmake = '/bin/false'"]
    if lacking == "cpp":
        lines.append("cpp = '/bin/false'")
    native.write_text("\n".join(lines) + "\n")
    env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8",
           "HOME": os.environ.get("HOME", "/")}
    return run(MESON, "setup", "--native-file", native, *options,
               directory / "build", SOURCE, env=env)


@pytest.mark.parametrize("lacking", LACKING)
def test_what_is_not_there_is_left_out_and_said(lacking, tmp_path):
    done = set_up(tmp_path, lacking)
    assert done.status == 0, done.out.decode()
    said = dict(re.findall(r"^    (of [^(]+?) *\(.*\) *: (\w+)",
                           done.out.decode(), re.M))
    assert said == {row: LACKING[lacking].get(row, "YES") for row in ROWS}


@pytest.mark.parametrize("lacking", [l for l in LACKING if l != "nothing"])
def test_a_developer_s_build_lacks_nothing(lacking, tmp_path):
    assert set_up(tmp_path, lacking, "-Ddeveloper=true").status != 0


def test_without_tests_nothing_of_theirs_is_asked_for(tmp_path):
    done = set_up(tmp_path, "cmocka", "-Dtests=false")
    assert done.status == 0, done.out.decode()
    assert "cmocka" not in done.out.decode()
