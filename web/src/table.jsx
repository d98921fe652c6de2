// SPDX-License-Identifier: MIT
// A table of any length: only the rows in sight are in the document. It sorts by its
// headings, is searched, and walked with the keys.
import { h } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { count } from "./units.js";

// Pixels, as style.css has them. In narrow windows the words of a row are above its
// numbers, in as many lines as they need.
const ROW = 30, LINE = 20, NUMBERS = 22, EDGE = 11, ASIDE = 16;
const PRINTED = 1000; // rows on paper, at most

const narrowly = matchMedia("(max-width: 640px)");

const letters = new Map(); // and how wide they are
let pen;

function letter(c, box) {
	if (!letters.has(c)) {
		pen ??= document.createElement("canvas").getContext("2d");
		pen.font = "14px " + getComputedStyle(box).fontFamily;
		letters.set(c, pen.measureText(c).width);
	}
	return letters.get(c);
}

// Lines of a text that wraps at spaces, and in words that are wider than a line. There may
// be less, as browsers know of other places, too.
function lines(text, box, room) {
	let sum = text ? 1 : 0, x = 0, word = 0;
	for (const c of text) {
		const wide = letter(c, box);
		x += wide;
		word = c === " " ? 0 : word + wide;
		if (x > room && word) {
			sum++;
			x = word = word < x ? word : wide;
		}
	}
	return sum;
}

// Where rows begin, and the last ends, that have words above numbers.
function narrowTops(rows, columns, box, wide) {
	const words = columns.filter((c) => c.words && !c.low), tops = [0];
	rows.forEach((i, k) => tops.push(tops[k] + EDGE + NUMBERS
		+ LINE * words.reduce((sum, c) => sum + lines(c.text(i), box, wide - ASIDE), 0)));
	return tops;
}

let tables = 0;

// Calls `set` with true before the page is printed, with false afterwards.
export function usePrinting(set) {
	useEffect(() => {
		const tell = (e) => set(e.type === "beforeprint");
		addEventListener("beforeprint", tell);
		addEventListener("afterprint", tell);
		return () => {
			removeEventListener("beforeprint", tell);
			removeEventListener("afterprint", tell);
		};
	}, []);
}

