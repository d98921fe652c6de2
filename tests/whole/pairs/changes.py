# SPDX-License-Identifier: MIT
"""Twenty edits as people make them every day, and ten new leaks.

A step is (file, text, its replacement), where the file "L" or "T" is the one
with library.c.in or test.c.in, or a function of the tree. Where a project has
no code of its own for an edit, the edit is made in what was planted.
"""
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    name: str
    steps: tuple
    options: tuple = ()   # of refknot check, beside the baseline
    functions: tuple = ()  # a planted leak's, innermost first, perhaps not all
    size: int = 0          # of each of its objects; 0: any

    def apply(self, tree):
        for step in self.steps:
            if callable(step):
                step(tree)
            else:
                replace(tree, *step)

    def is_it(self, finding):
        names = [f["function"] for f in finding["stacks"][0]["frames"]]
        at = 0
        for name in names:
            wanted = self.functions[at] if at < len(self.functions) else None
            at += bool(wanted) and (name or "").endswith(wanted)
        size = finding["bytes"] / max(finding["objects"], 1)
        return at == len(self.functions) and self.size in (0, size)


def replace(tree, file, old, new, count=1):
    project = tree.project
    file = {"L": project.library, "T": project.test}.get(file, file)
    tree.change(file, old.replace("LIB_", project.prefix),
                new.replace("LIB_", project.prefix), count)


def rename(old, new):
    return lambda tree: tree.rename(old.replace("LIB_", tree.project.prefix),
                                    new.replace("LIB_", tree.project.prefix))


def rename_in(file, old, new):
    """A variable, no member."""
    def step(tree):
        text, n = re.subn(rf"(?<![.>])\b{old}\b", new, tree.read(file))
        assert n, old
        tree.write(file, text)
    return step


def lines_above(tree):
    for file in (tree.project.library, tree.project.test):
        tree.write(file, "/* one more\n * and another\n */\n\n"
                   + tree.read(file))


