/* SPDX-License-Identifier: MIT */
/*
 * C++ objects in use to whose start no pointer leads: arrays behind their number
 * of elements, one of them behind padding, too, and objects that are known as
 * their second base, as a base of that, or as a virtual one. Each holds another
 * block. One of each, so that nothing can be learnt.
 * expect: nothing
 * valgrind: refknot is right: Valgrind knows of the padding of no array, and calls
 *	that one and what it holds possibly lost
 */
#include <cstdlib>

#include "scrub.h"

#define USED __attribute__((used))

struct element {
	void *text;
	long value;

	element() : text(nullptr), value(0) {}
	~element() { free(text); }
};

struct alignas(16) wide_element {
	void *text;

	wide_element() : text(nullptr) {}
	~wide_element() { free(text); }
};

struct named {
	long number;

	virtual ~named() {}
};

struct listed {
	void *text;

	virtual ~listed() {}
};

struct kept : listed {
	long more;
};

struct both : named, kept {
	long last;
};

struct shared : virtual listed {
	long own[3];
};

static USED element *array;
static USED wide_element *wide;
static USED listed *inner, *virtually;
static USED kept *second;
static const char *volatile text = "text";

static void *fill(size_t size)
{
	char *p = static_cast<char *>(malloc(size));

	p[0] = *text;
	return p;
}

static NOINLINE void make_array()
{
	array = new element[5];
	array[4].text = fill(30);
}

static NOINLINE void make_wide()
{
	wide = new wide_element[3];
	wide[1].text = fill(40);
}

static NOINLINE void make_second()
{
	second = new both;
	second->text = fill(50);
}

static NOINLINE void make_inner()
{
	inner = new both;
	inner->text = fill(60);
}

static NOINLINE void make_virtual()
{
	virtually = new shared;
	virtually->text = fill(70);
}

int main()
{
	make_array();
	make_wide();
	make_second();
	make_inner();
	make_virtual();
	scrub();
	return 0;
}
