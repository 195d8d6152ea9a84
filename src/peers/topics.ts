import type { MetricObjectWithValues, MetricValue } from 'prom-client';
import type { Configuration } from '../config/env.js';
import type { Change } from './change.js';
import type { FailureCount } from './failure-counters.js';

export interface PeerMessages {
  /** From a worker that listens: earlier messages are lost. */
  readonly here: null;
  /** From the primary: finish what is under way and end. */
  readonly stop: null;
  /** From the primary to a worker that stops: close the listeners now. */
  readonly skipDraining: null;
  /** From a worker; the primary passes it on to the other workers. */
  readonly changes: readonly Change[];
  /** From a worker that has read the change log; the primary passes it on. */
  readonly changesRead: null;
}

export interface PeerQuestions {
  /** From the primary. */
  readonly start: { readonly question: StartOrder; readonly answer: StartAnswer };
  /** From a worker that could open its ports: the answer comes once it may. */
  readonly listen: { readonly question: null; readonly answer: void };
  /** From the primary: the worker's own figures. */
  readonly figures: { readonly question: null; readonly answer: ProcessFigures };
  /** From a worker: the figures of all workers, in Prometheus' text format. */
  readonly metrics: { readonly question: null; readonly answer: string };
  readonly addFailure: { readonly question: FailureToAdd; readonly answer: FailureCount };
  /** From a worker: how often something has failed, by its key. */
  readonly readFailures: { readonly question: string; readonly answer: FailureCount };
}

export interface StartOrder {
  readonly number: number;
  readonly node: string;
  /** Read once, by the primary, so that all workers have the same one. */
  readonly configuration: Configuration;
}

export interface ServerAddresses {
  readonly port: number;
  readonly managementPort: number;
}

export type StartAnswer =
  | { readonly isReady: true; readonly addresses: ServerAddresses }
  | {
      readonly isReady: false;
      readonly failure: string;
    };

export interface FailureToAdd {
  readonly key: string;
  readonly windowSeconds: number;
}

export type ProcessFigures = MetricObjectWithValues<MetricValue<string>>[];
