# SPDX-License-Identifier: MIT
"""Blocks that are alive stay so, however the C library lays out its arenas."""
import pytest

from conftest import compiled, environment, record

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
