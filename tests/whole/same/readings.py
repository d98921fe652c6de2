# SPDX-License-Identifier: MIT
"""What same.py asks of recordings: [(name, arguments of refknot)]."""
import itertools
import re

FORMATS = ("text json gnu github sarif junit tap gitlab valgrind-xml markdown "
           "suppressions lsan-suppressions").split()
COMMANDS = ("report leaks cycles refs show balance objects regions diff check "
            "memcheck steady info doctor run").split()
VALUES = ("", "nonesuch", "-1", "0", "99999999999999999999", "1.5", "a=b", "/")
FULL = ("live_", "real_")


def few(rec):
    """What is read of a recording that is made anew."""
    for command in ("report", "refs", "objects", "regions", "info"):
        yield command, [command, rec]
        yield command + ".json", [command, "-f", "json", rec]
    yield "check.json", ["check", "-f", "json", rec]


def objects_of(told):
    """Some names of objects: of findings, then of what is alive."""
    names = re.findall(r'"(?:name|object|holder)": "([^"\n]*#\d+)"', told)
    names += [n + "#1" for n in re.findall(r'"type": "([^"\n]+)"', told)]
    return list(dict.fromkeys(names))[:2]


def marks_of(told):
    said = re.search(r"its marks: (.*)", told)
    marks = said[1].split(", ") if said else []
    return [m for m in marks if m not in ("none", "...")][:2]


def of_objects(rec, full):
    yield "objects.cached", ["objects", "-n", "3", rec]
    pairs = list(itertools.product(
        ("type", "site", "function", "file", "size"),
        ("bytes", "count", "name")))
    for by, sort in pairs if full else pairs[1::4]:
        yield f"objects.{by}.{sort}", ["objects", "-b", by, "-s", sort, rec]
        if full:
            yield (f"objects.{by}.{sort}.json",
                   ["objects", "-b", by, "-s", sort, "-f", "json", rec])
    for by in ("type", "site", "size", "root") if full else ("type", "root"):
        yield f"objects.{by}.retained", ["objects", "-r", "-b", by, rec]
    for gen in "0123" if full else "2":
        yield f"objects.gen{gen}", ["objects", f"--gen={gen}", rec]


def of_gate(rec, other, full):
    wrote = [f"--output={f}={f}.out" for f in FORMATS]
    yield "check.all", ["check", *wrote, rec]
    for form in FORMATS if full else ():
        yield f"check.{form}", ["check", "-f", form, rec]
    yield "check.update", ["check", "--baseline=base.json",
                           "--update-baseline", rec]
    yield "check.accepted", ["check", "--baseline=base.json",
                             "--show-suppressed", rec]
    yield "check.baseline", ["check", "--baseline=base.json",
                             "--fail-on=any", "-f", "json", other]
    yield "check.grow", ["check", "--baseline=base.json", "--update-baseline",
                         "--keep-stale", rec, other]
    yield "check.generate", ["check", "--gen-suppressions", rec]
    for form in ("suppressions", "lsan-suppressions"):
        yield f"check.by.{form}", [
            "check", f"--suppressions={form}.out", "--show-suppressed", rec]
    yield "check.limits", [
        "check", "--max-leaked-bytes=1", "--max-leaked-objects=1",
        "--max-peak=1", "--max-left=request=0", "--error-exitcode=3", rec]
    yield "check.incomplete", ["check", "--allow-incomplete", "-f", "gitlab",
                               "--source-root=/usr", rec]
    yield "check.skipped", ["check", "--skip-programs=truth_*,/usr/*", rec]


def every(rec, other, told, full):
    """Each command; `told`: what `few` and a wrong mark were answered."""
    yield "report.fresh", ["report", "-p", "--no-symbol-cache", rec]
    yield "report.possible.json", ["report", "-p", "-f", "json", rec]
    yield "report.two", ["report", "-n", "1", rec, other]
    yield "report.all.json", ["report", "-n", "0", "-f", "json", rec]
    for command in ("leaks", "cycles"):
        yield command, [command, rec]
        yield command + ".json", [command, "-f", "json", rec]
    yield from of_objects(rec, full)
    yield "refs.none", ["refs", "-t", "None", rec]
    yield "regions.thread", ["regions", "-b", "thread", rec]
    yield "regions.main", ["regions", "--func=main", rec]
    yield "regions.main.json", ["regions", "--func=main", "-f", "json", rec]
    for i, name in enumerate(objects_of(told)):
        for command in ("show", "balance"):
            yield f"{command}.{i}", [command, rec, name]
            yield f"{command}.{i}.json", [command, "-a", "-f", "json", rec,
                                          name]
    for by in ("type", "site") if full else ("site",):
        yield f"objects.peak.{by}", ["objects", "--at=peak", "-b", by, rec]
        yield f"diff.peak.{by}", ["diff", "-b", by, f"{rec}@peak", rec]
    for mark in marks_of(told):
        yield f"objects.at.{mark}", ["objects", f"--at={mark}", rec]
        yield f"diff.at.{mark}", ["diff", f"{rec}@{mark}", rec]
    for by in ("type", "site", "size") if full else ("site",):
        yield f"diff.{by}", ["diff", "-b", by, other, rec]
    yield "diff.json", ["diff", "-f", "json", other, rec]
    yield "steady", ["steady", rec]
    yield "steady.json", ["steady", "-w", "1", "-r", "2", "-f", "json", rec]
    yield from of_gate(rec, other, full)
    for command in ("report", "objects", "check") if full else ():
        yield f"tty.{command}", [command, rec]


def damaged(data):
    """A recording that is cut, and with a byte changed, at 20 places."""
    for i in range(20):
        at = len(data) * i // 20
        yield f"cut{i}", data[:at]
        yield f"bit{i}", data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1:]


def words(told):
    """Help and errors: each command, option and kind of value."""
    for args in ([], ["--help"], ["--version"], ["nonesuch"], ["repo"],
                 ["-f"], ["--usage"], ["-h", "report"]):
        yield "refknot" + "".join(args), args
    for command in COMMANDS:
        for args in ([], ["--help"], ["--usage"], ["-?"], ["--nonesuch"],
                     ["-Z"], ["none.rkn"], ["/"], ["empty.rkn"],
                     ["a.rkn", "b.rkn", "c.rkn"], ["-f", "yaml", "a.rkn"]):
            # A program is run elsewhere: what it prints is no word of ours.
            if command in ("memcheck", "run") and args[:1] == ["a.rkn"]:
                continue
            yield command + "".join(args).replace("/", "%"), [command, *args]
        for option, takes in re.findall(r"--([a-z-]+)(=?)", told[command]):
            for i, value in enumerate(VALUES if takes else VALUES[:2]):
                yield (f"{command}--{option}.{i}",
                       [command, f"--{option}={value}", "a.rkn"])
            yield f"{command}--{option}", [command, f"--{option}"]
