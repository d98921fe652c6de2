# SPDX-License-Identifier: MIT
"""What list shows and clean removes, in a /dev/shm of their own."""
import json
import re
import shutil
import textwrap

import jsonschema
import pytest

from conftest import BUILD, REFKNOT, SOURCE, environment, refknot, run

SCHEMA = json.loads((SOURCE / "cli/report/refknot-list.schema.json").read_text())
LEAK = BUILD / "samples/leak"


@pytest.fixture
def alone(tmp_path):
    """Runs a script where nobody else's runs are seen."""
    mount = "mount -t tmpfs none /dev/shm"
    if not shutil.which("unshare") or run("unshare", "-m", "sh", "-c",
                                          mount).status:
        pytest.skip("a mount namespace of our own is needed")

    def script(text, **more):
        return run("unshare", "-m", "sh", "-c",
                   f"{mount}; exec 2>&1; {textwrap.dedent(text)}", cwd=tmp_path,
                   env=environment(TMPDIR=tmp_path, REFKNOT=REFKNOT, LEAK=LEAK,
                                   **more))
    return script


def listed(out):
    """The documents in the output, one after another."""
    decoder, text, documents = json.JSONDecoder(), out.decode(), []
    while "{" in text:
        text = text[text.index("{"):]
        document, end = decoder.raw_decode(text)
        jsonschema.validate(document, SCHEMA)
        documents.append(document)
        text = text[end:]
    return documents


def test_nothing_is_said_to_be_nothing(alone):
    done = alone("$REFKNOT list; $REFKNOT clean -a")
    assert done.status == 0
    assert done.out.decode().split("\n\n") == [
        "no recordings in this directory", "nothing is recorded now",
        "nothing is left or kept\n"]
    assert listed(alone("$REFKNOT list -f json").out) == [
        {"schema": "refknot-list/1", "recordings": [], "runs": []}]


def test_recordings_are_listed_newest_first(alone, tmp_path):
    done = alone("""
        $REFKNOT run -q -o old.rkn $LEAK; $REFKNOT run -q -o new.rkn $LEAK
        touch -d '3 days ago' old.rkn; $REFKNOT list; $REFKNOT list -f json""")
    text = done.out.decode()
    assert text.index("new.rkn") < text.index("3 days ago  old.rkn")
    [document] = listed(done.out)
    assert [r["path"] for r in document["recordings"]] == ["new.rkn", "old.rkn"]
    size = (tmp_path / "old.rkn").stat().st_blocks * 512
    assert document["recordings"][1]["bytes"] == size > 0


def test_a_run_that_goes_on_is_listed_and_not_removed(alone):
    done = alone("""
        mkfifo ready go
        $REFKNOT run -q -o r.rkn sh -c 'echo > ready; read x < go' &
        read x < ready
        $REFKNOT list -f json; $REFKNOT clean --all; $REFKNOT list
        echo > go; wait $!; echo "run $?"; $REFKNOT report r.rkn""")
    text = done.out.decode()
    [document] = listed(done.out)
    [one] = document["runs"]
    assert one["state"] == "now" and one["path"].startswith("/dev/shm/refknot-")
    assert any(s["name"].startswith("sh.") for s in one["stores"])
    assert 0 < one["bytes"] < 1 << 24  # not the 20 GiB of the sparse file
    assert "nothing is left or kept" in text
    assert "recorded now:" in text and one["path"] in text
    assert "run 0" in text and "alive" in text


def test_what_a_killed_run_left_is_removed_when_asked_for(alone):
    done = alone("""
        mkfifo ready
        $REFKNOT run -q -o r.rkn sh -c 'echo $$ > ready; exec sleep 100' &
        read pid < ready
        kill -9 $!; kill -9 $pid; while kill -0 $pid; do sleep 0.01; done
        $REFKNOT list -f json
        echo no | $REFKNOT clean; echo "status $?"
        $REFKNOT clean --all; echo "status $?"; ls -A /dev/shm""")
    text = done.out.decode()
    [document] = listed(done.out)
    [one] = document["runs"]
    assert one["state"] == "left" and one["stores"]
    assert "there is no terminal to ask on; --all removes all" in text
    assert "status 2" in text
    end = text[text.index("status 2"):].splitlines()
    assert end[1].startswith(f"removed {one['path']}, ")
    assert end[2:] == ["status 0"]  # nothing is left there


