// SPDX-License-Identifier: MIT
// Numbers for people, as the command line has them (cli/base/units.c).

const names = ["KiB", "MiB", "GiB", "TiB", "PiB"];

export function bytes(n) {
	if (n < 0)
		return "\u2212" + bytes(-n);
	if (n < 1024)
		return n + " B";
	let one = 1024, i = 0;
	while (i < names.length - 1 && Math.round(n / one * 10) >= 10240) {
		one *= 1024;
		i++;
	}
	return (Math.round(n / one * 10) / 10).toFixed(1) + " " + names[i];
}

export const signed = (n, text) => (n > 0 ? "+" : "") + text(n);

// "1 object", "3 objects"
export const count = (n, noun, plural) =>
	`${n} ${n === 1 ? noun : plural ?? noun + "s"}`;

export const number = (n) => (n < 0 ? "\u2212" + -n : "" + n);

export function seconds(ns) {
	const s = ns / 1e9;
	return s < 1 ? (s * 1000).toFixed(1) + " ms" : s < 60 ? s.toFixed(1) + " s"
		: `${Math.floor(s / 60)} min ${Math.floor(s % 60)} s`;
}

export const percent = (part, whole) =>
	whole ? (part / whole * 100).toFixed(1) + " %" : "0 %";
