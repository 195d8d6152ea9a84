import { Injectable } from '@nestjs/common';
import { AuditShipper } from '../audit/audit-shipper.js';
import { ClockWatch } from '../database/clock-watch.js';
import { NodeRegistry } from '../database/node.registry.js';
import { MetricsRegistry } from '../metrics/metrics.registry.js';

@Injectable()
export class NodeMetrics {
  constructor(metrics: MetricsRegistry, nodes: NodeRegistry, clock: ClockWatch, shipper: AuditShipper) {
    nodes.setJournal(() => shipper.backlogBytes);
    metrics.observe(
      'clock_offset_seconds',
      "How far the clock of this node is ahead of the database's; negative where it is behind.",
      [],
      () => [{ labels: {}, value: clock.offsetMs / 1000 }],
      'average',
    );
    metrics.observe(
      'change_log_age_seconds',
      'How long ago the change log was last read and acted on.',
      [],
      () => [{ labels: {}, value: nodes.ageMs / 1000 }],
      'max',
    );
    metrics.observe(
      'live_nodes',
      'Nodes that may judge requests, as the database has them; each worker is one.',
      [],
      () => [{ labels: {}, value: nodes.liveNodes.length }],
      'max',
    );
  }
}
