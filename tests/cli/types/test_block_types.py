# SPDX-License-Identifier: MIT
"""Types of blocks in programs that say nothing: what they are is known here, and
every compiler's build must show it, optimized or not."""
import pytest

from typed import build, live, shown  # pylint: disable=unused-import

# Stores where no compiler sees it, so that only the field's type speaks.
PUT = r"""
#include <string.h>
void put(void *to, void *p) { memcpy(to, &p, sizeof p); }
"""


def test_a_struct_without_a_name_is_one_type_in_all_units(build):
    """Declared at other lines in another header, too."""
    pair = "typedef struct { long key; void *value; } pair;\n"
    unit = r"""
#include <stdlib.h>
#include "%s.h"
void put(void *to, void *p);
struct %s_holder { long n; pair *pair; } *%s_held;
void %s_hold(void *p)
{
    %s_held = calloc(1, sizeof(struct %s_holder));
    put(&%s_held->pair, p);
}
"""
    types = live(build(
        headers={"left": pair, "right": "\n\n\n" + pair},
        left=unit.replace("%s", "left"), right=unit.replace("%s", "right"),
        put=PUT, main=r"""
#include <stdlib.h>
void left_hold(void *p);
void right_hold(void *p);
int main(void)
{
    void *p = malloc(16);
    left_hold(p);
    right_hold(p);
}
"""))
    assert types == {"pair": 1, "struct left_holder": 1,
                     "struct right_holder": 1}


def test_two_structs_of_one_name_are_two_types(build):
    unit = r"""
#include <stdlib.h>
void put(void *to, void *p);
struct %s { long a, b; };
struct node { %m };
struct node *%s_kept;
void %s_keep(void *p)
{
    %s_kept = calloc(1, sizeof *%s_kept);
    put(&%s_kept->%s, p);
}
"""
    types = live(build(
        one=unit.replace("%m", "struct one *one; long n;").replace("%s", "one"),
        two=unit.replace("%m", "long n; struct two *two;").replace("%s", "two"),
        put=PUT, main=r"""
#include <stdlib.h>
void one_keep(void *p);
void two_keep(void *p);
int main(void)
{
    one_keep(malloc(16));
    two_keep(malloc(16));
}
"""))
    assert types == {"struct node": 2, "struct one": 1, "struct two": 1}


def test_a_pointer_to_the_first_member_does_not_contradict(build):
    types = live(build(put=PUT, main=r"""
#include <stdlib.h>
void put(void *to, void *p);
struct item { struct item **first; long n; };
struct list { struct item *first; long count; } *list;
struct item *items[8];
int main(void)
{
    void *head = calloc(1, sizeof(struct list));
    put(&list, head);
    for (int i = 0; i < 8; i++) {
        items[i] = calloc(1, sizeof(struct item));
        put(&items[i]->first, head);
    }
}
"""))
    assert types == {"struct list": 1, "struct item": 8}


def test_a_librarys_types_are_the_programs(build):
    holder = r"""
struct shared { long a, b, c; };
struct %s { struct shared *shared; long n; } *%s_held;
void %s_hold(void *p)
{
    %s_held = calloc(1, sizeof(struct %s));
    put(&%s_held->shared, p);
}
"""
    types = live(build(
        library={"part": "#include <stdlib.h>\n" + PUT
                 + holder.replace("%s", "theirs")},
        main="#include <stdlib.h>\nvoid put(void *to, void *p);\n"
        "void theirs_hold(void *p);\n" + holder.replace("%s", "ours") + r"""
int main(void)
{
    void *p = malloc(24);
    ours_hold(p);
    theirs_hold(p);
}
"""))
    assert types == {"struct shared": 1, "struct ours": 1, "struct theirs": 1}


