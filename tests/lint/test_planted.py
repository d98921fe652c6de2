# SPDX-License-Identifier: MIT
"""Each check finds what is planted, and nothing in the same code without it."""
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from lint import CHECKS
from tree import Tree

CLEAN = {
    ".clang-format": None,
    ".clang-tidy": None,
    "README.md": "# A page\n\nSee [the page](#a-page), `cli/all.c`, `add()`.\n",
    "man/refknot.1": ".Sh NAME\n.Xr refknot 1\n.Sx NAME\n",
    "meson.build": "# SPDX-License-Identifier: MIT\n# Builds all.c.\n",
    "common/add.h": "/* SPDX-License-Identifier: MIT */\n#include <stddef.h>\n\n"
                    "struct sum {\n\tsize_t all;\n};\n\n"
                    "void add(struct sum *s, size_t n);\n",
    "common/add.c": "/* SPDX-License-Identifier: MIT */\n#include \"add.h\"\n\n"
                    "/* As main() asks in all.c. */\nvoid add(struct sum *s, size_t n)\n{\n"
                    "\ts->all += n;\n}\n",
    "cli/all.c": "/* SPDX-License-Identifier: MIT */\n#include <stdio.h>\n\n#include \"add.h\"\n\n"
                 "int main(void)\n{\n\tstruct sum s = { 0 };\n\n\tadd(&s, 2);\n"
                 "\tprintf(\"%zu\\n\", s.all);\n\treturn 0;\n}\n",
    "tests/test_add.c": "/* SPDX-License-Identifier: MIT */\nint never_called(void);\n\n"
                        "int test(void)\n{\n\treturn never_called();\n}\n",
}
DEAD = "\nint never_called(void)\n{\n\treturn 1;\n}\n"
DEEP = "\nint deep(int n)\n{\n" + \
    "".join("\t" * (i + 1) + f"if (n > {i})\n" for i in range(7)) + "\t" * 8 + \
    "return n;\n\treturn 0;\n}\n"

PLANTS = [  # check, file, (what is there, what is planted; None: at the end), what it says
    ("format", "cli/all.c", ("int main(void)\n{", "int main(void) {"),
     "cli/all.c:6:"),
    ("tidy", "cli/all.c", (None, DEEP), "cognitive complexity of 28"),
    ("tidy", "common/add.c", ("s->all += n;", "if (n);\n\ts->all += n;"),
     "bugprone-suspicious-semicolon"),
    ("cppcheck", "common/add.c", ("s->all += n;", "int a[2];\n\n\ta[2] = 1;\n\ts->all += n;"),
     "common/add.c:9:"),
    ("includes", "cli/all.c", ("#include <stdio.h>", "#include <stdio.h>\n#include <string.h>"),
     "cli/all.c:3: string.h is included, and nothing of it is used"),
    ("includes", "common/add.h", ("#include <stddef.h>", "#include <stddef.h>\n#include <stddef.h>"),
     "common/add.h:3: stddef.h is included twice"),
    ("includes", "tests/test_add.c", ("*/\n", "*/\n#include \"../common/add.h\"\n"),
     "tests/test_add.c:2: ../common/add.h is included, and nothing of it is used"),
    ("names", "common/add.c", ("main()", "run_it_all()"), "common/add.c:4: run_it_all() is nowhere"),
    ("names", "common/add.c", ("all.c", "none.c"), "common/add.c:4: none.c is nowhere"),
    ("names", "README.md", ("`add()`", "ADD_ALL_OF_IT"), "README.md:3: ADD_ALL_OF_IT is nowhere"),
    ("names", "meson.build", ("all.c", "none.c"), "meson.build:2: none.c is nowhere"),
    ("unused", "common/add.c", (None, DEAD), "add.c:10: never_called: only tests use it"),
    ("unused", "common/add.c", (None, DEAD.replace("never", "ever")),
     "add.c:10: ever_called: nobody uses it"),
    ("unused", "common/add.c", ("/* As", "int one(void);\nint one(void)\n{\n\treturn 1;\n}\n"
                                "int (*f)(void) = one;\n/* As"),
     "add.c:5: one: no other file uses it, it can be static"),
    ("unused", "common/add.h", (None, "#define NEVER_USED 1\n"),
     "add.h:9: NEVER_USED: nobody uses it"),
    ("spdx", "meson.build", ("# SPDX-License-Identifier: MIT\n", ""), "meson.build:1: "),
    ("spdx", "cli/all.c", ("SPDX", "SPD"), "cli/all.c:1: "),
    ("links", "README.md", ("(#a-page)", "(#no-page)"), "README.md:3: #no-page leads nowhere"),
    ("links", "README.md", ("(#a-page)", "(docs/no.md)"), "README.md:3: docs/no.md leads"),
    ("links", "man/refknot.1", ("refknot 1", "refknot-no 1"), "refknot.1:2: there is no page"),
    ("links", "man/refknot.1", ("Sx NAME", "Sx NO"), "refknot.1:3: there is no section NO"),
    ("words", "README.md", (None, "A hash is no\nblock.\n"), 'README.md:4: "is no": is not a'),
    ("words", "man/refknot.1", (None, "It tells all.\n"), 'refknot.1:4: "tells": reports'),
    ("words", "cli/all.c", ("%zu", "%zu stands \"\n\t       \"alone"), 'all.c:11: "stands"'),
    ("words", "cli/all.c", ("%zu", "%zu is \"\n\t       \"no sum"), 'all.c:11: "is no": is not a'),
]


def plant(place, file=None, what=None):
    for name, text in CLEAN.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            shutil.copy(Path(os.environ["TEST_SOURCE"]) / name, path)
        elif name != file:
            path.write_text(text)
        else:
            assert what[0] is None or what[0] in text
            path.write_text(text + what[1] if what[0] is None else text.replace(*what))
    build = place / "build"
    database = []
    for source in sorted(place.rglob("*.c")):
        name = str(source.relative_to(place))
        command = f"cc -I../common -o {name}.o -c ../{name}"
        database.append({"directory": str(build), "file": f"../{name}", "output": f"{name}.o",
                         "command": command})
        (build / name).parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(command.split(), cwd=build, check=True, stderr=subprocess.DEVNULL)
    (build / "compile_commands.json").write_text(json.dumps(database))
    return Tree(place, build)


@pytest.mark.parametrize("check", CHECKS)
def test_clean_code_passes(tmp_path, check):
    assert list(CHECKS[check](plant(tmp_path))) == []


@pytest.mark.parametrize("text", [
    ("README.md", "There is no block; P stands for it; its bytes are left alone.\n"),
    ("README.md", "It prints who holds the block, for who reads a report.\n"),
    ("man/refknot.1", ".\\\" as told\n.Bd -literal\n$ refknot\ntold alone\n.Ed\n"),
    ("common/add.c", "/* It stands alone. */\n")])
def test_words_in_their_usual_meaning_pass(tmp_path, text):
    assert list(CHECKS["words"](plant(tmp_path, text[0], (None, text[1])))) == []


@pytest.mark.parametrize("check, file, what, said", PLANTS)
def test_plant_is_found(tmp_path, check, file, what, said):
    found = list(CHECKS[check](plant(tmp_path, file, what)))
    assert [line for line in found if said in line], found
