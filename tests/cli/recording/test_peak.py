# SPDX-License-Identifier: MIT
"""What was alive when most was, by call stack, against programs that count it
themselves."""
import json
import re
import struct
import zlib

import pytest

from conftest import SOURCE, compiled, read_json, record, refknot
from test_recordings import chunks

INCLUDE = ("-I", SOURCE / "include")

# Sites s0 to s7 allocate; the program keeps what each has alive, and what each had
# when the sum of their bytes was first as great as never before.
COUNTING = r"""
#include <pthread.h>
#include <refknot.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#define SITES 8
static struct { long blocks, bytes; } now[SITES], then[SITES];
static long sum, most;

static void count(int site, long blocks, long bytes)
{
    now[site].blocks += blocks;
    now[site].bytes += bytes;
    sum += bytes;
    if (sum > most) {
        most = sum;
        memcpy(then, now, sizeof(then));
    }
}

/* A block and what is counted of it. */
struct kept { void *p; long size; int site; };

#define SITE(n) static __attribute__((noinline)) void s##n(struct kept *k) \
{ \
    k->p = n == 6 ? calloc(1, k->size) : n == 7 ? aligned_alloc(64, k->size) \
        : realloc(k->p, k->size); \
    k->site = n; \
}
SITE(0) SITE(1) SITE(2) SITE(3) SITE(4) SITE(5) SITE(6) SITE(7)
static void (*const sites[SITES])(struct kept *) =
    { s0, s1, s2, s3, s4, s5, s6, s7 };

static void take(struct kept *k, int site, long size)
{
    k->p = NULL;
    k->size = size;
    sites[site](k);
    count(site, 1, size);
}

static void give(struct kept *k)
{
    count(k->site, -1, -k->size);
    free(k->p);
    k->p = NULL;
}

static void again(struct kept *k, int site, long size)
{
    count(k->site, -1, -k->size);
    k->size = size;
    sites[site](k);
    count(site, 1, size);
}

static void tell(void)
{
    char line[64];

    for (int i = 0; i < SITES; i++)
        (void)!write(1, line, snprintf(line, sizeof(line), "s%d %ld %ld\n", i,
                                       then[i].blocks, then[i].bytes));
}
"""


def program(directory, body, name="counting"):
    return compiled(directory, name, COUNTING + body, "-O1", "-g", "-pthread",
                    *INCLUDE)


def counted(out):
    """What the program said: {function: (blocks, bytes)}."""
    rows = re.findall(r"(?m)^(s\d) (\d+) (\d+)$", out.decode())
    assert len(rows) == 8, out
    return {name: (int(blocks), int(size))
            for name, blocks, size in rows if int(blocks)}


def at_peak(recording):
    """What refknot says, of the same functions, and its document."""
    told = read_json("objects", recording, "--at", "peak", "--by", "function")
    return {t["type"]: (t["live"], t["bytes"]) for t in told["types"]
            if re.fullmatch(r"s\d", t["type"])}, told


def whole(document):
    return sum(t["bytes"] for t in document["types"])


