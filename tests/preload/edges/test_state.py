# SPDX-License-Identifier: MIT
"""Each variable of the built shim that can be written has its row in
docs/state.md: who writes it, and what a child does to it."""
import collections
import re
import subprocess

from conftest import SHIM, SOURCE

PAGE = SOURCE / "docs/state.md"
WRITABLE = {".data", ".bss", ".tdata", ".tbss"}
# The compiler's own.
NOT_OURS = {"completed", "__TMC_END__", "__dso_handle", "__cpu_model",
            "__cpu_features2"}
ROW = re.compile(r"\| `([a-z_]+\.c)` \| `(\w+)` \| (.+) \| (.+) \| (.+) \| "
                 r"(.+) \|$", re.M)


def readelf(option):
    return subprocess.run(["readelf", "-W", option, SHIM], check=True,
                          capture_output=True, text=True).stdout


def writable_sections():
    found = re.findall(r"^ +\[ *(\d+)\] (\S+)", readelf("-S"), re.M)
    return {number for number, name in found if name in WRITABLE}


def variables():
    """(file, name) as often as there are such; "" where the linker does not
    tell the file: of what other files use, too."""
    sections, file, found = writable_sections(), "", collections.Counter()
    table = readelf("-s").split("'.symtab'")
    assert len(table) == 2, "the library is stripped"
    for line in table[1].splitlines():
        cells = line.split()
        if len(cells) >= 7 and cells[3] == "FILE":
            file = cells[7] if len(cells) > 7 else ""
        elif len(cells) == 8 and cells[6] in sections and \
                cells[3] in ("OBJECT", "TLS"):
            name = cells[7].split(".")[0].split("@")[0]
            if name not in NOT_OURS:
                found[file if cells[4] == "LOCAL" else "", name] += 1
    return found


def rows():
    return collections.Counter((file, name)
                               for file, name, *_ in ROW.findall(
                                   PAGE.read_text()))


def test_every_variable_has_its_row():
    """And every row its variable."""
    of_page, of_shim = rows(), collections.Counter()
    for (file, name), count in variables().items():
        if not file:
            file = next((f for f, n in of_page if n == name), "?")
        of_shim[file, name] += count
    assert sum(of_shim.values()) > 100
    missing, gone = of_shim - of_page, of_page - of_shim
    assert not missing, f"no row in docs/state.md: {sorted(missing)}"
    assert not gone, f"no such variable any more: {sorted(gone)}"


def test_what_other_files_use_is_defined_where_the_page_says():
    files = {p.name: p for p in (SOURCE / "preload").rglob("*.c")}
    for file, name in rows():
        text = files[file].read_text()
        assert re.search(rf"\b{name}\b", text), f"{file} has no {name}"
