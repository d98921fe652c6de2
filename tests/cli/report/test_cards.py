# SPDX-License-Identifier: MIT
"""Cards as a person sees them: on a terminal, with the source beside them."""
import fcntl
import os
import pty
import re
import shlex
import struct
import termios

import pytest

from conftest import REFKNOT, compiled, environment, record, refknot

LEAKY = """
#include <stdlib.h>
#include <string.h>

static void *volatile sink;

__attribute__((noinline)) static char *xmalloc(size_t size)
{
\tchar *text = malloc(size);
\treturn text;
}

struct entry { struct entry *next; char name[40]; };

__attribute__((noinline)) static void parse_header(void)
{
\tstruct entry *e = (void *)xmalloc(sizeof(*e)); // here
\tmemset(e, 0, sizeof(*e));
\tsink = e;
\tsink = NULL;
}

__attribute__((noinline)) static void deep(int depth)
{
\tif (depth)
\t\tdeep(depth - 1);
\telse
\t\tparse_header();
\tsink = NULL;
}

int main(void)
{
\tdeep(20);
\tparse_header();
\treturn 0;
}
"""

LONG = """
#include <map>
#include <string>
#include <vector>
namespace a_rather_long_name_of_a_namespace {
template <class T> struct a_class_with_a_long_name {
\t__attribute__((noinline)) T *a_member_function_that_allocates(const T &from)
\t{
\t\treturn new T(from);
\t}
};
}
static void *volatile sink;
int main()
{
\tusing table = std::map<std::string, std::vector<std::string>>;
\ta_rather_long_name_of_a_namespace::a_class_with_a_long_name<table> maker;
\tsink = maker.a_member_function_that_allocates(table());
\tsink = nullptr;
}
"""

MIXED = """
#include <stdlib.h>

struct node { struct node *next; char name[100]; };
static void *volatile sink;

int main(void)
{
	struct node *a = calloc(1, sizeof(*a)), *b = calloc(1, sizeof(*b));

	a->next = b;
	b->next = a;
	sink = a;
	sink = malloc(40);
	sink = a = b = NULL;
	return 0;
}
"""


def on_terminal(columns, *argv, **env):
    """What `argv` prints on a terminal of so many columns, without colours, and
    with them."""
    pid, terminal = pty.fork()
    if not pid:
        fcntl.ioctl(0, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 24, columns, 0, 0))
        os.execve(argv[0], [str(a) for a in argv],
                  environment(TERM="xterm", REFKNOT_PAGER="cat", **env))
    raw = b""
    while True:
        try:
            more = os.read(terminal, 65536)
        except OSError:
            break
        raw += more
        if not more:
            break
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, raw
    raw = raw.decode().replace("\r\n", "\n")
    return re.sub(r"\033\[[0-9;]*m", "", raw), raw


def cards(text):
    """The lines of each card."""
    found = []
    for line in text.splitlines():
        if re.match(r"\d+  [A-Z]", line):
            found.append([])
        if not line:
            found.append(None)
        elif found and found[-1] is not None:
            found[-1].append(line)
    return [c for c in found if c]


@pytest.fixture(scope="module")
def leaky(tmp_path_factory):
    path = tmp_path_factory.mktemp("cards")
    program = compiled(path, "leaky", LEAKY, "-g", "-O1",
                       "-fno-optimize-sibling-calls")
    return record(path, program).main


def test_the_line_that_allocates_is_marked(leaky):
    text = refknot("report", leaky).out.decode()
    found = cards(text)
    assert len(found) == 2, text
    for card in found:
        assert card[1].endswith("16 | {"), card
        assert re.match(r"   > +17 \| +struct entry", card[2])
        assert card[2].endswith("// here")
        assert re.search(r"   at +parse_header +leaky\.c:17$", card[4])
        assert re.search(r"   by +xmalloc +leaky\.c:9$", card[5])
    assert any("19 calls of itself" in line for card in found for line in card)


def test_a_source_that_changed_is_not_shown(tmp_path):
    """Its lines may be others."""
    program = compiled(tmp_path, "leaky", LEAKY, "-g", "-gdwarf-5", "-O1")
    main = record(tmp_path, program).main
    assert "// here" in refknot("report", main).out.decode()
    [source] = tmp_path.glob("leaky.c")
    source.write_text("\n" + LEAKY)
    later = source.stat().st_mtime + 10
    os.utime(source, (later, later))
    text = refknot("report", main).out.decode()
    assert "// here" not in text and "leaky.c:17" in text
    source.unlink()
    assert "leaky.c:17" in refknot("report", main).out.decode()


