# SPDX-License-Identifier: MIT
"""What clang's syntax tree says of each call that returns a pointer: the type
of what its result becomes.  Nothing here knows how refknot finds types."""
import os

from clang import cindex

KIND = cindex.CursorKind
FUNCTIONS = {KIND.FUNCTION_DECL, KIND.CXX_METHOD, KIND.CONSTRUCTOR}


def pointee(kind):
    """What a pointer points at, spelled without typedefs and qualifiers;
    None: it is no pointer."""
    kind = kind.get_canonical()
    if kind.kind in (cindex.TypeKind.CONSTANTARRAY,
                     cindex.TypeKind.INCOMPLETEARRAY):
        return None
    if kind.kind != cindex.TypeKind.POINTER:
        return None
    return spell(kind.get_pointee())


def spell(kind):
    words = kind.get_canonical().spelling.split()
    return " ".join(w for w in words if w not in
                    ("const", "volatile", "restrict", "__restrict"))


def sizes(kind):
    size = kind.get_canonical().get_pointee().get_size()
    return size if size > 0 else 0


def referenced(node):
    """The variables that are named in an expression."""
    found = set()
    stack = [node]
    while stack:
        one = stack.pop()
        if one.kind == KIND.DECL_REF_EXPR and one.referenced is not None:
            found.add(one.referenced.hash)
        stack.extend(one.get_children())
    return found


def called(call):
    name = call.spelling
    if name:
        return name
    children = list(call.get_children())
    return children[0].spelling if children else ""


class Function:
    """One definition: its calls, and what it returns."""

    def __init__(self, node):
        self.name = node.spelling
        self.result = node.result_type
        self.returns = pointee(node.result_type)
        self.calls = []
        self.returned = set()
        self.also = {}  # of a variable: what its value becomes, too
        for child in node.get_children():
            self.walk(child, [])

    def walk(self, node, parents):
        """Without recursion into what has no code; trees are not deep."""
        if node.kind == KIND.RETURN_STMT:
            self.returned |= referenced(node)
        if node.kind == KIND.DECL_REF_EXPR and node.referenced is not None \
                and pointee(node.type):
            types = self.destination(node, parents)[1]
            self.also.setdefault(node.referenced.hash, set()).update(
                k for k in map(pointee, types) if k and k != "void")
        if node.kind == KIND.CALL_EXPR and pointee(node.type):
            self.add(node, parents)
        parents.append(node)
        for child in node.get_children():
            self.walk(child, parents)
        parents.pop()

    def add(self, call, parents):
        where = call.location
        if where.file is None:
            return
        how, becomes, variable = self.destination(call, parents)
        kinds = [pointee(k) for k in becomes]
        self.calls.append({
            "file": os.path.realpath(where.file.name), "line": where.line,
            "end": call.extent.end.line,
            "column": where.column, "callee": called(call), "how": how,
            "indirect": call.referenced is None or
            call.referenced.kind != KIND.FUNCTION_DECL,
            "types": [k for k in kinds if k],
            "size": sizes(becomes[-1]) if becomes else 0,
            "variable": variable,
        })

    def destination(self, call, parents):
        """(how, types on the way, hash of the variable) of the result."""
        types = [call.type]
        inner = call
        for node in reversed(parents):
            kind = node.kind
            if kind in (KIND.UNEXPOSED_EXPR, KIND.PAREN_EXPR):
                types.append(node.type)
            elif kind == KIND.CSTYLE_CAST_EXPR:
                types.append(node.type)
            elif kind == KIND.CONDITIONAL_OPERATOR:
                if next(node.get_children()) == inner:
                    return "test", types, None
                types.append(node.type)
            elif kind == KIND.VAR_DECL:
                types.append(node.type)
                return "variable", types, node.hash
            elif kind == KIND.RETURN_STMT:
                types.append(self.result)
                return "return", types, None
            elif kind == KIND.BINARY_OPERATOR:
                left, right = list(node.get_children())
                if right != inner or not pointee(node.type) or \
                        not self.is_assignment(node, left):
                    return "operator", types, None
                types.append(left.type)
                if left.kind == KIND.DECL_REF_EXPR and left.referenced:
                    return "variable", types, left.referenced.hash
                return "place", types, None
            elif kind == KIND.CALL_EXPR:
                return "argument", types, None
            else:
                return "other", types, None
            inner = node
        return "other", types, None

    @staticmethod
    def is_assignment(node, left):
        end = left.extent.end.offset
        for token in node.get_tokens():
            if token.extent.start.offset >= end:
                return token.spelling == "="
        # Inside of a macro tokens are those of its use.
        return True

    def rows(self):
        for one in self.calls:
            one = dict(one, function=self.name, returns=self.returns)
            one["given_back"] = one["how"] == "return" or \
                one["variable"] in self.returned
            one["also"] = sorted(self.also.get(one.pop("variable"), ()))
            yield one


def calls_of(source, arguments):
    """Rows of all calls in a translation unit that return a pointer."""
    index = cindex.Index.create()
    unit = index.parse(source, args=arguments)
    for fault in unit.diagnostics:
        if fault.severity >= cindex.Diagnostic.Error:
            raise ValueError(f"{source}: {fault.spelling}")
    known = {}
    for node in unit.cursor.get_children():
        if node.kind not in FUNCTIONS or not node.is_definition():
            continue
        place = node.location.file
        name = place.name if place else None
        if name not in known:
            known[name] = name is not None and \
                not os.path.realpath(name).startswith("/usr/")
        if known[name]:
            yield from Function(node).rows()
