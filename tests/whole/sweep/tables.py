# SPDX-License-Identifier: MIT
"""Which addresses of an ELF file its unwind tables cover, read from
.eh_frame_hdr by way of the program headers, and from nothing of refknot's."""
import bisect
import functools
import struct

PT_LOAD, PT_EH_FRAME = 1, 0x6474e550


class Unknown(Exception):
    """The file has a form that this reader does not know."""


class Tables:
    """Function table of one file; addresses are those of the file."""

    def __init__(self, path):
        with open(path, "rb") as f:
            self.data = f.read()
        if self.data[:5] != b"\x7fELF\x02":
            raise Unknown("no ELF file of 64 bits")
        offset, = struct.unpack_from("<Q", self.data, 32)
        size, count = struct.unpack_from("<HH", self.data, 54)
        self.loads, header = [], None
        for i in range(count):
            kind, _, at, address, _, length = struct.unpack_from(
                "<IIQQQQ", self.data, offset + i * size)
            if kind == PT_LOAD:
                self.loads.append((address, at, length))
            elif kind == PT_EH_FRAME:
                header = address, at
        self.starts, self.entries = [], []
        if header:
            self.read_header(*header)

    def file_offset(self, address):
        for start, at, length in self.loads:
            if start <= address < start + length:
                return at + address - start
        raise Unknown("an address outside all segments")

    def read_header(self, address, at):
        version, pointer, count, table = self.data[at:at + 4]
        if (version, pointer, count, table) != (1, 0x1b, 3, 0x3b):
            raise Unknown("another form of .eh_frame_hdr")
        number, = struct.unpack_from("<I", self.data, at + 8)
        for i in range(number):
            start, entry = struct.unpack_from("<ii", self.data,
                                              at + 12 + 8 * i)
            self.starts.append(address + start)
            self.entries.append(address + entry)

    def ends_here(self, address):
        """Whether the table covers that address and says that the stack ends
        there (the return address is undefined); None: it does not cover it."""
        i = bisect.bisect_right(self.starts, address) - 1
        if i < 0:
            return None
        at = self.file_offset(self.entries[i])
        length, back = struct.unpack_from("<II", self.data, at)
        cie = at + 4 - back
        augmentation, position = self.augmentation(cie)
        encoding = self.pointer_encoding(cie, augmentation, position)
        width = {0x1b: 4, 0x1c: 8, 0x3: 4, 0x4: 8, 0x0: 8}.get(encoding)
        if width is None:
            raise Unknown(f"pointers of encoding {encoding:#x}")
        size, = struct.unpack_from("<I" if width == 4 else "<Q", self.data,
                                   at + 8 + width)
        if address >= self.starts[i] + size:
            return None
        rules = self.data[at + 8 + 2 * width:at + 4 + length]
        cie_length, = struct.unpack_from("<I", self.data, cie)
        return (b"\x07\x10" in rules
                or b"\x07\x10" in self.data[cie + 9:cie + 4 + cie_length])

    def augmentation(self, cie):
        end = self.data.index(b"\0", cie + 9)
        return self.data[cie + 9:end], end + 1

    def leb(self, at):
        while self.data[at] & 0x80:
            at += 1
        return at + 1

    def pointer_encoding(self, cie, augmentation, at):
        if not augmentation.startswith(b"z"):
            return 0
        at = self.leb(self.leb(at)) + 1    # alignments; the register
        at = self.leb(at)                  # length
        for letter in augmentation[1:]:
            if letter == ord("R"):
                return self.data[at]
            if letter == ord("P"):
                form = self.data[at] & 0x7
                at += 1 + {0: 8, 2: 2, 3: 4, 4: 8}.get(form, 4)
            elif letter == ord("L"):
                at += 1
        return 0


@functools.lru_cache(maxsize=400)
def tables_of(path):
    try:
        return Tables(path)
    except (OSError, Unknown, ValueError, struct.error, IndexError):
        return None


def is_cut(stack):
    """Whether an unwinder could have gone on from the outermost frame of a
    stack [(path, return address)]: its table covers the frame, and does not
    say that the stack ends there."""
    if not stack or not stack[-1][0]:
        return False
    path, address = stack[-1]
    tables = tables_of(path)
    try:
        return tables is not None and tables.ends_here(address - 1) is False
    except (Unknown, struct.error, ValueError, IndexError):
        return False
