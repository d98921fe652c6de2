/* SPDX-License-Identifier: MIT */
/* Options that several commands have in common. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <popt.h>
#include <stdbool.h>
#include <stddef.h>

enum format { FORMAT_TEXT, FORMAT_JSON };

/* Tables to include into a command's own: --format; --limit; --debuginfod; that
 * and --sysroot; both and --no-symbol-cache; --full; --brief. */
extern struct poptOption options_format_table[], options_limit_table[],
    options_servers_table[], options_places_table[], options_symbols_table[],
    options_stacks_table[], options_brief_table[];

#define OPTIONS_TABLE(table)                                                   \
	{                                                                      \
		NULL, 0, POPT_ARG_INCLUDE_TABLE, table, 0, NULL, NULL          \
	}
#define OPTIONS_FORMAT  OPTIONS_TABLE(options_format_table)
#define OPTIONS_LIMIT   OPTIONS_TABLE(options_limit_table)
#define OPTIONS_SERVERS OPTIONS_TABLE(options_servers_table)
#define OPTIONS_PLACES  OPTIONS_TABLE(options_places_table)
#define OPTIONS_SYMBOLS OPTIONS_TABLE(options_symbols_table)
#define OPTIONS_STACKS  OPTIONS_TABLE(options_stacks_table)
#define OPTIONS_BRIEF   OPTIONS_TABLE(options_brief_table)

#define OPTIONS_ROWS 20 /* of a table of text, if --limit says nothing */

/* The program after "--" and its arguments, ended by NULL; NULL: there was
 * none. Set by invocation_parse(). */
extern const char **options_program;

/* Dies if an option of these tables is given what it cannot take. */
void options_check(void);

/* The format that was asked for; dies if its name is not known. */
enum format options_format(void);
/* Rows to show, 0: all; `preset` when not given. */
size_t options_limit(size_t preset);

/* A failed gate's exit status, from --error-exitcode `text`; dies if it cannot
 * be one. */
int options_error_status(const char *text);

/*
 * The row of `names` (`count` of them) that equals `value`; `preset` if that is
 * NULL. Dies if there is none, and names `option` and the choices.
 */
size_t options_choice(const char *option, const char *value,
		      const char *const *names, size_t count, size_t preset);

#endif
