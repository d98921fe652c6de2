// SPDX-License-Identifier: MIT
import { h, Fragment } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { bytes, count, number, seconds } from "./units.js";
import { Table } from "./table.jsx";
import { paint } from "./paint.js";

export function Timeline({ r, span, setSpan, dark }) {
	const box = useRef(), plot = useRef();
	const t = r.timeline;
	useEffect(() => {
		if (!t)
			return;
		const ink = paint("mute"), line = paint("line");
		const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line },
			font: "12px system-ui" };
		const options = {
			width: box.current.clientWidth, height: 320,
			scales: { x: { time: false } },
			axes: [
				{ ...axis, values: (_, list) => list.map(seconds) },
				{ ...axis, size: 80, incrs: Array.from({ length: 50 }, (_, i) => 2 ** i), values: (_, list) => list.map(bytes) },
				{ ...axis, scale: "n", side: 1, grid: { show: false }, size: 60 },
			],
			series: [
				{ label: "Time", value: (_, v) => (v === null ? "" : seconds(v)) },
				{ label: "Bytes", stroke: paint("accent"), width: 2,
					fill: paint("tint"),
					value: (_, v) => (v === null ? "" : bytes(v)) },
				{ label: "Blocks", scale: "n", stroke: paint("warn"), width: 1.5,
					value: (_, v) => (v === null ? "" : number(v)) },
			],
			cursor: { drag: { setScale: false } },
			hooks: { setSelect: [(u) => {
				if (u.select.width > 4)
					setSpan([u.posToVal(u.select.left, "x"),
						u.posToVal(u.select.left + u.select.width, "x")]);
			}] },
		};
		plot.current = new uPlot(options, [t.t, t.bytes, t.blocks], box.current);
		if (span) {
			const left = plot.current.valToPos(span[0], "x");
			plot.current.setSelect({ left, top: 0, height: plot.current.over.clientHeight,
				width: plot.current.valToPos(span[1], "x") - left }, false);
		}
		const watch = new ResizeObserver(([e]) =>
			plot.current.setSize({ width: e.contentRect.width, height: 320 }));
		watch.observe(box.current);
		return () => {
			watch.disconnect();
			plot.current.destroy();
		};
	}, [r, dark]);
	if (!t)
		return <Fragment><h2>Timeline</h2>
			<p>This recording has no timeline: what was alive is known of its end only.</p>
		</Fragment>;
	const end = t.t[t.t.length - 1], way = span ?? [0, end];
	const field = (k, label) => <label>{label} <input type="number" step="any" min="0"
		value={+(way[k] / 1e9).toFixed(6)} onChange={(e) => {
			const next = way.slice();
			next[k] = e.target.value * 1e9;
			if (next[0] < next[1])
				setSpan(next);
		}} /> s</label>;
	const columns = [
		{ title: "Time", value: (i) => t.t[i], text: (i) => seconds(t.t[i]) },
		{ title: "Bytes", value: (i) => t.bytes[i], text: (i) => bytes(t.bytes[i]) },
		{ title: "Blocks", value: (i) => t.blocks[i], text: (i) => number(t.blocks[i]) },
	];
	return <Fragment>
		<h2>Timeline</h2>
		<div class="bar">{field(0, "From")}{field(1, "To")}
			<button disabled={!span} onClick={() => {
				setSpan(null);
				plot.current.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
			}}>Whole run</button></div>
		<div ref={box} class="plot" role="img"
			aria-label="What was alive over time; a table of the same is below" />
		<p class="mute hint">Draw over a part of it: the flame graph and the tables show what was
			gained then, between the nearest of {count(t.frames.length, "key frame")}.</p>
		<details><summary>The points as a table</summary>
			<Table caption="What was alive over time" columns={columns} count={t.t.length} sort={1}
				height={400} /></details>
	</Fragment>;
}
