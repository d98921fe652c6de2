# SPDX-License-Identifier: MIT
"""What proves the types of blocks, where that is easily mistaken."""
import re
import subprocess

import pytest

from conftest import (
    SOURCE, compiled, environment, read_json, record, refknot)
from typed import build, build_cxx, live  # pylint: disable=unused-import

# Behind a call that does not come back stands what other ways lead to, with the
# result still in a register.
ENDING = r"""
#include <stdlib.h>
struct left { struct left *left; long n[2]; } *lefts;
struct right { long n[2]; struct right *right; } *rights;
volatile int way;
__attribute__((noreturn, noinline)) void stop(void) { for (;;) abort(); }
void make(void);
__asm__(
    ".text\n.type make,@function\nmake:\n.cfi_startproc\n"
    "push %rbx\n.cfi_adjust_cfa_offset 8\n.cfi_rel_offset rbx,0\n"
    "mov $24,%edi\ncall malloc@PLT\nmov %rax,%rbx\nmov %rax,lefts(%rip)\n"
    "cmpl $0,way(%rip)\nje 2f\ncall END\n"
    "1: mov %rbx,rights(%rip)\npop %rbx\n.cfi_adjust_cfa_offset -8\nret\n"
    ".cfi_adjust_cfa_offset 8\n2: xor %ebx,%ebx\njmp 1b\n"
    ".cfi_endproc\n.size make,.-make\n");
void *kept;
int main(void)
{
    make();
    kept = lefts; /* only the code tells */
    lefts = NULL;
}
"""


@pytest.mark.parametrize("end", ["stop", "abort@PLT"])
def test_a_call_that_does_not_come_back_ends_the_path(build, end):
    types = live(build(main=ENDING.replace("END", end)))
    assert types == {"struct left": 1}


LAST_CALL = r"""
#include <stdlib.h>
struct left { struct left *left; long n[2]; } *lefts;
struct right { long n[2]; struct right *right; } *rights;
volatile int way;
void make(void);
void hidden(void);
__asm__(
    ".text\n.type make,@function\nmake:\n.cfi_startproc\n"
    "push %rbx\n.cfi_adjust_cfa_offset 8\n.cfi_rel_offset rbx,0\n"
    "mov $24,%edi\ncall malloc@PLT\nmov %rax,%rbx\nmov %rax,lefts(%rip)\n"
    "cmpl $0,way(%rip)\njne 1f\n"
    "pop %rbx\n.cfi_adjust_cfa_offset -8\nret\n"
    ".cfi_adjust_cfa_offset 8\n1: call hidden\n"
    ".cfi_endproc\n.size make,.-make\n"
    ".type other,@function\nother:\nmov %rbx,rights(%rip)\nret\n"
    ".size other,.-other\n");
void *kept;
int main(void)
{
    make();
    kept = lefts; /* only the code tells */
    lefts = NULL;
}
"""


def test_a_function_is_not_followed_into_the_next_one(build):
    """Its last call does not come back, which nothing says."""
    types = live(build(main=LAST_CALL, hidden="#include <stdlib.h>\n"
                       "void hidden(void) { exit(0); }\n"))
    assert types == {"struct left": 1}


def test_variables_without_a_size_hide_no_other(build):
    """They begin where another does."""
    types = live(build(main=r"""
#include <stdlib.h>
struct node { long n; struct node *next; };
struct nothing {};
static struct nothing before[1];
static struct node *one;
static struct nothing between[1];
static struct node *two;
static struct nothing behind;
void *kept[8];
__attribute__((noinline)) void *get(size_t n) { return malloc(n); }
int main(void)
{
    void **at[2] = { (void **)&one, (void **)&two };
    for (int i = 0; i < 2; i++)
        *at[i] = get(16);
    kept[0] = before;
    kept[1] = between;
    kept[2] = &behind;
    kept[3] = &one;
    kept[4] = &two;
    __asm__ volatile("" : : "r"(one), "r"(two) : "memory");
}
"""))
    assert types == {"struct node": 2}


ASKED = r"""
#include <stdlib.h>
#include <string.h>
struct hop { long n; struct hop *next; };
%s
void *kept[1];
int main(void)
{
    void *p = malloc(64);
    %s
}
"""


def test_thousands_of_types_that_are_pointed_at_are_a_contradiction(build):
    """Nor do a few of them change what all others say."""
    def program(count, others):
        declared = "".join(f"struct t{i} {{ long a[{i % 7 + 1}]; }};"
                           f"struct t{i} *g{i};\n" for i in range(count))
        declared += f"struct hop *hops[{others + 1}];\n"
        stored = "".join(f"memcpy(&g{i}, &p, sizeof p);\n" for i in range(count))
        stored += (f"for (int i = 0; i < {others}; i++)\n"
                   "memcpy(&hops[i], &p, sizeof p);\n")
        return build(main=ASKED % (declared, stored))

    types = live(program(3000, 0))
    assert sum(types.values()) == 1 and not [
        n for n in types if n.startswith("struct")]
    assert live(program(3, 600)) == {"struct hop": 1}


