import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Every name begins with this, but for those of the process that everybody's dashboards know. */
const PREFIX = 'scopegate_';

/** What a gauge or counter answers when it is asked: a figure, or one for each value of its labels. */
export interface Figure {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * The figures of this process, for Prometheus. Whoever has some says how they are read; those that are counted with
 * every request keep a child for each combination of labels, so that a request looks none of them up by its labels.
 */
@Injectable()
export class MetricsRegistry {
  readonly #registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    this.observe('build_info', 'The version that runs; always 1.', ['version', 'node'], () => [
      { labels: { version: readVersion(), node: process.version }, value: 1 },
    ]);
  }

  /** The media type of the answer. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All figures in Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Something that is counted where it happens. */
  counter<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> {
    return new Counter({ name: PREFIX + name, help, labelNames, registers: [this.#registry] });
  }

  /** How long something takes, in seconds. */
  histogram<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    buckets: readonly number[],
  ): Histogram<Label> {
    return new Histogram({ name: PREFIX + name, help, labelNames, buckets: [...buckets], registers: [this.#registry] });
  }

  /** A state that is read when somebody asks for the metrics. */
  observe(name: string, help: string, labelNames: readonly string[], read: () => readonly Figure[]): void {
    const metric = new Gauge({
      name: PREFIX + name,
      help,
      labelNames,
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
function readVersion(): string {
  for (const folder of ['../..', '../../..']) {
    const file = resolve(import.meta.dirname, folder, 'package.json');
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
  }
  return 'unknown';
}
