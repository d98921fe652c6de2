# SPDX-License-Identifier: MIT
"""Commands of manual pages, run as a reader would run them.

In a page a line `$ COMMAND`, in a literal display or after .Dl, is a command, and
the lines of the display below it are what it prints; `...` stands for any lines.
Comments of the page say the rest:

    .\\" run: COMMAND        what is run at that point and not shown
    .\\" lines: 1-3 7 end    which lines of the next command's output are shown
    .\\" not run: REASON     the next command cannot run in a test
    .\\" status: 23          the next command's exit status, if it is not 0

One shell runs the commands of a page from top to bottom, in a directory with the
samples and those of them built that are named first_*. What differs from run to run
(process numbers, addresses, sizes of live stores) has its place in both texts.
"""
import os
import re
import shutil
from dataclasses import dataclass, field

from conftest import BUILD, FINDING, SOURCE, environment, run

SHOWN = 14  # lines of an output, where no comment says which

# Frames outside of every program, which differ with the C library: never shown.
OUTERMOST = re.compile(r"\b(__libc_start_\w+|_start) (at|\()")

VARYING = [(re.compile(pattern), to) for pattern, to in (
    (r"\.\d+\.rkn\b", ".4711.rkn"),
    (r"(?<=\.rkn:)\d+", "4712"),
    (r"^ *[\d.]+ KiB +\d+  (?=.*\.rkn)", "2.0 KiB     4712  "),
    (r"\[\d+\](?= |:)", "[4711]"),
    (r"^==\d+==", "==4711=="),
    (r"(?<=^==4711== {4}(?:at|by) )0x[0-9A-F]+", "0x55D0C8A2"),  # may be digits only
    (r"\b0x[0-9a-f]{8,}\b", "0x55d0c8a2"),
    (r"/refknot-\w{6}/", "/refknot-ru82Wl/"),
    (r"[^ ]*/(?=[^ /]*/first_\w+\.4711\.rkn)", "/dev/shm/"),
    (r" *[\d.]+ (?:B|[KMG]iB) +\d+ \w+ ago", "232.0 KiB  2 s ago"),
    (r"[\d.]+ [KMG]iB of roots", "139 KiB of roots"),
    (r"\bprocess( +)\d+, child of \d+", r"process\g<1>4711, child of 4710"),
)]


@dataclass
class Command:
    text: str
    line: int          # of the page, from 0
    end: int           # the line after its output
    output: list       # as shown; None where nothing is, after .Dl or by itself
    status: int = 0
    lines: str = ""
    reason: str = ""   # why it is not run
    hidden: bool = False
    printed: list = field(default_factory=list)
    ended: int = None


def unescape(text):
    for roff, plain in (("\\&", ""), ("\\-", "-"), ("\\(dq", '"'), ("\\e", "\\")):
        text = text.replace(roff, plain)
    return text


def escape(text):
    text = text.replace("\\", "\\e")
    return "\\&" + text if text[:1] in (".", "'") else text


def settled(text):
    """A line without what differs from run to run."""
    text = text.rstrip()
    for pattern, to in VARYING:
        text = pattern.sub(to, text)
    return text


def commands(text, section=None):
    """The commands of a page, or of one section of it."""
    found, pending = [], {}
    inside, literal, shown = section is None, False, None
    for number, line in enumerate(text.splitlines()):
        heading = re.match(r"\.Sh (.*)", line)
        note = re.match(r'\.\\" (run|lines|not run|status): (.*)', line)
        if heading and section:
            inside = heading[1] == section
        if not inside:
            continue
        if note and note[1] == "run":
            found.append(Command(note[2], number, number, None, hidden=True))
        elif note:
            pending[note[1]] = note[2]
        elif line.startswith(".Bd -literal"):
            literal, shown = True, None
        elif line.startswith(".Ed"):
            literal, shown = False, None
        elif match := re.match(r"(?:\.Dl )?\$ (.*)", line):
            shown = Command(
                unescape(match[1]), number, number + 1, [] if literal else None,
                int(pending.get("status", 0)), pending.get("lines", ""),
                pending.get("not run", ""))
            found.append(shown)
            pending = {}
        elif literal and shown:
            shown.output.append(unescape(line))
            shown.end = number + 1
    assert not pending, f"{pending} is about no command"
    return found