def test_arrays_of_each_type_of_a_stack_are_found(build):
    """One call makes tables of two types, and single ones."""
    types = live(build(main=r"""
#include <stdlib.h>
#include <string.h>
struct one { struct one *one; long n; };
struct two { long n[2]; struct two *two; };
struct holder { struct one *one; struct two *two; } *holder;
void put(void *to, void *p);
__attribute__((noinline)) void *get(size_t n) { return calloc(1, n); }
int main(void)
{
    void *made[2];
    static const size_t sizes[2] = { 20 * sizeof(struct one),
                                     30 * sizeof(struct two) };
    holder = calloc(1, sizeof *holder);
    for (int i = 0; i < 2; i++)
        made[i] = get(sizes[i]);
    put(&holder->one, made[0]);
    put(&holder->two, made[1]);
}
""", put="#include <string.h>\n"
        "void put(void *to, void *p) { memcpy(to, &p, sizeof p); }\n"))
    assert types == {"struct holder": 1, "struct one[]": 1, "struct two[]": 1}


FREED = r"""
#include <cstdlib>
struct Base { virtual ~Base() {} long n; };
struct Derived : Base { long more[4]; };
Base *kept[4];
void *volatile gone;
__attribute__((noinline)) Base *make() { return new Derived; }
int main()
{
    for (int i = 0; i < 4; i++)
        kept[i] = make();
}
"""


def test_the_type_of_a_stack_is_that_of_its_first_words(build_cxx):
    """Of a mark no block is known, only counts of stacks."""
    program = build_cxx(main="#include <refknot.h>\n" + FREED.replace(
        "kept[i] = make();", "kept[i] = make();\n    refknot_mark(\"end\");"),
        flags=("-I", str(SOURCE / "include")))
    main = record(program.parent, program).main
    for options in ((), ("--at", "end")):
        rows = read_json("objects", main, *options)["types"]
        assert {r["type"]: r["live"] for r in rows}["Derived"] == 4


PLAIN = r"""
#include <stdlib.h>
struct item { struct item *next; long n; } *items;
__attribute__((noinline)) void *get(size_t n) { return malloc(n); }
int main(void)
{
    struct item *it = get(sizeof *it);
    it->next = it;
    items = it;
}
"""


def language(assembly, code):
    """The same with another language of its unit."""
    changed, count = re.subn(
        r"(\.byte|\.value|\.uleb128)\s+0x\w+(\s+# DW_AT_language)",
        rf"\1 {code:#x}\2", assembly)
    assert count == 1
    return changed


@pytest.mark.parametrize("code", [0x1d, 0x2c, 0x3e])
def test_later_versions_of_c_are_c(tmp_path, code):
    compiled(tmp_path, "plain.s", PLAIN, "-g", "-O0", "-S", "-dA",
             compiler="gcc")
    text = language((tmp_path / "plain.s").read_text(), code)
    (tmp_path / "changed.s").write_text(text)
    subprocess.run(["gcc", tmp_path / "changed.s", "-o", tmp_path / "program"],
                   check=True)
    assert live(tmp_path / "program") == {"struct item": 1}


def test_info_reads_symbols_anew(build):
    program = build(main=PLAIN)
    main = record(program.parent, program).main
    cache = program.parent / "cache"
    env = environment(REFKNOT_CACHE=cache)
    assert refknot("info", "--no-symbol-cache", main, env=env).status == 0
    assert not cache.exists()
    assert refknot("info", main, env=env).status == 0
    assert list(cache.iterdir())


def test_an_inlined_function_that_hands_on_is_no_site(build):
    """Where the result is used behind its end; one that keeps it is a site."""
    sites = live(build(main=r"""
#include <stdlib.h>
#include <string.h>
#define INLINE static inline __attribute__((always_inline))
#define NEW __attribute__((noinline)) void
INLINE void *get(size_t n)
{
    void *p = malloc(n);
    if (!p)
        abort();
    return p;
}
INLINE void *zeroed(size_t n)
{
    void *p = get(n);
    memset(p, 0, n);
    return p;
}
INLINE void push(void *volatile *to, size_t n)
{
    *to = malloc(n);
}
void *volatile one, *volatile two, *volatile three, *volatile last;
INLINE void *register_it(size_t n)
{
    void *p = malloc(n);
    last = p;
    return p;
}
NEW keeps(void) { one = get(60); }
NEW keeps_zeroed(int n) { two = zeroed(n); }
NEW pushes(void) { push(&three, 80); }
NEW registers(void) { one = register_it(90); }
int main(int c, char **v)
{
    keeps();
    keeps_zeroed(70 + c);
    pushes();
    registers();
}
"""), by="function")
    assert sites == {"keeps": 1, "keeps_zeroed": 1, "push": 1, "register_it": 1}
