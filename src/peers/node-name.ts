import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

/** The host, for the operator, and a random part. At most 36 characters with the number of a worker. */
export function nodeName(): string {
  const host = (hostname().split('.')[0] ?? '').replaceAll(/[^A-Za-z0-9-]/g, '').slice(-20);
  return `${host === '' ? 'node' : host}-${randomBytes(5).toString('hex')}`;
}

/** A worker that replaces one that has died gets its name. */
export function workerName(node: string, number: number): string {
  return `${node}-w${number}`;
}

/** The node of an id, and the number of the worker; null for a process without workers. */
export function nodeOf(id: string): { readonly node: string; readonly worker: number | null } {
  const [, node, worker] = /^(.*-[0-9a-f]{10})-w(\d{1,4})$/.exec(id) ?? [];
  return node === undefined ? { node: id, worker: null } : { node, worker: Number(worker) };
}

export function isOfNode(id: string, node: string): boolean {
  return id === node || id.startsWith(`${node}-w`);
}
