/* SPDX-License-Identifier: MIT */
/* What Valgrind's formats share. */
#ifndef EXPORT_COMMAND_H
#define EXPORT_COMMAND_H

#include "export.h"

/* The words of the program's command line, each behind a space, escaped. */
void export_command(FILE *out, const struct model *m);

#endif
