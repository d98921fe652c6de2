// SPDX-License-Identifier: MIT
// The tree that a flame graph draws, in columns: node 0 is the root, and a node's
// parent has a smaller number.
import { madeIn } from "./data.js";

const spread = (r) => new Array(r.flame.parent.length).fill(0);

// What each node of the recording's tree has of its own; in a window (see data.js) of
// what was made in it.
export function values(r, kind, w) {
	if (!w)
		return r.flame.values[kind.name];
	const list = spread(r), key = (kind.name.startsWith("leaked") ? "leaked_" : "")
		+ (kind.bytes ? "bytes" : "blocks");
	for (const [stack, sum] of madeIn(r.stacks.made, w))
		list[r.stacks.node[stack]] += sum[key];
	return list;
}

// What each node had alive at a key frame. The root has what is not known by stack.
export function alive(r, kind, frame) {
	const list = spread(r);
	frame.stack.forEach((stack, i) => {
		list[Math.max(r.stacks.node[stack] ?? 0, 0)] += frame[kind.bytes ? "bytes" : "blocks"][i];
	});
	return list;
}

// Functions of one name and file are one, whatever their lines.
const identity = (r, frame) => r.text((r.frames.file[frame] < 0 ? r.frames.module
	: r.frames.file)[frame]) + " " + r.text(r.frames.name[frame]);

function tree() {
	const t = { parent: [0], name: ["all"], frame: [-1], reading: [null],
		self: [0], before: [0], depth: [0] };
	const steps = new Map();
	t.step = (node, r, frame) => {
		const label = r.text(r.frames.name[frame]);
		const key = `${node} ${identity(r, frame)}`;
		let to = steps.get(key);
		if (to === undefined) {
			to = t.parent.length;
			steps.set(key, to);
			t.parent.push(node);
			t.name.push(label);
			t.frame.push(frame);
			t.reading.push(r);
			t.self.push(0);
			t.before.push(0);
			t.depth.push(t.depth[node] + 1);
		}
		return to;
	};
	return t;
}

// Adds a recording's values to `self` or `before`.
function add(t, r, list, column, inverted) {
	const { parent, frame } = r.flame;
	t[column][0] += list[0];
	if (!inverted) {
		const has = new Uint8Array(list.length), of = new Uint32Array(list.length);
		for (let n = list.length - 1; n > 0; n--)
			if (has[n] || list[n]) {
				has[n] = 1;
				has[parent[n]] = 1;
			}
		for (let n = 1; n < list.length; n++)
			if (has[n]) {
				of[n] = t.step(of[parent[n]], r, frame[n]);
				t[column][of[n]] += list[n];
			}
		return;
	}
	for (let n = 1; n < list.length; n++) {
		if (!list[n])
			continue;
		let to = 0;
		for (let m = n; m > 0; m = parent[m])
			to = t.step(to, r, frame[m]);
		t[column][to] += list[n];
	}
}

// `list`: values of the nodes of `r`. Those of `compared` are from before; null: nothing
// is compared.
export function build(r, list, compared, before, inverted) {
	const t = tree();
	add(t, r, list, "self", inverted);
	if (compared)
		add(t, compared, before, "before", inverted);
	const count = t.parent.length;
	t.after = t.self.slice();
	t.total = t.self.map((self, n) => compared ? Math.max(self, t.before[n])
		: Math.max(self, 0));
	t.children = Array.from({ length: count }, () => []);
	for (let n = count - 1; n > 0; n--) {
		const to = t.parent[n];
		t.after[to] += t.after[n];
		t.before[to] += t.before[n];
		t.total[to] += t.total[n];
		t.children[to].push(n);
	}
	for (const list of t.children)
		list.sort((a, b) => t.total[b] - t.total[a]);
	t.deepest = t.depth.reduce((a, b) => Math.max(a, b), 0);
	return t;
}

// Functions with what they have themselves and with what they call. A function that
// calls itself counts once a stack.
export function functions(r, list) {
	const of = new Map(), rows = [];
	const { parent, frame } = r.flame;
	for (let n = 1; n < list.length; n++) {
		if (!list[n])
			continue;
		const seen = new Set();
		for (let m = n; m > 0; m = parent[m]) {
			const id = identity(r, frame[m]);
			if (seen.has(id))
				continue;
			seen.add(id);
			let row = of.get(id);
			if (!row) {
				row = { name: r.text(r.frames.name[frame[m]]), frame: frame[m],
					self: 0, total: 0 };
				of.set(id, row);
				rows.push(row);
			}
			row.total += list[n];
			if (m === n)
				row.self += list[n];
		}
	}
	return rows;
}
