// SPDX-License-Identifier: MIT
// What a window of the timeline is in a view: steps of the run, in which blocks were made
// that are alive at the end, or two key frames.
import { h, Fragment } from "preact";
import { windowOf } from "./data.js";
import { seconds } from "./units.js";

// "1.2 s": when a step ended; what was made in it was made before that.
export const timeOf = (r, step) => step
	? seconds(r.timeline.steps[step]) : "not known";

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
