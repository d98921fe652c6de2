// SPDX-License-Identifier: MIT
// The page's data: the schema refknot-page/1, as docs/page.md describes it.

export async function unpack(element) {
	const packed = element.textContent;
	let bytes;
	if (Uint8Array.fromBase64) {
		bytes = Uint8Array.fromBase64(packed);
	} else {
		const binary = atob(packed);
		bytes = new Uint8Array(binary.length);
		for (let i = 0; i < binary.length; i++)
			bytes[i] = binary.charCodeAt(i);
	}
	element.remove();
	const stream = new Blob([bytes]).stream().pipeThrough(
		new DecompressionStream("gzip"));
	const page = JSON.parse(await new Response(stream).text());
	page.readings.forEach(prepare);
	return page;
}

// Numbers that count from the one before, as they are.
function sums(list) {
	for (let i = 1; i < list.length; i++)
		list[i] += list[i - 1];
}

function parents(tree) {
	const list = tree.parent;
	for (let i = 0; list && i < list.length; i++)
		list[i] = i - list[i];
}

function prepare(r) {
	parents(r.flame);
	parents(r.tree);
	sums(r.objects.block);
	sums(r.objects.address);
	for (const part of [r.tree, r.stacks, r.timeline?.findings])
		if (part?.made)
			sums(part.made.of);
	r.text = (n) => (n < 0 ? "" : r.texts[n]);
	r.title = `${r.report.process.name}[${r.report.process.pid}]`;
}

// What is only needed by some views is made when it is first asked for.
export function once(object, name, make) {
	const key = "_" + name;
	return object[key] ?? (object[key] = make());
}

// Indices by number: those of number n are list[first[n] .. first[n + 1]).
export function index(numbers, count) {
	const first = new Uint32Array(count + 2);
	for (const n of numbers)
		first[n + 2]++;
	for (let i = 2; i < count + 2; i++)
		first[i] += first[i - 1];
	const list = new Uint32Array(numbers.length);
	for (let i = 0; i < numbers.length; i++)
		list[first[numbers[i] + 1]++] = i;
	return (n) => list.subarray(first[n], first[n + 1]);
}

// --- Objects

export const outOf = (r, i) => once(r, "out",
	() => index(r.edges.from, r.objects.type.length))(i);
export const into = (r, i) => once(r, "in",
	() => index(r.edges.to, r.objects.type.length))(i);
export const rootsOf = (r, i) => once(r, "roots_of",
	() => index(r.roots.object, r.objects.type.length))(i);

export function objectName(r, i) {
	const number = r.objects.number[i];
	const type = r.text(r.objects.type[i]);
	return number < 0 ? type : `${type}#${number}`;
}

export const hex = (n) => "0x" + n.toString(16);

// The object that has a key in an ascending column; -1: the page has none.
export function find(list, key) {
	let low = 0, high = list.length;
	while (low < high) {
		const i = (low + high) >> 1;
		if (list[i] < key)
			low = i + 1;
		else
			high = i;
	}
	return list[low] === key ? low : -1;
}

// --- Call stacks

// A node's frames, the innermost first.
export function stackOf(r, node) {
	const frames = [];
	for (let n = node; n > 0; n = r.flame.parent[n])
		frames.push(r.flame.frame[n]);
	return frames;
}

export const base = (path) => path.slice(path.lastIndexOf("/") + 1);

export function frameText(r, f) {
	const file = r.text(r.frames.file[f]);
	const line = r.frames.line[f];
	return file ? base(file) + (line ? ":" + line : "")
		: base(r.text(r.frames.module[f]));
}

// --- The window of a timeline

// The last point that is not after a time.
export function pointAt(t, ns) {
	let i = t.t.length - 1;
	while (i > 0 && t.t[i] > ns)
		i--;
	return i;
}

// The key frame that is nearest to a time; of two as near as each other the one that
// `refknot objects --between` takes.
const nearest = (frames, ns) => frames.reduce((best, f) => {
	const far = Math.abs(f.t - ns) - Math.abs(best.t - ns);
	return far < 0 || (far === 0 && f.kind < best.kind) ? f : best;
});

// What a window means in the data of a recording: key frames for what was gained, and
// steps, after `low` up to `high`, for what was made. Null: all of the run.
export function windowOf(r, span) {
	if (!span || !r.timeline)
		return null;
	const { steps: at, frames } = r.timeline;
	const near = (ns) => at.reduce((best, time, k) =>
		Math.abs(time - ns) < Math.abs(at[best] - ns) ? k : best, 0);
	let low = near(span[0]), high = near(span[1]);
	if (low === high && high < at.length - 1)
		high++;
	else if (low === high)
		low--;
	return { from: nearest(frames, span[0]), to: nearest(frames, span[1]), low, high,
		since: at[low], until: at[high] };
}

export const isMade = (w, step) => !w || (step > w.low && step <= w.high);

// The sums of `made` in the window: Map of what they are of to {blocks, bytes, ...}.
export function madeIn(made, w) {
	const sum = new Map();
	made.of.forEach((of, i) => {
		if (!isMade(w, made.step[i]))
			return;
		const s = sum.get(of) ?? { blocks: 0, bytes: 0, leaked_blocks: 0, leaked_bytes: 0 };
		for (const key in s)
			s[key] += made[key][i];
		sum.set(of, s);
	});
	return sum;
}

// What groups of a column of `stacks`, "type" or "site", gained from one key frame to
// another: Map of text to [bytes, blocks]. Those of stacks that the key frame has
// together are of text undefined.
export function gainedBy(r, w, column) {
	const sum = new Map();
	for (const [frame, sign] of [[w.to, 1], [w.from, -1]])
		frame.stack.forEach((stack, i) => {
			const key = r.stacks[column][stack];
			const s = sum.get(key) ?? [0, 0];
			sum.set(key, [s[0] + sign * frame.bytes[i], s[1] + sign * frame.blocks[i]]);
		});
	return sum;
}
