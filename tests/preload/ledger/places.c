/* SPDX-License-Identifier: MIT */
/*
 * Objects where they are not expected: behind the end of a block that shrinks,
 * in pages that may not be read, deep in large blocks, in other threads and in
 * forked children.  As in corners.c one a run, by name; see test_places.py.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <refknot.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "corners.h"

#define MIB (1ul << 20)

static void *volatile kept[128];

static NOINLINE int *counted(void *p, const char *type)
{
	int *count = p;

	*count = 1;
	refknot_object_counted(p, type, count);
	return count;
}

static int look(const struct refknot_info *info, void *unused)
{
	(void)unused;
	return info->count < 0;
}

/* The memory of what lies behind the new end is given back to the kernel. */
static void shrinks(void)
{
	for (size_t i = 0; i < 16; i++) {
		char *p = malloc(64 * MIB);
		int *outer = counted(p, "Outer");

		counted(p + 60 * MIB + i * 1024, "Part");
		*outer = 2;
		kept[i] = realloc(p, MIB);
		CHECK(refknot_getrefcount(kept[i]) == 2);
		CHECK(refknot_get_objects(-1, NULL, NULL) == i + 1);
	}
}

/* The object stays, the counter that it has at the block's end does not. */
static void loses_counter(void)
{
	char *p = malloc(64 * MIB);
	int *count = (int *)(p + 60 * MIB);

	*count = 5;
	refknot_object_counted(p, "Cut", count);
	CHECK(refknot_getrefcount(p) == 5);
	kept[0] = p = realloc(p, MIB);
	CHECK(refknot_getrefcount(p) == 1);
}

/* One in the middle of each of many blocks, wherever they happen to lie. */
static void large_blocks(void)
{
	for (size_t i = 0; i < 64; i++) {
		char *p = kept[i] = malloc(MIB);

		refknot_object(p + MIB / 2 + i * 1024, "Part");
	}
	for (size_t i = 0; i < 64; i++) {
		kept[i] = realloc(kept[i], 2 * MIB);
		CHECK(refknot_is_tracked((char *)kept[i] + MIB / 2 + i * 1024));
	}
	for (size_t i = 0; i < 64; i++)
		free(kept[i]);
	CHECK(refknot_get_objects(-1, NULL, NULL) == 0);
}

/* Sealed pages of a thread's own and of others': they end as they are. */
static void sealed(void)
{
	int *p = aligned_alloc(4096, 4096), *q = aligned_alloc(4096, 8192);
	int *held = aligned_alloc(4096, 4096);

	*counted(p, "Secret") = 3;
	counted(held, "Held");
	counted(q + 1024, "Inside");
	refknot_retain_by(held, p, "held");
	kept[0] = p;
	kept[1] = q;
	kept[2] = held;
	mprotect(p, 4096, PROT_NONE);
	mprotect(q + 1024, 4096, PROT_NONE);
	CHECK(refknot_getrefcount(p) == 1);
	refknot_retain(p);
	refknot_release(p);
	CHECK(refknot_get_objects(-1, look, NULL) == 3);
	for (size_t i = 3; i < 128; i++)
		refknot_object(kept[i] = malloc(16), "X");
	CHECK(refknot_collect(2) == 0);
	refknot_object(q, "Other");
	refknot_object_end(q + 1024);
}

static void *makes(void *unused)
{
	for (size_t i = 0; i < 10; i++)
		refknot_object(kept[i] = malloc(16), "X");
	return unused;
}

static int makes_more(const struct refknot_info *info, void *made)
{
	(void)info;
	refknot_object(kept[10 + (*(size_t *)made)++] = malloc(16), "X");
	return 0;
}

