// SPDX-License-Identifier: MIT
// A small graph, laid out by dagre and drawn as SVG: what points at what.
import { h, Fragment } from "preact";
import { useMemo } from "preact/hooks";
import { Graph as Digraph, layout } from "@dagrejs/dagre";
import { bytes } from "./units.js";
import { into, objectName, outOf, rootsOf } from "./data.js";

export const MOST = 50; // nodes of a neighbourhood

let pen;

function width(text) {
	pen ??= document.createElement("canvas").getContext("2d");
	pen.font = "13px system-ui, sans-serif";
	return pen.measureText(text).width;
}

const cut = (text, most) =>
	text.length > most ? text.slice(0, most - 1) + "\u2026" : text;

// `nodes`: {id, name, sub, look, to}; `edges`: {from, to, label, look}. Those that
// lead the same way are one line.
export function Graph({ label, nodes, edges, sideways }) {
	const drawn = useMemo(() => {
		const g = new Digraph().setDefaultEdgeLabel(() => ({}));
		g.setGraph({ rankdir: sideways ? "LR" : "TB", nodesep: 24, ranksep: 42,
			marginx: 8, marginy: 8, edgesep: 14 });
		for (const n of nodes) {
			n.shown = cut(n.name, 34);
			g.setNode("" + n.id, { width: Math.max(width(n.shown), width(n.sub ?? "")) + 24,
				height: n.sub ? 44 : 28, n });
		}
		for (const e of edges) {
			const known = g.edge("" + e.from, "" + e.to);
			if (known?.e) {
				if (known.names.length < 3)
					known.names.push(e.label);
				else
					known.more = true;
				known.look ||= e.look;
				continue;
			}
			const text = cut(e.label ?? "", 28);
			g.setEdge("" + e.from, "" + e.to, { e, look: e.look, names: [text],
				width: width(text) + 12, height: 18, labelpos: "c" });
		}
		layout(g);
		return g;
	}, [nodes, edges, sideways]);
	const size = drawn.graph();
	const around = (n) => `translate(${n.x - n.width / 2} ${n.y - n.height / 2})`;
	return <figure class="graph">
		<svg role="group" aria-label={label} viewBox={`0 0 ${size.width} ${size.height}`}
			width={size.width} height={size.height}>
			<defs>{["", "closing", "orphaning", "weak"].map((look) =>
				<marker id={"head" + look} class={"head " + look} viewBox="0 0 8 8" refX="7"
					refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto-start-reverse">
					<path d="M0 0 8 4 0 8z" /></marker>)}</defs>
			{drawn.edges().map((key) => {
				const e = drawn.edge(key);
				const line = e.points.map((p, i) => (i ? "L" : "M") + p.x + " " + p.y).join("");
				const text = e.names.join(", ") + (e.more ? ", \u2026" : "");
				return <g class={"edge " + (e.look ?? "")}>
					<path d={line} marker-end={`url(#head${e.look ?? ""})`} />
					{text && <text x={e.x} y={e.y + 4} text-anchor="middle">{text}</text>}</g>;
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
		</svg>
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

