// SPDX-License-Identifier: MIT
// Tables of types and of sites, of one recording or of two.
import { h, Fragment } from "preact";
import { useMemo, useState } from "preact/hooks";
import { gainedBy, windowOf } from "./data.js";
import { bytes, number, seconds, signed } from "./units.js";
import { Between } from "./made.jsx";
import { Search, Table } from "./table.jsx";

export function Groups({ r, what, title, span }) {
	const [words, setWords] = useState("");
	const g = r[what + "s"], w = windowOf(r, span);
	const gained = useMemo(() => w && gainedBy(r, w, what), [r, span]);
	const columns = useMemo(() => {
		const most = g.bytes.reduce((a, b) => Math.max(a, b), 1);
		const known = g.retained_bytes, history = g.allocated;
		const told = (n, text) => n < 0 ? "?" : text(n);
		const gain = (i) => gained.get(g.name[i]) ?? [0, 0];
		return [
			{ title, words: true, value: (i) => r.text(g.name[i]), text: (i) => r.text(g.name[i]) },
			...(gained ? [
				{ title: "Gained", value: (i) => gain(i)[0],
					text: (i) => signed(gain(i)[0], bytes),
					cell: (i) => <Change n={gain(i)[0]} text={bytes} /> },
				{ title: "Blocks gained", low: true, value: (i) => gain(i)[1],
					text: (i) => signed(gain(i)[1], number) },
			] : []),
			{ title: "Alive", value: (i) => g.live[i], text: (i) => number(g.live[i]) },
			{ title: "Bytes", value: (i) => g.bytes[i], text: (i) => bytes(g.bytes[i]),
				bar: (i) => g.bytes[i] / most },
			...(known ? [{ title: "Retained", value: (i) => known[i], text: (i) => bytes(known[i]) }]
				: []),
			...(g.peak_bytes ? [{ title: "At the peak", low: true, value: (i) => g.peak_bytes[i],
				text: (i) => told(g.peak_bytes[i], bytes) }] : []),
			...(history ? [
				{ title: "Allocated", low: true, value: (i) => history[i],
					text: (i) => told(history[i], number) },
				{ title: "Freed", low: true, value: (i) => g.freed[i],
					text: (i) => told(g.freed[i], number) },
			] : []),
		];
	}, [r, g, span]);
	return <Fragment>
		<h2>{title}s</h2>
		<div class="bar"><Search value={words} set={setWords}
			label={`Search ${title.toLowerCase()}s`} /></div>
		{!g.retained_bytes && <p class="mute">What they retain is not known: {r.text(r.why)}.</p>}
		{w && <p class="mute"><Between w={w} /> {gained.has(undefined) && `Smaller stacks together gained ${
			signed(gained.get(undefined)[0], bytes)}. `}The other columns are of the whole run.</p>}
		<Table key={!!w} caption={title + "s of what was allocated"} columns={columns} count={g.name.length}
			sort={w ? -2 : -3} search={words}
			open={what === "type" ? (i) => {
				location.hash = "#/objects/" + encodeURIComponent(r.text(g.name[i]));
			} : undefined} />
	</Fragment>;
}

const Change = ({ n, text }) => <span class={n > 0 ? "grew" : n < 0 ? "shrank" : ""}>{
	signed(n, text)}</span>;

// Rows of both, or of what both gained in the window: [name, [blocks, bytes, retained] before, after].
function joined(a, b, what, span) {
	const rows = new Map();
	[a, b].forEach((r, side) => {
		const g = r[what + "s"];
		const put = (name, sums) => {
			const text = name === undefined ? "smaller ones together" : r.text(name);
			const row = rows.get(text) ?? [text, [0, 0], [0, 0]];
			row[1 + side] = sums;
			rows.set(text, row);
		};
		if (span)
			gainedBy(r, windowOf(r, span), what).forEach(([n, blocks], name) => put(name, [blocks, n]));
		else
			g.name.forEach((name, i) => put(name, [g.live[i], g.bytes[i]]));
	});
	return [...rows.values()].filter(([, x, y]) => x[0] !== y[0] || x[1] !== y[1]);
}

export function Compare({ page, span }) {
	const [what, setWhat] = useState("type");
	const [words, setWords] = useState("");
	const [a, b] = page.readings;
	const within = span && a.timeline && b.timeline ? span : null;
	const cut = page.readings.find((one) => one.report.verdict.cut);
	const [rows, columns] = useMemo(() => {
		const rows = joined(a, b, what, within);
		const n = (title, side, k, text, low) => ({ title, low, value: (i) => rows[i][side][k],
			text: (i) => text(rows[i][side][k]) });
		const change = (title, k, text) => ({ title, value: (i) => rows[i][2][k] - rows[i][1][k],
			text: (i) => signed(rows[i][2][k] - rows[i][1][k], text),
			cell: (i) => <Change n={rows[i][2][k] - rows[i][1][k]} text={text} /> });
		return [rows, [
			{ title: what === "type" ? "Type" : "Site", words: true, value: (i) => rows[i][0],
				text: (i) => rows[i][0] },
			n("Before", 1, 0, number, true), n("After", 2, 0, number, true),
			change("Delta", 0, number),
			n("Bytes before", 1, 1, bytes, true), n("Bytes after", 2, 1, bytes, true),
			change("Bytes", 1, bytes),
		]];
	}, [page, what, within]);
	if (cut)
		return <Fragment>
			<h2>What changed</h2>
			<p>What was alive is not known of <bdi>{cut.title}</bdi>: that part of the
				recording is missing.</p>
		</Fragment>;
	return <Fragment>
		<h2>What changed</h2>
		<p>From <b>{a.title}</b> to <b>{b.title}</b>. The <a href="#/flame">flame graph</a> shows
			the same by call stack.</p>
		{span && <p class="mute">{within ? `What each gained from ${seconds(span[0])} to ${
			seconds(span[1])} of its own run, between the nearest key frames.`
			: "One of them has no timeline: this is of their ends, not of the window."}</p>}
		<div class="bar">
			<label>By <select value={what} onChange={(e) => setWhat(e.target.value)}>
				<option value="type">type</option><option value="site">site</option></select></label>
			<Search value={words} set={setWords} label="Search" />
		</div>
		{rows.length ? <Table key={what + !!within} caption="What changed" columns={columns} count={rows.length}
			sort={-7} search={words} /> : <p>Nothing differs.</p>}
	</Fragment>;
}
