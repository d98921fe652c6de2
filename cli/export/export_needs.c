/* SPDX-License-Identifier: MIT */
#include "export_needs.h"

#include "die.h"
#include "obstacle.h"
#include "status.h"

void export_needs_pointers(const struct reading *in)
{
	char room[OBSTACLE_SIZE];
	const char *why = obstacle_find(in->m, room, sizeof(room));

	if (why)
		die(STATUS_INPUT,
		    "export: what is alive and who holds it is not known: %s",
		    why);
}
