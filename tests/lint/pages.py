# SPDX-License-Identifier: MIT
"""SPDX lines, and links of pages that lead nowhere."""
import re

from tree import blank, line_of, text_of

SOURCES = (".c", ".h", ".cc", ".def", ".py", ".sh", ".build", ".map")
LINK = re.compile(r"\]\(([^)\s]+)\)")


def is_script(path):
    with open(path, "rb") as file:
        return file.read(2) == b"#!"


def check_spdx(tree):
    """Sources, scripts and meson's files say their licence near their start."""
    for path in tree.all_files:
        if "corpus" in path.parts:  # inputs, byte by byte
            continue
        if path.suffix in SOURCES or path.name == "meson_options.txt" or \
                not path.suffix and is_script(path):
            start = text_of(path).splitlines()[:3]
            if not any("SPDX-License-Identifier: MIT" in line for line in start):
                yield f"{tree.name(path)}:1: no SPDX line"


def prose(path):
    return re.sub(r"(?ms)^```.*?^```$", lambda m: blank(m[0]), text_of(path))


def anchors(path):
    """As GitHub makes them of headings."""
    headings = re.findall(r"(?m)^#+ +(.*)$", prose(path))
    return {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in headings}


def check_links(tree):
    """Links of pages lead to files and headings, and references of manual pages
    to pages and sections."""
    for path in tree.files(".md"):
        text = prose(path)
        for match in LINK.finditer(text):
            target, _, anchor = match[1].partition("#")
            file = path.parent / target if target else path
            if re.match(r"\w+:", match[1]):
                continue
            if not file.exists() or \
                    anchor and file.suffix == ".md" and anchor not in anchors(file):
                yield f"{tree.name(path)}:{line_of(text, match.start())}: {match[1]} leads nowhere"
    manual = [p for p in tree.all_files if re.fullmatch(r"\.[1-8]", p.suffix)]
    pages = {p.name for p in manual}
    for path in manual:
        text = text_of(path)
        sections = {s.strip().strip('"') for s in re.findall(r"(?m)^\.S[hs] (.*)$", text)}
        for match in re.finditer(r"(?m)^\.Xr (refknot\S*) (\d)", text):
            if f"{match[1]}.{match[2]}" not in pages:
                yield (f"{tree.name(path)}:{line_of(text, match.start())}: "
                       f"there is no page {match[1]}({match[2]})")
        for match in re.finditer(r'(?m)^\.Sx (.*?)(?: [.,;:)]+)?$', text):
            if match[1].strip('"') not in sections:
                yield (f"{tree.name(path)}:{line_of(text, match.start())}: "
                       f"there is no section {match[1]}")
