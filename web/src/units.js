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
	const s = Math.floor(ns / 1e9), part = (one, unit) => (Math.round(ns / one * 10) / 10)
		.toFixed(1) + unit;
	return ns < 1 ? "0 s" : ns < 1000 ? Math.round(ns) + " ns" : ns < 999950 ? part(1e3, " us")
		: ns < 999950000 ? part(1e6, " ms") : ns < 59.95e9 ? part(1e9, " s")
			: s < 3600 ? `${Math.floor(s / 60)} min ${s % 60} s`
				: `${Math.floor(s / 3600)} h ${Math.floor(s % 3600 / 60)} min`;
}

export const percent = (part, whole) =>
	whole ? (part / whole * 100).toFixed(1) + " %" : "0 %";
