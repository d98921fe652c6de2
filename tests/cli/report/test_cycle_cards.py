# SPDX-License-Identifier: MIT
"""Cards of cycles and of references, of programs that make them."""
import shlex

import pytest

from conftest import BUILD, SOURCE, compiled, record, refknot

INCLUDE = f"-I{SOURCE / 'samples'}"
PROGRAM = """
#include <stdlib.h>
#include <string.h>
#include "scrub.h"

struct hub { struct spoke *first; char name[40]; char *label; };
struct spoke { struct spoke *next, *prev; struct hub *owner; long x[6]; };
struct node { struct node *next, *prev; long v[5]; };
struct left { struct right *a, *b; };
struct right { long v[7]; struct left *parent, *owner; };
struct ring { long q[11]; struct ring *next; };

static NOINLINE void *make(size_t size)
{
    return calloc(1, size);
}

static NOINLINE struct hub *hub_new(void)
{
    struct hub *h = make(sizeof(*h));

    h->label = strdup("label");
    return h;
}

static NOINLINE struct spoke *spoke_new(struct hub *h)
{
    struct spoke *s = make(sizeof(*s));

    s->owner = h;
    s->next = h->first;
    if (h->first)
        h->first->prev = s;
    h->first = s;
    return s;
}

/* 17 members. */
static NOINLINE void wheel(void)
{
    struct hub *h = hub_new();

    for (int i = 0; i < 16; i++)
        spoke_new(h);
}

static NOINLINE struct node *node_new(void)
{
    return make(sizeof(struct node));
}

static NOINLINE void both_ways(int count)
{
    struct node *first = node_new(), *last = first;

    while (--count) {
        last->next = node_new();
        last->next->prev = last;
        last = last->next;
    }
    last->next = first;
    first->prev = last;
}

static NOINLINE struct left *left_new(void)
{
    return make(sizeof(struct left));
}

static NOINLINE struct right *right_new(struct left *l)
{
    struct right *r = make(sizeof(*r));

    r->parent = r->owner = l;
    return r;
}

static NOINLINE void pair(void)
{
    struct left *l = left_new();

    l->a = l->b = right_new(l);
}

static NOINLINE struct ring *ring_new(void)
{
    return make(sizeof(struct ring));
}

static NOINLINE void ring(int count)
{
    struct ring *first = ring_new(), *last = first;

    while (--count)
        last = last->next = ring_new();
    last->next = first;
}

int main(void)
{
    wheel();
    both_ways(7);
    pair();
    ring(30);
    scrub();
    return 0;
}
"""


def cards(recorded):
    """The cards of a report, each a list of lines without its number."""
    text = refknot("report", recorded.main).out.decode()
    found = [card.splitlines() for card in text.split("\n\n")
             if card[:1].isdigit()]
    for number, card in enumerate(found, 1):
        start = f"{number}  "
        assert card[0].startswith(start)
        card[0] = card[0][len(start):]
        assert len(card) <= 12
    return found


def made_by(card):
    """The functions, and all of their places."""
    first = next(i for i, line in enumerate(card)
                 if line.startswith("   made by"))
    rows = [card[first][16:]]
    for line in card[first + 1:]:
        if not line.startswith(" " * 16):
            break
        rows.append(line[16:])
    return [row.split()[0] for row in rows]


def of(found, word):
    return next(card for card in found if word in card[1])


def test_the_shortest_way_round_is_drawn_by_type(tmp_path):
    program = compiled(tmp_path, "cards", PROGRAM, "-g", "-O0", INCLUDE)
    found = cards(record(tmp_path, program))
    assert len(found) == 4
    wheel = of(found, "struct hub")
    assert wheel[0].startswith("ORPHANED CYCLE   17 objects, ")
    assert wheel[1:3] == [
        "   struct hub --.first--> struct spoke --.owner--> back",
        "   and 15 more objects, 45 more pointers between them"]
    assert made_by(wheel) == ["hub_new", "spoke_new"]
    assert "   all in       wheel " in "\n".join(wheel)
    assert wheel[-1].startswith("   to break it  clear or weaken spoke.owner "
                                "and spoke.prev: frees all 18 objects, ")
    both = of(found, "struct node")
    assert both[1:3] == [
        "   struct node --.next--> struct node --.prev--> back",
        "   and 5 more objects, 12 more pointers between them"]
    assert both[-1] == (
        "   to break it  clear or weaken node.prev and clear one node.next: "
        "frees all 7 objects, 392 B, if it counts as a reference")
    pair = of(found, "struct left")
    assert pair[1] == ("   struct left --.a, .b--> "
                       "struct right --.parent, .owner--> back")
    assert pair[-1] == (
        "   to break it  clear or weaken right.parent and right.owner: "
        "frees all 2 objects, 88 B, if it counts as a reference")
    ring = of(found, "struct ring")
    assert ring[1:4] == ["   struct ring --.next-->",
                         "   ... 28 more ...",
                         "   struct ring --.next--> back"]
    assert ring[-1] == ("   to break it  clear one ring.next: "
                        "frees all 30 objects, 2.8 KiB, if it counts as a reference")


