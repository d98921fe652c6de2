/* SPDX-License-Identifier: MIT */
/* What a program does with its blocks: one function a situation. */
#ifndef JOBS_H
#define JOBS_H

#include "world.h"

typedef void job(struct world *w);

#define SITUATION(name, weight, threads) job job_##name;
#include "situations.def"
#undef SITUATION

/* One of them by its weight, with `w` told; only what a thread may do if
 * `in_thread`. */
void jobs_do_some(struct world *w, bool in_thread);

#endif
