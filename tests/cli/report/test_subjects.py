# SPDX-License-Identifier: MIT
"""What show and why take: numbers, signatures, objects, addresses, types, sites,
words; and what they say of it."""
import json
import re

import jsonschema
import pytest

from conftest import SOURCE, compiled, record, refknot

SCHEMA = json.loads(
    (SOURCE / "cli/report/refknot-report.schema.json").read_text())

PROGRAM = """
#include <stdlib.h>
#include <string.h>
#include "scrub.h"

struct entry { struct entry *next; char *key; };
struct cache { struct entry *first; long size; };
struct ring { struct ring *next, *previous; };
struct cursor { long pad[4]; };

static struct cache *cache;
static char *middle;

static NOINLINE struct entry *entry_new(const char *key)
{
    struct entry *e = calloc(1, sizeof(*e));

    e->key = strdup(key);
    return e;
}

static NOINLINE struct ring *ring_new(void)
{
    struct ring *r = malloc(sizeof(*r));

    r->next = r->previous = NULL;
    return r;
}

static NOINLINE void lose(void)
{
    struct ring *a = ring_new(), *b = ring_new();
    struct cursor **lost = calloc(1, 400);

    a->next = b;
    b->next = a;
    lost[7] = calloc(1, sizeof(struct cursor));
}

static NOINLINE void keep(void)
{
    cache = calloc(1, sizeof(*cache));
    for (const char *key = "abc"; *key; key++) {
        struct entry *e = entry_new(key);

        e->next = cache->first;
        cache->first = e;
    }
    middle = (char *)malloc(200) + 100;
}

int main(void)
{
    keep();
    lose();
    scrub();
    exit(0);
}
"""


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    directory = tmp_path_factory.mktemp("subjects")
    program = compiled(directory, "subjects", PROGRAM, "-g", "-O0", "-I",
                       SOURCE / "samples")
    return record(directory, program).main


def said(command, recording, word):
    """The text about `word`, and its JSON, which the schema allows."""
    text = refknot(command, recording, word)
    assert text.status == 0, text.told
    made = refknot(command, "-f", "json", recording, word)
    assert made.status == 0, made.told
    document = json.loads(made.out)
    jsonschema.validate(document, SCHEMA)
    return text.out.decode(), document


def refused(command, recording, word):
    done = refknot(command, recording, word)
    assert done.status == 2 and not done.out
    return done.told


def findings(recording):
    return json.loads(refknot("report", "-f", "json", recording).out)["findings"]


# --- Findings ------------------------------------------------------------------

def test_numbers_are_those_of_the_report_whatever_is_listed(recording):
    listed = findings(recording)
    assert [f["number"] for f in listed] == list(range(1, len(listed) + 1))
    assert [f["kind"] for f in listed] == ["orphaned-cycle", "leak",
                                           "possible-leak"]
    for command, number in (("cycles", 1), ("leaks", 2)):
        text = refknot(command, recording).out.decode()
        assert re.findall(r"^(\d+)  ", text, re.M) == [str(number)]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_finding_is_found_by_number_and_signature(recording, number):
    wanted = findings(recording)[number - 1]
    for word in (str(number), f"#{number}", wanted["signature"],
                 wanted["signature"][:8]):
        text, document = said("show", recording, word)
        assert text.startswith(f"{number}  ") and f"\n#{number} " in text
        assert wanted["signature"] in text
        assert document["findings"] == [wanted]
    assert "_start" in text  # the whole stack


def test_a_number_that_there_is_not(recording):
    for word in ("4", "#4", "0", "999999999999"):
        assert refused("show", recording, word).endswith(
            f"there is no finding {word.lstrip('#')}; the recording has "
            "3 findings\n")


# --- Objects, types, sites -----------------------------------------------------

def test_a_type_is_found_by_its_tag_and_by_a_part(recording):
    for word in ("struct entry", "entry"):
        text, document = said("show", recording, word)
        assert document["type"]["type"] == "struct entry"
        assert document["type"]["live"] == 3 and ".next" not in text.split()[0]
    _, document = said("show", recording, "cach")
    assert document["type"]["type"] == "struct cache"


def test_a_site_is_found_by_function_and_by_line(recording):
    text, document = said("show", recording, "ring_new")
    site = document["site"]
    assert (site["objects"], site["bytes"]) == (2, 32)
    assert site["findings"] == [1] and "finding #1" in text
    assert {row["type"] for row in site["made"]} == {"struct ring"}
    line = site["made"][0]["place"]["line"]
    assert said("show", recording, f"subjects.c:{line}")[1] == document
    # an allocation of two types
    _, document = said("show", recording, "keep")
    assert sum(row["objects"] for row in document["site"]["made"]) == 2


def test_an_ambiguous_word_lists_what_it_could_mean(recording):
    told = refused("show", recording, "struct")
    words = re.findall(r"^    refknot show '(.*)'   a (?:type|site): ", told,
                       re.M)
    assert set(words) >= {"struct entry", "struct cache", "struct ring"}
    for word in words:  # each as it is printed
        said("show", recording, word)


@pytest.mark.parametrize("word", ["", "#", "nothing#1", "0xzz", "0x1",
                                  "struct entry#0", "deadbeef", "\x1b[2J"])
def test_what_is_not_there_is_answered_in_one_line(recording, word):
    for command in ("show", "why"):
        told = refused(command, recording, word)
        assert told.count("\n") == 1 and "\x1b" not in told


# --- Why -----------------------------------------------------------------------

def test_why_shows_the_path_from_a_root(recording):
    text, document = said("why", recording, "struct entry#2")
    lines = text.splitlines()
    assert lines[0].startswith("struct entry#2 is alive: 3 pointers lead to it")
    assert "cache" in lines[1]
    assert lines[2] == "    -> struct cache#1 .first"
    assert lines[3] == "    -> struct entry#3 .next"
    assert document["object"]["state"] == "reachable"
    assert document["object"]["finding"] is None
    address = document["object"]["address"]
    assert said("why", recording, address)[0] == text


@pytest.mark.parametrize("word, state, finding, says", [
    ("struct ring#1", "lost", 1, "is lost"), ("1", "lost", 1, "is lost"),
    ("2", "lost", 2, "is lost"), ("3", "possible-leak", 3, "may be lost"),
    ("struct cache#1", "reachable", None, "is alive")])
def test_why_names_the_finding_that_has_it(recording, word, state, finding,
                                           says):
    text, document = said("why", recording, word)
    assert says in text.splitlines()[0]
    assert document["object"]["state"] == state
    assert document["object"]["finding"] == finding
    if finding:
        assert f"finding #{finding} has it" in text


def test_what_a_leak_holds_is_lost_with_it(recording):
    text, document = said("why", recording, "struct cursor#1")
    assert "is lost" in text and document["object"]["finding"] == 2


def test_why_wants_one_object(recording):
    assert refused("why", recording, "struct entry").endswith(
        '"struct entry" is a type; name one object of it: '
        'struct entry#1 to #3\n')
    assert "is a function that allocates" in refused("why", recording,
                                                     "ring_new")
