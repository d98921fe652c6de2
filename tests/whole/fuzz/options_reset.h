/* SPDX-License-Identifier: MIT */
#ifndef OPTIONS_RESET_H
#define OPTIONS_RESET_H

#include "command.h"

/* Give the options of a command the values that they had before any command
 * line was parsed. */
void options_reset(const struct command *c);

#endif
