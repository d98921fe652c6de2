# SPDX-License-Identifier: MIT
"""Planted faults, what must be found of each, and whether it was.

As a program: plants.py DIRECTORY [VARIANT...]: build all in that directory, run
them, and print a table.
"""
import json
import os
import pathlib
import re
import sys
from dataclasses import dataclass

TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS), str(TESTS / "support")]
os.environ.setdefault("TEST_BUILD", str(TESTS.parent / "build-test"))

# pylint: disable=wrong-import-position
import debian
from conftest import (BUILD, CC, SOURCE, environment, record, refknot,
                      run)

HERE = SOURCE / "tests/whole/plants"


@dataclass(frozen=True)
class Fault:
    """One finding that must be there."""
    kinds: tuple       # each of which is right; (): any by the ledger alone
    type: str          # "": any
    names: tuple       # functions and objects that it must name
    count: int = 1     # instances
    references: int = 0  # in all; 0: any
    said: bool = False   # the report's other lines may say it instead
    # Whose reference is left cannot be certain: these callers, each with what it
    # took less what it gave back.
    balance: tuple = ()


@dataclass(frozen=True)
class Plant:
    corner: str
    faults: tuple
    beside: tuple = ()  # kinds of findings that are true as well


LOST = ("leaked-reference",)
LEAK = ("leak",)
OVER = ("over-retained",)
CYCLE = ("orphaned-cycle",)
ON_FREED = ("reference-on-freed", "release-at-zero")


def one(corner, kinds, kind_of, *names, beside=(), **more):
    return Plant(corner, (Fault(kinds, kind_of, names, **more),), beside)


# One of four callers forgets, and the owner gives back elsewhere.
def of_a_reader(corner, kinds, kind_of, maker, **more):
    return one(corner, kinds, kind_of, "reader2", "unload", references=1,
               balance=(("reader2", 1), (maker, 1), ("unload", -1)), **more)


DOCUMENTS = [
    of_a_reader("forgotten_of_an_object", LOST, "Object", "object_of"),
    of_a_reader("forgotten_of_an_empty_object", LOST, "Object",
                "forgotten_of_an_empty_object"),
    of_a_reader("forgotten_of_an_array", LOST, "Array", "array_of"),
    of_a_reader("forgotten_of_a_string", LOST, "String",
                "forgotten_of_a_string"),
    of_a_reader("forgotten_of_a_tree", LOST, "Object", "object_of"),
    one("forgotten_in_a_global", OVER, "Object", "reader2", "object_of"),
    one("forgotten_of_an_empty_one_in_a_global", OVER, "Object", "reader2"),
    one("forgotten_of_an_element", OVER, "String", "forgotten_of_an_element",
        "array_of"),
    one("forgotten_on_an_error_path", LOST, "Object", "load_checked",
        references=1),
    one("forgotten_after_unpack", LOST, "String", "read_name", references=1),
    one("set_instead_of_set_new", LOST, "String", "fill", references=1),
    one("forgotten_in_a_loop", LOST, "Object", "forgets_some", "object_of",
        count=5, references=5),
    one("forgotten_with_a_stale_slot", LOST, "Slots",
        "forgotten_with_a_stale_slot", references=1),
    one("forgotten_in_another_thread", LOST, "Object", "produce", "object_of",
        references=1),
    of_a_reader("forgotten_in_a_pool", LOST + OVER, "Array", "array_of"),
    one("borrowed_is_given_back", ON_FREED, "String",
        "gives_back_a_borrowed_one", "unload"),
    one("given_back_twice", ON_FREED, "Object", "reads_and_gives_back_twice",
        "unload"),
    one("given_back_by_a_stranger", (), "String", "takes_from_another",
        "given_back_by_a_stranger", "Array#1", "Object#1",
        beside=("under-retained",)),
    one("one_reference_for_two", (), "String", "puts_into_the_second",
        "one_reference_for_two", "Array#1", "Array#2",
        beside=("under-retained",)),
    Plant("one_reference_for_two_that_end", (
        Fault((), "String", ("puts_into_the_second", "Array#1", "Array#2")),
        Fault(ON_FREED, "String", ("one_reference_for_two_that_end",)))),
    one("borrowed_is_stored", (), "Integer", "keeps_a_borrowed_one",
        "object_of", "Object#1", "Array#1", beside=("under-retained",)),
    one("freed_while_it_holds", LOST + LEAK, "", "Array#1", "array_of",
        beside=("leak",)),
    one("freed_while_held", ("freed-while-held",), "Integer",
        "frees_what_is_held"),
    # The program says that its holder, which is alive, has it.
    one("slot_is_overwritten", LOST + LEAK, "Object", "Session#2",
        "object_of"),
    one("holder_is_freed", LOST, "Object", "Session#2", "object_of",
        references=1),
    one("moved_holder_is_freed", LOST, "Object", "Table#1", "table_with",
        references=1),
    one("cycle_of_two_objects", CYCLE, "Object", "ties", "Object#1",
        "Object#2"),
    one("cycle_over_an_array", CYCLE, "Object", "ties_array", "Object#1",
        "Array#1"),
    one("strong_where_weak_is_meant", CYCLE, "Object", "adopt", "Object#1",
        "Object#2"),
    Plant("cycle_beside_a_missing_release", (
        Fault(CYCLE, "Object", ("ties", "Object#1", "Object#2")),
        Fault(LOST, "Object", ("reader2", "unload"), references=1,
              balance=(("reader2", 1), ("object_of", 1), ("unload", -1))))),
    one("cycle_that_is_also_held", LOST + CYCLE, "Object", "reader2", "adopt"),
]

