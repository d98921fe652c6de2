# SPDX-License-Identifier: MIT
"""Stores are finished while the program runs: those of ended processes only, and
as they would be at its end."""
import glob
import os
import signal
import subprocess
import time

from conftest import (BUILD, REFKNOT, SHIM, compiled, environment, read_json,
                      recordings, refknot, run, split)

LEAK = BUILD / "samples/leak"
# rkn_file_header, a chunk's header and the record about the process.
HEAD = 24 + 32 + 184

# is_finished FILE; finished FILE: waits for it.
WAYS = """
LC_ALL=C
is_finished() { test "$(head -c 4 "$1" | tr -d '\\211')" = RKN; }
finished() {
    for i in $(seq 200); do is_finished "$1" && return; sleep 0.05; done
    echo "$1 was not finished"; exit 9
}
"""

STAY = """#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
void *volatile kept;
int main(void)
{
	kept = malloc(10);
	if (write(1, "x\\n", 2) < 0)
		return 1;
	pause();
	return 0;
}
"""


def script(directory, text, *arguments):
    return refknot("run", "-q", "-o", "r.rkn", "sh", "-c", WAYS + text, "sh",
                   *arguments, cwd=directory)


def test_a_child_that_has_ended_is_finished(tmp_path):
    done = script(tmp_path, """
        "$1" >one.txt; finished $REFKNOT_OUT/leak.*; echo finished""", LEAK)
    assert (done.status, done.out, done.told) == (0, b"finished\n", "")
    reports = [read_json("report", name) for name in recordings(tmp_path / "r.rkn")]
    found = [r for r in reports if r["process"]["argv"] == [str(LEAK)]]
    assert len(found) == 1 and found[0]["findings"]
    assert found[0]["process"]["exit_code"] == 0


def test_a_process_that_lives_keeps_its_store(tmp_path):
    compiled(tmp_path, "stay", STAY)
    done = script(tmp_path, """
        mkfifo up; ./stay >up & read x <up
        f=$(echo $REFKNOT_OUT/stay.*)
        sleep 1; is_finished "$f" && echo early
        kill -9 $!; wait $!; finished "$f"; echo late""")
    assert (done.status, done.out) == (0, b"late\n")
    found = [r["process"] for r in
             (read_json("report", name) for name in recordings(tmp_path / "r.rkn"))
             if r["process"]["argv"] == ["./stay"]]
    assert [p["signal"] for p in found] == [signal.SIGKILL]


def test_it_does_not_matter_when_a_store_is_finished(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    run(LEAK, env=environment(LD_PRELOAD=SHIM, REFKNOT_OUT=out))
    [store] = out.glob("leak.*.rkn")
    pid = store.name.split(".")[1]
    kept = []
    for then in ('finished $REFKNOT_OUT/x.rkn', ":"):
        done = script(tmp_path, f"""
            cp --sparse=always "$1" $REFKNOT_OUT/x.rkn; {then}""", store)
        assert (done.status, done.told) == (0, "")
        name = f"{tmp_path}/r.rkn:{pid}"
        report = read_json("report", name)
        kept.append((split(tmp_path / "r.rkn")[name][HEAD:],
                     report["process"], report["findings"]))
    assert kept[0] == kept[1]
    assert kept[0][2]


def gone(path):
    for _ in range(200):
        if not os.path.exists(path):
            return True
        time.sleep(0.05)
    return False


def test_what_was_finished_outlives_refknot_until_the_next_run(tmp_path):
    text = WAYS + """
        "$1" >one.txt; f=$(echo $REFKNOT_OUT/leak.*); finished "$f"
        echo "$f"; exec sleep 60"""
    killed = subprocess.Popen(
        [REFKNOT, "run", "-q", "-o", "r.rkn", "sh", "-c", text, "sh", LEAK],
        cwd=tmp_path, env=environment(), stdout=subprocess.PIPE,
        start_new_session=True)
    path = killed.stdout.readline().decode().strip()
    killed.kill()
    killed.wait()
    try:
        assert read_json("report", path)["findings"]
    finally:
        os.killpg(killed.pid, signal.SIGKILL)
    killed.stdout.read()
    killed.stdout.close()
    for _ in range(20):
        refknot("run", "-q", "-o", "next.rkn", "sleep", "0.1", cwd=tmp_path)
        if gone(os.path.dirname(path)):
            break
    assert not glob.glob(os.path.dirname(path))
