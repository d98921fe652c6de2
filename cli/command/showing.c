/* SPDX-License-Identifier: MIT */
#include "showing.h"

#include <stdlib.h>
#include <unistd.h>

#include "die.h"
#include "parts.h"
#include "report.h"
#include "status.h"

struct showing showing_begin(const char **arguments, const char *command)
{
	struct showing s = { .format = options_format() };

	if (recordings_count(arguments) > 1)
		die(STATUS_INPUT, "%s: give one recording", command);
	return s;
}

int showing_recording(struct showing *s, const char **arguments,
		      recordings_visit *visit)
{
	int status;

	s->limit = options_limit(s->format == FORMAT_JSON ? 0 : OPTIONS_ROWS);
	documents_init(&s->documents, 1);
	status = recordings_each(arguments, visit, s);
	documents_write(&s->documents, stdout);
	return status ? status : s->status;
}

int showing_object(const char **arguments, const char *command,
		   recordings_visit *visit)
{
	struct showing s = { .format = options_format() };
	const char *paths[] = { NULL, NULL }, *first;
	size_t count = 0;
	bool recording;
	char *file;

	while (arguments && arguments[count])
		count++;
	first = count ? arguments[0] : "";
	file = parts_file(first);
	recording = parts_is_name(first) && !access(file, F_OK);
	free(file);
	if (!count || count > 2 || (count == 1 && recording))
		die(STATUS_INPUT,
		    "%s: name an object, as in: refknot %s RECORDING 'Session#17'",
		    command, command);
	if (count == 2)
		paths[0] = first;
	s.object = arguments[count - 1];
	return showing_recording(&s, paths, visit);
}
