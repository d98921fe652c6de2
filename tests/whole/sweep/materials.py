# SPDX-License-Identifier: MIT
"""Inputs of the sweep's commands, made anew and always the same."""
import json
import math
import pathlib
import random
import shutil
import struct
import sys
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))

from inputs import json_document, xml_document  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
WORDS = ("the of and to in that was his he it with is for as had you not be "
         "her on at by which have or from this him but all she they were my "
         "are me one their so an said them we who would been will no when "
         "house river mountain letter engine winter memory block").split()


def text(path):
    rng = random.Random(3)
    lines = [" ".join(rng.choice(WORDS) for _ in range(9)) + "."
             for _ in range(400)]
    path.write_text("\n".join(lines) + "\n")


def table(path, separator):
    rng = random.Random(4)
    rows = [(i, rng.randrange(1000), rng.choice(WORDS)) for i in range(200)]
    path.write_text("".join(separator.join(map(str, r)) + "\n" for r in rows))


def sound(path):
    """Half a second of two tones, 16 bits, two channels."""
    rate = 22050
    data = b"".join(struct.pack(
        "<hh", int(12000 * math.sin(i * 440 * 2 * math.pi / rate)),
        int(9000 * math.sin(i * 660 * 2 * math.pi / rate)))
        for i in range(rate // 2))
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE",
                       b"fmt ", 16, 1, 2, rate, rate * 4, 4, 16, b"data",
                       len(data))
    path.write_bytes(head + data)


def pixels(width, height):
    return [bytes(v for x in range(width) for v in
                  ((x * 3) % 256, (y * 5) % 256, (x * y // 7) % 256))
            for y in range(height)]


def picture(directory, width=96, height=64):
    rows = pixels(width, height)
    (directory / "picture.ppm").write_bytes(
        f"P6\n{width} {height}\n255\n".encode() + b"".join(rows))

    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))
    packed = zlib.compress(b"".join(b"\0" + r for r in rows), 9)
    (directory / "picture.png").write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", packed) + chunk(b"IEND", b""))


def document(path):
    """A PDF of two pages."""
    pages = 2
    objects = [b"<</Type/Catalog/Pages 2 0 R>>",
               b"<</Type/Pages/Count %d/Kids[%s]>>" % (
                   pages, b" ".join(b"%d 0 R" % (4 + 2 * i)
                                    for i in range(pages))),
               b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    for i in range(pages):
        words = b"BT /F1 24 Tf 72 700 Td (Page %d of sweep) Tj ET" % (i + 1)
        objects += [b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]"
                    b"/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R>>"
                    % (5 + 2 * i),
                    b"<</Length %d>>stream\n%s\nendstream" % (len(words),
                                                              words)]
    data, places = b"%PDF-1.4\n", []
    for i, body in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj%s endobj\n" % (i, body)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % p for p in places)
    data += (b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
             % (len(objects) + 1, start))
    path.write_bytes(data)


def make(directory):
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(HERE / "programs", directory)
    for name in ("Makefile", "CMakeLists", "meson", "build", "configure"):
        into = {"CMakeLists": "CMakeLists.txt", "meson": "meson.build",
                "build": "build.ninja", "configure": "configure.ac"}
        (directory / f"{name}.in").rename(directory / into.get(name, name))
    text(directory / "text.txt")
    table(directory / "data.csv", ",")
    table(directory / "data.tsv", "\t")
    json_document(directory / "data.json", 20000)
    xml_document(directory / "data.xml", 150)
    sound(directory / "tone.wav")
    picture(directory)
    document(directory / "page.pdf")
    (directory / "small.json").write_text(json.dumps({"a": [1, 2, {"b": 3}]}))
    tree = directory / "tree"
    for i in range(12):
        (tree / f"d{i % 4}").mkdir(parents=True, exist_ok=True)
        (tree / f"d{i % 4}/f{i}.txt").write_text(f"{WORDS[i]}\n" * i)
    return directory
