// SPDX-License-Identifier: MIT
// What DevTools' Memory tab shows of a heap snapshot: devtools.mjs FILE
import fs from 'fs';
import {MessageChannel} from 'worker_threads';

import {HeapSnapshot, HeapSnapshotLoader} from './devtools-heap.mjs';

Promise.withResolvers ??= function() {
  let resolve, reject;
  const promise = new Promise((yes, no) => { resolve = yes; reject = no; });
  return {promise, resolve, reject};
};

const PIECE = 1 << 16;
const loader = new HeapSnapshotLoader.HeapSnapshotLoader({sendEvent() {}});
const text = fs.readFileSync(process.argv[2], 'utf8');
for (let i = 0; i < text.length; i += PIECE)
  loader.write(text.slice(i, i + PIECE));
loader.close();
const channel = new MessageChannel();
new HeapSnapshot.SecondaryInitManager(channel.port2);
const snapshot = await loader.buildSnapshot(channel.port1);

const nodes = [], node = snapshot.createNode(0);
for (let i = 0; i < snapshot.nodeCount; i++) {
  node.nodeIndex = i * snapshot.nodeFieldCount;
  nodes.push({id: node.id(), type: node.type(), name: node.name(),
    self: node.selfSize(), retained: node.retainedSize(),
    stack: snapshot.allocationStack(node.nodeIndex)
        ?.map(f => f.functionName)});
}
const classes = {};
for (const [key, c] of Object.entries(
    snapshot.aggregatesWithFilter({filterName: undefined})))
  classes[c.name ?? key] = {count: c.count, self: c.self, retained: c.maxRet};
process.stdout.write(JSON.stringify({nodes, classes,
  total: snapshot.getStatistics().total}), () => process.exit(0));
