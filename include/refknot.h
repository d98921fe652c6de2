/* SPDX-License-Identifier: MIT */
/*
 * refknot's interface for programs.  Header only: nothing to link.  Where the
 * process is not recorded every call is one load and one branch that is
 * predicted, and with REFKNOT_DISABLE defined it is nothing at all.
 *
 * It compiles as C99 and later and as C++11 and later, with gcc and clang, into
 * programs of any kind (PIE or not) and into shared libraries.  A statically
 * linked program cannot be recorded, so there the calls do nothing.
 *
 * Unless its comment says otherwise, a function may be called from any thread
 * at any time, in destructors and signal handlers too.  A handler that
 * interrupted refknot itself is not served: that is counted and reported, as
 * is every other call that makes no sense (NULL, memory that is not a live
 * block, an address that is not an object's).  No call changes errno, takes a
 * lock of the program's, allocates from its heap or fails in any other way.
 *
 * Names (types, fields, marks, regions) are copied; of one that is longer than
 * REFKNOT_NAME_MAX bytes the first so many count.
 */
#ifndef REFKNOT_H
#define REFKNOT_H

#include <stddef.h>
#include <stdint.h>

#define REFKNOT_NAME_MAX 255

#ifdef __cplusplus
extern "C" {
#endif

/* What is known of one object, while a visit lasts. */
struct refknot_info {
	const void *address;
	const char *type;  /* lives as long as the process */
	uint64_t serial;   /* "Session#17": 17, counted by type from 1 */
	size_t size;       /* of its block from there on, bytes */
	long count;        /* references: from its counter, else as told */
	int generation;    /* 0, 1, 2; 3: frozen */
	const char *field; /* of the edge that led here; NULL: none, no name */
};

/* Called for one object; not 0 ends the visit. It may call anything, and free
 * objects too. */
typedef int refknot_visit(const struct refknot_info *object, void *data);

struct refknot_stats { /* of one generation */
	uint64_t collections;
	uint64_t collected;     /* objects found unreachable, each once */
	uint64_t uncollectable; /* others: without a clear, or held by such */
};

enum refknot_phase { REFKNOT_START, REFKNOT_STOP };

/* `found` and `uncollectable` are 0 at REFKNOT_START. The former has the latter in
 * it: Python's info["collected"] is what is left. */
typedef void refknot_callback(enum refknot_phase phase, int generation,
			      long found, long uncollectable, void *data);

enum refknot_debug {
	REFKNOT_DEBUG_STATS = 1,         /* a line on stderr per collection */
	REFKNOT_DEBUG_COLLECTABLE = 2,   /* and per object with a clear */
	REFKNOT_DEBUG_UNCOLLECTABLE = 4, /* and per object without */
	REFKNOT_DEBUG_SAVEALL = 32, /* keep all as garbage, clear nothing */
	REFKNOT_DEBUG_LEAK = 38     /* the last three */
};

/* For the inline functions below alone. Addresses are numbers, so that no
 * compiler takes a call for a use of what is there. */
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
 * Each program and library that is linked has one pointer to the interface. In
 * libraries the loader fills it in; in programs, where linkers settle what is
 * not there to NULL for good, the recorder does: a note tells it where. There
 * is one a source file: linkers drop one in a group where they drop what is
 * not used.
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

/* What follows the call keeps it from being the function's last: then its
 * caller would look like the caller's caller. */
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

/* Is this process being recorded? Not 0: yes. */
REFKNOT_API int refknot_present(void)
{
	return REFKNOT_ON != 0;
}

/* The version of the library that records this process: "0.1.0". NULL: none
 * does. */
REFKNOT_API const char *refknot_version(void)
{
	return REFKNOT_ON ? REFKNOT_TABLE->version : (const char *)0;
}

/* --- Objects ---------------------------------------------------------- */

/*
 * `p` is an object of that type from now on, and has one reference: its
 * maker's, which nobody is named for. `p` is a live block of the heap, or an
 * address inside one: then there may be several in one block. It ends with its
 * block, follows it through realloc, or ends by refknot_object_end(). Called
 * again for the same address: another object, the one before has ended.
 */
REFKNOT_API void refknot_object(const void *p, const char *type)
{
	REFKNOT_DO(object(REFKNOT_AT(p), type, 0, 0, 0));
}

/*
 * The same for an object that counts itself: what `counter` (inside the block,
 * `width` 1, 2, 4 or 8 bytes, aligned) holds plus `bias` is its number of
 * references, whatever was told. If that is 0 at the call, its maker has none
 * yet, as of pointers that count themselves in (boost, Chromium). `bias` is 1
 * only for counters that are 0 while there is one holder. Counters of 1 and 2
 * bytes have no sign; all bits set mean an object that is never freed, as do
 * negative and huge values in wider ones.
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

/* It is of another type now: its kind turned out later. */
REFKNOT_API void refknot_rename(const void *p, const char *type)
{
	REFKNOT_DO(rename(REFKNOT_AT(p), type));
}

/* It ends, while its block goes on: it returns to a pool. */
REFKNOT_API void refknot_object_end(const void *p)
{
	REFKNOT_DO(end(REFKNOT_AT(p)));
}

/*
 * Name a type and tell how its objects let go. `clear` (NULL: they cannot) is
 * called by refknot_collect() with an object that only its own cycle keeps: it
 * takes the object's references out of it and then releases them, so that the
 * program's own code frees the members. Like CPython's tp_clear: what it uses
 * after that may be gone, so it holds a reference of its own if need be.
 */
REFKNOT_API void refknot_type(const char *type, void (*clear)(void *object))
{
	REFKNOT_DO(type(type, clear));
}

/* --- References ------------------------------------------------------- */

/* One reference more on object `p`, which nobody is named for. */
REFKNOT_API void refknot_retain(const void *p)
{
	REFKNOT_DO(retain(REFKNOT_AT(p), 0, (const char *)0));
}

/*
 * One reference less. Call it before the program lets go, while the object is
 * there. Of the references that nobody is named for, it ends the one that was
 * taken in the same thread under the nearest common caller, of several the
 * last; if there is none, the last that somebody is named for.
 */
REFKNOT_API void refknot_release(const void *p)
{
	REFKNOT_DO(release(REFKNOT_AT(p), 0, (const char *)0));
}

/*
 * The same for a reference that `holder` keeps in `field` (NULL: not named): it
 * is an edge from `holder` to `p` as well. In all calls a holder or owner may be
 * an object, any address in one (&node->table), or memory that is none.
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

/* A reference on `p` changes hands: from holder `from` to `to`. NULL on
 * either side: nobody that is named. The count stays. */
REFKNOT_API void refknot_move(const void *p, const void *from, const void *to)
{
	REFKNOT_DO(move(REFKNOT_AT(p), REFKNOT_AT(from), REFKNOT_AT(to)));
}

/*
 * `owner` keeps in `field` a reference on `p` that is counted already: by
 * refknot_retain(), or in the object's own counter. Tells who holds it; counts
 * nothing.
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

/* `owner` points at `p` in `field` without a reference: it does not keep it
 * alive, and makes no cycle. */
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

/* The references on `p`: what its counter holds, else as told. -1: it is no
 * object (see refknot_is_tracked), or nothing is recorded. Unlike in Python none is added. */
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

/* The block `p` is in use although no pointer to it can be found, and so is
 * what it points at; until refknot_unroot(), or its end. */
REFKNOT_API void refknot_root(const void *p)
{
	REFKNOT_DO(tame(REFKNOT_AT(p), REFKNOT_ROOT, 1));
}
REFKNOT_API void refknot_unroot(const void *p)
{
	REFKNOT_DO(tame(REFKNOT_AT(p), REFKNOT_ROOT, 0));
}

/* Memory outside the heap in which pointers keep blocks alive. Call the
 * opposite with the same two values before it is unmapped. */
REFKNOT_API void refknot_root_region(const void *start, size_t size)
{
	REFKNOT_DO(span(REFKNOT_AT(start), size, 1));
}
REFKNOT_API void refknot_unroot_region(const void *start, size_t size)
{
	REFKNOT_DO(span(REFKNOT_AT(start), size, 0));
}

/* The block `p` is left behind on purpose; what it points at is in use. */
REFKNOT_API void refknot_not_leak(const void *p)
{
	REFKNOT_DO(tame(REFKNOT_AT(p), REFKNOT_NOT_LEAK, 1));
}

/* The same, and its contents are not searched for pointers. */
REFKNOT_API void refknot_ignore(const void *p)
{
	REFKNOT_DO(tame(REFKNOT_AT(p), REFKNOT_IGNORE, 1));
}

/* The contents of block `p` are not searched for pointers: it holds numbers
 * that may look like some. */
REFKNOT_API void refknot_no_scan(const void *p)
{
	REFKNOT_DO(tame(REFKNOT_AT(p), REFKNOT_NO_SCAN, 1));
}

/* --- Marks and regions -------------------------------------------------- */

/*
 * Note what is alive now, by type and by place of allocation, under that name:
 * for `refknot objects --at NAME` and `refknot diff`. Of one name the first 15
 * are kept, and the last. It costs a pass over all objects (1 million: some 50
 * ms) and over all places; what other threads allocate meanwhile is in it or
 * not. Not from signal handlers.
 */
REFKNOT_API void refknot_mark(const char *name)
{
	REFKNOT_DO(mark(name));
}

/*
 * What this thread allocates and frees between the two is summed up by type
 * and by place for each pass: for `refknot regions`. Regions may be nested (32
 * deep) and entered at any time again. An end ends the innermost open region of
 * that name, and those inside it that were left without one. A region that is
 * open when its thread ends, or that is left by longjmp, counts as begun and not
 * as passed.
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
 * Numbers are those of CPython 3.11's gc module after the same calls; what differs
 * is said here, and for those that know Python in refknot(3).
 *
 * Find orphaned cycles of objects up to generation `generation` (0, 1, or 2:
 * all) by trial deletion over references with a holder, and call `clear` for
 * each member. Where its type has none, it is kept as garbage, which holds it:
 * it is found once, until refknot_drop_garbage(), and what it leads to is not
 * cleared. Nor is what has got a reference from elsewhere in the meantime. Older
 * objects count as roots; what is still in use grows older by one. What
 * automatic checks found and nobody has taken up again is cleared, too.
 *
 * Returns how many objects were found, with those that an automatic check had
 * found; 0 while another collection is at work, as from within a callback or a
 * `clear`; -1 if there is no such generation, no memory, or a thread that does
 * not come out of a call. Callbacks and `clear` must return. Not from signal
 * handlers, and not while the program holds a lock that `clear` may take.
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

/* Visit the objects of a generation (-1: of all three; 3: the frozen ones) that
 * are there when it begins. Returns how many there are, whether `visit` ended it
 * or not. `visit` may be NULL here and below. */
REFKNOT_API size_t refknot_get_objects(int generation, refknot_visit *visit,
				       void *data)
{
	return REFKNOT_GET(
	    visit(REFKNOT_OBJECTS | (generation + 1) << 4, 0, visit, data),
	    (size_t)0);
}

/* The objects that hold a reference or weak edge to `p`; and those that `p`
 * holds. An object is visited once for each, frozen or not. */
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

/* What collections found and could not clear, as far as it is still there. */
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

/* count[0]: objects made less objects ended since the last check of
 * generation 0; [1] and [2]: checks of the generation below since the last of
 * this one. */
REFKNOT_API void refknot_get_count(long count[3])
{
	count[0] = count[1] = count[2] = 0;
	REFKNOT_DO(numbers(REFKNOT_COUNT, count));
}
/* 700, 10, 10 at first. Where count[0] exceeds the first as an object is about to
 * be made, the oldest generation is checked whose count exceeds its threshold; but
 * not the last where less than a quarter of its objects is new. 0 for the first:
 * no automatic checks; less: one an object. */
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

/* Of the three generations. */
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
 * Automatic checks: on at first. They find, count, age and keep garbage as
 * refknot_collect() does but call no `clear`, because the code that makes an
 * object may hold any lock. What they find waits for the next refknot_collect() of
 * any generation: until then it is there, holds what it holds, and no check finds
 * it again. The object that is about to be made is not in its own check.
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

/* Put all objects aside, but for those that wait to be cleared: no check looks at
 * them, they count as roots, and all counts are 0. Back: into the oldest
 * generation. */
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

/* Is `p` an object? */
REFKNOT_API int refknot_is_tracked(const void *p)
{
	return REFKNOT_GET(visit(REFKNOT_TRACKED, REFKNOT_AT(p), 0, 0),
			   (size_t)0) != 0;
}

/* Called at the start and the end of every check, in the thread that makes it, in
 * the order in which they were added. They may add and remove: who removes itself
 * has the next one left out that time. 0; -1: there are 16 already. The opposite:
 * -1 if it is not there. */
REFKNOT_API int refknot_add_callback(refknot_callback *callback, void *data)
{
	return REFKNOT_GET(callback(callback, data, 1), -1);
}
REFKNOT_API int refknot_remove_callback(refknot_callback *callback, void *data)
{
	return REFKNOT_GET(callback(callback, data, 0), -1);
}

/* Any of enum refknot_debug. */
REFKNOT_API void refknot_set_debug(int flags)
{
	REFKNOT_DO(flag(REFKNOT_SET_DEBUG, flags));
}
REFKNOT_API int refknot_get_debug(void)
{
	return REFKNOT_GET(flag(REFKNOT_GET_DEBUG, 0), 0);
}

/* Forget the garbage: `del gc.garbage[:]`. */
REFKNOT_API void refknot_drop_garbage(void)
{
	REFKNOT_DO(flag(REFKNOT_DROP_GARBAGE, 0));
}

/* --- Assertions, for unit tests ------------------------------------------ */

/* One reference is left on `p`, so that the release which follows ends it.
 * Otherwise: a message on stderr that says who holds the others, and abort().
 * Nothing happens where nothing is recorded. */
REFKNOT_API void refknot_assert_last_release(const void *p)
{
	REFKNOT_DO(assert_last_release(REFKNOT_AT(p)));
}

/* There are no more live blocks, and no more objects of any type, than at the
 * last mark of that name. Otherwise: a message that says where they come from,
 * and abort(). What libraries allocate once and keep (stdio's buffer) counts,
 * so make the mark when they have it. */
REFKNOT_API void refknot_assert_no_growth(const char *mark)
{
	REFKNOT_DO(assert_no_growth(mark));
}

#ifdef __cplusplus
}
#endif

#endif
