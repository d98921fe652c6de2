/* SPDX-License-Identifier: MIT */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "addresses.h"
#include "aside.h"
#include "held.h"
#include "own_memory.h"
#include "rlimit_mark.h"
#include "spare.h"
#include "sys.h"
#include "text.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define PAGE         4096ull
#define STORE_LEAST  (64ull << 20)
#define STORE_SHARE  4 /* of a limit that stood before */
#define AHEAD_MOST   8 /* steps */
#define TABLES_SHARE 8 /* the fixed tables take at most this part of it */

APART struct store store;
uint8_t *store_steps;

#define UNIT_SHIFT 21
#define UNIT       (1ull << UNIT_SHIFT)
static __attribute__((aligned(4096))) uint8_t units[STORE_MOST >> UNIT_SHIFT];

/* What could not grow is not tried again: each try costs system calls. */
static bool cut[STORE_TABLES];
static bool full; /* not all that was asked for could be handed out */

/* The fixed tables, and how many records each holds in a store of full size. */
static const struct {
	uint64_t record_size, capacity;
} tables[STORE_TABLES] = {
	[STORE_FRAMES] = { sizeof(struct store_frame), 1u << 22 },
	[STORE_STACKS] = { sizeof(struct store_stack), 1u << 20 },
	[STORE_MODULES] = { sizeof(struct rkn_module), 1u << 13 },
	[STORE_THREADS] = { sizeof(struct rkn_thread), STORE_THREAD_MAX },
	[STORE_AREAS] = { sizeof(struct store_area), 1u << 15 },
	[STORE_CHUNKS] = { sizeof(struct store_chunk), 1u << 16 },
	[STORE_TEXT] = { 1, 1u << 22 },
	[STORE_BLOCKS] = { sizeof(struct store_block), 0 },
	[STORE_EDGES] = { 1, 0 },
	[STORE_ROOTS] = { sizeof(struct rkn_root), 0 },
	[STORE_NAMES] = { sizeof(struct store_name), 1u << 16 },
	[STORE_OBJECTS] = { sizeof(struct store_object), 1u << 26 },
	[STORE_REFERENCES] = { sizeof(struct store_reference), 1u << 27 },
	[STORE_EVENTS] = { sizeof(struct store_event), 1u << 28 },
	[STORE_ERRORS] = { sizeof(struct rkn_error), 1u << 12 },
	[STORE_SPANS] = { sizeof(struct store_span), 1u << 12 },
	[STORE_PASSES] = { sizeof(struct rkn_region), 1u << 17 },
	[STORE_MARKS] = { sizeof(struct rkn_mark), 1u << 12 },
	[STORE_CENSUS] = { sizeof(struct rkn_census), 1u << 24 },
	[STORE_WIDE] = { sizeof(struct rkn_wide), 0 },
	[STORE_FREES] = { sizeof(struct rkn_free), 1u << 5 },
	[STORE_PLACES] = { sizeof(struct rkn_place), 0 },
	[STORE_FIRST] = { sizeof(uint32_t), 0 },
	[STORE_COUNTS] = { sizeof(struct rkn_count), 0 },
	[STORE_LIVE_FRAMES] = { sizeof(struct rkn_live_frame), 0 },
	[STORE_LIVE_THREADS] = { sizeof(struct rkn_live_thread), 0 },
	[STORE_TLS] = { sizeof(struct rkn_tls), 0 },
	[STORE_POINTS] = { sizeof(struct rkn_point), 0 },
	[STORE_KEYS] = { sizeof(struct rkn_key), 0 },
	[STORE_KEY_ROWS] = { sizeof(struct rkn_key_row), 0 },
	[STORE_COPIES] = { sizeof(struct store_copies), 1u << 20 },
	[STORE_EXTRAS] = { sizeof(uint64_t), 0 },
	[STORE_MAPPINGS] = { sizeof(struct rkn_mapping), 0 },
	[STORE_PAGES] = { sizeof(struct rkn_pages), 0 },
	[STORE_ARENAS] = { sizeof(struct rkn_arena), 0 },
	[STORE_SLACK] = { sizeof(struct rkn_slack), 0 },
	[STORE_CONTENTS] = { sizeof(struct rkn_content), 0 },
	[STORE_SITES] = { sizeof(struct rkn_mapped_site), 1u << 9 },
	[STORE_MAPPED] = { sizeof(struct store_mapped), 1u << 17 },
	[STORE_MAPPED_PLACES] = { sizeof(struct store_mapped_place), 1u << 17 },
};

