// SPDX-License-Identifier: MIT
import { h, Fragment } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { treemapSquarify } from "d3-hierarchy";
import { find, index, madeIn, once, windowOf } from "./data.js";
import { bytes, count, number, percent } from "./units.js";
import { Made } from "./made.jsx";
import { Table } from "./table.jsx";

const MOST = 250; // tiles of one level
const ALL = 700; // of all levels
const DEEP = 3; // levels below the first

// What each node has of its own, what it keeps, and its children; in a window of what
// was made in it.
const kept = (r, w) => once(r, w ? `kept ${w.low} ${w.high}` : "kept", () => {
	const { parent } = r.tree;
	let { bytes, blocks } = r.tree;
	if (w) {
		bytes = parent.map(() => 0);
		blocks = bytes.slice();
		for (const [n, sum] of madeIn(r.tree.made, w)) {
			bytes[n] = sum.bytes;
			blocks[n] = sum.blocks;
		}
	}
	const k = { bytes: bytes.slice(), blocks: blocks.slice(), own: { bytes, blocks } };
	for (let n = parent.length - 1; n > 0; n--) {
		k.bytes[parent[n]] += k.bytes[n];
		k.blocks[parent[n]] += k.blocks[n];
	}
	const of = index(parent, parent.length);
	k.children = (n) => Array.from(of(n)).filter((c) => c && k.blocks[c])
		.sort((a, b) => k.bytes[b] - k.bytes[a]);
	return k;
});

// Tiles of the children, and of theirs where there is room.
function tiles(r, k, node, width, height, room = { left: ALL }, depth = 0, x0 = 0, y0 = 0) {
	const list = k.children(node).filter((c) => k.bytes[c]);
	const shown = list.slice(0, MOST).map((n) => ({ n, value: k.bytes[n] }));
	const rest = list.slice(MOST);
	if (rest.length)
		shown.push({ n: -1, rest: rest.length,
			value: rest.reduce((sum, c) => sum + k.bytes[c], 0) });
	const own = node ? k.own.bytes[node] : 0;
	if (own && depth === 0)
		shown.push({ n: -2, value: own });
	const all = { value: shown.reduce((sum, c) => sum + c.value, 0) + (depth ? own : 0),
		children: shown };
	if (!all.value || !shown.length)
		return [];
	shown.sort((a, b) => b.value - a.value);
	// The own bytes of an inner node stay its own ground.
	const part = (all.value - (depth ? own : 0)) / all.value;
	all.value *= part;
	treemapSquarify(all, x0, y0, x0 + width, y0 + height * part);
	const found = [];
	for (const one of shown) {
		const w = one.x1 - one.x0, t = one.y1 - one.y0;
		if (w < 3 || t < 3)
			continue;
		found.push({ ...one, depth });
		room.left--;
		if (one.n > 0 && depth < DEEP && w > 90 && t > 70 && room.left > 0)
			found.push(...tiles(r, k, one.n, w - 8, t - 26, room, depth + 1,
				one.x0 + 4, one.y0 + 22));
	}
	return found;
}

const label = (r, n) => r.text(r.tree.type[n]);

