// SPDX-License-Identifier: MIT
import { h, Fragment } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { alive, build, functions, values } from "./flametree.js";
import { base, frameText, windowOf } from "./data.js";
import { bytes, number, percent, signed } from "./units.js";
import { Between, Made } from "./made.jsx";
import { Search, Table, usePrinting } from "./table.jsx";
import { paint } from "./paint.js";

const ROW = 20; // pixels
const LEAST = 0.4; // pixels of a box that is drawn

// A few calm hues, by the module; libraries have less colour.
const hues = [28, 200, 150, 265, 340, 95];

function hash(text) {
	let sum = 0;
	for (let i = 0; i < text.length; i++)
		sum = (sum * 31 + text.charCodeAt(i)) >>> 0;
	return sum;
}

function colour(t, n, dark, compared) {
	const l = dark ? 31 : 80;
	if (!n)
		return dark ? "#343b42" : "#dfe3e6";
	if (compared) {
		const change = (t.after[n] - t.before[n]) / (t.total[n] || 1);
		const strength = Math.min(1, Math.abs(change));
		return `hsl(${change > 0 ? 8 : 212} ${strength * 65}% ${dark
			? 28 + strength * 14 : 90 - strength * 18}%)`;
	}
	const r = t.reading[n], f = t.frame[n];
	const module = r.text(r.frames.module[f]);
	const own = module === r.report.recording.program;
	return `hsl(${own ? 28 : hues[1 + hash(module) % 5]} ${
		own ? (dark ? 38 : 58) : dark ? 16 : 26}% ${l + hash(t.name[n]) % 7}%)`;
}

const FONT = "12px system-ui, sans-serif";

// As much of a name as there is room for; "" if that is too little to be read.
function fitting(pen, name, room) {
	const wide = (length) => pen.measureText(name.slice(0, length) + "\u2026").width;
	if (room < 16 || pen.measureText(name).width <= room)
		return room < 16 ? "" : name;
	let low = 0, high = Math.min(name.length, Math.ceil(room / 2));
	while (low < high) {
		const middle = (low + high + 1) >> 1;
		if (wide(middle) <= room)
			low = middle;
		else
			high = middle - 1;
	}
	return low ? name.slice(0, low) + "\u2026" : "";
}

// The boxes in sight: [node, x, width, row, text].
function boxes(t, zoom, width) {
	const list = [], way = [];
	for (let n = zoom; n; n = t.parent[n])
		way.unshift(t.parent[n]);
	way.forEach((n, row) => list.push([n, 0, width, row]));
	const scale = width / (t.total[zoom] || 1);
	const stack = [[zoom, 0]];
	while (stack.length) {
		const [n, x] = stack.pop();
		const w = t.total[n] * scale;
		if (w < LEAST && n !== zoom)
			continue;
		list.push([n, x, n === zoom ? width : w, t.depth[n]]);
		let at = x;
		for (const child of t.children[n]) {
			stack.push([child, at]);
			at += t.total[child] * scale;
		}
	}
	const pen = document.createElement("canvas").getContext("2d");
	pen.font = FONT;
	for (const box of list)
		box.push(fitting(pen, t.name[box[0]], box[2] - 9));
	return list;
}

function draw(canvas, t, shown, state) {
	const { width, words, active, zoom, compared, dark } = state;
	const ratio = devicePixelRatio || 1;
	const rows = shown.reduce((a, b) => Math.max(a, b[3]), 0) + 1;
	canvas.width = width * ratio;
	canvas.height = rows * ROW * ratio;
	canvas.style.height = rows * ROW + "px";
	const c = canvas.getContext("2d"), marked = paint("found"), ink = paint("found-ink");
	c.scale(ratio, ratio);
	c.font = FONT;
	c.textBaseline = "middle";
	for (const [n, x, w, row, text] of shown) {
		const found = words && t.name[n].toLowerCase().includes(words);
		const y = row * ROW, room = Math.max(w - 1, LEAST);
		c.globalAlpha = t.depth[n] < t.depth[zoom] ? 0.55 : 1;
		c.fillStyle = found ? marked
			: colour(t, n, dark, compared);
		c.fillRect(x, y, room, ROW - 1);
		c.fillStyle = found ? ink
			: dark ? "#f2f4f5" : "#1d2125";
		c.fillText(text, x + 5, y + ROW / 2);
		if (n === active) {
			c.globalAlpha = 1;
			c.strokeStyle = paint("accent");
			c.lineWidth = 2;
			c.strokeRect(x + 1, y + 1, Math.max(room - 2, 1), ROW - 3);
		}
	}
}

