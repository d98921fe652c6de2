# SPDX-License-Identifier: MIT
"""Three C libraries as Debian has them, with leaks that are accepted: some are
their own, most of them come of frees that are taken out, and library.c.in and
test.c.in lose in ways that these libraries do not have."""
import pathlib
import shutil
from dataclasses import dataclass

from trees import Tree

HERE = pathlib.Path(__file__).resolve().parent


@dataclass(frozen=True)
class Project:
    name: str           # of Debian's source package
    files: tuple        # patterns of what is read and changed
    include: tuple      # directories of headers
    libraries: dict     # {name: sources}
    programs: dict      # {name: sources}; LIB is of the one that is planted in
    commands: str       # of the suite, in the directory of the build
    prefix: str         # what LIB_ becomes
    allocate: str       # what ALLOC becomes
    library: str        # the file that gets library.c.in
    test: str           # the file that gets test.c.in
    losses: tuple       # (file, text, its replacement): calls LIB_losses()
    frees: tuple        # likewise: frees that are taken out
    defines: tuple = ()
    included: tuple = ()  # sources that others include
    fixtures: tuple = ()  # what the suite reads, relative to the tree

    def all_sources(self):
        return sorted({s for part in (self.libraries, self.programs)
                       for sources in part.values() for s in sources})

    def planted(self, source, directory):
        """A copy of the project's sources with all accepted leaks."""
        shutil.copytree(source, directory, symlinks=True)
        tree = Tree(self, directory)
        for name, text in CONFIGURED.get(self.name, {}).items():
            tree.write(name, text)
        names = (("LIB_", self.prefix), ("ALLOC", self.allocate))
        for file, template in ((self.library, "library.c.in"),
                               (self.test, "test.c.in")):
            text = (HERE / template).read_text()
            for old, new in names:
                text = text.replace(old, new)
            self.insert(tree, file, text, template)
        tree.change(self.losses[0], *(t.replace("LIB_", self.prefix)
                                      for t in self.losses[1:]))
        for file, old, new in self.frees:
            tree.change(file, old, new)
        return tree

    def insert(self, tree, file, text, template):
        """In a library at the end, in a test before its first function."""
        old = tree.read(file)
        if template == "library.c.in":
            tree.write(file, old + text)
            return
        lines = old.split("\n")
        last = max(i for i, line in enumerate(lines)
                   if line.startswith("#include"))
        tree.write(file, "\n".join(lines[:last + 1]) + text
                   + "\n".join(lines[last + 1:]))


JANSSON_CONFIG = """
#ifndef JANSSON_CONFIG_H
#define JANSSON_CONFIG_H
#define JSON_INLINE inline
#define JSON_INTEGER_IS_LONG_LONG 1
#define JSON_HAVE_LOCALECONV 1
#define JSON_HAVE_ATOMIC_BUILTINS 1
#define JSON_HAVE_SYNC_BUILTINS 1
#define JSON_PARSER_MAX_DEPTH 2048
#endif
"""
# What configure would have made.
CONFIGURED = {"jansson": {"src/jansson_config.h": JANSSON_CONFIG,
                          "src/jansson_private_config.h": ""}}


def yaml():
    sources = tuple(f"src/{n}.c" for n in (
        "api", "dumper", "emitter", "loader", "parser", "reader", "scanner",
        "writer"))
    programs = ("test-version", "test-reader", "run-scanner", "run-parser",
                "run-loader", "run-dumper", "run-emitter")
    runs = "\n".join(f"./{p} $T/examples/*.yaml || s=$?"
                     for p in programs if p.startswith("run"))
    return Project(
        "libyaml", ("src/*.[ch]", "include/*.h", "tests/*.c"),
        ("include", "src"), {"yaml": sources},
        {p: (f"tests/{p}.c",) for p in programs},
        f"./test-version || s=$?\n./test-reader || s=$?\n{runs}\n",
        "yamlx_", "yaml_malloc", "src/api.c", "tests/test-reader.c",
        ("tests/test-reader.c", "    return check_utf8_sequences()",
         "    LIB_losses();\n    return check_utf8_sequences()"),
        (("src/api.c", "    BUFFER_DEL(parser, parser->buffer);\n    while",
          "    while"),
         ("src/api.c", "        yaml_free(node.tag);\n", ""),
         ("src/loader.c", "    STACK_DEL(parser, parser->aliases);\n", "")),
        ("-DYAML_VERSION_MAJOR=0", "-DYAML_VERSION_MINOR=2",
         "-DYAML_VERSION_PATCH=5", '-DYAML_VERSION_STRING="0.2.5"'))


def cjson():
    programs = ("parse_array", "parse_object", "parse_string", "print_object",
                "misc_tests", "cjson_add", "compare_tests", "readme_examples",
                "misc_utils_tests", "old_utils_tests", "json_patch_tests")
    return Project(
        "cjson", ("*.[ch]", "tests/*.[ch]", "tests/unity/src/*.[ch]"),
        ("tests", "."),
        {"cjson": ("cJSON.c",), "cjson_utils": ("cJSON_Utils.c",)},
        {p: (f"tests/{p}.c", "tests/unity/src/unity.c") for p in programs},
        "cd $T/tests\n" + "\n".join(f"$B/{p} || s=$?" for p in programs) + "\n",
        "cjsonx_", "cJSON_malloc", "cJSON_Utils.c", "tests/misc_utils_tests.c",
        ("tests/misc_utils_tests.c", "    UNITY_BEGIN();\n",
         "    UNITY_BEGIN();\n    LIB_losses();\n"),
        (("cJSON.c", "            global_hooks.deallocate(item->string);\n",
          "            ;\n"),),
        included=("cJSON.c",))


def jansson():
    sources = tuple(f"src/{n}.c" for n in (
        "dump", "error", "hashtable", "hashtable_seed", "load", "memory",
        "pack_unpack", "strbuffer", "strconv", "utf", "value", "version"))
    programs = ("array", "copy", "dump", "equal", "load", "loadb", "number",
                "object", "pack", "simple", "sprintf", "unpack")
    return Project(
        "jansson", ("src/*.[ch]", "test/suites/api/*.[ch]"),
        ("src", "test/suites/api"), {"jansson": sources},
        {f"test_{p}": (f"test/suites/api/test_{p}.c",) for p in programs},
        "cd $T/test\n" + "\n".join(f"$B/test_{p} || s=$?" for p in programs)
        + "\n",
        "jsonx_", "jsonp_malloc", "src/value.c",
        "test/suites/api/test_array.c",
        ("test/suites/api/test_array.c", "static void run_tests() {\n",
         "static void run_tests() {\n    LIB_losses();\n"),
        (("src/value.c", "    jsonp_free(string->value);\n"
          "    jsonp_free(string);", "    jsonp_free(string);"),
         ("src/dump.c", "    strbuffer_close(&strbuff);\n    return result;",
          "    return result;")),
        ("-DHAVE_STDINT_H", "-DHAVE_UNISTD_H", "-DHAVE_SYS_TIME_H",
         "-DHAVE_SYS_TYPES_H", "-DHAVE_FCNTL_H", "-DHAVE_STRTOLL",
         "-DHAVE_LOCALE_H", "-DHAVE_LOCALECONV", "-DHAVE_OPEN", "-DHAVE_READ",
         "-DHAVE_CLOSE", "-DHAVE_GETPID", "-DHAVE_GETTIMEOFDAY",
         "-DUSE_URANDOM", "-DINITIAL_HASHTABLE_ORDER=3"))


PROJECTS = {p.name: p for p in (yaml(), cjson(), jansson())}
