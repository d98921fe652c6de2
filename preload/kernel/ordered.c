/* SPDX-License-Identifier: MIT */
#include "ordered.h"

static void sift(struct ordered *list, uint32_t at, uint32_t count)
{
	const struct ordered down = list[at];

	for (uint32_t child; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count && list[child].key < list[child + 1].key)
			child++;
		if (down.key >= list[child].key)
			break;
		list[at] = list[child];
	}
	list[at] = down;
}

/* A heap: in place, and no worse for lists that are in order already. */
void ordered_sort(struct ordered *list, uint32_t count)
{
	for (uint32_t i = count / 2; i-- > 0;)
		sift(list, i, count);
	while (count > 1) {
		const struct ordered most = list[0];

		list[0] = list[--count];
		list[count] = most;
		sift(list, 0, count);
	}
}

uint32_t ordered_from(const struct ordered *list, uint32_t count, uint64_t key)
{
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (list[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
