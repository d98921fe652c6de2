/* SPDX-License-Identifier: MIT */
/* SARIF's places: URIs from the source tree's root on, or absolute. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "document.h"
#include "gate_sarif.h"
#include "json_text.h"
#include "sources.h"

json_t *sarif_message(const char *text)
{
	json_t *o = json_object();

	document_set(o, "text", json_text(text));
	return o;
}

char *sarif_uri(const char *prefix, const char *path)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~/";
	char *text = xmalloc(strlen(prefix) + 3 * strlen(path) + 1);
	char *to = stpcpy(text, prefix);

	for (; *path; path++)
		if (strchr(plain, *path))
			*to++ = *path;
		else
			to += sprintf(to, "%%%02X", (unsigned char)*path);
	*to = '\0';
	return text;
}

static json_t *artifact(const char *prefix, const char *path)
{
	json_t *o = json_object();
	char *text = sarif_uri(prefix, path);

	document_set(o, "uri", json_text(text));
	if (!*prefix)
		document_set(o, "uriBaseId", json_text(SARIF_BASE));
	free(text);
	return o;
}

/* Takes `artifact`. */
static json_t *physical_at(json_t *artifact, unsigned line)
{
	json_t *o = json_object(), *region = json_object();

	document_set(region, "startLine", json_count(line ? line : 1));
	document_set(region, "startColumn", json_count(1));
	document_set(o, "artifactLocation", artifact);
	document_set(o, "region", region);
	return o;
}

/* A file in the tree from its root on, any other by its absolute path. NULL:
 * neither can be; a reader would take a relative URI from wherever it is. */
static json_t *physical(const struct gate *g, const struct issue_frame *f)
{
	json_t *place = NULL;
	char *within;

	if (!f || !f->file || !f->line)
		return NULL;
	within = sources_within(g->sources, f->file);
	if (within)
		place = artifact("", within);
	else if (*f->file == '/')
		place = artifact("file://", f->file);
	free(within);
	return place ? physical_at(place, f->line) : NULL;
}

/* Takes `place`. */
static json_t *location(json_t *place, const struct issue_frame *f,
			const char *text)
{
	json_t *o = json_object();

	if (place)
		document_set(o, "physicalLocation", place);
	if (f) {
		json_t *list = json_array(), *function = json_object();

		document_set(function, "fullyQualifiedName",
			     json_text(f->full ? f->full : f->function));
		document_set(function, "kind", json_text("function"));
		document_append(list, function);
		document_set(o, "logicalLocations", list);
	}
	if (text)
		document_set(o, "message", sarif_message(text));
	return o;
}

json_t *sarif_location(const struct gate *g, const struct issue_frame *f,
		       const char *text)
{
	return location(physical(g, f), f, text);
}

json_t *sarif_location_in(const struct gate *g, const struct issue_frame *f,
			  const char *program)
{
	json_t *place = physical(g, f);

	if (!place && program && *program == '/')
		place = physical_at(artifact("file://", program), 1);
	return location(place, f, NULL);
}

bool sarif_is_placed(const struct gate *g, const struct issue_frame *f)
{
	json_t *place = physical(g, f);

	json_decref(place);
	return place != NULL;
}