def test_without_debug_information_sites_stand_for_types(tmp_path):
    program = compiled(tmp_path, "cards", PROGRAM, "-O0", INCLUDE)
    found = cards(record(tmp_path, program))
    wheel = of(found, "hub_new")
    assert wheel[1] == ("   56 B from hub_new --+0x0--> "
                        "72 B from spoke_new --+0x10--> back")
    assert "clear or weaken +0x10 and +0x8 of the 72 B from spoke_new: " \
        in "\n".join(wheel)


def test_the_sample_has_a_card_of_eight_lines(tmp_path):
    card, = cards(record(tmp_path, BUILD / "samples/orphaned_cycle"))
    assert card == [
        "ORPHANED CYCLE   3 times   2 objects, 336 B each (hold 3 more, 96 B)",
        "   struct session --.connection--> "
        "struct connection --.session--> back",
        "   made by      session_open       orphaned_cycle.c:45",
        "                connection_accept  orphaned_cycle.c:57",
        "   both in      serve              orphaned_cycle.c:91",
        "   from         main               orphaned_cycle.c:105",
        "   to break it  clear or weaken connection.session: "
        "frees all 3 objects of each, if it counts as a reference"]


@pytest.mark.parametrize("name, row, remark", [
    # The caller that is certain comes first.
    ("balance", "keep         2          0", "<-- corners.c:"),
    ("over_retained", "leaked_in     2          0", "<-- corners.c:"),
    ("holder_ended", "node_ref     1          0", ", for Holder#1, which has ended"),
])
def test_who_took_and_gave_back_comes_first(name, row, remark, tmp_path):
    recorded = record(
        tmp_path, BUILD / "tests/preload/ledger/ledger_corners", name)
    card, = cards(recorded)
    assert card[1].split() == ["took", "gave", "back"]
    assert row in card[2] and remark in card[2]
    # The command is one that can be typed.
    more = next(line for line in card if line.startswith("   more "))
    command = shlex.split(more[16:])
    assert command[:2] == ["refknot", "balance"]
    done = refknot(*command[1:])
    assert done.status == 0 and command[-1].split("#")[0] in done.out.decode()


def test_what_the_shim_guessed_says_so_and_comes_second(tmp_path):
    recorded = record(tmp_path, BUILD / "tests/preload/ledger/ledger_corners",
                      "leaked_reference")
    card, = cards(recorded)
    rows = [line for line in card if "perhaps" in line]
    guess, = (line for line in card if line.startswith("   a guess "))
    assert len(rows) == 3 and card.index(guess) > card.index(rows[-1])
    assert "taken by leaked_in " in guess and ", from work " in guess
    assert not any("<--" in line for line in card)


def test_what_the_caller_of_the_maker_gives_back_is_the_maker_s(tmp_path):
    """main() gives back what picture_load() made for it: print() is left."""
    program = compiled(tmp_path, "first_reference",
                       (SOURCE / "samples/first_reference.c").read_text(), "-g",
                       f"-I{SOURCE / 'include'}")
    card, = cards(record(tmp_path, program))
    text = "\n".join(card)
    assert card[2].split()[:5] == ["print", "1", "0", "<--", "likely"], text
    assert card[3].split()[0] == "picture_load", text
    assert "for its caller first_reference.c:" in card[3], text
    assert "a guess" not in text and "perhaps" not in text


def test_the_program_told_what_closed_and_orphaned_a_cycle(tmp_path):
    recorded = record(tmp_path, BUILD / "tests/preload/ledger/ledger_corners",
                      "cycle")
    card, = cards(recorded)
    text = "\n".join(card)
    assert card[1] == "   Ring --.next--> Ring --.next--> back"
    assert "   closed by    node_ref  corners.c:" in text
    assert "   orphaned by  node_unref  corners.c:" in text
    assert card[-1] == ("   to break it  clear or weaken Ring.next: "
                        "frees 2 objects, 112 B")


