// SPDX-License-Identifier: MIT
// Makes devtools-heap.mjs of the code that DevTools' worker reads snapshots with.
import * as esbuild from 'esbuild';

const worker = 'chrome-devtools-frontend/front_end/entrypoints/' +
    'heap_snapshot_worker/heap_snapshot_worker.js';
// Made by Chromium's own build, and of no use here.
const locales = ['LOCALES', 'BUNDLED_LOCALES', 'DEFAULT_LOCALE',
  'REMOTE_FETCH_PATTERN', 'LOCAL_FETCH_PATTERN', 'LocaleHash'];

await esbuild.build({
  stdin: {contents: `export * from './node_modules/${worker}';`,
    resolveDir: process.cwd()},
  bundle: true, platform: 'node', format: 'esm', logLevel: 'error',
  outfile: 'devtools-heap.mjs',
  plugins: [{
    name: 'locales',
    setup(build) {
      build.onResolve({filter: /locales\.js$/},
          () => ({path: 'locales', namespace: 'none'}));
      build.onLoad({filter: /.*/, namespace: 'none'}, () => ({
        contents: locales.map(name => `export const ${name} = [];`).join('\n'),
      }));
    },
  }],
});
