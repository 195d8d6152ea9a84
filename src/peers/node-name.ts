import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

/**
 * A name for one run of a node: the host, for the operator, and something random, so that no two are the same. At most 36
 * characters with the number of a worker.
 */
export function nodeName(): string {
  const host = (hostname().split('.')[0] ?? '').replaceAll(/[^A-Za-z0-9-]/g, '').slice(-20);
  return `${host === '' ? 'node' : host}-${randomBytes(5).toString('hex')}`;
}

/** The name of a worker. The worker that replaces one that has died has its name. */
export function workerName(node: string, number: number): string {
  return `${node}-w${number}`;
}

/** Whether this is the name of a node itself, or of one of its workers. */
export function isOfNode(id: string, node: string): boolean {
  return id === node || id.startsWith(`${node}-w`);
}
