# SPDX-License-Identifier: MIT
"""How much of a program's stack refknot takes: no path from a hook, a call of
refknot.h or a handler more than LIMIT bytes, signals' frames and what the C
library takes not counted. What the compiler made of the sources is read, so
that no run has to find the deepest path; see depth.py.
"""
import pytest

from conftest import SHIM, other_build
from depth import Library, plain

LIMIT = 1024
OWN_STACK = 64 << 10  # preload/kernel/aside.c's SIZE
SPARE = 32 << 10      # of it, for what the C library takes there

# What `real` leads to before the first call of a hook. Then it is the C
# library's, or of another allocator.
FIRST = [f"real.c:first_{name}" for name in
         ("malloc", "calloc", "realloc", "free", "usable_size",
          "aligned_alloc", "memalign", "valloc", "pvalloc")]
NOT_OURS = []
INDIRECT = {
    # variables
    "real": FIRST + ["real.c:own_posix_memalign", "real.c:own_mmap",
                     "real.c:own_munmap", "real.c:own_mprotect",
                     "real.c:own_pkey_mprotect", "real.c:own_madvise",
                     "real.c:own_mremap", "real.c:own_exit"],
    "real_private": NOT_OURS,
    "real_syscall": ["real.c:first_syscall"],
    "real_swapcontext": NOT_OURS,
    "real_setcontext": NOT_OURS,
    "libc": ["libc.c:value_told"],
    "next_free": NOT_OURS,
    "next_realloc": NOT_OURS,
    "oracle": NOT_OURS,
    "process.c:begin_aside": ["start_recording"],
    "process_ready": ["start.c:is_inside"],
    "thread_enter_slowly": ["signal_stack_look"],
    "blocks_sift": ["chunks.c:is_kept"],
    "thread_verify": ["verify.c:verify_stack"],
    "knows": NOT_OURS,
    # functions that call the C library's, found by libc()
    "api.c:tell_program": NOT_OURS,
    "assertions_last_release": NOT_OURS,
    "contents_note": NOT_OURS,
    "awaits.c:sigwait": NOT_OURS,
    "daemon": NOT_OURS,
    "dynamic_first": NOT_OURS,
    "dynamic_in": NOT_OURS,
    "dynamic_next": NOT_OURS,
    "footing_frame": NOT_OURS,
    "footing_holds": NOT_OURS,
    "heap_init": NOT_OURS,
    "ticks_coarse": NOT_OURS,
    "ticks_exact": NOT_OURS,
    "fatal.c:replace": ["fatal.c:is_default", "fatal.c:is_entry",
                        "fatal.c:move", "fatal.c:stand_in",
                        "fatal.c:stand_back"],
    "image.c:find_with": NOT_OURS,
    "image.c:program_headers": NOT_OURS,
    "image_headers": NOT_OURS,
    "kill_call": ["real.c:first_syscall"],
    "kills.c:kill_call": ["real.c:first_syscall"],
    "libc.c:find_all": NOT_OURS,
    "libc_is_secure": NOT_OURS,
    "limits.c:change": NOT_OURS,
    "marks_assert_no_growth": NOT_OURS,
    "mlockall": NOT_OURS,
    "modules.c:path_of": NOT_OURS,
    "start.c:loaded": NOT_OURS,
    "real.c:own_mmap": NOT_OURS,
    **{f"real.c:own_{name}": NOT_OURS
       for name in ("munmap", "mprotect", "pkey_mprotect", "madvise",
                    "mremap")},
    "reallocarray": NOT_OURS,
    "sigwait": NOT_OURS,
    "verify_init": NOT_OURS,
    # other functions
    **{name: NOT_OURS for name in FIRST},
    "real.c:first_syscall": NOT_OURS,
    "real.c:own_posix_memalign": NOT_OURS,
    "real.c:own_exit": NOT_OURS,
    "real.c:guarded_realloc": NOT_OURS,
    "signals.c:set": NOT_OURS,
    "stop.c:handler": NOT_OURS,
    "tasks_each": ["stop.c:note_listed", "stop.c:count_one",
                   "kills.c:look_at"],
    "executions.c:spawn_noted": NOT_OURS,
    "execveat": NOT_OURS,
    "executions_call": ["real.c:first_syscall"],
    "waits_call": ["real.c:first_syscall"],
    "ends.c:each_name": ["ends.c:note_member", "ends.c:take_back_of"],
    "posix_spawn": NOT_OURS,
    "posix_spawnp": NOT_OURS,
    "pidfd_spawn": NOT_OURS,
    "pidfd_spawnp": NOT_OURS,
    "siginterrupt": NOT_OURS,
    "aside": NOT_OURS,  # there is no stack left, or it is no program's
    "wishes_ask": NOT_OURS,
    "wishes_ask_again": NOT_OURS,
    "collect.c:clear": NOT_OURS,
    "listeners_call": NOT_OURS,
    "object_visits_items": ["assertions.c:add_holder"],
    "object_visits_objects": ["assertions.c:add_holder"],
    "object_visits.c:visit_list": ["assertions.c:add_holder"],
    "objects_end_block": ["references_lives.c:gone"],
    "chunks.c:visit_arena": ["chunks.c:mark", "inherited.c:visit_used"],
    "chunks.c:visit_cache": ["chunks.c:mark", "inherited.c:visit_used"],
    "chunks_used": ["inherited.c:visit_used"],
    "chunks.c:walk_chunks": ["inherited.c:visit_used",
                             "chunks.c:visit_if_cache"],
    "chunks_others": ["roots.c:search_other"],
    "chunks_parts": ["resident.c:note_part"],
    "inherited.c:visit_used": ["inherited.c:count_one", "inherited.c:add"],
    "inherited_walk": ["inherited.c:count_one", "inherited.c:add",
                       "roots.c:search_inherited"],
    "roots.c:search_piece": ["heap_first_arena", "own_memory_find",
                             "roots.c:contexts_dead"],
    "crtstuff.c:register_tm_clones": NOT_OURS,
    "crtstuff.c:deregister_tm_clones": NOT_OURS,
    "_init": NOT_OURS,
    # jumps by a table, before which nothing is pushed
    "dynamic_read": NOT_OURS,
    "dynamic_take": NOT_OURS,
    "failure.c:reason": NOT_OURS,
}

