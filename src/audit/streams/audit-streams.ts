import { hostname } from 'node:os';
import type { AuditEvent } from '@scopegate/audit';
import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../../common/time/clock.js';
import { CONFIGURATION } from '../../config/config.module.js';
import type { AuditStreamsConfiguration } from '../../config/audit-streams-configuration.js';
import type { Configuration } from '../../config/env.js';
import { MetricsRegistry, type Figure } from '../../metrics/metrics.registry.js';
import { toDto } from '../audit-event.mapper.js';
import { AuditChain } from '../audit-chain.js';
import { AuditStream } from './audit-stream.js';
import { FileSink } from './file.sink.js';
import { StdoutSink } from './stdout.sink.js';
import type { StreamSink } from './stream.sink.js';
import { SyslogTcpSink } from './syslog-tcp.sink.js';
import { SyslogUdpSink } from './syslog-udp.sink.js';
import { WebhookSink } from './webhook.sink.js';

/** Sends every stored event to the configured receivers. Neither requests nor the storing of events wait for them. */
@Injectable()
export class AuditStreams implements OnModuleInit {
  readonly #logger = new Logger(AuditStreams.name);
  readonly #streams: readonly AuditStream[];
  readonly #hasFile: boolean;
  // Log rotation sends SIGHUP, which would end the server. The file is reopened without it.
  readonly #onHangUp = (): void => undefined;

  constructor(
    @Inject(CONFIGURATION) configuration: Configuration,
    private readonly chain: AuditChain,
    clock: Clock,
    metrics: MetricsRegistry,
  ) {
    this.#streams = sinksOf(configuration.auditStreams, clock).map((sink) => new AuditStream(sink));
    this.#hasFile = configuration.auditStreams.file !== null;
    if (this.#streams.length > 0) this.#addMetrics(metrics);
  }

  onModuleInit(): void {
    if (this.#streams.length === 0) return;
    this.chain.onStored((stored) => this.#offer(stored));
    if (this.#hasFile) process.on('SIGHUP', this.#onHangUp);
  }

  get queued(): number {
    return this.#streams.reduce((sum, { queued }) => sum + queued, 0);
  }

  /** Sends what is queued, as far as the time allows. Call it once the last events are stored. */
  async close(timeoutMs: number): Promise<void> {
    await Promise.all(this.#streams.map((stream) => stream.close(timeoutMs)));
    process.off('SIGHUP', this.#onHangUp);
  }

  #offer(stored: readonly AuditEvent[]): void {
    try {
      const events = stored.map((one) => {
        const event = toDto(one);
        return { event, json: JSON.stringify(event) };
      });
      for (const stream of this.#streams) stream.offer(events);
    } catch (error) {
      // The events are stored: a failure here must not look like a failure to store them.
      this.#logger.error('Audit events could not be streamed out.', error);
    }
  }

  #addMetrics(metrics: MetricsRegistry): void {
    const figures = (read: (stream: AuditStream) => number): readonly Figure[] =>
      this.#streams.map((stream) => ({ labels: { stream: stream.name }, value: read(stream) }));
    metrics.observeCount(
      'audit_stream_events_total',
      'Audit events that were streamed out, or dropped since they could not be.',
      ['stream', 'result'],
      () =>
        this.#streams.flatMap(({ name, sent, dropped }) => [
          { labels: { stream: name, result: 'sent' }, value: sent },
          { labels: { stream: name, result: 'dropped' }, value: dropped },
        ]),
    );
    metrics.observe('audit_stream_queue', 'Audit events that wait to be streamed out.', ['stream'], () =>
      figures(({ queued }) => queued),
    );
    metrics.observe(
      'audit_stream_failing',
      '1 where the last attempt to stream out failed.',
      ['stream'],
      () => figures(({ isFailing }) => (isFailing ? 1 : 0)),
      'max',
    );
  }
}

function sinksOf({ stdout, file, syslog, webhook }: AuditStreamsConfiguration, clock: Clock): readonly StreamSink[] {
  const origin = { hostname: hostname(), processId: process.pid };
  const sinks: StreamSink[] = [];
  if (stdout) sinks.push(new StdoutSink());
  if (file !== null) sinks.push(new FileSink(file));
  if (syslog !== null) {
    const { protocol, host, port } = syslog;
    sinks.push(protocol === 'udp' ? new SyslogUdpSink(host, port, origin) : new SyslogTcpSink(host, port, origin));
  }
  if (webhook !== null) sinks.push(new WebhookSink(webhook.url, webhook.secret, () => clock.nowMs()));
  return sinks;
}
