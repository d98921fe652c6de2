# SPDX-License-Identifier: MIT
"""Names of roots on stacks and in thread-local memory.  The programs here say of
each block what holds it; each block is held by that alone."""
import itertools
import json

import pytest

from conftest import (compiled, environment, read_json, record, refknot,
                      run)

BUILDS = list(itertools.product(["gcc", "clang"], ["-O0", "-O2"]))

# `say(name, block)`: the name of the only root that leads to the block. It keeps
# addresses in a file, where nothing finds them. USED: the variable is in memory
# and its value may be looked at.
HEAD = r"""
#define _GNU_SOURCE
#include <alloca.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define USED(x) ({ __asm__ volatile("" : : "r"(&(x)) : "memory"); })
#define QUIET __attribute__((noinline))
struct node { struct node *next; long value; };
struct table { long count; struct node *slots[3];
               struct { struct node *head; } list; };
static FILE *told;
static void (*volatile end)(int) = exit; /* it may return, for all compilers know */
/* Called first: later it allocates nothing. */
static QUIET void begin(void)
{
    static char room[4096];
    told = fopen("told", "w");
    setvbuf(told, room, _IOFBF, sizeof room);
}
static QUIET void say(const char *name, const void *block)
{
    fprintf(told, "%p %s\n", block, name);
}
static QUIET struct node *make(const char *name)
{
    struct node *n = calloc(1, 40);
    say(name, n);
    return n;
}
/* What calls left on the stack and in registers is overwritten. */
static QUIET void scrub(void)
{
    volatile char room[4096];
    memset((char *)room, 1, sizeof room);
    __asm__ volatile("" : : "r"(room) : "rax", "rcx", "rdx", "rsi", "rdi",
                     "r8", "r9", "r10", "r11", "memory");
}
static QUIET void finish(void)
{
    fflush(told);
    scrub();
    end(0);
}
"""


@pytest.fixture(params=BUILDS, ids="".join)
def build(request, tmp_path):
    compiler, level = request.param

    def program(text, *options, name="program", debug="-g"):
        return compiled(tmp_path, name, HEAD + text, level, debug, "-pthread",
                        *options, compiler=compiler)

    program.level = level
    program.compiler = compiler
    program.folder = tmp_path
    return program


def recorded(program):
    return record(program.parent, program, cwd=program.parent)


def shown(recording, address):
    # Also by what an earlier command kept.
    told = refknot("show", "--format", "json", recording, address,
                   env=environment(REFKNOT_CACHE=recording.parent / "cache"))
    assert told.status == 0, told.told
    return json.loads(told.out)["object"]


def names(program):
    """[(what the program says, {what refknot says, of each root})]"""
    done = recorded(program)
    found = []
    for line in (program.parent / "told").read_text().splitlines():
        address, name = line.split(" ", 1)
        seen = shown(done.main, address)
        found.append((name, [root["variable"] for root in seen["roots"]]))
    assert found
    return found


def check(program):
    for name, roots in names(program):
        assert_named(name, roots)


def assert_named(name, roots):
    """Compilers keep copies in places of their own."""
    others = [root for root in roots if root != name and root and
              not root.endswith("()'s frame")]
    assert name in roots and not others, f"{roots} instead of {name}"


LOCAL = r"""
int main(void)
{
    struct table table;
    struct node *array[3] = { 0 }, *one;
    begin();
    memset(&table, 0, sizeof table);
    table.slots[2] = make("main()'s table.slots[2]");
    table.list.head = make("main()'s table.list.head");
    array[1] = make("main()'s array[1]");
    one = make("main()'s one");
    USED(table), USED(array), USED(one);
    finish();
    USED(table), USED(array), USED(one);
}
"""


def test_a_variable_of_main_has_its_name_and_field(build):
    check(build(LOCAL))


@pytest.mark.parametrize("options", [
    ["-fomit-frame-pointer"], ["-fno-omit-frame-pointer"],
    ["-fomit-frame-pointer", "-fno-asynchronous-unwind-tables", "-g3"],
    ["-gdwarf-4"], ["-gdwarf-5"], ["-no-pie", "-fno-pie"]],
    ids=" ".join)
def test_however_it_is_built(build, options):
    if "-fno-asynchronous-unwind-tables" in options:
        # No frame can be followed: nothing is known, and nothing is said.
        for _, roots in names(build(LOCAL, *options)):
            assert set(roots) == {None}
    else:
        check(build(LOCAL, *options))


