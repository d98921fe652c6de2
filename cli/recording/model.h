/* SPDX-License-Identifier: MIT */
/*
 * One recording in memory, whichever form it was read from.  Arrays hold the
 * finished format's own records (refknot/format.h).
 *
 * Invariants: every index is in its array or RKN_NONE where that is allowed;
 * arrays are sorted as refknot/format.h says and as noted here.  After reading
 * only `path`, `passing` and the end in `meta` change.
 */
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include <refknot/format.h>

#define MODEL_ERROR_SIZE 512

struct model {
	char *path; /* what it came from: a file, or a part of one (parts.h) */
	uint64_t size; /* bytes there */
	bool passing;  /* the file is removed after it was read */
	bool packed;   /* it is a whole recording of this version: to save the
			 model is to copy it, but for `meta` */
	struct rkn_meta meta;
	char *strings; /* NUL-terminated at strings_size - 1; [0] is "" */
	size_t strings_size;
	struct rkn_module *modules;
	size_t module_count;
	struct rkn_frame *frames; /* [0] is the root; parent < own index */
	size_t frame_count;
	struct rkn_stack *stacks; /* [0] is "not known" */
	size_t stack_count;
	struct rkn_thread *threads; /* [0] is "not known" */
	size_t thread_count;
	uint64_t limits[RKN_LIMITS]; /* counts by enum rkn_limit_number */
	struct rkn_block *blocks;    /* ascending address, not overlapping */
	size_t block_count;
	struct rkn_edge *edges; /* ascending from, then from_word */
	size_t edge_count;
	struct rkn_root *roots;
	size_t root_count;
	struct rkn_root *gone; /* behind roots: what the program unmapped at
				  its end, RKN_ROOT_GONE */
	size_t gone_count;
	struct rkn_name *names; /* [0] is not a name */
	size_t name_count;
	struct rkn_object *objects; /* [0] is unused; there may be none */
	size_t object_count;
	struct rkn_reference *references; /* ascending to, then order */
	size_t reference_count;
	struct rkn_event *events; /* of an object: one after another */
	size_t event_count;
	struct rkn_error *errors;
	size_t error_count;
	struct rkn_region *regions; /* by name, thread; of one the row of all
				       blocks first */
	size_t region_count;
	struct rkn_mark *marks; /* ascending time */
	size_t mark_count;
	struct rkn_census *census;
	size_t census_count;
	struct rkn_wide *wide; /* ascending kind, then index */
	size_t wide_count;
	struct rkn_free *frees; /* of what was not a live block */
	size_t free_count;
	struct rkn_place *places;
	size_t place_count;
	uint32_t *first; /* place of each block, RKN_NONE: none; there may be
			    fewer than blocks: see model_first_of() */
	size_t first_count;
	struct rkn_count *counts; /* ascending block: see model_count_of() */
	size_t count_count;
	struct rkn_live_frame *live_frames; /* of a thread: the innermost first
					     */
	size_t live_frame_count;
	struct rkn_live_thread *live_threads;
	size_t live_thread_count;
	struct rkn_tls *tls;
	size_t tls_count;
	/* Of a recording of minor version 9 or later: the first is the start;
	 * in others there are none. */
	struct rkn_point *points;
	size_t point_count;
	struct rkn_key *keys;
	size_t key_count;
	struct rkn_key_row *key_rows; /* of a key frame: ascending stack */
	size_t key_row_count;
	struct rkn_lives *lives; /* ascending stack */
	size_t life_count;
	struct rkn_mapping *mappings; /* ascending; none: it is not known what
					 the kernel held */
	size_t mapping_count;
	struct rkn_pages *pages; /* ascending, not side by side */
	size_t page_count;
	struct rkn_arena *arenas; /* ascending, not overlapping */
	size_t arena_count;
	struct rkn_slack *slack; /* ascending block */
	size_t slack_count;
	struct rkn_content *contents; /* ascending block; none: it was not
					 asked for */
	size_t content_count;
	struct rkn_mapped_site *mapped_sites; /* [0] has the sums of all; none:
						 nothing was mapped */
	size_t mapped_site_count;
	struct rkn_mapped *mapped; /* ascending, not overlapping */
	size_t mapped_count;
	bool any_cuts;   /* RKN_LIMIT_TRUNCATED_STACK counts RKN_LIMIT_DEPTH's,
			    too: a file of an older minor version than 7 */
	bool truncated;  /* the file was cut; `error` says where */
	bool blocks_cut; /* ... before the last block: more were alive */
	enum rkn_chunk_type cut; /* of the parts from this one on not all, or
				    none, was read; 0: all were */
	char error[MODEL_ERROR_SIZE]; /* "FILE: chunk 3 (frames) at ..." */
};

/*
 * Read a finished recording or a live store: `path` is a file, or a part of one. 0; or -errno with m->error set
 * (one sentence: file, record, byte offset, what to do) and nothing to
 * release; -ENODATA when a cut file was read as far as it goes: the model is
 * usable, m->truncated is set and m->error says where the cut is.
 */
