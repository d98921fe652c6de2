# SPDX-License-Identifier: MIT
"""Pages of recordings, and one browser for all of them."""
import base64
import gzip
import json
import pathlib
import re
import subprocess

import pytest

import browser as browsers
from conftest import BUILD, SOURCE, read_json, record, refknot

SOURCE_CXX = r"""
#include <map>
#include <memory>
#include <string>
#include <vector>
struct Child;
struct Parent { std::shared_ptr<Child> child; std::vector<int> numbers; };
struct Child { std::shared_ptr<Parent> parent; std::string name; };
static std::map<std::string, std::vector<long>> *table;
int main()
{
	table = new std::map<std::string, std::vector<long>>;
	for (int i = 0; i < 50; i++)
		(*table)["a key that is long enough, " + std::to_string(i)].resize(i + 1);
	for (int i = 0; i < 3; i++) {
		auto parent = std::make_shared<Parent>();
		parent->child = std::make_shared<Child>();
		parent->child->parent = parent;
		parent->numbers.resize(10);
	}
}
"""

# A run of three parts: entries that stay, requests that are lost, an index that is freed.
SOURCE_PHASES = r"""
#include <refknot.h>
#include <stdlib.h>
#include <time.h>
struct entry { struct entry *next; char *key; };
struct request { struct request *self; char *body; };
struct entry *cache;
char **table;
static void rest(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}
static void cache_add(void)
{
	struct entry *e = malloc(sizeof(*e));

	e->key = malloc(50);
	e->next = cache;
	cache = e;
}
static void request_lose(void)
{
	struct request *r = malloc(sizeof(*r));

	r->body = malloc(1000);
	r->self = r;
}
static void index_build(int n)
{
	table = malloc(n * sizeof(*table));
	for (int i = 0; i < n; i++) {
		table[i] = malloc(60);
		if (i % 200 == 0)
			rest();
	}
}
static void index_free(int n)
{
	while (n--)
		free(table[n]);
	free(table);
	table = NULL;
}
int main(void)
{
	for (int i = 0; i < 6000; i++) {
		cache_add();
		if (i % 100 == 0)
			rest();
	}
	refknot_mark("loaded");
	for (int i = 0; i < 2000; i++) {
		request_lose();
		if (i % 50 == 0)
			rest();
	}
	refknot_mark("served");
	index_build(10000);
	index_free(10000);
	refknot_mark("indexed");
	for (int i = 0; i < 30; i++)
		rest();
	return 0;
}
"""

PROGRAMS = {
    "orphaned_cycle": [BUILD / "samples/orphaned_cycle"],
    "leak": [BUILD / "samples/leak"],
    "reference": [BUILD / "samples/first_reference"],
    "gc_cycle": ["env", "GC_CYCLE_NO_COLLECT=1", BUILD / "samples/gc_cycle"],
    "sqlite": ["sqlite3", ":memory:",
               "create table t(a, b); with recursive c(x) as (select 1 union "
               "all select x + 1 from c where x < 500) insert into t select x, "
               "hex(x) from c; create index i on t(b); select sum(a) from t;"],
    "redis": ["redis-server", "--port", "0", "--save", ""],
    "git": ["git", "--version", "--build-options"],
    "python": ["/usr/bin/python3", "-S", "-c", "import json; print(1)"],
}


class Page:
    """A recording and its page."""
    def __init__(self, recording, path):
        self.recording = recording
        self.path = path

    def json(self, command, *options):
        return read_json(command, self.recording, *options)

    def data(self):
        packed = re.search(r' id="data">([^<]*)</script>',
                           self.path.read_text()).group(1)
        return json.loads(gzip.decompress(base64.b64decode(packed)))

    def with_data(self, path, change):
        """The same page with other data."""
        data = self.data()
        change(data)
        packed = base64.b64encode(gzip.compress(json.dumps(data).encode()))
        head, rest = self.path.read_text().split(' id="data">', 1)
        path.write_text(head + ' id="data">' + packed.decode() +
                        rest[rest.index("</script>"):])
        return Page(self.recording, path)

    def beside(self, path, later):
        """The page of this recording and a later one."""
        done = refknot("view", "-o", path, self.recording, later)
        assert done.status == 0, done.told
        return Page(self.recording, path)


def make_page(directory, *argv):
    """Records a program, and makes its page."""
    recording = record(directory, *argv).main
    path = pathlib.Path(directory) / "page.html"
    done = refknot("view", "-o", path, recording)
    assert done.status == 0, done.told
    return Page(recording, path)


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """Pages by the name of their program, made when first asked for."""
    made = {}

    def get(name):
        if name in made:
            return made[name]
        directory = tmp_path_factory.mktemp(name)
        argv = PROGRAMS.get(name)
        if name == "cxx":
            source = directory / "cxx.cc"
            source.write_text(SOURCE_CXX)
            subprocess.run(["g++", "-g", "-O1", "-o", directory / "cxx", source],
                           check=True)
            argv = [directory / "cxx"]
        if name == "phases":
            source = directory / "phases.c"
            source.write_text(SOURCE_PHASES)
            subprocess.run(["gcc", "-g", "-O0", "-I", SOURCE / "include", "-o",
                            directory / "phases", source], check=True)
            argv = [directory / "phases"]
        made[name] = make_page(directory, *argv)
        return made[name]
    return get


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    why = browsers.missing()
    if why:
        pytest.skip(why)
    b = browsers.Browser(tmp_path_factory.mktemp("browser"))
    yield b
    b.end()


@pytest.fixture
def browser(chromium):
    """The browser; the page must not have had an error."""
    yield chromium
    assert chromium.errors() == []


@pytest.fixture
def page_of(tmp_path):
    def make(*argv):
        return make_page(tmp_path, *argv)
    return make