static_assert(RLIMIT_MARK_RESOURCE == RLIMIT_AS, "not the limit that is meant");
static_assert(RLIMIT_MARK_LEAST / STORE_SHARE == STORE_LEAST,
	      "another least limit");
static_assert((1u << 20) <= STORE_COUNTERS_PER_PAGE * STORE_COUNTER_PAGES,
	      "stacks without counters");

static uint64_t round_up(uint64_t n, uint64_t unit)
{
	return (n + unit - 1) / unit * unit;
}

/* The store's file; where others can write, its name may be another's now. */
static COLD long reopen(void)
{
	long fd = sys_open(store.path, O_RDWR | O_NOFOLLOW, 0), error;
	struct sys_identity id;

	if (fd < 0)
		return fd;
	error = sys_identify((int)fd, &id);
	if (!error && id.device == store.file.device &&
	    id.inode == store.file.inode)
		return fd;
	sys_close((int)fd);
	return error ? error : -ENOENT;
}

/* A table that grows steadily gets more at a time than one that begins; at the
 * end those that grow ask for more at a time themselves. */
static uint64_t ahead(uint64_t first, uint64_t last)
{
	uint64_t run = 0;

	while (run < AHEAD_MOST && first > run &&
	       READ_ONCE(store_steps[first - 1 - run]))
		run++;
	if (run && READ_ONCE(store.header->state) >= STORE_SNAPSHOT)
		run = 0;
	for (; run && last + 1 < store.size >> STORE_STEP_SHIFT &&
	       !READ_ONCE(store_steps[last + 1]);
	     run--)
		last++;
	return last;
}

/*
 * The store has no access until it is needed, a unit at a time: a program that
 * locks all its memory would otherwise have the whole of it filled.
 */
static bool open_up(uint64_t at, uint64_t bytes)
{
	uint64_t u = at >> UNIT_SHIFT;

	for (; u <= (at + bytes - 1) >> UNIT_SHIFT; u++) {
		if (READ_ONCE(units[u]))
			continue;
		if (sys_open_up(store_at(u << UNIT_SHIFT), UNIT) < 0)
			return false;
		WRITE_ONCE(units[u], 1);
	}
	return true;
}

/* Two threads may have made the same one ready: it counts once. */
static void note_ready(uint64_t first, uint64_t last)
{
	uint64_t n = 0;

	for (uint64_t i = first; i <= last; i++)
		n += !__atomic_exchange_n(&store_steps[i], 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&store.steps_ready, n, __ATOMIC_RELAXED);
}

/* Steps that are to be made ready. */
struct steps {
	uint64_t first, last;
	bool ready;
};

static void prepare_aside(void *data)
{
	struct steps *s = data;
	uint64_t last = ahead(s->first, s->last);
	uint64_t at = s->first << STORE_STEP_SHIFT;
	uint64_t bytes = (last - s->first + 1) << STORE_STEP_SHIFT;
	long result, fd;

	if (!open_up(at, bytes))
		return;
	result = sys_advise(store_at(at), bytes, MADV_POPULATE_WRITE);
	if (result == -EINVAL) {
		/* Old kernels cannot: reserve through the file itself. */
		result = fd = reopen();
		if (fd >= 0) {
			result = sys_allocate((int)fd, at, bytes);
			sys_close((int)fd);
		}
	}
	if (result < 0)
		return;
	note_ready(s->first, last);
	s->ready = true;
}

/* What is ready takes no system call, which a filter may hold up. */
COLD bool store_prepare(uint64_t offset, uint64_t size)
{
	struct steps s = { .first = offset >> STORE_STEP_SHIFT,
			   .last = (offset + size - 1) >> STORE_STEP_SHIFT };
	const uint64_t all = READ_ONCE(store.size);

	if (offset > all || size > all - offset)
		return false;
	while (s.first <= s.last && READ_ONCE(store_steps[s.first]))
		s.first++;
	while (s.last > s.first && READ_ONCE(store_steps[s.last]))
		s.last--;
	if (s.first > s.last)
		return true;
	aside(prepare_aside, &s);
	return s.ready;
}

