# SPDX-License-Identifier: MIT
"""Builds that differ by what people change from one day to the next, and the
pairs of them of which one accepts and the other is judged."""
from trees import Build

G = ("-O2", "-g")
LIST = [
    Build("O2"), Build("O0", flags=("-O0", "-g")),
    Build("O1", flags=("-O1", "-g")), Build("O3", flags=("-O3", "-g")),
    Build("Os", flags=("-Os", "-g")), Build("Og", flags=("-Og", "-g")),
    Build("lto", flags=(*G, "-flto")),
    Build("lto-static", flags=(*G, "-flto"), static=True),
    Build("static", static=True),
    Build("O0-static", flags=("-O0", "-g"), static=True),
    Build("O3-static", flags=("-O3", "-g"), static=True),
    Build("split", flags=(*G, "-gsplit-dwarf")),
    Build("split-static", flags=(*G, "-gsplit-dwarf"), static=True),
    Build("gz", flags=(*G, "-gz")),
    Build("prefix-map", flags=(*G, "-fdebug-prefix-map=@=/usr/src/project")),
    Build("elsewhere", elsewhere=True),
    Build("strip-g", strip=("-g",)),
    Build("strip-g-O0", flags=("-O0", "-g"), strip=("-g",)),
    Build("g1", flags=("-O2", "-g1")),
    Build("dwarf4", flags=("-O2", "-gdwarf-4")),
    Build("hardened", flags=(*G, "-D_FORTIFY_SOURCE=2",
                             "-fstack-protector-strong", "-fcf-protection")),
    Build("clang-O2", "clang"), Build("clang-O0", "clang", ("-O0", "-g")),
    Build("clang-O1", "clang", ("-O1", "-g")),
    Build("clang-O3", "clang", ("-O3", "-g")),
    Build("clang-Os", "clang", ("-Os", "-g")),
    Build("clang-lto", "clang", (*G, "-flto=thin"), ("-fuse-ld=lld",)),
    Build("clang-static", "clang", static=True),
    Build("clang-split", "clang", (*G, "-gsplit-dwarf")),
    Build("clang-gz", "clang", (*G, "-gz")),
    Build("clang-strip-g", "clang", strip=("-g",)),
    Build("clang-g1", "clang", ("-O2", "-gline-tables-only")),
    Build("clang-dwarf4", "clang", ("-O2", "-gdwarf-4")),
]
BUILDS = {build.name: build for build in LIST}

# (the baseline's, the one judged)
PAIRS = [pair.split() for pair in """
O2 O0
O0 O2
O2 O1
O1 O3
O3 O2
O2 O3
Os O0
O2 Os
Og O2
O0 Os
O2 lto
lto O2
O2 static
static O2
O0-static O2
O2 O0-static
O3-static O0
lto-static O2
split O2
O2 split
split-static O0
gz O2
O2 gz
prefix-map O2
O0 prefix-map
O2 elsewhere
elsewhere O0
O2 strip-g
strip-g O2
O0 strip-g-O0
O2 g1
dwarf4 O2
hardened O0
O2 clang-O2
clang-O0 O2
clang-O2 clang-O0
clang-O3 clang-static
clang-lto clang-O1
clang-split O3
O0 clang-strip-g
""".strip().splitlines()]
# More, for those who have the time: --all
MORE = [pair.split() for pair in """
clang-gz clang-Os
clang-g1 O2
O2 clang-dwarf4
strip-g clang-strip-g
split clang-split
""".strip().splitlines()]

# What a test can build while people wait.
FEW = [("O2", "O0"), ("O0", "O2"), ("O2", "static"), ("clang-O2", "O2"),
       ("O2", "strip-g"), ("split", "O0")]

# The builds of which each edit and each plant is judged.
EDITED = [("O0", "O0"), ("O2", "O2")]
PLANTED = [("O2", "O2"), ("O2", "O0"), ("O0", "clang-O2")]
