import { Injectable, Logger } from '@nestjs/common';
import { failureMessage } from '@scopegate/upstream';
import type { Exchange } from '../common/access/exchange.js';
import { Clock } from '../common/time/clock.js';

/** One line per application in this time, so that an outage does not fill the log. */
const INTERVAL_MS = 10_000;

interface Failures {
  readonly toldAtMs: number;
  /** Failures since the last line in the log. */
  untold: number;
}

/** The audit has the kind of failure, and the client neither. */
@Injectable()
export class UpstreamFailureLog {
  readonly #logger = new Logger(UpstreamFailureLog.name);
  readonly #failures = new Map<string, Failures>();

  constructor(private readonly clock: Clock) {}

  note(exchange: Exchange, code: string, error: unknown): void {
    const application = exchange.application?.key ?? '';
    const nowMs = this.clock.nowMs();
    const last = this.#failures.get(application);
    if (last !== undefined && nowMs - last.toldAtMs < INTERVAL_MS) {
      last.untold += 1;
      return;
    }
    this.#failures.set(application, { toldAtMs: nowMs, untold: 0 });
    this.#logger.warn('The upstream failed.', {
      requestId: exchange.requestId,
      traceId: exchange.trace.traceId,
      application,
      code,
      failure: exchange.upstreamFailure,
      cause: failureMessage(error),
      othersSinceLastLine: last?.untold ?? 0,
    });
  }
}
