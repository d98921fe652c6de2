# SPDX-License-Identifier: MIT
"""A small part of tests/whole/pairs: libyaml as Debian has it, with some fifty
accepted leaks; in other builds and after edits nothing is new, and what is
planted is."""
import pathlib
import shutil
import sys
import types

import pytest

import debian
from conftest import REFKNOT

import builds
import changes
import pairs
from projects import PROJECTS

LIBYAML = PROJECTS["libyaml"]


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    home = tmp_path_factory.mktemp("pairs")
    source = debian.sources(tmp_path_factory.mktemp("sources"),
                            LIBYAML.name)[LIBYAML.name]
    options = types.SimpleNamespace(directory=home, refknot=REFKNOT)
    return pairs.Bench(options, LIBYAML, pathlib.Path(source))


def needs_compiler(*names):
    for name in names:
        if not shutil.which(builds.BUILDS[name].cc):
            pytest.skip(f"there is no {builds.BUILDS[name].cc}")


def told_of(new, accepted):
    """What a person would need to know of findings that are new."""
    return [(pairs.names(f), pairs.difference(f, accepted)) for f in new]


@pytest.mark.parametrize("base, judged", builds.FEW, ids=lambda name: name)
def test_nothing_is_new_in_another_build(base, judged, bench):
    needs_compiler(base, judged)
    verdict, accepted = bench.pair(base, judged)
    assert len(accepted) > 30
    assert not told_of(verdict.new, accepted)
    assert verdict.status == 0, verdict.told


@pytest.mark.parametrize("edit", changes.edits("libyaml"),
                         ids=lambda edit: edit.name)
def test_nothing_is_new_after_an_edit(edit, bench):
    verdict, accepted = bench.changed(edit, "O0", "O0")
    assert not told_of(verdict.new, accepted)
    assert verdict.status == 0, verdict.told


@pytest.mark.parametrize("plant", changes.plants("libyaml"),
                         ids=lambda plant: plant.name)
def test_what_is_planted_is_new(plant, bench):
    verdict, accepted = bench.changed(plant, "O2", "O2")
    assert verdict.status == 23, verdict.told
    assert any(plant.is_it(f) for f in verdict.new), told_of(verdict.new,
                                                             accepted)


def test_more_objects_are_not_new_where_nobody_asks(bench):
    grown, = [p for p in changes.plants("libyaml") if p.options]
    verdict, accepted = bench.changed(
        changes.Change(grown.name, grown.steps), "O2", "O2")
    assert not told_of(verdict.new, accepted)
    assert verdict.status == 0, verdict.told
