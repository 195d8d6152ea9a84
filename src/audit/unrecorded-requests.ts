import { Injectable, Logger } from '@nestjs/common';
import { EMPTY_EVENT, type AuditEvent } from '@scopegate/audit';
import { Clock } from '../common/time/clock.js';

/**
 * The request was refused because nothing could be recorded, it was answered because the settings say so, or its
 * connection was closed in place of the answer.
 */
export type UnrecordedFate = 'turned-away' | 'let-through' | 'broken-off';

const EVENTS = {
  'turned-away': { type: 'request.failed', outcome: 'failed', code: 'audit_unavailable', status: 503 },
  'let-through': { type: 'requests.unrecorded', outcome: 'allowed', code: 'audit_unrecorded', status: null },
  'broken-off': { type: 'request.failed', outcome: 'failed', code: 'audit_unrecorded', status: null },
} as const satisfies Record<UnrecordedFate, Partial<AuditEvent>>;

export const UNRECORDED_FATES = Object.keys(EVENTS) as readonly UnrecordedFate[];

interface Tally {
  count: number;
  fromMs: number;
  toMs: number;
}

/** An event, and how to count its requests again if it cannot be written. */
export interface TalliedRequests {
  readonly event: Omit<AuditEvent, 'id'>;
  readonly putBack: () => void;
}

/** At least the number of requests without an event is recorded. */
@Injectable()
export class UnrecordedRequests {
  readonly #logger = new Logger(UnrecordedRequests.name);
  readonly #tallies = new Map<UnrecordedFate, Tally>();
  readonly #totals = new Map<UnrecordedFate, number>();

  constructor(private readonly clock: Clock) {}

  total(fate: UnrecordedFate): number {
    return this.#totals.get(fate) ?? 0;
  }

  get isEmpty(): boolean {
    return this.#tallies.size === 0;
  }

  get waiting(): number {
    return [...this.#tallies.values()].reduce((sum, { count }) => sum + count, 0);
  }

  note(fate: UnrecordedFate): void {
    const nowMs = this.clock.nowMs();
    if (fate === 'let-through' && !this.#tallies.has(fate)) {
      this.#logger.error(
        'Requests are answered WITHOUT A RECORD: the journal cannot be written, and audit.failOpen is on.',
      );
    }
    this.#totals.set(fate, this.total(fate) + 1);
    this.#add(fate, { count: 1, fromMs: nowMs, toMs: nowMs });
  }

  take(): readonly TalliedRequests[] {
    if (this.#tallies.size === 0) return [];
    const tallies = [...this.#tallies];
    this.#tallies.clear();
    return tallies.map(([fate, tally]) => {
      const from = new Date(tally.fromMs).toISOString();
      const to = new Date(tally.toMs).toISOString();
      if (fate === 'let-through') {
        this.#logger.warn(`${tally.count} request(s) were answered without a record, from ${from} to ${to}.`);
      }
      return {
        event: { ...EMPTY_EVENT, ...EVENTS[fate], atMs: tally.toMs, count: tally.count, detail: { from, to } },
        putBack: () => {
          this.#logger.error(`${tally.count} request(s) have no record (${fate}), and their number cannot be written.`);
          this.#add(fate, tally);
        },
      };
    });
  }

  #add(fate: UnrecordedFate, { count, fromMs, toMs }: Readonly<Tally>): void {
    const tally = this.#tallies.get(fate) ?? { count: 0, fromMs, toMs };
    tally.count += count;
    tally.fromMs = Math.min(tally.fromMs, fromMs);
    tally.toMs = Math.max(tally.toMs, toMs);
    this.#tallies.set(fate, tally);
  }
}
