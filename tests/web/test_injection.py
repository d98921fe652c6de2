# SPDX-License-Identifier: MIT
"""Names are data: whatever a program calls its functions, types, files, threads and
itself, the page shows it as text."""
import os
import shutil
import subprocess

import pytest

from conftest import SOURCE, record, refknot

pytest_plugins = ["pages"]

EVIL = "</script><img src=x onerror=document.title='pwned'>"
MORE = "--><svg onload=document.title='pwned'>&lt;b&gt;\u202eevil"

PROGRAM = r"""
#define _GNU_SOURCE
#include <refknot.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
struct plain_type { struct plain_type *plain_field; long rest[4]; };
struct plain_type *plain_global;
__attribute__((noinline)) void *plain_function(size_t size)
{
	return malloc(size);
}
static void *thread(void *data)
{
	pthread_setname_np(pthread_self(), "<b>thread</b>");
	plain_function(77);
	return data;
}
static void lose_a_cycle(void)
{
	struct plain_type *a = malloc(sizeof(*a)), *b = malloc(sizeof(*b));

	a->plain_field = b;
	b->plain_field = a;
}
static void scrub(void)
{
	char stack[8192];

	memset(stack, 0, sizeof(stack));
	__asm__ volatile("" : : "r"(stack) : "memory");
}
int main(void)
{
	pthread_t t;

	lose_a_cycle();
	plain_global = malloc(sizeof(*plain_global));
	plain_function(55);
	pthread_create(&t, NULL, thread, NULL);
	pthread_join(t, NULL);
	refknot_mark(MARK);
	refknot_mark("<b>mark</b>");
	scrub();
	return 0;
}
"""


def padded(text, size):
    data = text.encode()
    assert len(data) <= size
    return data + b"_" * (size - len(data))


@pytest.fixture(scope="module")
def evil(tmp_path_factory):
    """A program whose names were overwritten: long ones of C, so that there is
    room for those here in its tables and its debug information."""
    directory = tmp_path_factory.mktemp("evil")
    source = directory / "source_of_a_long_name_so_that_there_is_room_for_more.c"
    text, names = PROGRAM, {}
    for word, evil in (("plain_type", "T" + EVIL), ("plain_field", "F" + EVIL),
                       ("plain_global", "G" + EVIL), ("plain_function", MORE)):
        size = len(evil.encode()) + 4
        long = (word + "_" * size)[:size]
        text = text.replace(word, long)
        names[long.encode()] = padded(evil, size)
    file = source.name.encode()
    names[file] = padded("f<img src=x onerror=alert(1)>.c", len(file))
    source.write_text(text)
    program = directory / "p"
    subprocess.run(["gcc", "-g", "-O0", "-pthread", "-I", SOURCE / "include",
                    f'-DMARK="{EVIL}"', "-Wl,--hash-style=sysv",
                    "-o", program, source.name], check=True, cwd=directory)
    data = program.read_bytes()
    for name, evil in names.items():
        assert name in data, name
        data = data.replace(name, evil)
    name = "<img src=x onerror=document.title=1>"
    renamed = directory / name
    renamed.write_bytes(data)
    renamed.chmod(0o755)
    recording = record(directory, renamed, "<script>document.title='pwned'</script>",
                       "\"'><svg onload=document.title='pwned'>").main
    done = refknot("view", "-o", directory / "page.html", recording)
    assert done.status == 0, done.told
    return directory / "page.html"


def test_the_names_are_there_as_text(browser, evil):
    browser.open(evil)
    assert "<img src=x onerror" in browser.text("h1")
    assert "<script>document.title" in browser.text(".facts")
    browser.run("document.querySelectorAll('.finding').forEach((d) => d.open = 1)")
    browser.settle()
    assert EVIL in browser.text()
    assert "<svg onload" in browser.text()
    browser.view("types")
    assert any(EVIL in row[0] for row in browser.rows())
    browser.view("sites")
    assert any("onerror=alert(1)>.c" in row[0] for row in browser.rows())
    browser.view("flame")
    browser.click("main > details > summary")
    assert any("<svg onload" in row[0] for row in browser.rows())
    browser.view("timeline")
    assert [row[0].split("  ", 1)[1] for row in browser.rows("h3 ~ .table table")] \
        == [EVIL, "<b>mark</b>"]


@pytest.mark.parametrize("view", ["findings", "flame", "treemap", "timeline", "types",
                                  "sites", "objects", "object/0", "object/1", "limits"])
def test_no_name_is_markup(browser, evil, view):
    browser.open(evil, view)
    title = browser.run("return document.title")
    browser.run("document.querySelectorAll('details').forEach((d) => d.open = 1)")
    browser.settle()
    assert browser.run("return document.querySelectorAll("
                       "'img, b[onerror], svg[onload], iframe').length") == 0
    # Nor the name of the thread, or of a mark.
    assert browser.run("return [...document.querySelectorAll('b')].map("
                       "(b) => b.textContent).filter((t) => /^(thread|mark)$/.test(t))") == []
    # Only the page's own: the head's, the data's and the code's.
    assert browser.run("return [...document.querySelectorAll('script')]"
                       ".filter((s) => s.closest('#app')).length") == 0
    assert browser.run("return document.title") == title
    assert "pwned" not in title


def test_nor_without_scripts(browser, evil):
    html = evil.read_text()
    head = html[:html.index('<div id="app">')]
    assert "<img" not in head and "<svg" not in head
    assert "&lt;img src=x onerror" in head
    # One <script> for the data and one for the code, which end where they should.
    assert html.lower().count("</script") == 2
    assert html.lower().count("<!--") == 0


def test_bytes_that_are_no_text(browser, evil, tmp_path):
    program = tmp_path / "q"
    shutil.copy(evil.parent / "p", program)
    strange = bytes(tmp_path) + b"/\xff\xfe\x01\xe2\x80\xaename"
    shutil.copy(program, strange)
    recording = record(tmp_path, "/bin/sh", "-c", 'exec "$0"',
                       os.fsdecode(strange))
    done = refknot("view", "-o", tmp_path / "page.html", recording.main)
    assert done.status == 0, done.told
    browser.open(tmp_path / "page.html")
    assert "\ufffd\ufffd" in browser.text(".facts")
    (tmp_path / "page.html").read_text(encoding="utf-8")
