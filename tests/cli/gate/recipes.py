# SPDX-License-Identifier: MIT
"""The recipes of refknot-ci(7), and a project to try them on."""
import re
import shutil

from conftest import BUILD, CC, SOURCE, environment, run

PAGE = SOURCE / "man/refknot-ci.7"
PROJECT = SOURCE / "tests/cli/gate/project"


def plain(line):
    """A line of a manual as people read it."""
    for roff, text in (("\\(aq", "'"), ("\\&", ""), ("\\e", "\\")):
        line = line.replace(roff, text)
    return line


def recipes():
    found = re.findall(r'^\.\\" recipe (\S+)\n\.Bd .*\n((?:.*\n)*?)\.Ed$',
                       PAGE.read_text(), re.M)
    return {name: plain(text) for name, text in found}


def recipe(name):
    return recipes()[name]


def surroundings(**more):
    """A pipeline's, with refknot on its PATH."""
    return environment(PATH=f"{BUILD / 'cli'}:/usr/bin:/bin", CC=CC, **more)


def copy_project(directory):
    """The project, with a Makefile for those who want no more than that."""
    copy = directory / "project"
    shutil.copytree(PROJECT, copy)
    shutil.copy(copy / "plain.mk", copy / "Makefile")
    configure = copy / "configure"
    configure.write_text("#!/bin/sh\n# nothing to find out\n")
    configure.chmod(0o755)
    return copy


def follow(name, project, **more):
    """Do what a recipe of shell lines says."""
    return run("sh", "-e", "-c", recipe(name), cwd=project,
               env=surroundings(**more))