SCENES = {
    # Of all sites something; what comes later is less.
    "known": """
    struct kept k[SITES];
    for (int i = 0; i < SITES; i++)
        take(&k[i], i, 1000 * (i + 1));
    for (int i = 0; i < SITES; i++)
        give(&k[i]);
    take(&k[0], 3, 500);
""",
    "the_other_way_round": """
    struct kept k[SITES];
    for (int i = 0; i < SITES; i++)
        take(&k[i], i, 1024 * (i + 1));
    for (int i = SITES; i-- > 0;)
        give(&k[i]);
""",
    # It shrinks, and only that ends the peak.
    "realloc_that_shrinks": """
    struct kept k, other;
    take(&other, 1, 100);
    take(&k, 2, 50000);
    again(&k, 3, 10);
    again(&k, 4, 49000);
""",
    "realloc_that_grows": """
    struct kept k;
    take(&k, 0, 10);
    for (int i = 1; i < 100; i++)
        again(&k, i % 6, 1000 * i);
    give(&k);
""",
    # As much several times, by others: the first is meant.
    "reached_several_times": """
    struct kept k;
    for (int round = 0; round < 20; round++) {
        take(&k, round % SITES, 4096);
        give(&k);
    }
""",
    "higher_each_time": """
    struct kept k[200];
    for (int i = 0; i < 200; i++) {
        take(&k[i], i % SITES, 640);
        if (i % 3 == 2)
            give(&k[i - 1]);
    }
""",
    "at_the_end": """
    static struct kept k[300];
    for (int i = 0; i < 300; i++)
        take(&k[i], i % SITES, 64 * (i + 1));
""",
    # More than is published at once, and less.
    "large_and_small": """
    struct kept k[4];
    take(&k[0], 0, 3000000);
    take(&k[1], 1, 100);
    take(&k[2], 6, 70000);
    give(&k[0]);
    take(&k[3], 3, 2900000);
    give(&k[1]);
    again(&k[3], 4, 2999999);
""",
    "nothing_is_left": """
    struct kept k;
    take(&k, 5, 128);
    give(&k);
""",
}


@pytest.mark.parametrize("name", SCENES)
def test_of_one_thread_it_is_exact(name, tmp_path):
    made = record(tmp_path, program(
        tmp_path, f"int main(void)\n{{{SCENES[name]}tell();\n}}"))
    wanted = counted(made.outcome.out)
    found, document = at_peak(made.main)
    assert found == wanted
    assert document["process"]["peak_error_bytes"] == 0
    assert whole(document) == document["process"]["peak_bytes"]
    told = refknot("objects", "--at", "peak", made.main)
    assert told.status == 0 and b"more may have been" not in told.out


RANDOM = """
int main(int argc, char **argv)
{
    static struct kept k[400];
    unsigned x = strtoul(argv[1], NULL, 10);
    int slope = 0;

    for (int i = 0; i < 30000; i++) {
        struct kept *one;

        x = x * 1103515245 + 12345;
        one = &k[(x >> 8) % 400];
        if (argc > 2 && *argv[2] == 'r' && !(i % 50))
            (i % 100 ? refknot_region_end : refknot_region_begin)("region");
        if (!(i % 1000))
            slope = x >> 16 & 3;
        if (!one->p && (x >> 3 & 3) >= slope)
            take(one, x >> 24 & 7, (x >> 10 & 63) ? 64 * (1 + (x >> 12 & 31))
                                                  : 64 * (1 + (x >> 12 & 4095)));
        else if (one->p && one->site < 6 && !(x >> 5 & 3))
            again(one, x >> 20 & 3, 1 + (x >> 11 & 8191));
        else if (one->p)
            give(one);
    }
    if (argc > 2)
        for (int i = 0; i < 400; i++)
            if (k[i].p)
                give(&k[i]);
    tell();
}
"""


@pytest.mark.parametrize("arguments", [(1,), (2,), (3, "x"), (4, "x"), (77,),
                                       (5, "regions")])
def test_of_a_random_heap_it_is_exact(arguments, tmp_path):
    made = record(tmp_path, program(tmp_path, RANDOM), *arguments)
    found, document = at_peak(made.main)
    assert found == counted(made.outcome.out)
    assert whole(document) == document["process"]["peak_bytes"]
    for by in ("type", "site", "file"):
        said = read_json("objects", made.main, "--at", "peak", "--by", by)
        assert whole(said) == whole(document), by