CONTAINERS = """
#include <list>
#include <map>
#include <memory>
static void *volatile sink;
struct Plain { std::list<int> all; long x[9]; };
struct Node { std::shared_ptr<Node> next; std::map<int, int> table; };
__attribute__((noinline)) static void lose_plain()
{
    auto *p = new Plain;
    p->all.push_back(1);
    sink = p;
    sink = nullptr;
}
__attribute__((noinline)) static void lose_map()
{
    auto *m = new std::map<int, int>;
    (*m)[1] = 2;
    sink = m;
    sink = nullptr;
}
__attribute__((noinline)) static void lose_nodes()
{
    auto a = std::make_shared<Node>(), b = std::make_shared<Node>();
    a->next = b;
    b->next = a;
    a->table[1] = 2;
}
int main()
{
    lose_plain();
    lose_map();
    lose_nodes();
}
"""


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_nobody_is_told_to_clear_a_container_s_pointers(compiler, tmp_path):
    program = compiled(tmp_path, "containers", CONTAINERS, "-g", "-O1",
                       compiler=compiler)
    text = refknot("report", record(tmp_path, program).main).out.decode()
    hints = sorted(line.removeprefix("   to break it  ")
                   for line in text.splitlines() if "to break it" in line)
    own = " while something points at it: its own pointers make the cycle"
    assert [h.split(":")[0] for h in hints] == [
        "clear one Node.next", "free Plain" + own.split(":")[0],
        hints[2].split(":")[0]], text
    # clang's debug information has the tree that a map is made of.
    assert hints[2].startswith(("free std::map<", "free std::_Rb_tree<"))
    assert hints[2].endswith(own)


SHARED = """
#include <memory>
#include <new>
#include <string.h>
#include <vector>
#include "scrub.h"
struct Child;
struct Parent { std::vector<std::shared_ptr<Child>> children; };
struct Child { std::shared_ptr<Parent> parent; std::weak_ptr<Child> me; };
struct Node { std::shared_ptr<Node> next; long x[4]; };
static NOINLINE void family()
{
    auto p = std::make_shared<Parent>();

    for (int i = 0; i < 4; i++) {
        auto c = std::make_shared<Child>();

        c->parent = p;
        c->me = c;
        p->children.push_back(c);
    }
}
/* One more reference, on which no destructor runs. */
static NOINLINE void forgotten()
{
    auto a = std::make_shared<Node>(), b = std::make_shared<Node>();
    alignas(std::shared_ptr<Node>) char room[sizeof(a)];

    a->next = b;
    b->next = a;
    new (room) std::shared_ptr<Node>(a);
    memset(room, 0, sizeof(room));
}
int main()
{
    family();
    forgotten();
    scrub();
}
"""


def test_what_a_lost_shared_ptr_holds_is_not_said_to_be_freed(tmp_path):
    program = compiled(tmp_path, "shared", SHARED, "-g", "-O0", INCLUDE,
                       compiler="g++")
    found = cards(record(tmp_path, program))
    family = of(found, "Parent")
    assert family[1:5] == [
        "   Parent --.children-->",
        "   std::shared_ptr<Child>[] --[0]-->",
        "   Child --.parent--> back",
        "   and 3 more objects, 6 more pointers between them"]
    assert "clear or weaken Child.parent: frees all 6 objects, " in family[-1]
    assert not any("   counts " in line for line in family)
    node = of(found, "Node")
    assert node[1] == "   Node --.next--> Node --.next--> back"
    assert node[-2:] == [
        "   counts       use count 2, weak count 0; only 1 pointer to it: "
        "1 reference was not given back",
        "   to break it  clear one Node.next"]


PAIR = """
#include <memory>
struct Pair { std::shared_ptr<Pair> next, other; long x[4]; };
struct Self { std::shared_ptr<Self> self; };
static void __attribute__((noinline)) lose()
{
    auto a = std::make_shared<Pair>(), b = std::make_shared<Pair>();
    a->next = b;
    b->next = a;
    b->other = a;
}
int main() { lose(); }
"""


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_two_counted_pointers_beside_each_other_are_two(compiler, tmp_path):
    program = compiled(tmp_path, "pair", PAIR, "-g", "-O1", compiler=compiler)
    card, = cards(record(tmp_path, program))
    text = " ".join(" ".join(card).split())
    assert ".other" in text, card
    assert "clear one Pair.next: frees" not in text, card
    assert "if it counts as a reference" not in text, card


def test_a_block_that_points_at_itself_says_so(tmp_path):
    program = compiled(tmp_path, "self", """
        #include <stdlib.h>
        struct self { struct self *self; long x[3]; };
        void *volatile sink;
        int main(void)
        {
            struct self *s = malloc(sizeof(*s));
            s->self = s;
            sink = s;
            sink = 0;
            return 0;
        }
        """, "-g")
    text = refknot("report", record(tmp_path, program).main).out.decode()
    assert "LEAK" in text
    assert "   to mend      it points at itself: free it, or clear" in text
