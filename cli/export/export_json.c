/* SPDX-License-Identifier: MIT */
#include "export_json.h"

#include <errno.h>
#include <string.h>

#include "die.h"
#include "json_text.h"
#include "status.h"

static void cannot(void)
{
	die(STATUS_INPUT, "export: the file cannot be written: %s",
	    strerror(errno));
}

void export_json(FILE *out, json_t *document)
{
	if (!json_write(document, JSON_COMPACT, out))
		cannot();
	json_decref(document);
}

void export_json_text(FILE *out, const char *text)
{
	json_t *string = json_text(text);

	if (json_dumpf(string, out, JSON_ENCODE_ANY | JSON_COMPACT))
		cannot();
	json_decref(string);
}
