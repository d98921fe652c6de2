# SPDX-License-Identifier: MIT
"""refknot waste: against what the kernel and the allocator say of the same process."""
import mmap
import os
import re
import shutil
import subprocess
import time

import pytest

from conftest import (BUILD, REFKNOT, SHIM, compiled, environment, read_json, record,
                      refknot, run)

PAGE = 4096
PARTS = ("alive", "slack", "pinned", "between", "empty")
KINDS = ("heap", "mapped", "stacks", "code_and_data", "files")


def waste(recording, *options):
    return read_json("waste", recording, *options)["waste"]


def rows(found):
    return {re.sub(r".* through | at .*", "", row["key"]): row for row in found["rows"]}


def adds_up(found):
    """Each byte has one name, and each row its part."""
    assert sum(found[name] or 0 for name in PARTS) == found["heap"]
    assert sum(found[name] for name in KINDS) == found["resident"]
    for name, total in (("pinned", "pinned"), ("blocks", "blocks"), ("bytes", "bytes"),
                        ("slack", "all_slack")):
        assert sum(row[name] or 0 for row in found["rows"]) == (found[total] or 0), name
    assert all(row["sole"] <= row["pinned"] for row in found["rows"])
    # In memory both times.
    assert found["slack"] in (None, found["all_slack"])


@pytest.fixture(scope="module")
def pinned(tmp_path_factory):
    return record(tmp_path_factory.mktemp("pinned"), BUILD / "samples/first_pinned").main


def test_the_cache_is_named_for_what_it_pins(pinned):
    found = waste(pinned)
    adds_up(found)
    entry = rows(found)["cache_entry"]
    assert entry["blocks"] == 2000 and entry["bytes"] == 128000
    assert found["pinned"] > 7 << 20
    assert entry["pinned"] > .9 * found["pinned"]
    assert entry["sole"] > .9 * found["pinned"]
    assert entry["pages"] > 1900
    assert found["not_known"] is None and not found["inherited"]


@pytest.mark.parametrize("by, key", [
    ("site", "main at first_pinned.c:41 (first_pinned) through cache_entry"),
    ("function", "main through cache_entry"), ("type", "char[]"),
    ("file", "samples/first_pinned.c")])
def test_rows_are_of_what_was_asked_for(by, key, pinned):
    found = waste(pinned, "--by", by)
    adds_up(found)
    assert found["by"] == by
    first = found["rows"][0]
    assert first["key"].endswith(key) and first["pinned"] > .9 * found["pinned"]


def test_text_names_the_cache_and_what_helps(pinned):
    told = refknot("waste", pinned).out.decode()
    assert re.search(r"^ +pinned +[78]\.\d MiB  free, in \d+ pages at least half free",
                     told, re.M)
    assert " main at first_pinned.c:41 (first_pinned) through cache_entry\n" in told
    assert "Pinned pages stay as long as one block is on them" in told
    short = refknot("waste", "-n", "1", pinned).out.decode()
    if len(waste(pinned)["rows"]) > 1:
        assert "other (" in short
    assert len(waste(pinned, "-n", "1")["rows"]) == 1


def test_order_is_what_was_asked_for(pinned):
    for order, key in (("slack", "slack"), ("bytes", "bytes"), ("pinned", "pinned")):
        found = [row[key] for row in waste(pinned, "--sort", order)["rows"]]
        assert found == sorted(found, reverse=True)
    told = refknot("waste", "--sort", "nonesuch", pinned)
    assert told.status == 2 and "pinned" in told.told