def prepare(directory):
    """The samples, built as their comments say."""
    for path in (SOURCE / "samples").glob("*.[ch]"):
        shutil.copy(path, directory)
    for path in directory.glob("first_*.c"):
        build, = re.findall(r"^ \* +(cc -g .*)$", path.read_text(), re.M)
        done = run("sh", "-c", build, cwd=directory, env=reader())
        assert done.status == 0, done.told


def reader():
    """The environment of somebody who has refknot installed."""
    return environment(
        PATH=f"{BUILD / 'cli'}:/usr/bin:/bin", C_INCLUDE_PATH=SOURCE / "include",
        MANPATH=SOURCE / "man", HOME="/nonexistent", PAGER="cat")


def run_all(found, directory):
    """Run them in one shell; each has what it printed and its status then."""
    script = ["exec 2>&1", "trap 'kill $(jobs -p)' EXIT"]
    for number, command in enumerate(found):
        script.append(f"echo; echo '@@@ {number}'")
        if command.reason:
            script.append(": not run")
        else:
            script.append("{ " + command.text + "\n} </dev/null")
        script.append(f"ended=$?; echo; echo '@@@ {number} ended' $ended")
    done = run("bash", "-c", "\n".join(script), cwd=directory, env=reader())
    text = done.out.decode()
    for number, command in enumerate(found):
        match = re.search(rf"^@@@ {number}\n(.*?)\n?^@@@ {number} ended (\d+)$", text,
                          re.S | re.M)
        assert match, f"no end of: {command.text}\n{text[-2000:]}"
        command.printed = match[1].splitlines()
        command.ended = int(match[2])
        while command.printed and not command.printed[-1]:
            del command.printed[-1]


def wrong_status(command):
    """What is wrong with how a command ended; "" if nothing is."""
    said = "\n".join(command.printed)
    if command.ended != command.status:
        return f"{command.text}: status {command.ended}\n{said}"
    if re.search(r"there is no option|is not a command", said) or FINDING.search(said):
        return f"{command.text}: {said}"
    return ""


def matches(shown, printed):
    """If the lines shown are those printed, with any lines for `...`."""
    pattern = "".join("(?:.*\n)*?" if line.strip() == "..." else
                      re.escape(settled(line)) + "\n" for line in shown)
    return re.fullmatch(pattern, "".join(settled(line) + "\n" for line in printed))


def chosen(command):
    """Of what was printed the lines that the page shows."""
    count = len(command.printed)
    ranges = command.lines.split() or [f"1-{SHOWN}"]
    wanted = set()
    for part in ranges:
        first, _, last = part.replace("end", str(count)).partition("-")
        wanted.update(range(int(first) - 1, min(int(last or first), count)))
    lines, gap = [], False
    for number, line in enumerate(command.printed):
        left_out = number not in wanted or OUTERMOST.search(line)
        if not left_out:
            lines.append(settled(line))
        elif not gap:
            lines.append("...")
        gap = left_out
    return lines


def updated(text, found):
    """The page with the outputs of this run in the place of those it shows."""
    lines = text.splitlines()
    for command in reversed(found):
        if command.output and not command.reason:
            lines[command.line + 1:command.end] = [escape(x) for x in chosen(command)]
    return "\n".join(lines) + "\n"


def check_page(path, directory, section=None):
    """Run a page's commands and return what is wrong with it. With TEST_UPDATE=1 in
    the environment the page gets the outputs of this run."""
    text = path.read_text()
    found = commands(text, section)
    prepare(directory)
    run_all(found, directory)
    wrong = [w for w in map(wrong_status, found) if w]
    if os.environ.get("TEST_UPDATE") == "1" and not wrong:
        path.write_text(updated(text, found))
        return []
    for command in found:
        if command.output and not command.reason and \
                not matches(command.output, command.printed):
            wrong.append(f"{path.name}:{command.line + 1}: $ {command.text}\nshows:\n" +
                         "\n".join(command.output) + "\nprints:\n" +
                         "\n".join(command.printed) + "\nTEST_UPDATE=1 rewrites it\n")
    return wrong
