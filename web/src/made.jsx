// SPDX-License-Identifier: MIT
// What a window of the timeline is in a view: steps of the run, in which blocks were made
// that are alive at the end, or two key frames.
import { h, Fragment } from "preact";
import { windowOf } from "./data.js";
import { seconds } from "./units.js";

// "1.2 \u2013 1.4 s": the step of the run in which something was made.
export function timeOf(r, step) {
	if (!step)
		return "not known";
	const [from, to] = r.timeline.steps.slice(step - 1, step + 1).map(seconds);
	const [a, b] = [from, to].map((time) => time.split(" "));
	const alike = a.length + b.length === 4 && a[1] === b[1];
	return from === to ? to : `${alike ? a[0] : from} \u2013 ${to}`;
}

export function Between({ w }) {
	return w.from === w.to ? <Fragment>The key frame at {seconds(w.from.t)} is the nearest to both
		ends of the window: what was gained is not known by call stack.</Fragment> : <Fragment>From
		the key frame at {seconds(w.from.t)} to the one at {seconds(w.to.t)}.</Fragment>;
}

export function Made({ r, span }) {
	const w = windowOf(r, span);
	return <p class="mute">What was made from {seconds(w.since)} to {seconds(w.until)}, the nearest
		times that are known, and is alive at the end.</p>;
}
