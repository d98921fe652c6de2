// SPDX-License-Identifier: MIT
// What was alive when, as a chart, and the window that the other views follow.
import { h, Fragment } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { pointAt, windowOf } from "./data.js";
import { bytes, count, number, seconds, signed } from "./units.js";
import { Between } from "./made.jsx";
import { Search, Table } from "./table.jsx";

const HEIGHT = 330, LEFT = 80, TOP = 32, BOTTOM = 26; // pixels
const rightOf = (width) => (width < 500 ? 48 : 62); // pixels for the numbers of blocks
const LETTERS = 26; // marks that have one, as refknot timeline gives them
const LEAST = 4; // pixels that a window has

// Round numbers for an axis up to `most`, some `wanted` of them: each `steps` times a
// power of ten, but of bytes and long times.
function ticks(most, wanted, steps) {
	const least = Math.max(most / wanted, 1), ten = 10 ** Math.floor(Math.log10(least));
	const step = steps.find((n) => n >= least) ?? [1, 2, 5, 10].find((n) => n * ten >= least) * ten;
	return Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
}
const powers = Array.from({ length: 60 }, (_, i) => 2 ** i);
const long = [15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 86400]
	.map((s) => s * 1e9);

const line = (list) => "M" + list.map(([x, y]) => x.toFixed(1) + " " + y.toFixed(1)).join("L");

// The line of a value: each point's until the next point, and behind the peak, which is noted
// when a block is freed, that of the next, as refknot timeline draws bytes.
function steps(t, of, x, y) {
	return t.t.flatMap((ns, i) => {
		const then = t.peak[i] && t.bytes[i + 1] < t.bytes[i] ? i + 1 : i;
		const list = [[x(ns), y(of[i])]];
		if (then > i)
			list.push([x(ns), y(of[then])]);
		if (i + 1 < t.t.length)
			list.push([x(t.t[i + 1]), y(of[then])]);
		return list;
	});
}

function Chart({ r, width, way, chosen }) {
	const t = r.timeline, end = t.t[t.t.length - 1];
	const room = Math.max(width - LEFT - rightOf(width), 1), high = HEIGHT - TOP - BOTTOM;
	const parts = useMemo(() => {
		const top = t.most.reduce((a, b) => Math.max(a, b), 1);
		const blocks = t.blocks.reduce((a, b) => Math.max(a, b), 1);
		const x = (ns) => LEFT + ns / end * room;
		const y = (n, of) => TOP + high - n / of * high;
		const upper = [], lower = [];
		for (let i = 1; i < t.t.length; i++)
			for (const k of [i - 1, i]) {
				upper.push([x(t.t[k]), y(t.most[i], top)]);
				lower.unshift([x(t.t[k]), y(t.least[i], top)]);
			}
		const sums = steps(t, t.bytes, x, (n) => y(n, top));
		const peak = t.peak.indexOf(1);
		let last = -Infinity;
		return <Fragment>
			{ticks(top, 5, powers).map((n) => <g class="tick"><path
				d={line([[LEFT, y(n, top)], [LEFT + room, y(n, top)]])} />
				<text x={LEFT - 12} y={y(n, top) + 4} text-anchor="end">{bytes(n)}</text></g>)}
			{ticks(blocks, 4, []).map((n) => <text x={LEFT + room + 12}
				y={y(n, blocks) + 4} class="blocks">{n >= 1e6 ? n / 1e6 + " M" : n >= 1e4 ? n / 1e3 + " k" : n}</text>)}
			{ticks(end, room / 90, end > 1e11 ? long : []).map((ns) => <text x={x(ns)} y={HEIGHT - 6}
				text-anchor="middle">{seconds(ns)}</text>)}
			{upper.length > 0 && <path class="between" d={line([...upper, ...lower]) + "Z"} />}
			<path class="under" d={line([[LEFT, TOP + high], ...sums, [LEFT + room, TOP + high]]) + "Z"} />
			<path class="sums" d={line(sums)} />
			<path class="blocks" d={line(steps(t, t.blocks, x, (n) => y(n, blocks)))} />
			{t.frames.map((f) => <path class="frame" d={line([[x(f.t), TOP + high], [x(f.t), TOP + high + 5]])} />)}
			{t.marks.t.slice(0, LETTERS).map((ns, i) => {
				const told = x(ns) - last > 10;
				if (told)
					last = x(ns);
				return <g class="at"><path d={line([[x(ns), TOP], [x(ns), TOP + high]])} />
					{told && <text x={x(ns)} y={TOP - 14} text-anchor="middle">{
						String.fromCharCode(97 + i)}</text>}</g>;
			})}
			{peak >= 0 && <path class="peak" d={`M${x(t.t[peak])} ${y(top, top)}l-5 -9h10z`} />}
		</Fragment>;
	}, [r, width]);
	const [from, to] = way.map((ns) => LEFT + ns / end * room);
	return <svg width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} aria-hidden="true">
		{chosen && <rect class="chosen" x={from} y={TOP} width={to - from} height={high} />}
		{parts}
	</svg>;
}

