# SPDX-License-Identifier: MIT
"""Workers that give up privileges before they allocate anything."""
import os
import shutil

import pytest

from conftest import (REFKNOT, SHIM, environment, read_json, recordings,
                      run)
from faults import leaks, program, same

DROPS = program("drops")
LOADER = "/lib64/ld-linux-x86-64.so.2"
USERS = ["setuid", "seteuid", "setreuid", "setresuid", "setfsuid",
         "initgroups", "raw"]
ROOTS = ["chroot", "raw_chroot", "chroot_setuid", "chroot_fails"]

as_root = pytest.mark.skipif(os.getuid() != 0, reason="not root")


def worker(directory, how):
    """What is said of the one worker."""
    (directory / "root").mkdir()
    recorded = same(directory, DROPS, how, directory / "root")
    (child,) = recorded.children
    assert recorded.report()["verdict"]["complete"] is True
    return read_json("report", child, "--limit", "0")


def check(report):
    assert leaks(report, DROPS) == {"lose": (1, 100)}
    assert report["verdict"]["checked"] is True


def gaps(report):
    return {row["what"] for row in report["complete"]}


@as_root
@pytest.mark.parametrize("how", USERS)
def test_a_worker_that_becomes_another_user_is_recorded(how, tmp_path):
    check(worker(tmp_path, how))


@as_root
@pytest.mark.parametrize("who", [["--euid", "65534"],
                                 ["--egid", "65534", "--clear-groups"]])
def test_a_loader_that_acts_for_another_is_executed_without_the_shim(
        who, tmp_path):
    """It takes LD_PRELOAD out of what it is given, and glibc's then ends itself
    where it was executed by its own path."""
    recorded = same(tmp_path, shutil.which("setpriv"), *who, LOADER,
                    "/bin/true")
    assert recorded.outcome.status == 0
    assert not recorded.children


def test_any_other_loader_that_is_executed_is_recorded(tmp_path):
    recorded = same(tmp_path, shutil.which("setpriv"), "--nnp", LOADER,
                    "/bin/cat", "/dev/null")
    assert recorded.outcome.status == 0
    assert len(recorded.children) == 1


@as_root
@pytest.mark.parametrize("how", ROOTS)
def test_a_worker_that_has_another_root_is_recorded(how, tmp_path):
    report = worker(tmp_path, how)
    check(report)
    assert "threads that did not stop" not in " ".join(gaps(report))


@as_root
@pytest.mark.parametrize("how", ["chroot_close", "chroot_reuse"])
def test_a_worker_that_closes_all_files_is_told_of(how, tmp_path):
    """Its descriptors are its own: none is read or closed that it opened."""
    report = worker(tmp_path, how)
    assert report["verdict"]["checked"] is False
    assert "snapshots without a list of mappings" in gaps(report)


@pytest.mark.skipif(run("unshare", "-m", "true").status != 0,
                    reason="no mount namespace here")
@pytest.mark.parametrize("how", ["unmount", "raw_unmount"])
def test_a_worker_with_mounts_of_its_own_is_recorded(how, tmp_path):
    check(worker(tmp_path, how))


@pytest.mark.skipif(run("unshare", "-m", "true").status != 0,
                    reason="no mount namespace here")
@pytest.mark.parametrize("how", ["same_root", "same_root_raw"])
def test_proc_is_unmounted_behind_the_same_root(how, tmp_path):
    """As plain: nothing of refknot's is open there."""
    (tmp_path / "root").mkdir()
    plain, recorded = (
        run("unshare", "-m", "sh", "-c", "mount -t proc none /proc && "
            'exec "$@"', "sh", *command, env=environment())
        for command in ([DROPS, how, tmp_path / "root"],
                        [REFKNOT, "run", "-q", "-o", tmp_path / "main.rkn",
                         "--", DROPS, how, tmp_path / "root"]))
    assert plain.status == 0, plain.told
    assert (recorded.status, recorded.out) == (0, plain.out), recorded.told
    _, child = recordings(tmp_path / "main.rkn")
    report = read_json("report", child)
    assert leaks(report, DROPS) == {} or report["verdict"]["checked"]


def test_a_worker_without_files_of_its_own_is_recorded(tmp_path):
    check(worker(tmp_path, "fsize"))


def test_a_worker_that_locks_files_up_is_recorded(tmp_path):
    if run(DROPS, "landlock", tmp_path).status == 77:
        pytest.skip("no Landlock here")
    check(worker(tmp_path, "landlock"))


@as_root
def test_a_worker_without_capabilities_is_recorded(tmp_path):
    """Where only they let it write."""
    os.chown(tmp_path, 65534, 65534)
    tmp_path.chmod(0o700)
    env = environment(LD_PRELOAD=SHIM, REFKNOT_OUT=tmp_path)
    done = run(DROPS, "capset", tmp_path, env=env)
    assert (done.status, done.err) == (0, b"")
    assert len(list(tmp_path.glob("*.rkn"))) == 2
    reports = [read_json("report", r) for r in tmp_path.glob("*.rkn")]
    assert all(r["verdict"]["checked"] for r in reports)
    lost = [leaks(r, DROPS) for r in reports]
    assert sorted(lost, key=len) == [{}, {"lose": (1, 100)}]


@as_root
def test_a_user_namespace_of_its_own_is_no_obstacle(tmp_path):
    check(worker(tmp_path, "unshare"))


@as_root
def test_a_vfork_child_is_not_taken_for_its_parent(tmp_path):
    (tmp_path / "root").mkdir()
    recorded = same(tmp_path, DROPS, "vfork", tmp_path / "root")
    assert recorded.children == []
    check(recorded.report())
