/* SPDX-License-Identifier: MIT */
/* Environments, each variable ending at a NUL: the settings, and LD_PRELOAD
 * without the shim. */
#include "target.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "environment.h"
#include "input.h"
#include "settings.h"

#define MOST 256 /* variables */

static void look(const struct settings *s, const char *bad)
{
	input_need(s->children <= 1 && s->snapshot <= 1 && s->signals <= 1);
	input_need(s->depth >= 1 && s->depth <= 1024);
	input_need(s->verify <= 1000000000);
	input_need(!s->out || *s->out);
	input_need(!bad || !strncmp(bad, "REFKNOT_", 8));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *variables[MOST], *copy, **own = environ;
	struct settings s;
	const char *bad;

	input_texts(data, size, variables, MOST, &copy);
	bad = settings_read(&s, variables);
	look(&s, bad);
	environ = variables;
	environment_drop_preload();
	environ = own;
	free(copy);
	return 0;
}