export function Treemap({ r, span }) {
	const [node, setNode] = useState(0);
	const [size, setSize] = useState([0, 0]);
	const box = useRef();
	useEffect(() => {
		if (!box.current)
			return;
		const watch = new ResizeObserver(([e]) =>
			setSize([e.contentRect.width, e.contentRect.height]));
		watch.observe(box.current);
		return () => watch.disconnect();
	}, []);
	const w = r.tree.made ? windowOf(r, span) : null;
	const k = r.tree.parent && kept(r, w);
	const list = useMemo(() => k && size[0] ? tiles(r, k, node, ...size) : [],
		[r, k, node, size]);
	if (!r.tree.parent)
		return <p>What keeps what is not known: {r.text(r.why)}.</p>;
	const way = [];
	for (let n = node; n; n = r.tree.parent[n])
		way.unshift(n);

	function open(n) {
		if (n > 0 && k.children(n).length)
			setNode(n);
	}
	// The arrows lead to the nearest tile that way.
	function key(e) {
		if (e.key === "Escape" || e.key === "Backspace") {
			setNode(r.tree.parent[node]);
			return;
		}
		const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0],
			ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
		if (!way || e.target === box.current)
			return;
		e.preventDefault();
		const from = e.target.getBoundingClientRect();
		let best, least = Infinity;
		for (const other of box.current.children) {
			const to = other.getBoundingClientRect();
			const dx = to.left - from.left, dy = to.top - from.top;
			const along = dx * way[0] + dy * way[1];
			const far = along + 2 * Math.abs(dx * way[1] + dy * way[0]);
			if (along > 1 && far < least) {
				best = other;
				least = far;
			}
		}
		best?.focus();
	}
	return <Fragment>
		<h2>What keeps what</h2>
		<nav class="way" aria-label="Where you are">
			<button onClick={() => setNode(0)} disabled={!node}>all, {bytes(k.bytes[0])}</button>
			{way.map((n) => <Fragment><span aria-hidden="true">{" \u203a "}</span>
				<button onClick={() => setNode(n)} disabled={n === node}>
					<bdi>{label(r, n)}</bdi></button></Fragment>)}
		</nav>
		{w ? <Made r={r} span={span} /> : span && r.timeline && <p class="mute">The treemap has too many groups
			to follow the window; this is of the whole run.</p>}
		{node > 0 && <About r={r} k={k} n={node} />}
		{w && !list.length && size[0] > 0 && <p>None of that is alive.</p>}
		<div class="treemap" ref={box} role="group" onKeyDown={key}
			aria-label="Treemap of retained sizes; a table of the same is below">
			{list.map((one) => {
				const text = one.n === -1 ? `${one.rest} smaller groups`
					: one.n === -2 ? "itself" : label(r, one.n);
				const style = `left:${one.x0}px;top:${one.y0}px;width:${
					one.x1 - one.x0 - 1}px;height:${one.y1 - one.y0 - 1}px;--d:${one.depth}`;
				const about = `${text}, ${bytes(one.value)}`
					+ (one.n > 0 ? `, ${count(k.blocks[one.n], "block")}; ${
						r.text(r.tree.site[one.n])}` : "");
				return <button style={style} title={about} aria-label={about}
					class={"tile" + (one.n > 0 && r.tree.lost[one.n] ? " lost" : "")
						+ (one.n < 0 ? " rest" : "")}
					onClick={() => open(one.n)}>
					{one.x1 - one.x0 > 30 && one.y1 - one.y0 > 16 && <Fragment>
						<bdi>{text}</bdi>{" "}
						{one.x1 - one.x0 > 120 && <span>{bytes(one.value)}</span>}</Fragment>}</button>;
			})}
		</div>
		<p class="mute hint">A tile is as large as what would be free if its blocks were:
			they themselves and what only they keep. Red ones are lost. Blocks of one type and
			site below one keeper are one tile; so are the links of a list.</p>
		<Below r={r} k={k} node={node} open={open} />
	</Fragment>;
}

function About({ r, k, n }) {
	const { site, block } = r.tree, { blocks, bytes: own } = k.own;
	const object = find(r.objects.block, block[n]);
	return <p class="about">
		<b><bdi>{label(r, n)}</bdi></b>{" "}
		<span class="mute"><bdi>{r.text(site[n])}</bdi></span>
		<span class="figures">{count(blocks[n], "block")}, {bytes(own[n])}; retained {
			bytes(k.bytes[n])} in {count(k.blocks[n], "block")}{" "}
			{object >= 0 && <a href={"#/object/" + object}>{blocks[n] > 1 ? "the first of them" : "its card"}</a>}</span>
	</p>;
}

function Below({ r, k, node, open }) {
	const [list, columns] = useMemo(() => {
		const list = k.children(node), t = k.own, whole = k.bytes[node];
		return [list, [
			{ title: "Type", words: true, value: (i) => label(r, list[i]),
				text: (i) => label(r, list[i]) },
			{ title: "Retained", value: (i) => k.bytes[list[i]],
				text: (i) => bytes(k.bytes[list[i]]),
				bar: (i) => k.bytes[list[i]] / whole },
			{ title: "Share", low: true, value: (i) => k.bytes[list[i]],
				text: (i) => percent(k.bytes[list[i]], whole) },
			{ title: "Blocks", value: (i) => t.blocks[list[i]],
				text: (i) => number(t.blocks[list[i]]) },
			{ title: "Bytes", low: true, value: (i) => t.bytes[list[i]],
				text: (i) => bytes(t.bytes[list[i]]) },
			{ title: "Site", words: true, value: (i) => r.text(r.tree.site[list[i]]),
				text: (i) => r.text(r.tree.site[list[i]]) },
		]];
	}, [r, k, node]);
	return <Table caption="What is kept" columns={columns} count={list.length} sort={-2}
		open={(i) => open(list[i])} height={420} />;
}
