/* SPDX-License-Identifier: MIT */
/*
 * Finishes stores of processes that have ended while the program that started them
 * still runs: then there is less to do, and less memory taken, at its end.
 */
#ifndef FINISHER_H
#define FINISHER_H

#include "live.h"

/*
 * Returns soon after `ended`, a descriptor, can be read: within the time that one
 * store takes. What is not finished by then, the end of the run does. Prints nothing.
 */
void finisher_run(struct live *l, int ended);

#endif
