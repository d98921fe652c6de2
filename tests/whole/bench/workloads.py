# SPDX-License-Identifier: MIT
"""What is measured: real programs, short ones, and malloc itself."""
import os
import pathlib
import re
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from typing import Callable, Optional

import inputs
from conftest import BUILD, run

MICRO = BUILD / "tests/whole/bench/bench_micro"
# Where mimalloc-bench's programs were built, outside of this tree: its out/bench.
# Its inputs are beside them, in bench/.
MALLOC_BENCH = pathlib.Path(os.environ.get("MALLOC_BENCH", "/nonexistent"))
REDIS_SOCKET = "redis.sock"


@dataclass
class Workload:
    name: str
    argv: Callable  # of the scale, 1.0 or less
    real: bool = True  # somebody else's program
    env: dict = field(default_factory=dict)
    stdin: Optional[Callable] = None  # path, of the scale
    cwd: Optional[pathlib.Path] = None
    # Works with the started process and has it end; returns the seconds that
    # count, in place of the process's life.
    drive: Optional[Callable] = None
    blocks: int = 0  # alive at the end: memory is told for each
    # The program runs for a time that it is given, and prints how much it did:
    # how many a second, from its output.
    rate: Optional[Callable] = None
    rounds: int = 0  # at most; 0: as many as are asked for


def redis_driver(directory, requests):
    socket = directory / REDIS_SOCKET

    def drive():
        for _ in range(600):
            if run("redis-cli", "-s", socket, "ping").out == b"PONG\n":
                break
            time.sleep(0.1)
        begin = time.monotonic()
        subprocess.run(["redis-benchmark", "-s", socket, "-q", "-c", "10",
                        "-n", str(requests), "-t", "set,get,lpush,hset"],
                       check=True, stdout=subprocess.DEVNULL)
        seconds = time.monotonic() - begin
        run("redis-cli", "-s", socket, "shutdown", "nosave")
        return seconds
    return drive


def sized(make, directory, name, full):
    """A file made for each scale, once."""
    def path(scale):
        file = directory / f"{scale}.{name}"
        if not file.exists():
            make(file, max(1, int(full * scale)))
        return file
    return path


def real_programs(d):
    document = sized(inputs.json_document, d, "json", 10_000_000)
    markup = sized(inputs.xml_document, d, "xml", 60_000)
    script = sized(inputs.sql_script, d, "sql", 150_000)
    source = sized(inputs.c_source, d, "c", 1500)
    repository = inputs.git_repository(d / "repository", 2000)
    perl, python = d / "work.pl", d / "work.py"
    perl.write_text(inputs.PERL)
    python.write_text(inputs.PYTHON)
    return [
        Workload("jq", lambda s: ["jq", "map(.at.x) | add", document(s)]),
        Workload("xmllint", lambda s: ["xmllint", "--format", markup(s)]),
        Workload("sqlite3", lambda s: ["sqlite3", ":memory:"], stdin=script),
        # In files: heaptrack cannot write down arguments of several lines.
        Workload("perl", lambda s: ["perl", perl, str(int(300_000 * s))]),
        Workload("python3", lambda s: ["/usr/bin/python3", python,
                                       str(int(60_000 * s))],
                 env={"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": 0}),
        # The compiler proper: heaptrack does not follow gcc to it.
        Workload("cc1", lambda s: [
            compiler(), "-quiet", "-imultiarch", "x86_64-linux-gnu", "-O1",
            source(s), "-o", d / "out.s"]),
        Workload("git log", lambda s: ["git", "log", "--stat",
                                       f"-{int(2000 * s)}"], cwd=repository),
        Workload("bash", lambda s: [
            "bash", "-c", f"for i in $(seq {int(50 * s)}); do "
            "(echo $i | cat >/dev/null); done"]),
        Workload("xz -T2", lambda s: ["xz", "-T2", "-1", "-k", "-c",
                                      document(s)]),
        Workload("openssl", lambda s: [
            "openssl", "list", "-digest-algorithms", "-cipher-algorithms",
            "-public-key-algorithms"]),
        Workload("redis-server", lambda s: [
            "redis-server", "--port", "0", "--unixsocket", d / REDIS_SOCKET,
            "--dir", d, "--save", "", "--appendonly", "no"],
            drive=redis_driver(d, 50_000)),
    ]


