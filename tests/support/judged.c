/* SPDX-License-Identifier: MIT */
#include "judged.h"

struct scene s;
struct findings f;
uint32_t in_a, in_b, in_c;

int judged_setup(void **state)
{
	(void)state;
	scene_init(&s);
	in_a = scene_in(&s, "a");
	in_b = scene_in(&s, "b");
	in_c = scene_in(&s, "c");
	return 0;
}

int judged_teardown(void **state)
{
	(void)state;
	findings_release(&f);
	return 0;
}

void judge(void)
{
	const struct reading in = { .m = &s.m, .symbols = &s.symbols };

	findings_release(&f);
	findings_make(&f, &in);
}
