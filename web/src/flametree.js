// SPDX-License-Identifier: MIT
// The tree that a flame graph draws, in columns: node 0 is the root, and a node's
// parent has a smaller number.
import { gained } from "./data.js";

// What each node of the recording's tree has of its own.
export function values(r, value, span) {
	if (span && r.timeline) {
		const list = new Array(r.flame.parent.length).fill(0);
		const blocks = /blocks|allocations/.test(value) ? 1 : 0;
		for (const [node, sums] of gained(r, span).sum)
			list[node] += sums[blocks];
		return list;
	}
	return r.flame.values[value];
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

// `compared`: the recording before; else null.
export function build(r, compared, value, inverted, span) {
	const t = tree();
	add(t, r, values(r, value, span), "self", inverted);
	if (compared)
		add(t, compared, values(compared, value), "before", inverted);
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
