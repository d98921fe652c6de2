# SPDX-License-Identifier: MIT
"""Numbers as refknot shows them to people."""


def size(number):
    """Bytes as cli/base/units.c has them."""
    if number < 1024:
        return f"{number} B"
    one, names = 1024, ["KiB", "MiB", "GiB", "TiB", "PiB"]
    while len(names) > 1 and (number * 10 + one // 2) // one >= 10240:
        one *= 1024
        names.pop(0)
    tenths = (number * 10 + one // 2) // one
    return f"{tenths // 10}.{tenths % 10} {names[0]}"


def count(number, noun):
    return f"{number} {noun}{'' if number == 1 else 's'}"
