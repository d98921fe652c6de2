// SPDX-License-Identifier: MIT
import { h, Fragment } from "preact";
import { useMemo, useState } from "preact/hooks";
import { base, find, madeIn, windowOf } from "./data.js";
import { bytes, count, number, seconds } from "./units.js";
import { Members } from "./graph.jsx";
import { Search, Table, usePrinting } from "./table.jsx";

const objectLink = (r, address) => {
	const i = find(r.objects.address, parseInt(address, 16));
	return i < 0 ? undefined : "#/object/" + i;
};

// "parse", or where in the module the call is.
const called = (frame) => frame.function
	?? (frame.module ? base(frame.module) + "+" + frame.offset : "unknown code");

const place = (frame) => frame.file
	? base(frame.file) + (frame.line ? ":" + frame.line : "")
	: base(frame.module ?? "");

export function Stack({ frames }) {
	const [all, setAll] = useState(false);
	const most = all ? frames.length : 12;
	return <Fragment>
		<ol class="stack">{frames.slice(0, most).map((f) => <li class={f.library ? "library" : ""}>
			<code><bdi>{called(f)}</bdi></code>{" "}
			<span class="mute" title={f.file ?? f.module}><bdi>{place(f)}</bdi>
				{f.inlined ? ", inlined" : f.tail_call ? ", tail call" : ""}</span></li>)}</ol>
		{frames.length > most && <button onClick={() => setAll(true)}>{
			count(frames.length - most, "more frame")}</button>}
	</Fragment>;
}

function Copied({ text, label }) {
	const [done, setDone] = useState("");
	function copy() {
		const area = document.createElement("textarea");
		area.value = text;
		document.body.append(area);
		area.select();
		setDone(document.execCommand("copy") ? "copied" : "press Ctrl+C");
		area.remove();
	}
	return <div class="copied"><pre>{text}</pre>
		<button onClick={copy} aria-label={"Copy " + label}>{done || "Copy"}</button></div>;
}

function Body({ f, r }) {
	return <div class="body">
		<pre class="card">{f.card.replace(/\s+$/, "").replace(/^ {3}/gm, "")}</pre>
		<Members finding={f} r={r} object={objectLink} />
		<div class="halves">
			<section><h4>Call stack</h4><Stack frames={f.stack} /></section>
			<section><h4>{f.kind === "orphaned-cycle" ? "Members" : "Shown"}</h4>
				<ul class="plain">{f.members.slice(0, 12).map((m) => {
					const to = objectLink(r, m.address);
					return <li>{to ? <a href={to}><bdi>{m.name}</bdi></a> : <bdi>{m.name}</bdi>}{" "}
						<span class="mute">{bytes(m.bytes)} at {m.address}{
							m.refcount === null ? "" : ", count " + m.refcount}</span></li>;
				})}</ul>
				{f.members.length + f.members_omitted > 12 && <p class="mute">{
					f.members.length + f.members_omitted - 12} more</p>}
				<p class="mute">signature <code>{f.signature}</code>, confidence {f.confidence}, by {
					f.evidence.join(", ")}{f.shared_objects ? `; of what it holds ${
					bytes(f.shared_bytes)} is shared with others` : ""}</p></section>
		</div>
		<details><summary>Suppression, if this may stay</summary>
			<Copied text={f.suppression} label={"the suppression of finding " + f.number} /></details>
	</div>;
}

function Card({ f, r, open, made }) {
	const [shown, setShown] = useState(open);
	usePrinting((now) => now && setShown(true));
	const rest = f.head.slice(f.title.length).trim().replace(/ {2,}/g, " \u00b7 ");
	return <details class={"finding " + f.kind} open={shown}
		onToggle={(e) => setShown(e.currentTarget.open)}>
		<summary>
			<span class="no">{f.number}</span>
			<span class="what"><span class="kind">{f.title.toLowerCase()}</span>{" "}
				<span class="amount">{rest}{made && ` \u00b7 in the window ${count(made.blocks, "block")}, ${
					bytes(made.bytes)}`}</span>
				<span class="where mute"><bdi>{f.site}</bdi></span></span>
			<span class="lost">{f.retained_bytes === null ? "" : bytes(f.retained_bytes)}</span>
		</summary>
		{shown && <Body f={f} r={r} />}
	</details>;
}

// "1 orphaned cycle, 2 leaks"
export const kindsText = (v) => v.kinds.filter((k) => k.counts && k.findings)
	.map((k) => count(k.findings, k.noun, k.plural)).join(", ");

// "1 mapping, 64.0 KiB lost"
const mappingsText = (l) => `${count(l.mappings, "mapping")}, ${bytes(l.bytes)} lost`;