def test_the_site_of_bytes_is_no_wrapper(build):
    sites = live(build(main=r"""
#include <stdlib.h>
struct text { long size; unsigned char *bytes; } text;
static inline __attribute__((always_inline)) void *get(size_t size)
{
    void *p = malloc(size);
    if (!p)
        abort();
    return p;
}
__attribute__((noinline)) void keep(void) { text.bytes = get(40); }
__attribute__((noinline)) int read_it(void)
{
    char *local = get(50);
    local[0] = 1;
    text.size = local[1];
    text.bytes[1] = 2;
    __asm__ volatile("" : : "r"(local) : "memory");
    return local[2];
}
int main(void)
{
    keep();
    return read_it() * 0;
}
"""), by="function")
    assert sites == {"keep": 1, "read_it": 1}


def test_a_struct_behind_a_page_has_its_place_by_pointers(build):
    """The size of what is before it is known at run time only."""
    types = live(build(main=r"""
#include <stdlib.h>
#include <string.h>
struct page { struct page *next; void *bytes; struct page *home; };
struct page **table;
volatile size_t page_size = 512;
__attribute__((noinline)) struct page *get(void)
{
    void *whole = malloc(page_size + sizeof(struct page));
    struct page *p = (struct page *)&((unsigned char *)whole)[page_size];
    p->bytes = whole;
    p->next = NULL;
    return p;
}
int main(void)
{
    table = calloc(4, sizeof *table);
    for (int i = 0; i < 4; i++)
        table[i] = get();
}
"""))
    assert types == {"struct page": 4, "struct page *[]": 1}


def test_a_place_without_a_list_is_of_its_scope_only(build):
    """A function that is inlined has a parameter in one register, in which the
    function around it has something else before."""
    types = live(build(main=r"""
#include <stdlib.h>
struct value { long type; void *is; };
struct set { long count, rest; struct value *values; };
void *kept[4];
volatile long many = 1;
__attribute__((noinline)) void *get(size_t n) { return calloc(1, n); }
__attribute__((noinline)) void use(void *p) { kept[many++ & 3] = p; }
static inline __attribute__((always_inline)) void fill(struct value *to)
{
    use(to);
    to->type = many;
    use(to);
}
__attribute__((noinline)) void *make(void)
{
    void *set = get(sizeof(struct set));
    use(set);
    if (many > 1000)
        fill(kept[many & 1]);
    fill(get(sizeof(struct value)));
    return set;
}
int main(void)
{
    struct set *set = make();
    set->count = 1;
    kept[0] = set;
}
"""))
    assert types == {"struct set": 1, "struct value": 1}


def test_two_branches_that_use_a_block_differently_tell_nothing(build):
    """Not the first of them, whatever else points at the block."""
    types = live(build(main=r"""
#include <stdlib.h>
struct left { struct left *left; long a[2]; };
struct right { long a[2]; struct right *right; };
struct left *lefts;
struct right *rights;
volatile int way;
__attribute__((noinline)) void make(void)
{
    void *p = malloc(24);
    if (way) {
        struct left *l = p;
        l->left = l;
        lefts = l;
    } else {
        struct right *r = p;
        r->right = r;
        rights = r;
    }
}
int main(void) { make(); }
"""))
    assert "struct left" not in types and sum(types.values()) == 1


def test_what_stands_behind_a_struct_is_none_of_its_fields(build):
    """Nor makes it an array, though the size is three times the struct's."""
    program = build(main=r"""
#include <stdlib.h>
#include <string.h>
struct other { long n; };
struct front { struct front *self; unsigned flag : 3; } *front;
int main(void)
{
    void *payload[4] = { NULL, malloc(8), NULL, malloc(8) };
    front = calloc(1, sizeof *front + sizeof payload);
    front->self = front;
    memcpy(front + 1, payload, sizeof payload);
    memset(payload, 0, sizeof payload);
    __asm__ volatile("" : : "r"(payload) : "memory");
}
""")
    assert live(program)["struct front"] == 1
    found, fields = shown(program, "struct front")
    assert fields["self"]["targets"] == [{"type": "struct front", "count": 1}]
    assert (found["slack"], found["elements"]) == (32, 1)
    assert (found["padding"], found["padding_bits"]) == (7, 5)


