#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the code promises about itself: lint.py BUILD [CHECK...]

Without a CHECK all of them. Prints file:line: what, and returns 1 if there is
anything to print.
"""
import sys
from pathlib import Path

from includes import check_includes
from names import check_names
from pages import check_links, check_spdx
from plain import check_words
from tools import check_cppcheck, check_format, check_tidy
from tree import Tree
from unused import check_unused

CHECKS = {check.__name__.removeprefix("check_"): check for check in (
    check_format, check_tidy, check_cppcheck, check_includes, check_names, check_unused,
    check_spdx, check_links, check_words)}


def main():
    build, *names = sys.argv[1:] or ["."]
    tree = Tree(Path(__file__).parents[2], build)
    found = [line for name in names or CHECKS for line in CHECKS[name](tree)]
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