// One end of the window: what a slider is.
function Grip({ label, at, low, most, text, left, move, take }) {
	function key(e) {
		const wide = e.shiftKey ? 10 : 1;
		const to = { ArrowLeft: at - most / 200 * wide, ArrowDown: at - most / 200 * wide,
			ArrowRight: at + most / 200 * wide, ArrowUp: at + most / 200 * wide,
			PageDown: at - most / 20, PageUp: at + most / 20, Home: low[0], End: low[1] }[e.key];
		if (to !== undefined) {
			e.preventDefault();
			move(Math.min(Math.max(to, low[0]), low[1]));
		} else if (e.key === "Escape") {
			move(undefined);
		}
	}
	return <div class="grip" role="slider" tabIndex={0} aria-label={label}
		aria-valuemin={0} aria-valuemax={most / 1e9} aria-valuenow={at / 1e9}
		aria-valuetext={text} style={`left:${left}px`} onKeyDown={key} onPointerDown={take} />;
}

function Marks({ r, setSpan }) {
	const { name, t, bytes: had, blocks } = r.timeline.marks, end = r.timeline.t.at(-1);
	const [words, setWords] = useState("");
	const columns = useMemo(() => [
		{ title: "Mark", words: true, value: (i) => i, text: (i) =>
			(i < LETTERS ? String.fromCharCode(97 + i) + "  " : "") + r.text(name[i]) },
		{ title: "Time", value: (i) => t[i], text: (i) => seconds(t[i]) },
		{ title: "Bytes", value: (i) => had[i], text: (i) => bytes(had[i]) },
		{ title: "Blocks", value: (i) => blocks[i], text: (i) => number(blocks[i]) },
	], [r]);
	return <Fragment>
		<h3>Marks of the program</h3>
		<div class="bar"><Search value={words} set={setWords} label="Search marks" /></div>
		<Table caption="Marks; a row opens the window from it to the next" columns={columns}
			count={t.length} sort={2} search={words} height={300} open={(i) => {
				const after = t.find((ns) => ns > t[i]) ?? end;
				setSpan(after > t[i] ? [t[i], after] : null);
			}} />
	</Fragment>;
}

// "1.2 s: 34.5 KiB in 120 blocks"
const stateAt = (t, i) => `${seconds(t.t[i])}: ${bytes(t.bytes[i])} in ${count(t.blocks[i], "block")}`;

function About({ r, span, hover }) {
	const t = r.timeline, last = t.t.length - 1;
	if (hover !== null)
		return <span>{stateAt(t, pointAt(t, hover))}</span>;
	if (!span) {
		const peak = t.peak.indexOf(1);
		return <span>{peak >= 0 && `Most was alive at ${stateAt(t, peak)}; at the end, `}{
			stateAt(t, last)}</span>;
	}
	const a = pointAt(t, span[0]), b = pointAt(t, span[1]), w = windowOf(r, span);
	const gain = (of) => t[of][b] - t[of][a];
	return <Fragment><span>{seconds(span[0])} to {seconds(span[1])}: {signed(gain("bytes"), bytes)}, {
		signed(gain("blocks"), number)} blocks; {count(gain("allocations"), "allocation")} of {
		bytes(gain("allocated_bytes"))}</span>
	<span class="mute"><Between w={w} /></span></Fragment>;
}

