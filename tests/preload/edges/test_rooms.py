# SPDX-License-Identifier: MIT
"""A room (a folder of cli/ or preload/) links to nothing in a room above it, and
no files of a side link to each other in a circle. What rooms there are, from the
bottom up, says `rooms` in the side's meson.build; the rest is read from the
objects of the build.
"""
import collections
import json
import os
import re
import subprocess

import pytest

from conftest import BUILD, SOURCE

SIDES = [side for side in ("preload", "cli")
         if "rooms = [" in (SOURCE / side / "meson.build").read_text()]
# Objects and what they need: U and the weak ones, which lead there all the same.
NEEDED = set("Uwv")


def rooms(side):
    text = (SOURCE / side / "meson.build").read_text()
    names = re.search(r"^rooms = \[(.*?)\]", text, re.M | re.S).group(1)
    return re.findall(r"'([\w/]+)'", names)


def compiled(side):
    """Of each source of the side, as the build compiles it: its path in the side's
    folder, its object, the command. What tests compile of them is left out."""
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        source = os.path.realpath(os.path.join(entry["directory"],
                                               entry["file"]))
        inside = os.path.relpath(source, SOURCE / side)
        if not inside.startswith("..") and \
                entry["output"].startswith(side + "/"):
            yield inside, BUILD / entry["output"], entry["command"]


def symbols(file):
    """What an object defines for others, and what it needs."""
    defined, needed = set(), set()
    for line in subprocess.run(["nm", "-P", "-g", file], check=True,
                               capture_output=True, text=True
                               ).stdout.splitlines():
        name, kind, *_ = line.split()
        (needed if kind in NEEDED else defined).add(name)
    return defined, needed


def links(tables):
    """{file: {file that it needs: symbols}} of {file: (defined, needed)}"""
    owner = {}
    for file, (defined, _) in tables.items():
        for name in defined:
            assert owner.setdefault(name, file) == file, \
                f"{name} is defined in {owner[name]} and {file}"
    found = collections.defaultdict(lambda: collections.defaultdict(set))
    for file, (_, needed) in tables.items():
        for name in needed:
            if owner.get(name, file) != file:
                found[file][owner[name]].add(name)
    return found


def upward(found, order):
    """The links from a room to one above it, as lines."""
    def height(file):
        return order.index(os.path.dirname(file))
    return [f"{a} -> {b}: {' '.join(sorted(names))}"
            for a, to in sorted(found.items())
            for b, names in sorted(to.items()) if height(b) > height(a)]


def circles(found):
    """Files that lead to each other, as lines: each link within such a group."""
    def reached(start):
        seen, left = set(), [start]
        while left:
            for to in found.get(left.pop(), ()):
                if to not in seen:
                    seen.add(to)
                    left.append(to)
        return seen
    reach = {file: reached(file) for file in list(found)}
    return [f"{a} -> {b}: {' '.join(sorted(names))}"
            for a, to in sorted(found.items())
            for b, names in sorted(to.items()) if a in reach.get(b, ())]


@pytest.fixture(scope="module", params=SIDES)
def side(request):
    tables = {file: symbols(made)
              for file, made, _ in compiled(request.param)}
    return request.param, tables


def test_each_file_is_in_a_room(side):
    name, tables = side
    order = rooms(name)
    assert len(tables) > 50, "nothing was looked at"
    strays = [f for f in tables if os.path.dirname(f) not in order]
    assert not strays, f"in no room of {name}/meson.build: {strays}"
    empty = set(order) - {os.path.dirname(f) for f in tables}
    assert not empty, f"nothing is in {empty}"


def test_no_room_links_to_one_above(side):
    name, tables = side
    wrong = upward(links(tables), rooms(name))
    assert not wrong, "\n".join(wrong)


def test_no_files_link_in_a_circle(side):
    wrong = circles(links(tables := side[1]))
    assert tables and not wrong, "\n".join(wrong)


def test_include_directories_lead_down(side):
    """So that an upward include does not compile."""
    name, _ = side
    order, wrong, seen = rooms(name), set(), 0
    for file, made, command in compiled(name):
        if not made.parent.name.endswith(".a.p"):
            continue  # made of what is compiled already
        room = os.path.dirname(file)
        given = re.findall(rf" -I\S*\b{name}/(\S+)", command)
        seen += room in given
        wrong |= {f"{room}: {above}"
                  for above in order[order.index(room) + 1:]
                  if above in given}
        if re.search(rf" -I(\S*/)?{name} ", command):
            wrong.add(f"{room}: {name}/, from which each room is found")
    assert seen > 50 and not wrong, sorted(wrong)


FILES = {"low/a.c": ({"a"}, set()), "low/b.c": ({"b"}, {"a", "puts"}),
         "high/c.c": ({"c"}, {"a", "b"})}


def test_this_test_sees_links_upward_and_circles():
    order = ["low", "high"]
    assert not upward(links(FILES), order) and not circles(links(FILES))
    up = {**FILES, "low/a.c": ({"a"}, {"c"})}
    assert upward(links(up), order) == ["low/a.c -> high/c.c: c"]
    assert len(circles(links(up))) == 4
    level = {**FILES, "low/a.c": ({"a"}, {"b"})}
    assert not upward(links(level), order)
    assert circles(links(level)) == ["low/a.c -> low/b.c: b",
                                     "low/b.c -> low/a.c: a"]
