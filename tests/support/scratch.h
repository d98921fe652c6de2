/* SPDX-License-Identifier: MIT */
/* A directory of its own for a test that works on files. */
#ifndef SCRATCH_H
#define SCRATCH_H

/* cmocka group fixtures: make it and go there; go back and remove it. */
int scratch_setup(void **state);
int scratch_teardown(void **state);

void scratch_write(const char *name, const char *text);

/* Run a shell command there; the test fails when it does. */
void scratch_run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* First line that the command prints, without its end; static. */
const char *scratch_line(const char *command);

#endif
