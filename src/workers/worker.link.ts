import type { Configuration } from '../config/env.js';
import type { ProcessChannel } from './process.channel.js';

/** The injection token of the worker's link to the primary process; its value is null where there is one process. */
export const WORKER_LINK = Symbol('WorkerLink');

/** What a worker knows of where it belongs. */
export interface WorkerLink {
  /** From 1 on. The one that takes the place of a worker that has died has its number. */
  readonly number: number;
  /** The name of the node that all workers are. */
  readonly node: string;
  /** Leads to the primary process. */
  readonly primary: ProcessChannel;
}

/** What the two ask of each other, and tell each other. */
export const TOPICS = {
  /** Worker tells primary that it listens: what is sent before that is lost. */
  here: 'here',
  /** Primary asks worker: start with this `StartOrder`. It answers a `StartAnswer`. */
  start: 'start',
  /** Worker asks primary whether it may open its ports, once everything else is done; it waits for the answer. */
  listen: 'listen',
  /** Primary tells worker: finish what is under way and end. */
  stop: 'stop',
  /** Primary tells worker that stops: close the listeners now. */
  skipDraining: 'stop.skipDraining',
  /** Primary asks worker for its own figures. */
  figures: 'figures',
  /** Worker asks primary for the figures of all workers, as text. */
  metrics: 'metrics',
  /** Worker asks primary to count a failed credential, and for the count. */
  addFailure: 'failures.add',
  /** Worker asks primary how often something has failed. */
  readFailures: 'failures.read',
  /** Worker tells primary, and that one the other workers, of changes. */
  changes: 'changes',
  /** Worker tells primary, and that one the other workers, that it has read the change log. */
  changesRead: 'changes.read',
} as const;

export interface StartOrder {
  readonly number: number;
  readonly node: string;
  /** Read once, by the primary: a worker that is started later must not find another one. */
  readonly configuration: Configuration;
}

/** Where a server listens. */
export interface ServerAddresses {
  /** The port that proxies. */
  readonly port: number;
  /** The port of the management API. */
  readonly managementPort: number;
}

export type StartAnswer =
  | { readonly isReady: true; readonly addresses: ServerAddresses }
  | {
      readonly isReady: false;
      /** For whoever started the server. */
      readonly failure: string;
    };
