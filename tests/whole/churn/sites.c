/* SPDX-License-Identifier: MIT */
#include "sites.h"

#include "allocate.h"
#include "book.h"
#include "library.h"

int sites_paths;

#define SITE(n)                                                                \
	static NOINLINE uint64_t site_##n(enum how how, size_t size)           \
	{                                                                      \
		return book_hide(allocate(how, size));                         \
	}
SITE(0)
SITE(1)
SITE(2)
SITE(3)
SITE(4)
SITE(5)
SITE(6)
SITE(7)

static NOINLINE void *xallocate(enum how how, size_t size)
{
	return allocate(how, size);
}

#define WRAPPED(n)                                                             \
	static NOINLINE uint64_t wrapped_##n(enum how how, size_t size)        \
	{                                                                      \
		return book_hide(xallocate(how, size));                        \
	}
WRAPPED(0)
WRAPPED(1)
WRAPPED(2)
WRAPPED(3)

typedef uint64_t site_function(enum how, size_t);

static site_function *const sites[SITES_LIBRARY] = {
	site_0, site_1, site_2,    site_3,    site_4,    site_5,
	site_6, site_7, wrapped_0, wrapped_1, wrapped_2, wrapped_3
};

struct request {
	unsigned site;
	enum how how;
	size_t size;
	uint32_t number;
	unsigned steps;  /* to be made */
	uint64_t hidden; /* to be resized; 0: nothing */
};

static uint64_t go(const struct request *r);

static NOINLINE uint64_t resize(uint64_t hidden, size_t size)
{
	void *p = realloc(book_seek(hidden), size);

	if (!p)
		abort();
	return book_hide(p);
}

/* The number's next four bits, as a function. Nothing of it is a tail call. */
#define STEP(n)                                                                \
	static NOINLINE uint64_t step_##n(const struct request *r)             \
	{                                                                      \
		uint64_t hidden = go(r);                                       \
                                                                               \
		__asm__ volatile("" : "+r"(hidden));                           \
		return hidden;                                                 \
	}
STEP(0)
STEP(1)
STEP(2)
STEP(3)
STEP(4)
STEP(5)
STEP(6)
STEP(7)
STEP(8)
STEP(9)
STEP(a)
STEP(b)
STEP(c)
STEP(d)
STEP(e)
STEP(f)

static NOINLINE uint64_t go(const struct request *r)
{
	static uint64_t (*const steps[16])(const struct request *) = {
		step_0, step_1, step_2, step_3, step_4, step_5, step_6, step_7,
		step_8, step_9, step_a, step_b, step_c, step_d, step_e, step_f
	};
	struct request next = *r;
	uint64_t hidden;

	if (r->steps) {
		next.steps--;
		hidden = steps[r->number >> next.steps * 4 & 15](&next);
	} else if (r->hidden) {
		hidden = resize(r->hidden, r->size);
	} else if (r->site < SITES_LIBRARY) {
		hidden = sites[r->site](r->how, r->size);
	} else {
		hidden = library_allocate(r->site, (int)r->how, r->size);
	}
	__asm__ volatile("" : "+r"(hidden));
	return hidden;
}

uint64_t sites_allocate(unsigned site, enum how how, size_t size,
			uint32_t number)
{
	const struct request r = { .site = site % SITES,
				   .how = how,
				   .size = size,
				   .number = number,
				   .steps = sites_paths ? 4 : 0 };

	return go(&r);
}

uint64_t sites_resize(uint64_t hidden, size_t size, uint32_t number)
{
	const struct request r = { .hidden = hidden,
				   .size = size,
				   .number = number,
				   .steps = sites_paths ? 4 : 0 };

	return go(&r);
}