// `columns`: {title, value(i), text(i), cell(i), bar(i), about, words, low}: what sorts,
// what is read, what is shown if that is more. `about`: what the title means; `words`:
// text, not numbers; `low`: left out of narrow windows. `open(i)`: what Enter and a click
// do; `only(i)`: which are shown.
export function Table({ caption, columns, count: total, sort, open, search, only, height }) {
	const [order, setOrder] = useState(sort ?? 0);
	const [top, setTop] = useState(0);
	const [active, setActive] = useState(0);
	const [printing, setPrinting] = useState(false);
	const [{ wide, high, narrow }, setSize] = useState({ wide: 360, high: 600 });
	const box = useRef(), name = useRef();
	name.current ??= "t" + ++tables;

	const rows = useMemo(() => {
		const by = columns[Math.abs(order) - 1];
		const list = Array.from({ length: total }, (_, i) => i).filter(only ?? (() => true));
		const words = (search ?? "").toLowerCase();
		const found = words ? list.filter((i) => columns.some((c) =>
			c.words && c.text(i).toLowerCase().includes(words))) : list;
		if (by)
			found.sort((x, y) => {
				const a = by.value(x), b = by.value(y);
				return (a < b ? -1 : a > b ? 1 : 0) * Math.sign(order) || x - y;
			});
		return found;
	}, [columns, total, order, search, only]);

	useLayoutEffect(() => {
		const watch = new ResizeObserver(() => setSize({ narrow: narrowly.matches,
			wide: box.current?.clientWidth || 360, high: box.current?.clientHeight || 600 }));
		watch.observe(box.current);
		return () => watch.disconnect();
	}, []);
	const tops = useMemo(() => narrow && narrowTops(rows, columns, box.current, wide),
		[rows, columns, narrow, wide]);
	const topOf = (k) => (tops ? tops[k] : k * ROW);
	// The row that is so many pixels below the first one's top.
	const rowAt = (y) => {
		let low = 0, after = rows.length;
		while (low < after) {
			const k = (low + after) >> 1;
			if (topOf(k + 1) <= y)
				low = k + 1;
			else
				after = k;
		}
		return low;
	};
	usePrinting(setPrinting);
	useEffect(() => {
		box.current.scrollTop = 0;
		setTop(0);
		setActive(0);
	}, [rows]);

	const first = printing ? 0 : Math.max(0, rowAt(top) - 5);
	const last = Math.min(rows.length, printing ? PRINTED : rowAt(top + high) + 7);

	function go(to) {
		const at = Math.max(0, Math.min(rows.length - 1, to));
		const from = topOf(at), room = high - box.current.querySelector("thead").offsetHeight;
		setActive(at);
		if (from < box.current.scrollTop)
			box.current.scrollTop = from;
		else
			box.current.scrollTop = Math.max(box.current.scrollTop, topOf(at + 1) - room);
	}

	function key(e) {
		const page = Math.max(1, rowAt(top + high) - rowAt(top) - 2);
		const to = {
			ArrowDown: active + 1, ArrowUp: active - 1, Home: 0,
			End: rows.length - 1, PageDown: active + page, PageUp: active - page,
		}[e.key];
		if (e.target !== box.current)
			return;
		if (to !== undefined) {
			e.preventDefault();
			go(to);
		} else if (e.key === "Enter" && open && rows.length) {
			open(rows[active]);
		}
	}

	const head = columns.map((c, n) => {
		const now = Math.abs(order) === n + 1;
		return <th role="columnheader" scope="col" class={(c.words ? "words" : "") + (c.low ? " low" : "")}
			aria-sort={now ? (order > 0 ? "ascending" : "descending") : "none"}>
			<button title={c.about} onClick={() => setOrder(now ? -order
				: c.words ? n + 1 : -(n + 1))}>{c.title}
				<span aria-hidden="true">{now ? (order > 0 ? " \u2191" : " \u2193") : ""}</span>
			</button></th>;
	});
	const body = [];
	for (let k = first; k < last; k++) {
		const i = rows[k];
		body.push(<tr role="row" key={i} id={name.current + k} aria-rowindex={k + 2}
			style={tops ? `min-height:${tops[k + 1] - tops[k]}px` : undefined}
			class={(k === active ? "active" : "") + (open ? " opens" : "")}
			onClick={open && (() => open(i))}>
			{columns.map((c, n) => {
				const Cell = n ? "td" : "th";
				const bar = c.bar && c.bar(i);
				return <Cell role={n ? "cell" : "rowheader"} scope={n ? undefined : "row"}
					class={(c.words ? "words" : "") + (c.low ? " low" : "")}
					title={c.words ? c.text(i) : undefined}
					style={bar ? `--bar:${(bar * 100).toFixed(1)}%` : undefined}>
					{c.cell ? c.cell(i) : c.text(i)}</Cell>;
			})}</tr>);
	}
	return <div class="table">
		<p class="mute" role="status">{rows.length === total ? "" : `${rows.length} of `}
			{count(total, "row")}{printing && rows.length > PRINTED
				? `; the first ${PRINTED} are printed` : ""}</p>
		<div class="scroll" ref={box} tabIndex={0} role="group" aria-label={caption}
			aria-activedescendant={rows.length ? name.current + active : undefined}
			style={height ? `max-height:${height}px` : undefined}
			onScroll={() => setTop(box.current.scrollTop)} onKeyDown={key}>
			<table role="table" aria-rowcount={rows.length + 1}
				style={`--numbers:${columns.filter((c) => !c.words && !c.low).length}`}>
				<caption class="hidden">{caption}</caption>
				<thead role="rowgroup"><tr role="row">{head}</tr></thead>
				<tbody role="rowgroup">
					<tr aria-hidden="true" style={`height:${topOf(first)}px`}></tr>
					{body}
					<tr aria-hidden="true" style={`height:${topOf(rows.length) - topOf(last)}px`}></tr>
				</tbody>
			</table>
		</div>
	</div>;
}

// A field that "/" leads to.
export function Search({ value, set, label }) {
	return <input type="search" class="search" value={value} placeholder={label + "  ( / )"}
		aria-label={label} onInput={(e) => set(e.target.value)} />;
}
