/* SPDX-License-Identifier: MIT */
#include "names.h"

int main(void)
{
	for (int i = 0; i < 8; i++)
		person_befriend(person_new("Barbara"), person_new("Liskov"));
	return 0;
}