/* All that another thread made is looked at, and nothing that is made then. */
static void of_others(void)
{
	pthread_t t;
	size_t made = 0;

	pthread_create(&t, NULL, makes, NULL);
	pthread_join(t, NULL);
	CHECK(refknot_get_objects(-1, NULL, NULL) == 10);
	refknot_freeze();
	CHECK(refknot_get_freeze_count() == 10);
	/* What is frozen is shown only where it is asked for. */
	CHECK(refknot_get_objects(-1, NULL, NULL) == 0);
	CHECK(refknot_get_objects(3, NULL, NULL) == 10);
	CHECK(refknot_get_objects(4, NULL, NULL) == 0);
	CHECK(refknot_get_objects(-2, NULL, NULL) == 0);
	refknot_unfreeze();
	CHECK(refknot_get_objects(2, NULL, NULL) == 10);
	CHECK(refknot_get_objects(-1, makes_more, &made) == 10);
	CHECK(made == 10);
	CHECK(refknot_get_objects(-1, NULL, NULL) == 20);
}

/* From here on the kernel knows no madvise and no mprotect. */
static int refuse_memory(void)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog p = { sizeof(f) / sizeof(*f), f };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p, 0, 0);
}

/* No table can grow: what finds no room is counted, the rest is served. */
static void no_room(void)
{
	char *pool = malloc(8 * MIB);

	refknot_disable();
	kept[0] = pool;
	for (size_t i = 0; i < 20000; i++)
		refknot_object(pool + i * 16, "Part");
	CHECK(!refuse_memory());
	for (size_t i = 0; i < 120000; i++)
		refknot_retain(pool);
	for (size_t i = 0; i < 120000; i++)
		refknot_object(pool + i * 16, "More");
	CHECK(refknot_getrefcount(pool + 16) == 1);
	CHECK(refknot_collect(2) == 0);
	CHECK(refknot_get_objects(-1, NULL, NULL) >= 20000);
}

#define RING 64
static void *ring[RING];
static sem_t full, empty;

static void *consumes(void *count)
{
	for (size_t i = 0; i < *(size_t *)count; i++) {
		sem_wait(&full);
		refknot_release(ring[i % RING]);
		free(ring[i % RING]);
		sem_post(&empty);
	}
	return NULL;
}

/* Made here, freed there: what is known of the ended is used again. */
static void handed_over(void)
{
	size_t count = 100000;
	pthread_t t;

	sem_init(&full, 0, 0);
	sem_init(&empty, 0, RING);
	pthread_create(&t, NULL, consumes, &count);
	for (size_t i = 0; i < count; i++) {
		void *p = malloc(32);

		sem_wait(&empty);
		refknot_object(p, "Message");
		refknot_retain(p);
		refknot_release(p);
		ring[i % RING] = p;
		sem_post(&full);
	}
	pthread_join(t, NULL);
	CHECK(refknot_get_objects(-1, NULL, NULL) == 0);
}

/* Holders that end before they give back what they hold. */
static void held_longer(void)
{
	static void *holders[1000];
	void *item = malloc(32);

	refknot_object(item, "Item");
	for (int round = 0; round < 50; round++) {
		for (size_t i = 0; i < 1000; i++) {
			refknot_object(holders[i] = malloc(16), "Holder");
			refknot_retain_by(item, holders[i], "item");
			refknot_object_end(holders[i]);
		}
		for (size_t i = 0; i < 1000; i++) {
			refknot_release_by(item, holders[i], "item");
			free(holders[i]);
		}
	}
	CHECK(refknot_getrefcount(item) == 1);
	free(item);
}

static atomic_int moves, marked;

static void *reallocs(void *unused)
{
	void *p = malloc(64);

	(void)unused;
	refknot_object(p, "Moved");
	for (size_t i = 1;; i++) {
		kept[0] = p = realloc(p, 64 + i % 200);
		atomic_fetch_add(&moves, 1);
	}
	return NULL;
}

static void *marks(void *unused)
{
	(void)unused;
	for (;;) {
		refknot_mark("mark");
		atomic_fetch_add(&marked, 1);
	}
	return NULL;
}

/* The end stops both where the one may wait for the other. */
static void ends_in_realloc(void)
{
	static void *many[20000];
	pthread_t t;

	for (size_t i = 0; i < 20000; i++)
		refknot_object(many[i] = malloc(16), "X");
	pthread_create(&t, NULL, reallocs, NULL);
	while (!atomic_load(&moves)) /* or the marks may not let it begin */
		sched_yield();
	pthread_create(&t, NULL, marks, NULL);
	while (atomic_load(&marked) < 3)
		usleep(100);
	CHECK(refknot_present());
}