VALUES = [
    one("cycle_after_the_last_collection", CYCLE, "Thing", "ring_of"),
    one("cycle_that_is_held_beside_garbage", CYCLE, "Thing",
        "cycle_that_is_held_beside_garbage", "drop"),
    one("forgotten_member", LOST + OVER, "Text", "lookup_for", said=True),
    one("forgotten_member_in_use", LOST + OVER, "Text", "lookup_for",
        said=True),
    one("forgotten_things", LOST + OVER, "Thing", "forgets_things", count=3,
        said=True),
    one("borrowed_is_freed", ON_FREED, "Text", "frees_a_borrowed_one",
        "drop"),
    one("borrowed_is_stored", (), "Text", "stores_a_borrowed_one", "thing_of",
        "Thing#1", "Thing#2", beside=("under-retained",)),
    one("member_is_overwritten", LOST + LEAK + OVER, "Text", "Thing#2", "thing_of",
        said=True),
]

# Corners that do nothing wrong.
DOCUMENTS_RIGHT = ["parse_copy_and_free", "documents_in_use",
                   "values_are_shared", "containers_change",
                   "passed_between_threads", "holders_move", "in_a_pool"]
VALUES_RIGHT = ["values_in_use", "all_is_freed", "cycles_are_collected",
                "slots_are_used_again"]


# --- Judging -----------------------------------------------------------------

def cards(text):
    """{signature: what people read of a finding}, and all the other lines."""
    parts = re.split(r"^(?=#\d+ )", text, flags=re.M)
    of, rest = {}, parts[0]
    for part in parts[1:]:
        card, *after = re.split(r"\n(?=\S)", part.rstrip("\n"))
        of[re.search(r" sig (\S+)", card)[1]] = card
        rest += "\n".join(after)
    return of, rest


def is_named(name, text):
    return re.search(rf"(?<![\w#]){re.escape(name)}(?![\w#])", text)


def is_of(fault, finding):
    members = {m["type"] for m in finding["members"]}
    if fault.kinds:
        return finding["kind"] in fault.kinds and (
            fault.type in members | {finding["type"], ""})
    return finding["evidence"] == ["ledger"] and finding["type"] == fault.type


