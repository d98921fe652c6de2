# SPDX-License-Identifier: MIT
"""Names in comments and pages that are nowhere else: functions and files."""
import re
from pathlib import Path

from tree import blank, code_of, comments_of, line_of, text_of, words

CALL = re.compile(r"(?<![\w.>*-])([A-Za-z_]\w*)\(\)")
# With an underscore: what else is written like a name may be a word.
NAME = re.compile(r"(?<![\w.<$%/-])([a-z][a-z0-9]*(?:_[a-z0-9]+)+|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"
                  r"(?![\w(*/-]|\.\w)")
FILE = re.compile(r"(?<![\w.*<$/-])((?:[\w-]+/)*[\w-]+\.(?:c|h|cc|def|py|sh|md|map))\b(?![*(])")
C = (".c", ".h", ".cc", ".def")
OTHERS = (".py", ".sh", ".build", ".map")
SYSTEM = [Path("/usr/include"), Path("/usr/include/x86_64-linux-gnu")]
LIBRARIES = ("libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2")


def system_names(tree):
    """What the C library and the kernel's headers define."""
    found = set()
    for library in LIBRARIES:
        output = tree.run("nm", "-D", "--defined-only", "/lib/x86_64-linux-gnu/" + library)
        found |= {line.split()[-1].split("@")[0] for line in output.splitlines()}
    for place in SYSTEM:
        for folder in ("", "linux", "asm", "asm-generic", "bits", "sys"):
            for path in (place / folder).glob("*.h"):
                found |= words(code_of(path))
    return found | {word.removeprefix("__NR_") for word in found}


def elsewhere():
    """Names of others, and of examples, that elsewhere.txt explains."""
    text = re.sub(r"(?m)^#.*", "", text_of(Path(__file__).parent / "elsewhere.txt"))
    return {word for line in text.splitlines() for word in line.partition(":")[0].split()}


def spoken(path):
    """A file with only what speaks of names: comments, and pages' text."""
    text = text_of(path)
    if path.suffix in C:
        return comments_of(path)
    if path.suffix == ".md":
        return re.sub(r"(?ms)^```.*?^```$", lambda m: blank(m[0]), text)
    return re.sub(r"(?m)^(?!\s*# ).*", "", text)


def code(path):
    return code_of(path) if path.suffix in C else re.sub(r"(?m)#.*", "", text_of(path))


def check_names(tree):
    """Functions, constants and files that comments and pages name are there."""
    others = elsewhere()
    known = system_names(tree) | others
    for path in tree.files(*C, *OTHERS, ".json", ".txt"):
        known |= words(code(path))
    paths = ["/" + tree.name(p) for p in tree.all_files]
    for path in tree.files(*C, *OTHERS, ".md"):
        text = spoken(path)
        found = {(m.start(), m[0]) for pattern in (CALL, NAME)
                 for m in pattern.finditer(text) if m[1] not in known}
        found |= {(m.start(), m[0]) for m in FILE.finditer(text)
                  if m[1] not in others and not any(p.endswith("/" + m[1]) for p in paths)
                  and not any((place / m[1]).exists() for place in SYSTEM)}
        for at, name in sorted(found):
            yield f"{tree.name(path)}:{line_of(text, at)}: {name} is nowhere"
