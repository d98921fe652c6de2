/* SPDX-License-Identifier: MIT */
/*
 * A live store as a model.  Its process may be running, or have been killed
 * in the middle of anything: an index out of range is "not known", a record
 * that was not written is absent.  Only what cannot come about so is an error.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "progress.h"
#include "recording.h"
#include "store_file.h"

static int read_header(struct store_file *s)
{
	int64_t n = model_pread(s->fd, &s->h, sizeof(s->h), 0);

	if (n < 0)
		return model_error(s->m, (int)n, "cannot be read: %s",
				   strerror((int)-n));
	if ((uint64_t)n < sizeof(s->h))
		return model_error(
		    s->m, -EBADMSG,
		    "the store was cut short in its header, at byte %lld; nothing in it can be used",
		    (long long)n);
	if (s->h.version != STORE_VERSION)
		return model_error(
		    s->m, -EPROTO,
		    "a live store of version %u, and this refknot reads version %u only; use the version that wrote it",
		    s->h.version, STORE_VERSION);
	if (s->h.size != sizeof(s->h))
		return model_error(
		    s->m, -EBADMSG,
		    "the store's header has %u bytes instead of %zu; the store is damaged",
		    s->h.size, sizeof(s->h));
	return 0;
}

/* A file that ends before what was handed out is a copy that was cut. */
static int notice_cut(struct store_file *s)
{
	uint64_t whole = s->h.used_bytes < s->h.file_bytes ? s->h.used_bytes
							   : s->h.file_bytes;

	if (s->size >= whole)
		return 0;
	s->m->truncated = s->m->blocks_cut = true;
	s->m->cut = RKN_CHUNK_STRINGS;
	return model_error(
	    s->m, 0,
	    "the store was cut short at byte %llu of %llu; what is before can be used",
	    (unsigned long long)s->size, (unsigned long long)whole);
}

static int read_meta(struct store_file *s)
{
	struct chunk_array *part = &s->parts.of[RKN_CHUNK_META];
	struct rkn_meta *meta;

	if (chunk_array_grow(part, sizeof(*meta), 1))
		return model_error(s->m, -ENOMEM, "out of memory");
	part->count = 1;
	meta = part->records;
	*meta = s->h.meta;
	meta->allocations = meta->frees = 0;
	meta->allocated_bytes = meta->freed_bytes = 0;
	meta->duration_ns = 0;
	meta->flags &= ~(uint32_t)RKN_META_SNAPSHOT;
	meta->flags |= RKN_META_PEAKS;
	return 0;
}

/* The texts; and the modules, without number 0, which the store does not use. */
static int read_texts_and_modules(struct store_file *s)
{
	struct chunk_array *strings = &s->parts.of[RKN_CHUNK_STRINGS];
	struct chunk_array *part = &s->parts.of[RKN_CHUNK_MODULES];
	struct rkn_module *m;
	int error = store_file_part(s, STORE_TEXT, RKN_CHUNK_STRINGS);

	if (!error && strings->count)
		*(char *)strings->records = '\0';
	if (!error)
		error = store_file_part(s, STORE_MODULES, RKN_CHUNK_MODULES);
	if (error || !part->count)
		return error;
	m = part->records;
	part->count--;
	memmove(m, m + 1, part->count * sizeof(*m));
	for (size_t i = 0; i < part->count; i++) {
		if (m[i].end < m[i].start)
			m[i].end = m[i].start;
		if (m[i].path >= strings->count)
			m[i].path = 0;
		if (m[i].build_id_size > sizeof(m[i].build_id))
			m[i].build_id_size = 0;
	}
	return 0;
}

static int read_blocks(struct store_file *s)
{
	struct rkn_meta *meta = s->parts.of[RKN_CHUNK_META].records;
	uint64_t *limits = s->m->limits;

	if (s->h.state == STORE_FINISHED && s->h.tables[STORE_BLOCKS].offset) {
		if (!s->m->truncated)
			meta->flags |= s->h.meta.flags & RKN_META_SNAPSHOT;
		return store_picture(s);
	}
	if (!limits[RKN_LIMIT_SNAPSHOT_CUT] && !limits[RKN_LIMIT_NO_MAPS])
		limits[RKN_LIMIT_NO_SNAPSHOT] = 1;
	return store_blocks(s);
}

static int read_threads(struct store_file *s)
{
	int error = store_file_part(s, STORE_THREADS, RKN_CHUNK_THREADS);

	if (!error && chunk_arrays_complete(&s->parts))
		error = model_error(s->m, -ENOMEM, "out of memory");
	return error;
}

/* At its end more is alive than ever before. */
static void peak_is_now(struct store_file *s, uint64_t live)
{
	struct rkn_meta *meta = s->parts.of[RKN_CHUNK_META].records;
	struct rkn_stack *stacks = s->parts.of[RKN_CHUNK_STACKS].records;

	s->peak_at_end = true;
	meta->peak_bytes = live;
	for (size_t i = 0; i < s->parts.of[RKN_CHUNK_STACKS].count; i++) {
		stacks[i].peak_blocks = stacks[i].allocations - stacks[i].frees;
		stacks[i].peak_bytes =
		    stacks[i].allocated_bytes - stacks[i].freed_bytes;
	}
}

