/* SPDX-License-Identifier: MIT */
/*
 * refknot-tutorial(7), a reference that is not given back: four functions use
 * a picture, and one of them forgets to give it back.
 *
 *     cc -g first_reference.c -o first_reference
 *
 * refknot: leaked-reference 1 times, 1 object, 24 bytes
 */
#include <refknot.h>
#include <stdio.h>
#include <stdlib.h>

struct picture {
	int references;
	int width, height;
	const char *name;
};

static struct picture *picture_load(const char *name)
{
	struct picture *p = calloc(1, sizeof(*p));

	p->references = 1;
	p->name = name;
	refknot_object(p, "picture"); /* made, with one reference */
	return p;
}

static struct picture *picture_ref(struct picture *p)
{
	refknot_retain(p); /* one more */
	p->references++;
	return p;
}

static void picture_unref(struct picture *p)
{
	refknot_release(p); /* one less, before the memory is freed */
	if (--p->references == 0)
		free(p);
}

static void show(struct picture *p)
{
	struct picture *mine = picture_ref(p);

	printf("showing %s\n", mine->name);
	picture_unref(mine);
}

static void print(struct picture *p)
{
	struct picture *mine = picture_ref(p);

	if (mine->width == 0)
		return; /* nothing to print */
	printf("printing %s\n", mine->name);
	picture_unref(mine);
}

int main(void)
{
	struct picture *p = picture_load("cat.png");

	show(p);
	print(p);
	show(p);
	picture_unref(p);
	return 0;
}