def test_each_frame_of_a_recursion_has_its_own(build):
    program = build(r"""
static QUIET long down(int level)
{
    struct node *volatile mine = make("down()'s mine");
    long sum = 0;
    if (!level)
        finish();
    sum = down(level - 1);
    return sum + mine->value;
}
int main(void)
{
    begin();
    return (int)down(3);
}
""")
    assert len(names(program)) == 4
    check(program)


def test_what_has_no_variable_is_its_functions_frame(build):
    """alloca() and arrays of variable length."""
    check(build(r"""
int main(int argc, char **argv)
{
    struct node **room = alloca((size_t)argc * 64);
    struct node *length[argc + 2];
    begin();
    memset(room, 0, 64);
    memset(length, 0, sizeof length);
    room[1] = make("main()'s frame");
    length[1] = make("main()'s frame");
    USED(room[0]), USED(length[0]);
    finish();
    USED(room[0]), USED(length[0]);
    return !argv;
}
"""))


def test_a_variable_of_an_inlined_function_is_that_functions(build):
    check(build(r"""
static inline __attribute__((always_inline)) long inner(void)
{
    struct node *held[2] = { make("inner()'s held[0]"), 0 };
    USED(held);
    finish();
    USED(held);
    return held[0]->value;
}
static QUIET long outer(void)
{
    struct node *volatile own = make("outer()'s own");
    long sum = inner();
    return sum + own->value;
}
int main(void)
{
    begin();
    return (int)outer();
}
"""))


def test_parameters_on_the_stack_are_their_functions(build):
    """Where nothing is optimized callers have copies that are variables, too."""
    found = names(build(r"""
QUIET long many(long a, long b, long c, long d, long e, long f,
                       struct node *volatile seventh, struct table by_value)
{
    USED(by_value);
    finish();
    USED(by_value);
    return a + b + c + d + e + f + seventh->value + by_value.count;
}
static long (*volatile called)(long, long, long, long, long, long,
                               struct node *volatile, struct table) = many;
static QUIET struct table filled(void)
{
    struct table t = { 1, { 0 }, { 0 } };
    t.list.head = make("many()'s by_value.list.head");
    return t;
}
static QUIET long call(void)
{
    return called(1, 2, 3, 4, 5, 6, make("many()'s seventh"), filled());
}
int main(void)
{
    begin();
    return (int)call();
}
"""))
    for name, roots in found:
        assert name in roots


def test_a_register_that_a_callee_keeps_is_its_callers_variable(build):
    """`held` is never in memory of its own function's where that is optimized."""
    check(build(r"""
static QUIET long clobbers(long n)
{
    __asm__ volatile("" : : : "rbx", "r12", "r13", "r14", "r15", "memory");
    finish();
    __asm__ volatile("" : : : "rbx", "r12", "r13", "r14", "r15", "memory");
    return n;
}
static QUIET long between(long n)
{
    return clobbers(n) + 1;
}
int main(void)
{
    struct node *held;
    begin();
    held = make("main()'s held");
    return (int)(between(3) + held->value);
}
"""))


def test_a_block_that_has_ended_has_no_variables(build):
    """What `gone` was is still there."""
    for _, roots in names(build(r"""
static QUIET void see(struct node **p) { USED(*p); }
int main(void)
{
    begin();
    {
        struct node *gone[2] = { make("nothing"), 0 };
        see(gone);
    }
    finish();
}
""")):
        assert not [root for root in roots if root and "gone" in root]


def test_an_inlined_function_that_has_ended_has_none(build):
    """Lists of locations go on behind it."""
    for _, roots in names(build(r"""
static inline __attribute__((always_inline)) struct node *fresh(long value)
{
    struct node *inner = malloc(40);
    inner->next = NULL;
    inner->value = value;
    return inner;
}
static QUIET long last(struct node *before)
{
    finish();
    return before->value;
}
static inline __attribute__((always_inline)) long hold(struct node *held)
{
    long sum;
    say("nothing", held);
    sum = last(held);
    return sum + held->value;
}
int main(void)
{
    begin();
    return (int)hold(fresh(7));
}
""")):
        assert not [root for root in roots if root and "fresh" in root]


def test_a_frame_that_has_returned_names_nothing(build):
    """Its memory is another function's now."""
    for _, roots in names(build(r"""
static QUIET void earlier(void)
{
    struct node *stale[100] = { 0 };
    stale[50] = make("nothing");
    USED(stale);
}
static QUIET int later(void)
{
    char room[100 * sizeof(void *)];
    USED(room);
    fflush(told);
    exit(0);
    USED(room);
    return room[0];
}
int main(void)
{
    begin();
    earlier();
    return later();
}
""")):
        for root in roots:
            assert root is None or "earlier" not in root


