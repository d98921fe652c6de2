# SPDX-License-Identifier: MIT
"""The built shim's edges: what it exports, needs and may never use."""
import pathlib
import subprocess

import pytest

from conftest import SHIM

HERE = pathlib.Path(__file__).resolve().parent


def readelf(*options):
    return subprocess.run(["readelf", "-W", *options, SHIM], check=True,
                          capture_output=True, text=True).stdout


def symbols():
    """Rows of the dynamic symbol table: (type, section, name, version)."""
    rows = []
    for line in readelf("--dyn-syms").splitlines():
        cells = line.split()
        if len(cells) >= 8 and cells[0].rstrip(":").isdigit():
            name, _, version = cells[7].partition("@")
            rows.append((cells[3], cells[6], name, version.strip("@")))
    return rows


def listed(name):
    lines = (HERE / name).read_text().splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def test_exports_are_the_list():
    found = {name for _, section, name, _ in symbols() if section != "UND"}
    assert found == listed("exports.txt")


def test_the_interface_has_no_hole():
    """Each of its members is an address in the shim, none is left NULL."""
    [start, size] = [(int(cells[1], 16), int(cells[2]))
                     for cells in map(str.split,
                                      readelf("--dyn-syms").splitlines())
                     if cells[7:] and
                     cells[7].partition("@")[0] == "refknot_interface_1"][0]
    filled = {int(line.split()[0], 16) for line in readelf("-r").splitlines()
              if "R_X86_64_" in line}
    assert size > 0
    assert [at - start for at in range(start, start + size, 8)
            if at not in filled] == []


def test_imports_are_the_list():
    found = {name for _, section, name, _ in symbols() if section == "UND"}
    assert found == listed("imports.txt")


def test_no_function_is_bound_by_its_name():
    """A program that has one of that name, also of the hooks, is not called."""
    functions = {name for kind, section, name, _ in symbols()
                 if kind == "FUNC" and section == "UND"}
    assert functions <= {"__cxa_finalize"}
    calls = [line for line in readelf("-r").splitlines()
             if "JUMP_SLO" in line or "IRELATIV" in line]
    assert not calls


def test_needs_no_version_newer_than_the_oldest_c_library():
    versions = {version for _, section, _, version in symbols()
                if section == "UND" and version}
    assert {v.split()[0] for v in versions} <= {"GLIBC_2.2.5"}


def test_needs_only_the_c_library_and_libunwind():
    needed = {line.split("[")[1].split("]")[0]
              for line in readelf("-d").splitlines() if "(NEEDED)" in line}
    assert needed <= listed("needed.txt")


@pytest.mark.parametrize("unwanted", ["TEXTREL", "RPATH", "RUNPATH"])
def test_dynamic_section_is_without(unwanted):
    assert f"({unwanted})" not in readelf("-d")


def test_thread_local_storage_is_initial_exec():
    assert "STATIC_TLS" in readelf("-d")
    assert "DTPMOD" not in readelf("-r") and "TLSDESC" not in readelf("-r")


def test_stack_is_not_executable():
    stack = [line for line in readelf("-l").splitlines()
             if "GNU_STACK" in line]
    assert stack and "RWE" not in stack[0]
