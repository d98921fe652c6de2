/* SPDX-License-Identifier: MIT */
/* Destructors of thread_local objects that allocate, and exceptions that pass
 * through frames between malloc, free and std::sort's callbacks. */
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

struct tracked {
	std::unique_ptr<std::string> text;
	tracked() : text(new std::string(200, 'x')) {}
	~tracked()
	{
		std::vector<std::string> more(10, *text);
		free(realloc(malloc(more.size()), 4000));
	}
};

static thread_local tracked here;

static void work(int n)
{
	std::vector<int> v(100);

	here.text->append("more");
	for (int &i : v)
		i = rand();
	try {
		std::sort(v.begin(), v.end(), [n](int a, int b) {
			std::string s(100, 'y');
			if (a % 17 == n % 17)
				throw std::runtime_error(s);
			return a < b;
		});
	} catch (const std::runtime_error &) {
	}
	try {
		std::vector<char> v2(static_cast<size_t>(-1) / 2 - n);
	} catch (const std::bad_alloc &) {
	} catch (const std::length_error &) {
	}
}

int main()
{
	for (int round = 0; round < 50; round++) {
		std::vector<std::thread> threads;
		for (int i = 0; i < 4; i++)
			threads.emplace_back(work, i);
		for (auto &t : threads)
			t.join();
	}
	puts("done");
	return 0;
}
