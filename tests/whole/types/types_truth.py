#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Whether the C types that refknot finds are those of clang's syntax tree: on
tmux, sqlite3, redis, jq, git and curl from Debian's sources, by gcc and clang, with -O2
and -O0.

    tests/whole/types/types_truth.py -b BUILD DIRECTORY [tmux gcc O2]

Words behind the directory choose programs, compilers and levels. Prints what
share of the live blocks has a type, how many of those types are the tree's, and
each that is not. Sources, builds and recordings stay in the directory and are
used again. Status 1: a goal is missed.
"""
import argparse
import json
import multiprocessing
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "support")]
# pylint: disable=wrong-import-position
import debian  # noqa: E402
import judge  # noqa: E402
from programs import PROGRAMS  # noqa: E402

COMPILERS = ("gcc", "clang")
LEVELS = ("O2", "O0")
ALWAYS = {"right": 99.5, "contradictions": 0.1}  # per cent
LOG = """#!/bin/sh
printf '%s\\037' "$PWD" "$@" >> "{log}"
echo >> "{log}"
exec "$@"
"""


def build(program, source, home, compiler, level):
    """The binary; its compiler's command lines are in `home`/log."""
    tree = home / "source"
    if not (home / "built").exists():
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(source, tree, symlinks=True)
        wrapper = home / "compiler"
        wrapper.write_text(LOG.format(log=home / "log"))
        wrapper.chmod(0o755)
        env = {**os.environ, "CC": f"{wrapper} {compiler}", "OPT": f"-{level}"}
        with open(home / "output", "w", encoding="utf-8") as output:
            subprocess.run(["/bin/sh", "-c", program.build], cwd=tree, env=env,
                           stdout=output, stderr=subprocess.STDOUT, check=True)
        (home / "built").touch()
    return tree / program.binary


def units(log):
    """(directory, source, options) of all that was compiled."""
    found = {}
    for line in log.read_text(errors="replace").splitlines():
        directory, *words = [w for w in line.split("\037") if w]
        kept = []
        rest = iter(words[1:])
        for word in rest:
            if word in ("-I", "-D", "-U", "-isystem", "-include"):
                kept += [word, next(rest, "")]
            elif word[:2] in ("-I", "-D", "-U") or word.startswith("-std"):
                kept.append(word)
        for word in words[1:]:
            if word.endswith(".c") and "conftest" not in word:
                found[directory, word, tuple(kept)] = None
    return list(found)


def calls_of_unit(unit):
    import tree  # pylint: disable=import-outside-toplevel
    directory, source, options = unit
    try:
        os.chdir(directory)
        return list(tree.calls_of(source, options))
    except (OSError, ValueError, tree.cindex.TranslationUnitLoadError) as e:
        print(f"{source}: {e}", file=sys.stderr)
        return []


def tree_of(home):
    kept = home / "tree.json"
    if not kept.exists():
        with multiprocessing.Pool(2) as pool:
            rows = [r for part in pool.imap(calls_of_unit, units(home / "log"))
                    for r in part]
        kept.write_text(json.dumps(rows))
    return judge.Tree(json.loads(kept.read_text()))


def inferred(options, recording):
    done = subprocess.run(
        [options.build / "tests/whole/types/types_inferred", recording], check=True,
        capture_output=True, text=True, errors="replace")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return rows[:-1], rows[-1]


def measure(options, program, source, compiler, level):
    home = options.directory / f"{program.name}-{compiler}-{level}"
    binary = build(program, source, home, compiler, level)
    recordings = [home / f"{name}.rkn" for name in program.recordings]
    if not all(recording.exists() for recording in recordings):
        program.run([options.build / "cli/refknot", "run", "-q", "-o",
                     home / "main.rkn"], binary, home)
    sums, tree, last = judge.Sums(program.allocators), tree_of(home), None
    for recording in recordings:
        rows, one = inferred(options, recording)
        last = {k: last[k] + v for k, v in one.items()} if last else one
        for row in rows:
            sums.add(tree, row)
    return sums.say(f"{program.name} {compiler} {level}", last,
                    {**ALWAYS, **program.goals})


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.
                                     RawDescriptionHelpFormatter)
    parser.add_argument("-b", "--build", type=lambda p: pathlib.Path(p).
                        resolve(), default=pathlib.Path("build-test"))
    parser.add_argument("directory", type=lambda p: pathlib.Path(p).resolve())
    parser.add_argument("only", nargs="*")
    options = parser.parse_args()
    trees = debian.kept(options.directory, *(p.package for p in PROGRAMS))
    good = True
    for level in LEVELS:
        for compiler in COMPILERS:
            for program in PROGRAMS:
                words = {program.name, compiler, level}
                groups = [{p.name for p in PROGRAMS}, set(COMPILERS),
                          set(LEVELS)]
                chosen = [g & set(options.only) for g in groups]
                if any(c and not c & words for c in chosen):
                    continue
                good &= measure(options, program, trees[program.package],
                                compiler, level)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