# Two threads (or more) at once; counting has a lock, so that what the program says
# was alive at the same time. Each has one site for what it has at its own peak.
THREADS = """
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int rounds, most_size;

static void *work(void *seed)
{
    struct kept k[50] = { { 0 } };
    unsigned x = (unsigned)(size_t)seed;

    for (int i = 0; i < rounds; i++) {
        struct kept *one;

        x = x * 1103515245 + 12345;
        one = &k[(x >> 8) % 50];
        pthread_mutex_lock(&lock);
        if (one->p)
            give(one);
        else
            take(one, x >> 24 & 5, 1 + (x >> 7) % most_size);
        pthread_mutex_unlock(&lock);
    }
    pthread_mutex_lock(&lock);
    for (int i = 0; i < 50; i++)
        if (k[i].p)
            give(&k[i]);
    pthread_mutex_unlock(&lock);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t t[16];
    int threads = atoi(argv[1]);

    (void)argc;
    most_size = atoi(argv[2]);
    rounds = atoi(argv[3]);
    for (int i = 0; i < threads; i++)
        pthread_create(&t[i], NULL, work, (void *)(size_t)(i + 1));
    for (int i = 0; i < threads; i++)
        pthread_join(t[i], NULL);
    tell();
}
"""


@pytest.mark.parametrize("threads", [2, 5])
@pytest.mark.parametrize("size, rounds", [(3000, 20000), (40000, 5000),
                                          (2000000, 2000)])
def test_of_several_threads_it_is_within_what_is_printed(threads, size, rounds,
                                                         tmp_path):
    made = record(tmp_path, program(tmp_path, THREADS), threads, size, rounds)
    most = sum(size for _, size in counted(made.outcome.out).values())
    found, document = at_peak(made.main)
    error = document["process"]["peak_error_bytes"]
    recorded = document["recording"]["threads"]
    # A thread that began when another had ended counts where that did.
    together = error // (128 << 10)
    assert recorded >= together and error == together * (128 << 10)
    assert together <= threads + 1
    ours = sum(size for _, size in found.values())
    # What the C library has for its threads is not counted by the program.
    others = whole(document) - ours
    assert most - error <= ours <= most
    assert most - error <= document["process"]["peak_bytes"] - others <= most
    told = refknot("objects", "--at", "peak", made.main).out.decode()
    line, = (row for row in told.splitlines() if "may have been" in row)
    assert line.startswith(
        f"at most {together} threads allocated at a time: at another moment up to ")
    assert "more may have been alive" in line
    done = refknot("diff", f"{made.main}@peak", made.main)
    assert f"{made.main}@peak: {line}" in done.out.decode().splitlines()


TOGETHER = """
static pthread_barrier_t all;
static struct kept k[3][40];

static void *work(void *number)
{
    long n = (long)(size_t)number;

    for (int i = 0; i < 40; i++) {
        k[n][i].size = 100000;
        sites[n](&k[n][i]);
    }
    pthread_barrier_wait(&all);
    pthread_barrier_wait(&all);
    for (int i = 0; i < 40; i++)
        free(k[n][i].p);
    pthread_barrier_wait(&all);
    for (int i = 0; i < 30; i++) {
        k[n][i].p = NULL;
        sites[n + 3](&k[n][i]);
    }
    return NULL;
}

int main(void)
{
    pthread_t t[3];

    pthread_barrier_init(&all, NULL, 3);
    for (long i = 0; i < 3; i++)
        pthread_create(&t[i], NULL, work, (void *)(size_t)i);
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
}
"""


LITTLE = r"""
#include <pthread.h>
#include <stdlib.h>
static pthread_barrier_t all;
static void *work(void *unused)
{
    void *kept[60];

    for (int i = 0; i < 60; i++)
        kept[i] = malloc(1000);
    pthread_barrier_wait(&all);
    for (int i = 0; i < 60; i++)
        free(kept[i]);
    return unused;
}
int main(int argc, char **argv)
{
    int threads = atoi(argv[argc - 1]);
    pthread_t t[64];

    pthread_barrier_init(&all, NULL, (unsigned)threads);
    for (int i = 0; i < threads; i++)
        pthread_create(&t[i], NULL, work, NULL);
    for (int i = 0; i < threads; i++)
        pthread_join(t[i], NULL);
}
"""


