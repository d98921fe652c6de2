# SPDX-License-Identifier: MIT
"""The recordings in a file, by their published format, refknot-recording(5)."""
import struct


def parts(data):
    """The bytes of each. Nothing may be damaged, or of 4 GiB and more."""
    found = []
    while data:
        size, = struct.unpack_from("<I", data, 16)
        size = size or len(data)  # before minor version 8 there was one
        found.append(data[:size])
        data = data[size:]
    return found


def process(part):
    """The number of its process."""
    header, = struct.unpack_from("<I", part, 12)
    return struct.unpack_from("<I", part, header + 32)[0]


def apart(path):
    """Gives each but the first one a file of its own: main.PID.rkn."""
    with open(path, "rb") as file:
        if file.read(8) != b"\x89RKN\r\n\x1a\n":
            return
    first, *others = parts(path.read_bytes())
    for part in others:
        stem, number = f"{path.stem}.{process(part)}", 2
        other = path.with_name(f"{stem}.rkn")
        while other.exists():
            other = path.with_name(f"{stem}.{number}.rkn")
            number += 1
        other.write_bytes(part)
    if others:
        path.write_bytes(first)
