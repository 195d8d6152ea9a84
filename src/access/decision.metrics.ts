import { Injectable } from '@nestjs/common';
import { REASONS, type Door } from '@scopegate/access';
import type { Exchange } from '../common/access/exchange.js';
import type { DurationHistogram, Durations } from '../metrics/duration.histogram.js';
import { MetricsRegistry } from '../metrics/metrics.registry.js';

/** A decision takes some ten microseconds from memory, a tenth of a second with a password. */
const DECISION_BUCKETS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

const UPSTREAM_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export interface CountedResult {
  readonly outcome: 'allowed' | 'passed' | 'denied' | 'failed';
  /** Null if there is no reason. */
  readonly code: string | null;
}

/** Of an application, through one door. */
interface Figures {
  /** By reason, or by outcome without one; the two share no spelling. */
  readonly decisions: Map<string, { readonly labels: Readonly<Record<string, string>>; value: number }>;
  readonly decisionTime: Durations;
  /** Only proxied requests have an upstream. */
  readonly upstreamTime: Durations | null;
}

/**
 * Few labels: existing application keys, and doors and codes of closed lists. The management API has neither an
 * application name nor a door.
 */
@Injectable()
export class DecisionMetrics {
  readonly #decisionTime: DurationHistogram<'application' | 'door'>;
  readonly #upstreamTime: DurationHistogram<'application'>;
  readonly #doors = new Map<Door | null, Map<string, Figures>>();

  constructor(metrics: MetricsRegistry) {
    metrics.observeCount(
      'decisions_total',
      'Judged requests by application and door, and the stage and true reason of those that were not let through.',
      ['application', 'stage', 'code', 'outcome', 'door'],
      () => this.#all().flatMap(({ decisions }) => [...decisions.values()]),
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

  /** @param nowTick by the clock of the exchange */
  count(exchange: Exchange, { outcome, code }: CountedResult, status: number | null, nowTick: number): void {
    const application = exchange.application?.key ?? '';
    const { door } = exchange;
    const figures = this.#doors.get(door)?.get(application) ?? this.#begin(door, application);
    const { decisions, decisionTime, upstreamTime } = figures;
    const counted = decisions.get(code ?? outcome);
    if (counted === undefined) {
      const labels = { application, stage: stageOf(code), code: code ?? '', outcome, door: door ?? '' };
      decisions.set(code ?? outcome, { labels, value: 1 });
    } else {
      counted.value += 1;
    }
    const { startedAtTick, forwardedAtTick } = exchange;
    decisionTime.observe(((forwardedAtTick ?? nowTick) - startedAtTick) / 1000);
    // Without a status the client went away: no measure of the upstream.
    if (forwardedAtTick !== null && status !== null) upstreamTime?.observe((nowTick - forwardedAtTick) / 1000);
  }

  #all(): readonly Figures[] {
    return [...this.#doors.values()].flatMap((applications) => [...applications.values()]);
  }

  #begin(door: Door | null, application: string): Figures {
    const figures = {
      decisions: new Map(),
      decisionTime: this.#decisionTime.durationsOf({ application, door: door ?? '' }),
      upstreamTime: door === 'proxy' ? this.#upstreamTime.durationsOf({ application }) : null,
    };
    const applications = this.#doors.get(door) ?? new Map<string, Figures>();
    this.#doors.set(door, applications.set(application, figures));
    return figures;
  }
}

function stageOf(code: string | null): string {
  if (code === null) return '';
  if (Object.hasOwn(REASONS, code)) return REASONS[code as keyof typeof REASONS].stage;
  return code.startsWith('upstream_') ? 'upstream' : 'gateway';
}
