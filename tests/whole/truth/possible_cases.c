/* SPDX-License-Identifier: MIT */
/*
 * Nine ways to hold one or two blocks of one function, some by a pointer a byte
 * behind the start; after Valgrind's table of leak cases. Blocks of those that
 * are reachable over starts alone are in use: 1, 2 and the first of 6.
 * expect: leak 1 object 16 bytes in make called by case_3
 * expect: leak 1 object 16 bytes in make called by case_4
 * expect: leak 1 object 16 bytes in make called by case_7
 * expect: possible-leak 1 object 16 bytes in make called by case_5
 * expect: possible-leak 1 object 16 bytes in make called by case_6
 * expect: possible-leak 1 object 16 bytes in make called by case_8
 * expect: possible-leak 1 object 16 bytes in make called by case_9
 * expect: held 4 objects 64 bytes
 * lsan: refknot is right to doubt: LeakSanitizer takes any pointer into a
 *	block for a reference
 */
#include "truth.h"

struct pair {
	struct pair *left, *right;
};

static USED struct pair *kept[10];

#define INSIDE(p) ((struct pair *)((char *)(p) + 1))

static NOINLINE struct pair *make(struct pair *left)
{
	struct pair *p = MUST(calloc(1, sizeof(*p)));

	p->left = left;
	return p;
}

static NOINLINE void case_1(void)
{
	kept[1] = make(NULL);
}

static NOINLINE void case_2(void)
{
	kept[2] = make(make(NULL));
}

static NOINLINE void case_3(void)
{
	make(NULL);
}

static NOINLINE void case_4(void)
{
	make(make(NULL));
}

static NOINLINE void case_5(void)
{
	kept[5] = INSIDE(make(NULL));
}

static NOINLINE void case_6(void)
{
	kept[6] = make(INSIDE(make(NULL)));
}

static NOINLINE void case_7(void)
{
	make(INSIDE(make(NULL)));
}

static NOINLINE void case_8(void)
{
	kept[8] = INSIDE(make(make(NULL)));
}

static NOINLINE void case_9(void)
{
	kept[9] = INSIDE(make(INSIDE(make(NULL))));
}

int main(void)
{
	case_1();
	case_2();
	case_3();
	case_4();
	case_5();
	case_6();
	case_7();
	case_8();
	case_9();
	scrub();
	return 0;
}
