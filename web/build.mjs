// SPDX-License-Identifier: MIT
// Builds dist/: the page's code and style, and the licences of what is in them.
// The same sources give the same bytes: versions are pinned, nothing is dated.
import { build } from "esbuild";
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";

// Libraries without what the page does not use: dagre's algorithms of graphs in general.
// What is not found here any more fails the build.
const unused = {
	"dagre.esm.js": [
		[/,alg:\(\)=>\w+/, ""],
		[/\{CycleException:[^}]*(postorder:[^}]*?,preorder:[^}]*?),[^}]*\}/, "{$1}"],
	],
};
const lean = {
	name: "lean",
	setup(on) {
		on.onLoad({ filter: /dagre\.esm\.js$/ }, ({ path }) => {
			let contents = readFileSync(path, "utf8");
			for (const [what, by] of unused[basename(path)]) {
				if (contents.search(what) < 0)
					throw new Error(`${path} has no ${what} any more`);
				contents = contents.replace(what, by);
			}
			return { contents };
		});
	},
};

const notice = "/* SPDX-License-Identifier: MIT; parts of others: see THIRD-PARTY-LICENSES */";

const result = await build({
	entryPoints: { page: "src/main.jsx" },
	outdir: "dist",
	bundle: true,
	minify: true,
	format: "iife",
	target: "es2022",
	charset: "ascii",
	legalComments: "none",
	banner: { js: notice, css: notice },
	jsxFactory: "h",
	jsxFragment: "Fragment",
	plugins: [lean],
	metafile: true,
	logLevel: "warning",
});

// What is in a <script> or <style> must not end it.
for (const name of ["dist/page.js", "dist/page.css"])
	if (/<\/(script|style)|<!--/i.test(readFileSync(name, "utf8")))
		throw new Error(`${name} would end its element`);

const packages = new Set(["@dagrejs/graphlib"]); // is in dagre's file
for (const input of Object.keys(result.metafile.inputs)) {
	const part = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
	if (part)
		packages.add(part[1]);
}
let text = "The page's code, page.js and page.css, has parts of these packages.\n";
for (const name of [...packages].sort()) {
	const about = JSON.parse(
		readFileSync(`node_modules/${name}/package.json`, "utf8"));
	const licence = readFileSync(`node_modules/${name}/LICENSE`, "utf8");
	text += `\n--- ${name} ${about.version} (${about.license}) ---\n\n`;
	text += licence.replace(/\r/g, "").trim() + "\n";
}
writeFileSync("dist/THIRD-PARTY-LICENSES", text);
