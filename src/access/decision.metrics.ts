import { Injectable } from '@nestjs/common';
import { REASONS } from '@scopegate/access';
import type { Exchange } from '../common/access/exchange.js';
import type { DurationHistogram, Durations } from '../metrics/duration.histogram.js';
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

/** What is counted of one application. */
interface ApplicationFigures {
  /** By reason, or by outcome where there is none: a reason has one outcome, and no outcome is spelled like a reason. */
  readonly decisions: Map<string, { readonly labels: Readonly<Record<string, string>>; value: number }>;
  readonly decisionTime: Durations;
  readonly upstreamTime: Durations;
}

/**
 * Counts and times requests. The labels are few: the keys of applications that exist, and codes of closed lists; the
 * management API is the application without a name.
 */
@Injectable()
export class DecisionMetrics {
  readonly #decisionTime: DurationHistogram<'application'>;
  readonly #upstreamTime: DurationHistogram<'application'>;
  readonly #applications = new Map<string, ApplicationFigures>();

  constructor(metrics: MetricsRegistry) {
    metrics.observeCount(
      'decisions_total',
      'Judged requests by application, and the stage and true reason of those that were not let through.',
      ['application', 'stage', 'code', 'outcome'],
      () => [...this.#applications.values()].flatMap(({ decisions }) => [...decisions.values()]),
    );
    this.#decisionTime = metrics.durations(
      'decision_duration_seconds',
      'From the head of a request to the decision about it.',
      DECISION_BUCKETS,
    );
    this.#upstreamTime = metrics.durations(
      'upstream_duration_seconds',
      'From the decision to the head of the upstream’s answer, or its failure.',
      UPSTREAM_BUCKETS,
    );
  }

  /**
   * Counts a request once it is known what became of it.
   * @param nowTick by the clock of the exchange
   */
  count(exchange: Exchange, { outcome, code }: CountedResult, status: number | null, nowTick: number): void {
    const application = exchange.application?.key ?? '';
    const { decisions, decisionTime, upstreamTime } = this.#applications.get(application) ?? this.#begin(application);
    const counted = decisions.get(code ?? outcome);
    if (counted === undefined) {
      const labels = { application, stage: stageOf(code), code: code ?? '', outcome };
      decisions.set(code ?? outcome, { labels, value: 1 });
    } else {
      counted.value += 1;
    }
    const { startedAtTick, forwardedAtTick } = exchange;
    decisionTime.observe(((forwardedAtTick ?? nowTick) - startedAtTick) / 1000);
    // A client that went away says nothing of how long the upstream takes.
    if (forwardedAtTick !== null && status !== null) upstreamTime.observe((nowTick - forwardedAtTick) / 1000);
  }

  #begin(application: string): ApplicationFigures {
    const figures = {
      decisions: new Map(),
      decisionTime: this.#decisionTime.durationsOf({ application }),
      upstreamTime: this.#upstreamTime.durationsOf({ application }),
    };
    this.#applications.set(application, figures);
    return figures;
  }
}

function stageOf(code: string | null): string {
  if (code === null) return '';
  if (Object.hasOwn(REASONS, code)) return REASONS[code as keyof typeof REASONS].stage;
  return code.startsWith('upstream_') ? 'upstream' : 'gateway';
}
