# SPDX-License-Identifier: MIT
"""Corners ten thousand times, and runs long enough for what grows to show.

soak.py runs these; they take minutes.
"""
import subprocess
import time

import pytest

from conftest import BUILD, environment, read_json, record, run
from faults import program, same

STORM = program("storm")
MICRO = BUILD / "tests/whole/bench/bench_micro"
MANY = 10_000


@pytest.mark.parametrize("how", ["fork", "silent", "clone", "vfork",
                                 "vforkends", "spawn", "shared", "daemon"])
def test_ten_thousand_children_of_a_busy_process(
        how, tmp_path, record_property):
    record_property("tries", MANY)
    recorded = same(tmp_path, STORM, how, MANY, timeout=1500)
    assert recorded.outcome.out == b"0 wrong\n"
    report = recorded.report()
    assert report["findings"] == []
    assert report["verdict"]["checked"] is True
    if how == "fork":
        assert len(recorded.children) == MANY


def test_exit_in_a_handler_beside_exit_in_main(tmp_path, record_property):
    """Unaided: a second thread signals the first about when that ends."""
    tries = 1500
    record_property("tries", tries)
    recorded = same(tmp_path, program("ends"), "race", tries, timeout=1500)
    assert recorded.outcome.out == b"1500 ended as they should\n"
    assert len(recorded.children) == tries
    for child in recorded.children:
        assert read_json("report", child)["verdict"]["checked"] is True


def own_bytes(directory, *argv):
    recorded = record(directory, *argv, timeout=1500)
    assert recorded.outcome.status == 0
    report = recorded.report()
    assert report["verdict"]["complete"] is True, report["complete"]
    assert recorded.main.stat().st_size < 1 << 20
    return report["recording"]["own_bytes"], report["process"]["allocations"]


@pytest.mark.parametrize("mode, threads", [("window", 1), ("cross", 4)])
def test_memory_is_flat_over_a_hundred_million_allocations(
        mode, threads, tmp_path, record_property):
    """Its own memory after 1 and after 100 million; it follows the heap."""
    few, _ = own_bytes(tmp_path, MICRO, mode, 1_000_000 // threads, 10,
                       threads)
    many, made = own_bytes(tmp_path, MICRO, mode, 100_000_000 // threads, 10,
                           threads)
    record_property("tries", made)
    assert made >= 100_000_000
    assert many < few * 1.5 + (1 << 20), (few, many)


def redis(directory, requests):
    """A server under so many requests of each of four kinds."""
    socket, main = directory / "s", directory / f"{requests}.rkn"
    with subprocess.Popen(
            [BUILD / "cli/refknot", "run", "-q", "-o", main, "redis-server",
             "--port", "0", "--unixsocket", socket, "--dir", directory,
             "--save", "", "--appendonly", "no"], env=environment(),
            stdout=subprocess.DEVNULL) as server:
        for _ in range(600):
            if run("redis-cli", "-s", socket, "ping").out == b"PONG\n":
                break
            time.sleep(0.1)
        done = run("redis-benchmark", "-s", socket, "-q", "-c", "20", "-r",
                   "10000", "-n", requests, "-t", "set,get,incr,hset",
                   timeout=1500)
        run("redis-cli", "-s", socket, "shutdown", "nosave")
        assert server.wait(60) == 0
    assert done.status == 0
    return read_json("report", main), main


def test_a_server_under_load_is_recorded_in_bounded_memory(
        tmp_path, record_property):
    few, _ = redis(tmp_path, 50_000)
    many, main = redis(tmp_path, 1_000_000)
    record_property("tries", 4_000_000)
    assert many["process"]["allocations"] > 10 * few["process"]["allocations"]
    assert (many["recording"]["own_bytes"]
            < 1.5 * few["recording"]["own_bytes"] + (1 << 20))
    assert many["verdict"]["checked"] is True
    assert {f["kind"] for f in many["findings"]} <= {"possible-leak"}
    assert main.stat().st_size < 8 << 20
