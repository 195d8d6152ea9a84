import { Injectable } from '@nestjs/common';
import { REASONS } from '@scopegate/access';
import type { Counter, Histogram } from 'prom-client';
import type { Exchange } from '../common/access/exchange.js';
import { MetricsRegistry } from '../metrics/metrics.registry.js';

/** Deciding takes some ten microseconds from memory, and a tenth of a second where a password is checked. */
const DECISION_BUCKETS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

const UPSTREAM_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** What became of a request, as far as it is counted. */
export interface CountedResult {
  readonly outcome: 'allowed' | 'passed' | 'denied' | 'failed';
  /** The true reason; null where there is nothing to say. */
  readonly code: string | null;
}

/** The children of one application. */
interface ApplicationChildren {
  readonly decisions: Map<string, Counter.Internal>;
  readonly decisionTime: Histogram.Internal<'application'>;
  readonly upstreamTime: Histogram.Internal<'application'>;
}

/**
 * Counts and times requests. The labels are few: the keys of applications that exist, and codes of closed lists; the
 * management API is the application without a name.
 */
@Injectable()
export class DecisionMetrics {
  readonly #decisions: Counter<'application' | 'stage' | 'code' | 'outcome'>;
  readonly #decisionTime: Histogram<'application'>;
  readonly #upstreamTime: Histogram<'application'>;
  readonly #applications = new Map<string, ApplicationChildren>();

  constructor(metrics: MetricsRegistry) {
    this.#decisions = metrics.counter(
      'decisions_total',
      'Judged requests by application, and the stage and true reason of those that were not let through.',
      ['application', 'stage', 'code', 'outcome'],
    );
    this.#decisionTime = metrics.histogram(
      'decision_duration_seconds',
      'From the head of a request to the decision about it.',
      ['application'],
      DECISION_BUCKETS,
    );
    this.#upstreamTime = metrics.histogram(
      'upstream_duration_seconds',
      'From the decision to the head of the upstream’s answer, or its failure.',
      ['application'],
      UPSTREAM_BUCKETS,
    );
  }

  /** Counts a request once it is known what became of it. */
  count(exchange: Exchange, result: CountedResult, status: number | null): void {
    const application = exchange.application?.key ?? '';
    let children = this.#applications.get(application);
    if (children === undefined) {
      children = {
        decisions: new Map(),
        decisionTime: this.#decisionTime.labels(application),
        upstreamTime: this.#upstreamTime.labels(application),
      };
      this.#applications.set(application, children);
    }
    // A code has one outcome and one stage, and no outcome is spelled like a code.
    const key = result.code ?? result.outcome;
    let decisions = children.decisions.get(key);
    if (decisions === undefined) {
      decisions = this.#decisions.labels(application, stageOf(result.code), result.code ?? '', result.outcome);
      children.decisions.set(key, decisions);
    }
    decisions.inc();
    const nowTick = performance.now();
    const { startedAtTick, forwardedAtTick } = exchange;
    children.decisionTime.observe(((forwardedAtTick ?? nowTick) - startedAtTick) / 1000);
    // A client that went away says nothing of how long the upstream takes.
    if (forwardedAtTick !== null && status !== null) children.upstreamTime.observe((nowTick - forwardedAtTick) / 1000);
  }
}

function stageOf(code: string | null): string {
  if (code === null) return '';
  if (Object.hasOwn(REASONS, code)) return REASONS[code as keyof typeof REASONS].stage;
  return code.startsWith('upstream_') ? 'upstream' : 'gateway';
}
