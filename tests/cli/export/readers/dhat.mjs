// SPDX-License-Identifier: MIT
// What Valgrind's dh_view.html shows of a file: dhat.mjs FILE
import fs from 'fs';
import {JSDOM} from 'jsdom';

const code = fs.readFileSync('/usr/libexec/valgrind/dh_view.js', 'utf8');
const dom = new JSDOM('<body></body>',
    {runScripts: 'outside-only', pretendToBeVisual: true});
dom.window.eval(code + `;globalThis.view = text => {
  onLoad(); gFilename = 'x'; gData = JSON.parse(text);
  buildTree(); displayTree(0, 0, 0);
  return {total: gRoot._totalBytes, blocks: gRoot._totalBlocks,
    peak: gRoot._atTGmaxBytes, peakBlocks: gRoot._atTGmaxBlocks,
    end: gRoot._atTEndBytes, endBlocks: gRoot._atTEndBlocks,
    lifetime: gRoot._totalAvgLifetimes(),
    text: document.body.textContent};
};`);
process.stdout.write(JSON.stringify(
    dom.window.view(fs.readFileSync(process.argv[2], 'utf8'))),
    () => process.exit(0));
