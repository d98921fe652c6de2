// SPDX-License-Identifier: MIT
// Objects that std::shared_ptr owns: each argument is a case.
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

struct Child;
struct Parent {
	long id = 1;
	std::shared_ptr<Child> child;
	std::vector<std::shared_ptr<Child>> more;
};
struct Child {
	long id = 2;
	std::shared_ptr<Parent> parent;
	std::weak_ptr<Parent> weak_parent;
};
struct Self : std::enable_shared_from_this<Self> {
	long id = 3;
	std::shared_ptr<Self> next;
	std::unique_ptr<Self> own;
};
struct Watched {
	long id = 4;
	std::vector<std::weak_ptr<Watched>> list;
};

namespace
{
// Hides from the compiler what becomes of a block.
void use(void *p)
{
	asm volatile("" : : "r"(p) : "memory");
}

#define NOINLINE __attribute__((noinline))

NOINLINE void cycle_made()
{
	auto p = std::make_shared<Parent>();

	p->child = std::make_shared<Child>();
	p->child->parent = p;
}

NOINLINE void cycle_new()
{
	std::shared_ptr<Parent> p(new Parent);

	p->child = std::shared_ptr<Child>(new Child);
	p->child->parent = p;
}

struct Deleter {
	long calls = 0;
	void operator()(Parent *p) const
	{
		delete p;
	}
};

NOINLINE void cycle_deleter()
{
	std::shared_ptr<Parent> p(new Parent, Deleter());

	p->child = std::make_shared<Child>();
	p->child->parent = p;
}

// A pointer to a part of the other object, with its counts.
NOINLINE void cycle_alias()
{
	auto p = std::make_shared<Parent>();
	auto c = std::make_shared<Child>();

	p->child = c;
	c->parent = std::shared_ptr<Parent>(std::shared_ptr<long>(p, &p->id),
					    p.get());
}

NOINLINE void self_made()
{
	auto s = std::make_shared<Self>();

	s->next = s;
}

NOINLINE void self_new()
{
	std::shared_ptr<Self> s(new Self);

	s->next = s->shared_from_this();
}

// A tree with weak parents whose owner is lost.
NOINLINE void lost_tree()
{
	auto *p = new std::shared_ptr<Parent>(std::make_shared<Parent>());

	use(p);
	(*p)->child = std::make_shared<Child>();
	(*p)->child->weak_parent = *p;
}

// Two references, of which one is never given back, and no pointer is left.
template <class T> NOINLINE void forget(std::shared_ptr<T> p)
{
	char bytes[sizeof(p)];

	new (bytes) std::shared_ptr<T>(p);
	use(bytes);
	memset(bytes, 0, sizeof(bytes));
	use(bytes);
}

NOINLINE void forgot_tree()
{
	std::shared_ptr<Parent> p(new Parent);

	p->child = std::make_shared<Child>();
	p->child->weak_parent = p;
	forget(p);
}

NOINLINE void forgot_self()
{
	forget(std::shared_ptr<Self>(new Self));
}

// It knows itself by weak references in a container.
NOINLINE void forgot_watched()
{
	auto w = std::make_shared<Watched>();

	for (int i = 0; i < 3; i++)
		w->list.push_back(w);
	forget(w);
}

NOINLINE void forgot_in_cycle()
{
	auto p = std::make_shared<Parent>();

	p->child = std::make_shared<Child>();
	p->child->parent = p;
	forget(p);
}

std::shared_ptr<Parent> live;
std::weak_ptr<Parent> known;
std::weak_ptr<Child> expired, seen;

// Only a weak reference is left that leads there.
NOINLINE void weak_only()
{
	auto p = std::make_shared<Parent>();

	known = p;
	forget(p);
}

NOINLINE void well()
{
	live = std::make_shared<Parent>();
	live->child = std::make_shared<Child>();
	live->child->weak_parent = live;
	for (int i = 0; i < 3; i++) {
		live->more.push_back(std::make_shared<Child>());
		live->more.back()->weak_parent = live;
	}
	expired = std::make_shared<Child>();
	seen = live->child;
}

NOINLINE void clear()
{
	char bytes[8192];

	memset(bytes, 0, sizeof(bytes));
	use(bytes);
}
} // namespace

#define CASE(name)                                                             \
	if (!strcmp(argv[i], #name))                                           \
	name()

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		CASE(cycle_made);
		CASE(cycle_new);
		CASE(cycle_deleter);
		CASE(cycle_alias);
		CASE(self_made);
		CASE(self_new);
		CASE(lost_tree);
		CASE(forgot_tree);
		CASE(forgot_self);
		CASE(forgot_watched);
		CASE(forgot_in_cycle);
		CASE(weak_only);
		CASE(well);
	}
	clear();
	_Exit(0); // destroys nothing
}
