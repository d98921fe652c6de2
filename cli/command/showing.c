/* SPDX-License-Identifier: MIT */
#include "showing.h"

#include <string.h>
#include <unistd.h>

#include "die.h"
#include "status.h"

/* Is it the name of a recording, rather than of an object? */
static bool is_recording(const char *argument)
{
	size_t size = strlen(argument), suffix = strlen(".rkn");

	return size > suffix && !strcmp(argument + size - suffix, ".rkn") &&
	       !access(argument, F_OK);
}

/* The object, and in paths[0] the recording, or NULL. */
static const char *find_object(const char **arguments, const char *command,
			       const char *paths[2])
{
	size_t count = 0;

	while (arguments && arguments[count])
		count++;
	if (count < 1 || count > 2 ||
	    (count == 1 && is_recording(arguments[0])))
		die(STATUS_INPUT,
		    "%s: name an object, as in: refknot %s RECORDING 'Session#17'",
		    command, command);
	paths[0] = count == 2 ? arguments[0] : NULL;
	paths[1] = NULL;
	return arguments[count - 1];
}

int showing_run(const char **arguments, const char *command,
		recordings_visit *visit)
{
	struct showing show = { .format = options_format() };
	const char *paths[2];
	int status;

	show.object = find_object(arguments, command, paths);
	documents_init(&show.documents, 1);
	status = recordings_each(paths, visit, &show);
	documents_write(&show.documents, stdout);
	return status ? status : show.status;
}