function About({ t, n, kind, compared, whole }) {
	const text = kind.bytes ? bytes : number;
	const r = t.reading[n];
	const place = r ? frameText(r, t.frame[n]) : "";
	const module = r ? base(r.text(r.frames.module[t.frame[n]])) : "";
	return <p class="about" role="status" aria-live="polite">
		<b><bdi>{t.name[n]}</bdi></b>{" "}
		<span class="mute"><bdi>{place}</bdi>{module && module !== place ? ` in ${module}` : ""}</span>
		<span class="figures">{compared
			? `${text(t.before[n])} \u2192 ${text(t.after[n])}, ${
				signed(t.after[n] - t.before[n], text)}`
			: `${text(t.total[n])}, ${percent(t.total[n], whole)}`}{
			!compared && t.self[n] > 0 && t.self[n] < t.total[n]
				? `, itself ${text(t.self[n])}` : ""}</span>
	</p>;
}

// Where the arrows lead from a box.
function step(t, n, key) {
	const siblings = t.children[t.parent[n]];
	if (key === "ArrowUp")
		return t.parent[n];
	if (key === "ArrowDown")
		return t.children[n][0] ?? n;
	const at = siblings.indexOf(n) + (key === "ArrowRight" ? 1 : -1);
	return (n && siblings[at]) || n;
}

export function Flame({ page, span: asked, dark }) {
	const later = page.readings[page.readings.length - 1];
	const [inverted, setInverted] = useState(false);
	const [mode, setMode] = useState(page.readings.length > 1 ? "change" : "0");
	const earlier = mode === "change" ? page.readings[0] : null;
	const r = mode === "change" ? later : page.readings[+mode];
	const both = [r, earlier ?? r];
	const span = both.every((one) => one.timeline && (!earlier || one.stacks.made)) ? asked : null;
	const kinds = kindsOf(page, span, r, earlier);
	const [value, setValue] = useState(kinds[0]?.name);
	const kind = kinds.find((v) => v.name === value) ?? kinds[0];
	const [words, setWords] = useState("");
	const [zoom, setZoom] = useState(0);
	const [active, setActive] = useState(0);
	const [width, setWidth] = useState(0);
	const [printing, setPrinting] = useState(false);
	const canvas = useRef(), box = useRef();

	// What was gained is compared with the same recording at another time.
	const compared = kind?.gained ? r : earlier;
	const [list, before] = useMemo(() => !kind ? [] : kind.gained
		? [alive(r, kind, kind.gained.to), alive(r, kind, kind.gained.from)]
		: [values(r, kind, windowOf(r, span)),
			earlier && values(earlier, kind, windowOf(earlier, span))],
	[r, earlier, kind?.name, span]);
	const t = useMemo(() => {
		setZoom(0);
		setActive(0);
		return list && build(r, list, compared, before, inverted);
	}, [list, inverted]);
	const change = useMemo(() => kind?.gained ? list.map((n, i) => n - before[i]) : list, [list]);
	const z = t && zoom < t.parent.length ? zoom : 0;
	const a = t && active < t.parent.length ? active : 0;
	const low = words.toLowerCase();

	useEffect(() => {
		if (!canvas.current)
			return;
		// The bar of the scroller is beside the page's column, so that the graph is as wide.
		const watch = new ResizeObserver(() => {
			const { current: one } = box;
			if (one)
				one.style.marginRight = one.clientWidth - one.offsetWidth + "px";
			setWidth(canvas.current?.clientWidth ?? 0);
		});
		watch.observe(canvas.current);
		return () => watch.disconnect();
	}, []);
	usePrinting(setPrinting);
	const shown = useMemo(() => t && width ? boxes(t, z, width) : [], [t, z, width]);
	useLayoutEffect(() => { // before the page is printed
		if (shown.length)
			draw(canvas.current, t, shown,
				{ width, words: low, active: a, zoom: z, compared, dark: dark && !printing });
	}, [shown, a, low, dark, printing]);

	const found = useMemo(() => {
		if (!t || !low)
			return 0;
		const inside = new Uint8Array(t.parent.length);
		let sum = 0;
		for (let n = 1; n < t.parent.length; n++) {
			inside[n] = inside[t.parent[n]];
			if (!inside[n] && t.name[n].toLowerCase().includes(low)) {
				inside[n] = 1;
				sum += t.total[n];
			}
		}
		return sum;
	}, [t, low]);

	if (!kind)
		return <p>What was allocated is not known of this recording.</p>;

	function at(e) {
		const area = canvas.current.getBoundingClientRect();
		const x = e.clientX - area.left;
		const row = Math.floor((e.clientY - area.top) / ROW);
		return shown.find((b) =>
			b[3] === row && x >= b[1] && x < b[1] + b[2])?.[0];
	}
	function go(n) {
		setZoom(n);
		setActive(n);
	}
	function key(e) {
		if (e.key.startsWith("Arrow")) {
			e.preventDefault();
			const to = step(t, a, e.key);
			setActive(to);
			const y = t.depth[to] * ROW, room = box.current.clientHeight - 2 * ROW;
			box.current.scrollTop = Math.min(y, Math.max(box.current.scrollTop, y - room));
			if (t.depth[to] < t.depth[z])
				setZoom(to);
		} else if (e.key === "Enter") {
			setZoom(a);
		} else if (e.key === "Escape" || e.key === "Backspace") {
			go(t.parent[z]);
		}
	}
	const whole = t.total[0];
	return <Fragment>
		<h2>Flame graph</h2>
		<div class="bar">
			<label>Value <select value={kind.name} onChange={(e) => setValue(e.target.value)}>
				{kinds.map((v) => <option value={v.name}>{v.title}</option>)}
			</select></label>
			{page.readings.length > 1 && <label>Of <select value={mode}
				onChange={(e) => setMode(e.target.value)}>
				<option value="change">what changed</option>
				{page.readings.map((one, i) => <option value={"" + i}>{
					(i ? "after: " : "before: ") + one.title}</option>)}
			</select></label>}
			<label class="check"><input type="checkbox" checked={inverted}
				onChange={(e) => setInverted(e.target.checked)} /> inverted</label>
			<Search value={words} set={setWords} label="Search functions" />
			<button onClick={() => go(0)} disabled={!z}>Reset zoom</button>
		</div>
		{kind.gained ? <p class="mute"><Between w={kind.gained} /> What was allocated and freed in between is not known by
			call stack.</p> : span ? <Made r={r} span={span} /> : asked && <p class="mute">This is of the
			whole run, for it is not known {earlier ? "of both " : ""}what was made when.</p>}
		<About t={t} n={a} kind={kind} compared={compared} whole={whole} />
		{low && <p class="mute" role="status">found: {
			(kind.bytes ? bytes : number)(found)}, {percent(found, whole)}</p>}
		{!whole && <p>{kind.name === "leaked-bytes" ? "Nothing leaked." : "There is nothing to draw."}</p>}
		<div class="flames" ref={box}><canvas ref={canvas} class="flame" tabIndex={0} role="application"
			aria-label={"Flame graph: the arrows walk it, Enter zooms in, Escape out. "
				+ "A table of the same is below."}
			onMouseMove={(e) => {
				const n = at(e);
				if (n !== undefined)
					setActive(n);
			}}
			onClick={(e) => go(at(e) ?? z)} onKeyDown={key} /></div>
		<p class="mute hint">{compared
			? "Red grew, blue shrank; a box is as wide as the greater of the two."
			: "A box is as wide as what was allocated in the function and in what it calls. "
				+ "Warm boxes are the program's own code."}</p>
		<details>
			<summary>The functions as a table</summary>
			<Functions r={r} list={change} kind={kind} search={words} />
		</details>
	</Fragment>;
}

