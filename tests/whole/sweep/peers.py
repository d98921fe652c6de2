# SPDX-License-Identifier: MIT
"""What Valgrind and LeakSanitizer say, as {site: [blocks, bytes]}."""
import re
import xml.etree.ElementTree as xml

from sites import add, frame, site_of

LSAN = "/usr/lib/x86_64-linux-gnu/liblsan.so.0"
NEVER = "sweep: never became true"  # prelude.sh
LSAN_SLOW = "fast_unwind_on_malloc=0"
LSAN_FAST = "fast_unwind_on_malloc=1"


def valgrind_prefix(out):
    return ["valgrind", "-q", "--trace-children=yes", "--vgdb=no",
            "--undef-value-errors=no", "--leak-check=full",
            "--show-leak-kinds=definite,indirect,possible",
            "--num-callers=30", "--keep-debuginfo=yes",
            "--read-inline-info=no", "--run-libc-freeres=no",
            "--run-cxx-freeres=no", "--error-limit=no", "--xml=yes",
            f"--xml-file={out}/valgrind.%p.xml"]


def lsan_prefix(out, unwinding):
    return ["env", f"LD_PRELOAD={LSAN}",
            f"LSAN_OPTIONS=exitcode=0:log_path={out}/lsan:symbolize=0:"
            f"malloc_context_size=30:max_leaks=0:{unwinding}"]


def valgrind_error(error, names):
    kind = error.findtext("kind") or ""
    if not kind.startswith("Leak_"):
        return None
    what = error.find("xwhat")
    direct = re.search(r"\(([\d,]+) direct", what.findtext("text"))
    size = int(direct[1].replace(",", "") if direct
               else what.findtext("leakedbytes"))
    stack = []
    for f in error.find("stack").iter("frame"):
        ip, function = int(f.findtext("ip"), 16), f.findtext("fn")
        stack.append((f.findtext("obj"), ip, function))
        if function:
            names[frame(f.findtext("obj"), ip)] = function
    return kind[5:], site_of(stack), int(what.findtext("leakedblocks")), size


def read_valgrind(text, names):
    """{"lost", "possible"} of one process's file; the file of a process that
    was killed, or forked, may lack its end or its head."""
    result = {"lost": {}, "possible": {}}
    for found in re.findall(r"<error>.*?</error>", text, re.S):
        error = valgrind_error(xml.fromstring(found), names)
        if error:
            kind, site, blocks, size = error
            add(result["possible" if kind == "PossiblyLost" else "lost"],
                site, blocks, size)
    return result


def read_lsan(text):
    """What one process lost; None where the check itself failed."""
    if "LeakSanitizer has encountered a fatal error" in text:
        return None
    lost = {}
    for head in re.finditer(
            r"(?:Direct|Indirect) leak of (\d+) byte\(s\) in (\d+) object\(s\)"
            r" allocated from:\n((?: +#.*\n)*)", text):
        stack = [(m[2], int(m[3] or m[1], 16), None) for m in re.finditer(
            r"#\d+ (0x[0-9a-f]+)(?:[^(\n]*\((?:(/[^)\n]*)"
            r"\+(0x[0-9a-f]+)|[^)]*)\))?", head[3])]
        add(lost, site_of(stack), int(head[2]), int(head[1]))
    return lost
