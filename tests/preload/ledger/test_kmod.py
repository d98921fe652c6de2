# SPDX-License-Identifier: MIT
"""A program that none of us wrote, with reference counts of its own: kmod, from
Debian's source package, with refknot.h's calls put in when it is built. Its
modules are ours: three that need each other, alpha, beta and gamma.
"""
import re
import shutil

import debian
import pytest

from conftest import CC, SOURCE, own_function, read_json, record, refknot, run

CONFIG = """
#define _GNU_SOURCE 1
#define PACKAGE "kmod"
#define VERSION "test"
#define SYSCONFDIR "/etc"
#define KMOD_FEATURES ""
#define HAVE_SECURE_GETENV 1
#define HAVE_DECL_STRNDUPA 1
#define HAVE_STATIC_ASSERT 1
#define HAVE_NORETURN 1
#include <refknot.h>
"""

# file, a line of it, and what stands in its place: once each
ANNOTATED = [
    ("libkmod/libkmod.c", "\tctx->refcount = 1;",
     '\\g<0>\n\trefknot_object_counted(ctx, "Context", &ctx->refcount);'),
    ("libkmod/libkmod.c", r"\tctx->refcount\+\+;",
     "\\g<0>\n\trefknot_retain(ctx);"),
    ("libkmod/libkmod.c", r"\tif \(--ctx->refcount > 0\)",
     "\trefknot_release(ctx);\n\\g<0>"),
    ("libkmod/libkmod.c", r"\thash_add\(ctx->modules_by_name, key, mod\);",
     '\\g<0>\n\trefknot_weak(ctx, mod, "modules_by_name");'),
    ("libkmod/libkmod.c", r"\thash_del\(ctx->modules_by_name, key\);",
     '\\g<0>\n\trefknot_unweak(ctx, mod, "modules_by_name");'),
    ("libkmod/libkmod-module.c", "\tm->refcount = 1;",
     '\\g<0>\n\trefknot_object_counted(m, "Module", &m->refcount);\n'
     "\trefknot_move(ctx, NULL, m);"),
    ("libkmod/libkmod-module.c", r"\tmod->refcount\+\+;",
     "\\g<0>\n\trefknot_retain(mod);"),
    ("libkmod/libkmod-module.c", r"\tif \(--mod->refcount > 0\)",
     "\trefknot_release(mod);\n\\g<0>"),
    ("libkmod/libkmod-module.c", r"\tkmod_unref\(mod->ctx\);",
     "\trefknot_move(mod->ctx, mod, NULL);\n\\g<0>"),
]

# modinfo PATH does not give back the module.
LEAKING = [
    ("tools/modinfo.c",
     r"(err = modinfo_do\(mod\);)\n\tkmod_module_unref\(mod\);"
     r"(\n\treturn err;\n\}\n\nstatic int modinfo_name_do)", "\\1\\2"),
]

# modinfo ALIAS does not give back each module, of which it had another
# reference from the list.
AMBIGUOUS = [
    ("tools/modinfo.c",
     r"(kmod_module_get_module\(l\);\n\t\tint r = modinfo_do\(mod\);)"
     r"\n\t\tkmod_module_unref\(mod\);", "\\1"),
]

# The context's table keeps the modules, as they keep the context.
CYCLIC = [
    ("libkmod/libkmod.c", r"\thash_add\(ctx->modules_by_name, key, mod\);\n.*",
     "\thash_add(ctx->modules_by_name, key, kmod_module_ref(mod));\n"
     "\trefknot_move(mod, NULL, ctx);"),
]

MODULE = """
#define INFO(n, text) \\
    __attribute__((section(".modinfo"), used)) static const char n[] = text
INFO(a, "license=GPL"); INFO(b, "depends={needs}"); INFO(c, "name={name}");
INFO(d, "alias=dev-{name}"); INFO(e, "alias=dev-all");
int {name}_call(void) {{ return 0; }}
__asm__(".section __ksymtab_strings,\\"a\\"\\n"
        ".asciz \\"{name}_call\\"\\n.previous");
"""
USE = "extern int {0}_call(void); int use_{0}(void) {{ return {0}_call(); }}\n"
NEEDS = {"alpha": [], "beta": ["alpha"], "gamma": ["alpha", "beta"]}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return debian.sources(tmp_path_factory.mktemp("source"), "kmod")["kmod"]


def build(source, directory, *edits):
    """kmod with these changes, under the names of its commands."""
    tree = directory / "kmod"
    for part in ("tools", "libkmod", "shared"):
        shutil.copytree(source / part, tree / part)
    for file, line, to in [e for group in edits for e in group]:
        path = tree / file
        text, count = re.subn(line, to, path.read_text())
        assert count == 1, (file, line, count)
        path.write_text(text)
    (tree / "config.h").write_text(CONFIG)
    files = [p for d in ("tools", "libkmod", "shared")
             for p in sorted((tree / d).glob("*.c"))
             if p.name not in ("insert.c", "remove.c")]
    done = run(CC, "-g", "-O2", "-w", "-include", tree / "config.h",
               "-I", SOURCE / "include", "-I", tree, "-I", tree / "libkmod",
               "-I", tree / "shared", *files, "-o", tree / "program")
    assert done.status == 0, done.told
    for command in ("depmod", "modprobe", "modinfo"):
        (tree / command).symlink_to("program")
    return tree


@pytest.fixture(scope="module")
def plain(source, tmp_path_factory):
    return build(source, tmp_path_factory.mktemp("plain"), ANNOTATED)


