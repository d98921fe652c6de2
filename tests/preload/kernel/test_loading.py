# SPDX-License-Identifier: MIT
"""Libraries that come, go, come first, or bring an allocator of their own."""
import ctypes.util
import pathlib
import textwrap

import pytest

from conftest import (SHIM, compiled, environment, of_cxx, record, refknot,
                      run)
from faults import leaks, program, same

CHECKS = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
ALLOCATORS = ["libjemalloc.so.2", "libtcmalloc_minimal.so.4",
              "libmimalloc.so.2"]


def allocator(name):
    for directory in ("/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib"):
        path = pathlib.Path(directory) / name
        if path.exists():
            return path
    pytest.skip(f"{name} is not here")


def library(directory, name, source, *options):
    return compiled(directory, f"lib{name}.so", CHECKS + source, "-shared",
                    "-fPIC", "-g", *options)


@pytest.fixture
def plugins(tmp_path):
    """A plugin that finds a library beside it by its RUNPATH."""
    inner = library(tmp_path, "inner", textwrap.dedent("""
        char *inner(void) { return strdup("inner"); }"""))
    library(tmp_path, "plugin", textwrap.dedent("""
        char *inner(void);
        static char *mine;
        __attribute__((constructor)) static void begin(void)
        { mine = malloc(111); }
        __attribute__((destructor)) static void end(void)
        { free(mine); }
        void *work(void)
        {
            char *p = inner();
            free(realloc(p, 5000));
            return malloc(22);
        }"""), inner, "-Wl,--enable-new-dtags,-rpath,$ORIGIN")
    return tmp_path


@pytest.mark.parametrize("flags", ["RTLD_NOW", "RTLD_NOW | RTLD_DEEPBIND",
                                   "RTLD_LAZY | RTLD_GLOBAL"])
def test_a_plugin_comes_and_goes(flags, plugins):
    path = plugins / "libplugin.so"
    loop = compiled(plugins, "loop", CHECKS + textwrap.dedent(f"""
        #include <dlfcn.h>
        __attribute__((noinline)) static void once(void)
        {{
            void *h = dlopen("{path}", {flags});
            void *(*work)(void);
            if (!h) {{ puts(dlerror()); exit(1); }}
            work = (void *(*)(void))dlsym(h, "work");
            free(work());
            puts(dlsym(h, "absent") ? "NO" : strchr(dlerror(), ':'));
            if (dlclose(h)) exit(2);
        }}
        int main(void)
        {{
            for (int i = 0; i < 200; i++)
                once();
            return dlopen("/absent.so", RTLD_NOW) ? 3 : 0;
        }}"""), "-g", "-ldl")
    report = same(plugins, loop).report()
    assert report["findings"] == []
    assert report["process"]["allocations"] > 200 * 4
    assert report["process"]["live_blocks"] < 50


def test_another_namespace_has_an_allocator_of_its_own(plugins):
    path = plugins / "libplugin.so"
    apart = compiled(plugins, "apart", CHECKS + textwrap.dedent(f"""
        #define _GNU_SOURCE
        #include <dlfcn.h>
        void *dlmopen(long, const char *, int);
        int main(void)
        {{
            for (int i = 0; i < 5; i++) {{
                void *h = dlmopen(-1, "{path}", RTLD_NOW);
                void *(*work)(void);
                if (!h) {{ puts(dlerror()); return 1; }}
                work = (void *(*)(void))dlsym(h, "work");
                printf("%d\\n", !!work());
                dlclose(h);
            }}
            char *p = malloc(333);
            __asm__ volatile("" : "+r"(p));
            p = NULL;
            return 0;
        }}"""), "-g", "-ldl", "-O1")
    report = same(plugins, apart).report()
    assert [f["bytes"] for f in report["findings"]] == [333]


@pytest.mark.parametrize("what", [
    "munmap((char *)((unsigned long)m->l_ld & -4096), 4096);",
    "m->l_ld = (void *)16;",
    "m->l_next = (void *)0x7000;",
    "d->r_map = (void *)0x7000;",
    "d->r_state = RT_DELETE;"])
@pytest.mark.parametrize("apart", [True, False])
def test_what_dlclose_has_unmapped_already_is_not_read(apart, what, plugins):
    """As a thread finds it that ends the process in the midst of dlclose."""
    path = plugins / "libinner.so"
    program = compiled(plugins, "halfway", textwrap.dedent(f"""
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <link.h>
        #include <stdio.h>
        #include <sys/mman.h>
        #include <unistd.h>
        int main(void)
        {{
            void *h = {"dlmopen(-1, " if apart else "dlopen("}"{path}",
                                                             RTLD_NOW);
            struct {{ struct r_debug d; struct r_debug *next; }} *first =
                (void *)&_r_debug;
            struct r_debug *d = {"first->next" if apart else "&_r_debug"};
            struct link_map *m = h;
            if (!h || !d) {{ puts(dlerror()); return 1; }}
            {what}
            _exit(0);
        }}"""), "-g", "-ldl", "-fPIC")  # without a copy of _r_debug
    first = {} if apart else {"LD_PRELOAD": allocator(ALLOCATORS[0])}
    same(plugins, program, env=environment(**first))


