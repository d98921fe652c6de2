/* SPDX-License-Identifier: MIT */
/*
 * A reader of settings that frees one list but not what is in it, and forgets
 * another list as a whole.
 *
 * refknot: leak 5 objects, 240 bytes, in setting_read
 * refknot: leak 1 object, 40 bytes, in settings_make, holding 5 objects
 */
#include <stdio.h>
#include <stdlib.h>

#include "scrub.h"

#define SETTINGS 5

static NOINLINE char *setting_read(int number)
{
	char *text = malloc(48);

	if (!text)
		abort();
	snprintf(text, 48, "setting %d = %d", number, number * number);
	return text;
}

static NOINLINE char **settings_make(void)
{
	char **list = malloc(SETTINGS * sizeof(*list));

	if (!list)
		abort();
	return list;
}

static NOINLINE char **settings_read(void)
{
	char **list = settings_make();

	for (int i = 0; i < SETTINGS; i++)
		list[i] = setting_read(i);
	return list;
}

static NOINLINE void use_and_forget_the_texts(void)
{
	char **list = settings_read();

	puts(list[SETTINGS - 1]);
	free(list);
}

static NOINLINE void use_and_forget_all(void)
{
	char **list = settings_read();

	puts(list[0]);
}

int main(void)
{
	use_and_forget_the_texts();
	use_and_forget_all();
	scrub();
	return 0;
}
