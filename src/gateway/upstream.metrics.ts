import { Injectable } from '@nestjs/common';
import { ApplicationsService } from '../applications/applications.service.js';
import { MetricsRegistry, type Figure } from '../metrics/metrics.registry.js';
import { UpstreamPools } from './upstream.pools.js';

/**
 * The connections to the upstreams. They go by the application: whoever reads the metrics learns no addresses.
 * Applications with the same upstream share its connections and show the same figures.
 */
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
      () => this.#figures(({ connected, free }) => ({ connected, free })),
    );
    metrics.observe(
      'upstream_requests',
      'Requests under way to the upstream: sent, or waiting for a connection.',
      ['application', 'state'],
      () => this.#figures(({ running, queued }) => ({ running, queued })),
    );
  }

  #figures(
    read: (statistics: NonNullable<ReturnType<UpstreamPools['statisticsOf']>>) => Readonly<Record<string, number>>,
  ): readonly Figure[] {
    return this.applications.all().flatMap(({ key, target }) => {
      const statistics = this.pools.statisticsOf(target.origin);
      if (statistics === null) return [];
      return Object.entries(read(statistics)).map(([state, value]) => ({
        labels: { application: key, state },
        value,
      }));
    });
  }
}
