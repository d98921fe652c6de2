// SPDX-License-Identifier: MIT
// A small graph, laid out by dagre and drawn as SVG: what points at what.
import { h, Fragment } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Graph as Digraph, layout } from "@dagrejs/dagre";
import { bytes } from "./units.js";
import { into, objectName, outOf, rootsOf } from "./data.js";

export const MOST = 50; // nodes of a neighbourhood
const LEAST = 0.8; // of its size, so that it is still read

let pen;

function width(text) {
	pen ??= document.createElement("canvas").getContext("2d");
	pen.font = "13px system-ui, sans-serif";
	return pen.measureText(text).width;
}

const cut = (text, most) =>
	text.length > most ? text.slice(0, most - 1) + "\u2026" : text;

function placed(nodes, edges, rankdir) {
	const g = new Digraph().setDefaultEdgeLabel(() => ({}));
	g.setGraph({ rankdir, nodesep: 24, ranksep: 42, marginx: 8, marginy: 8, edgesep: 14 });
	for (const n of nodes) {
		n.shown = cut(n.name, 34);
		g.setNode("" + n.id, { width: Math.max(width(n.shown), width(n.sub ?? "")) + 24,
			height: n.sub ? 44 : 28, n });
	}
	for (const e of edges) {
		const text = cut(e.label ?? "", 28);
		let line = g.edge("" + e.from, "" + e.to);
		if (!line?.names) {
			line = { names: [], height: 18, labelpos: "c" };
			g.setEdge("" + e.from, "" + e.to, line);
		}
		line.look ||= e.look;
		if (line.names.length === 4)
			line.names[3] = "\u2026";
		else if (!line.names.includes(text))
			line.names.push(text);
		line.text = line.names.join(", ");
		line.width = width(line.text) + 12;
	}
	layout(g);
	return g;
}

// The line of an edge; of one from a node to itself round its text, which is beside or
// below the node.
function path(g, { v, w }) {
	const e = g.edge(v, w), n = g.node(v);
	if (v !== w)
		return e.points.map((p, i) => (i ? "L" : "M") + p.x + " " + p.y).join("");
	const right = n.x + n.width / 2, low = n.y + n.height / 2;
	return e.x - n.x > e.y - n.y
		? `M${right} ${n.y - 8}C${e.x} ${n.y - 26} ${e.x} ${n.y + 26} ${right} ${n.y + 8}`
		: `M${n.x - 12} ${low}C${n.x - 40} ${e.y + 8} ${n.x + 40} ${e.y + 8} ${n.x + 12} ${low}`;
}

// `nodes`: {id, name, sub, look, to}; `edges`: {from, to, label, look}. Those that
// lead the same way are one line. What is too wide for the window goes the other way, is
// drawn smaller, and is scrolled if that is not enough.
export function Graph({ label, nodes, edges, sideways }) {
	const pan = useRef();
	const [room, setRoom] = useState(0);
	const [more, setMore] = useState("");
	const drawn = useMemo(() => {
		const [one, other] = sideways ? ["LR", "TB"] : ["TB", "LR"];
		const g = placed(nodes, edges, one);
		if (!room || g.graph().width <= room)
			return g;
		const turned = placed(nodes, edges, other);
		return turned.graph().width < g.graph().width ? turned : g;
	}, [nodes, edges, sideways, room]);
	const size = drawn.graph();
	const scale = room ? Math.max(LEAST, Math.min(1, room / size.width)) : 1;
	const wider = room > 0 && size.width * scale > room + 1;
	const look = () => {
		const { scrollLeft: left, scrollWidth: all, clientWidth: part } = pan.current;
		setMore((left > 1 ? " before" : "") + (left + part < all - 1 ? " after" : ""));
	};
	useLayoutEffect(() => {
		const watch = new ResizeObserver(([e]) => setRoom(e.contentRect.width));
		watch.observe(pan.current);
		return () => watch.disconnect();
	}, []);
	useLayoutEffect(() => {
		const meant = nodes.find((n) => n.look === "meant");
		if (meant)
			pan.current.scrollLeft = drawn.node("" + meant.id).x * scale - room / 2;
		look();
	}, [drawn, scale]);
	const around = (n) => `translate(${n.x - n.width / 2} ${n.y - n.height / 2})`;
	return <figure class="graph">
		<div class={"pan" + more} ref={pan} onScroll={look} {...wider && { tabIndex: 0, role: "group",
			"aria-label": "A drawing that is wider than the window" }}>
		<svg role="group" aria-label={label} viewBox={`0 0 ${size.width} ${size.height}`}
			width={size.width * scale} height={size.height * scale}>
			<defs>{["", "closing", "orphaning", "weak"].map((look) =>
				<marker id={"head" + look} class={"head " + look} viewBox="0 0 8 8" refX="7"
					refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto-start-reverse">
					<path d="M0 0 8 4 0 8z" /></marker>)}</defs>
			{drawn.edges().map((key) => {
				const e = drawn.edge(key);
				return <g class={"edge " + (e.look ?? "")}>
					<path d={path(drawn, key)} marker-end={`url(#head${e.look ?? ""})`} />
					{e.text && <text x={e.x} y={e.y + 4} text-anchor="middle">{e.text}</text>}</g>;
			})}
			{drawn.nodes().map((key) => {
				const node = drawn.node(key), n = node.n;
				const inside = <Fragment>
					<title>{n.name + (n.sub ? ", " + n.sub : "")}</title>
					<rect width={node.width} height={node.height} rx="6" />
					<text x="12" y="19">{n.shown}</text>
					{n.sub && <text x="12" y="36" class="sub">{n.sub}</text>}</Fragment>;
				return <g class={"node " + (n.look ?? "")} transform={around(node)}>
					{n.to ? <a href={n.to} aria-label={n.name}>{inside}</a> : inside}</g>;
			})}
		</svg></div>
		{wider && <p class="mute hint">It is wider than the window: scroll it sideways.</p>}
		<details class="alternative"><summary>The same as a list</summary>
			<ul>{edges.map((e) => <li>
				<bdi>{nodes.find((n) => n.id === e.from)?.name}</bdi>{" "}
				{e.label ? <code>{e.label}</code> : ""} {"\u2192"}{" "}
				<bdi>{nodes.find((n) => n.id === e.to)?.name}</bdi>
				{e.look ? " (" + e.look + ")" : ""}</li>)}</ul>
		</details>
	</figure>;
}

