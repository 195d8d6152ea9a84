import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/time/clock.js';
import { MetricsRegistry, type Figure } from '../../metrics/metrics.registry.js';
import { DirectoriesService } from './directories.service.js';
import type { StoredDirectory } from './stored-directory.js';

/** All nodes have the same figures. */
@Injectable()
export class DirectoryMetrics {
  constructor(
    metrics: MetricsRegistry,
    private readonly directories: DirectoriesService,
    clock: Clock,
  ) {
    const observe = (name: string, help: string, valueOf: (directory: StoredDirectory) => number): void =>
      metrics.observe(name, help, ['directory'], () => this.#figures(valueOf), 'first');
    observe(
      'directory_sync_age_seconds',
      'Since the last synchronisation that succeeded, or since the directory was connected.',
      ({ status, createdAtMs }) => Math.max(0, (clock.nowMs() - (status.lastSuccessAtMs ?? createdAtMs)) / 1_000),
    );
    observe('directory_sync_failing', '1 if the last synchronisation had no usable answer.', ({ status }) =>
      Number(status.failure !== null),
    );
    observe('directory_sync_pending', '1 if a synchronisation waits to be confirmed.', ({ status }) =>
      Number(status.waiting !== null),
    );
  }

  #figures(valueOf: (directory: StoredDirectory) => number): readonly Figure[] {
    return this.directories
      .all()
      .filter(({ document }) => document.enabled)
      .map((directory) => ({ labels: { directory: directory.key }, value: valueOf(directory) }));
  }
}