def judge_balance(fault, finding):
    """What is not right about whose calls these are; "" """
    balance = finding["references"].get("balance")
    if not balance:
        return "shows no balance by caller"
    callers = [({f["function"] for f in c["stack"]}, c["net"])
               for c in balance["callers"]]
    for function, net in fault.balance:
        if not any(function in names and n == net for names, n in callers):
            return f"{function} {net:+} is not in its balance"
    if len(callers) > len(fault.balance):
        return "innocent callers are in its balance"
    if [n for _, n in callers] != sorted((n for _, n in callers),
                                         key=lambda n: n <= 0):
        return "those that took do not come first"
    return "calls a guess certain" if balance["certain"] else ""


def judge_finding(fault, finding, card):
    told = json.dumps(finding) + card
    missing = [n for n in fault.names if not is_named(n, told)]
    guess = re.findall(r"^ +(\d+/\d+  (?:made|taken) \S+)", card, re.M)
    if fault.names[0] in missing and len(guess) == 1:
        return "wrong", f"{fault.names[0]} is not named, but: {guess[0]}"
    if missing:
        return "vague", "does not name " + ", ".join(missing)
    if finding["count"] != fault.count:
        return "vague", f"count {finding['count']}, not {fault.count}"
    left = finding["references"] and finding["references"]["count"]
    if fault.references and left != fault.references:
        return "vague", f"{left} references, not {fault.references}"
    why = judge_balance(fault, finding) if fault.balance else ""
    return ("vague", why) if why else ("right", "")


ORDER = ["right", "vague", "wrong", "missed"]


def judge_fault(fault, report, of, rest):
    """The best that any finding says of it, and which."""
    best = None
    for finding in report["findings"]:
        if is_of(fault, finding):
            told = judge_finding(fault, finding, of[finding["signature"]])
            if not best or ORDER.index(told[0]) < ORDER.index(best[0]):
                best = (*told, finding["signature"])
    if best:
        return best
    if fault.said and is_named(fault.type, rest):
        missing = [n for n in fault.names if not is_named(n, rest)]
        return (("vague", f"does not name {', '.join(missing)}", "")
                if missing else ("right", "in other lines", ""))
    gaps = [f"{g['count']} {g['what']}" for g in report["complete"]]
    if gaps:
        return "vague", "only: " + "; ".join(gaps), ""
    if "references without a recorded owner" in rest:
        return "missed", "only a hint at `refknot refs`", ""
    return "missed", "", ""


def judge(plant, report, text):
    """("right", "vague", "wrong" or "missed", why)"""
    of, rest = cards(text)
    told = [judge_fault(f, report, of, rest) for f in plant.faults]
    known = {t[2] for t in told}
    others = [f for f in report["findings"]
              if f["signature"] not in known and f["kind"] not in plant.beside]
    verdict = max((t[0] for t in told), key=ORDER.index)
    why = "; ".join(t[1] for t in told if t[1])
    if others:
        verdict = "wrong"
        why = "; ".join([*(f"{f['kind']} of {f['type']}, "
                           f"{f['objects']} objects" for f in others),
                         *([why] if why else [])])
    return verdict, why


def recorded(directory, program, corner):
    """The report of a run, as JSON and as text, and how it ended."""
    r = record(directory, program, corner)
    # the runs of one program have the same symbols
    env = environment(REFKNOT_CACHE=directory.parent / "symbols")
    told = [refknot("report", "--full", "--limit", "0", "--format", form, r.main,
                    env=env) for form in ("json", "text")]
    assert [t.status for t in told] == [0, 0], told[0].told
    return json.loads(told[0].out), told[1].out.decode(), r.outcome


# --- Building ----------------------------------------------------------------

