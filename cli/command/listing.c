/* SPDX-License-Identifier: MIT */
#include "listing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "die.h"
#include "document.h"
#include "escape.h"
#include "json_writer.h"
#include "list.h"
#include "losses.h"
#include "mapped.h"
#include "parts.h"
#include "reading.h"
#include "recordings.h"
#include "status.h"
#include "table.h"
#include "units.h"

struct row {
	char *name, *program; /* program NULL: it cannot be read */
	uint64_t bytes;
	struct rkn_meta meta;
	bool mapped; /* what it lost of mappings is known */
};

struct rows {
	struct row *list;
	size_t count;
};

static bool add(struct rows *rows, char *name)
{
	struct row *row = LIST_ADD(rows->list, rows->count);
	struct model m;
	int error = reading_load(&m, name);

	*row = (struct row){ .name = name };
	if (error && error != -ENODATA)
		return false;
	row->program = xstrdup(model_called(&m));
	row->bytes = m.size;
	row->meta = m.meta;
	/* Whether or not a run has noted it. */
	mapped_lost(&m, &row->meta.run_lost_mapped);
	row->mapped = !mapped_unjudged(&m);
	model_release(&m);
	return !error;
}

/* False: one could not be read, or not to its end. */
static bool add_file(struct rows *rows, const char *file)
{
	struct parts parts;
	bool whole = true;

	/* The name of a part, a live store, or what reading_load() says. */
	if (parts_read(&parts, file))
		return add(rows, xstrdup(file));
	if (parts.list[0].meta.flags & RKN_META_RUN_OPEN) {
		char *shown = escape(file);

		warn(
		    "%s does not have all recordings of its run: refknot is still writing it, or was ended before",
		    shown);
		free(shown);
		whole = false;
	}
	for (size_t i = 0; i < parts.count; i++)
		whole &= add(rows, parts_name(&parts, i, file));
	parts_release(&parts);
	return whole;
}

/* What its run found, for the caller to free. */
static char *found(const struct row *row)
{
	char *mapped, *text;

	if (!row->program)
		return xstrdup("it cannot be read");
	if (losses_findings(&row->meta) ||
	    (row->meta.run_lost_mapped && row->meta.flags & RKN_META_JUDGED))
		return losses_text(&row->meta);
	mapped = losses_text(&row->meta);
	text =
	    xasprintf("%s%s%s",
		      row->meta.flags & RKN_META_JUDGED     ? "nothing lost"
		      : row->meta.flags & RKN_META_UNJUDGED ? "not checked"
							    : "not judged yet",
		      *mapped ? "; " : "", mapped);
	free(mapped);
	return text;
}

static void print_text(const struct rows *rows)
{
	static const struct table_column columns[] = {
		{ "SIZE", true },       { "PROCESS", true },
		{ "PROGRAM", false },   { "FOUND", false },
		{ "RECORDING", false },
	};
	char size[UNITS_SIZE], pid[UNITS_SIZE];
	struct table t;

	table_init(&t, columns, sizeof(columns) / sizeof(*columns));
	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->list[i];
		char *program = escape(row->program ? row->program : "-");
		char *name = escape(row->name), *text = found(row);

		snprintf(pid, sizeof(pid), "%" PRIu32, row->meta.pid);
		table_add(&t, units_bytes(size, row->bytes));
		table_add(&t, row->meta.pid ? pid : "-");
		table_add(&t, program);
		table_add(&t, text);
		table_add(&t, name);
		free(text);
		free(name);
		free(program);
	}
	table_print(&t, stdout);
	table_release(&t);
}

static void print_json(const struct rows *rows)
{
	json_t *o = json_object(), *list = json_array();

	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->list[i];
		bool known = losses_are_known(&row->meta);
		json_t *one = json_object();

		document_text(one, "path", row->name);
		document_count(one, "bytes", row->bytes);
		document_known(one, "pid", row->program, row->meta.pid);
		document_text(one, "name", row->program);
		document_known(one, "findings", known,
			       losses_findings(&row->meta));
		document_known(one, "lost_bytes", known,
			       row->meta.run_lost_bytes);
		document_known(one, "lost_mapped_bytes", row->mapped,
			       row->meta.run_lost_mapped);
		document_append(list, one);
	}
	document_text(o, "schema", "refknot-list/1");
	document_set(o, "recordings", list);
	document_set(o, "runs", json_array());
	if (!json_write(o, 1, stdout))
		die(STATUS_INPUT, "the list could not be written");
	json_decref(o);
}

int listing_print(const char **files, bool json)
{
	struct rows rows = { 0 };
	int status = STATUS_OK;

	for (; *files; files++) {
		char *path = recordings_path(*files);

		if (!path || !add_file(&rows, path))
			status = STATUS_INPUT;
		free(path);
	}
	if (json)
		print_json(&rows);
	else
		print_text(&rows);
	for (size_t i = 0; i < rows.count; i++) {
		free(rows.list[i].name);
		free(rows.list[i].program);
	}
	free(rows.list);
	return status;
}