SECCOMP = """
        struct sock_filter code[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                     offsetof(struct seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
        struct sock_fprog all = { 4, code };
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
            prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all)) return 2;"""


@pytest.mark.parametrize("before", ["", SECCOMP], ids=["", "no copies"])
@pytest.mark.parametrize("apart", [True, False])
def test_modules_past_the_hooks_are_named(apart, before, plugins):
    """Also where the kernel copies no memory."""
    path = plugins / "libplugin.so"
    program = compiled(plugins, "past", textwrap.dedent(f"""
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <linux/filter.h>
        #include <linux/seccomp.h>
        #include <stddef.h>
        #include <sys/prctl.h>
        #include <sys/syscall.h>
        int main(void)
        {{
            {before}
            return !{f'dlmopen(-1, "{path}", RTLD_NOW)' if apart else
                     f'dlopen("{path}", RTLD_NOW | RTLD_DEEPBIND)'};
        }}"""), "-ldl")
    first = {} if apart else {"LD_PRELOAD": allocator(ALLOCATORS[0])}
    recorded = same(plugins, program, env=environment(**first))
    said = refknot("info", recorded.main).out
    assert b" not seen: libplugin.so: " in said, said


@pytest.mark.parametrize("apart", [True, False])
def test_a_thread_inside_the_loader_does_no_harm(apart, plugins):
    path = plugins / "libinner.so"
    program = compiled(plugins, "inside", textwrap.dedent(f"""
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <pthread.h>
        #include <stdatomic.h>
        #include <stdlib.h>
        #include <unistd.h>
        static atomic_uint rounds;
        static void *run(void *unused)
        {{
            for (;; rounds++)
                dlclose({"dlmopen(-1, " if apart else "dlopen("}"{path}",
                                                             RTLD_NOW));
            return unused;
        }}
        int main(int count, char **arguments)
        {{
            pthread_t t;
            pthread_create(&t, NULL, run, NULL);
            for (int i = 0; i < atoi(arguments[1]) * 1000 || rounds < 2; i++)
                ;
            _exit(0);
        }}"""), "-g", "-ldl", "-pthread")
    first = {} if apart else {"LD_PRELOAD": allocator(ALLOCATORS[0])}
    for i in range(30):
        assert record(plugins, program, i,
                      env=environment(**first)).outcome.status == 0, i


@pytest.mark.parametrize("first", [True, False])
def test_other_preloads_stand_before_and_behind(first, tmp_path):
    """One that has a constructor of the highest rank, and hooks malloc."""
    other = library(tmp_path, "other", textwrap.dedent("""
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <unistd.h>
        static void *(*next)(size_t);
        static int calls;
        static void *early;
        void *malloc(size_t n)
        {
            if (!next)
                next = (void *(*)(size_t))dlsym((void *)-1L, "malloc");
            calls++;
            return next(n);
        }
        __attribute__((constructor(101))) static void begin(void)
        {
            early = malloc(1234);
            free(strdup("early"));
        }
        __attribute__((destructor)) static void end(void)
        {
            free(early);
            if (calls > 10)
                write(1, "counted\\n", 8);
        }"""), "-ldl")
    busy = compiled(tmp_path, "busy", CHECKS + textwrap.dedent("""
        __attribute__((noinline)) static void lose(void)
        {
            char *p = malloc(77);
            __asm__ volatile("" : "+r"(p));
        }
        int main(void)
        {
            lose();
            for (int i = 0; i < 100; i++)
                free(realloc(malloc(10), 3000));
            return 0;
        }"""), "-g", "-O1", "-fno-builtin")
    plain = run(busy, env=environment(LD_PRELOAD=other))
    assert plain.out == b"counted\n"
    both = f"{other}:{SHIM}" if first else f"{SHIM}:{other}"
    out = run(busy, env=environment(LD_PRELOAD=both, REFKNOT_OUT=tmp_path))
    assert (out.status, out.out, out.err) == (0, plain.out, b"")
    recorded = record(tmp_path, busy, env=environment(LD_PRELOAD=other))
    assert recorded.outcome.out.startswith(plain.out)
    report = recorded.report()
    assert [f["bytes"] for f in report["findings"]] == [77]
    assert report["process"]["allocations"] >= 201


