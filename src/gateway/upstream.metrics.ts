import { Injectable } from '@nestjs/common';
import { ApplicationsService } from '../applications/applications.service.js';
import { MetricsRegistry, type Figure } from '../metrics/metrics.registry.js';
import type { UpstreamConnections } from './upstream.connections.js';
import { UpstreamPools } from './upstream.pools.js';

/** Labels are application keys, so no addresses appear. */
@Injectable()
export class UpstreamMetrics {
  constructor(
    metrics: MetricsRegistry,
    private readonly applications: ApplicationsService,
    private readonly pools: UpstreamPools,
  ) {
    metrics.observe(
      'upstream_connections',
      'Open connections to the upstream: all of them, and those that wait for a request.',
      ['application', 'state'],
      () =>
        this.#figures(({ statistics }) => {
          const { connected, free } = statistics;
          return { connected, free };
        }),
    );
    metrics.observe(
      'upstream_requests',
      'Requests under way to the upstream: sent, or waiting for a connection.',
      ['application', 'state'],
      () =>
        this.#figures(({ statistics, waiting }) => {
          const { running, queued } = statistics;
          return { running, queued: queued + waiting };
        }),
    );
  }

  #figures(read: (connections: UpstreamConnections) => Readonly<Record<string, number>>): readonly Figure[] {
    return this.applications.all().flatMap(({ key }) => {
      const connections = this.pools.byKey(key);
      if (connections === null) return [];
      return Object.entries(read(connections)).map(([state, value]) => ({
        labels: { application: key, state },
        value,
      }));
    });
  }
}
