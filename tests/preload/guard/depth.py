# SPDX-License-Identifier: MIT
"""How many bytes of stack a library's functions take, its callees included:
read from the code itself, so that what the compiler made of the sources counts,
at each call just what is on the stack there.
"""
import collections
import re
import subprocess

WORD = 8
CALL = WORD  # what a caller has pushed when a function begins

# `Path` of a function: bytes, and the functions that they are in.
Path = collections.namedtuple("Path", "bytes names")
Use = collections.namedtuple("Use", "bytes calls indirect")


def told(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE,
                          text=True).stdout


def plain(name):
    """Without what the compiler adds to a function's name."""
    return re.sub(r"(\.(constprop|isra|part|cold)(\.\d+)?)+$", "", name)


def symbols(library):
    """{address: "file.c:name", or "name" where several files know it}, and the
    names that are exported."""
    names, exported, file, table = {}, set(), "", ""
    for line in told("readelf", "--symbols", "--wide", library).splitlines():
        f = line.split()
        if line.startswith("Symbol table"):
            table = line.split("'")[1]
        if len(f) < 7 or not f[0][:-1].isdigit():
            continue
        value, kind, section = int(f[1], 16), f[3], f[6]
        name = f[7].split("@")[0] if len(f) > 7 else ""
        if kind == "FILE":
            file = name
        elif section in ("UND", "ABS"):
            continue
        elif table == ".dynsym":
            exported.add(name)
        elif kind == "FUNC" or (kind == "NOTYPE" and value not in names):
            names[value] = f"{file}:{name}" if file else name
    return names, exported


INSTRUCTION = re.compile(r"^ +([0-9a-f]+):\t(?:(?:notrack|bnd|lock|rep[nz]*"
                         r"|data16|cs) )*([a-z0-9]+) *(.*)$")
IMMEDIATE = re.compile(r"^\$(-?0x[0-9a-f]+),%rsp$")
BELOW = re.compile(r"-(0x[0-9a-f]+)\(%rsp[,)]")
TO = re.compile(r"^([0-9a-f]+) <([^>]+)>")
PADDING = ("nop", "xchg", "data16", "cs")
LEADS = re.compile(r"# ([0-9a-f]+) <")
SLOT = re.compile(r"# [0-9a-f]+ <([A-Za-z0-9_]+)(?:@[^+>]*)?(?:\+0x[0-9a-f]+)?>")


def signed(text):
    n = int(text, 16)
    return n - (1 << 64) if n >> 63 else n


def distance(text):
    """"-0x28": -40."""
    return int(text or "0", 16)