/*
 * A store that is still written, or a process that was killed in the middle, may
 * have more frees than allocations. The sum may be more than the peak: of several
 * threads counters have what was not published then. It may also be less: what was
 * freed before a thread that was not run gave the peak its number, any amount; then
 * stacks do not have it.
 */
static void mend_peaks(struct store_file *s)
{
	struct rkn_meta *meta = s->parts.of[RKN_CHUNK_META].records;
	struct rkn_stack *stacks = s->parts.of[RKN_CHUNK_STACKS].records;
	uint64_t sum = 0;

	for (size_t i = 0; i < s->parts.of[RKN_CHUNK_STACKS].count; i++) {
		if ((int64_t)stacks[i].peak_blocks <= 0 ||
		    (int64_t)stacks[i].peak_bytes < 0)
			stacks[i].peak_blocks = stacks[i].peak_bytes = 0;
		sum += stacks[i].peak_bytes;
	}
	if (meta->peak_bytes < sum)
		meta->peak_bytes = sum;
	if (meta->peak_bytes - sum > (meta->areas + 1ull) * RKN_PEAK_THREAD)
		meta->flags &= ~RKN_META_PEAKS;
}

/* A process that recorded no end ended at the last change of its file. */
static void finish_meta(struct store_file *s)
{
	struct rkn_meta *meta = s->parts.of[RKN_CHUNK_META].records;
	struct stat st = { 0 };
	uint64_t changed, live;

	fstat(s->fd, &st);
	changed = (uint64_t)st.st_mtim.tv_sec * 1000000000u +
		  (uint64_t)st.st_mtim.tv_nsec;
	if (s->h.end_mono_ns > s->h.start_mono_ns)
		meta->duration_ns = s->h.end_mono_ns - s->h.start_mono_ns;
	else if (changed > meta->start_ns)
		meta->duration_ns = changed - meta->start_ns;
	/* How far the process came. */
	if (s->h.state == STORE_STARTING)
		meta->flags |= RKN_META_EARLY;
	else if (s->h.state == STORE_SNAPSHOT ||
		 (s->h.state == STORE_RUNNING &&
		  (s->h.meta.end != RKN_END_UNKNOWN ||
		   s->h.meta.flags & RKN_META_AT_CALL)))
		meta->flags |= RKN_META_CHECKING;
	live = meta->allocated_bytes - meta->freed_bytes;
	/* A process that was killed may have noted a peak without its number. */
	if (meta->allocated_bytes > meta->freed_bytes &&
	    (meta->peak_bytes < live ||
	     (meta->peak_bytes == live && !s->h.end_mono_ns)))
		peak_is_now(s, live);
	mend_peaks(s);
	if (!meta->own_bytes)
		meta->own_bytes = (uint64_t)st.st_blocks * 512;
	if (s->h.state == STORE_OFF) {
		meta->flags |= RKN_META_OFF;
		if (!s->m->limits[RKN_LIMIT_SWITCHED_OFF])
			s->m->limits[RKN_LIMIT_SWITCHED_OFF] = 1;
	}
	chunk_arrays_mend_meta(&s->parts);
}

static int check(struct store_file *s)
{
	for (int type = RKN_CHUNK_META; type < PARTS; type++) {
		size_t bad = 0;
		const char *why = chunk_arrays_check(&s->parts, type, 0, &bad);

		if (why)
			return model_error(
			    s->m, -EBADMSG,
			    "%s: record %zu is wrong: %s; the store is damaged",
			    chunk_array_kinds[type].name, bad, why);
	}
	return 0;
}

int store_read(struct model *m, int fd, uint64_t size)
{
	static int (*const steps[])(struct store_file *) = {
		read_header,  notice_cut,
		read_meta,    read_texts_and_modules,
		store_frames, store_stacks,
		read_threads, store_counters,
		read_blocks,  store_ledger,
		store_marks,  store_mapped,
	};
	struct store_file s = { .m = m, .fd = fd, .size = size };
	int error = 0;

	progress_begin("reading", m->path, sizeof(steps) / sizeof(steps[0]));
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && !error;
	     i++) {
		progress_at(i);
		error = steps[i](&s);
	}
	if (!error) {
		finish_meta(&s);
		error = store_timeline(&s);
	}
	if (!error)
		error = check(&s);
	progress_end();
	if (!error) {
		chunk_arrays_to_model(&s.parts, m);
		error = m->truncated ? -ENODATA : 0;
	}
	free(s.tree.frames);
	free(s.tree.slots);
	free(s.stacks);
	free(s.lives);
	chunk_arrays_release(&s.parts);
	return error;
}