# The one that turns to another stack, and the one that a program calls.
TURNS = {"aside.c:aside_turn"}
ASIDE = "aside"

# Not called by a pointer to it: the pointer tells which library this is.
NAMED_ONLY = {"stack_base_low", "verify.c:add_own_directory"}

# Only for REFKNOT_VERIFY, and libunwind takes more than all of refknot.
LEFT_OUT = {"verify.c:verify_stack"}

# As much as the caller's own list of variable arguments is long.
AS_LONG_AS_A_LIST = {"execl", "execle", "execlp"}


@pytest.fixture(scope="module")
def library():
    why = other_build()
    if why:
        pytest.skip(why)
    return Library(SHIM, INDIRECT, TURNS | LEFT_OUT, ASIDE)


def entries(library):
    """Whatever others can call: by name, or by a pointer that is not listed
    with its callers above."""
    inner = NAMED_ONLY.union(*INDIRECT.values())
    for address, name in library.starts.items():
        if (name.split(":")[-1] in library.exported or
                address in library.taken - library.given and
                name not in inner):
            yield address


def deepest(library, addresses):
    paths = [library.path(a) for a in addresses]
    assert not library.unlisted, \
        f"what is called by a pointer belongs in INDIRECT: {library.unlisted}"
    return sorted(paths, reverse=True)


def shown(paths):
    return "\n".join(f"{p.bytes}: {' -> '.join(p.names)}" for p in paths)


def test_no_path_takes_more_than_a_kibibyte_of_a_programs_stack(library):
    paths = deepest(library, entries(library))
    assert len(paths) > 100
    assert paths[0].bytes > 400, "nothing was followed"
    print(shown(paths[:1]))
    wrong = [p for p in paths if p.bytes > LIMIT]
    assert not wrong, shown(wrong)


def test_what_is_done_aside_has_room_there(library):
    paths = deepest(library, library.given)
    names = {p.names[0] for p in paths}
    assert {"process.c:begin_aside", "failure.c:end"} <= names
    print(shown(paths[:1]))
    wrong = [p for p in paths if p.bytes > OWN_STACK - SPARE]
    assert not wrong, shown(wrong)


def test_functions_that_take_what_they_are_asked_are_known(library):
    deepest(library, library.starts)
    assert library.dynamic
    assert {plain(n) for n in library.dynamic} <= AS_LONG_AS_A_LIST
