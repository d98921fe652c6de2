// SPDX-License-Identifier: MIT
// What DevTools' model of traces has of trace events: trace.mjs FILE
import fs from 'fs';
import {createRequire} from 'module';

const {default: TracingModel} = createRequire(import.meta.url)(
    'tracelib/build/devtools/tracingModel/index.js');
const model = new TracingModel();
model.addEvents(JSON.parse(fs.readFileSync(process.argv[2], 'utf8')).traceEvents);
model.tracingComplete();
const [one, ...others] = model.sortedProcesses();
process.stdout.write(JSON.stringify({
  name: one.name(), others: others.length, end: model.maximumRecordTime(),
  events: one.sortedThreads().flatMap(thread => thread.events().map(e => (
    {name: e.name, phase: e.phase, ms: e.startTime, args: e.args}))),
}), () => process.exit(0));
