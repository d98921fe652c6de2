/* SPDX-License-Identifier: MIT */
#include "mapped.h"

#include <stdlib.h>
#include <string.h>

#include "groups_find.h"
#include "list.h"
#include "residency.h"
#include "strays.h"
#include "units.h"

/* With these there are pointers that the search has not seen. */
static const enum rkn_limit_number doubts[] = {
	RKN_LIMIT_UNALIGNED,        RKN_LIMIT_ADDRESS_RANGE,
	RKN_LIMIT_STORE_FULL,       RKN_LIMIT_THREADS_FULL,
	RKN_LIMIT_THREAD_RUNNING,   RKN_LIMIT_SHARED_MAP,
	RKN_LIMIT_UNREADABLE,       RKN_LIMIT_NO_SNAPSHOT,
	RKN_LIMIT_NO_MAPS,          RKN_LIMIT_SWITCHED_OFF,
	RKN_LIMIT_SNAPSHOT_CUT,     RKN_LIMIT_SANDBOX,
	RKN_LIMIT_OPERATORS,        RKN_LIMIT_BYPASS,
	RKN_LIMIT_UNREAD_REGISTERS,
};

const char *mapped_unjudged(const struct model *m)
{
	if (m->truncated || !(m->meta.flags & RKN_META_SNAPSHOT))
		return "no whole snapshot was taken";
	if (!m->mapped_site_count && !m->point_count)
		return "an older version made the recording";
	if (m->meta.flags & RKN_META_FOREIGN_MALLOC)
		return "the program has another allocator than glibc's, which maps memory itself";
	if (m->mapped_site_count && m->mapped_sites[0].missed)
		return "calls could not be noted";
	for (size_t i = 0; i < sizeof(doubts) / sizeof(*doubts); i++)
		if (m->limits[doubts[i]])
			return "not everything was seen that may have a pointer";
	if (m->mapped_count && !(m->meta.flags & RKN_META_MAPPINGS))
		return "not everything was searched for pointers to them";
	/* A child frees what its parent allocated, and that was searched. */
	if (!m->limits[RKN_LIMIT_INHERITED] &&
	    m->limits[RKN_LIMIT_UNKNOWN_FREE] > strays_told(m))
		return "blocks were allocated in a way that is not seen";
	return NULL;
}

bool mapped_any(const struct model *m)
{
	/* The first row has the sums. */
	return m->mapped_site_count > 1 ||
	       (m->mapped_site_count && m->mapped_sites[0].missed);
}

bool mapped_is_lost(const struct rkn_mapped *r)
{
	return r->flags & RKN_MAPPED_UNHELD;
}

static uint64_t sum(const struct model *m, uint32_t flag, uint64_t *bytes)
{
	uint64_t count = 0;

	*bytes = 0;
	if (mapped_unjudged(m))
		return 0;
	for (size_t i = 0; i < m->mapped_count; i++)
		if (m->mapped[i].flags & flag) {
			count++;
			*bytes += m->mapped[i].end - m->mapped[i].start;
		}
	return count;
}

uint64_t mapped_lost(const struct model *m, uint64_t *bytes)
{
	return sum(m, RKN_MAPPED_UNHELD, bytes);
}

uint64_t mapped_beside(const struct model *m, uint64_t *bytes)
{
	return sum(m, RKN_MAPPED_BESIDE, bytes);
}

char *mapped_beside_words(uint64_t mappings, uint64_t bytes)
{
	char count[UNITS_SIZE], size[UNITS_SIZE];

	if (!mappings)
		return NULL;
	return xasprintf(
	    "%s, %s not judged: no pointer to %s was found, but each lies directly above one that is in use, from the same line, and may be one with it",
	    units_count(count, mappings, "mapping"), units_bytes(size, bytes),
	    mappings == 1 ? "it" : "them");
}

/* Of a file's or a shared mapping the kernel's numbers are of whole mappings;
 * RKN_NOT_KNOWN if it has this one only as a part of another. *next is the first
 * that may be in it. */