# Writes its mappings as the kernel has them, and what malloc says, at its end.
LOOKS = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
static void look(void)
{
    static char room[1 << 16];
    int fd = open("/proc/self/smaps", O_RDONLY);
    struct mallinfo2 m = mallinfo2();
    char line[100];
    ssize_t n = snprintf(line, sizeof line, "used %zu mapped %zu\n", m.uordblks,
                         m.hblkhd);
    if (write(1, line, n) != n)
        abort();
    while ((n = read(fd, room, sizeof room)) > 0)
        if (write(1, room, n) != n)
            abort();
    close(fd);
}
"""


def kernel(text):
    """{name of a mapping: its bytes in memory}."""
    found, name = {}, None
    for line in text.splitlines():
        if m := re.match(r"[0-9a-f]+-[0-9a-f]+ (\S+) \S+ \S+ \d+ *(.*)$", line):
            name = m[2]
        elif m := re.match(r"Rss: +(\d+) kB", line):
            found[name] = found.get(name, 0) + int(m[1]) * 1024
    return found


def looked(directory, body, *options, **env):
    """What it wrote, what refknot says of it."""
    program = compiled(directory, "looks", LOOKS + body, "-g", "-O1", "-pthread")
    done = record(directory, program, options=options, env=environment(**env))
    assert done.outcome.status == 0, done.outcome.told
    return done.outcome.out.decode(), waste(done.main)


MIXED = r"""
static void *keep[20000];
int main(void)
{
    unsigned long seed = 1;
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 20000; i++) {
            seed = seed * 6364136223846793005ul + 1;
            if (seed >> 40 & 1) {
                free(keep[i]);
                size_t size = (seed >> 45) % 900;
                keep[i] = malloc(size);
                memset(keep[i], 1, size);
            } else if (keep[i] && seed >> 41 & 1) {
                keep[i] = realloc(keep[i], 1 + (seed >> 45) % 300);
            }
        }
    look();
}
"""


def test_slack_is_what_malloc_has_beside_the_blocks(tmp_path):
    """Without caches of threads all that malloc calls used is a block's, but for its
    own first chunk."""
    told, found = looked(tmp_path, MIXED, GLIBC_TUNABLES="glibc.malloc.tcache_count=0")
    used = int(re.search(r"^used (\d+)", told, re.M)[1])
    adds_up(found)
    assert found["blocks"] > 10000
    assert 0 <= used - (found["bytes"] + found["all_slack"]) < 2048


def test_the_heap_is_what_the_kernel_holds_of_it(tmp_path):
    told, found = looked(tmp_path, MIXED)
    heap = kernel(told)["[heap]"]
    assert abs(found["heap"] - heap) <= 8 * PAGE
    assert found["arenas"][0]["resident"] == found["heap"]
    assert found["arenas"][0]["free"] == sum(found[n] for n in PARTS[2:])
    files = sum(n for name, n in kernel(told).items()
                if re.search(r"/looks$|\.so", name) and "refknot" not in name)
    assert files <= found["code_and_data"] * 1.1
    assert found["code_and_data"] <= files * 1.4 + 64 * PAGE  # data that began as zeros


@pytest.fixture(scope="module")
def read():
    """Of a byte that is only read, how many the kernel holds: 0 where it has one page of
    zeros for all, as most do, else 1."""
    def held():
        with open("/proc/self/smaps_rollup", encoding="ascii") as f:
            return int(re.search(r"^Anonymous: +(\d+)", f.read(), re.M)[1]) << 10

    with mmap.mmap(-1, 8 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as m:
        before = held()
        assert not any(m[i] for i in range(0, len(m), PAGE))
        return int(held() - before > 4 << 20)


APART = r"""
static char *volatile large, *volatile untouched, *volatile read_only;
static void *map;
int main(void)
{
    large = malloc(10 << 20);
    memset(large, 1, 3 << 20);
    untouched = malloc(20 << 20);
    read_only = calloc(30, 1 << 20);
    long sum = 0;
    for (int i = 0; i < 30 << 20; i += 4096)
        sum += read_only[i];
    map = mmap(NULL, 5 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
               0);
    memset(map, 1, 4 << 20);
    look();
    return sum != 0;
}
"""


def test_blocks_apart_have_their_pages_and_mappings_are_apart(tmp_path, read):
    """What was never written is not in memory; nor what was only read, where the
    kernel has one page of zeros for that."""
    _, found = looked(tmp_path, APART)
    adds_up(found)
    alive = (3 << 20) + read * (30 << 20)
    assert alive <= found["alive"] < alive + 64 * PAGE
    assert (60 << 20) - alive - 64 * PAGE < found["not_in_memory"] <= (60 << 20) - alive
    assert 4 << 20 <= found["mapped"] < (4 << 20) + 64 * PAGE


SHARED = r"""
#include <sys/wait.h>
static char *map(size_t size, int how)
{
    char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, how | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        abort();
    return p;
}
static char *zeros, *data, *huge, *shared;
int main(void)
{
    int ends[2];
    zeros = memset(map(16 << 20, MAP_PRIVATE), 0, 16 << 20);
    data = memset(map(48 << 20, MAP_PRIVATE), 1, 48 << 20);
    shared = memset(map(8 << 20, MAP_SHARED), 1, 8 << 20);
    huge = map(32 << 20, MAP_PRIVATE);
    madvise(huge, 32 << 20, MADV_HUGEPAGE);
    for (int i = 0; i < 32 << 20; i += 4096)
        if (((volatile char *)huge)[i])
            abort();
    if (pipe(ends))
        abort();
    if (!fork()) { /* has all pages, too, as long as its parent is there */
        close(ends[1]);
        _exit(read(ends[0], ends, 1) != 0);
    }
    look();
}
"""


def test_pages_that_a_child_has_too_are_in_memory_and_pages_of_zeros_are_not(tmp_path,
                                                                            read):
    told, found = looked(tmp_path, SHARED)
    adds_up(found)
    mapped = (64 << 20) + read * (32 << 20)
    assert mapped <= found["mapped"] < mapped + (1 << 20)
    assert found["files"] >= 8 << 20
    held = sum(kernel(told).values())
    assert abs(found["resident"] + found["refknot"] - held) < 2 << 20
    of_map = rows(read_json("waste", tmp_path / "main.rkn")["waste"]["mapped_by_program"])
    assert of_map["map"]["resident"] == mapped + (8 << 20)


BESIDE = r"""
static void *keep[40000];
static void *rest(void *none)
{
    for (;;)
        pause();
    return none;
}
static void *work(void *none)
{
    pthread_t t;
    pthread_attr_t a;
    void *stack = aligned_alloc(65536, 65536);
    for (int i = 0; i < 40000; i++)
        keep[i] = memset(malloc(500), 1, 500);
    pthread_attr_init(&a);
    pthread_attr_setstack(&a, stack, 65536);
    if (pthread_create(&t, &a, rest, NULL))
        abort();
    return none;
}
int main(void)
{
    pthread_t t;
    pthread_create(&t, NULL, work, NULL);
    pthread_join(t, NULL);
    look();
}
"""


def test_a_stack_that_the_program_allocated_hides_no_heap(tmp_path):
    _, found = looked(tmp_path, BESIDE)
    adds_up(found)
    assert found["alive"] > 40000 * 500
    assert found["not_in_memory"] < 65536
    assert found["stacks"] < 1 << 20


ARENAS = r"""
#define EACH 3000
static void *keep[8][EACH];
static void *work(void *list)
{
    void **mine = list;
    for (int i = 0; i < EACH; i++)
        mine[i] = memset(malloc(1000), 1, 1000);
    for (int i = 0; i < EACH; i++)
        if (i % 10) {
            free(mine[i]);
            mine[i] = NULL;
        }
    return NULL;
}
int main(void)
{
    pthread_t t[8];
    for (int i = 0; i < 8; i++)
        pthread_create(&t[i], NULL, work, keep[i]);
    for (int i = 0; i < 8; i++)
        pthread_join(t[i], NULL);
    look();
}
"""


def test_arenas_of_threads_are_found_and_their_free_memory_is_told(tmp_path):
    told, found = looked(tmp_path, ARENAS, MALLOC_ARENA_MAX="4")
    adds_up(found)
    assert len(found["arenas"]) == 4
    assert sum(a["resident"] for a in found["arenas"]) == found["heap"]
    # Threads that run one after another use what the former freed.
    assert sum(a["free"] for a in found["arenas"]) > 2 << 20
    assert rows(found)["work"]["blocks"] == 2400
    text = refknot("waste", tmp_path / "main.rkn").out.decode()
    assert "MALLOC_ARENA_MAX" in text and "4 arenas" in text
    # What malloc_trim() gives back is not advised twice.
    others = re.search(r"beside the first\s+have\s+(\S+) MiB", text)[1]
    assert float(others) * (1 << 20) < found["pinned"] + found["between"] + (1 << 17)


EMPTY = r"""
static void *small[2000];
int main(void)
{
    for (int i = 0; i < 2000; i++)
        small[i] = memset(malloc(8000), 1, 8000);
    void *last = malloc(100);
    for (int i = 0; i < 2000; i++)
        free(small[i]);
    memset(small, 0, sizeof small);
    if (getenv("TRIM"))
        malloc_trim(0);
    look();
    small[0] = last;
}
"""


def test_malloc_trim_gives_back_what_is_said_to_be_empty(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    _, before = looked(tmp_path / "a", EMPTY)
    _, after = looked(tmp_path / "b", EMPTY, TRIM="1")
    given = before["heap"] - after["heap"]
    assert before["empty"] > 15 << 20
    assert .95 * before["empty"] < given <= before["empty"]
    told = [refknot("waste", tmp_path / d / "main.rkn").out.decode() for d in "ab"]
    assert "malloc_trim(0) would give back up to 15." in told[0]
    assert "malloc_trim" not in told[1]


def test_it_is_said_also_where_nothing_is_alive(tmp_path):
    program = compiled(tmp_path, "none", r"""
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
int main(void)
{
    static void *small[2000];
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    for (int i = 0; i < 2000; i++)
        small[i] = memset(malloc(8000), 1, 8000);
    for (int i = 0; i < 2000; i++)
        free(small[i]);
    return 0;
}
""", "-O1")
    done = record(tmp_path, program)
    assert waste(done.main)["rows"] == []
    assert "malloc_trim(0) would give back up to 15." in refknot(
        "waste", done.main).out.decode()


FORKS = r"""
#include <sys/wait.h>
static void *keep[1000];
int main(void)
{
    for (int i = 0; i < 1000; i++)
        keep[i] = malloc(4000);
    if (!fork()) {
        keep[0] = memset(malloc(100), 1, 100);
        exit(0);
    }
    wait(NULL);
    return 0;
}
"""


def test_a_child_does_not_know_what_its_parents_blocks_pin(tmp_path):
    program = compiled(tmp_path, "forks", LOOKS + FORKS, "-g")
    done = record(tmp_path, program)
    child, = done.children
    found = waste(child)
    adds_up(found)
    assert found["inherited"] and found["blocks"] == 1
    told = refknot("waste", child).out.decode()
    assert "began by fork" in told and "malloc_trim" not in told
    assert not waste(done.main)["inherited"]


KILLED = r"""
int main(void)
{
    static void *keep[100];
    for (int i = 0; i < 100; i++)
        keep[i] = memset(malloc(20), 1, 20);
    kill(getpid(), SIGKILL);
    return keep[0] == 0;
}
"""


def test_a_killed_process_leaves_blocks_only(tmp_path):
    program = compiled(tmp_path, "killed", LOOKS + "#include <signal.h>\n" + KILLED, "-g")
    run(program, cwd=tmp_path, env=environment(LD_PRELOAD=SHIM, REFKNOT_OUT=tmp_path))
    store, = tmp_path.glob("killed.*.rkn*")
    found = waste(store)
    assert found["resident"] is found["heap"] is found["pinned"] is None
    assert "ended the process" in found["not_known"] or "killed" in found["not_known"]
    main = rows(found)["main"]
    assert (main["blocks"], main["bytes"]) == (100, 2000)
    assert main["pinned"] is main["slack"] is found["all_slack"] is None
    told = refknot("waste", store).out.decode()
    assert "What the kernel held of the heap is not known" in told
    assert not any(word in told for word in ("PINNED", "SLACK", "resident"))


def test_no_snapshot_is_said(tmp_path):
    record(tmp_path, BUILD / "samples/fine", options=["--no-snapshot"])
    found = waste(tmp_path / "main.rkn")
    assert "no snapshot" in found["not_known"] and found["heap"] is None
    assert found["mapped_by_program"]["lost_not_known"] == found["not_known"]


@pytest.mark.parametrize("order", ["same", "empty"])
def test_an_order_by_what_was_not_noted_is_refused(order, pinned):
    done = refknot("waste", "-s", order, pinned)
    assert done.status == 2 and not done.out
    assert done.told.strip() == (
        f"refknot: waste: --sort {order} is known only of a recording by "
        "refknot run --contents")


def test_one_block_is_one(tmp_path):
    program = compiled(tmp_path, "one", """
        #include <stdlib.h>
        void *kept;
        int main(void) { kept = malloc(100000); *(volatile char *)kept = 1; return 0; }""")
    text = refknot("waste", record(tmp_path, program).main).out.decode()
    assert " asked for, in 1 block that is not freed\n" in text


def test_where_no_block_is_alive_there_is_no_table_of_them(tmp_path):
    program = compiled(tmp_path, "none", """
        #include <stdlib.h>
        int main(void) { free(malloc(100)); return 0; }
        """)
    told = refknot("waste", record(tmp_path, program).main).out.decode()
    assert re.search(r"^resident +[1-9]", told, re.M)
    assert "total" not in told and "BLOCKS" not in told
    assert "\n\n\n" not in told and not told.endswith("\n\n"), told
    # Anonymous memory, as libraries have it, is not all the program's mappings.
    assert re.search(r"^  mapped .* other memory that is not a file's$", told, re.M)


TWICE = r"""
__attribute__((noipa)) static void *one(void)
{
    void *volatile p = mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p;
}
int main(void)
{
    munmap(one(), 1 << 20);
    munmap(one(), 1 << 20);
    munmap(one(), 1 << 20);
    return 0;
}
"""


def test_no_row_had_more_mapped_than_all_had(tmp_path):
    """Its call stacks had their peaks one after another."""
    program = compiled(tmp_path, "twice", LOOKS + TWICE, "-g", "-O1")
    main = record(tmp_path, program).main
    found = waste(main, "--by", "function")["mapped_by_program"]
    row, = (r for r in found["rows"] if r["key"] == "one")
    assert row["bytes"] == 3 << 20
    assert row["peak_bytes"] == found["total"]["peak_bytes"] == 1 << 20
    told = refknot("waste", "--by", "function", main).out.decode()
    assert "3.0 MiB" in told and told.count("1.0 MiB") == 2


# --- Mappings of the program's own ---------------------------------------------------

# A page of the region has one owner at most; so does the program count it.
MAPS = r"""
#define PAGES 512
static unsigned char owner[PAGES];
static char *base;
static unsigned long seed = 7;
static unsigned below(unsigned n)
{
    seed = seed * 6364136223846793005ul + 1442695040888963407ul;
    return (seed >> 33) % n;
}
#define map(at, n, flags) mmap(at, (n) * 4096ul, PROT_READ | PROT_WRITE, \
                               MAP_PRIVATE | MAP_ANONYMOUS | (flags), -1, 0)
