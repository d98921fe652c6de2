/* SPDX-License-Identifier: MIT */
/*
 * refknot's interface for programs.  It is header only: there is nothing to
 * link.  If the process is not recorded, a call costs one load and one
 * predicted branch; if REFKNOT_DISABLE is defined, a call compiles to nothing.
 *
 * The header compiles as C99 or C++11 and later, with gcc and clang, in
 * programs of any kind (PIE or not) and in shared libraries.  A statically
 * linked program cannot be recorded: there the calls do nothing.
 *
 * Unless its comment says otherwise, any thread may call a function at any
 * time, in destructors and signal handlers too.  A call does nothing if its
 * handler interrupted refknot itself, or if it makes no sense (NULL, memory
 * that is not a live block, an address that is not an object's); the report
 * counts both.  No call changes errno, takes a lock of the program's,
 * allocates from its heap or fails in any other way.
 *
 * Names (of types, fields, marks, regions) are copied; of a longer name only
 * the first REFKNOT_NAME_MAX bytes count.
 */
#ifndef REFKNOT_H
#define REFKNOT_H

#include <stddef.h>
#include <stdint.h>

#define REFKNOT_NAME_MAX 255

#ifdef __cplusplus
extern "C" {
#endif

/* What is known of one object. A visit passes it; it is valid until the
 * callback returns. */
struct refknot_info {
	const void *address;
	const char *type;  /* lives as long as the process */
	uint64_t serial;   /* "Session#17": 17, counted by type from 1 */
	size_t size;       /* bytes from `address` to its block's end */
	long count;        /* references: of its counter, else as declared */
	int generation;    /* 0, 1, 2; 3: frozen */
	const char *field; /* of the edge that led here, or NULL */
};

/* Called with one object; a result other than 0 ends the visit. It may call any
 * function and free any object. */
typedef int refknot_visit(const struct refknot_info *object, void *data);

struct refknot_stats { /* of one generation */
	uint64_t collections;
	uint64_t collected;     /* unreachable objects, each counted once */
	uint64_t uncollectable; /* others: without a clear, or held by such */
};

enum refknot_phase { REFKNOT_START, REFKNOT_STOP };

/* `found` and `uncollectable` are 0 at REFKNOT_START. `found` includes
 * `uncollectable`: Python's info["collected"] is the difference. */
typedef void refknot_callback(enum refknot_phase phase, int generation,
			      long found, long uncollectable, void *data);

enum refknot_debug {
	REFKNOT_DEBUG_STATS = 1,         /* a line on stderr per collection */
	REFKNOT_DEBUG_COLLECTABLE = 2,   /* and per object with a clear */
	REFKNOT_DEBUG_UNCOLLECTABLE = 4, /* and per object without */
	REFKNOT_DEBUG_SAVEALL = 32, /* keep all as garbage, clear nothing */
	REFKNOT_DEBUG_LEAK = 38     /* the last three */
};

/* Only the inline functions below use it. Addresses are numbers, so that no
 * compiler takes a call for a use of the memory there. */
struct refknot_interface {
	const char *version;
	void (*object)(uintptr_t, const char *, uintptr_t, size_t, long);
	void (*rename)(uintptr_t, const char *);
	void (*end)(uintptr_t);
	void (*type)(const char *, void (*)(void *));
	void (*retain)(uintptr_t, uintptr_t, const char *);
	void (*release)(uintptr_t, uintptr_t, const char *);
	void (*move)(uintptr_t, uintptr_t, uintptr_t);
	void (*link)(uintptr_t, uintptr_t, const char *, int);
	void (*unlink)(uintptr_t, uintptr_t, const char *, int);
	long (*getrefcount)(uintptr_t);
	void (*tame)(uintptr_t, int, int);
	void (*span)(uintptr_t, size_t, int);
	long (*collect)(int);
	size_t (*visit)(int, uintptr_t, refknot_visit *, void *);
	void (*numbers)(int, long *);
	int (*flag)(int, int);
	void (*stats)(struct refknot_stats *);
	int (*callback)(refknot_callback *, void *, int);
	void (*assert_last_release)(uintptr_t);
	void (*mark)(const char *);
	void (*region)(const char *, int);
	void (*assert_no_growth)(const char *);
};

#if defined(REFKNOT_DISABLE) || defined(REFKNOT_RECORDER)
#define REFKNOT_ON       0
#define REFKNOT_TABLE    ((const struct refknot_interface *)0)
#define REFKNOT_INTERNAL static inline
#else
/*
 * Each linked program and library has one pointer to the interface. The loader
 * sets a library's. In a program the linker resolves the missing symbol to NULL
 * for good, so the recorder sets the pointer: an ELF note says where it is.
 * Each source file has a note, since a linker that drops unused sections drops
 * a note that is in a group.
 */
extern const struct refknot_interface refknot_interface_1 __attribute__((weak));
extern const struct refknot_interface *refknot_table_1
    __attribute__((weak, visibility("hidden")));
__attribute__((weak, visibility("hidden"), used))
const struct refknot_interface *refknot_table_1 = &refknot_interface_1;
__asm__(".pushsection .note.refknot,\"a\",%note\n"
	".balign 4\n"
	".long 8, 4, 1\n"
	".asciz \"refknot\"\n"
	".long refknot_table_1 - .\n"
	".popsection\n");
#define REFKNOT_TABLE    refknot_table_1
#define REFKNOT_ON       __builtin_expect(REFKNOT_TABLE != 0, 0)
#define REFKNOT_INTERNAL static inline __attribute__((always_inline))
#endif

/* The empty statement behind the call keeps it from becoming a tail call, which
 * would hide the calling function. */
#define REFKNOT_DO(call)                                                       \
	do {                                                                   \
		if (REFKNOT_ON) {                                              \
			REFKNOT_TABLE->call;                                   \
			__asm__ volatile("");                                  \
		}                                                              \
	} while (0)
#define REFKNOT_GET(call, otherwise)                                           \
	(REFKNOT_ON ? REFKNOT_TABLE->call : (otherwise))
#define REFKNOT_AT(p) ((uintptr_t)(p))
#define REFKNOT_API   REFKNOT_INTERNAL __attribute__((unused))

/* Whether this process is recorded: not 0 if it is. */
REFKNOT_API int refknot_present(void)
{
	return REFKNOT_ON != 0;
}

/* The version of the library that records this process, such as "0.1.0"; NULL
 * if it is not recorded. */
REFKNOT_API const char *refknot_version(void)
{
	return REFKNOT_ON ? REFKNOT_TABLE->version : (const char *)0;
}

/* --- Objects ---------------------------------------------------------- */

/*
 * Makes `p` an object of that type. It has one reference, its maker's, which
 * names no holder. `p` is the address of a live block of the heap or an address
 * inside one; a block may have several objects. The object follows its block
 * through realloc; it ends with the block or by refknot_object_end(). A second
 * call for the same address ends the object and makes another.
 */
REFKNOT_API void refknot_object(const void *p, const char *type)
{
	REFKNOT_DO(object(REFKNOT_AT(p), type, 0, 0, 0));
}

/*
 * The same for an object with a counter of its own: the value at `counter`
 * (inside the block, aligned, of `width` 1, 2, 4 or 8 bytes) plus `bias` is its
 * number of references, whatever the calls said. If that is 0 now, its maker
 * has no reference yet, as with smart pointers that add their own (boost,
 * Chromium). `bias` is 1 only for counters that are 0 while there is one
 * holder. Counters of 1 and 2 bytes are unsigned. All bits set, and in wider
 * counters a negative or huge value, mean an object that is never freed.
 */
REFKNOT_API void refknot_object_counter(const void *p, const char *type,
					const volatile void *counter,
					size_t width, long bias)
{
	REFKNOT_DO(
	    object(REFKNOT_AT(p), type, REFKNOT_AT(counter), width, bias));
}
#define refknot_object_counted(p, type, counter)                               \
	refknot_object_counter((p), (type), (counter), sizeof(*(counter)), 0)

/* Gives object `p` another type, if its kind is known only later. */
REFKNOT_API void refknot_rename(const void *p, const char *type)
{
	REFKNOT_DO(rename(REFKNOT_AT(p), type));
}

/* Ends object `p` while its block stays allocated, as when it returns to a
 * pool. */
REFKNOT_API void refknot_object_end(const void *p)
{
	REFKNOT_DO(end(REFKNOT_AT(p)));
}

/*
 * Says how objects of a type let go of others. refknot_collect() calls `clear`
 * (NULL: they cannot) with an object that only its own cycle keeps. `clear`
 * takes the object's references out of it and then releases them, so that the
 * program's own code frees the members. It is like CPython's tp_clear: what it
 * uses after a release may be gone, so it may have to hold a reference.
 */
REFKNOT_API void refknot_type(const char *type, void (*clear)(void *object))
{
	REFKNOT_DO(type(type, clear));
}

/* --- References ------------------------------------------------------- */

/* One reference more on object `p`; it names no holder. */
REFKNOT_API void refknot_retain(const void *p)
{
	REFKNOT_DO(retain(REFKNOT_AT(p), 0, (const char *)0));
}

/*
 * One reference less. Call it before the program lets go, while the object
 * exists. It ends a reference without a named holder: the one that the same
 * thread took under the nearest common caller, of several the last. If there is
 * none, it ends the last one with a named holder.
 */
REFKNOT_API void refknot_release(const void *p)
{
	REFKNOT_DO(release(REFKNOT_AT(p), 0, (const char *)0));
}

/*
 * The same for a reference that `holder` keeps in `field` (NULL: no name); it
 * is also an edge from `holder` to `p`. In all calls a holder or owner may be
 * an object, any address in one (&node->table), or memory that is not an
 * object.
 */
REFKNOT_API void refknot_retain_by(const void *p, const void *holder,
				   const char *field)
{
	REFKNOT_DO(retain(REFKNOT_AT(p), REFKNOT_AT(holder), field));
}
REFKNOT_API void refknot_release_by(const void *p, const void *holder,
				    const char *field)
{
	REFKNOT_DO(release(REFKNOT_AT(p), REFKNOT_AT(holder), field));
}

/* A reference on `p` changes hands, from holder `from` to holder `to`; NULL is
 * a holder without a name. The count does not change. */
REFKNOT_API void refknot_move(const void *p, const void *from, const void *to)
{
	REFKNOT_DO(move(REFKNOT_AT(p), REFKNOT_AT(from), REFKNOT_AT(to)));
}

/*
 * `owner` keeps in `field` a reference on `p` that is counted already, by
 * refknot_retain() or in the object's own counter. The call names the holder
 * and counts nothing.
 */
REFKNOT_API void refknot_link(const void *owner, const void *p,
			      const char *field)
{
	REFKNOT_DO(link(REFKNOT_AT(owner), REFKNOT_AT(p), field, 0));
}
REFKNOT_API void refknot_unlink(const void *owner, const void *p,
				const char *field)
{
	REFKNOT_DO(unlink(REFKNOT_AT(owner), REFKNOT_AT(p), field, 0));
}

/* `owner` points at `p` in `field` without a reference: the pointer does not
 * keep `p` alive and makes no cycle. */
REFKNOT_API void refknot_weak(const void *owner, const void *p,
			      const char *field)
{
	REFKNOT_DO(link(REFKNOT_AT(owner), REFKNOT_AT(p), field, 1));
}
REFKNOT_API void refknot_unweak(const void *owner, const void *p,
				const char *field)
{
	REFKNOT_DO(unlink(REFKNOT_AT(owner), REFKNOT_AT(p), field, 1));
}

/* The references on `p`: from its own counter, else as declared. -1 if `p` is
 * not an object (see refknot_is_tracked) or the process is not recorded. Unlike
 * Python's, the result does not include one of the call's own. */
REFKNOT_API long refknot_getrefcount(const void *p)
{
	return REFKNOT_GET(getrefcount(REFKNOT_AT(p)), -1L);
}

/* --- Taming ----------------------------------------------------------- */

enum refknot_taming {
	REFKNOT_ROOT = 1,
	REFKNOT_NOT_LEAK = 2,
	REFKNOT_IGNORE = 4,
	REFKNOT_NO_SCAN = 8
};

/* The block `p`, and what it points at, are in use although no pointer to it
 * can be found; until refknot_unroot() or the end of the block. */
REFKNOT_API void refknot_root(const void *p)
{
	REFKNOT_DO(tame(REFKNOT_AT(p), REFKNOT_ROOT, 1));
}
REFKNOT_API void refknot_unroot(const void *p)
{
	REFKNOT_DO(tame(REFKNOT_AT(p), REFKNOT_ROOT, 0));
}

/* Pointers in that memory outside the heap keep blocks alive. Call the opposite
 * with the same two values before you unmap it. */
REFKNOT_API void refknot_root_region(const void *start, size_t size)
{
	REFKNOT_DO(span(REFKNOT_AT(start), size, 1));
}
REFKNOT_API void refknot_unroot_region(const void *start, size_t size)
{
	REFKNOT_DO(span(REFKNOT_AT(start), size, 0));
}

/* The program leaves block `p` behind on purpose; what it points at is in use.
 */
REFKNOT_API void refknot_not_leak(const void *p)
{
	REFKNOT_DO(tame(REFKNOT_AT(p), REFKNOT_NOT_LEAK, 1));
}

/* The same, and refknot does not search the block for pointers. */
REFKNOT_API void refknot_ignore(const void *p)
{
	REFKNOT_DO(tame(REFKNOT_AT(p), REFKNOT_IGNORE, 1));
}

/* refknot does not search block `p` for pointers: it holds numbers that may
 * look like pointers. */
REFKNOT_API void refknot_no_scan(const void *p)
{
	REFKNOT_DO(tame(REFKNOT_AT(p), REFKNOT_NO_SCAN, 1));
}

/* --- Marks and regions -------------------------------------------------- */

/*
 * Notes under that name what is alive now, by type and by place of allocation,
 * for `refknot objects --at NAME` and `refknot diff`. Of one name refknot keeps
 * the first 15 marks and the last. A mark costs a pass over all objects (some
 * 50 ms for a million) and over all places. What other threads allocate
 * meanwhile may be in it or not. Not for signal handlers.
 */
REFKNOT_API void refknot_mark(const char *name)
{
	REFKNOT_DO(mark(name));
}

/*
 * For each pass between the two, refknot sums up by type and by place what this
 * thread allocates and frees, for `refknot regions`. Regions may be nested, 32
 * deep, and entered again at any time. An end ends the innermost open region of
 * that name, and those inside it that have no end. A region that is open when
 * its thread ends, or that longjmp leaves, counts as begun and not as passed.
 */
REFKNOT_API void refknot_region_begin(const char *name)
{
	REFKNOT_DO(region(name, 1));
}
REFKNOT_API void refknot_region_end(const char *name)
{
	REFKNOT_DO(region(name, 0));
}

/* --- Garbage collection, as Python's gc module has it ------------------- */

/*
 * Numbers are those of CPython 3.11's gc module after the same calls; the
 * comments here say what differs, and refknot(3) says it for those who know
 * Python.
 *
 * Finds orphaned cycles of objects up to generation `generation` (0, 1, or 2
 * for all) by trial deletion over references with a holder, and calls `clear`
 * for each member. If its type has no `clear`, the object becomes garbage: the
 * garbage holds it, so that it is found only once until refknot_drop_garbage(),
 * and what it leads to is not cleared. What has got a reference from elsewhere
 * in the meantime is not cleared either. Older objects count as roots; what is
 * still in use grows older by one. What automatic checks found, and no code has
 * taken up again, is cleared, too.
 *
 * Returns how many objects were found, with those that an automatic check had
 * found; 0 while another collection runs, as within a callback or a `clear`; -1
 * if there is no such generation or no memory, or if a thread does not come out
 * of a call. Callbacks and `clear` must return. Not for signal handlers, and
 * not while the program holds a lock that `clear` may take.
 */
REFKNOT_API long refknot_collect(int generation)
{
	return REFKNOT_GET(collect(generation), 0L);
}

enum refknot_set {
	REFKNOT_OBJECTS,
	REFKNOT_REFERRERS,
	REFKNOT_REFERENTS,
	REFKNOT_GARBAGE,
	REFKNOT_TRACKED /* 0 or 1, and no visit */
};

/* Visits the objects of a generation (-1: of all three; 3: the frozen ones)
 * that exist when the call begins. Returns how many there are, even if `visit`
 * ended it early. `visit` may be NULL here and below. */
REFKNOT_API size_t refknot_get_objects(int generation, refknot_visit *visit,
				       void *data)
{
	return REFKNOT_GET(
	    visit(REFKNOT_OBJECTS | (generation + 1) << 4, 0, visit, data),
	    (size_t)0);
}

/* The objects that hold a reference or weak edge to `p`, and those that `p`
 * holds. An object, frozen or not, is visited once for each reference or edge.
 */
REFKNOT_API size_t refknot_get_referrers(const void *p, refknot_visit *visit,
					 void *data)
{
	return REFKNOT_GET(visit(REFKNOT_REFERRERS, REFKNOT_AT(p), visit, data),
			   (size_t)0);
}
REFKNOT_API size_t refknot_get_referents(const void *p, refknot_visit *visit,
					 void *data)
{
	return REFKNOT_GET(visit(REFKNOT_REFERENTS, REFKNOT_AT(p), visit, data),
			   (size_t)0);
}

/* What collections found and could not clear, as far as it still exists. */
REFKNOT_API size_t refknot_get_garbage(refknot_visit *visit, void *data)
{
	return REFKNOT_GET(visit(REFKNOT_GARBAGE, 0, visit, data), (size_t)0);
}

enum refknot_number {
	REFKNOT_COUNT,
	REFKNOT_THRESHOLD,
	REFKNOT_SET_THRESHOLD,
	REFKNOT_FREEZE_COUNT
};

/* count[0]: objects made less objects ended since the last check of generation
 * 0. count[1] and [2]: checks of the generation below since the last check of
 * this one. */
REFKNOT_API void refknot_get_count(long count[3])
{
	count[0] = count[1] = count[2] = 0;
	REFKNOT_DO(numbers(REFKNOT_COUNT, count));
}
/* 700, 10, 10 at first. If count[0] exceeds the first as an object is about to
 * be made, refknot checks the oldest generation whose count exceeds its
 * threshold; but not the last if less than a quarter of its objects are new. If
 * the first is 0 there are no automatic checks; if it is negative there is one
 * for each object. */
REFKNOT_API void refknot_get_threshold(long threshold[3])
{
	threshold[0] = threshold[1] = threshold[2] = 0;
	REFKNOT_DO(numbers(REFKNOT_THRESHOLD, threshold));
}
REFKNOT_API void refknot_set_threshold(long first, long second, long third)
{
	long threshold[3];

	threshold[0] = first;
	threshold[1] = second;
	threshold[2] = third;
	REFKNOT_DO(numbers(REFKNOT_SET_THRESHOLD, threshold));
}

/* What checks of each generation have found so far. */
REFKNOT_API void refknot_get_stats(struct refknot_stats stats[3])
{
	int i;

	for (i = 0; i < 3; i++)
		stats[i].collections = stats[i].collected =
		    stats[i].uncollectable = 0;
	REFKNOT_DO(stats(stats));
}

enum refknot_switch {
	REFKNOT_ENABLE,
	REFKNOT_ENABLED,
	REFKNOT_FREEZE,
	REFKNOT_SET_DEBUG,
	REFKNOT_GET_DEBUG,
	REFKNOT_DROP_GARBAGE
};

/*
 * Automatic checks are on at first. They find, count, age and keep garbage as
 * refknot_collect() does, but call no `clear`, because the code that makes an
 * object may hold any lock. What they find waits for the next refknot_collect()
 * of any generation: until then it exists, holds what it holds, and no check
 * finds it again. The object that is about to be made is not in its own check.
 */
REFKNOT_API void refknot_enable(void)
{
	REFKNOT_DO(flag(REFKNOT_ENABLE, 1));
}
REFKNOT_API void refknot_disable(void)
{
	REFKNOT_DO(flag(REFKNOT_ENABLE, 0));
}
REFKNOT_API int refknot_isenabled(void)
{
	return REFKNOT_GET(flag(REFKNOT_ENABLED, 0), 0);
}

/* Puts all objects aside, but for those that wait to be cleared: no check looks
 * at them, they count as roots, and all counts are 0. refknot_unfreeze() puts
 * them into the oldest generation. */
REFKNOT_API void refknot_freeze(void)
{
	REFKNOT_DO(flag(REFKNOT_FREEZE, 1));
}
REFKNOT_API void refknot_unfreeze(void)
{
	REFKNOT_DO(flag(REFKNOT_FREEZE, 0));
}
REFKNOT_API long refknot_get_freeze_count(void)
{
	long count = 0;

	REFKNOT_DO(numbers(REFKNOT_FREEZE_COUNT, &count));
	return count;
}

/* Whether `p` is an object: 1 or 0. */
REFKNOT_API int refknot_is_tracked(const void *p)
{
	return REFKNOT_GET(visit(REFKNOT_TRACKED, REFKNOT_AT(p), 0, 0),
			   (size_t)0) != 0;
}

/* Every check calls the callbacks at its start and its end, in the checking
 * thread and in the order in which they were added. They may add and remove
 * callbacks; if one removes itself, the next one is left out that time. Adding
 * returns 0, or -1 if there are 16 already; removing -1 if it was not added. */
REFKNOT_API int refknot_add_callback(refknot_callback *callback, void *data)
{
	return REFKNOT_GET(callback(callback, data, 1), -1);
}
REFKNOT_API int refknot_remove_callback(refknot_callback *callback, void *data)
{
	return REFKNOT_GET(callback(callback, data, 0), -1);
}

/* What a check prints and keeps: any of enum refknot_debug. */
REFKNOT_API void refknot_set_debug(int flags)
{
	REFKNOT_DO(flag(REFKNOT_SET_DEBUG, flags));
}
REFKNOT_API int refknot_get_debug(void)
{
	return REFKNOT_GET(flag(REFKNOT_GET_DEBUG, 0), 0);
}

/* Forgets the garbage, like `del gc.garbage[:]`. */
REFKNOT_API void refknot_drop_garbage(void)
{
	REFKNOT_DO(flag(REFKNOT_DROP_GARBAGE, 0));
}

/* --- Assertions, for unit tests ------------------------------------------ */

/* Asserts that `p` has one reference left, so that the next release ends it.
 * Otherwise it prints on stderr the holders of the others and calls abort().
 * It does nothing if the process is not recorded. */
REFKNOT_API void refknot_assert_last_release(const void *p)
{
	REFKNOT_DO(assert_last_release(REFKNOT_AT(p)));
}

/* Asserts that there are no more live blocks, and no more objects of any type,
 * than at the last mark of that name. Otherwise it prints where they come from
 * and calls abort(). What libraries allocate once and keep (stdio's buffer)
 * counts, so make the mark when they have it. */
REFKNOT_API void refknot_assert_no_growth(const char *mark)
{
	REFKNOT_DO(assert_no_growth(mark));
}

#ifdef __cplusplus
}
#endif

#endif