static NOINLINE void uses(void *p, int on)
{
	if (on)
		refknot_retain(p);
	else
		refknot_release(p);
	__asm__ volatile("");
}

/* A reference that nobody is named for, under more than are compared. */
static void many_holders(void)
{
	void *item = kept[0] = malloc(32);

	refknot_object(item, "Item");
	uses(item, 1);
	for (size_t i = 1; i <= 70; i++) {
		refknot_object(kept[i] = malloc(16), "Holder");
		refknot_retain_by(item, kept[i], "item");
		*(void **)kept[i] = item;
	}
	uses(item, 0);
	for (size_t i = 1; i <= 70; i += 3)
		refknot_release_by(item, kept[i], "item");
	refknot_retain(item);
	refknot_move(item, NULL, kept[1]);
	refknot_move(item, kept[2], NULL);
	refknot_release(item);
	refknot_release_by(item, kept[1], NULL);
	CHECK(refknot_getrefcount(item) == 46);
	for (size_t i = 3; i <= 70; i++)
		if (i % 3 != 1)
			refknot_release_by(item, kept[i], "item");
	CHECK(refknot_getrefcount(item) == 1);
	CHECK(refknot_get_referrers(item, NULL, NULL) == 0);
}

/* Named as an object only when it has a reference already. */
static void named_late(void)
{
	void *item = kept[0] = malloc(32), *holder = kept[1] = malloc(64);

	refknot_object(item, "Item");
	refknot_retain_by(item, holder, "item");
	refknot_object(holder, "Holder");
	refknot_release_by(item, holder, "item");
	CHECK(refknot_getrefcount(item) == 1);
}

/* Where an object was there is a block now that nobody names. */
static void replaced(void)
{
	void *session = malloc(64), *item = kept[0] = malloc(32);
	void **plain;

	refknot_object(session, "Session");
	free(session);
	plain = kept[1] = malloc(64);
	CHECK((void *)plain == session);
	refknot_object(item, "Item");
	refknot_retain_by(item, plain, "item");
	*plain = item;
	CHECK(refknot_get_referrers(item, NULL, NULL) == 0);
}

/* What ended may still give back what it has. */
static void gives_back_late(void)
{
	void *session = malloc(64), *item = kept[0] = malloc(32);

	refknot_object(session, "Session");
	refknot_object(item, "Item");
	refknot_retain_by(item, session, "item");
	refknot_object_end(session);
	refknot_release_by(item, session, "item");
	refknot_retain_by(item, kept[1] = malloc(16), "item");
	CHECK(refknot_getrefcount(item) == 2);
	free(session);
}

/* Objects at the far end of blocks of any size. */
static void pools(void)
{
	static const size_t sizes[] = { MIB, 8 * MIB, 65 * MIB, 300 * MIB,
					6000 * MIB };
	size_t all = 0;

	refknot_disable();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		char *p = malloc(sizes[i]);

		if (!p)
			continue;
		for (size_t n = 1; n <= 5000; n++)
			refknot_object(p + sizes[i] - n * 16, "Part");
		all += 5000;
		CHECK(refknot_get_objects(-1, NULL, NULL) == all);
		kept[i] = p;
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		free(kept[i]);
	CHECK(refknot_get_objects(-1, NULL, NULL) == 0);
}

/* One mark again and again, with one more type each time. */
static void grows_under_mark(void)
{
	for (size_t i = 0; i < 1500; i++) {
		char name[16];

		snprintf(name, sizeof(name), "Type %zu", i);
		refknot_object(malloc(16), name);
		refknot_mark("mark");
	}
	CHECK(refknot_get_objects(-1, NULL, NULL) == 1500);
}

static void child(void (*run)(void))
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		run();
		fflush(stdout);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static void assert_inherited(void)
{
	refknot_assert_last_release(kept[0]);
	refknot_assert_no_growth("start");
	refknot_mark("own");
	refknot_object(kept[1] = malloc(16), "Own");
	refknot_assert_last_release(kept[1]);
	CHECK(refknot_getrefcount(kept[0]) == -1);
}

