# SPDX-License-Identifier: MIT
"""clang-format, clang-tidy and cppcheck, as they are set up here."""
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# What cppcheck looks at. Programs of the tests leak and fail on purpose.
SHIPPED_C = ("cli/", "common/", "preload/")
FINDING = re.compile(r"^(\S+?):(\d+):(?:\d+:)? (?:fatal )?"
                     r"(?:warning|error|style|performance|portability|information): .*")


def findings(tree, output):
    """One line a finding, with a path from the tree's root, each once."""
    seen = {}
    for line in output.splitlines():
        if match := FINDING.match(line):
            path = (tree.build / match[1]).resolve()
            seen[tree.name(path) + line[len(match[1]):]] = None
    return list(seen)


def check_format(tree):
    """All C files have the shape that .clang-format says."""
    return findings(tree, tree.run("clang-format-14", "--dry-run", "-Werror",
                                   *tree.files(".c", ".h")))


def tidy(tree, files):
    # Warnings are gcc's, with which we build.
    return tree.run("clang-tidy-14", "-quiet", "-p", tree.build, "--extra-arg=-w", *files)


def check_tidy(tree, under=("",)):
    """clang-tidy finds nothing; .clang-tidy says what it looks for."""
    files = [f for f in tree.commands if tree.name(f).startswith(tuple(under))]
    some = [files[i:i + 8] for i in range(0, len(files), 8)]
    with ThreadPoolExecutor(2) as pool:
        return findings(tree, "".join(pool.map(lambda f: tidy(tree, f), some)))


def check_cppcheck(tree):
    """cppcheck finds nothing but what cppcheck.txt explains."""
    here = Path(__file__).parent
    return findings(tree, tree.run(
        "cppcheck", "-q", "-j2", "--enable=warning,performance,portability,style",
        "--std=c11", "--inline-suppr", "--project=compile_commands.json",
        *(f"--file-filter={tree.source}/{f}*" for f in SHIPPED_C),
        f"--suppressions-list={here / 'cppcheck.txt'}", f"--library={here / 'cppcheck.cfg'}",
        "--template={file}:{line}:{column}: {severity}: {message} [{id}]"))
