// SPDX-License-Identifier: MIT
#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>
struct shape { virtual ~shape() {} virtual double area() const = 0; };
struct square : shape { double a; explicit square(double x) : a(x) {} double area() const override { return a * a; } };
int main()
{
	std::map<std::string, std::vector<std::unique_ptr<shape>>> all;
	for (int i = 0; i < 100; i++)
		all["k" + std::to_string(i % 7)].push_back(std::make_unique<square>(i));
	double sum = 0;
	for (auto &p : all)
		for (auto &s : p.second)
			sum += s->area();
	std::cout << sum << "\n";
}