@pytest.fixture(scope="module")
def modules(plain, tmp_path_factory):
    """A root directory with the modules, and what depmod made of them."""
    root = tmp_path_factory.mktemp("root")
    place = root / "lib/modules/6.1.0"
    (place / "kernel").mkdir(parents=True)
    for name, needs in NEEDS.items():
        text = root / f"{name}.c"
        text.write_text(MODULE.format(name=name, needs=",".join(needs))
                        + "".join(USE.format(n) for n in needs))
        done = run(CC, "-c", "-ffreestanding", text, "-o",
                   place / f"kernel/{name}.ko")
        assert done.status == 0, done.told
    for name in ("order", "builtin", "builtin.modinfo"):
        (place / f"modules.{name}").touch()
    done = run(plain / "depmod", "-b", root, "6.1.0")
    assert done.status == 0, done.told
    assert "gamma.ko: kernel/beta.ko kernel/alpha.ko" in (
        place / "modules.dep").read_text()
    return root


def commands(tree, root):
    return {
        "modprobe": (tree / "modprobe", "-d", root, "-S", "6.1.0",
                     "--show-depends", "gamma"),
        "modinfo": (tree / "modinfo", "-b", root, "-k", "6.1.0", "dev-all"),
        "depmod": (tree / "depmod", "-n", "-b", root, "6.1.0"),
    }


def line_of(tree, file, text):
    lines = (tree / file).read_text().splitlines()
    line, = [i for i, at in enumerate(lines, 1) if text in at]
    return line


@pytest.mark.parametrize("command", ["modprobe", "modinfo", "depmod"])
def test_a_clean_run_has_no_findings(command, plain, modules, tmp_path):
    argv = commands(plain, modules)[command]
    recorded = record(tmp_path, *argv)
    alone = run(*argv)
    assert recorded.outcome.status == alone.status == 0
    assert recorded.outcome.out == alone.out
    report = recorded.report()
    assert report["findings"] == [] and report["complete"] == []
    made = {t["type"]: t["allocated"] for t in report["types"]}
    assert made["Context"] == 1
    assert made["Module"] >= 3


def frames_of(stack):
    return [(f["function"], f["line"]) for f in stack]


def leaked(tree, root, name, tmp_path):
    recorded = record(tmp_path, tree / "modinfo", "-b", root, "-k", "6.1.0",
                      name)
    assert recorded.outcome.status == 0, recorded.outcome.told
    finding, = recorded.report()["findings"]
    assert (finding["kind"], finding["type"]) == ("leaked-reference", "Module")
    assert finding["confidence"] == "high"
    return recorded, finding


def test_a_release_that_is_missing_is_found(source, modules, tmp_path):
    tree = build(source, tmp_path, ANNOTATED, LEAKING)
    recorded, finding = leaked(
        tree, modules, modules / "lib/modules/6.1.0/kernel/beta.ko", tmp_path)
    kinds = {k["type"]: k
             for k in read_json("refs", recorded.main)["outstanding"]}
    place, = kinds["Module"]["places"]
    assert (place["count"], place["total"], place["how"]) == (1, 1, "made")
    line = line_of(tree, "tools/modinfo.c",
                   "kmod_module_new_from_path(ctx, path, &mod)")
    for stack in place["stack"], finding["stack"]:
        assert frames_of(stack)[0][0] == "kmod_module_new"
        assert ("modinfo_path_do", line) in frames_of(stack)
    # what it keeps is not a finding of its own
    assert {p["holder_type"] for p in kinds["Context"]["places"]} == {"Module"}


def test_balance_shows_all_that_a_missing_release_may_be_of(source, modules,
                                                            tmp_path):
    tree = build(source, tmp_path, ANNOTATED, AMBIGUOUS)
    recorded, finding = leaked(tree, modules, "dev-all", tmp_path)
    told = refknot("balance", recorded.main,
                   finding["members"][0]["name"]).out.decode()
    for text in ("kmod_module_new_from_lookup(ctx, alias, &list)",
                 "= kmod_module_get_module(l);"):
        line = line_of(tree, "tools/modinfo.c", text)
        assert re.search(rf"modinfo\.c:(\d+, )*{line}\b", told)
    # the report says that it does not know, and names both
    text = refknot("report", "--full", recorded.main).out.decode()
    assert "not certain whose" in text and "1/1" not in text
    assert [(c["caller"]["function"], c["net"], c["certain"]) for c in
            finding["references"]["balance"]["callers"]] == [
        ("kmod_module_get_module", 3, 0), ("kmod_module_new_from_alias", 3, 0),
        ("kmod_module_unref", -3, 0)]


def test_a_weak_edge_made_strong_is_found_as_a_cycle(source, modules,
                                                     tmp_path):
    tree = build(source, tmp_path, ANNOTATED, CYCLIC)
    recorded = record(tmp_path, *commands(tree, modules)["modprobe"])
    assert recorded.outcome.status == 0, recorded.outcome.told
    findings = recorded.report()["findings"]
    cycle, = [f for f in findings if f["kind"] == "orphaned-cycle"]
    assert {m["type"] for m in cycle["members"]} >= {"Context", "Module"}
    assert cycle["confidence"] == "high"
    closed = cycle["references"]["closed_by"]
    frames = frames_of(closed["stack"])
    assert closed["object"].startswith("Module#")
    assert closed["holder"] == "Context#1"
    assert frames[0][0] == "kmod_module_ref"
    assert ("kmod_pool_add_module",
            line_of(tree, "libkmod/libkmod.c",
                    "key, kmod_module_ref(mod)")) in frames
    assert own_function(cycle["references"]["orphaned_by"]["stack"],
                        tree / "program")
