/* SPDX-License-Identifier: MIT */
/* Exceptions, through frames and from a failed operator new. */
#include <cstdio>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

static __attribute__((noinline)) int dive(int depth)
{
	std::vector<std::string> held(3, std::string(100, 'x'));

	if (depth == 0)
		throw std::runtime_error(held[0]);
	return dive(depth - 1) + 1;
}

static __attribute__((noinline)) bool too_much()
{
	volatile size_t huge = size_t(-1) / 4;

	try {
		delete[] new char[huge];
	} catch (const std::bad_alloc &) {
		return true;
	}
	return false;
}

extern "C" __attribute__((visibility("default"))) int throw_and_catch()
{
	int caught = 0;

	for (int i = 0; i < 200; i++) {
		try {
			dive(i % 20);
		} catch (const std::runtime_error &e) {
			caught += std::string(e.what()).size() == 100;
		}
	}
	return too_much() ? caught : -1;
}

#ifndef LIBRARY
int main()
{
	std::printf("%d caught\n", throw_and_catch());
	return 0;
}
#endif