export function verdictText(r) {
	const v = r.report.verdict, p = r.report.process, l = r.report.lost_mappings;
	const alive = v.cut ? "what is alive is not known"
		: `${count(p.live_blocks, "block")}, ${bytes(p.live_bytes)} alive`;
	const mappings = l.mappings ? "; " + mappingsText(l) : "";
	if (!v.checked)
		return `Leaks and cycles were not checked: ${v.why}; ${alive}${mappings}`;
	if (!v.findings)
		return (mappings ? mappingsText(l) + "; nothing else was found" : "No findings")
			+ (v.complete ? "; " : ", as far as could be seen; ") + alive;
	return kindsText(v) + (v.lost_objects
		? `; ${count(v.lost_objects, "block")}, ${bytes(v.lost_bytes)} lost` : "") + mappings;
}

function LostMappings({ lost, span }) {
	const columns = useMemo(() => [
		{ title: "Site", words: true, value: (i) => lost.sites[i].site,
			text: (i) => lost.sites[i].site },
		{ title: "Mappings", value: (i) => lost.sites[i].mappings,
			text: (i) => number(lost.sites[i].mappings) },
		{ title: "Bytes", value: (i) => lost.sites[i].bytes,
			text: (i) => bytes(lost.sites[i].bytes) },
	], [lost]);
	return <section class="mappings">
		<h3>Lost mappings</h3>
		<p>{mappingsText(lost)}: no pointer to {lost.mappings === 1 ? "it" : "them"} was found{
			span ? ", of the whole run" : ""}.</p>
		<Table caption="What was mapped and lost, by site" columns={columns}
			count={lost.sites.length} sort={-3} height={300} />
	</section>;
}

export function Findings({ page, at, setAt, span }) {
	const [kind, setKind] = useState("");
	const [words, setWords] = useState("");
	const r = page.readings[at], low = words.toLowerCase();
	// By index: what each has of the window, where that is known.
	const made = useMemo(() => {
		const w = windowOf(r, span), all = w && r.timeline.findings.made;
		return all && { ...w, of: madeIn(all, w), known: new Set(all.of) };
	}, [r, span]);
	const kinds = r.report.verdict.kinds.filter((k) => k.findings);
	const list = r.findings.filter((f, i) => (!made || made.of.has(i) || !made.known.has(i))
		&& (kind ? f.kind === kind : true)
		&& (!low || (f.head + f.card + f.signature
			+ f.stack.map((s) => s.function).join()).toLowerCase().includes(low)));
	const c = r.report.checked, lost = r.report.lost_mappings;
	const possible = r.report.verdict.kinds.find((k) => !k.counts);
	return <Fragment>
		<h2>Findings</h2>
		<p class="verdict">{verdictText(r)}{r.report.verdict.complete ? "." : <Fragment>; not all
			was seen: <a href="#/limits">what, and why</a>.</Fragment>}{possible.findings > 0
			&& <span class="mute">{" "}{count(possible.findings, possible.noun, possible.plural)},
				held by pointers into the middle only, {possible.findings === 1 ? "is" : "are"} not
				counted.</span>}</p>
		<div class="bar">
			{page.readings.length > 1 && <label>Of <select value={at}
				onChange={(e) => setAt(+e.target.value)}>{page.readings.map((one, i) =>
					<option value={i}>{(i ? "after: " : "before: ") + one.title}</option>)}</select></label>}
			{kinds.length > 1 && <label>Kind <select value={kind}
				onChange={(e) => setKind(e.target.value)}><option value="">all</option>
				{kinds.map((k) => <option value={k.kind}>{k.plural} ({k.findings})</option>)}
			</select></label>}
			{r.findings.length > 1 && <Search value={words} set={setWords} label="Search findings" />}
		</div>
		{made && r.findings.length > 0 && <p class="mute" role="status">{list.length} of {count(r.findings.length, "finding")}: those
				with blocks that were made from {seconds(made.since)} to {seconds(made.until)}, the nearest
				times that are known.</p>}
		{list.map((f) => <Card key={at + " " + f.number} f={f} r={r} made={made?.of.get(r.findings.indexOf(f))}
			open={list.length === 1} />)}
		{!r.findings.length && !lost.mappings && <p class="good">Nothing to mend.</p>}
		{r.findings.length > 0 && !list.length && <p>None is like that.</p>}
		{lost.mappings > 0 && <LostMappings lost={lost} span={span} />}
		{c && <p class="mute">Checked: {count(c.blocks, "block")}, {bytes(c.root_bytes)} of
			roots, {count(c.threads, "thread")}.</p>}
	</Fragment>;
}
