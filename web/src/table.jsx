// SPDX-License-Identifier: MIT
// A table of any length: only the rows in sight are in the document. It sorts by its
// headings, is searched, and walked with the keys.
import { h } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { count } from "./units.js";

const ROW = 30; // pixels, as style.css has it
const PRINTED = 1000; // rows on paper, at most

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

// `columns`: {title, value(i), text(i), cell(i), bar(i), words, low}: what sorts, what is
// read, what is shown if that is more. `words`: text, not numbers; `low`: left out of
// narrow windows. `open(i)`: what Enter and a click do; `only(i)`: which are shown.
export function Table({ caption, columns, count: total, sort, open, search, only, height }) {
	const [order, setOrder] = useState(sort ?? 0);
	const [top, setTop] = useState(0);
	const [active, setActive] = useState(0);
	const [printing, setPrinting] = useState(false);
	const [view, setView] = useState(600);
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

	useLayoutEffect(() => setView(box.current.clientHeight || 600));
	usePrinting(setPrinting);
	useEffect(() => {
		box.current.scrollTop = 0;
		setTop(0);
		setActive(0);
	}, [rows]);

	const first = printing ? 0 : Math.max(0, Math.floor(top / ROW) - 5);
	const last = printing ? Math.min(rows.length, PRINTED)
		: Math.min(rows.length, first + Math.ceil(view / ROW) + 12);

	function go(to) {
		const at = Math.max(0, Math.min(rows.length - 1, to));
		const y = at * ROW, room = box.current.clientHeight - ROW;
		setActive(at);
		if (y < box.current.scrollTop)
			box.current.scrollTop = y;
		else if (y > box.current.scrollTop + room - ROW)
			box.current.scrollTop = y - room + ROW;
	}

	function key(e) {
		const page = Math.floor(view / ROW) - 2;
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
		return <th scope="col" class={(c.words ? "words" : "") + (c.low ? " low" : "")}
			aria-sort={now ? (order > 0 ? "ascending" : "descending") : "none"}>
			<button onClick={() => setOrder(now ? -order
				: c.words ? n + 1 : -(n + 1))}>{c.title}
				<span aria-hidden="true">{now ? (order > 0 ? " \u2191" : " \u2193") : ""}</span>
			</button></th>;
	});
	const body = [];
	for (let k = first; k < last; k++) {
		const i = rows[k];
		body.push(<tr key={i} id={name.current + k} aria-rowindex={k + 2}
			class={(k === active ? "active" : "") + (open ? " opens" : "")}
			onClick={open && (() => open(i))}>
			{columns.map((c, n) => {
				const Cell = n ? "td" : "th";
				const bar = c.bar && c.bar(i);
				return <Cell scope={n ? undefined : "row"}
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
			<table aria-rowcount={rows.length + 1}>
				<caption class="hidden">{caption}</caption>
				<thead><tr>{head}</tr></thead>
				<tbody>
					<tr aria-hidden="true" style={`height:${first * ROW}px`}></tr>
					{body}
					<tr aria-hidden="true" style={`height:${(rows.length - last) * ROW}px`}></tr>
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