def test_two_types_of_one_name_are_not_shown_as_one(build):
    unit = r"""
#include <stdlib.h>
struct node { %m };
struct node *%s_kept;
void %s_keep(void) { %s_kept = calloc(1, sizeof *%s_kept); }
"""
    program = build(
        one=unit.replace("%m", "long first;").replace("%s", "one"),
        two=unit.replace("%m", "char *second; long n;").replace("%s", "two"),
        main=r"""
void one_keep(void);
void two_keep(void);
int main(void)
{
    one_keep();
    two_keep();
}
""")
    found, fields = shown(program, "struct node")
    assert (found["live"], found["others"]) == (1, 1)
    assert set(fields) in ({"first"}, {"second", "n"})


def test_a_type_without_a_size_can_be_shown(build):
    """A pointer to an array whose length is known at run time only."""
    program = build(main=r"""
#include <stdlib.h>
double *flat;
void *kept;
__attribute__((noinline)) void make(int n)
{
    double (*rows)[n] = malloc(sizeof(double[4][n]));
    rows[1][1] = n;
    kept = rows;
}
int main(void)
{
    make(7);
    flat = calloc(9, sizeof *flat);
}
""")
    found, _ = shown(program, "double[]")
    assert found["live"] >= 1


# Each way in which a result becomes something that has a type.
WAYS = r"""
#include <stdlib.h>
#include <string.h>
#define NEW __attribute__((noinline)) void
#define DEEP(T) struct T { long a; struct T *next; char pad[sizeof(#T)]; }
DEEP(by_variable); DEEP(by_field); DEEP(by_global); DEEP(by_return);
DEEP(by_cast); DEEP(resized); DEEP(element);
DEEP(over_wrappers); DEEP(inlined);
struct member { long n; struct by_field *field; };
struct node_link { struct node_link *next, *prev; };
struct linked { long key; struct node_link link; };
struct flexible { long n; long tail[]; };
void *kept[64];
size_t kept_count;
struct by_global *global;
struct member member;

__attribute__((noinline)) void keep(void *p) { kept[kept_count++] = p; }
__attribute__((noinline)) void *wrapper(size_t n)
{
    void *p = malloc(n);
    if (!p)
        abort();
    return p;
}
__attribute__((noinline)) void *zeroed(size_t n)
{
    void *p = wrapper(n);
    return memset(p, 0, n);
}
static inline __attribute__((always_inline)) void *inner(size_t n)
{
    void *p = calloc(1, n);
    if (!p)
        abort();
    return p;
}
static inline __attribute__((always_inline)) void link_in(struct node_link *l)
{
    l->next = l->prev = l;
}
NEW variable(void)
{
    struct by_variable *v = malloc(sizeof *v);
    v->a = 1;
    v->next = v;
    keep(v);
}
NEW field(void) { member.field = malloc(sizeof(struct by_field)); }
NEW to_global(void) { global = calloc(1, sizeof *global); }
__attribute__((noinline)) struct by_return *make_it(void)
{
    return calloc(1, sizeof(struct by_return));
}
NEW returned(void)
{
    struct by_return *r = make_it();
    r->a = 1;
    keep(r);
}
NEW resize(void)
{
    struct resized *r = malloc(sizeof *r);
    r->a = 1;
    r = realloc(r, 3 * sizeof *r);
    r[2].a = 2;
    keep(r);
}
NEW elements(void)
{
    struct element **table = calloc(4, sizeof *table);
    for (int i = 0; i < 4; i++) {
        table[i] = malloc(sizeof **table);
        table[i]->a = i;
    }
    keep(table);
}
NEW wrapped(void)
{
    struct over_wrappers *w = zeroed(sizeof *w);
    w->next = w;
    keep(w);
}
NEW inlined(void)
{
    struct inlined *w = inner(sizeof *w);
    w->next = w;
    keep(w);
}
NEW linked(void)
{
    struct linked *n = malloc(sizeof *n);
    n->key = 5;
    link_in(&n->link);
    keep(n);
}
NEW flexible(void)
{
    struct flexible *f = malloc(sizeof *f + 5 * sizeof(long));
    f->n = 5;
    f->tail[4] = 1;
    keep(f);
}
NEW text(void)
{
    char *t = malloc(30);
    strcpy(t, "text");
    keep(t);
}
NEW reused(void)
{
    /* The variable had another value before. */
    struct by_cast *p = (struct by_cast *)&kept_count;
    if (p->a == 1000)
        abort();
    p = (struct by_cast *)malloc(sizeof *p);
    p->a = 9;
    keep(p);
}
int main(void)
{
    variable();
    field();
    to_global();
    returned();
    resize();
    elements();
    wrapped();
    inlined();
    linked();
    flexible();
    text();
    reused();
}
"""