def test_what_survivors_use_stays(alone):
    done = alone("""
        mkfifo ready go
        cat > survive.sh <<'EOF'
        ( exec > survivor.out; sleep 0; read x < go ) &
        EOF
        $REFKNOT run -q -o r.rkn sh survive.sh
        $REFKNOT list -f json; $REFKNOT clean --all; echo "status $?"
        ls /dev/shm; echo > go; sleep 0.3
        $REFKNOT list -f json; $REFKNOT clean --all; ls -A /dev/shm""")
    text = done.out.decode()
    first, second = listed(done.out)
    [used] = first["runs"]
    [kept] = second["runs"]
    assert (used["state"], kept["state"]) == ("used", "kept")
    assert "nothing is left or kept\nstatus 0" in text
    assert text.splitlines()[-1].startswith(f"removed {kept['path']}, ")


def test_files_of_others_are_never_removed(alone):
    done = alone("""
        mkdir -m 700 /dev/shm/refknot-AbCdEf; echo mine > /dev/shm/refknot-AbCdEf/x
        $REFKNOT clean --all; echo "status $?"; cat /dev/shm/refknot-AbCdEf/x""")
    text = done.out.decode()
    assert "stays: it is in use, or has files that refknot did not make" in text
    assert "status 2\nmine\n" in text


def test_arguments_are_refused():
    done = refknot("clean", "x")
    assert done.status == 2 and "takes no arguments" in done.told


def test_the_recordings_in_a_file_have_a_line_each(tmp_path):
    refknot("run", "-o", "r.rkn", "sh", "-c", f"{LEAK}; {LEAK}; true",
            cwd=tmp_path)
    done = refknot("list", "r.rkn", cwd=tmp_path)
    head, *lines = done.out.decode().splitlines()
    assert head.split() == ["SIZE", "PROCESS", "PROGRAM", "FOUND", "RECORDING"]
    lines = [re.split("  +", x.strip()) for x in lines]
    assert [x[2:4] for x in lines] == [["sh", "nothing lost"]] + [
        ["leak", "2 leaks, 520 B"]] * 2
    assert [x[4] for x in lines] == ["r.rkn"] + [f"r.rkn:{x[1]}" for x in lines[1:]]
    done = refknot("list", "-f", "json", "r.rkn", lines[1][4], cwd=tmp_path)
    [document] = listed(done.out)
    rows = document["recordings"]
    assert [row["path"] for row in rows] == [x[4] for x in lines + lines[1:2]]
    assert sum(row["bytes"] for row in rows[:3]) == (
        tmp_path / "r.rkn").stat().st_size
    assert [(row["name"], row["findings"], row["lost_bytes"])
            for row in rows[1:3]] == [("leak", 2, 520)] * 2


def test_a_process_is_listed_by_its_number(tmp_path):
    refknot("run", "-o", "r.rkn", "sh", "-c", f"{LEAK}; true", cwd=tmp_path)
    leak = refknot("list", "r.rkn", cwd=tmp_path).out.decode().splitlines()[2]
    done = refknot("list", leak.split()[2], cwd=tmp_path)
    assert done.out.decode().splitlines()[1].split() == leak.split()
    done = refknot("list", "1", cwd=tmp_path)
    assert done.status == 2 and "of a process 1 here" in done.told


def test_a_file_that_holds_none_is_said(tmp_path):
    (tmp_path / "x.rkn").write_text("a text")
    done = refknot("list", "x.rkn", "y.rkn", cwd=tmp_path)
    assert done.status == 2
    assert done.out.decode().count("it cannot be read") == 2
    assert "x.rkn: is not a recording" in done.told and "y.rkn: " in done.told