/* What the child inherits is not in its ledger. */
static void inherited(void)
{
	refknot_object(kept[0] = malloc(32), "Fixture");
	refknot_retain(kept[0]);
	refknot_mark("start");
	child(assert_inherited);
}

static void assert_own(void)
{
	refknot_object(kept[1] = malloc(16), "Own");
	refknot_retain(kept[1]);
	refknot_assert_last_release(kept[1]);
}

static void asserts_in_child(void)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		assert_own();
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	      WTERMSIG(status) == SIGABRT);
}

static void set_first(void)
{
	long threshold[3];

	refknot_disable();
	refknot_set_threshold(5, 6, 7);
	free(malloc(1));
	refknot_get_threshold(threshold);
	CHECK(!refknot_isenabled());
	CHECK(threshold[0] == 5 && threshold[1] == 6 && threshold[2] == 7);
}

static void set_debug_first(void)
{
	const int wanted = REFKNOT_DEBUG_SAVEALL;

	refknot_set_debug(wanted);
	CHECK(refknot_get_debug() == wanted);
}

/* What a child does first is heard, though it has allocated nothing yet. */
static void child_sets(void)
{
	child(set_first);
	child(set_debug_first);
}

static void *seals(void *unused)
{
	char *p = kept[0];

	for (int i = 0; i < 30000; i++) {
		mprotect(p, 4096, PROT_NONE);
		mprotect(p, 4096, PROT_READ | PROT_WRITE);
	}
	kept[1] = p;
	return unused;
}

/* Another thread seals a counter's page again and again. */
static void sealing(void)
{
	pthread_t t;
	long seen = 0;

	counted(kept[0] = aligned_alloc(4096, 4096), "Sealed");
	pthread_create(&t, NULL, seals, NULL);
	while (!kept[1]) {
		refknot_collect(0);
		seen += (long)refknot_get_objects(-1, look, NULL);
	}
	pthread_join(t, NULL);
	CHECK(seen > 0);
}

/* All ways to make a page unreadable; not 0: there is none such here. */
static int by_mprotect(void *p)
{
	return mprotect(p, 4096, PROT_NONE);
}

static int by_number(void *p)
{
	return (int)syscall(SYS_mprotect, p, 4096, PROT_NONE);
}

static int by_unmapping(void *p)
{
	return munmap(p, 4096);
}

static int by_unmapping_by_number(void *p)
{
	return (int)syscall(SYS_munmap, p, 4096);
}

static int by_mapping(void *p)
{
	return mmap(p, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		    -1, 0) != p;
}

static int by_mapping_by_number(void *p)
{
	return syscall(SYS_mmap, p, 4096, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		       0) != (long)p;
}

static int by_moving(void *p)
{
	void *to =
	    mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mremap(p, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to;
}

static int by_a_guard(void *p)
{
	return madvise(p, 4096, 102 /* MADV_GUARD_INSTALL */);
}

static int key = -1;

static int by_a_key(void *p)
{
	key = pkey_alloc(0, PKEY_DISABLE_ACCESS);
	return key < 0 || pkey_mprotect(p, 4096, PROT_READ | PROT_WRITE, key);
}

/* Without a call: the page has had a key before. */
static int by_a_key_later(void *p)
{
	if (key < 0)
		return 1;
	pkey_set(key, 0);
	if (pkey_mprotect(p, 4096, PROT_READ | PROT_WRITE, key) ||
	    refknot_getrefcount(p) != 3)
		return 1;
	return pkey_set(key, PKEY_DISABLE_ACCESS);
}

/* As nobody sees it who has hooks alone. */
static int by_an_instruction(void *p)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"((long)SYS_mprotect), "D"(p), "S"(4096l),
			   "d"((long)PROT_NONE)
			 : "rcx", "r11", "memory");
	return (int)result;
}

