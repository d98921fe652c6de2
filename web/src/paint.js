// SPDX-License-Identifier: MIT
// A colour of style.css as a canvas takes it: what var(--name) is now.
let probe;

export function paint(name) {
	if (!probe) {
		probe = document.createElement("i");
		document.body.append(probe);
	}
	probe.style.color = `var(--${name})`;
	return getComputedStyle(probe).color;
}
