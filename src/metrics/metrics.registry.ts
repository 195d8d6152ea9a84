import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Registry, type Aggregator, type Histogram } from 'prom-client';
import { PeerLink } from '../peers/peer.link.js';
import { DurationHistogram } from './duration.histogram.js';

/** Every name begins with this, but for those of the process that everybody's dashboards know. */
const PREFIX = 'scopegate_';

/** Longer than the primary process waits for the workers. */
const TIMEOUT_MS = 5_000;

/** What a gauge or counter answers when it is asked: a figure, or one for each value of its labels. */
export interface Figure {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * The figures of the server, for Prometheus: of this process, or of all workers put together. Whoever has some counts
 * them itself and says how they are read, so that no request looks a figure up by its labels.
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
    this.observe('workers', 'The worker processes whose states are told here.', [], () => [{ labels: {}, value: 1 }]);
    peers.primary?.answer('figures', () => this.#registry.getMetricsAsJSON());
  }

  /** The media type of the answer. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /**
   * All figures in Prometheus' text format.
   * @throws Error where the other workers' cannot be had: those of one alone would look like a server started anew
   */
  async text(): Promise<string> {
    const { primary } = this.peers;
    return primary === null ? this.#registry.metrics() : primary.ask('metrics', null, TIMEOUT_MS);
  }

  /** How long something takes that happens with every request, in seconds. */
  durations<Label extends string>(name: string, help: string, buckets: readonly number[]): DurationHistogram<Label> {
    const metric = new DurationHistogram<Label>(PREFIX + name, help, buckets);
    // The registry asks a metric for its name and for its figures, and for nothing else.
    this.#registry.registerMetric(metric as unknown as Histogram<Label>);
    return metric;
  }

  /**
   * A state that is read when somebody asks for the metrics.
   * @param aggregator what becomes of the figures of several workers
   */
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

  /** Something that is counted elsewhere already, and read when somebody asks for the metrics. */
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

/** Of the package, which is two folders up from here, or three where it has been built. */
/** The version of this server; `unknown` where its package.json is not to be found. */
export function readVersion(): string {
  for (const folder of ['../..', '../../..']) {
    const file = resolve(import.meta.dirname, folder, 'package.json');
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
  }
  return 'unknown';
}