export function Timeline({ r, span, setSpan }) {
	const box = useRef(), anchor = useRef(null);
	const [width, setWidth] = useState(0);
	const [drag, setDrag] = useState(null); // a window that is being drawn
	const [hover, setHover] = useState(null);
	const t = r.timeline;
	useEffect(() => {
		if (!t)
			return;
		const watch = new ResizeObserver(([e]) => setWidth(e.contentRect.width));
		watch.observe(box.current);
		return () => watch.disconnect();
	}, []);
	const columns = useMemo(() => t && [
		{ title: "Time", value: (i) => t.t[i], text: (i) => seconds(t.t[i]) },
		{ title: "Bytes", value: (i) => t.bytes[i], text: (i) => bytes(t.bytes[i]) },
		{ title: "Blocks", value: (i) => t.blocks[i], text: (i) => number(t.blocks[i]) },
		{ title: "Most before", low: true, value: (i) => t.most[i], text: (i) => bytes(t.most[i]) },
		{ title: "Least before", low: true, value: (i) => t.least[i], text: (i) => bytes(t.least[i]) },
		{ title: "Allocations", low: true, value: (i) => t.allocations[i],
			text: (i) => number(t.allocations[i]) },
		{ title: "Of bytes", low: true, value: (i) => t.allocated_bytes[i],
			text: (i) => bytes(t.allocated_bytes[i]) },
	], [r]);
	if (!t)
		return <Fragment><h2>Timeline</h2>
			<p>This recording has no timeline: what was alive is known of its end only.</p>
		</Fragment>;
	const end = t.t[t.t.length - 1], way = drag ?? span ?? [0, end];
	const room = Math.max(width - LEFT - rightOf(width), 1);
	const timeAt = (e) => Math.min(Math.max((e.clientX - box.current.getBoundingClientRect().left
		- LEFT) / room, 0), 1) * end;
	function take(e, from) {
		if (e.button)
			return;
		e.stopPropagation();
		anchor.current = from;
		box.current.setPointerCapture(e.pointerId);
	}
	function over(e) {
		const at = timeAt(e);
		setHover(e.type === "pointermove" ? at : null);
		if (anchor.current !== null)
			setDrag([Math.min(anchor.current, at), Math.max(anchor.current, at)]);
	}
	function done() {
		if (drag && (drag[1] - drag[0]) / end * room >= LEAST)
			setSpan(drag);
		anchor.current = null;
		setDrag(null);
	}
	const move = (k, to) => {
		const next = way.slice();
		next[k] = to;
		setSpan(to === undefined || (next[0] <= 0 && next[1] >= end) ? null : next);
	};
	const near = end / 1000; // that the ends keep apart
	const grip = (k, label) => <Grip label={label} at={way[k]} most={end}
		low={k ? [Math.min(way[0] + near, end), end] : [0, Math.max(way[1] - near, 0)]}
		text={stateAt(t, pointAt(t, way[k])).replace(/^[^:]*/, seconds(way[k]))}
		left={LEFT + way[k] / end * room} move={(to) => move(k, to)}
		take={(e) => take(e, way[1 - k])} />;
	const field = (k, label) => <label>{label} <input type="number" step="any" min="0"
		value={+(way[k] / 1e9).toFixed(6)} onChange={(e) => {
			const next = way.slice();
			next[k] = Math.min(e.target.value * 1e9, end);
			if (next[0] < next[1])
				setSpan(next);
		}} /> s</label>;
	return <Fragment>
		<h2>Timeline</h2>
		<div class="bar">{field(0, "From")}{field(1, "To")}
			<button disabled={!span} onClick={() => setSpan(null)}>Whole run</button></div>
		<p class="about" role="status"><About r={r} span={drag ?? span} hover={drag ? null : hover} /></p>
		<div ref={box} class="plot" role="group" aria-label={"What was alive over time. Two sliders "
			+ "are the ends of the window; a table of the same is below."}
			onPointerDown={(e) => take(e, timeAt(e))} onPointerMove={over} onPointerLeave={over}
			onPointerUp={done} onPointerCancel={done}>
			{width > 0 && end > 0 && <Fragment>
				<Chart r={r} width={width} way={way} chosen={drag ?? span} />
				{grip(0, "The window's start")}{grip(1, "The window's end")}</Fragment>}
		</div>
		<p class="mute hint legend"><span class="line">bytes</span> <span class="area">the most and the
			least between two points</span> <span class="line blocks">blocks</span>{
			t.peak.includes(1) && <Fragment>{" "}<span class="peak">{"\u25bc"} peak</span></Fragment>}</p>
		<p class="mute hint">Draw over a part of it, or move the two ends with the arrows: all
			views follow. What was gained by call stack is known between {count(t.frames.length,
				"key frame")}, the small lines at the bottom; <kbd>Esc</kbd> is the whole run.</p>
		{t.marks.t.length > 0 && <Marks r={r} setSpan={setSpan} />}
		<details><summary>The points as a table</summary>
			<Table caption="What was alive over time" columns={columns} count={t.t.length} sort={1}
				height={400} /></details>
	</Fragment>;
}
