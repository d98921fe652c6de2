#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Try refknot's unwinder in every dynamic executable of the machine.

    probe.py PROBE.so [DIRECTORY OR FILE...]

Each is loaded with PROBE.so, which walks one stack in place of main() and asks
for the rules of its functions; main() is never called. What is printed last are
counts: stacks that were cut although the tables are there, functions without a
rule. Programs with privileges, or that do not begin by __libc_start_main(), are
left out: they would run.
"""
import concurrent.futures
import mmap
import os
import pathlib
import re
import stat
import struct
import subprocess
import sys
import tempfile

PLACES = ["/usr/bin", "/usr/sbin", "/usr/games", "/usr/lib", "/usr/libexec",
          "/usr/local", "/opt"]
LINE = re.compile(rb"probe: cut (\d+) own (\d+) lost (\d+) others (\d+) "
                  rb"lost (\d+) without search table (\d+)\n")
PT_LOAD, PT_INTERP = 1, 3
PAGE = 4096


def headers(path):
    """Program headers of a 64-bit x86 executable: (type, vaddr, memsz)."""
    with open(path, "rb") as file:
        head = file.read(64)
        if len(head) < 64 or head[:6] != b"\x7fELF\x02\x01" or \
                head[18:20] != b"\x3e\x00":
            return []
        at, = struct.unpack_from("<Q", head, 32)
        size, count = struct.unpack_from("<HH", head, 54)
        file.seek(at)
        table = file.read(size * count)
    rows = []
    for i in range(len(table) // size if size else 0):
        kind, = struct.unpack_from("<I", table, i * size)
        vaddr, = struct.unpack_from("<Q", table, i * size + 16)
        memory, = struct.unpack_from("<Q", table, i * size + 40)
        rows.append((kind, vaddr, memory))
    return rows


def is_wanted(path):
    """Is it dynamic, and does PROBE.so certainly come before its main()?"""
    if not any(kind == PT_INTERP for kind, _, _ in headers(path)) or \
            path.stat().st_mode & (stat.S_ISUID | stat.S_ISGID) or \
            "security.capability" in os.listxattr(path):
        return False
    with open(path, "rb") as file, \
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        return text.find(b"\0__libc_start_main\0") >= 0 and \
            text.find(b"/ld-linux-x86-64.so.2\0") >= 0


def has_holes(path):
    """Is there room between its segments?"""
    end = None
    for kind, start, size in headers(path):
        if kind != PT_LOAD:
            continue
        if end is not None and start // PAGE * PAGE > end:
            return True
        end = -(-(start + size) // PAGE) * PAGE
    return False


def executables(places):
    seen = set()
    for place in map(pathlib.Path, places):
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            try:
                real = path.resolve(strict=True)
                if real in seen or not real.is_file() or \
                        not os.access(real, os.X_OK) or not is_wanted(real):
                    continue
            except (OSError, RuntimeError):
                continue
            seen.add(real)
            yield real


def probe(library, path, timeout=60):
    """(cut, own, own lost, others, others lost, bare); None: not loaded."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("LD_")}
    env["LD_PRELOAD"] = str(library)
    with tempfile.TemporaryDirectory() as directory:
        try:
            done = subprocess.run([path], env=env, cwd=directory,
                                  stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=timeout,
                                  check=False)
        except (OSError, subprocess.TimeoutExpired):
            return None
    found = LINE.search(done.stdout)
    return tuple(map(int, found.groups())) if found else None


def probe_all(library, paths):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda path: (path, probe(library, path)),
                             paths))


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    rows = probe_all(pathlib.Path(sys.argv[1]).resolve(),
                     executables(sys.argv[2:] or PLACES))
    loaded = [(path, row) for path, row in rows if row]
    for path, row in loaded:
        if row[0] or row[2] or row[4]:
            print(f"{path}: cut {row[0]}, {row[2]} of {row[1]} own functions "
                  f"and {row[4]} of {row[3]} others without a rule")
    for path, row in rows:
        if not row:
            print(f"{path}: not loaded")
    sums = [sum(row[i] for _, row in loaded) for i in range(6)]
    print(f"{len(rows)} executables, {len(loaded)} loaded, "
          f"{sum(has_holes(path) for path, _ in loaded)} with holes between "
          f"their segments")
    print(f"{sums[0]} stacks cut where tables are, {sums[2]} of {sums[1]} own "
          f"functions and {sums[4]} of {sums[3]} of their libraries without "
          f"a rule, {sums[5]} modules without a search table")
    sys.exit(1 if sums[0] or sums[2] or sums[4] else 0)


if __name__ == "__main__":
    main()
