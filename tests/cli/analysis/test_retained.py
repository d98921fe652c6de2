# SPDX-License-Identifier: MIT
"""Retained sizes of keeps.c, where they are known by construction."""
import json
import re

import jsonschema
import pytest

from conftest import BUILD, SOURCE, compiled, read_json, record, refknot

SCHEMA = json.loads((SOURCE / "cli/report/refknot-report.schema.json").read_text())
PROGRAM = BUILD / "tests/cli/analysis/retained_keeps"


class Kept:
    def __init__(self, directory, *arguments, options=()):
        directory.mkdir()
        self.recorded = record(directory, PROGRAM, *arguments, options=options)
        assert self.recorded.outcome.status == 0
        self.address = dict(
            line.split() for line in
            self.recorded.outcome.out.decode().splitlines())

    def json(self, *options):
        document = read_json("objects", self.recorded.main, *options)
        jsonschema.validate(document, SCHEMA)
        return {row["type"]: row for row in document["types"]}

    def retained(self, *options):
        return {key: (row["retained_objects"], row["retained_bytes"])
                for key, row in self.json("--retained", *options).items()}

    def show(self, name):
        document = read_json("show", self.address[name], self.recorded.main)
        jsonschema.validate(document, SCHEMA)
        return document["object"]

    def text(self, *arguments):
        done = refknot(*arguments)
        assert done.status == 0, done.told
        return done.out.decode()


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return Kept(tmp_path_factory.mktemp("kept") / "a")


@pytest.fixture(scope="module")
def also(tmp_path_factory):
    """The ring's last entry is held by another variable, too."""
    return Kept(tmp_path_factory.mktemp("also") / "a", "also")


# --- objects --retained ----------------------------------------------------------

def test_groups_retain_what_only_they_lead_to(kept):
    found = kept.retained("--by", "function")
    assert found["make_cache"] == (1 + 20, 16 + 10 * 132)
    assert found["entry_new"] == (20, 10 * 132)
    # holder_new has another block, which is lost, and neither holds its label
    # or tail by itself.
    assert found["holder_new"] == (2, 48)
    assert found["label_new"] == (1, 50)
    assert found["own_new"] == (1, 70)
    assert found["make_pool"] == (3, 128 + 64)


def test_a_text_that_two_groups_hold_is_of_neither(kept):
    """texts are held by entries, and two by lost heads."""
    found = kept.retained("--by", "function")
    assert found["text_new"] == (12, 1200)
    assert found["head_new"] == (4, 2 * 48 + 200)
    assert found["tail_new"] == (1, 200)


def test_one_of_a_lost_cycle_retains_all_of_it(kept):
    found = kept.retained("--by", "size")
    assert found["40 B"] == (4, 160)  # three links, a payload


def test_entries_that_others_hold_are_not_retained(also):
    found = also.retained("--by", "function")
    assert found["make_cache"] == (1, 16)
    assert found["entry_new"] == (20, 10 * 132)
    assert found["holder_new"] == (2, 48)


def test_parts_of_a_block_retain_what_their_pointers_lead_to(kept):
    found = kept.retained("--by", "type")
    assert found["Job"] == (2, 64 + 40)
    assert found["Task"] == (2, 64 + 24)


def test_rows_are_sorted_by_what_they_retain(kept):
    document = read_json("objects", kept.recorded.main, "--retained", "--by",
                         "function", "--sort", "retained")
    sizes = [row["retained_bytes"] for row in document["types"]]
    assert sizes == sorted(sizes, reverse=True)
    assert document["types"][0]["type"] == "make_cache"


def test_a_sum_of_rows_does_not_say_what_it_retains(kept):
    found = kept.json("--retained", "--by", "function", "--limit", "1")
    assert found["(other)"]["retained_bytes"] is None
    text = kept.text("objects", "--retained", "--by", "function", "-n", "1",
                     "--sort", "retained", kept.recorded.main)
    head, first, other, total = text.splitlines()[:4]
    assert head.split() == ["LIVE", "BYTES", "AVERAGE", "RETAINED", "RETAINED",
                            "BYTES", "FUNCTION"]
    assert first.split() == ["1", "object", "16", "B", "16", "B", "21",
                             "objects", "1.3", "KiB", "make_cache"]
    assert other.endswith("more)") and total.endswith("total")