def test_after_main_there_is_none(build):
    for _, roots in names(build(r"""
int main(void)
{
    struct node *held[2] = { 0 };
    begin();
    held[0] = make("nothing");
    USED(held);
    fflush(told);
    return 0;
}
""")):
        assert not [root for root in roots if root]


THREAD = r"""
static __thread struct node *hidden;
__thread struct node *current;
__thread struct table shown;
static pthread_barrier_t ready;
static QUIET void fill(void)
{
    static __thread struct node *inner[2];
    hidden = make("thread-local hidden in %(name)s.c");
    current = make("thread-local current");
    USED(hidden), USED(current), USED(shown);
    shown.list.head = make("thread-local shown.list.head");
    inner[1] = make("thread-local inner[1] in fill()");
    USED(inner);
}
static void *work(void *unused)
{
    struct node *job = make("work()'s job");
    USED(job);
    fill();
    scrub();
    pthread_barrier_wait(&ready);
    for (;;)
        pause();
    USED(job);
    return unused;
}
int main(void)
{
    pthread_t thread;
    begin();
    fill();
    pthread_barrier_init(&ready, NULL, 2);
    pthread_create(&thread, NULL, work, NULL);
    pthread_barrier_wait(&ready);
    finish();
}
"""


def test_threads_have_variables_of_their_own(build):
    program = build(THREAD % {"name": "program"})
    assert len(names(program)) == 9
    check(program)
    rows = {row["type"] for row in read_json(
        "objects", program.parent / "main.rkn", "--by", "root", "--limit",
        "0")["types"]}
    assert "thread-local current of the main thread" in rows
    assert [row for row in rows if row.startswith("work()'s job of thread ")]
    assert [row for row in rows
            if row.startswith("thread-local shown of thread ")]


def test_variables_of_split_debug_information(build):
    """There they have numbers in place of addresses. Those of gcc 12's are not
    right for thread-local ones."""
    text = THREAD % {"name": "unit.o"} if build.compiler == "clang" else LOCAL
    unit = compiled(build.folder, "unit.o", HEAD + text, build.level, "-g",
                    "-gsplit-dwarf", "-c", "-pthread",
                    compiler=build.compiler)
    check(compiled(build.folder, "program", "", unit, "-pthread",
                   compiler=build.compiler))


def test_a_symbol_names_a_thread_local_variable(build):
    """Without debug information; without symbols nothing does."""
    program = build(THREAD % {"name": "program"}, debug="-g0")
    for name, roots in names(program):
        wanted = name.split(" in ")[0].split(".")[0].split("[")[0]
        if "inner" in name:
            continue # compilers add to its name
        if name.startswith("thread-local"):
            assert [root for root in roots
                    if root and root.split("+")[0] == wanted]
        else:
            assert "work()'s frame" in roots
    assert run("strip", program).status == 0
    for _, roots in names(program):
        assert set(roots) == {None}


PLUGIN = r"""
extern void *calloc(unsigned long, unsigned long);
__thread void *first, *plugged;
void *plug(void) { return plugged = calloc(1, 40); }
"""

HOST = r"""
int main(int argc, char **argv)
{
    void *plugin, *(*plug)(void);
    begin();
    plugin = dlopen("./plugin.so", RTLD_NOW);
    plug = (void *(*)(void))dlsym(plugin, "plug");
    say("thread-local plugged", plug());
    finish();
    return argc + !argv;
}
"""


@pytest.mark.parametrize("model", ["initial-exec", "global-dynamic"])
def test_a_library_that_is_loaded_later(build, model):
    compiled(build.folder, "plugin.so", PLUGIN, "-g", "-shared", "-fPIC",
             f"-ftls-model={model}", compiler=build.compiler)
    for name, roots in names(build(HOST, "-ldl")):
        # What the loader allocates for a thread when it is first needed is a
        # block, and no root.
        assert roots == ([name] if model == "initial-exec" else [])