__attribute__((noipa)) static void first(char *at, unsigned n)
{
    if (map(at, n, MAP_FIXED) != at)
        abort();
}
__attribute__((noipa)) static void second(char *at, unsigned n)
{
    if (map(at, n, MAP_FIXED) != at)
        abort();
}
__attribute__((noipa)) static void third(char *from, unsigned n, char *to)
{
    if (mremap(from, n * 4096ul, n * 4096ul, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
        abort();
}
int main(void)
{
    free(malloc(1));
    base = map(NULL, PAGES, 0);
    munmap(base, PAGES * 4096ul);
    for (int i = 0; i < 20000; i++) {
        unsigned n = 1 + below(20), at = below(PAGES - n), to = below(PAGES - n);
        char *p = base + at * 4096ul;
        unsigned mine = owner[at];
        switch (below(4)) {
        case 0:
            first(p, n);
            memset(owner + at, 1, n);
            break;
        case 1:
            second(p, n);
            memset(owner + at, 2, n);
            break;
        case 2:
            munmap(p, n * 4096ul);
            memset(owner + at, 0, n);
            break;
        default: /* one page, of whomever */
            if (mine && to != at) {
                third(p, 1, base + to * 4096ul);
                owner[at] = 0;
                owner[to] = 3;
            }
        }
    }
    unsigned pages[4] = { 0 };
    for (int i = 0; i < PAGES; i++)
        pages[owner[i]]++;
    if (munmap(base + 1, 4096) != -1 || mremap(base, 4096, -4096ul, 0) != MAP_FAILED)
        abort();
    printf("%u %u %u\n", pages[1], pages[2], pages[3]);
    static char *threads[4];
    threads[0] = sbrk(10000);
    sbrk(-4000);
    return 0;
}
"""


def by_function(found):
    return {row["key"]: row for row in found["mapped_by_program"]["rows"]}


def test_each_page_is_of_the_call_that_mapped_it(tmp_path):
    program = compiled(tmp_path, "maps", LOOKS + MAPS, "-g", "-O1")
    done = record(tmp_path, program)
    pages = [int(n) for n in done.outcome.out.split()]
    found = waste(done.main, "--by", "function")
    of = by_function(found)
    assert [of[name]["live_bytes"] for name in ("first", "second", "third")] == [
        n * PAGE for n in pages]
    assert min(pages) > 5
    main, total = of["main"], found["mapped_by_program"]["total"]
    assert main["live_bytes"] == 6000 and main["calls"] == 2
    assert main["bytes"] == 512 * PAGE + 10000
    assert found["mapped_by_program"]["missed"] == 0
    for name in ("live_bytes", "bytes", "calls", "live", "resident"):
        assert sum(row[name] for row in of.values()) == total[name], name
    assert total["live_bytes"] <= total["peak_bytes"] <= 513 * PAGE + 10000
    told = refknot("waste", "--by", "function", done.main).out.decode()
    assert re.search(r"^ +MAPPED  MAPPINGS  IN MEMORY +PEAK +CALLS +ALL BYTES  FUNCTION$",
                     told, re.M)


THREADS = r"""
#include <sys/wait.h>
static void *work(void *unused)
{
    (void)unused;
    for (int i = 0; i < 3000; i++) {
        void *p = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        munmap(p, i % 100 ? 8192 : 4096);
    }
    return NULL;
}
int main(void)
{
    pthread_t t[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&t[i], NULL, work, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    if (!fork()) {
        void *volatile p = malloc(1);
        free(p);
        exit(0);
    }
    wait(NULL);
    return 0;
}
"""


def test_threads_that_map_at_the_same_time_are_counted(tmp_path):
    """What malloc and pthread_create map is not the program's; nor is what a parent
    mapped a child's."""
    program = compiled(tmp_path, "threads", LOOKS + THREADS, "-g", "-O1", "-pthread")
    done = record(tmp_path, program)
    found = waste(done.main)["mapped_by_program"]
    row, = found["rows"]
    assert row["key"].startswith("work at threads.c")
    if not found["missed"]:
        assert (row["calls"], row["live"], row["live_bytes"]) == (12000, 120, 120 * PAGE)
    assert row["calls"] + found["missed"] >= 12000
    assert found["missed"] < 1200
    child, = done.children
    assert waste(child)["mapped_by_program"]["rows"] == []


def test_mappings_are_known_of_a_killed_process(tmp_path):
    program = compiled(tmp_path, "killed", LOOKS + "#include <signal.h>\n" + r"""
int main(void)
{
    void *volatile p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(p, 1, 1 << 20);
    kill(getpid(), SIGKILL);
}
""", "-g")
    run(program, cwd=tmp_path, env=environment(LD_PRELOAD=SHIM, REFKNOT_OUT=tmp_path))
    store, = tmp_path.glob("killed.*.rkn*")
    row, = waste(store)["mapped_by_program"]["rows"]
    assert (row["live_bytes"], row["peak_bytes"], row["resident"]) == (1 << 20, 1 << 20, None)


# --- What blocks hold ------------------------------------------------------------------

SECRET = "swordfish-of-the-issue"
HOLDS = r"""
static char *volatile names[300], *volatile codes[50], *volatile buffers[20],
    *volatile zeros[10];
__attribute__((noipa)) static char *name(int i)
{
    char text[40];
    snprintf(text, sizeof text, "SECRET %d", i);
    return strdup(text);
}
__attribute__((noipa)) static char *wide_name(void)
{
    return strcpy(calloc(1, 100), "SECRET 0");
}
__attribute__((noipa)) static char *buffer(int used)
{
    return memset(calloc(1, 4096), 255, used);
}
__attribute__((noipa)) static char *code(void)
{
    return memcpy(malloc(16), "\1\2\3\4\5\6\7\0\1\2\3\4\5\6\7", 16);
}
__attribute__((noipa)) static char *large(int last)
{
    char *p = memset(malloc(300001), 'x', 300001);
    p[300000] = 0;
    p[299999] = last;
    return p;
}
static char *volatile larges[3], *volatile wide;
int main(void)
{
    for (int i = 0; i < 300; i++)
        names[i] = name(i % 10);
    wide = wide_name();
    for (int i = 0; i < 20; i++)
        buffers[i] = buffer(i < 10 ? 100 : 3000);
    for (int i = 0; i < 50; i++)
        codes[i] = code();
    for (int i = 0; i < 10; i++)
        zeros[i] = calloc(1, 1000);
    larges[0] = large('a');
    larges[1] = large('a');
    larges[2] = large('b');
    return 0;
}
""".replace("SECRET", SECRET)


def data_of(store):
    """What a store has between its holes, which are gigabytes."""
    parts, at = [], 0
    with open(store, "rb") as file:
        while True:
            try:
                start = os.lseek(file.fileno(), at, os.SEEK_DATA)
            except OSError:
                return b"".join(parts)
            at = os.lseek(file.fileno(), start, os.SEEK_HOLE)
            parts.append(os.pread(file.fileno(), at - start, start))


def test_equal_texts_and_empty_ends_are_counted(tmp_path):
    program = compiled(tmp_path, "holds", LOOKS + HOLDS, "-g", "-O1")
    done = record(tmp_path, program, options=["--contents"])
    found = waste(done.main)
    adds_up(found)
    size = len(SECRET) + 3
    of = rows(found)
    assert of["name"]["same_text"] == 290 * size
    # As text 0, in a larger block: what is empty of it is counted as that.
    assert of["wide_name"]["same_text"] == size - 1
    assert of["wide_name"]["empty_end"] == 100 - (size - 1)
    assert of["large"]["same_text"] == 300001
    assert of["code"]["same_text"] == 0          # no text
    assert of["buffer"]["empty_end"] == 10 * 3996
    assert of["main"]["empty_end"] == 10 * 1000  # never written
    assert (found["same_text"], found["same_text_blocks"]) == (
        290 * size + size - 1 + 300001, 292)
    assert found["half_empty_blocks"] == 21
    assert found["empty_end"] == sum(row["empty_end"] for row in found["rows"])
    first = waste(done.main, "--sort", "same", "-n", "1")["rows"][0]
    assert "large" in first["key"]
    told = refknot("waste", done.main).out.decode()
    assert re.search(r"^same text +\S+ KiB  in 292 blocks with a text that another has$",
                     told, re.M)
    assert "SAME TEXT" in told


SPARSE = r"""
static char *volatile all[2];
int main(void)
{
    all[0] = calloc(1, 1 << 20);
    *all[0] = 1;
    all[1] = memset(malloc(1 << 20), 0, 1 << 20);
    return 0;
}
"""


def test_an_empty_end_that_was_never_written_wastes_nothing(tmp_path):
    program = compiled(tmp_path, "sparse", LOOKS + SPARSE, "-g")
    found = waste(record(tmp_path, program, options=["--contents"]).main)
    assert 1 << 20 <= found["empty_end"] < (1 << 20) + 2 * PAGE
    assert found["half_empty_blocks"] == 2


def test_nothing_is_noted_unless_it_is_asked_for_and_never_the_text(tmp_path):
    program = compiled(tmp_path, "holds", LOOKS + HOLDS, "-g", "-O1")
    hashes = []
    for asked in ("0", "1", "1"):
        run(program, cwd=tmp_path, env=environment(
            LD_PRELOAD=SHIM, REFKNOT_OUT=tmp_path, REFKNOT_CONTENTS=asked))
        store, = tmp_path.glob("holds.*.rkn*")
        found = waste(store)
        assert (found["same_text"] is None) == (asked == "0")
        assert ("SAME TEXT" in refknot("waste", store).out.decode()) == (asked == "1")
        data = data_of(store)
        assert SECRET.encode() not in data
        hashes.append(data)
        store.unlink()
    # The hash of `code`'s 16 bytes is that of another process nowhere.
    def contents(data):
        return set(re.findall(rb"(.{8})\x0f\0{7}.{4}\0{4}", data, re.S))
    none, one, other = map(contents, hashes)
    assert one - none and other - none
    assert not (one - none) & (other - none)


UNTOUCHED = r"""
static char *volatile blocks[41];
int main(void)
{
    for (int i = 0; i < 41; i++) {
        blocks[i] = calloc(1, 60 << 20);
        blocks[i][0] = 1;
        blocks[i][10 << 20] = 1;
    }
    blocks[40][59 << 20] = 1;
    return 0;
}
"""


def test_what_was_never_touched_is_not_looked_at(tmp_path):
    """2.4 GiB of zeros that are nowhere: to read them takes ten seconds."""
    program = compiled(tmp_path, "untouched", LOOKS + UNTOUCHED, "-g", "-O1")
    begin = time.monotonic()
    done = record(tmp_path, program, options=["--contents"])
    assert time.monotonic() - begin < 4
    found = waste(done.main)
    assert found["half_empty_blocks"] == 40
    assert found["empty_end"] == 40 * (PAGE - 16 - 1)  # of the last page written


# --- Real programs ------------------------------------------------------------------

# Each ends by a signal: what it would free at its end is there still.
PROGRAMS = {
    "sqlite3": """create table t(a, b);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)
insert into t select i, hex(i) from n;
delete from t where a % 7;
.shell cat /proc/$PPID/smaps; kill -TERM $PPID
""",
    "perl": """my %h; $h{$_} = "x$_" x 5 for 1 .. 20000;
delete $h{$_} for grep { $_ % 9 } 1 .. 20000;
$| = 1; open F, "<", "/proc/self/smaps"; print while <F>; kill TERM => $$; sleep 9;
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_real_programs_hold_what_the_kernel_says(name, tmp_path):
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed")
    done = record(tmp_path, name, stdin=PROGRAMS[name].encode())
    found = waste(done.main)
    adds_up(found)
    heap = kernel(done.outcome.out.decode())["[heap]"]
    assert abs(found["arenas"][0]["resident"] - heap) < .02 * heap + 16 * PAGE
    assert found["alive"] > heap / 10 and len(found["rows"]) > 5


def test_redis_holds_what_the_kernel_says(tmp_path):
    for name in ("redis-server", "redis-cli"):
        if not shutil.which(name):
            pytest.skip(f"{name} is not installed")
    socket = tmp_path / "socket"
    server = subprocess.Popen(
        [REFKNOT, "run", "-q", "-o", tmp_path / "main.rkn", "--", "redis-server", "--port",
         "0", "--unixsocket", socket, "--save", "", "--daemonize", "no"],
        env=environment(), stdout=subprocess.DEVNULL, cwd=tmp_path)
    try:
        for _ in range(100):
            told = run("redis-cli", "-s", socket, "info", "server").out.decode()
            if "process_id" in told:
                break
            time.sleep(.1)
        pid = int(re.search(r"process_id:(\d+)", told)[1])
        run("redis-cli", "-s", socket, "eval",
            "for i = 1, 20000 do redis.call('set', i, string.rep('x', 900)) end "
            "for i = 1, 20000 do if i % 9 > 0 then redis.call('del', i) end end", "0")
        with open(f"/proc/{pid}/smaps", encoding="ascii") as file:
            smaps = kernel(file.read())
        run("redis-cli", "-s", socket, "shutdown", "nosave")
    finally:
        server.wait(30)
    found = waste(tmp_path / "main.rkn")
    adds_up(found)
    assert found["pinned"] > 1 << 20
    if found["arenas"]:  # redis may have jemalloc
        assert abs(found["arenas"][0]["resident"] - smaps["[heap]"]) < (
            .05 * smaps["[heap]"] + 64 * PAGE)
    else:
        assert found["slack"] is None and found["heap"] > found["alive"] > 1 << 20
