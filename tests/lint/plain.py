# SPDX-License-Identifier: MIT
"""Plain English in what users read: manual pages, README, NEWS, help, messages."""
import re

from tree import blank, code_of, line_of, text_of

# What is written, and what is meant. One row a habit.
HABITS = [(re.compile(pattern.replace(" ", r"\s+"), re.I), better) for pattern, better in (
    (r"\b(?:is|are|was|were|be) no (?!longer\b|more\b|less\b)", "is not a, is not"),
    (r"\bthat there (?:is|are) not\b", "that does not exist, invalid"),
    (r"\b(?:stands?|stood)\b", "is, follows, precedes"),
    (r"\balone\b", "only, by itself"),
    (r"\b(?:tells?|telling|told|untold)\b", "reports, prints, says, names, distinguishes"),
    (r"\b(?:who|whom)\b", "the thread, the process, the caller, the program"),
    (r"\bnobody\b", "no thread, no caller; not"),
    (r"\bheed(?:s|ed|ing)?\b", "use, obey"),
    (r"\bis nothing that\b", "there is no ... named"),
    (r"\bno part\b", "not part of"),
    (r"\bfor want of\b", "for lack of"),
    (r"\b(?:not|never|nothing is) green\b", "fails"),
    (r"\bin (?:its|their) turn\b", "then"),
    (r"\bkin\b", "similar functions"),
    (r"\bever more\b", "more and more"),
    # One term for one thing: the words of refknot(1).
    (r"\b(?:backtrace|stack trace|call chain)s?\b", "call stack"),
    (r"\bways? (?:from (?:a|the) root|to it from)\b", "path from a root"),
    (r"\bmemory leaks?\b", "leak"),
    (r"\breference cycles?\b|\bgarbage cycles?\b", "orphaned cycle"),
)]

# Where a habit's word has its usual meaning, and why that is kept.
KEPT = re.compile("|".join(x.replace(" ", r"\s+") for x in (
    r"there (?:is|are|was|were|may be|can be|must be|will be|would be) no ",  # plain
    r"stands? (?:for|still)\b",                   # usual meanings
    r"le(?:ft|ave|aves) (?:\w+ ){0,3}alone\b",    # not touched
    r"refknot alone\b",                           # the command without a word
    r"int64_t +told;",                            # a field of recordings
    r"who (?:holds|held|retained|owns|took|made|gave)\b",  # of holders, a question
    r"who(?:ever)? (?:starts|started|reads|read|wants|builds|works|knows)\b",  # people
)), re.I)

PAGES = re.compile(r"(?:man/.*\.[1-8]|README\.md|NEWS)$")
PRINTED = ("cli/", "preload/", "include/refknot/limits.def")
# Comments, macros that name something, and what commands print, which strings have.
UNREAD = re.compile(r'(?m)^\.\\".*$|^\.(?:Xr|It Fl|Fl|Nm) .*$|^\$ (?s:.*?)^\.Ed$')
STRING = re.compile(r'"((?:\\.|[^"\\\n])*)"')


def strings_of(path):
    """A C file with only its strings, neighbours joined, in their places."""
    text = re.sub(r"(?m)^[ \t]*#[ \t]*include.*$", lambda m: blank(m[0]), code_of(path))
    out, at = [], 0
    for match in STRING.finditer(text):
        gap = text[at:match.start()]
        out += [blank(gap) if gap.isspace() else "|" + blank(gap)[1:], f" {match[1]} "]
        at = match.end()
    return "".join(out) + blank(text[at:])


def read_by_users(tree):
    for path in tree.all_files:
        name = tree.name(path)
        if PAGES.match(name) or name.startswith("samples/"):
            yield name, UNREAD.sub(lambda m: blank(m[0]), text_of(path))
        elif name.startswith(PRINTED) and \
                path.suffix in (".c", ".h", ".def"):
            yield name, strings_of(path)


def check_words(tree):
    """No habit of foreign English in what users read."""
    for name, text in read_by_users(tree):
        kept = [m.span() for m in KEPT.finditer(text)]
        for habit, better in HABITS:
            for match in habit.finditer(text):
                at = match.start()
                if not any(first <= at < last for first, last in kept):
                    said = " ".join(match[0].split())
                    yield f'{name}:{line_of(text, at)}: "{said}": {better}'
