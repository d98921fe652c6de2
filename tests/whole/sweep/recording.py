# SPDX-License-Identifier: MIT
"""Reads recordings by their published format, refknot-recording(5), and asks
refknot for nothing: what the sweep concludes from them rests on no code of
its own."""
import ctypes
import os
import struct

MAGIC = b"\x89RKN\r\n\x1a\n"
META, STRINGS, MODULES, FRAMES, STACKS, LIMITS = 1, 2, 3, 4, 5, 7
BLOCKS, EDGES, ROOTS, END = 8, 9, 10, 255
NONE = 0xffffffff
HAS_SNAPSHOT = 2
ROOT_KINDS = [(0, "data"), (7, "the program's word"), (3, "thread-local data"),
              (6, "the loader's memory"), (1, "a stack"), (2, "a register"),
              (4, "a mapping"), (5, "the parent's memory"),
              (8, "memory that was unmapped")]

RECORDS = {
    MODULES: struct.Struct("<QQQII32s"),
    FRAMES: struct.Struct("<QII"),
    STACKS: struct.Struct("<IIQQQQ"),
    LIMITS: struct.Struct("<IIQ"),
    BLOCKS: struct.Struct("<QQQII"),
    EDGES: struct.Struct("<IIII"),
    ROOTS: struct.Struct("<QIIII"),
}


def unpack_zstd(data, size):
    library = ctypes.CDLL("libzstd.so.1")
    library.ZSTD_decompress.restype = ctypes.c_size_t
    into = ctypes.create_string_buffer(size)
    done = library.ZSTD_decompress(into, ctypes.c_size_t(size), data,
                                   ctypes.c_size_t(len(data)))
    if done != size:
        raise ValueError("a chunk could not be unpacked")
    return into.raw


def chunks(data):
    """(type, record size, payload in rows) of each whole chunk."""
    if data[:8] != MAGIC:
        raise ValueError("no recording")
    at = struct.unpack_from("<I", data, 12)[0]
    while at + 32 <= len(data):
        _, kind, _, record, raw, stored = struct.unpack_from("<IHHIII", data,
                                                             at)
        payload = data[at + 32:at + 32 + stored]
        at += 32 + stored
        if len(payload) < stored or kind == END:
            return
        if stored != raw:
            payload = unpack_zstd(payload, raw)
        rows, count = bytearray(raw), raw // record
        for byte in range(record):
            rows[byte::record] = payload[byte * count:(byte + 1) * count]
        yield kind, record, bytes(rows)


class Recording:
    """One process: its modules, call stacks, blocks and pointers."""

    def __init__(self, path):
        tables = {kind: [] for kind in RECORDS}
        meta, strings = b"", b""
        with open(path, "rb") as f:
            data = f.read()
        for kind, record, rows in chunks(data):
            if kind == META:
                meta = rows
            elif kind == STRINGS:
                strings += rows
            elif kind in RECORDS:
                layout = RECORDS[kind]
                if record != layout.size:  # a newer minor version
                    rows = b"".join(rows[i:i + layout.size] for i in
                                    range(0, len(rows), record))
                tables[kind] += layout.iter_unpack(rows)
        self.pid = struct.unpack_from("<I", meta)[0]
        program, = struct.unpack_from("<I", meta, 24)
        self.flags, = struct.unpack_from("<I", meta, 52)
        text = lambda at: strings[at:strings.index(b"\0", at)].decode(
            errors="replace")
        self.program = text(program)
        self.modules = [(m[0], m[1], m[2], text(m[3]))
                        for m in tables[MODULES]]
        self.frames = tables[FRAMES]
        self.stacks = tables[STACKS]
        self.limits = {number: count for number, _, count in tables[LIMITS]}
        self.blocks = tables[BLOCKS]
        self.edges = tables[EDGES]
        self.roots = tables[ROOTS]

    @property
    def has_snapshot(self):
        return bool(self.flags & HAS_SNAPSHOT)

    def stack(self, index):
        """[(module, return address less the module's base)], innermost
        first; the module is None where there is none."""
        frames = []
        at = self.stacks[index][0] if index < len(self.stacks) else 0
        while at and at != NONE:
            address, parent, module = self.frames[at]
            if module == NONE:
                frames.append((None, address))
            else:
                m = self.modules[module]
                frames.append((m[3], address - m[2]))
            at = parent
        return frames

    def reached(self, roots, follow):
        """Which blocks (a bytearray) pointers lead to, from these roots, by
        edges that `follow`(from, word, offset) lets pass."""
        out = {}
        for source, to, word, offset in self.edges:
            if follow(source, word, offset):
                out.setdefault(source, []).append(to)
        seen = bytearray(len(self.blocks))
        todo = [r[1] for r in roots]
        while todo:
            block = todo.pop()
            if block < len(seen) and not seen[block]:
                seen[block] = 1
                todo += out.get(block, ())
        return seen

    def unreachable(self):
        """Indices of the blocks to which no pointer leads from a root."""
        seen = self.reached(self.roots, lambda *_: True)
        return [i for i, s in enumerate(seen) if not s]

    def is_inside(self, source, word, _=0):
        """Whether a pointer lies in what its block's owner asked for."""
        return word * 8 + 8 <= self.blocks[source][1]

    def holders(self):
        """A function of a block: the weakest thing without which no pointer
        would lead to it."""
        whole = self.reached(self.roots, lambda *_: True)
        inside = self.reached(self.roots, self.is_inside)
        heads = self.reached([r for r in self.roots if not r[2]],
                             lambda s, w, o: self.is_inside(s, w) and not o)
        kinds = [(name, self.reached(
            [r for r in self.roots if r[3] == kind and not r[2]],
            lambda s, w, o: self.is_inside(s, w) and not o))
            for kind, name in ROOT_KINDS]

        def holder(block):
            if not whole[block]:
                return "nothing"
            if not inside[block]:
                return "bytes behind a request"
            if not heads[block]:
                return "a pointer into a middle"
            return next((name for name, seen in kinds if seen[block]),
                        "roots of several kinds")
        return holder


def is_recording(path):
    with open(path, "rb") as f:
        return f.read(8) == MAGIC and os.path.getsize(path) > 24
