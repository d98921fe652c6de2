#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Whether a baseline survives what people change: 40 pairs of builds, 20 edits
and 10 new leaks in each of three C libraries, from Debian's sources.

It prints a row a judgement, what was new by the change alone and in what it
differs from what was accepted, and sums. Status 1: a goal is missed.
"""
import argparse
import collections
import difflib
import os
import pathlib
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "support")]
# pylint: disable=wrong-import-position
import builds  # noqa: E402
import changes  # noqa: E402
import debian  # noqa: E402
import measure  # noqa: E402
from projects import PROJECTS  # noqa: E402
from trees import Failed  # noqa: E402


def own(finding):
    """Frames up to main, each function once in a row."""
    frames = []
    for name, line in measure.frames_of(finding):
        if not frames or frames[-1][0] != name:
            frames.append((name, line))
        if name == "main":
            break
    return frames


def names(finding):
    return tuple(n for n, _ in own(finding))


def difference(new, accepted):
    """In what a new finding differs from the nearest that was accepted; in
    frames, or in lines, or (new code, another build's luck) in all."""
    mine = names(new)
    best = max(accepted, default=None, key=lambda f: difflib.SequenceMatcher(
        None, mine, names(f)).ratio())
    if best is None:
        return "nothing like it was found"
    theirs = names(best)
    if mine == theirs:
        lines = [f"{a[0]}:{b[1]}>{a[1]}" for a, b in zip(own(new), own(best))
                 if a[1] != b[1]]
        return "same functions, lines " + (" ".join(lines) or "equal")
    matcher = difflib.SequenceMatcher(None, theirs, mine)
    if matcher.ratio() < 0.5:
        return "nothing like it was found"
    parts = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "equal":
            parts.append("/".join(map(str, theirs[a:b])) + ">"
                         + "/".join(map(str, mine[c:d])))
    return "frames " + ", ".join(parts)


class Bench:
    """One project, its builds, and their suites' recordings."""

    def __init__(self, options, project, source):
        self.options, self.project, self.source = options, project, source
        self.home = pathlib.Path(options.directory) / project.name
        self.made = {}
        self.tree = self.planted("tree")

    def planted(self, name):
        return self.project.planted(self.source, self.fresh(name))

    def fresh(self, name):
        """A path of which nothing is left from another time."""
        path = self.home / name
        if path.exists():
            shutil.rmtree(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def recorded(self, name):
        if name not in self.made:
            build = builds.BUILDS[name]
            tree = self.tree
            if build.elsewhere:
                tree = tree.copy(self.fresh("another/directory"))
            where = tree.build(build, self.home / "b" / name)
            self.made[name] = measure.Recorded(self.options.refknot, tree,
                                               where).record()
        return self.made[name]

    def pair(self, base, judged):
        accepted = self.recorded(base)
        verdict = self.recorded(judged).judge(accepted.baseline)
        return verdict, accepted.accepted.findings

    def changed(self, change, base, build):
        """The same, of a tree with a change in it."""
        accepted = self.recorded(base)
        tree = self.tree.copy(self.fresh("changed"))
        change.apply(tree)
        # The build's objects are there already, but of the other path.
        where = tree.build(builds.BUILDS[build], self.home / "c" / build)
        recorded = measure.Recorded(self.options.refknot, tree, where)
        recorded.record()
        verdict = recorded.judge(accepted.baseline, *change.options)
        return verdict, accepted.accepted.findings


class Table:
    def __init__(self, options):
        self.options = options
        self.held, self.all = collections.Counter(), collections.Counter()
        self.classes = collections.Counter()
        self.errors = []

    def row(self, kind, project, title, good, verdict, accepted, note=""):
        self.all[kind, project] += 1
        self.held[kind, project] += good
        word = "ok  " if good else "FAIL"
        print(f"{word} {kind:5} {project:8} {title:34} accepted "
              f"{len(accepted):3} new {len(verdict.new):3} stale "
              f"{verdict.stale:3} exit {verdict.status} {note}", flush=True)
        if good:
            return
        for finding in verdict.new:
            why = difference(finding, accepted)
            self.classes[why] += 1
            if self.options.verbose:
                stack = " < ".join(map(str, names(finding)))
                print(f"       {finding['signature']} "
                      f"{finding['objects']}x {stack}: {why}")

    def failed(self, kind, project, title, error):
        self.all[kind, project] += 1
        self.errors.append((kind, project, title))
        print(f"FAIL {kind:5} {project:8} {title:34} {error}", flush=True)

    def finish(self):
        print()
        for (kind, project), n in sorted(self.all.items()):
            print(f"{kind:5} {project:8} {self.held[kind, project]:3} of {n}")
        if self.classes and self.options.classes:
            print("\nwhat was new by the change alone differs by")
            for why, n in self.classes.most_common(self.options.classes):
                print(f"{n:5} {why}")
        return self.held != self.all


def measure_pairs(bench, table):
    pairs = builds.FEW if bench.options.few else builds.PAIRS
    if bench.options.all:
        pairs = pairs + builds.MORE
    for base, judged in pairs:
        title = f"{base} > {judged}"
        if not wanted(bench.options, title):
            continue
        try:
            verdict, accepted = bench.pair(base, judged)
        except Failed as error:
            table.failed("pair", bench.project.name, title, error)
            continue
        table.row("pair", bench.project.name, title,
                  verdict.status == 0 and not verdict.new, verdict, accepted)


def measure_edits(bench, table):
    for edit in changes.edits(bench.project.name):
        for base, build in builds.EDITED[:1 if bench.options.few else None]:
            title = f"{edit.name} ({build})"
            if not wanted(bench.options, title):
                continue
            try:
                verdict, accepted = bench.changed(edit, base, build)
            except Failed as error:
                table.failed("edit", bench.project.name, title, error)
                continue
            table.row("edit", bench.project.name, title,
                      verdict.status == 0 and not verdict.new, verdict,
                      accepted)


def measure_plants(bench, table):
    for plant in changes.plants(bench.project.name):
        for base, build in builds.PLANTED[:1 if bench.options.few else None]:
            title = f"{plant.name} ({base} > {build})"
            if not wanted(bench.options, title):
                continue
            try:
                verdict, accepted = bench.changed(plant, base, build)
            except Failed as error:
                table.failed("plant", bench.project.name, title, error)
                continue
            found = [f for f in verdict.findings if f["fails"]
                     and plant.is_it(f)]
            good = verdict.status == 23 and bool(found)
            table.row("plant", bench.project.name, title, good, verdict,
                      accepted, "" if good else "not found")


def wanted(options, title):
    return not options.only or any(o in title for o in options.only)


PARTS = {"pairs": measure_pairs, "edits": measure_edits,
         "plants": measure_plants}


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("parts", nargs="*", metavar="pairs|edits|plants",
                        help="all without any")
    parser.add_argument("-b", "--build", default="build-test",
                        help="refknot's own build")
    parser.add_argument("-d", "--directory",
                        help="where sources and builds are kept")
    parser.add_argument("-p", "--project", action="append",
                        choices=list(PROJECTS))
    parser.add_argument("--only", action="append", metavar="TEXT",
                        help="what has this in its title")
    parser.add_argument("--few", action="store_true")
    parser.add_argument("--all", action="store_true", help="five pairs more")
    parser.add_argument("-v", "--verbose", action="store_true",
                        help="each finding that is new")
    parser.add_argument("--classes", type=int, default=30, metavar="N")
    options = parser.parse_args(argv)
    options.refknot = pathlib.Path(options.build).resolve() / "cli/refknot"
    return options


def main(argv):
    options = parse(argv)
    os.environ["LC_ALL"] = "C.UTF-8"
    with tempfile.TemporaryDirectory(prefix="pairs-") as scratch:
        options.directory = os.path.realpath(options.directory or scratch)
        trees = debian.kept(pathlib.Path(options.directory), *PROJECTS)
        table = Table(options)
        for name in options.project or PROJECTS:
            bench = Bench(options, PROJECTS[name], trees[name])
            for part in options.parts or PARTS:
                PARTS[part](bench, table)
    return int(table.finish())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