#define FULL UINT64_MAX

/* Take `size` of what *used counts: where that begins. It never counts more
 * than `most`, whoever else takes; FULL: that much is not left. */
static uint64_t take(uint64_t *used, uint64_t size, uint64_t most)
{
	uint64_t at = READ_ONCE(*used);

	do {
		if (at > most || size > most - at)
			return FULL;
	} while (!CHANGE(*used, at, at + size));
	return at;
}

uint64_t store_take(uint64_t size)
{
	const uint64_t all = READ_ONCE(store.size);
	uint64_t offset = FULL;

	if (size <= all)
		offset =
		    take(&store.header->used_bytes, round_up(size, PAGE), all);
	if (offset != FULL)
		return offset;
	WRITE_ONCE(full, true);
	return 0;
}

void *store_record(enum store_table_number table, uint64_t index)
{
	struct store_table *t = &store.header->tables[table];
	uint64_t offset = t->offset + index * t->record_size;

	if (index >= t->capacity || !store_ready(offset, t->record_size))
		return NULL;
	return store_at(offset);
}

uint64_t store_append(enum store_table_number table)
{
	struct store_table *t = &store.header->tables[table];
	uint64_t index = READ_ONCE(t->count);

	do {
		if (unlikely(READ_ONCE(cut[table])))
			return 0;
		if (unlikely(!store_record(table, index))) {
			WRITE_ONCE(cut[table], true);
			return 0;
		}
	} while (unlikely(!CHANGE(t->count, index, index + 1)));
	return index;
}

bool store_place(enum store_table_number table, uint64_t capacity)
{
	struct store_table *t = &store.header->tables[table];
	uint64_t offset = t->offset ? 0 : store_take(capacity * t->record_size);

	if (offset) {
		t->capacity = capacity;
		WRITE_ONCE(t->offset, offset);
	}
	return t->offset;
}

uint32_t store_text(const char *text, size_t size)
{
	struct store_table *t = &store.header->tables[STORE_TEXT];
	uint64_t offset;

	if (!size || size >= t->capacity)
		return 0;
	offset = take(&t->count, size + 1, t->capacity);
	if (offset == FULL || !store_ready(t->offset + offset, size + 1))
		return 0;
	memcpy(store_at(t->offset + offset), text, size);
	return (uint32_t)offset;
}

COLD uint64_t store_own_bytes(void)
{
	uint64_t n = READ_ONCE(store.steps_ready);
	uint64_t used = READ_ONCE(store.header->used_bytes);
	uint64_t i = (used + STORE_STEP - 1) >> STORE_STEP_SHIFT;

	/* What is ahead of what was handed out is still to be given back. */
	for (; i < STORE_STEPS && READ_ONCE(store_steps[i]); i++)
		n--;
	return n << STORE_STEP_SHIFT;
}

/* "DIR/PROGRAM.PID.rkn", and from the second try on "DIR/PROGRAM.PID.2.rkn". */
static bool name(const char *directory, const char *program, int pid,
		 unsigned attempt)
{
	struct text t = { store.path, sizeof(store.path), 0 };

	text_add(&t, directory);
	text_add(&t, "/");
	text_add(&t, program);
	text_add(&t, ".");
	text_number(&t, (uint64_t)pid);
	if (attempt > 1) {
		text_add(&t, ".");
		text_number(&t, attempt);
	}
	text_add(&t, ".rkn");
	return text_whole(&t);
}