@pytest.mark.parametrize("columns", [50, 80, 200])
def test_no_line_is_wider_than_the_terminal(leaky, columns):
    text, _ = on_terminal(columns, REFKNOT, "report", leaky)
    for line in text.splitlines():
        # What can be typed or is one word stays whole.
        assert len(line) <= columns or "refknot " in line or " | " in line or \
            " " not in line.strip(), line


@pytest.mark.parametrize("command, label, broken", [
    ("timeline", "", "; at the end "), ("info", "snapshot ", "; took ")])
def test_numbers_in_a_row_break_behind_a_semicolon(command, label, broken, leaky):
    piped = refknot(command, leaky).out.decode()
    assert f"{broken}" in piped
    text, _ = on_terminal(60, REFKNOT, command, leaky)
    [line] = [x for x in text.splitlines() if x.startswith(label) and x.endswith(";")
              ][:1]
    indent = " " * 17 if label else ""
    assert line + "\n" + indent + broken[2:] in text
    for line in text.splitlines():
        assert len(line) <= 60 or "/" in line, line


def test_a_card_of_long_names_has_twelve_lines_at_most(tmp_path):
    program = compiled(tmp_path, "long", LONG, "-g", "-O1",
                       compiler="g++")
    main = record(tmp_path, program).main
    text, _ = on_terminal(80, REFKNOT, "report", main)
    found = cards(text)
    assert found, text
    for card in found:
        assert len(card) <= 12, "\n".join(card)
        assert "basic_string" not in "\n".join(card), card


def test_colour_is_never_the_only_sign(leaky):
    plain, coloured = on_terminal(80, REFKNOT, "report", leaky)
    assert "\033[1;31m" in coloured
    assert "LEAK" in plain and "lost" in plain
    assert on_terminal(80, REFKNOT, "report", leaky, NO_COLOR="1")[1] == plain


def test_what_a_card_leaves_out_is_in_full(leaky):
    card = refknot("report", leaky).out.decode()
    full = refknot("report", "--full", leaky).out.decode()
    for word in ("confidence high", "evidence scan", "  sig ", "__libc_start"):
        assert word not in card and word in full, word
    # The command that a report prints works as it stands.
    [command] = re.findall(r"^in full: (refknot show) ('.*') NUMBER$", card,
                           re.M)
    shown = refknot("show", command[1].strip("'"), "1").out.decode()
    assert "confidence high" in shown and "__libc_start" in shown


def test_stacks_without_lines_say_where_the_call_is(tmp_path):
    program = compiled(tmp_path, "bare", LEAKY, "-O1",
                       "-fno-optimize-sibling-calls")
    text = refknot("report", record(tmp_path, program).main).out.decode()
    assert re.search(r"   at +parse_header +bare\+0x[0-9a-f]+$", text, re.M)
    assert not re.search(r" $", text, re.M)


def test_commands_of_a_path_with_a_quote_can_be_typed(leaky, tmp_path):
    odd = tmp_path / "it's a $HOME.rkn"
    odd.write_bytes(leaky.read_bytes())
    text = refknot("report", "-n", "1", odd).out.decode()
    commands = re.findall(r"(?:all: |in full: )refknot (.*)$", text, re.M)
    assert len(commands) == 2, text
    for command in commands:
        done = refknot(*shlex.split(command))
        assert done.status == 0 and b"LEAK" in done.out, command


def test_the_printed_command_opens_the_finding_that_is_shown(tmp_path):
    """Of one kind the first need not be number 1."""
    program = compiled(tmp_path, "mixed", MIXED, "-g", "-O1")
    main = record(tmp_path, program).main
    for command, title in ("leaks", "LEAK"), ("cycles", "ORPHANED CYCLE"):
        text = refknot(command, main).out.decode()
        [number] = re.findall(rf"^(\d)  {title}", text, re.M)
        [shown] = re.findall(r"^in full: refknot (.*)$", text, re.M)
        done = refknot(*shlex.split(shown))
        assert done.status == 0 and done.out.startswith(
            f"{number}  {title}".encode()), done.out
