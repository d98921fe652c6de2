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

/* Of a path in the tree, else of `outside`, which is an absolute one mostly. */
static json_t *artifact(const char *path, const char *outside)
{
	json_t *o = json_object();
	char *text =
	    path ? sarif_uri("", path)
	    : outside && *outside == '/'
		? sarif_uri("file://", outside)
		: sarif_uri("", outside && *outside ? outside : "unknown");

	document_set(o, "uri", json_text(text));
	if (path)
		document_set(o, "uriBaseId", json_text(SARIF_BASE));
	free(text);
	return o;
}

static json_t *region(unsigned line)
{
	json_t *o = json_object();

	document_set(o, "startLine", json_count(line ? line : 1));
	document_set(o, "startColumn", json_count(1));
	return o;
}

static json_t *physical(const struct gate *g, const struct issue_frame *f,
			const char *program)
{
	char *within =
	    f && f->line ? sources_within(g->sources, f->file) : NULL;
	bool known = f && f->file && f->line;
	json_t *o = json_object();

	document_set(o, "artifactLocation",
		     artifact(within, known ? f->file : program));
	document_set(o, "region", region(known ? f->line : 1));
	free(within);
	return o;
}

json_t *sarif_location(const struct gate *g, const struct issue_frame *f,
		       const char *program, const char *text)
{
	json_t *o = json_object();

	document_set(o, "physicalLocation", physical(g, f, program));
	if (f) {
		json_t *list = json_array(), *logical = json_object();

		document_set(logical, "fullyQualifiedName",
			     json_text(f->function));
		document_set(logical, "kind", json_text("function"));
		document_append(list, logical);
		document_set(o, "logicalLocations", list);
	}
	if (text)
		document_set(o, "message", sarif_message(text));
	return o;
}