def test_without_the_option_nothing_is_said_of_it(kept):
    assert "retained_bytes" not in kept.json("--by", "function")["make_cache"]
    assert "RETAINED" not in kept.text("objects", kept.recorded.main)


@pytest.mark.parametrize("options", [
    ["--sort", "retained"], ["--retained", "--at", "x"],
    ["--by", "root", "--at", "x"]])
def test_what_is_not_known_is_refused(kept, options):
    done = refknot("objects", *options, kept.recorded.main)
    assert done.status == 2 and len(done.told.splitlines()) == 1


# --- objects --by root -------------------------------------------------------------

def roots(rows):
    return {key: (row["live"], row["bytes"]) for key, row in rows.items()}


def test_variables_retain_what_only_they_lead_to(kept):
    found = roots(kept.json("--by", "root"))
    name = PROGRAM.name
    assert found[f"cache in {name}"] == (21, 16 + 10 * 132)
    assert found[f"other in {name}"] == (1, 24)
    assert found[f"cache in {name} and other in {name}"] == (1, 50)
    own, = (sums for key, sums in found.items()
            if re.match(r"thread-local mine( in keeps.c)? of thread \d+$", key))
    assert own == (1, 70)
    assert found[f"pool in {name}"] == (3, 192)
    # three links, three holders of a tail with two texts
    assert found["no root"] == (3 + 4 + 2, 120 + 2 * 48 + 24 + 200 + 200)


def test_what_two_variables_lead_to_is_of_both(also):
    found = roots(also.json("--by", "root"))
    name = PROGRAM.name
    assert found[f"cache in {name}"] == (1, 16)
    assert found[f"cache in {name} and other in {name}"] == (21, 1320 + 50)


def test_roots_retain_what_is_theirs(kept):
    for row in kept.json("--by", "root", "--retained").values():
        assert (row["retained_objects"], row["retained_bytes"]) == (
            row["live"], row["bytes"])


def test_rows_of_roots_add_up(kept):
    live = kept.json("--by", "function")
    rows = kept.json("--by", "root")
    for key in "live", "bytes":
        assert (sum(row[key] for row in live.values()) ==
                sum(row[key] for row in rows.values()))


# --- diff ------------------------------------------------------------------------------

def test_diff_says_how_much_more_is_retained(kept, also):
    def rows(*options):
        document = json.loads(refknot(
            "diff", "-f", "json", *options, kept.recorded.main,
            also.recorded.main).out)
        jsonschema.validate(document, SCHEMA)
        return {row["type"]: row for row in document["difference"]["rows"]}
    found = rows("--by", "function", "--retained")
    assert set(found) == {"make_cache"}
    row = found["make_cache"]
    assert (row["bytes"], row["retained_before"], row["retained_after"],
            row["retained"]) == (0, 1336, 16, -1320)
    assert rows("--by", "function") == {}
    roots = rows("--by", "root")
    assert roots[f"cache in {PROGRAM.name}"]["bytes"] == -1320
    text = kept.text("diff", "-r", "--by", "function", kept.recorded.main,
                     also.recorded.main)
    assert text.splitlines()[0].split()[3:] == ["BYTES", "RETAINED",
                                                "FUNCTION"]
    assert text.splitlines()[1].split()[3:] == ["0", "B", "-1.3", "KiB",
                                                "make_cache"]


@pytest.mark.parametrize("options", [["--retained"], ["--by", "root"]])
def test_a_mark_has_no_pointers(kept, options):
    done = refknot("diff", *options, f"{kept.recorded.main}@x",
                   kept.recorded.main)
    assert done.status == 2 and "keep no pointers" in done.told