HANDLER = r"""
static QUIET void in_handler(void)
{
    struct node *caught = make("in_handler()'s caught");
    USED(caught);
    finish();
    USED(caught);
}
static void handler(int signal)
{
    (void)signal;
    in_handler();
}
static QUIET long interrupted(void)
{
    struct node *kept[2] = { make("interrupted()'s kept[0]"), 0 };
    USED(kept);
    raise(SIGUSR1);
    USED(kept);
    return kept[0]->value;
}
int main(void)
{
    static char other[65536];
    stack_t stack = { .ss_sp = other, .ss_size = sizeof other };
    struct sigaction action = { .sa_handler = handler, .sa_flags = FLAGS };
    struct node *own;
    begin();
    own = make("main()'s own");
    USED(own);
    sigaltstack(&stack, NULL);
    sigaction(SIGUSR1, &action, NULL);
    interrupted();
    USED(own);
}
"""


def test_what_a_signal_interrupted_has_its_names(build):
    check(build(HANDLER, "-DFLAGS=0"))


def test_also_below_a_signal_stack(build):
    """A static array is that stack: it is data, and is not looked at as frames."""
    for name, roots in names(build(HANDLER, "-DFLAGS=SA_ONSTACK")):
        if "caught" not in name:
            assert_named(name, roots)


def test_a_signal_that_ends_the_program(build):
    """The innermost function has values in registers only."""
    found = dict(names(build(r"""
static QUIET long last(struct node *held)
{
    fflush(told);
    scrub();
    do
        __asm__ volatile("movq 0, %%rax" : : "r"(held) : "rax", "memory");
    while (!held->value);
    return held->value;
}
int main(void)
{
    begin();
    return (int)last(make("last()'s held"));
}
""")))
    for name, roots in found.items():
        assert_named(name, roots)


# --- Types --------------------------------------------------------------------

PUT = r"""
void put(void *to, void *p);
"""
PUT_UNIT = r"""
#include <string.h>
void put(void *to, void *p) { memcpy(to, &p, sizeof p); }
"""


def types(build, text):
    """[(what the program says, the type of the block)]"""
    put = compiled(build.folder, "put.o", PUT_UNIT, "-c",
                   compiler=build.compiler)
    program = build(PUT + text, put)
    done = recorded(program)
    found = []
    for line in (program.parent / "told").read_text().splitlines():
        address, name = line.split(" ", 1)
        found.append((name, shown(done.main, address)["c_type"]))
    return found


def test_variables_of_functions_and_threads_tell_types(build):
    found = types(build, r"""
static __thread struct table *settings;
int main(void)
{
    struct node *volatile head;
    begin();
    put((void *)&head, malloc(24));
    say("struct node", head);
    put(&head->next, malloc(32));
    say("struct node", head->next);
    put(&settings, malloc(80));
    say("struct table", settings);
    finish();
    return head->value > 0;
}
""")
    for name, found_type in found:
        assert found_type == name


def test_a_variable_that_was_not_set_yet_tells_nothing(build):
    """It has what an earlier call left on the stack."""
    if build.level != "-O0":
        pytest.skip("optimized code has no place for it then")
    found = types(build, r"""
static QUIET void earlier(void)
{
    void *left[40];
    for (int i = 0; i < 40; i++)
        left[i] = NULL;
    put(&left[20], malloc(64));
    for (int i = 0; i < 40; i++)
        left[i] = left[20];
    say("nothing", left[20]);
    USED(left);
}
static QUIET long later(long sum)
{
    struct node *wrong, *other, *third, *fourth;
    if (sum == 7) {
        fflush(told);
        exit(0);
    }
    wrong = other = third = fourth = calloc(1, 24);
    USED(wrong), USED(other), USED(third), USED(fourth);
    return sum;
}
int main(void)
{
    begin();
    earlier();
    return (int)later(7);
}
""")
    assert found == [("nothing", None)]


# --- One name everywhere --------------------------------------------------------

def test_objects_and_show_have_the_same_names(build):
    program = build(r"""
static struct table cache;
struct node *shared;
static QUIET void fill(void)
{
    static struct node *inside;
    cache.list.head = make("static cache.list.head in program.c");
    shared = make("shared");
    inside = make("static inside in fill()");
    USED(inside), USED(cache);
}
int main(void)
{
    struct node *volatile local;
    begin();
    fill();
    local = make("main()'s local");
    scrub();
    finish();
    return local->value > 0;
}
""")
    check(program)
    rows = {row["type"] for row in read_json(
        "objects", program.parent / "main.rkn", "--by", "root", "--limit",
        "0")["types"]}
    assert {"static cache in program.c", "shared in program",
            "static inside in fill()"} <= rows
    assert [row for row in rows if row.startswith("main()'s local")]