class Library:
    """`indirect`: what is called by a pointer, of the function that does so or
    else of the variable that the pointer is in: a list of functions. `turns`:
    functions after which another stack is used, and `aside`: the one that calls
    what it is given on such a stack."""

    def __init__(self, path, indirect, turns, aside):
        self.names, self.exported = symbols(path)
        self.indirect, self.turns, self.aside = indirect, turns, aside
        self.at, self.order, self.section = {}, [], {}
        self.read(path)
        self.starts = {a: n for a, n in self.names.items() if a in self.at}
        self.of = {n: a for a, n in self.starts.items()}
        self.uses, self.paths = {}, {}
        self.unlisted = set()  # calls by pointers that `indirect` lacks
        self.dynamic = set()   # functions that take as much as they are asked
        self.given = self.arguments()
        self.taken = self.addresses(path)

    def arguments(self):
        """Functions that are called aside."""
        found, last = set(), None
        for a in self.order:
            op, arguments, _ = self.at[a]
            if op == "lea" and arguments.split()[0].endswith(",%rdi"):
                m = LEADS.search(arguments)
                last = int(m[1], 16) if m else None
            elif op in ("call", "jmp"):
                m = TO.match(arguments)
                if m and self.starts.get(int(m[1], 16)) == self.aside:
                    assert last in self.starts, hex(a)
                    found.add(last)
                if op == "call":
                    last = None
        return found

    def addresses(self, path):
        """Functions that pointers lead to, in code or in data."""
        found = set()
        for a in self.order:
            op, arguments, _ = self.at[a]
            m = LEADS.search(arguments) if op == "lea" else None
            if m:
                found.add(int(m[1], 16))
        for line in told("readelf", "--relocs", "--wide", path).splitlines():
            f = line.split()
            if len(f) == 4 and f[2] == "R_X86_64_RELATIVE":
                found.add(int(f[3], 16))
        return found & set(self.starts)

    def read(self, path):
        section = ""
        for line in told("objdump", "--disassemble", "--no-show-raw-insn",
                         path).splitlines():
            if line.startswith("Disassembly of section"):
                section = line.split()[-1].rstrip(":")
            m = INSTRUCTION.match(line)
            if m:
                a = int(m[1], 16)
                self.at[a] = (m[2], m[3].strip(), len(self.order))
                self.order.append(a)
                self.section[a] = section

    def use(self, start):
        """What one function takes itself, and with what on the stack it calls
        which."""
        if start not in self.uses:
            self.uses[start] = self.follow(start)
        return self.uses[start]

    def moved(self, name, op, arguments, depth, frame):
        """How deep the stack is after an instruction, and where the frame
        pointer stands."""
        m = IMMEDIATE.match(arguments)
        if op == "push":
            return depth + WORD, frame
        if op == "pop":
            return depth - WORD, frame
        if op == "leave":
            return frame - WORD, frame
        if op == "mov" and arguments == "%rsp,%rbp":
            return depth, depth
        if not arguments.endswith(",%rsp"):
            return depth, frame
        if op in ("sub", "add") and m:
            n = signed(m[1])
            return depth + (n if op == "sub" else -n), frame
        if op == "and" and m:
            return depth - signed(m[1]) - 1, frame
        if op == "lea" and "(%rbp)" in arguments:
            return frame - distance(arguments.split("(")[0]), frame
        if name not in self.turns:
            self.dynamic.add(name)
        return depth, frame

    def is_function(self, address, start):
        """Is a jump there, from the function `start`, a call of another?"""
        return (address != start and
                ".cold" not in self.starts.get(address, ".cold") or
                self.section.get(address) != ".text")

    def follow(self, start):
        most, calls, indirect, name = CALL, {}, [], self.starts[start]
        seen, work, tables = {}, [(start, CALL, None)], []

        def call(to, depth):
            calls[to] = max(calls.get(to, 0), depth)

        while work or self.unreached(start, seen, tables, work):
            a, depth, frame = work.pop()
            while a in self.at and seen.get(a, -1) < depth:
                seen[a] = depth
                op, arguments, i = self.at[a]
                below = BELOW.search(arguments)
                if below:
                    most = max(most, depth + int(below[1], 16))
                depth, frame = self.moved(name, op, arguments, depth, frame)
                most = max(most, depth)
                m = TO.match(arguments)
                to = int(m[1], 16) if m else None
                if op == "call" and m:
                    call(to, depth)
                elif op == "call":
                    indirect.append((arguments, depth))
                elif op.startswith("j") and m and self.is_function(to, start):
                    call(to, depth - CALL)
                elif op.startswith("j") and m:
                    work.append((to, depth, frame))
                elif op == "jmp" and depth == CALL:
                    indirect.append((arguments, 0))
                if op == "jmp" and not m:
                    tables.append((depth, frame))
                if op in ("jmp", "ret", "ud2", "hlt"):
                    break
                a = self.order[i + 1] if i + 1 < len(self.order) else None
                if a in self.starts:
                    break  # behind a call that does not return
        return Use(most, calls, indirect)

    def unreached(self, start, seen, tables, work):
        """Code of a function that only a table of jumps leads to."""
        depth, frame = max(tables, default=(CALL, None))
        i = self.at[start][2]
        while depth > CALL and i < len(self.order):
            a = self.order[i]
            if a != start and a in self.starts:
                return False
            if a not in seen and not self.at[a][0].startswith(PADDING):
                work.append((a, depth, frame))
                return True
            i += 1
        return False

    def targets(self, name, arguments):
        m = SLOT.search(arguments)
        known = self.indirect.get(plain(name),
                                  self.indirect.get(m[1] if m else None))
        if known is None:
            self.unlisted.add(f"{plain(name)}: {m[1] if m else arguments}")
            return []
        return known

    def path(self, start, above=()):
        """The deepest path from a function on."""
        if start not in self.starts:
            return Path(0, ())
        name = self.starts[start]
        if start in above:
            raise RecursionError(" -> ".join(
                self.starts[a] for a in above[above.index(start):]) +
                f" -> {name}")
        if start in self.paths:
            return self.paths[start]
        use = self.use(start)
        best = Path(use.bytes, (name,))
        if name not in self.turns:
            calls = list(use.calls.items())
            for arguments, depth in use.indirect:
                calls += [(self.of[n], depth)
                          for n in self.targets(name, arguments)]
            for to, depth in calls:
                below = self.path(to, above + (start,))
                if depth + below.bytes > best.bytes:
                    best = Path(depth + below.bytes, (name,) + below.names)
        self.paths[start] = best
        return best