/* A counter that was read a moment ago, and its page can be read no more. */
static void seal(const char *name, int (*way)(void *))
{
	char *p = aligned_alloc(4096, 8192);

	*counted(p, "Page") = 3;
	if (refknot_getrefcount(p) != 3 || refknot_getrefcount(p) != 3)
		printf("NO: %s is read before\n", name);
	if (way(p))
		printf("not here: %s\n", name);
	else if (refknot_getrefcount(p) != 1)
		printf("NO: %s is not read after it\n", name);
	refknot_object_end(p);
	(void)mmap(p, 4096, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	free(p);
}

static void faults(int signal)
{
	(void)signal;
	puts("NO: a fault of the program's own");
	fflush(stdout);
	_exit(0);
}

/* With a handler of the program's, which must not be called; and where nobody
 * can see the call, without. */
static void sealed_later(void)
{
	signal(SIGSEGV, faults);
	seal("mprotect()", by_mprotect);
	seal("mprotect by its number", by_number);
	seal("munmap()", by_unmapping);
	seal("munmap by its number", by_unmapping_by_number);
	seal("mmap()", by_mapping);
	seal("mmap by its number", by_mapping_by_number);
	seal("mremap()", by_moving);
	seal("madvise()", by_a_guard);
	seal("a key", by_a_key);
	seal("a key that was open", by_a_key_later);
	signal(SIGSEGV, SIG_DFL);
	key = -1;
	seal("an instruction", by_an_instruction);
	CHECK(refknot_get_objects(-1, NULL, NULL) == 0);
}

#define ASKED 0x9d2f71c3 /* what seals.c says that it waits for */

/* From here on the kernel says of no page that it can be read. */
static int refuse_to_say(void)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ASKED, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EFAULT),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog p = { sizeof(f) / sizeof(*f), f };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p, 0, 0);
}

/* Of a page that is known the kernel is not asked again. */
static void asked_once(void)
{
	char *p = aligned_alloc(4096, 8192);

	refknot_disable();
	*counted(p, "First") = 3;
	CHECK(refknot_getrefcount(p) == 3);
	CHECK(!refuse_to_say());
	for (size_t i = 64; i < 4096; i += 64) {
		int *count = counted(p + i, "Next");

		*count = 5;
		if (refknot_getrefcount(p + i) != 5)
			puts("NO: asked again");
	}
	mprotect(p, 4096, PROT_READ);
	mprotect(p, 4096, PROT_READ | PROT_WRITE);
	CHECK(refknot_getrefcount(p) == 3);
	*counted(p + 4096, "Behind") = 5;
	CHECK(refknot_getrefcount(p + 4096) == 1);
	mprotect(p + 4096, 4096, PROT_NONE);
	CHECK(refknot_getrefcount(p) == 1);
}

static volatile int done;

static void *frees(void *unused)
{
	for (int i = 0; i < 20000; i++) {
		int *p = malloc(34 * MIB);

		counted(p, "Part");
		for (int n = 0; n < 100; n++) {
			refknot_retain(p);
			refknot_release(p);
		}
		free(p);
	}
	done = 1;
	return unused;
}

/* What is looked at is freed meanwhile. */
static void freed_meanwhile(void)
{
	pthread_t t;
	long seen = 0;

	refknot_disable();
	pthread_create(&t, NULL, frees, NULL);
	while (!done)
		seen += (long)refknot_get_objects(-1, look, NULL);
	pthread_join(t, NULL);
	CHECK(seen > 0);
	CHECK(refknot_get_objects(-1, NULL, NULL) == 0);
}

static const struct corner corners[] = {
	CORNER(shrinks),      CORNER(loses_counter),
	CORNER(large_blocks), CORNER(of_others),
	CORNER(no_room),      CORNER(handed_over),
	CORNER(held_longer),  CORNER(ends_in_realloc),
	CORNER(many_holders), CORNER(named_late),
	CORNER(replaced),     CORNER(gives_back_late),
	CORNER(pools),        CORNER(grows_under_mark),
	CORNER(inherited),    CORNER(asserts_in_child),
	CORNER(child_sets),   CORNER(sealed),
	CORNER(sealing),      CORNER(sealed_later),
	CORNER(asked_once),   CORNER(freed_meanwhile),
};

MAIN(corners)
