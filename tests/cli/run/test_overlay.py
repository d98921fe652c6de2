# SPDX-License-Identifier: MIT
"""Where the live store is on overlayfs, as in a container with a small /dev/shm:
the kernel does not say there who has it mapped."""
import os
import shutil
import subprocess

import pytest

from conftest import REFKNOT, compiled, environment, read_json

SLOW = r"""
#include <stdlib.h>
#include <time.h>
int main(void)
{
    for (int i = 0; i < 40; i++) {
        *(volatile char *)malloc(100) = 1;
        nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, 0);
    }
    return 0;
}
"""


def test_a_store_on_overlayfs_is_not_taken_for_an_ended_process(tmp_path):
    if os.geteuid() or not shutil.which("unshare"):
        pytest.skip("only root mounts, by unshare")
    program = compiled(tmp_path, "slow", SLOW)
    place = tmp_path / "place"
    place.mkdir()
    script = (f"set -e; mount -t tmpfs none {place}; cd {place}; "
              "mkdir lower upper work over; "
              "mount -t overlay overlay "
              "-o lowerdir=lower,upperdir=upper,workdir=work over || exit 77; "
              "mount -t tmpfs -o size=64m none /dev/shm; cd over; "
              f"{REFKNOT} run -q -o r.rkn {program}; "
              f"cp r.rkn {tmp_path}")
    done = subprocess.run(["unshare", "-m", "sh", "-c", script], check=False,
                          env=environment(TMPDIR="."), capture_output=True,
                          text=True)
    if done.returncode == 77:
        pytest.skip(f"no overlayfs here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    found = read_json("report", tmp_path / "r.rkn")["verdict"]
    assert found["checked"] and found["by_kind"]["leak"]["objects"] >= 39
