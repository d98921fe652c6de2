// SPDX-License-Identifier: MIT
// What speedscope imports of a file: speedscope.mjs FILE
// Its package has the page only, so that is loaded as far as to its importer.
import fs from 'fs';
import path from 'path';
import {JSDOM} from 'jsdom';

const release = 'node_modules/speedscope/dist/release';
const page = fs.readdirSync(release).find(f => /^speedscope-.*\.js$/.test(f));
const code = fs.readFileSync(path.join(release, page), 'utf8');
const importer = code.match(
    /async function (\w+)\(t,e\)\{return\(await \w+\)\.importProfileGroupFromText/);
const dom = new JSDOM('<body></body>',
    {runScripts: 'outside-only', url: 'http://localhost/'});
Object.assign(dom.window, {TextDecoder, TextEncoder});
try {
  dom.window.eval(code.replace('console.log(`speedscope v',
      `globalThis.importer=${importer[1]};console.log(\`speedscope v`));
} catch {
  // There is nothing here to draw on.
}
const group = await dom.window.importer(path.basename(process.argv[2]),
    fs.readFileSync(process.argv[2], 'utf8'));
process.stdout.write('\n' + JSON.stringify(group?.profiles.map(p => ({
  name: p.getName(), total: p.getTotalWeight(),
  shown: p.formatValue(p.getTotalWeight()),
}))),
    () => process.exit(0));