static long create(const char *directory, const char *program, int pid)
{
	long fd = -EEXIST;

	for (unsigned i = 1; fd == -EEXIST && i < 1000; i++) {
		if (!name(directory, program, pid, i))
			return -ENAMETOOLONG;
		fd = sys_open(store.path,
			      O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	}
	if (fd >= 0) {
		sys_mode((int)fd, 0600); /* whatever the umask took away */
		sys_identify((int)fd, &store.file);
	}
	return fd;
}

/* A limit on files may be lower than it looked: then the kernel sends a signal
 * besides. */
static COLD long resize(int fd, uint64_t size)
{
	struct held held;
	long result;

	held_begin(&held);
	result = sys_truncate(fd, size);
	held_end(&held, result == -EFBIG ? SIGXFSZ : 0);
	return result;
}

/* The largest store that limits and file system allow, mapped. */
static int map(int fd)
{
	uint64_t room = addresses_limit(), file = sys_limit(RLIMIT_FSIZE);
	uint64_t size = rlimit_mark_of(room);
	int error = file < STORE_LEAST ? -EFBIG : -ENOMEM;

	store.limited = size < STORE_MOST && room < UINT64_MAX ? ENOMEM : 0;
	if (!size)
		for (size = STORE_MOST; size > room / STORE_SHARE;)
			size /= 2;
	for (; size > file; store.limited = EFBIG)
		size /= 2;
	for (; size >= STORE_LEAST; size /= 2) {
		error = (int)resize(fd, size);
		if (error < 0)
			continue;
		WRITE_ONCE(store.header, sys_map_file(size, fd));
		WRITE_ONCE(store.size, size);
		WRITE_ONCE(store.mapped, size);
		if (store.header) {
			/* Holes have nothing to read ahead. */
			sys_advise(store.header, size, MADV_RANDOM);
			return 0;
		}
		error = -ENOMEM;
	}
	return error;
}

COLD int store_shortage(void)
{
	return READ_ONCE(full) && store.limited ? -store.limited : -ENOSPC;
}

/* In a small store tables first .. end-1 have a part of their capacity. */
static uint64_t part_of(int first, int end)
{
	uint64_t total = 0, part = 1;

	for (int i = first; i < end; i++)
		total += tables[i].record_size * tables[i].capacity;
	while (total / part > store.size / TABLES_SHARE)
		part *= 2;
	return part;
}

/* Each step that is made ready takes pages, and each unit a part of the address
 * space of its own: so the first texts are beside the header, and other tables of
 * which all have some begin in one unit, or close together. */
static const uint8_t order[] = {
	STORE_TEXT,          STORE_CHUNKS,      STORE_MODULES,
	STORE_STACKS,        STORE_NAMES,       STORE_FREES,
	STORE_SPANS,         STORE_MARKS,       STORE_ERRORS,
	STORE_THREADS,       STORE_FRAMES,      STORE_AREAS,
	STORE_PASSES,        STORE_CENSUS,      STORE_REFERENCES,
	STORE_OBJECTS,       STORE_EVENTS,      STORE_BLOCKS,
	STORE_EDGES,         STORE_ROOTS,       STORE_WIDE,
	STORE_PLACES,        STORE_FIRST,       STORE_COUNTS,
	STORE_EXTRAS,        STORE_LIVE_FRAMES, STORE_LIVE_THREADS,
	STORE_TLS,           STORE_POINTS,      STORE_KEYS,
	STORE_KEY_ROWS,      STORE_COPIES,      STORE_SLACK,
	STORE_MAPPINGS,      STORE_PAGES,       STORE_ARENAS,
	STORE_SITES,         STORE_MAPPED,      STORE_CONTENTS,
	STORE_MAPPED_PLACES,
};
static_assert(sizeof(order) == STORE_TABLES, "each table is there once");

/* Where the table begins, and where what is behind it does. */
static uint64_t place(enum store_table_number table, uint64_t offset)
{
	struct store_table *t = &store.header->tables[table];

	t->offset = t->capacity ? offset : 0;
	return offset + round_up(t->capacity * t->record_size, PAGE);
}

static int begin(unsigned granule_shift)
{
	struct store_header *h = store.header;
	uint64_t offset, part = 1;

	if (!store_prepare(0, sizeof(*h)))
		return -ENOSPC;
	h->version = STORE_VERSION;
	h->size = sizeof(*h);
	h->file_bytes = store.size;
	h->granule_shift = granule_shift;
	h->meta.granule = 1u << granule_shift;
	h->meta.page_size = PAGE;
	for (int i = 0; i < STORE_TABLES; i++) {
		struct store_table *t = &h->tables[i];

		/* Those of the ledger have a share of their own. */
		if (!i || i == STORE_NAMES)
			part = part_of(i, i ? STORE_TABLES : STORE_NAMES);
		t->record_size = tables[i].record_size;
		t->capacity = tables[i].capacity / part;
		t->count = t->capacity ? 1 : 0;
	}
	offset = round_up(sizeof(*h), PAGE);
	for (unsigned i = 0; i < STORE_TABLES; i++)
		offset = place(order[i], offset);
	h->used_bytes = round_up(offset, STORE_STEP);
	/* The first texts are beside it. Record 0 of other tables is touched once
	 * there is another, which makes it ready, too, or a thread is there that
	 * allocates. */
	if (!store_record(STORE_TEXT, 0))
		return -ENOSPC;
	memset(cut, 0, sizeof(cut));
	WRITE_ONCE(full, false);
	memcpy(h->magic, STORE_MAGIC, sizeof(h->magic));
	return 0;
}

COLD int store_create(const char *directory, const char *program, int pid,
		      unsigned granule_shift)
{
	long fd = create(directory, program, pid);
	int error = fd < 0 ? (int)fd : 0;

	if (!store_steps)
		store_steps = own_memory_map(STORE_STEPS);
	if (!error)
		error = store_steps ? map((int)fd) : -ENOMEM;
	if (!error)
		error = begin(granule_shift);
	if (fd >= 0)
		sys_close((int)fd);
	if (error && fd >= 0) {
		sys_unlink(store.path);
		if (store.header)
			store_forget(store_leave());
	}
	return error;
}

static_assert(sizeof(struct store_header) <= PAGE,
	      "store_leave() keeps a page");

/* Steps that were ready before a fork: their numbers, and behind these what they
 * had. */
static struct {
	bool taken;         /* a thread makes it or has it; atomic */
	const void *thread; /* whose it is, once it is whole; atomic */
	uint32_t forks;     /* of that thread, one in a handler of another */
	uint32_t *numbers;
	char *steps;
	uint64_t bytes, count;
} copy;

#define COPY_WAITS 1000 /* of 0.1 ms, for another thread's fork */

/* The first step from `i` on that is ready; `end`: there is none. */
static uint64_t next_ready(uint64_t i, uint64_t end)
{
	while (i < end) {
		if (!READ_ONCE(units[i >> (UNIT_SHIFT - STORE_STEP_SHIFT)]))
			i |= (UNIT >> STORE_STEP_SHIFT) - 1;
		else if (READ_ONCE(store_steps[i]))
			return i;
		i++;
	}
	return end;
}

static void make_copy(const void *thread)
{
	/* What lies behind may be given back. */
	const uint64_t end =
	    round_up(READ_ONCE(store.header->used_bytes), STORE_STEP) >>
	    STORE_STEP_SHIFT;
	uint64_t most = 0, head;
	char *at;

	for (uint64_t i = next_ready(0, end); i < end;
	     i = next_ready(i + 1, end))
		most++;
	head = round_up(most * sizeof(uint32_t), PAGE);
	copy.bytes = head + (most << STORE_STEP_SHIFT);
	if (copy.bytes >
	    (addresses_limit() < UINT64_MAX ? STORE_COPY_FEW : STORE_COPY_MOST))
		return;
	at = spare_map(copy.bytes);
	if (!at)
		return;
	own_memory_note(at, copy.bytes);
	copy.numbers = (uint32_t *)at;
	copy.steps = at + head;
	copy.count = 0;
	/* Other threads may make more ready meanwhile. */
	for (uint64_t i = next_ready(0, end); i < end && copy.count < most;
	     i = next_ready(i + 1, end)) {
		memcpy(copy.steps + (copy.count << STORE_STEP_SHIFT),
		       store_at(i << STORE_STEP_SHIFT), STORE_STEP);
		copy.numbers[copy.count++] = (uint32_t)i;
	}
	copy.forks = 1;
	STORE_RELEASE(copy.thread, thread);
}

COLD void store_copy(const void *thread)
{
	uint64_t signals;
	const bool held = sys_block_signals(&signals) == 0;
	bool taken = false;

	if (READ_ONCE(copy.thread) == thread) {
		copy.forks++;
	} else {
		for (unsigned i = 0;
		     i < COPY_WAITS && !CHANGE(copy.taken, taken, true); i++) {
			sys_rest(100000);
			taken = false;
		}
		if (!taken)
			make_copy(thread);
		if (!taken && !copy.thread)
			STORE_RELEASE(copy.taken, false);
	}
	if (held)
		sys_restore_signals(&signals);
}

static void drop_copy(void)
{
	void *at = copy.numbers;

	copy.numbers = NULL;
	WRITE_ONCE(copy.thread, NULL);
	own_memory_note(NULL, 0);
	if (at)
		spare_unmap(at, copy.bytes);
	STORE_RELEASE(copy.taken, false);
}

COLD void store_copied(const void *thread)
{
	uint64_t signals;
	bool held;

	if (READ_ONCE(copy.thread) != thread)
		return;
	held = sys_block_signals(&signals) == 0;
	if (!--copy.forks)
		drop_copy();
	if (held)
		sys_restore_signals(&signals);
}

/* Only what is in use has access: the program may lock all its memory. */
static bool put_zeros(void)
{
	const uint64_t end = READ_ONCE(store.mapped) >> UNIT_SHIFT;
	uint64_t at = PAGE, u = 0;

	if (!sys_map_spare_at(store_at(PAGE), READ_ONCE(store.mapped) - PAGE))
		return false;
	while (u < end) {
		const bool used = units[u];

		for (u++; u < end && units[u] == used;)
			u++;
		if (used)
			sys_open_up(store_at(at), (u << UNIT_SHIFT) - at);
		at = u << UNIT_SHIFT;
	}
	return true;
}

static bool put_copy(const void *thread)
{
	if (copy.thread != thread || !put_zeros())
		return false;
	for (uint64_t i = 0; i < copy.count; i++) {
		const uint64_t at = (uint64_t)copy.numbers[i]
				    << STORE_STEP_SHIFT;
		const uint64_t skip = at ? 0 : PAGE;

		memcpy(store_at(at + skip),
		       copy.steps + (i << STORE_STEP_SHIFT) + skip,
		       STORE_STEP - skip);
	}
	return true;
}

static void part_as_it_writes(void)
{
	const long fd = reopen();

	if (fd < 0)
		return;
	for (uint64_t u = 0; u < READ_ONCE(store.mapped) >> UNIT_SHIFT; u++) {
		const uint64_t at = u ? u << UNIT_SHIFT : PAGE;

		if (READ_ONCE(units[u]))
			sys_mapping(store_at(at), ((u + 1) << UNIT_SHIFT) - at,
				    PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE,
				    (int)fd, (int64_t)at);
	}
	sys_close((int)fd);
}

COLD void store_part(const void *thread, bool own)
{
	uint64_t signals;
	const bool held = sys_block_signals(&signals) == 0;

	if (!own && !thread)
		put_zeros();
	else if (!own && !put_copy(thread))
		part_as_it_writes();
	/* It may be another thread's. */
	if (copy.taken)
		drop_copy();
	if (held)
		sys_restore_signals(&signals);
}

COLD struct store_header *store_leave(void)
{
	struct store_header *h = store.header;

	sys_unmap((char *)h + PAGE, store.mapped - PAGE);
	store_steps = own_memory_table(store_steps, STORE_STEPS);
	own_memory_empty(units, sizeof(units));
	WRITE_ONCE(store.header, NULL);
	WRITE_ONCE(store.size, 0);
	WRITE_ONCE(store.mapped, 0);
	WRITE_ONCE(store.steps_ready, 0);
	return h;
}

COLD void store_forget(struct store_header *h)
{
	sys_unmap(h, PAGE);
}

COLD void store_trim(void)
{
	uint64_t size =
	    round_up(READ_ONCE(store.header->used_bytes), STORE_STEP);
	long fd = reopen();

	if (fd < 0)
		return;
	WRITE_ONCE(store.size, size);
	if (resize((int)fd, size) == 0)
		store.header->file_bytes = size;
	sys_close((int)fd);
}