// What the flame graph can show: of a window what was gained, and of what was made in it
// what is there at the end.
function kindsOf(page, span, r, earlier) {
	const kinds = page.values.filter((v) =>
		page.readings.every((one) => one.flame.values[v.name]));
	const w = windowOf(r, span);
	if (!w)
		return kinds;
	return [
		...(earlier ? [] : [{ name: "gained-bytes", title: "gained in the window, bytes", bytes: true,
			gained: w }, { name: "gained-blocks", title: "gained in the window, blocks", gained: w }]),
		...kinds.filter((v) => /^(live|leaked)/.test(v.name) && r.stacks.made)
			.map((v) => ({ ...v, title: "made in the window and " + v.title })),
	];
}

function Functions({ r, list, kind, search }) {
	const [rows, columns] = useMemo(() => {
		const rows = functions(r, list);
		const text = kind.bytes ? bytes : number;
		const most = rows.reduce((a, b) => Math.max(a, b.total), 1);
		return [rows, [
			{ title: "Function", words: true, value: (i) => rows[i].name,
				text: (i) => rows[i].name },
			{ title: "With callees", value: (i) => rows[i].total,
				text: (i) => text(rows[i].total), bar: (i) => rows[i].total / most },
			{ title: "Itself", value: (i) => rows[i].self,
				text: (i) => text(rows[i].self) },
			{ title: "Place", words: true, low: true,
				value: (i) => frameText(r, rows[i].frame),
				text: (i) => frameText(r, rows[i].frame) },
		]];
	}, [r, list, kind]);
	return <Table caption={"Functions, " + kind.title} columns={columns}
		count={rows.length} sort={-2} search={search} height={500} />;
}
