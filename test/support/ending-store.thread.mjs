// The thread that stores audit events, but that it ends once it has stored some, before it can say so.
import { parentPort } from 'node:worker_threads';

const postMessage = parentPort.postMessage.bind(parentPort);
parentPort.postMessage = (report) => {
  // What stands after this in the thread is never done: Node ends it here.
  if (report.kind === 'stored') process.exit();
  postMessage(report);
};
await import('../../dist/src/audit/audit-store-thread.js');
