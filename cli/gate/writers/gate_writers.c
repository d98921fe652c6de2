/* SPDX-License-Identifier: MIT */
#include "gate_writers.h"

const struct gate_writer gate_writers[] = {
	{ "text", gate_write_text, true },
	{ "json", gate_write_json, false },
	{ "gnu", gate_write_gnu, false },
	{ "github", gate_write_github, false },
	{ "sarif", gate_write_sarif, false },
	{ "junit", gate_write_junit, false },
	{ "tap", gate_write_tap, false },
	{ "gitlab", gate_write_gitlab, false },
	{ "valgrind-xml", gate_write_valgrind_xml, false },
	{ "markdown", gate_write_markdown, false },
	{ "suppressions", gate_write_suppressions, false },
	{ "valgrind-suppressions", gate_write_suppressions, false },
	{ "lsan-suppressions", gate_write_lsan_suppressions, false },
};
const size_t gate_writer_count = sizeof(gate_writers) / sizeof(*gate_writers);
