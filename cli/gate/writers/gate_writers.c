/* SPDX-License-Identifier: MIT */
#include "gate_writers.h"

const struct gate_writer gate_writers[] = {
#define ROW(name, write, people, after) { name, write, people },
	GATE_WRITERS(ROW)
};
const size_t gate_writer_count = sizeof(gate_writers) / sizeof(*gate_writers);