int model_load(struct model *m, const char *path);
void model_release(struct model *m);

/*
 * Write `m` as a finished recording, replacing `path` in one step; mode 0600.
 * 0 or -errno (-EISDIR, -EEXIST: `path` is a directory, or not a regular file but
 * a link, a device, a pipe or a socket, which is not replaced); on failure
 * `path` is as it was.
 */
int model_save(const struct model *m, const char *path);

/* A file that gets one recording after another (parts.h). All 0: none. */
struct model_file {
	char *path; /* NULL: it is not there yet */
	int fd;
	struct model_file_part {
		uint64_t at; /* byte in the file */
		uint32_t pid;
	} * parts;
	size_t count;
	uint64_t end; /* of the last part */
	bool spoilt;  /* the caller's: one could not be added */
};

/* model_save() with the file left open for more; `f` is as it was on failure. */
int model_file_begin(struct model_file *f, const struct model *m,
		     const char *path);
/* The same, but -EEXIST when anything at all has that name. */
int model_file_begin_new(struct model_file *f, const struct model *m,
			 const char *path);
/*
 * Adds `m` as the next part, and sets *name to its name, for the caller to free. 0
 * or -errno, or -ESTALE: another file has its name by now; then the file has what it had. A reader sees all parts but the one that
 * is being written, or a part of that.
 */
int model_file_add(struct model_file *f, const struct model *m, char **name);
/* model_note() of the part that was added last. */
int model_file_note(const struct model_file *f, const struct rkn_meta *meta);
/* Takes RKN_META_RUN_OPEN from the first part: no more will follow. */
void model_file_complete(const struct model_file *f);
void model_file_end(struct model_file *f);

/*
 * Reads only what the finished recording `path` says of its process. 0, or -errno:
 * -EPROTO for what is not one (a live store, another file). Numbers of texts are
 * of no use without the rest.
 */
int model_peek(const char *path, struct rkn_meta *meta);

/*
 * Replaces what the finished recording `path` says of its process by `meta`, by
 * one write of less than a page, in place: nothing else changes, and a reader sees
 * the old or the new. The file's times stay. 0 or -errno; -EPROTO if this refknot's version did not write
 * it.
 */
int model_note(const char *path, const struct rkn_meta *meta);

/* It ended, or is, so long after its start; the timeline's end moves with it. */
void model_set_duration(struct model *m, uint64_t ns);

/* Whether part `type` was read whole; if not, missing records are not known to
 * be missing. */
bool model_knows(const struct model *m, enum rkn_chunk_type type);

/* The text at `offset`, "" when the offset is out of range. Lives as long as
 * the model. */
const char *model_text(const struct model *m, uint32_t offset);

/* The name by which people know the program (called.h): its script's, else the
 * one that it was started by; "" where none is known. Lives as long as the
 * model, like the next. */
const char *model_called(const struct model *m);
/* The second of these, of a script that of its interpreter. */
const char *model_started_as(const struct model *m);

/* The next argument of the program, as recorded; NULL: there are no more. `a` is
 * all 0 at first. */
struct model_arguments {
	uint64_t at; /* of the next, in the strings */
	uint32_t number;
};
const char *model_argument(const struct model *m, struct model_arguments *a);

/* The text of name `number`, "" for 0. */
const char *model_name(const struct model *m, uint32_t number);

/* References to object `o` are references[*first .. *first + result). */
size_t model_references_of(const struct model *m, uint32_t o, size_t *first);

/* Events of `object` are events[*first .. *first + result). */
uint32_t model_events_of(const struct model *m, uint32_t object, size_t *first);

/* The place in a module that the first words of `block` lead to; NULL: none, or
 * it is not known. */
const struct rkn_place *model_first_of(const struct model *m, uint32_t block);

/* The numbers in `block` that may be counts of references; NULL: there are none,
 * or they are not known. */
const struct rkn_count *model_count_of(const struct model *m, uint32_t block);

/* The block that `address` lies in; RKN_NONE: none. */
uint32_t model_block_at(const struct model *m, uint64_t address);

/* Edges that start in block `b` are edges[*first .. *first + result). */
size_t model_edges_of(const struct model *m, uint32_t b, size_t *first);

/* Of an element of m->edges: where its word is in its block, where that points
 * to in the other; bytes. Where the recording has no room for large numbers the
 * largest that it has. */
uint64_t model_edge_from(const struct model *m, const struct rkn_edge *e);
uint64_t model_edge_to(const struct model *m, const struct rkn_edge *e);
/* Of an element of m->roots: where it points to in its block, bytes. */
uint64_t model_root_to(const struct model *m, const struct rkn_root *r);

/* Whether, by the block's contents at the snapshot, a pointer to `offset` keeps
 * it: RKN_WIDE_ARRAY or RKN_WIDE_BASE. */
bool model_knows_place(const struct model *m, enum rkn_wide_kind kind,
		       uint32_t block, uint64_t offset);

#endif