def test_every_way_tells(build):
    assert live(build(main=WAYS)) == {
        "struct by_variable": 1, "struct by_field": 1, "struct by_global": 1,
        "struct by_return": 1, "struct resized": 1, "struct element *[]": 1,
        "struct element": 4, "struct over_wrappers": 1, "struct inlined": 1,
        "struct linked": 1, "struct flexible": 1, "char[]": 1,
        "struct by_cast": 1}


def test_behind_a_call_that_does_not_return_is_another_path(build):
    types = live(build(other=r"""
#include <stdlib.h>
#include <string.h>
void put(void *to, void *p) { memcpy(to, &p, sizeof p); }
int check(void *p) { return !p; }
void told(void *o) { (void)o; }
__attribute__((noreturn)) void bug(int n) { (void)n; abort(); }
""", main=r"""
#include <stdlib.h>
struct other { long a[12]; };
void put(void *to, void *p);
int check(void *p);
void told(struct other *o);
__attribute__((noreturn)) void bug(int n);
void *kept, *given;
__attribute__((noinline)) int work(int n)
{
    void *shared = given;
    struct other *o;
    if (n & 1) {
        shared = malloc(96);
        put(&kept, shared);
        if (!check(shared))
            return 1;
        bug(1);
    }
    o = shared;
    told(o);
    return 2;
}
int main(int argc, char **argv)
{
    return work(argc) * 0;
}
"""))
    assert types == {"malloc in work": 1}


TREE = r"""
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
void put(void *to, void *p);
struct leaf { MEMBER };
struct tree { struct tree *next; struct leaf *leaf; } *trees;
int main(void)
{
    for (int i = 0; i < 8; i++) {
        struct tree *t = calloc(1, sizeof *t);
        int plain = i % 4 == PLAIN;
        t->next = trees;
        put(&t->leaf, (char *)malloc(plain ? 40 : 48) + (plain ? 0 : TAG));
        trees = t;
    }
}
"""
WORDS, NUMBERS = "long key; void *value;", "int a, b;"


@pytest.mark.parametrize("member, tag, plain, typed", [
    (WORDS, 1, 0, 8), (WORDS, 7, 0, 8), (WORDS, 8, 0, 2), (WORDS, 1, 9, 0),
    (NUMBERS, 2, 0, 8), (NUMBERS, 4, 0, 2), ("char text[40];", 3, 0, 2)])
def test_low_bits_that_no_object_could_have_are_a_tag(build, member, tag,
                                                      plain, typed):
    """If pointers without one are in the same field."""
    text = TREE.replace("MEMBER", member).replace("TAG", str(tag))
    types = live(build(put=PUT, main=text.replace("PLAIN", str(plain))))
    assert types.pop("struct tree") == 8
    assert types.pop("struct leaf", 0) == typed
    assert types.pop("malloc in main", 0) == 8 - typed
    assert not types
