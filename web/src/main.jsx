// SPDX-License-Identifier: MIT
import { h, Fragment, render } from "preact";
import { useEffect, useState } from "preact/hooks";
import "./style.css";
import { unpack } from "./data.js";
import { bytes, count, seconds } from "./units.js";
import { Findings } from "./findings.jsx";
import { Flame } from "./flame.jsx";
import { Treemap } from "./treemap.jsx";
import { Timeline } from "./timeline.jsx";
import { Groups, Compare } from "./groups.jsx";
import { Objects, ObjectCard } from "./objects.jsx";

const names = { findings: "Findings", flame: "Flame graph", treemap: "Treemap",
	timeline: "Timeline", types: "Types", sites: "Sites", objects: "Objects",
	compare: "Compare", limits: "Limits" };

// What a window does not change, and why.
const whole = { object: ". Which pointers there were is known of the end only, so a card is the "
	+ "same in each window.",
limits: ". What was not recorded is told of the whole run." };

function Limits({ page }) {
	return <Fragment>
		<h2>What is not here</h2>
		{page.readings.map((r) => <section>
			{page.readings.length > 1 && <h3>{r.title}</h3>}
			<h4>Not recorded</h4>
			{r.report.complete.length ? <ul>{r.report.complete.map((gap) => <li>
				<b>{gap.count} {gap.what}</b>: {gap.cause}; {gap.consequence}.{
					gap.remedy ? ` Avoid it: ${gap.remedy}.` : ""}</li>)}</ul>
				: <p>Nothing: all that refknot looks at was seen.</p>}
			{r.report.recording.warnings.map((w) => <p>{w}</p>)}
			{r.report.recording.modules_without_symbols > 0 && <p>No symbols for {
				count(r.report.recording.modules_without_symbols, "module")}: their functions
				have no names.</p>}
			<h4>Recorded, but left out of this page</h4>
			<ul>
				<li>Memory outside live blocks: what the allocator has free, stacks, code, files, and
					what the program mapped itself. <code>refknot waste</code> lists it.{" "}
					{r.report.lost_mappings.not_known
						? `Which mappings are lost is not known: ${r.report.lost_mappings.not_known}.`
						: "Lost mappings are with the findings."}</li>
				{r.notes.map((n) => <li>{n}</li>)}
			</ul>
		</section>)}
	</Fragment>;
}

function Facts({ r }) {
	const p = r.report.process;
	const end = p.exit_code !== undefined ? "exited with " + p.exit_code
		: p.signal !== undefined ? "ended by signal " + p.signal : "its end was not seen";
	return <dl class="facts">
		<div><dt>Command</dt><dd><code><bdi>{p.argv.join(" ")}</bdi></code></dd></div>
		<div><dt>Ended</dt><dd>{end}{p.duration_s === null ? ""
			: " after " + seconds(p.duration_s * 1e9)}</dd></div>
		<div><dt>Alive at the end</dt><dd>{p.live_blocks === null ? "not known"
			: `${bytes(p.live_bytes)} in ${count(p.live_blocks, "block")}`}</dd></div>
		<div><dt>Peak</dt><dd>{bytes(p.peak_bytes)}{p.peak_error_bytes > 0
			&& `, perhaps ${bytes(p.peak_error_bytes)} more`}</dd></div>
		<div><dt>Allocations</dt><dd>{p.allocations}, {p.frees} freed</dd></div>
	</dl>;
}

// "#/objects/char", or what a person types: "#objects".
const route = () => location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);

const dark = matchMedia("(prefers-color-scheme: dark)");

