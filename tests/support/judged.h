/* SPDX-License-Identifier: MIT */
/* A scene and what is found in it, for tests of the findings. */
#ifndef JUDGED_H
#define JUDGED_H

#include "findings.h"
#include "scene.h"

extern struct scene s;
extern struct findings f;
extern uint32_t in_a, in_b, in_c; /* stacks of functions a, b and c */

/* An empty scene. */
int judged_setup(void **state);
int judged_teardown(void **state);
/* Find what is wrong in `s` now. */
void judge(void);

#endif