// The blocks near one, the nearest first, and the roots that lead to them.
export function near(r, start) {
	const seen = new Map([[start, 0]]), queue = [start], nodes = [], edges = [];
	let left = false;
	const come = (i) => {
		if (seen.has(i))
			return;
		if (queue.length >= MOST - 10) {
			left = true;
			return;
		}
		seen.set(i, 0);
		queue.push(i);
	};
	for (let at = 0; at < queue.length; at++) {
		for (const e of outOf(r, queue[at]))
			come(r.edges.to[e]);
		for (const e of into(r, queue[at]))
			come(r.edges.from[e]);
	}
	for (const i of queue) {
		nodes.push({ id: i, name: objectName(r, i), sub: bytes(r.objects.bytes[i]),
			look: i === start ? "meant" : r.objects.finding[i] ? "lost" : "",
			to: "#/object/" + i });
		for (const e of outOf(r, i))
			if (seen.has(r.edges.to[e]))
				edges.push({ from: i, to: r.edges.to[e], label: r.text(r.edges.field[e]),
					look: r.edges.weak[e] ? "weak" : undefined });
		for (const root of rootsOf(r, i)) {
			const id = "r" + r.roots.name[root];
			if (!seen.has(id)) {
				if (seen.size >= MOST) {
					left = true;
					continue;
				}
				seen.set(id, 0);
				nodes.push({ id, name: r.text(r.roots.name[root]), look: "root" });
			}
			edges.push({ from: id, to: i, label: "" });
		}
	}
	return { nodes, edges, left };
}

export function Members({ finding, r, object }) {
	const { nodes, edges } = useMemo(() => {
		const refs = finding.references;
		const closing = refs?.closed_by ?? null, orphaning = refs?.orphaned_by ?? null;
		const same = (call, from, to) => call && call.holder === from && call.object === to;
		const shown = finding.members.slice(0, MOST);
		const names = new Set(shown.map((m) => m.name));
		const undeclared = refs?.undeclared;
		const edges = [];
		for (const m of shown)
			for (const e of m.edges)
				if (names.has(e.to))
					edges.push({ from: m.name, to: e.to,
						label: e.field ? "." + e.field : "+0x" + e.offset.toString(16),
						look: same(closing, m.name, e.to)
							|| (undeclared?.object === m.name && undeclared.to === e.to)
							? "closing" : same(orphaning, m.name, e.to) ? "orphaning"
								: e.kind === "weak" ? "weak" : undefined });
		for (const [call, look] of [[closing, "closing"], [orphaning, "orphaning"]]) {
			if (!call?.object || edges.some((e) => e.look === look))
				continue;
			// A reference without a pointer in the picture; the holder may be outside.
			const from = call.holder ?? "a holder without a name";
			if (!names.has(from)) {
				names.add(from);
				shown.push({ name: from, outside: true });
			}
			if (!names.has(call.object)) {
				names.add(call.object);
				shown.push({ name: call.object, outside: true });
			}
			edges.push({ from, to: call.object, label: call.field ? "." + call.field : "",
				look });
		}
		return { edges, nodes: shown.map((m) => ({ id: m.name, name: m.name,
			look: m.outside ? "root" : "lost",
			sub: m.outside ? undefined : m.refcount === null ? bytes(m.bytes)
				: `${bytes(m.bytes)}, count ${m.refcount}`,
			to: m.outside ? undefined : object(r, m.address) })) };
	}, [finding]);
	if (finding.members.length < 2)
		return null;
	return <Fragment>
		<Graph label={"What points at what in finding " + finding.number} nodes={nodes}
			edges={edges} />
		{edges.some((e) => e.look === "closing") && <p class="key closing">closed the cycle</p>}
		{edges.some((e) => e.look === "orphaning") && <p class="key orphaning">given back last:
			from then on nothing else held it</p>}
		{finding.members.length > MOST && <p class="mute">The first {MOST} of {
			finding.members.length + finding.members_omitted} members are drawn.</p>}
	</Fragment>;
}

