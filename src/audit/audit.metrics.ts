import { Injectable } from '@nestjs/common';
import { Clock } from '../common/time/clock.js';
import { MetricsRegistry } from '../metrics/metrics.registry.js';
import { AuditShipper } from './audit-shipper.js';
import { UNRECORDED_FATES, UnrecordedRequests } from './unrecorded-requests.js';

@Injectable()
export class AuditMetrics {
  constructor(metrics: MetricsRegistry, shipper: AuditShipper, unrecorded: UnrecordedRequests, clock: Clock) {
    metrics.observe('journal_backlog_bytes', 'Bytes of audit events that are not in the database yet.', [], () => [
      { labels: {}, value: shipper.backlogBytes },
    ]);
    metrics.observe(
      'journal_lag_seconds',
      'The age of the oldest audit event that is not in the database yet; 0 if there is none.',
      [],
      () => {
        const { oldestAtMs } = shipper;
        return [{ labels: {}, value: oldestAtMs === null ? 0 : Math.max(0, clock.nowMs() - oldestAtMs) / 1000 }];
      },
      'max',
    );
    metrics.observe(
      'journal_writable',
      '1 if another audit event can be taken; 0 if every request is answered with 503, or forwarded without a record.',
      [],
      () => [{ labels: {}, value: shipper.hasRoom ? 1 : 0 }],
      'min',
    );
    metrics.observeCount(
      'audit_unrecorded_total',
      'Requests without an event of their own, because nothing could be recorded.',
      ['fate'],
      () => UNRECORDED_FATES.map((fate) => ({ labels: { fate }, value: unrecorded.total(fate) })),
    );
  }
}
