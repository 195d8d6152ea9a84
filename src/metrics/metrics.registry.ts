import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Registry, type Aggregator, type Histogram } from 'prom-client';
import { PeerLink } from '../peers/peer.link.js';
import { DurationHistogram } from './duration.histogram.js';

/** For every name, except the process figures that common dashboards use. */
const PREFIX = 'scopegate_';

/** Longer than the primary process waits for the workers. */
const TIMEOUT_MS = 5_000;

export interface Figure {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * The figures of this process, or of all workers together. Other parts pass a function that reads their counts, so that
 * no request looks a figure up by its labels.
 */
@Injectable()
export class MetricsRegistry {
  readonly #registry = new Registry();

  constructor(private readonly peers: PeerLink) {
    collectDefaultMetrics({ register: this.#registry });
    this.observe(
      'build_info',
      'The version that runs; always 1.',
      ['version', 'node'],
      () => [{ labels: { version: readVersion(), node: process.version }, value: 1 }],
      'first',
    );
    this.observe('workers', 'The worker processes that are counted here.', [], () => [{ labels: {}, value: 1 }]);
    peers.primary?.answer('figures', () => this.#registry.getMetricsAsJSON());
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** @throws Error if figures of other workers are missing: those of one worker would look like a restart */
  async text(): Promise<string> {
    const { primary } = this.peers;
    return primary === null ? this.#registry.metrics() : primary.ask('metrics', null, TIMEOUT_MS);
  }

  durations<Label extends string>(name: string, help: string, buckets: readonly number[]): DurationHistogram<Label> {
    const metric = new DurationHistogram<Label>(PREFIX + name, help, buckets);
    // The registry only asks a metric for its name and its figures.
    this.#registry.registerMetric(metric as unknown as Histogram<Label>);
    return metric;
  }

  /** Calls `read` for each scrape. @param aggregator how the figures of several workers are combined */
  observe(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => readonly Figure[],
    aggregator: Aggregator = 'sum',
  ): void {
    const metric = new Gauge({
      name: PREFIX + name,
      help,
      labelNames,
      aggregator,
      registers: [],
      collect() {
        this.reset();
        for (const { labels, value } of read()) this.set(labels, value);
      },
    });
    this.#registry.registerMetric(metric);
  }

  observeCount(name: string, help: string, labelNames: readonly string[], read: () => readonly Figure[]): void {
    const metric = new Counter({
      name: PREFIX + name,
      help,
      labelNames,
      registers: [],
      collect() {
        this.reset();
        for (const { labels, value } of read()) this.inc(labels, value);
      },
    });
    this.#registry.registerMetric(metric);
  }
}

/** `unknown` if package.json is missing. It is two folders up, or three in the build. */
export function readVersion(): string {
  for (const folder of ['../..', '../../..']) {
    const file = resolve(import.meta.dirname, folder, 'package.json');
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
  }
  return 'unknown';
}