def reindent(tree):
    """Tabs for four spaces, and braces on lines of their own."""
    for file in tree.files():
        if file.endswith(".c"):
            text = re.sub(r"(?m)^(?:    )+", lambda m: "\t" * (len(m[0]) // 4),
                          tree.read(file))
            tree.write(file, re.sub(r"(?m)^(\t+)(if|for|while)( ?\(.*\)) \{$",
                                    r"\1\2\3\n\1{", text))


def comment(tree):
    """At each function's beginning, and behind each line that allocates."""
    for file in (tree.project.library, tree.project.test):
        text = re.sub(r"(?m)^\{$", "{\n    /* as its contract says */",
                      tree.read(file))
        tree.write(file, re.sub(r"(?m)^(    .*(?:LIB_|alloc|new|lose).*;)$",
                                r"\1 /* checked below */", text))


def move(file, start, end, to, before=None, declared=""):
    """What stands from one text to another goes to the end of a file; behind
    it a declaration, perhaps, in the place of it or of the text `before`."""
    def step(tree):
        names = {"L": tree.project.library, "T": tree.project.test}
        source, target = names.get(file, file), names.get(to, to)
        first, last, told = (t.replace("LIB_", tree.project.prefix)
                             for t in (start, end, declared))
        text = tree.read(source)
        a = text.index(first)
        b = text.index(last, a + len(first))
        body, text = text[a:b], text[:a] + text[b:]
        at = text.index(before) if before else a
        tree.write(source, text[:at] + told + text[at:])
        tree.write(target, tree.read(target) + "\n" + body)
    return step


# What is done to code that was planted, in each project.
COMMON = {
    "lines above": [lines_above],
    "comments": [comment],
    "reindented": [reindent],
    "a line in an outer function": [
        ("L", "    struct LIB_node *node = LIB_node_new(text);\n    if",
         "    struct LIB_node *node;\n    if (!text)\n        return;\n"
         "    node = LIB_node_new(text);\n    if")],
    "a line in the test's body": [
        ("T", "    LIB_lose_name(\"a name\");",
         "    if (!text)\n        abort();\n    LIB_lose_name(\"a name\");")],
    "a function renamed": [rename("LIB_descend", "LIB_go_down")],
    "a test renamed": [rename("test_chain", "test_chain_of_calls")],
    "a wrapper added": [
        ("L", "void LIB_lose_name(const char *text);\n",
         "static char *LIB_new_name(const char *text)\n{\n"
         "    char *name = LIB_name_of(text, 7);\n"
         "    if (name && name[0] == 0)\n        name[0] = '-';\n"
         "    return name;\n}\n\n"
         "void LIB_lose_name(const char *text);\n"),
        ("L", "    LIB_drop(LIB_name_of(text, 7));",
         "    LIB_drop(LIB_new_name(text));")],
    "a wrapper removed": [
        ("L", "    return LIB_second(n * 2);",
         "    return LIB_third(n * 2 + 8);")],
    "moved to another file": [],
    "a function split": [
        ("T", "static void test_wrapped(void)\n{",
         "static void wrapped_objects(void)\n{\n"
         "    LIB_lose_node(\"node\");\n    LIB_drop(LIB_take(33));\n"
         "}\n\n"
         "static void test_wrapped(void)\n{"),
        ("T", "    LIB_lose_node(\"node\");\n    LIB_drop(LIB_take(33));\n"
         "    free(text);", "    wrapped_objects();\n    free(text);")],
    "a parameter added": [
        ("L", "static struct LIB_node *LIB_node_new(const char *text)",
         "static struct LIB_node *LIB_node_new(const char *text, int flags)"),
        ("L", "    node->name = LIB_name_of(text, (int)strlen(text));",
         "    node->name = LIB_name_of(text, (int)strlen(text) + flags);"),
        ("L", "LIB_node_new(text);", "LIB_node_new(text, 0);"),
        ("L", "LIB_node_new(\"a\"), *b = LIB_node_new(\"bb\");",
         "LIB_node_new(\"a\", 1), *b = LIB_node_new(\"bb\", 2);")],
    "a test before": [
        ("T", "static void test_wrapped(void)\n{",
         "static void test_first(void)\n{\n"
         "    char *text = setup_text(\"first\");\n    free(text);\n}\n\n"
         "static void test_wrapped(void)\n{"),
        ("T", "    run_one(\"wrapped\", test_wrapped);",
         "    run_one(\"first\", test_first);\n"
         "    run_one(\"wrapped\", test_wrapped);")],
    "the order of tests": [
        ("T", "    run_one(\"wrapped\", test_wrapped);\n", ""),
        ("T", "    run_one(\"chain\", test_chain);\n", ""),
        ("T", "    run_one(\"shapes\", test_shapes);\n",
         "    run_one(\"shapes\", test_shapes);\n"
         "    run_one(\"chain\", test_chain);\n"
         "    run_one(\"wrapped\", test_wrapped);\n")],
    "a static function made public": [
        ("L", "static char *LIB_third(size_t n)\n",
         "char *LIB_third(size_t n);\nchar *LIB_third(size_t n)\n")],
    "an if around a call": [
        ("T", "    LIB_lose_two(40);",
         "    if (getenv(\"PATH\")) {\n        LIB_lose_two(40);\n    }")],
    "a line edited in place": [
        ("T", "    LIB_drop(LIB_take(33));", "    LIB_drop(LIB_take(3 * 11));")],
    "edited, and a line above": [
        ("T", "    char *chained = LIB_first(50);",
         "    size_t length = 50;\n    char *chained = LIB_first(length);")],
    "a loop of another kind": [
        ("T", "    for (i = 0; i < 5; i++)\n"
         "        LIB_drop(LIB_take(90));\n",
         "    i = 0;\n    while (i < 5) {\n        LIB_drop(LIB_take(90));\n"
         "        i++;\n    }\n")],
    "variables renamed": [
        ("L", "    struct LIB_node *head = NULL, *node;\n"
         "    while (n-- > 0) {\n        node = LIB_take(sizeof(*node));\n"
         "        memset(node, 0, sizeof(*node));\n"
         "        node->next = head;\n        head = node;\n    }\n"
         "    LIB_drop(head);",
         "    struct LIB_node *list = NULL, *one;\n"
         "    while (n-- > 0) {\n        one = LIB_take(sizeof(*one));\n"
         "        memset(one, 0, sizeof(*one));\n"
         "        one->next = list;\n        list = one;\n    }\n"
         "    LIB_drop(list);")],
}

# The same in the library's own code, where that is on the way to a leak.
LOADER = "src/loader.c"
OWN = {
    "libyaml": {
        "a line in an outer function": [
            (LOADER, "    parser->document = document;\n",
             "    parser->problem = NULL;\n    parser->document = document;\n")],
        "a line in the test's body": [
            ("tests/test-reader.c", "        printf(\"\\t%s: \", title);\n"
             "        yaml_parser_initialize(&parser);\n"
             "        yaml_parser_set_input_string(&parser, (unsigned char *)"
             "start, end-start);\n        result = yaml_parser_update_buffer("
             "&parser, end-start);\n        if (!result) {\n"
             "            printf(\"- (",
             "        printf(\"\\t%s: \", title);\n        fflush(stdout);\n"
             "        yaml_parser_initialize(&parser);\n"
             "        yaml_parser_set_input_string(&parser, (unsigned char *)"
             "start, end-start);\n        result = yaml_parser_update_buffer("
             "&parser, end-start);\n        if (!result) {\n"
             "            printf(\"- (")],
        "a function renamed": [rename("yaml_parser_load_document",
                                      "yaml_parser_compose_document")],
        "a wrapper added": [
            (LOADER, "/*\n * Compose a scalar node.\n */\n",
             "/*\n * The tag of a scalar without one.\n */\n\n"
             "static yaml_char_t *\ndefault_scalar_tag(void)\n{\n"
             "    return yaml_strdup((yaml_char_t *)"
             "YAML_DEFAULT_SCALAR_TAG);\n"
             "}\n\n/*\n * Compose a scalar node.\n */\n"),
            (LOADER, "        tag = yaml_strdup((yaml_char_t *)"
             "YAML_DEFAULT_SCALAR_TAG);", "        tag = default_scalar_tag();")],
        "moved to another file": [
            move("src/api.c", "YAML_DECLARE(yaml_char_t *)\nyaml_strdup",
                 "/*\n * Extend a string.", "src/writer.c")],
        "a function split": [
            (LOADER, "    if (!STACK_INIT(parser, parser->aliases, "
             "yaml_alias_data_t*))\n        goto error;\n\n"
             "    parser->document = document;\n\n"
             "    if (!yaml_parser_load_document(parser, &event)) goto error;\n",
             "    if (!yaml_parser_load_rest(parser, document, &event)) "
             "goto error;\n"),
            (LOADER, "/*\n * Load the next document of the stream.\n */\n",
             "static int\nyaml_parser_load_rest(yaml_parser_t *parser, "
             "yaml_document_t *document,\n        yaml_event_t *event)\n{\n"
             "    if (!STACK_INIT(parser, parser->aliases, "
             "yaml_alias_data_t*))\n        return 0;\n\n"
             "    parser->document = document;\n\n"
             "    return yaml_parser_load_document(parser, event);\n}\n\n"
             "/*\n * Load the next document of the stream.\n */\n")],
        "a parameter added": [
            (LOADER, "yaml_parser_load_nodes(yaml_parser_t *parser, "
             "struct loader_ctx *ctx)",
             "yaml_parser_load_nodes(yaml_parser_t *parser, "
             "struct loader_ctx *ctx, int depth)", 2),
            (LOADER, "    if (!yaml_parser_load_nodes(parser, &ctx)) {",
             "    if (!yaml_parser_load_nodes(parser, &ctx, 0)) {")],
        "the order of tests": [
            ("tests/test-reader.c", "check_utf8_sequences() + check_boms() + "
             "check_long_utf8() + check_long_utf16();",
             "check_long_utf16() + check_boms() +\n"
             "        check_long_utf8() + check_utf8_sequences();")],
        "a static function made public": [
            (LOADER, "static int\nyaml_parser_load_nodes(",
             "int\nyaml_parser_load_nodes(", 2)],
        "an if around a call": [
            ("tests/test-reader.c", "    yaml_parser_initialize(&parser);\n"
             "    yaml_parser_set_input_string(&parser, buffer, 3+LONG*2);\n",
             "    if (buffer) {\n        yaml_parser_initialize(&parser);\n"
             "        yaml_parser_set_input_string(&parser, buffer, "
             "3+LONG*2);\n    }\n")],
        "a line edited in place": [
            ("src/api.c", "    if (!BUFFER_INIT(parser, parser->buffer, "
             "INPUT_BUFFER_SIZE))",
             "    if (!BUFFER_INIT(parser, parser->buffer, "
             "INPUT_BUFFER_SIZE + 16))")],
        "edited, and a line above": [
            ("tests/run-loader.c",
             "            if (!yaml_parser_load(&parser, &document)) {",
             "            fflush(stdout);\n"
             "            if (yaml_parser_load(&parser, &document) == 0) {")],
        "variables renamed": [rename_in(LOADER, "tag", "full_tag"),
                              rename_in("tests/run-dumper.c", "parser",
                                        "reader")],
    },
    "cjson": {
        "a line in an outer function": [
            ("cJSON.c", "        /* parse the name of the child */\n",
             "        /* parse the name of the child */\n"
             "        new_item->valueint = 0;\n")],
        "a line in the test's body": [
            ("tests/old_utils_tests.c",
             "    printf(\"JSON Pointer construct\\n\");\n    object = cJSON_CreateObject();\n",
             "    printf(\"JSON Pointer construct\\n\");\n"
             "    fflush(stdout);\n    TEST_ASSERT_NULL(pointer);\n"
             "    object = cJSON_CreateObject();\n")],
        "a function renamed": [rename("add_item_to_object",
                                      "add_named_item")],
        "a wrapper added": [
            ("cJSON.c", "static cJSON_bool add_item_to_object(cJSON * const "
             "object,",
             "static char *copy_of_key(const char *key, const internal_hooks * "
             "const hooks)\n{\n    return (char*)cJSON_strdup((const unsigned "
             "char*)key, hooks);\n}\n\n"
             "static cJSON_bool add_item_to_object(cJSON * const object,"),
            ("cJSON.c", "        new_key = (char*)cJSON_strdup((const unsigned "
             "char*)string, hooks);",
             "        new_key = copy_of_key(string, hooks);")],
        "moved to another file": [
            move("L", "int LIB_fail(const char *what, int code);\nint",
                 "/* a block that grows */", "tests/misc_utils_tests.c")],
        "a static function made public": [
            ("cJSON.c", "static cJSON_bool add_item_to_object(cJSON * const",
             "cJSON_bool add_item_to_object(cJSON * const")],
        "an if around a call": [
            ("cJSON.c", "        if (!parse_value(current_item, input_buffer))"
             "\n        {\n            goto fail; /* failed to parse value */"
             "\n        }\n        buffer_skip_whitespace(input_buffer);\n"
             "    }\n    while (can_access_at_index(input_buffer, 0) && "
             "(buffer_at_offset(input_buffer)[0] == ','));\n\n"
             "    if (cannot_access_at_index(input_buffer, 0) || "
             "(buffer_at_offset(input_buffer)[0] != '}'))",
             "        if (current_item != NULL)\n        {\n"
             "            if (!parse_value(current_item, input_buffer))\n"
             "            {\n                goto fail;\n            }\n"
             "        }\n        buffer_skip_whitespace(input_buffer);\n"
             "    }\n    while (can_access_at_index(input_buffer, 0) && "
             "(buffer_at_offset(input_buffer)[0] == ','));\n\n"
             "    if (cannot_access_at_index(input_buffer, 0) || "
             "(buffer_at_offset(input_buffer)[0] != '}'))")],
        "a line edited in place": [
            ("cJSON.c", "    return add_item_to_object(object, string, item, "
             "&global_hooks, false);",
             "    return add_item_to_object(object, string, item, "
             "&global_hooks, 0);")],
        "edited, and a line above": [
            ("cJSON.c", "        output = (unsigned char*)input_buffer->hooks."
             "allocate(allocation_length + sizeof(\"\"));",
             "        allocation_length += sizeof(\"\");\n"
             "        output = (unsigned char*)input_buffer->hooks."
             "allocate(allocation_length);")],
        "variables renamed": [rename_in("cJSON.c", "input_buffer", "input"),
                              rename_in("cJSON.c", "new_key", "own_key")],
    },
    "jansson": {
        "a line in an outer function": [
            ("src/load.c", "        value = parse_value(lex, flags, error);\n",
             "        len += 0;\n"
             "        value = parse_value(lex, flags, error);\n")],
        "a line in the test's body": [
            ("test/suites/api/test_copy.c", "    /* string */\n"
             "    value = json_string(\"foo\");\n",
             "    /* string */\n    copy = NULL;\n"
             "    value = json_string(\"foo\");\n", 2)],
        "a function renamed": [rename("string_create", "string_make")],
        "a wrapper added": [
            ("src/value.c", "static json_t *string_create(const char *value,",
             "static char *string_copy(const char *value, size_t len) {\n"
             "    return jsonp_strndup(value, len);\n}\n\n"
             "static json_t *string_create(const char *value,"),
            ("src/value.c", "        v = jsonp_strndup(value, len);",
             "        v = string_copy(value, len);")],
        "a wrapper removed": [
            ("src/value.c", "    return json_stringn_nocheck(value, len);",
             "    return string_create(value, len, 0);")],
        "moved to another file": [
            move("src/memory.c", "char *jsonp_strndup(const char *str, size_t "
                 "len) {", "void json_set_alloc_funcs", "src/version.c"),
            ("src/version.c", "#include \"jansson.h\"\n",
             "#include \"jansson.h\"\n#include \"jansson_private.h\"\n"
             "#include <string.h>\n")],
        "a parameter added": [
            ("src/value.c", "static json_t *string_create(const char *value, "
             "size_t len, int own) {",
             "static json_t *string_create(const char *value, "
             "size_t len, int own,\n                             int flags) {"),
            ("src/value.c", "string_create(value, strlen(value), 0)",
             "string_create(value, strlen(value), 0, 0)"),
            ("src/value.c", "string_create(value, len, 0)",
             "string_create(value, len, 0, 0)"),
            ("src/value.c", "string_create(value, len, 1)",
             "string_create(value, len, 1, 0)")],
        "the order of tests": [
            ("test/suites/api/test_dump.c", "    encode_twice();\n"
             "    circular_references();\n",
             "    circular_references();\n    encode_twice();\n")],
        "a static function made public": [
            ("src/value.c", "static json_t *string_create(const char *value,",
             "json_t *string_create(const char *value, size_t, int);\n"
             "json_t *string_create(const char *value,")],
        "an if around a call": [
            ("src/dump.c", "    if (strbuffer_init(&strbuff))\n"
             "        return NULL;\n\n    if (json_dump_callback(json, "
             "dump_to_strbuffer, (void *)&strbuff, flags))\n",
             "    result = NULL;\n    if (!result) {\n"
             "        if (strbuffer_init(&strbuff))\n"
             "            return NULL;\n    }\n\n    if (json_dump_callback("
             "json, dump_to_strbuffer, (void *)&strbuff, flags))\n")],
        "a line edited in place": [
            ("src/value.c",
             "    return string_create(value, strlen(value), 0);",
             "    return string_create(value, (size_t)strlen(value), 0);")],
        "edited, and a line above": [
            ("test/suites/api/test_simple.c",
             "    value = json_string(\"foo\");",
             "    fflush(stdout);\n    value = json_string(\"f\" \"oo\");",
             2)],
        "variables renamed": [rename_in("src/load.c", "lex", "lexer")],
    },
}


def edits(project):
    own = OWN[project]
    return [Change(name, tuple(own.get(name) or steps))
            for name, steps in COMMON.items()]


GROWN = ("--fail-on", "leak,cycle,grown")
PLANTS = [
    Change("another line of the function", (
        ("L", "    second = LIB_zeroed(n + 16);\n    LIB_drop(second);\n",
         "    second = LIB_zeroed(n + 16);\n    LIB_drop(second);\n"
         "    LIB_drop(LIB_zeroed(n + 48));\n"),),
        functions=("lose_two",), size=88),
    Change("another caller of the wrapper", (
        ("T", "    LIB_lose_ring();\n",
         "    LIB_lose_ring();\n    LIB_lose_name(\"of shapes\");\n"),),
        functions=("name_of",), size=21),
    Change("the same call on a later line", (
        ("T", "    LIB_drop(LIB_take(33));\n    free(text);",
         "    LIB_drop(LIB_take(33));\n    LIB_lose_name(\"a name\");\n"
         "    free(text);"),),
        functions=("name_of",), size=18),
    Change("more objects in a loop", (
        ("T", "    for (i = 0; i < 5; i++)\n        LIB_drop(LIB_take(90));",
         "    for (i = 0; i < 9; i++)\n        LIB_drop(LIB_take(90));"),),
        GROWN, functions=("test_loop",), size=90),
    Change("another branch", (
        ("L", "        return -1;\n    }\n    return 0;\n}\n",
         "        return -1;\n    }\n    LIB_drop(LIB_take(53));\n"
         "    return 0;\n}\n"),
        ("T", "    LIB_lose_ring();\n",
         "    LIB_lose_ring();\n    LIB_fail(\"nothing\", 0);\n")),
        functions=("_fail",), size=53),
    Change("in the place of one that is mended", (
        ("L", "    LIB_drop(first);\n    second = LIB_zeroed(n + 16);\n"
         "    LIB_drop(second);\n",
         "    free(first);\n    second = LIB_zeroed(n + 16);\n"
         "    LIB_drop(second);\n    LIB_drop(LIB_zeroed(n + 64));\n"),),
        functions=("lose_two",), size=104),
    Change("mended, and lost in another way", (
        ("T", "    LIB_drop(text);\n    LIB_lose_two(40);",
         "    free(text);\n    LIB_lose_two(40);\n"
         "    text = setup_text(\"another\");\n    text[0] = 0;\n"
         "    LIB_drop(text);"),),
        functions=("setup_text",), size=64),
    Change("another cycle", (
        ("T", "    LOSE_HERE(91);\n",
         "    LOSE_HERE(91);\n    LIB_lose_ring();\n"),),
        functions=("lose_ring", "test_loop")),
    Change("another branch of a callback", (
        ("T", "        LIB_drop(malloc(*n + (size_t)i));",
         "        LIB_drop(malloc(*n + (size_t)i));\n    else\n"
         "        LIB_drop(calloc(1, 83));"),),
        functions=("each_loses",), size=83),
    Change("another caller of a recursion", (
        ("T", "    LIB_lose_grown(5);\n",
         "    LIB_lose_grown(5);\n    LIB_lose_deep(2);\n"),),
        functions=("descend",), size=27),
]


def plants(project):
    """The same in each; their functions have names of its own."""
    assert project in OWN
    return PLANTS
