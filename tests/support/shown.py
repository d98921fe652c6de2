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


def time(ns):
    """As cli/base/units.c has it."""
    if ns < 1000:
        return f"{ns} ns" if ns else "0 s"
    for end, one, unit in ((999950, 1000, "us"), (999950000, 10 ** 6, "ms"),
                           (59950000000, 10 ** 9, "s")):
        if ns < end:
            tenths = (ns * 10 + one // 2) // one
            return f"{tenths // 10}.{tenths % 10} {unit}"
    whole = ns // 10 ** 9
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def seconds(ns):
    """As people give a time, all of it: what is rounded may be behind the end."""
    return f"{ns // 10 ** 9}.{ns % 10 ** 9:09}"


def signed(text):
    """Of a number as text."""
    return text.replace("-", "\u2212") if text.startswith("-") else \
        text if text in ("0", "0 B") else "+" + text


def count(number, noun):
    return f"{number} {noun}{'' if number == 1 else 's'}"
