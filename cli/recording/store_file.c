/* SPDX-License-Identifier: MIT */
#include "store_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "recording.h"

/* Tables are written from their start on, but a copy may have holes for
 * zeroes: so many times its data a table may claim. */
#define SPARSE 64
#define SMALL  (1u << 20) /* bytes that may be claimed in any case */
#define PAGE   4096u

static const char *const names[STORE_TABLES] = {
	"frames",       "stacks",   "modules",      "threads", "areas",
	"chunks",       "text",     "blocks",       "edges",   "roots",
	"names",        "objects",  "references",   "events",  "errors",
	"spans",        "regions",  "marks",        "census",  "wide",
	"frees",        "places",   "first",        "counts",  "live frames",
	"live threads", "tls",      "points",       "keys",    "key rows",
	"copies",       "extras",   "mappings",     "pages",   "arenas",
	"slack",        "contents", "mapped sites", "mapped",  "mapped places",
};

bool store_file_data(const struct store_file *s, uint64_t *from, uint64_t end,
		     uint64_t *to)
{
	off_t data, hole;

	if (end > s->size)
		end = s->size;
	if (*from >= end)
		return false;
	*to = end;
	data = lseek(s->fd, (off_t)*from, SEEK_DATA);
	if (data < 0) /* ENXIO: no more; else not known, so all is data */
		return errno != ENXIO;
	if ((uint64_t)data >= end)
		return false;
	*from = (uint64_t)data;
	/* What is in one page needs no end. */
	if (*from / PAGE == (end - 1) / PAGE)
		return true;
	hole = lseek(s->fd, data, SEEK_HOLE);
	if (hole > data && (uint64_t)hole < end)
		*to = (uint64_t)hole;
	return true;
}

/* The kernel looks for a hole as far as data goes: for a record of a large table
 * that takes longer than to read it. */
#define PIECE (64u << 10)

int store_file_read(const struct store_file *s, void *to, uint64_t size,
		    uint64_t offset)
{
	uint64_t from = offset, end;

	if (size > UINT64_MAX - offset)
		return -EINVAL;
	if (size <= PIECE && offset < s->size) {
		int64_t n = model_pread(
		    s->fd, to,
		    size < s->size - offset ? size : s->size - offset, offset);

		return n < 0 ? (int)n : 0;
	}
	for (; store_file_data(s, &from, offset + size, &end); from = end) {
		int64_t n = model_pread(s->fd, (char *)to + (from - offset),
					end - from, from);

		if (n < 0)
			return (int)n;
	}
	return 0;
}

int store_file_count(struct store_file *s, enum store_table_number table,
		     size_t record_size, size_t *count)
{
	const struct store_table *t = &s->h.tables[table];
	uint64_t n = t->count < t->capacity ? t->count : t->capacity;
	uint64_t from = t->offset, last = from, data = 0, end;

	*count = 0;
	if (!t->offset || t->offset >= s->size || !n)
		return 0;
	if (t->record_size != record_size)
		return model_error(
		    s->m, -EBADMSG,
		    "table %s at byte %llu: its records have %llu bytes instead of %zu",
		    names[table], (unsigned long long)t->offset,
		    (unsigned long long)t->record_size, record_size);
	if (n > (s->size - t->offset) / record_size)
		n = (s->size - t->offset) / record_size;
	for (; store_file_data(s, &from, t->offset + n * record_size, &end);
	     from = last = end)
		data += end - from;
	if (n > (last - t->offset + record_size - 1) / record_size)
		n = (last - t->offset + record_size - 1) / record_size;
	if ((record_size > 1 && n >= RKN_NONE) ||
	    n * record_size > SMALL + data * SPARSE)
		return model_error(
		    s->m, -EBADMSG,
		    "table %s at byte %llu: %llu records in %llu bytes of data are out of proportion",
		    names[table], (unsigned long long)t->offset,
		    (unsigned long long)n, (unsigned long long)data);
	*count = n;
	return 0;
}

int store_file_table(struct store_file *s, enum store_table_number table,
		     size_t record_size, void **records, size_t *count)
{
	int error = store_file_count(s, table, record_size, count);

	*records = NULL;
	if (error || !*count)
		return error;
	*records = calloc(*count, record_size);
	if (!*records)
		return model_error(s->m, -ENOMEM,
				   "table %s: out of memory for %zu records",
				   names[table], *count);
	error = store_file_read(s, *records, *count * record_size,
				s->h.tables[table].offset);
	if (!error)
		return 0;
	free(*records);
	*records = NULL;
	return model_error(s->m, error, "table %s cannot be read: %s",
			   names[table], strerror(-error));
}

int store_file_part(struct store_file *s, enum store_table_number table,
		    enum rkn_chunk_type type)
{
	struct chunk_array *part = &s->parts.of[type];
	int error =
	    store_file_table(s, table, chunk_array_kinds[type].record_size,
			     &part->records, &part->count);

	part->capacity = part->count;
	return error;
}
