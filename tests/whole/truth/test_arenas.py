# SPDX-License-Identifier: MIT
"""Blocks that are alive stay so, however the C library lays out its arenas."""
import pytest

from conftest import compiled, environment, read_json, record

ARENAS = r"""
#include <pthread.h>
#include <stdlib.h>

#define THREADS 6
#define BLOCKS 200

static void **kept[THREADS];
static pthread_barrier_t all;

static void *fill(void *place)
{
    void ***mine = place;

    pthread_barrier_wait(&all);
    *mine = calloc(BLOCKS, sizeof(void *));
    for (int i = 0; i < BLOCKS; i++)
        (*mine)[i] = calloc(1, 50000);
    pthread_barrier_wait(&all);
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];

    pthread_barrier_init(&all, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, fill, &kept[i]);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++)
        for (int j = 0; j < BLOCKS; j++)
            *(void **)kept[i][j] = malloc(40);
    return 0;
}
"""


@pytest.mark.parametrize("huge", [0, 2])
def test_arenas_in_parts_of_any_size(tmp_path, huge):
    """With large pages the parts of several lie in the same 64 MiB."""
    program = compiled(tmp_path, "arenas", ARENAS, "-O1", "-g", "-pthread")
    recorded = record(tmp_path, program, env=environment(
        GLIBC_TUNABLES=f"glibc.malloc.hugetlb={huge}"))
    assert recorded.outcome.status == 0, recorded.outcome.told
    report = recorded.report()
    assert report["findings"] == []
    assert report["process"]["live_blocks"] >= 6 + 2 * 6 * 200


PAST_THE_END = r"""
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *name;
static void **table;

static void fill(void)
{
    for (int i = 0; i < 30; i++)
        table[i] = malloc(100);
}

int main(int argc, char **argv)
{
    pid_t pid = 0;

    if (argc < 3)
        return 1;
    name = malloc(24);
    table = calloc(1, 264);
    memset(name, atoi(argv[2]), 24);
    /* Behind the name is the size of the table's chunk. */
    *(char *volatile *)&name += 24;
    *name = (char)atoi(argv[1]);
    *(char *volatile *)&name -= 24;
    if (argc > 3)
        pid = fork();
    if (!pid)
        fill();
    return pid && waitpid(pid, NULL, 0) != pid;
}
"""


@pytest.mark.parametrize("forks", [(), ("fork",)])
@pytest.mark.parametrize("filler", [0, 1, ord("x")])
@pytest.mark.parametrize("byte", [0, 0x10, 0x18, 0x21, 0x61, 0x62, 0x78, 0x80,
                                  0x81, 0xf1, 0xff])
def test_a_byte_too_much_ends_no_block(tmp_path, byte, filler, forks):
    program = compiled(tmp_path, "past", PAST_THE_END, "-O1", "-g", "-w")
    recorded = record(tmp_path, program, byte, filler, *forks)
    assert recorded.outcome.status == 0, recorded.outcome.told
    for recording in recorded.all:
        report = read_json("report", recording, "--limit", "0")
        assert report["findings"] == []
        assert not [m for m in report["complete"]
                    if "free again" in m["what"]]
    assert report["process"]["live_blocks"] == (30 if forks else 32)
