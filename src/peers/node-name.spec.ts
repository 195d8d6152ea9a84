import { expect, it } from 'vitest';
import { isOfNode, nodeName, nodeOf, workerName } from './node-name.js';

it('R103: an id tells the node and the worker that it is made of', () => {
  const node = nodeName();
  expect(nodeOf(node)).toEqual({ node, worker: null });
  const id = workerName(node, 12);
  expect(nodeOf(id)).toEqual({ node, worker: 12 });
  expect(isOfNode(id, nodeOf(id).node)).toBe(true);
  // A host may be named like a worker.
  expect(nodeOf('build-w2-0123456789')).toEqual({ node: 'build-w2-0123456789', worker: null });
});