function App({ page }) {
	const [[view, what], setRoute] = useState(route());
	const [theme, setTheme] = useState("");
	const [system, setSystem] = useState(dark.matches);
	const [side, setSide] = useState(page.readings.length - 1);
	const [span, setSpan] = useState(null);
	const r = page.readings[side];
	const isDark = theme ? theme === "dark" : system;
	const now = view === "object" ? "objects" : names[view] ? view : "findings";

	useEffect(() => {
		const go = () => {
			setRoute(route());
			scrollTo(0, 0);
		};
		const key = (e) => {
			if (e.key !== "/" || e.ctrlKey || e.metaKey || e.altKey
				|| /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName))
				return;
			const field = document.querySelector(".search");
			if (field) {
				e.preventDefault();
				field.focus();
			}
		};
		const see = () => setSystem(dark.matches);
		addEventListener("hashchange", go);
		addEventListener("keydown", key);
		dark.addEventListener("change", see);
		return () => removeEventListener("hashchange", go);
	}, []);
	useEffect(() => {
		document.documentElement.style.colorScheme = theme;
		document.documentElement.dataset.dark = isDark ? "1" : "0";
	}, [theme, isDark]);

	const missing = !r.report.verdict.complete || r.notes.length > 0;
	const several = page.readings.length > 1;
	const shown = Object.keys(names).filter((n) => n === "compare" ? several
		: n !== "timeline" || page.readings.some((one) => one.timeline));
	const sided = ["treemap", "timeline", "types", "sites", "objects"].includes(now);
	const object = +what;
	return <Fragment>
		<a class="skip" href="#main" onClick={(e) => {
			e.preventDefault();
			document.getElementById("main").focus();
		}}>To the contents</a>
		<header>
			<div class="head">
				<p class="mark">refknot</p>
				<h1><bdi>{page.readings.map((one) => one.title).join(" \u2192 ")}</bdi></h1>
				<button class="theme" aria-label={isDark ? "Light theme" : "Dark theme"}
					onClick={() => setTheme(isDark ? "light" : "dark")}>{
					isDark ? "Light" : "Dark"}</button>
			</div>
			<nav aria-label="Views">{shown.map((n) => <a href={"#/" + n}
				aria-current={n === now ? "page" : undefined}>{names[n]}{
					n === "limits" && missing ? <span class="dot" title="not all is here"></span> : ""}</a>)}</nav>
		</header>
		<main id="main" tabIndex={-1}>
			{now === "findings" && <Facts r={r} />}
			{several && sided && <div class="bar"><label>Recording <select value={side}
				onChange={(e) => setSide(+e.target.value)}>{page.readings.map((one, i) =>
					<option value={i}>{(i ? "after: " : "before: ") + one.title}</option>)}
			</select></label></div>}
			{span && r.timeline && now !== "timeline" && <p class="window" role="status">
				<a href="#/timeline">Window</a>: {seconds(span[0])} to {seconds(span[1])}{whole[
					view === "object" ? view : now]}{" "}
				<button onClick={() => setSpan(null)}>Whole run</button></p>}
			{now === "findings" && <Findings page={page} at={side} setAt={setSide} span={span} />}
			{now === "flame" && <Flame page={page} span={span} dark={isDark} />}
			{now === "treemap" && <Treemap key={side} r={r} span={span} />}
			{now === "timeline" && <Timeline key={side} r={r} span={span} setSpan={setSpan} />}
			{now === "types" && <Groups key={"t" + side} r={r} what="type" title="Type" span={span} />}
			{now === "sites" && <Groups key={"s" + side} r={r} what="site" title="Site" span={span} />}
			{now === "objects" && (view === "object" && object < r.objects.type.length
				? <ObjectCard key={side + " " + object} r={r} i={object} />
				: <Objects key={side + " " + what} r={r} span={span}
					type={view === "objects" ? what : ""} />)}
			{now === "compare" && <Compare page={page} span={span} />}
			{now === "limits" && <Limits page={page} />}
		</main>
		<footer class="mute">Written by refknot {page.version}; it asks nothing of any
			network. Keys: <kbd>/</kbd> search, arrows walk, <kbd>Enter</kbd> opens,{" "}
			<kbd>Esc</kbd> goes back.</footer>
	</Fragment>;
}

const root = document.getElementById("app");
unpack(document.getElementById("data")).then((page) => {
	render(<App page={page} />, root);
	document.documentElement.dataset.ready = "1";
	document.documentElement.dataset.ms = Math.round(performance.now());
}, (error) => {
	root.textContent = "This browser cannot read the page: " + error.message;
});

