# SPDX-License-Identifier: MIT
"""Programs whose types are known, as every compiler builds them, and what refknot
says of their blocks."""
import itertools

import pytest

from conftest import compiled, read_json, record

BUILDS = list(itertools.product(["gcc", "clang"], ["-O0", "-O2"]))


def builder(directory, compiler, level):
    """Compiles units, each on its own, into one program."""
    def program(headers=(), library=(), flags=(), **sources):
        for name, text in dict(headers).items():
            (directory / f"{name}.h").write_text(text)
        options = (level, "-g", *flags)
        shared = [compiled(directory, f"{n}.so", t, *options, "-shared",
                           "-fPIC", compiler=compiler)
                  for n, t in dict(library).items()]
        parts = [compiled(directory, f"{n}.o", t, *options, "-c",
                          compiler=compiler) for n, t in sources.items()]
        return compiled(directory, "program", "", level, *parts, *shared,
                        f"-Wl,-rpath,{directory}", compiler=compiler)

    return program


@pytest.fixture(params=BUILDS, ids="".join)
def build(request, tmp_path):
    return builder(tmp_path, *request.param)


@pytest.fixture(params=BUILDS, ids="".join)
def build_cxx(request, tmp_path):
    """The same of C++."""
    compiler, level = request.param
    return builder(tmp_path, {"gcc": "g++", "clang": "clang++"}[compiler], level)


def live(program, by="type"):
    """Number of live blocks by what `--by` says."""
    main = record(program.parent, program).main
    found = read_json("objects", main, "--by", by, "--limit", "0")
    return {row["type"]: row["live"] for row in found["types"]}


def shown(program, name):
    """What show has of a type, and of its fields by name."""
    main = record(program.parent, program).main
    found = read_json("show", name, main)["type"]
    return found, {f["field"]: f for f in found["fields"]}
