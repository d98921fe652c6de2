# SPDX-License-Identifier: MIT
"""The heap snapshot, as DevTools and memlab read it: what they say is retained is
what refknot says, and what dominators of the same pointers are."""
import json

import pytest

from conftest import BUILD, compiled, read_json, record, refknot, run
from readers import exported, node_readers, read_by, recorded, tool

# A tree, a shared part, a cycle that is held, lost ones, and what is lost and
# points at what is held; sizes tell them apart.
HEAP = """
#include <stdlib.h>
struct node { struct node *left, *right; };
struct node *volatile root, *volatile other;
static struct node *node(size_t size, struct node *left, struct node *right)
{
    struct node *n = malloc(size);
    n->left = left;
    n->right = right;
    return n;
}
int main(void)
{
    struct node *shared = node(1000, NULL, NULL);
    struct node *cycle = node(2000, NULL, shared);
    cycle->left = node(3000, cycle, NULL);
    root = node(16, node(32, shared, NULL), cycle);
    other = node(64, NULL, NULL);
    struct node *lost = node(4000, node(5000, NULL, NULL), root);
    lost->left->left = lost;
    lost = node(6000, root->left, node(7000, NULL, NULL));
    lost = NULL;
    return 0;
}
"""

# A std::weak_ptr keeps nothing, nor does what is declared weak.
WEAK = """
#include <memory>
#include <unistd.h>
struct widget { std::weak_ptr<widget> owner; std::shared_ptr<widget> child;
                char body[500]; };
std::shared_ptr<widget> top;
std::weak_ptr<widget> watched;
int main()
{
    top = std::make_shared<widget>();
    top->child = std::make_shared<widget>();
    top->child->owner = top;
    top->child->child = std::make_shared<widget>();
    watched = top->child;
    _exit(0);
}
"""


@pytest.fixture(scope="module")
def readers(tmp_path_factory):
    place = node_readers(tmp_path_factory.mktemp("node"))
    done = run(tool("node"), "bundle.mjs", cwd=place)
    assert done.status == 0, done.told[-800:]
    return place


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    directory = tmp_path_factory.mktemp("recordings")
    return recorded(directory, {
        "heap": [compiled(directory, "heap", HEAP, "-g")],
        "cycle": [BUILD / "samples/orphaned_cycle"],
        "gc_cycle": [BUILD / "samples/gc_cycle"],
        "gc_structures": [BUILD / "samples/gc_structures"],
        "leak": [BUILD / "samples/leak"],
    })


ALL = ["heap", "cycle", "gc_cycle", "gc_structures", "leak", "sqlite3", "git",
       "python3"]


@pytest.fixture(params=ALL)
def recording(request, recordings):
    return recordings[request.param]