CONFIG = """
#define JSON_INLINE inline
#define JSON_INTEGER_IS_LONG_LONG 1
#define JSON_HAVE_LOCALECONV 1
#define JSON_HAVE_ATOMIC_BUILTINS 1
#define JSON_HAVE_SYNC_BUILTINS 1
#define JSON_PARSER_MAX_DEPTH 2048
"""
PRIVATE = "".join(f"#define HAVE_{name} 1\n" for name in (
    "ENDIAN_H FCNTL_H SCHED_H UNISTD_H SYS_PARAM_H SYS_STAT_H SYS_TIME_H "
    "SYS_TYPES_H STDINT_H CLOSE GETPID GETTIMEOFDAY OPEN READ SCHED_YIELD "
    "ATOMIC_BUILTINS LOCALE_H SETLOCALE").split()) + """
#define USE_URANDOM 1
#define INITIAL_HASHTABLE_ORDER 3
"""

ANNOTATED = ["-include", HERE / "annotated.h"]
VARIANTS = {
    "plain": [],
    "disabled": [*ANNOTATED, "-DREFKNOT_DISABLE"],
    "told": ANNOTATED,
    "counted": [*ANNOTATED, "-DCOUNTED"],
    "interior": [*ANNOTATED, "-DINTERIOR"],
}


def cc(*argv):
    done = run(*CC.split(), "-g", "-w", *argv)
    assert done.status == 0, done.told


class Jansson:
    """Its source, and what was built of it, once each."""

    def __init__(self, source, directory):
        self.source = source
        self.directory = directory
        (directory / "jansson_config.h").write_text(CONFIG)
        (directory / "jansson_private_config.h").write_text(PRIVATE)

    def options(self, variant):
        return [*VARIANTS[variant], "-DHAVE_CONFIG_H", "-I", self.directory,
                "-I", self.source / "src", "-I", SOURCE / "include"]

    def library(self, variant):
        place = self.directory / variant
        if not place.exists():
            place.mkdir()
            for path in sorted((self.source / "src").glob("*.c")):
                cc("-O2", f"-DINSIDE_{path.stem.upper()}",
                   *self.options(variant), "-c", path, "-o",
                   place / f"{path.stem}.o")
        return sorted(place.glob("*.o"))

    def program(self, variant, path, *more):
        program = self.directory / f"{variant}-{path.stem}"
        if not program.exists():
            library = self.library(variant)
            cc(*self.options(variant), *more, path, *library, "-o", program,
               "-pthread", "-lm")
        return program

    def documents(self, variant):
        return self.program(variant, HERE / "documents.c", "-O1", "-I",
                            SOURCE / "samples", "-I", SOURCE / "tests/preload/ledger")


def jansson(directory):
    """Skips where Debian's sources cannot be had."""
    (directory / "source").mkdir()
    (directory / "build").mkdir()
    tree = debian.sources(directory / "source", "jansson")["jansson"]
    return Jansson(tree, directory / "build")


def values(variant):
    return BUILD / f"tests/whole/plants/plants_values_{variant}"


# --- The table -----------------------------------------------------------------

def rows(directory, wanted):
    library = jansson(directory)
    for variant in wanted:
        program = library.documents(variant)
        for plant in DOCUMENTS:
            yield "jansson, " + variant, plant, program
    for variant in wanted:
        if values(variant).exists():
            for plant in VALUES:
                yield "values, " + variant, plant, values(variant)


def main():
    directory = pathlib.Path(sys.argv[1])
    found = {}
    for i, (what, plant, program) in enumerate(
            rows(directory, sys.argv[2:] or ["told", "counted"])):
        place = directory / f"run{i}"
        place.mkdir()
        report, text, _ = recorded(place, program, plant.corner)
        verdict, why = judge(plant, report, text)
        found.setdefault(what, []).append(verdict)
        print(f"{what:17} {plant.corner:38} {verdict:7} {why}", flush=True)
    for what, verdicts in found.items():
        print(json.dumps({"of": what, **{v: verdicts.count(v)
                                         for v in ORDER}}))


if __name__ == "__main__":
    main()