@pytest.mark.parametrize("name", ALLOCATORS)
@pytest.mark.parametrize("linked", [False, True])
def test_other_allocators_are_recorded(name, linked, tmp_path):
    """Blocks of 8 bytes side by side, each with its own record."""
    path = allocator(name)
    source = CHECKS + textwrap.dedent("""
        #include <malloc.h>
        static void *kept[2000];
        __attribute__((noinline)) static void fill(void)
        {
            for (int i = 0; i < 2000; i++)
                kept[i] = malloc(1 + i % 40);
            for (int i = 0; i < 2000; i += 2)
                free(kept[i]);
            free(malloc(3 << 20));
            kept[0] = realloc(kept[1], 100000);
            kept[1] = NULL;
        }
        int main(void)
        {
            fill();
            printf("%d\\n", malloc_usable_size(kept[3]) >= 4);
            return 0;
        }""")
    options = [path, "-Wl,--no-as-needed"] if linked else []
    user = compiled(tmp_path, "user", source, "-g", "-O1", "-fno-builtin",
                    *options)
    env = environment() if linked else environment(LD_PRELOAD=path)
    report = same(tmp_path, user, env=env).report()
    assert report["findings"] == []
    assert report["verdict"]["complete"] is True, report["complete"]
    assert report["process"]["live_blocks"] >= 1000
    assert report["process"]["frees"] >= 1001


@pytest.mark.parametrize("name", ALLOCATORS)
@pytest.mark.parametrize("what, args", [
    ("threads", ("keys",)), ("threads", ("other",)), ("storm", ("fork", 20)),
    ("tls", ()), ("dies", ("abort",))])
def test_corners_hold_with_other_allocators(name, what, args, tmp_path):
    env = environment(LD_PRELOAD=allocator(name))
    asked = program(what) if what != "tls" else of_cxx(program(what))
    report = same(tmp_path, asked, *args, env=env).report()
    assert report["verdict"]["checked"] is True
    told = {row["what"]: row["count"] for row in report["complete"]}
    assert not any("share their" in what for what in told)
    assert told.get("allocators with their own operator new",
                    0) == (what == "tls")


@pytest.mark.parametrize("name", ALLOCATORS)
@pytest.mark.parametrize("needed", ["--as-needed", "--no-as-needed"])
def test_what_an_object_of_an_unseen_new_leads_to_is_in_use(name, needed,
                                                            tmp_path):
    """With and without the C++ library, of which nothing is needed."""
    user = compiled(tmp_path, "user", textwrap.dedent("""
        #include <cstdlib>
        struct node { void *held; node *next; };
        static node *list;
        int main()
        {
            for (int i = 0; i < 100; i++) {
                list = new node { std::malloc(sizeof(node)), list };
                std::free(std::malloc(sizeof(node)));
            }
        }"""), "-g", "-O0", f"-Wl,{needed}", allocator(name), compiler="g++")
    report = same(tmp_path, user, env=environment()).report()
    assert report["findings"] == []
    assert report["process"]["live_blocks"] >= 100
    told = {row["what"]: row["count"] for row in report["complete"]}
    assert told["allocators with their own operator new"] == 1


def test_programs_that_walk_their_own_stack_are_not_disturbed(tmp_path):
    """libunwind and glibc's backtrace(), in handlers and out of them."""
    if not ctypes.util.find_library("unwind"):
        pytest.skip("libunwind is not here")
    walker = compiled(tmp_path, "walker", CHECKS + textwrap.dedent("""
        #define UNW_LOCAL_ONLY
        #include <execinfo.h>
        #include <libunwind.h>
        __attribute__((noinline)) static int deep(int n)
        {
            unw_context_t context;
            unw_cursor_t cursor;
            void *frames[200];
            int count = 0;
            if (n)
                return deep(n - 1) + 1;
            unw_getcontext(&context);
            unw_init_local(&cursor, &context);
            while (unw_step(&cursor) > 0)
                free(malloc(100 + count++));
            printf("%d %d\\n", count, backtrace(frames, 200));
            return 0;
        }
        int main(void)
        {
            for (int i = 0; i < 50; i++)
                printf("%d\\n", deep(i));
            return 0;
        }"""), "-g", "-O1", "-fno-builtin",
        "-lunwind")
    report = same(tmp_path, walker).report()
    assert leaks(report, walker) == {}
    assert report["process"]["allocations"] > 1000


def test_frees_of_what_the_loader_gave_before_are_taken(tmp_path):
    """A constructor that runs before all others of ours hands on a block."""
    library(tmp_path, "before", textwrap.dedent("""
        char *given;
        __attribute__((constructor(101))) static void begin(void)
        {
            given = strdup("given before");
            given = realloc(given, 2000);
        }"""))
    taker = compiled(tmp_path, "taker", CHECKS + textwrap.dedent("""
        extern char *given;
        int main(void)
        {
            puts(given);
            given = realloc(given, 100);
            free(given);
            given = NULL;
            return 0;
        }"""), "-g", tmp_path / "libbefore.so", f"-Wl,-rpath,{tmp_path}")
    report = same(tmp_path, taker).report()
    assert report["findings"] == []


@pytest.mark.parametrize("how", ["ends", "daemon", "xecutes", "quits"])
def test_no_function_of_the_programs_is_called(how, tmp_path):
    """It has one of each name, which ends it."""
    recorded = same(tmp_path, program("names"), how)
    assert recorded.outcome.out == b"worked\n"
    if how in ("ends", "quits"):
        report = recorded.report()
        assert report["verdict"]["complete"] is True, report["complete"]
        assert leaks(report, program("names")) == {"lose": (1, 100)}