def strong_graph(snapshot):
    """Nodes' sizes, and the pointers that keep: [(from, to)]."""
    meta = snapshot["snapshot"]["meta"]
    width = len(meta["node_fields"])
    kinds = meta["edge_types"][0]
    nodes, edges, sizes, pointers, at = (snapshot["nodes"], snapshot["edges"],
                                         [], [], 0)
    for i in range(0, len(nodes), width):
        sizes.append(nodes[i + 3])
        for _ in range(nodes[i + 4]):
            kind, _, to = edges[at:at + 3]
            at += 3
            if kinds[kind] != "weak":
                pointers.append((i // width, to // width))
    assert at == len(edges) == 3 * snapshot["snapshot"]["edge_count"]
    assert len(sizes) == snapshot["snapshot"]["node_count"]
    return sizes, pointers


def retained_by_definition(snapshot):
    """Per node, from dominators as networkx finds them."""
    networkx = pytest.importorskip("networkx")
    sizes, pointers = strong_graph(snapshot)
    graph = networkx.DiGraph(pointers)
    above = networkx.immediate_dominators(graph, 0)
    assert set(above) == set(range(len(sizes)))  # each is reached
    retained = list(sizes)
    depth = {0: 0}

    def depth_of(node):
        way = []
        while node not in depth:
            way.append(node)
            node = above[node]
        for below in reversed(way):
            depth[below] = depth[above[below]] + 1
        return depth[way[0]] if way else depth[node]

    for node in sorted(above, key=depth_of, reverse=True):
        if node:
            retained[above[node]] += retained[node]
    return retained


def test_retained_sizes_are_those_of_dominators(recording, readers, tmp_path):
    path = exported(recording, "heapsnapshot", directory=tmp_path)
    wanted = retained_by_definition(json.loads(path.read_text()))
    for reader in ("devtools", "memlab"):
        nodes = read_by(readers, reader, path)["nodes"]
        assert [n["retained"] for n in nodes] == wanted, reader


def lost_together(snapshot):
    """Types of what is lost in a component with others, which nothing leads to."""
    networkx = pytest.importorskip("networkx")
    _, pointers = strong_graph(snapshot)
    lost = {to for at, to in pointers if at == 1}
    return {snapshot["strings"][snapshot["nodes"][7 * node + 1]]
            for part in networkx.strongly_connected_components(
                networkx.DiGraph(pointers))
            if len(part) > 1 and part & lost for node in part}


def test_types_retain_what_objects_says(recording, readers, tmp_path):
    path = exported(recording, "heapsnapshot", directory=tmp_path)
    classes = read_by(readers, "devtools", path)["classes"]
    types = {t["type"]: t for t in
             read_json("objects", recording, "--retained")["types"]}
    # What is lost together is free if one of it is, by refknot; DevTools lets
    # one of it keep the others.
    together = lost_together(json.loads(path.read_text()))
    for name, t in types.items():
        shown = classes[name]
        assert (shown["count"], shown["self"]) == (t["live"], t["bytes"]), name
        if name in together:
            assert shown["retained"] <= t["retained_bytes"], name
        else:
            assert shown["retained"] == t["retained_bytes"], name


def test_all_that_is_alive_is_there(recording, readers, tmp_path):
    path = exported(recording, "heapsnapshot", directory=tmp_path)
    process = read_json("report", recording)["process"]
    shown = read_by(readers, "devtools", path)
    assert shown["total"] == process["live_bytes"]
    blocks = [n for n in shown["nodes"] if n["type"] != "synthetic"]
    assert len(blocks) == process["live_blocks"]
    assert len({n["id"] for n in shown["nodes"]}) == len(shown["nodes"])
    assert all(n["stack"][-1] == "(root)" for n in blocks)


def test_one_object_retains_what_show_says(recordings, readers, tmp_path):
    made = recordings["heap"]
    path = exported(made, "heapsnapshot", directory=tmp_path)
    blocks = sorted((n for n in read_by(readers, "devtools", path)["nodes"]
                     if n["self"]), key=lambda n: n["id"])
    seen, retained = {}, {}
    for block in blocks:
        number = seen[block["name"]] = seen.get(block["name"], 0) + 1
        done = refknot("show", "-f", "json", made, f"{block['name']}#{number}")
        one = json.loads(done.out)["object"]
        assert one["bytes"] == block["self"]
        retained[one["bytes"]] = one["retained_bytes"], block["retained"]
    # Of the lost cycle DevTools lets one keep the other.
    lost = retained.pop(4000), retained.pop(5000)
    assert lost in (((9000, 9000), (9000, 5000)), ((9000, 4000), (9000, 9000)))
    assert all(ours == theirs for ours, theirs in retained.values())
    # Neither lost one keeps what variables lead to.
    assert retained[16][0] == 16 + 32 + 1000 + 2000 + 3000
    assert retained[6000][0] == 13000 and retained[64][0] == 64


def test_stacks_are_of_the_blocks(recordings, readers, tmp_path):
    path = exported(recordings["cycle"], "heapsnapshot", directory=tmp_path)
    nodes = read_by(readers, "devtools", path)["nodes"]
    stacks = {tuple(n["stack"][:3]) for n in nodes if n["name"] == "struct session"}
    assert stacks == {("session_open", "serve", "main")}


def test_weak_pointers_keep_nothing(readers, tmp_path):
    program = compiled(tmp_path, "weak", WEAK, "-g", compiler="g++")
    made = record(tmp_path, program).main
    path = exported(made, "heapsnapshot")
    snapshot = json.loads(path.read_text())
    kinds = snapshot["snapshot"]["meta"]["edge_types"][0]
    weak = [i for i in range(0, len(snapshot["edges"]), 3)
            if kinds[snapshot["edges"][i]] == "weak"]
    assert weak
    retained = {t["type"]: t["retained_bytes"]
                for t in read_json("objects", made, "--retained")["types"]}
    classes = read_by(readers, "devtools", path)["classes"]
    for name, size in retained.items():
        assert classes[name]["retained"] == size, name
    retained = sorted(n["retained"] // 500 for n in
                      read_by(readers, "devtools", path)["nodes"]
                      if 500 < n["self"] < 1000)
    assert retained == [1, 2, 3]  # one holds the next


def test_the_same_heap_has_the_same_ids(tmp_path):
    """So that the Comparison view finds what is new: by the order of births."""
    program = compiled(tmp_path, "again", HEAP, "-g")
    ids = []
    for name in ("one", "two"):
        place = tmp_path / name
        place.mkdir()
        made = record(place, program).main
        snapshot = json.loads(exported(made, "heapsnapshot").read_text())
        ids.append(sorted((n, size) for n, size in
                          zip(snapshot["nodes"][2::7], snapshot["nodes"][3::7])
                          if size))
    assert ids[0] == ids[1]
    assert all(n % 2 for n, _ in ids[0])


def test_a_recording_without_pointers_is_refused(tmp_path):
    made = record(tmp_path, BUILD / "samples/leak",
                  options=["--no-snapshot"]).main
    path = tmp_path / "none.heapsnapshot"
    done = refknot("export", "-f", "heapsnapshot", "-o", path, made)
    assert done.status == 2 and not path.exists()
    assert done.told.count("\n") == 1 and "is not known" in done.told
    assert list(tmp_path.glob("none*")) == []


def test_a_block_of_four_gib_is_told(tmp_path):
    program = compiled(tmp_path, "large", """
#include <stdlib.h>
char *large;
int main(void)
{
    large = malloc(5ul << 30);
    if (!large)
        return 77;
    large[0] = 1;
    return 0;
}
""")
    made = record(tmp_path, program)
    if made.outcome.status == 77:
        pytest.skip("no 5 GiB of addresses can be had here")
    done = refknot("export", "-f", "heapsnapshot", made.main)
    assert done.status == 0
    assert "4 GiB and more: 1 block counts as just below" in done.told
    snapshot = json.loads(done.out)
    assert max(snapshot["nodes"]) == 2 ** 32 - 1


def test_what_is_lost_begins_with_findings(recordings):
    """So that the member that a report names first retains the whole cycle."""
    for name in ("heap", "cycle"):
        done = refknot("export", "-f", "heapsnapshot", recordings[name])
        snapshot = json.loads(done.out)
        nodes, edges = snapshot["nodes"], snapshot["edges"]
        first = sum(nodes[4:7:7])  # edges of the root
        lost = [edges[3 * i + 2] // 7
                for i in range(first, first + nodes[7 + 4])]
        sizes = [nodes[7 * n + 3] for n in lost]
        heads = [f["members"][0]["bytes"] for f in
                 read_json("report", recordings[name])["findings"]]
        assert sizes[:len(heads)] == heads
