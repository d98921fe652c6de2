// SPDX-License-Identifier: MIT
import { h, Fragment } from "preact";
import { useMemo, useState } from "preact/hooks";
import { Made, timeOf } from "./made.jsx";
import { frameText, hex, into, isMade, objectName, outOf, rootsOf, stackOf, windowOf } from "./data.js";
import { bytes, count, number } from "./units.js";
import { Graph, near } from "./graph.jsx";
import { Search, Table } from "./table.jsx";

const MADE_AT = "the times after the start between which the block was allocated";

export function Objects({ r, type, span }) {
	const [words, setWords] = useState(type ?? "");
	const o = r.objects;
	const only = useMemo(() => {
		const w = windowOf(r, span);
		return w && ((i) => isMade(w, o.step[i]));
	}, [r, span]);
	const columns = useMemo(() => [
		{ title: "Object", words: true, value: (i) => objectName(r, i),
			text: (i) => objectName(r, i) },
		{ title: "Bytes", value: (i) => o.bytes[i], text: (i) => bytes(o.bytes[i]) },
		...(o.retained_bytes ? [{ title: "Retained", value: (i) => o.retained_bytes[i],
			text: (i) => bytes(o.retained_bytes[i]) }] : []),
		{ title: "Referrers", low: true, value: (i) => o.in[i], text: (i) => number(o.in[i]) },
		...(o.step ? [{ title: "Made at", about: MADE_AT, low: true, value: (i) => o.step[i],
			text: (i) => timeOf(r, o.step[i]) }] : []),
		{ title: "Address", low: true, value: (i) => o.address[i], text: (i) => hex(o.address[i]) },
		{ title: "Site", words: true, low: true, value: (i) => r.text(o.site[i]),
			text: (i) => r.text(o.site[i]) },
	], [r]);
	return <Fragment>
		<h2>Objects</h2>
		<div class="bar"><Search value={words} set={setWords} label="Search objects" /></div>
		{o.step && <p class="mute hint low">Made at: {MADE_AT}.</p>}
		{only && <Made r={r} span={span} />}
		<Table caption="Blocks that are alive" columns={columns} count={o.type.length}
			sort={o.retained_bytes ? -3 : -2} search={words} only={only}
			open={(i) => { location.hash = "#/object/" + i; }} />
	</Fragment>;
}

const Name = ({ r, i }) => <a href={"#/object/" + i}><bdi>{objectName(r, i)}</bdi></a>;

// From a root to the object; a string if there is no such way.
function pathTo(r, i) {
	const via = r.objects.via, way = [];
	for (let at = i; ; at = via[at]) {
		way.unshift(at);
		if (via[at] === -1)
			return way;
		if (via[at] < 0)
			return { [-2]: "No way leads here from a root: it is lost.",
				[-3]: "Only weak references lead here.",
				[-4]: "The way from a root is longer than this page has." }[via[at]];
	}
}

function Path({ r, i }) {
	const way = pathTo(r, i);
	if (typeof way === "string")
		return <p>{way}</p>;
	const most = 20, left = way.length > 2 * most
		? way.length - 2 * most : 0;
	const root = rootsOf(r, way[0])[0];
	return <ol class="path">
		<li class="root"><bdi>{root === undefined ? "a root" : r.text(r.roots.name[root])}</bdi></li>
		{way.map((at, n) => {
			if (left && n === most)
				return <li class="mute">{count(left, "more block")}</li>;
			if (left && n > most && n < most + left)
				return null;
			const e = n ? outOf(r, way[n - 1]).find((e) => r.edges.to[e] === at) : undefined;
			return <li>{e !== undefined && <code>{r.text(r.edges.field[e])}</code>}{" "}
				{at === i ? <b><bdi>{objectName(r, at)}</bdi></b> : <Name r={r} i={at} />}</li>;
		})}
	</ol>;
}

