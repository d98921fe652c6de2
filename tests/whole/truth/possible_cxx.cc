/* SPDX-License-Identifier: MIT */
/*
 * Pointers to the second word of a block, or a later one, that may be chance: the
 * first word divides the rest, but the block is malloc's; it does not; it is 0; an
 * object with a member that has a table of its own, which is no base; and a cursor
 * in an array without a number, at an object that is whole.
 * expect: possible-leak 1 object 88 bytes in make_c
 * expect: possible-leak 1 object 100 bytes in make_odd
 * expect: possible-leak 1 object 72 bytes in make_zero
 * expect: possible-leak 1 object 40 bytes in make_member
 * expect: possible-leak 1 object 48 bytes in make_elements
 * lsan: refknot is right to doubt: LeakSanitizer takes any pointer into a block
 *	for a reference
 * valgrind: refknot is right to doubt: Valgrind takes the block of malloc for an
 *	array, too
 */
#include <cstdlib>

#include "scrub.h"

#define USED __attribute__((used))

struct part {
	long value;

	virtual ~part() {}
};

struct whole {
	long number[2];
	part member;

	virtual ~whole() {}
};

/* Nothing is to be done at its end, so nobody needs to know how many there are. */
struct plain {
	long values[2];

	virtual long get() { return values[0]; }
};

static USED void *held[5];

static long *fill(void *p, long first)
{
	long *words = static_cast<long *>(p);

	*static_cast<volatile long *>(words) = first;
	return words + 1;
}

extern "C" NOINLINE void make_c()
{
	held[0] = fill(malloc(88), 5);
}

extern "C" NOINLINE void make_odd()
{
	held[1] = fill(new char[100], 5);
}

extern "C" NOINLINE void make_zero()
{
	held[2] = fill(new char[72], 0);
}

extern "C" NOINLINE void make_member()
{
	held[3] = &(new whole)->member;
}

extern "C" NOINLINE void make_elements()
{
	held[4] = &(new plain[2])[1];
}

int main()
{
	make_c();
	make_odd();
	make_zero();
	make_member();
	make_elements();
	scrub();
	return 0;
}