def short_programs(d):
    """Many processes that do little, each of which is recorded."""
    makefile = d / "Makefile"
    makefile.write_text("all: " + " ".join(f"t{i}" for i in range(30)) + "\n"
                        "t%:\n\t@/bin/echo $@; /bin/true\n")
    project = d / "project"
    project.mkdir()
    (project / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.10)\nproject(p C)\n"
        "add_executable(p p.c)\n")
    (project / "p.c").write_text("int main(void) { return 0; }\n")
    return [
        Workload("true", lambda s: ["true"]),
        Workload("true, 300 times", lambda s: [
            "dash", "-c", "i=0; while [ $i -lt "
            f"{int(300 * s)} ]; do /bin/true; i=$((i+1)); done"]),
        Workload("make, 30 children", lambda s: [
            "make", "-s", "-j1", "-f", makefile]),
        Workload("man", lambda s: ["man", "-P", "cat", "-l", manual_page(d)]),
        Workload("cmake", lambda s: [
            "sh", "-c", f"rm -rf {d}/b; exec cmake -S {project} -B {d}/b"]),
    ]


def manual_page(d):
    page = d / "page.1"
    page.write_text(".TH PAGE 1\n.SH NAME\npage \\- a page\n" +
                    ".SH TEXT\nWords of a page.\n" * 300)
    return page


def per_second(pattern, unit=1):
    def rate(output):
        return float(re.search(pattern, output)[1]) * unit
    return rate


def malloc_programs():
    """Programs that do little but allocate, as others measure allocators."""
    def program(name, *args, **kw):
        return Workload(name, lambda s: [MALLOC_BENCH / name.split(",")[0],
                                         *args], **kw)
    return [
        program("cfrac", "17545186520507317056371138836327483792789528"),
        program("espresso", MALLOC_BENCH.parent.parent
                / "bench/espresso/largest.espresso"),
        program("larson", "2", "8", "1000", "5000", "100", "4141", "2",
                rate=per_second(r"Throughput =\s*([\d.]+)")),
        program("xmalloc-test", "-w", "2", "-t", "2", "-s", "64",
                rate=per_second(r"free/sec: ([\d.]+) M", 1e6)),
    ]


def compiler():
    return subprocess.run(["/usr/bin/gcc", "-print-prog-name=cc1"], check=True,
                          capture_output=True, text=True).stdout.strip()


def micro(name, *args, **kw):
    """Argument 1 shrinks with the scale."""
    mode, count, *rest = args
    return Workload(name, lambda s: [MICRO, mode, str(int(count * s)), *rest],
                    real=False, **kw)


PAIRS, BLOCKS = 5_000_000, 5_000_000
# The programs over which the mean is taken.
MEAN = {"jq", "xmllint", "sqlite3", "perl", "python3", "cc1"}


def micro_programs():
    return [
        micro("pairs, depth 10", "pairs", PAIRS, "10", "1"),
        micro("pairs, depth 30", "pairs", PAIRS, "30", "1"),
        micro("pairs, depth 10, 2 threads", "pairs", PAIRS, "10", "2"),
        micro("pairs, depth 30, 2 threads", "pairs", PAIRS, "30", "2"),
        micro("window, depth 10", "window", PAIRS, "10", "1"),
        micro("window, depth 30", "window", PAIRS, "30", "1"),
        micro("window, depth 10, 2 threads", "window", PAIRS, "10", "2"),
        micro("window, depth 30, 2 threads", "window", PAIRS, "30", "2"),
        micro("cross-thread frees, 2", "cross", PAIRS // 2, "0", "2"),
        micro("cross-thread frees, 64", "cross", PAIRS // 64, "0", "64"),
        micro("20,000 threads in turn", "churn", 20_000),
        micro("100,000 threads in turn", "churn", 100_000),
        micro("5 M blocks, 10 M pointers", "heap", BLOCKS, blocks=BLOCKS),
        micro("50 M blocks, 100 M pointers", "heap", 10 * BLOCKS,
              blocks=10 * BLOCKS, rounds=1),
    ]


def available(workload):
    return shutil.which(str(workload.argv(0.01)[0])) is not None
