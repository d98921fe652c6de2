/* SPDX-License-Identifier: MIT */
#include "skipped.h"

#include <refknot/store.h>
#include <stdint.h>
#include <time.h>

#include "called.h"
#include "compiler.h"
#include "denied.h"
#include "environment.h"
#include "libc.h"
#include "patterns.h"
#include "settings.h"
#include "sys.h"
#include "text.h"

static enum { UNKNOWN, NO, YES } answer;

static bool note(const char *directory, const char *called, const char *program)
{
	char name[4096], target[4096];
	struct text to = { name, sizeof(name), 0 };
	struct text from = { target, sizeof(target), 0 };

	text_add(&to, directory);
	text_add(&to, "/" STORE_EXECUTED "/");
	text_number(&to, (uint64_t)sys_pid());
	text_add(&to, "-");
	text_number(&to, sys_clock(CLOCK_MONOTONIC));
	text_add(&to, STORE_SKIPPED);
	text_number(&from, sys_clock(CLOCK_REALTIME));
	text_add(&from, " ");
	text_add(&from, called);
	text_add(&from, program);
	return text_whole(&to) && text_whole(&from) &&
	       sys_link(target, name) == 0;
}

static bool find_out(void)
{
	struct settings s;
	char program[4096];
	const char *called;
	long size;

	if (settings_read(&s, environment_variables()) || !s.out ||
	    *s.out != '/' || (!s.programs && !s.skip_programs))
		return false;
	/* Its loader heeds nobody's wishes, or nothing is to be called. */
	if (libc_is_secure() || denied_start())
		return false;
	size = sys_readlink("/proc/self/exe", program, sizeof(program) - 1);
	program[size > 0 ? size : 0] = '\0';
	called = called_name(environment_started_as(), program);
	return *program == '/' &&
	       patterns_leave_out(
		   s.programs, s.skip_programs, program, called,
		   called_script(environment_executed(),
				 environment_first_arguments())) &&
	       note(s.out, called, program);
}

COLD bool skipped_find_out(void)
{
	if (answer == UNKNOWN)
		answer = find_out() ? YES : NO;
	return answer == YES;
}

bool skipped(void)
{
	return answer == YES;
}