@pytest.mark.parametrize("threads", [2, 32])
def test_of_threads_that_have_little_most_is_in_it(tmp_path, threads):
    made = record(tmp_path, compiled(tmp_path, "little", LITTLE, "-pthread"),
                  threads)
    peak = read_json("report", made.main)["process"]["peak_bytes"]
    alive = threads * 60 * 1000
    assert alive * 2 / 3 < peak < alive + threads * 1000 + 10000
    assert refknot("check", "--max-peak", str(alive // 2), made.main).status == 23


HELD = r"""
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
static pthread_barrier_t most, less;
static void *work(void *unused)
{
    void *kept[128];

    for (int i = 0; i < 128; i++)
        kept[i] = malloc(1000);
    pthread_barrier_wait(&most);
    for (int i = 0; i < 128; i++)
        free(kept[i]);
    pthread_barrier_wait(&less);
    return unused;
}
static void *volatile kept;
int main(int argc, char **argv)
{
    unsigned threads = (unsigned)atoi(argv[argc - 1]);
    pthread_t t[64];

    pthread_barrier_init(&most, NULL, threads);
    pthread_barrier_init(&less, NULL, threads + 1);
    for (unsigned i = 0; i < threads; i++)
        pthread_create(&t[i], NULL, work, NULL);
    pthread_barrier_wait(&less);
    kept = malloc(threads * 125000);
    for (unsigned i = 0; i < threads; i++)
        pthread_join(t[i], NULL);
}
"""


@pytest.mark.parametrize("threads", [2, 30, 64])
def test_frees_that_threads_hold_back_are_not_alive(tmp_path, threads):
    """Nowhere more is called alive than ever was."""
    made = record(tmp_path, compiled(tmp_path, "held", HELD, "-pthread"), threads)
    process = read_json("report", made.main)["process"]
    # The C library has a little for each thread.
    most = threads * 128 * 1000 + threads * 600 + 5000
    assert most * (0.9 if threads > 60 else 0.95) < process["peak_bytes"] < most
    points = read_json("timeline", made.main)["timeline"]["points"]
    assert max(p["most_bytes"] for p in points) < most
    # Behind it nothing is allocated, so that none is less than what there is.
    last = [p for p in points if p["allocations"] == points[-1]["allocations"]]
    assert all(p["least_bytes"] >= threads * 125000 for p in last[1:])
    assert all(p["most_bytes"] < threads * 125000 + threads * 600 + 5000
               for p in last[1:])
    done = refknot("check", "--max-peak", str(most), made.main)
    assert done.status == 0, done.told


def test_threads_in_turn_hold_back_what_one_does(tmp_path):
    made = record(tmp_path, compiled(tmp_path, "turn", r"""
#include <pthread.h>
#include <stdlib.h>
static void *work(void *unused) { free(malloc(5000)); return unused; }
int main(void)
{
    for (int i = 0; i < 200; i++) {
        pthread_t t;
        pthread_create(&t, NULL, work, NULL);
        pthread_join(t, NULL);
    }
}
""", "-pthread"))
    told = read_json("objects", made.main, "--at", "peak")
    assert told["recording"]["threads"] == 201
    assert 2 <= told["process"]["peak_error_bytes"] / (128 << 10) < 20


BURST = r"""
#include <stdlib.h>
static void *volatile p;
int main(void)
{
    for (int i = 0; i < 5000; i++) {
        p = malloc(10);
        free(p);
    }
    p = malloc(16 << 20);
    free(p);
    for (int i = 0; i < 5000; i++) {
        p = malloc(10);
        free(p);
    }
}
"""


def test_what_was_allocated_until_then_includes_it(tmp_path):
    made = record(tmp_path, compiled(tmp_path, "burst", BURST, "-O1"))
    points = read_json("timeline", made.main)["timeline"]["points"]
    at = next(i for i, p in enumerate(points) if p["peak"])
    before, peak, after = points[at - 1:at + 2]
    assert peak["bytes"] - before["bytes"] > 15 << 20
    assert peak["allocated_bytes"] - before["allocated_bytes"] \
        >= peak["bytes"] - before["bytes"]
    assert peak["allocations"] == 5001
    assert after["allocations"] >= peak["allocations"]
    assert after["allocated_bytes"] >= peak["allocated_bytes"]


CHECKED = r"""
#include <refknot.h>
#include <stdlib.h>
int main(void)
{
    struct node { struct node *next; long more[3]; } *first = NULL;

    for (int i = 0; i < 1000000; i++) {
        struct node *n = malloc(sizeof(*n));
        n->next = first;
        first = n;
    }
    refknot_mark("whole");
    return first == NULL;
}
"""


def test_the_exit_check_is_not_a_part_of_the_run(tmp_path):
    made = record(tmp_path, compiled(tmp_path, "checked", CHECKED, "-O1",
                                     *INCLUDE))
    told = read_json("timeline", made.main)
    line = told["timeline"]
    mark, = line["marks"]
    took = told["recording"]["snapshot_s"] * 1e9
    assert line["to_ns"] - mark["time_ns"] < took
    peak, = (p for p in line["points"] if p["peak"])
    assert peak["time_ns"] <= line["to_ns"]
    assert told["process"]["duration_s"] * 1e9 == pytest.approx(line["to_ns"])


def test_what_threads_have_at_the_same_time_is_in_it(tmp_path):
    """Each publishes: nothing of it is missing."""
    made = record(tmp_path, program(tmp_path, TOGETHER))
    found, _ = at_peak(made.main)
    assert found == {f"s{i}": (40, 4000000) for i in range(3)}


FORK = """
int main(void)
{
    struct kept k[40];
    int status;

    take(&k[0], 0, 30000);
    take(&k[1], 0, 31000);
    give(&k[1]);
    if (!fork()) {
        /* What it inherited is the parent's. */
        memset(now, 0, sizeof(now));
        sum = most = 0;
        for (int i = 2; i < 12; i++)
            take(&k[i], i % SITES, 500 + i);
        for (int i = 4; i < 12; i++)
            give(&k[i]);
        take(&k[5], 3, 100);
        tell();
        exit(0);
    }
    wait(&status);
}
"""


def test_a_forked_child_has_its_own(tmp_path):
    made = record(tmp_path, program(tmp_path, FORK))
    child, = made.children
    found, document = at_peak(child)
    assert found == counted(made.outcome.out)
    assert whole(document) == document["process"]["peak_bytes"]
    found, _ = at_peak(made.main)
    assert found == {"s0": (2, 61000)}


def test_it_survives_a_kill(tmp_path):
    made = record(tmp_path, program(tmp_path, RANDOM.replace(
        "    tell();\n", "    tell();\n    kill(getpid(), SIGKILL);\n")), 5, "x")
    found, document = at_peak(made.main)
    assert document["process"]["signal"] == 9
    assert found == counted(made.outcome.out)
    assert whole(document) == document["process"]["peak_bytes"]


def as_of_minor_version_8(recording, path):
    """The same, as a refknot wrote it that did not know the peak by stack."""
    data = bytearray(recording.read_bytes())
    meta, = (at for at in chunks(data)[:-1] if data[at + 4] == 1)
    flags = meta + 32 + 52
    struct.pack_into("<I", data, flags, struct.unpack_from(
        "<I", data, flags)[0] & ~(1 << 14))
    size, = struct.unpack_from("<I", data, meta + 16)
    struct.pack_into("<I", data, meta + 20,
                     zlib.crc32(data[meta + 32:meta + 32 + size]))
    struct.pack_into("<I", data, meta + 28, zlib.crc32(data[meta:meta + 28]))
    path.write_bytes(data)
    return path


@pytest.fixture(scope="module")
def simple(tmp_path_factory):
    directory = tmp_path_factory.mktemp("simple")
    return record(directory, program(
        directory, f"int main(void)\n{{{SCENES['large_and_small']}tell();\n}}"))


def test_an_older_recording_says_that_it_does_not_know(simple, tmp_path):
    old = as_of_minor_version_8(simple.main, tmp_path / "old.rkn")
    why = "an older refknot recorded it"
    for argv in (["objects", "--at", "peak", old],
                 ["objects", "--at", "peak", "--format", "json", old],
                 ["diff", f"{old}@peak", old],
                 ["export", "-f", "folded", "--value", "peak-bytes", old]):
        done = refknot(*argv)
        assert done.status == 2 and not done.out, argv
        assert why in done.told and "is not known" in done.told, argv
    document = read_json("objects", old)
    assert document["process"]["peak_error_bytes"] is None
    assert document["process"]["peak_bytes"] > 3000000
    done = refknot("export", "-f", "speedscope", old)
    assert done.status == 0
    assert "peak" not in " ".join(
        p["name"] for p in json.loads(done.out)["profiles"])
    done = refknot("check", "--max-peak", "1k", old)
    assert "allocated in the whole run, from" in done.out.decode()
    done = refknot("check", "-f", "github", "--max-peak", "1k", old)
    assert ") allocated in the whole run" in done.out.decode()


def test_what_is_cut_is_said(simple, tmp_path):
    data = simple.main.read_bytes()
    at = {data[at + 4]: at for at in chunks(data)[:-1]}
    cut = tmp_path / "cut.rkn"
    cut.write_bytes(data[:at[8]])  # before the blocks
    wanted = refknot("objects", "--at", "peak", "--by", "site", simple.main)
    done = refknot("objects", "--at", "peak", "--by", "site", cut)
    assert done.status == 2
    rows = wanted.out.decode().split("\n\n")[0]
    assert done.out.decode().startswith(rows)
    assert "cut short" in done.told
    cut.write_bytes(data[:at[5]])  # before the stacks
    done = refknot("objects", "--at", "peak", "--by", "site", cut)
    assert done.status == 2 and not done.out
    assert "what was alive at the peak is not known: that part" in done.told


def test_text_has_the_rows_and_their_sum(simple):
    told = refknot("objects", "--at", "peak", "--by", "function", simple.main)
    rows = told.out.decode().splitlines()
    assert re.match(r" +LIVE +BYTES +AVERAGE +FUNCTION$", rows[0])
    assert re.match(r"1 object +2\.9 MiB +2\.9 MiB +s0$", rows[1].strip())
    assert re.match(r"3 objects +2\.9 MiB .* total$", rows[4].strip()), rows


@pytest.mark.parametrize("more, words", [
    (["--by", "size"], "keep counts only"), (["--by", "root"], "keep counts only"),
    (["--retained"], "keep counts only"), (["--gen", "1"], "keep counts only")])
def test_what_a_peak_does_not_know_is_refused(more, words, simple):
    done = refknot("objects", "--at", "peak", *more, simple.main)
    assert done.status == 2 and words in done.told


def test_a_peak_is_compared_with_the_end(simple):
    def rows(*argv):
        told = refknot("diff", "--format", "json", "--by", "function", *argv)
        assert told.status == 0, told.told
        return {r["type"]: (r["before"], r["after"])
                for r in json.loads(told.out)["difference"]["rows"]}
    there = f"{simple.main}@peak"
    assert rows(there, simple.main) == {"s0": (1, 0), "s1": (1, 0), "s4": (0, 1)}
    assert rows(simple.main, there) == {"s0": (0, 1), "s1": (0, 1), "s4": (1, 0)}
    assert rows(there, there) == {}
    # The end is what the file alone is, with all that it knows.
    end = f"{simple.main}@end"
    assert rows(there, end) == rows(there, simple.main)
    for more in ([], ["--by", "size"], ["--by", "root"], ["--retained"]):
        done = refknot("diff", *more, simple.main, end)
        assert (done.status, done.out) == (0, b"nothing differs\n"), done.told
    assert refknot("objects", "--at", "end", simple.main).out == \
        refknot("objects", simple.main).out
    told = refknot("diff", there, simple.main).out.decode()
    assert "BEFORE" in told and "may have been" not in told
    for more in (["--by", "size"], ["--by", "root"], ["--retained"]):
        done = refknot("diff", *more, there, simple.main)
        assert done.status == 2 and "a mark or the peak" in done.told


def test_a_mark_that_is_not_there_names_what_is(simple, tmp_path):
    old = as_of_minor_version_8(simple.main, tmp_path / "old.rkn")
    for recording, known in (simple.main, True), (old, False):
        done = refknot("diff", f"{recording}@start", recording)
        assert done.status == 2 and "no such mark; its marks: none" in done.told
        assert ("; @peak and @end need none" if known else
                "; @end needs none") in done.told
        done = refknot("objects", "--at", "warm", recording)
        assert done.status == 2 and 'no mark "warm"; its marks: none' in done.told
        assert ("; --at peak needs none" in done.told) == known
    for time in "50%", "0.000001", "1us":
        done = refknot("objects", "--at", time, simple.main)
        assert done.status == 2 and "--between" in done.told, done.told
        command = done.told.strip().split("refknot objects ")[1].split()
        assert command == ["--between", "start", time]
    # What it names can be typed.
    done = refknot("diff")
    assert done.status == 2
    first, second = done.told.strip().split("refknot diff ")[1].split()
    assert (first, second) == ("prog.1.rkn@peak", "prog.1.rkn")
    assert refknot("diff", f"{simple.main}@peak", simple.main).status == 0


def test_a_mark_of_that_name_is_meant(tmp_path):
    made = record(tmp_path, program(tmp_path, """
#include <refknot.h>
int main(void)
{
    struct kept k[3];
    take(&k[0], 0, 100);
    refknot_mark("peak");
    refknot_mark("end");
    take(&k[1], 1, 5000);
    give(&k[1]);
    take(&k[2], 2, 10);
    tell();
}
"""))
    found, _ = at_peak(made.main)
    assert found == {"s0": (1, 100)}
    end = f"{made.main}@end"
    done = refknot("diff", f"{made.main}@peak", end)
    assert done.out == b"nothing differs\n"
    done = refknot("diff", "--by", "size", made.main, end)
    assert done.status == 2 and "a mark or the peak" in done.told
    done = refknot("objects", "--at", "peek", made.main)
    assert done.status == 2 and "its marks: peak, end" in done.told


def test_what_changed_most_is_first_and_all_rows_add_up(tmp_path):
    """Which way it changed does not matter; what is not shown is one row."""
    made = record(tmp_path, program(tmp_path, """
int main(void)
{
    struct kept k[SITES], late[3];
    for (int i = 0; i < SITES; i++)
        take(&k[i], i, 1024 * (i + 1));
    for (int i = 1; i < SITES; i++)
        give(&k[i]);
    for (int i = 0; i < 3; i++)
        take(&late[i], i, 2560);
    tell();
}
"""))
    by = "--by", "function"
    for command in (["diff", *by, f"{made.main}@peak", made.main],
                    ["objects", *by, "--between", "peak", "end", made.main]):
        whole, cut = (refknot(*command[:3], "-n", n, *command[3:]).out.decode()
                      for n in ("0", "3"))
        rows = [r.split() for r in whole.splitlines()
                if re.search(r" s\d$| char\[\]$", r)]
        assert [r[-1] for r in rows] == ["s7", "s6", "s5", "s4", "s3",
                                         "s0", "s1", "s2"], whole
        assert "other (" not in whole and "omitting" not in cut
        table = [r.strip() for r in cut[cut.index("BEFORE"):].splitlines()]
        assert [r.split()[-1] for r in table[1:4]] == ["s7", "s6", "s5"]
        # s4 -5, s3 -4, s0 +2.5, s2 -0.5, s1 +0.5; s0 to s2 as many as before
        assert re.search(r"-1 +-6\.5 KiB +other \(5 rows more\)$", table[4]), cut
        assert re.search(r"-4 +-27\.5 KiB +total$", table[5]), cut
