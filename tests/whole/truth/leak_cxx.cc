/* SPDX-License-Identifier: MIT */
/*
 * An array and an object with two bases that are lost, each held by an inner
 * pointer in a block that is lost, too; and one of each that nothing holds.
 * expect: leak 1 object 88 bytes in make_array
 * expect: leak 1 object 32 bytes in make_object
 * expect: leak 1 object 24 bytes in make_holder
 * expect: held 2 objects 120 bytes
 */
#include <cstdlib>

#include "scrub.h"

struct element {
	long first, second;

	element() : first(1), second(2) {}
	~element() { first = 0; }
};

struct named {
	long number;

	virtual ~named() {}
};

struct listed {
	long place;

	virtual ~listed() {}
};

struct both : named, listed {};

struct holder {
	element *array;
	listed *object;
	long last;
};

static void *volatile nothing;

extern "C" NOINLINE element *make_array()
{
	return new element[5];
}

extern "C" NOINLINE listed *make_object()
{
	return new both;
}

extern "C" NOINLINE void make_holder()
{
	holder *h = new holder;

	h->array = make_array();
	h->object = make_object();
	nothing = h;
	nothing = nullptr;
}

extern "C" NOINLINE void lose()
{
	nothing = make_array();
	nothing = make_object();
	nothing = nullptr;
}

int main()
{
	make_holder();
	lose();
	scrub();
	return 0;
}
