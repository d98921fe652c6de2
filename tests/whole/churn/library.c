/* SPDX-License-Identifier: MIT */
#include "library.h"

#include "allocate.h"
#include "book.h"

static void *volatile data[4] = { (void *)1 };
static _Thread_local void *volatile variables[2];

void *volatile *library_data(void)
{
	return data;
}

void *volatile *library_tls(void)
{
	return variables;
}

#define SITE(n)                                                                \
	static NOINLINE uint64_t library_site_##n(enum how how, size_t size)   \
	{                                                                      \
		return book_hide(allocate(how, size));                         \
	}
SITE(0)
SITE(1)
SITE(2)
SITE(3)

unsigned long library_allocate(unsigned site, int how, size_t size)
{
	static uint64_t (*const sites[])(enum how, size_t) = {
		library_site_0, library_site_1, library_site_2, library_site_3
	};

	return sites[site % 4]((enum how)how, size);
}
