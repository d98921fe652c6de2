/* SPDX-License-Identifier: MIT */
#include "report.h"

bool report_wants(const struct report_options *o, const struct finding *f,
		  size_t before)
{
	if (o->limit && before >= o->limit)
		return false;
	return (o->kinds | o->listed) & 1u << f->kind;
}
