import type { MetricObject, MetricValueWithName } from 'prom-client';

export class Durations {
  /** One more than the buckets: the last counts what is above them. */
  readonly #counts: number[];
  #sum = 0;

  /** @param buckets the upper bounds in seconds, rising */
  constructor(private readonly buckets: readonly number[]) {
    this.#counts = Array.from({ length: buckets.length + 1 }, () => 0);
  }

  observe(seconds: number): void {
    let index = 0;
    while (index < this.buckets.length && seconds > (this.buckets[index] as number)) index += 1;
    this.#counts[index] = (this.#counts[index] as number) + 1;
    this.#sum += seconds;
  }

  /** Prometheus' form: each bucket includes the ones below it. */
  values(name: string, labels: Readonly<Record<string, string>>): MetricValueWithName<string>[] {
    const values: MetricValueWithName<string>[] = [];
    let total = 0;
    for (const [index, count] of this.#counts.entries()) {
      total += count;
      const le = this.buckets[index] ?? '+Inf';
      values.push({ metricName: `${name}_bucket`, labels: { ...labels, le }, value: total });
    }
    values.push({ metricName: `${name}_sum`, labels: { ...labels }, value: this.#sum });
    values.push({ metricName: `${name}_count`, labels: { ...labels }, value: total });
    return values;
  }
}

/**
 * For what is timed with every request. The library's own histogram looks figures up by their labels, which takes as
 * long as a whole stage of the decision; here the labels are looked up once.
 */
export class DurationHistogram<Label extends string> {
  readonly #children: { readonly labels: Readonly<Record<Label, string>>; readonly durations: Durations }[] = [];

  constructor(
    readonly name: string,
    private readonly help: string,
    private readonly buckets: readonly number[],
  ) {}

  /** Call it once: the labels are looked up here. */
  durationsOf(labels: Readonly<Record<Label, string>>): Durations {
    const durations = new Durations(this.buckets);
    this.#children.push({ labels, durations });
    return durations;
  }

  get(): Promise<Omit<MetricObject, 'type' | 'collect'> & { readonly type: string; readonly values: object[] }> {
    const values = this.#children.flatMap(({ labels, durations }) => durations.values(this.name, labels));
    return Promise.resolve({ name: this.name, help: this.help, type: 'histogram', values, aggregator: 'sum' });
  }
}