# --- show ------------------------------------------------------------------------------

def test_show_says_what_an_object_retains(kept):
    o = kept.show("entry")
    assert (o["retained_objects"], o["retained_bytes"]) == (20, 1320)
    assert sum(t["objects"] for t in o["retained_types"]) == 19
    assert sum(t["bytes"] for t in o["retained_types"]) == 1320 - 32
    assert o["retained_types"][0]["bytes"] == 1000
    assert o["retained_by"]
    text = kept.text("show", kept.recorded.main, kept.address["entry"])
    assert "    retains 20 objects, 1.3 KiB: free if only it were\n" in text
    assert "\n      10 objects, 1000 B  " in text
    assert f"\n    is retained by {o['retained_by']}: free with it\n" in text


def test_what_two_hold_is_retained_by_neither(kept):
    o = kept.show("label")
    assert (o["retained_objects"], o["retained_by"]) == (1, None)
    assert kept.show("text")["retained_by"].count("entry_new") <= 1


def test_show_knows_what_a_lost_cycle_retains(kept):
    o = kept.show("link")
    assert (o["retained_objects"], o["retained_bytes"]) == (3, 120)
    assert o["retained_by"] is None
    # Three heads lead to it, of which none is it.
    assert kept.show("tail")["retained_by"] is None


# --- findings ---------------------------------------------------------------------------

def test_findings_say_what_they_alone_lose(kept):
    report = kept.recorded.report()
    jsonschema.validate(report, SCHEMA)
    found = {f["stack"][0]["function"]: f for f in report["findings"]}

    def sums(name):
        f = found[name]
        return (f["objects"], f["held_objects"], f["shared_objects"],
                f["shared_bytes"], f["retained_objects"], f["retained_bytes"])
    assert sums("link_new") == (3, 0, 0, 0, 3, 120)
    # One of them has the tail in its account.
    heads, holder = sums("head_new"), sums("holder_new")
    assert heads[4:] == (4, 296) and holder[4:] == (1, 24)
    assert {heads[1:4], holder[1:4]} in (
        {(3, 1, 200), (0, 0, 0)}, {(2, 0, 0), (1, 1, 200)})
    text = kept.text("leaks", "--full", kept.recorded.main)
    assert text.count("of what it holds, 1 object, 200 B is shared with other "
                      "findings and counted here only; without it, it ") == 1


# --- What is not known --------------------------------------------------------------------

def test_without_a_snapshot_nothing_is_retained(tmp_path):
    kept = Kept(tmp_path / "a", options=["--no-snapshot"])
    for key, sums in kept.retained("--by", "function").items():
        assert sums == (None, None), key
    text = kept.text("objects", "-r", kept.recorded.main)
    assert "RETAINED" not in text
    assert ("\nretained sizes are not known: no snapshot at the end was wanted\n"
            in text)
    for command in (["objects", "--by", "root", kept.recorded.main],
                    ["diff", "-r", kept.recorded.main, kept.recorded.main]):
        done = refknot(*command)
        assert done.status == 2 and not done.out
        assert "no snapshot at the end was wanted" in done.told
    o = kept.show("entry")
    assert o["retained_objects"] is None and o["retained_types"] == []
    text = kept.text("show", kept.recorded.main, kept.address["entry"])
    assert "what it retains are not known: no snapshot" in text
    assert "no root leads to it" not in text


INHERITED = """
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
static void **box;
int main(void)
{
	box = calloc(1, 64);
	if (!fork()) {
		*box = calloc(1, 48);
		return 0;
	}
	wait(NULL);
	return 0;
}
"""


def test_what_a_child_inherited_is_a_root(tmp_path):
    program = compiled(tmp_path, "inherited", INHERITED)
    child, = record(tmp_path, program).children
    rows = {row["type"]: (row["live"], row["bytes"]) for row in
            read_json("objects", child, "--by", "root")["types"]}
    assert rows["memory that fork copied"] == (1, 48)
