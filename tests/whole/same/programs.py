# SPDX-License-Identifier: MIT
"""What same.py records: [(name, command of refknot, argv, standard input)]."""
import json
import pathlib
import random
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
# pylint: disable=wrong-import-position
import inputs  # noqa: E402

RUN = ("run",)
CORNER = re.compile(r"^\s*(?:CORNER|CASE)\(\w+\).*$", re.M)
RING = ("make N 1", "make N 2", "link 1 0 2", "link 2 0 1", "bulk N 300 3",
        "drop 1", "drop 2", "collect 1", "collect 2", "stats", "make N 3")


def built(build):
    """{name: its target} of all that meson builds there."""
    text = (build / "meson-info/intro-targets.json").read_text()
    return {t["name"]: t for t in json.loads(text)}


def corners(target):
    sources = target["target_sources"][0]["sources"]
    lines = CORNER.findall(pathlib.Path(sources[0]).read_text())
    return re.findall(r"(?:CORNER|CASE)\((\w+)\)", "\n".join(lines))


def own(build):
    """Programs of the tests, as their tests start them."""
    targets = built(build)
    library = targets["truth_library"]["filename"][0]
    for name, target in sorted(targets.items()):
        kind, program = name.split("_")[0], target["filename"][0]
        if "/samples/" in program:
            yield name, RUN, [program], ""
        elif target["type"] != "executable":
            continue
        elif kind == "truth":
            yield name, RUN, [program, library], ""
        elif name == "ledger_scenarios":
            yield name, RUN, [program], "\n".join(RING) + "\n"
        elif kind in ("ledger", "plants", "steady"):
            more = ["6"] if kind == "steady" else []
            for corner in corners(target):
                yield f"{name}.{corner}", RUN, [program, corner, *more], ""
    for name in ("leak", "fine", "truth_leak_chain", "ledger_own"):
        argv = [targets[name]["filename"][0], "list5"]
        yield f"live_check_{name}", ("check", "-o"), argv, ""
        yield f"live_memcheck_{name}", ("memcheck",), argv, ""
        yield f"live_doctor_{name}", ("doctor",), argv[:1], ""
    passes = targets["steady_passes"]["filename"][0]
    for corner in (["leaves", "{}"], ["grows", "9"], ["steady", "9"]):
        yield (f"live_steady_{corner[0]}", ("steady",), [passes, *corner], "")


def make_inputs(work):
    inputs.json_document(work / "a.json", 20000)
    inputs.xml_document(work / "a.xml", 60)
    inputs.sql_script(work / "a.sql", 100)
    inputs.c_source(work / "a.c", 6)
    inputs.git_repository(work / "git", 60)
    rng = random.Random(3)
    (work / "a.txt").write_text("".join(
        f"{rng.randrange(10 ** 6)} word{i % 97}\n" for i in range(4000)))


LOOP = "i=0; while [ $i -lt 50 ]; do i=$((i+1)); x=$x.$i; done; echo ${#x}"
PHP = ('$a = []; for ($i = 0; $i < 500; $i++) $a["k$i"] = str_repeat("x", $i);'
       ' echo count($a), "\\n";')
# As Debian has them; record says what is not there.
REAL = {
    "python3": ["python3", "-c", inputs.PYTHON, "200"],
    "perl": ["perl", "-e", inputs.PERL, "400"],
    "php": ["php", "-n", "-r", PHP],
    "sqlite3": ["sqlite3", ":memory:", ".read a.sql"],
    "jq": ["jq", "[.[] | .at.x] | add", "a.json"],
    "xz": ["xz", "-T1", "-1", "-k", "-c", "a.txt"],
    "openssl": ["openssl", "dgst", "-sha256", "a.txt"],
    "redis_cli": ["redis-cli", "--help"],
    "git": ["git", "-C", "git", "log", "--stat", "-n", "20"],
    "vim": ["vim", "-u", "NONE", "-es", "-N", "-n", "-c", "%s/word/W/g", "-c",
            "qa!", "a.txt"],
    "bc": ["bc", "-l"],
    "cc1": ["/usr/lib/gcc/x86_64-linux-gnu/12/cc1", "-quiet", "-O1", "a.c",
            "-o", "/dev/null"],
    "sort": ["sort", "--parallel=1", "-n", "a.txt"],
    "awk": ["awk", "{ n[$2]++ } END { for (k in n) s += n[k]; print s }",
            "a.txt"],
    "tar": ["tar", "-cf", "/dev/null", "a.txt", "a.xml", "a.c"],
    "gdb": ["gdb", "--version"],
    "cmake": ["cmake", "--version"],
    "xmllint": ["xmllint", "--format", "a.xml"],
    "man": ["man", "--path"],
    "dash": ["dash", "-c", LOOP],
    "dash_children": ["dash", "-c", "sort a.txt | tail -n 1; ls a.*; true"],
    "lua": ["lua5.4", "-e", "t = {} for i = 1, 900 do t[i] = {i .. ''} end"],
    "m4": ["m4"],
    "sed": ["sed", "-n", "s/word\\([0-9]*\\)/<\\1>/p", "a.txt"],
    "find": ["find", "git", "-name", "*.txt", "-newer", "a.c"],
}
FEED = {"bc": "scale=60; 4*a(1); for (i=0;i<50;i++) x[i]=2^i; x[49]\n",
        "m4": "define(`f', `$1$1')f(f(f(f(x))))\n"}


def everything(build):
    yield from own(build)
    for name, argv in REAL.items():
        yield f"real_{name}", RUN, argv, FEED.get(name, "")