static uint64_t shared_in(const struct model *m, const struct rkn_mapped *r,
			  size_t *next)
{
	uint64_t bytes = 0, at = r->start;

	while (*next < m->mapping_count && m->mappings[*next].end <= r->start)
		++*next;
	for (size_t i = *next; i < m->mapping_count && at < r->end; i++) {
		const struct rkn_mapping *p = &m->mappings[i];

		if (p->start != at || p->end > r->end ||
		    p->resident == RKN_NOT_KNOWN)
			return RKN_NOT_KNOWN;
		bytes += p->resident;
		at = p->end;
	}
	return at == r->end ? bytes : RKN_NOT_KNOWN;
}

static void add_resident(struct mapped_row *to, uint64_t bytes)
{
	if (bytes == RKN_NOT_KNOWN)
		to->partly = true;
	else
		to->resident += bytes;
}

static void add(struct mapped_row *to, const struct rkn_mapped_site *s)
{
	to->calls += s->calls;
	to->bytes += s->bytes;
	to->live += s->live;
	to->live_bytes += s->live_bytes;
	to->peak_bytes += s->peak_bytes;
}

static int by_live(const void *a, const void *b)
{
	const struct mapped_row *x = a, *y = b;

	return ORDER(y->live_bytes, x->live_bytes)
		   ?: ORDER(y->bytes, x->bytes) ?: strcmp(x->key, y->key);
}

/* Row of each site; the keys are those of `g`, which has no more of them. */
static uint32_t *make_rows(struct mapped *m, const struct reading *in,
			   enum group_by by)
{
	const struct model *model = in->m;
	uint32_t *of_site = xcalloc(model->mapped_site_count, sizeof(*of_site));
	struct groups g = { 0 };
	struct groups_entry *table = NULL;

	for (size_t i = 1; i < model->mapped_site_count; i++)
		of_site[i] = (uint32_t)groups_find(
		    &g, &table,
		    groups_key(in, by, model->mapped_sites[i].stack));
	m->count = g.count;
	m->rows = xcalloc(g.count + 1, sizeof(*m->rows));
	for (size_t i = 0; i < g.count; i++) {
		m->rows[i].key = g.list[i].key;
		g.list[i].key = NULL;
	}
	for (size_t i = 1; i < model->mapped_site_count; i++)
		add(&m->rows[of_site[i]], &model->mapped_sites[i]);
	groups_release_table(&table);
	groups_release(&g);
	return of_site;
}

/* Its stacks had their peaks at different times. */
static void cap_peaks(struct mapped *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->rows[i].peak_bytes > m->total.peak_bytes)
			m->rows[i].peak_bytes = m->total.peak_bytes;
}

static void add_lost(struct mapped_row *to, const struct rkn_mapped *r)
{
	if (mapped_is_lost(r)) {
		to->lost++;
		to->lost_bytes += r->end - r->start;
	}
	if (r->flags & RKN_MAPPED_BESIDE) {
		to->beside++;
		to->beside_bytes += r->end - r->start;
	}
}

void mapped_make(struct mapped *m, const struct reading *in, enum group_by by)
{
	const struct model *model = in->m;
	uint32_t *of_site;
	struct residency pages = { .m = model };
	size_t next = 0;

	*m = (struct mapped){ .known = model->page_count,
			      .noted = model->mapped_site_count ||
				       model->point_count };
	m->unjudged = obstacle_find(model, m->room, sizeof(m->room))
			  ?: mapped_unjudged(model);
	if (!model->mapped_site_count)
		return;
	if (by != GROUP_BY_FUNCTION && by != GROUP_BY_FILE)
		by = GROUP_BY_SITE;
	of_site = make_rows(m, in, by);
	add(&m->total, &model->mapped_sites[0]);
	cap_peaks(m);
	m->missed = model->mapped_sites[0].missed;
	for (size_t i = 0; i < model->mapped_count; i++) {
		const struct rkn_mapped *r = &model->mapped[i];
		const uint64_t bytes =
		    (r->flags & (RKN_MAPPED_SHARED | RKN_MAPPED_FILE))
			? shared_in(model, r, &next)
			: residency_of(&pages, r->start, r->end);

		add_resident(&m->rows[of_site[r->site]], bytes);
		add_resident(&m->total, bytes);
		if (!m->unjudged) {
			add_lost(&m->rows[of_site[r->site]], r);
			add_lost(&m->total, r);
		}
	}
	if (m->count)
		qsort(m->rows, m->count, sizeof(*m->rows), by_live);
	free(of_site);
}

void mapped_release(struct mapped *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->rows[i].key);
	free(m->rows);
	*m = (struct mapped){ 0 };
}