function Pointers({ r, title, list, end, all, label }) {
	const columns = useMemo(() => [
		{ title: "Field", words: true, value: (k) => list[k].field, text: (k) => list[k].field },
		{ title: label, words: true, value: (k) => list[k].name, text: (k) => list[k].name,
			cell: (k) => list[k].i === undefined ? <bdi>{list[k].name}</bdi>
				: <Name r={r} i={list[k].i} /> },
		{ title: "Bytes", value: (k) => list[k].bytes ?? -1,
			text: (k) => list[k].bytes === undefined ? "" : bytes(list[k].bytes) },
	], [list]);
	return <section>
		<h3>{title}</h3>
		{list.length ? <Table caption={title} columns={columns} count={list.length} sort={0}
			height={300} /> : <p class="mute">{all ? "None that this page has." : "None."}</p>}
		{all > list.length && <p class="mute">{count(all - list.length, "more pointer")} {end}</p>}
	</section>;
}

export function ObjectCard({ r, i }) {
	const o = r.objects;
	const [fields, referrers, around] = useMemo(() => [
		Array.from(outOf(r, i), (e) => ({ field: r.text(r.edges.field[e])
			+ (r.edges.weak[e] ? " (weak)" : ""), i: r.edges.to[e],
		name: objectName(r, r.edges.to[e]), bytes: o.bytes[r.edges.to[e]] })),
		[...Array.from(rootsOf(r, i), (k) => ({ field: "", name: r.text(r.roots.name[k]) })),
			...Array.from(into(r, i), (e) => ({ field: r.text(r.edges.field[e]),
				i: r.edges.from[e], name: objectName(r, r.edges.from[e]),
				bytes: o.bytes[r.edges.from[e]] }))],
		near(r, i),
	], [r, i]);
	const by = o.dominator?.[i] ?? -1;
	const stack = stackOf(r, Math.max(o.node[i], 0));
	return <article class="object">
		<p><a href="#/objects">Objects</a></p>
		<h2><bdi>{objectName(r, i)}</bdi></h2>
		<dl class="facts">
			<div><dt>Size</dt><dd>{bytes(o.bytes[i])}</dd></div>
			{o.retained_bytes && <div><dt>Retained</dt><dd>{bytes(o.retained_bytes[i])} in {
				count(o.retained_objects[i], "block")}</dd></div>}
			<div><dt>Address</dt><dd><code>{hex(o.address[i])}</code></dd></div>
			{o.count[i] >= 0 && <div><dt>References</dt><dd>{o.count[i]}</dd></div>}
			{o.step && <div><dt>Made at</dt><dd>{timeOf(r, o.step[i])}{
				o.step[i] > 0 && " after the start"}</dd></div>}
			<div><dt>Made by</dt><dd><bdi>{r.text(o.site[i])}</bdi></dd></div>
			<div><dt>Kept by</dt><dd>{!o.dominator ? "not known: " + r.text(r.why)
				: by >= 0 ? <Name r={r} i={by} />
					: by === -1 ? "no block alone" : "a block without a card here"}</dd></div>
			{o.finding[i] > 0 && <div><dt>Finding</dt><dd><a href="#/findings" class="bad">{
				o.finding[i]}</a></dd></div>}
		</dl>
		<section><h3>Shortest way from a root</h3><Path r={r} i={i} /></section>
		<section><h3>Nearby</h3>
			{around.edges.length ? <Graph label={"Blocks near " + objectName(r, i)}
				nodes={around.nodes} edges={around.edges} sideways /> : <p class="mute">
				Nothing points here, and it points at nothing.</p>}
			{around.left && <p class="mute">The nearest {around.nodes.length} are drawn.</p>}
		</section>
		<div class="halves">
			<Pointers r={r} title="Fields that point at blocks" list={fields} label="To" all={o.out[i]}
				end="to blocks without a card here" />
			<Pointers r={r} title="Referrers" list={referrers} label="From" all={o.in[i]}
				end="from blocks without a card here" />
		</div>
		<section><h3>Allocated by</h3>{stack.length ? <ol class="stack">{stack.map((f) =>
			<li class={r.frames.library[f] ? "library" : ""}>
				<code><bdi>{r.text(r.frames.name[f])}</bdi></code>{" "}
				<span class="mute"><bdi>{frameText(r, f)}</bdi></span></li>)}</ol>
			: <p class="mute">The call stack is not known.</p>}</section>
	</article>;
}

