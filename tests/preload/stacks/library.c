/* SPDX-License-Identifier: MIT */
/* One of two libraries that differ in nothing but the size of a frame. */
#include <stddef.h>

void work(void (*touch)(size_t), int depth);
__attribute__((noinline, visibility("default"))) void
work(void (*touch)(size_t), int depth)
{
	volatile char room[ROOM];

	room[0] = room[ROOM - 1] = 1;
	touch(96);
	if (depth)
		work(touch, depth - 1);
	touch((size_t)room[0]);
}

/* Called when the library is about to go, its code is still there. */
__attribute__((visibility("default"))) void (*leaving)(void);

__attribute__((destructor)) static void leave(void)
{
	if (leaving)
		leaving();
}
