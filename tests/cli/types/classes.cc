/* SPDX-License-Identifier: MIT */
/*
 * classes LOG: objects of many kinds of polymorphic classes, which live when it
 * ends.  LOG gets the address of each whole object and the mangled name of its
 * class, as the program itself knows it.
 */
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <typeinfo>
#include <unistd.h>

namespace shapes {
struct Shape {
	virtual ~Shape() {}
	virtual double area() const = 0;
};
struct Named {
	virtual ~Named() {}
	virtual const char *name() const { return text; }
	const char *text = "x";
};
struct Circle : Shape {
	double r = 1;
	double area() const override { return r; }
};
struct Square : Shape, Named {
	double side = 1;
	double area() const override { return side; }
};
struct Tile : Square {
	int number = 4;
	const char *name() const override { return "tile"; }
};
}

struct Root {
	int r = 0;
	virtual ~Root() {}
	virtual int id() { return 1; }
};
struct Left : virtual Root {
	int l = 0;
	virtual int left() { return 2; }
};
struct Right : virtual Root {
	int x = 0;
	int id() override { return 3; }
};
struct Bottom : Left, Right {
	int id() override { return 4; }
};
struct VirtualOnly : virtual Root {
};
struct Deep : Bottom, shapes::Circle {
	int id() override { return 5; }
};
struct Plain {
	int data[4];
};
struct Late : Plain { /* the table comes first all the same */
	virtual ~Late() {}
};
template <class T, int N = 3> struct Box : shapes::Named {
	T items[N];
};
template <class... A> struct Many : Root {
};
struct Abstract {
	virtual void go() = 0;
	virtual ~Abstract() {}
};
struct Outer {
	struct Inner : Abstract {
		void go() override {}
	};
};
struct Last final : Outer::Inner {
	void go() override {}
};

namespace {
struct Hidden : shapes::Circle {
	int h = 0;
};
struct Hider : virtual Root {
};
template <class T> struct HiddenBox : Hidden {
	T t;
};
}

static FILE *told;
void *kept[64];
static unsigned count;

template <class T> void keep(T *object)
{
	kept[count++] = object;
	fprintf(told, "%p %s\n", dynamic_cast<void *>(object),
		typeid(*object).name());
}

static void keep_librarys()
{
	keep(new std::ifstream);
	keep(new std::ostringstream);
	keep(new std::stringbuf);
	keep(new std::filebuf);
	keep(new std::runtime_error("x"));
	keep(new std::bad_alloc);
	keep(new std::system_error(std::error_code(), "x"));
}

int main(int, char **argv)
{
	using namespace shapes;
	struct Local : Abstract {
		void go() override {}
	};
	auto lambda = [](int x) { return x + 1; };
	void *room = malloc(3 * sizeof(Circle));

	told = fopen(argv[1], "w");
	keep(new Circle);
	keep(new Square);
	keep(new Tile);
	keep(new Root);
	keep(new Left);
	keep(new Right);
	keep(new Bottom);
	keep(new VirtualOnly);
	keep(new Deep);
	keep(new Late);
	keep(new Box<int>);
	keep(new Box<Box<std::string>, 7>);
	keep(new Many<>);
	keep(new Many<int, char *, void (*)(int)>);
	keep(new Many<decltype(lambda)>);
	keep(new Hidden);
	keep(new Hider);
	keep(new HiddenBox<Hider>);
	keep(new Outer::Inner);
	keep(new Last);
	keep(new Local);
	keep(static_cast<Named *>(new Tile));
	keep(static_cast<Root *>(new Deep));
	keep(new (room) Circle);
	keep_librarys();
	fclose(told);
	_exit(0);
}
