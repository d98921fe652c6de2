// SPDX-License-Identifier: MIT
// What memlab reads of a heap snapshot: memlab.mjs FILE
import {getFullHeapFromFile} from '@memlab/heap-analysis';

const heap = await getFullHeapFromFile(process.argv[2]);
const nodes = [];
heap.nodes.forEach(n => {
  nodes.push({id: n.id, type: n.type, name: n.name, self: n.self_size,
    retained: n.retainedSize});
});
// Before it there is progress.
console.log('\n' + JSON.stringify({nodes}));
