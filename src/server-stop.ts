import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DecisionRecorder } from './access/decision.recorder.js';
import { AuditShipper } from './audit/audit-shipper.js';
import { UnrecordedRequests } from './audit/unrecorded-requests.js';
import { AuditStreams } from './audit/streams/audit-streams.js';
import { CUT_MS, longestDrainMs, STOP_LIMITS } from './common/stop/stop-limits.js';
import { runStop, type Leftovers, type StopStep } from './common/stop/stop-sequence.js';
import { StopState } from './common/stop/stop-state.js';
import type { Configuration } from './config/env.js';
import type { FrontDoor } from './gateway/front-door.js';
import { ForwardAuthService } from './forward-auth/forward-auth.service.js';
import { GatewayService } from './gateway/gateway.service.js';
import { OpenRequests } from './gateway/open-requests.js';
import { UpstreamPools } from './gateway/upstream.pools.js';
import { TokenPurgeJob } from './tokens/token-purge.job.js';

const POLL_INTERVAL_MS = 10;

/** After this time without requests, the load balancers have noticed. */
const QUIET_MS = 500;

/** The receivers of the streams end this much earlier than the step, so that the step can disconnect them. */
const STREAM_CLOSE_MS = 500;

/** The order of a stop (R79, R81): a part that may still record something ends before the part that stores it. */
export class ServerStop {
  readonly #logger = new Logger('Stop');
  #running: Promise<Leftovers> | null = null;
  #isDrainingSkipped = false;
  #skipDraining: () => void = () => undefined;
  readonly #drainingSkipped = new Promise<void>((resolve) => (this.#skipDraining = resolve));
  readonly #onExit = (): void => this.#recordTheRest();

  constructor(
    private readonly app: NestFastifyApplication,
    private readonly frontDoor: FrontDoor,
    private readonly configuration: Pick<Configuration, 'drainMs' | 'stopMs'>,
  ) {
    // However the process ends, for example by an unhandled error.
    process.on('exit', this.#onExit);
  }

  /** A second call returns the same result. @returns what is left unfinished; empty if everything ended normally */
  async run(): Promise<Leftovers> {
    this.#running ??= this.#run();
    return this.#running;
  }

  /** Closes the listeners at once. Requests under way still get their time. */
  skipDraining(): void {
    this.#isDrainingSkipped = true;
    this.#skipDraining();
  }

  async #run(): Promise<Leftovers> {
    const { drainMs, stopMs } = this.configuration;
    this.app.get(StopState).begin();
    this.#logger.log('The server stops.', { drainMs, stopMs });
    this.frontDoor.drain();
    const leftovers = [...(await runStop(this.#steps()))];
    this.#recordTheRest();
    const unrecorded = this.app.get(UnrecordedRequests).waiting;
    if (unrecorded > 0) leftovers.push(`journal: ${unrecorded} request(s) that could not be recorded on the disk`);
    process.off('exit', this.#onExit);
    if (leftovers.length > 0) this.#logger.error('The server could not stop cleanly.', { left: leftovers });
    return leftovers;
  }

  #steps(): readonly StopStep[] {
    const { app, frontDoor } = this;
    const { drainMs, stopMs } = this.configuration;
    const [shipper, streams] = [app.get(AuditShipper), app.get(AuditStreams)];
    const streamsMs = STOP_LIMITS.streams - STREAM_CLOSE_MS;
    return [
      { name: 'draining', limitMs: longestDrainMs({ drainMs }), run: () => this.#drain(), left: nothing },
      {
        name: 'requests',
        limitMs: stopMs + CUT_MS,
        run: () => this.#finishRequests(),
        left: () => `${frontDoor.busyConnections} connection(s) with a request under way`,
      },
      {
        name: 'judging',
        limitMs: STOP_LIMITS.judging,
        run: () => this.#finishJudging(),
        left: () => `${this.#unfinished} request(s) whose client is gone`,
      },
      {
        name: 'upstreams',
        limitMs: STOP_LIMITS.upstreams,
        run: () => app.get(UpstreamPools).close().then(nothing),
        left: () => 'connections to upstreams',
      },
      {
        name: 'background',
        limitMs: STOP_LIMITS.background,
        run: () => app.get(TokenPurgeJob).onModuleDestroy().then(nothing),
        left: () => 'the purge of old tokens and events',
      },
      { name: 'audit', limitMs: STOP_LIMITS.audit, run: () => shipper.store(), left: () => shipper.leftovers },
      {
        name: 'audit streams',
        limitMs: STOP_LIMITS.streams,
        run: () => streams.close(streamsMs).then(nothing),
        left: () => `${streams.queued} event(s) that are stored but were not sent`,
      },
      {
        name: 'connections',
        limitMs: STOP_LIMITS.connections,
        run: () => app.close().then(nothing),
        left: () => 'connections to the database or to Redis',
      },
    ];
  }

  /** Waits until load balancers send no more requests. */
  async #drain(): Promise<null> {
    const wait = (ms: number): Promise<unknown> => Promise.race([sleep(ms), this.#drainingSkipped]);
    await wait(this.configuration.drainMs);
    while (!this.#isDrainingSkipped && this.frontDoor.isInUse(QUIET_MS)) await wait(POLL_INTERVAL_MS);
    return null;
  }

  async #finishRequests(): Promise<null> {
    const cut = await this.frontDoor.close(this.configuration.stopMs);
    if (cut > 0) {
      this.#logger.warn(`${cut} request(s) took longer than SCOPEGATE_STOP_MS and were cut off. They are recorded.`);
    }
    return null;
  }

  get #unfinished(): number {
    const waiting = this.app.get(GatewayService).waiting + this.app.get(ForwardAuthService).waiting;
    return this.frontDoor.unanswered.length + waiting;
  }

  /** Requests continue without their client, and may still go upstream or change something. */
  async #finishJudging(): Promise<null> {
    while (this.#unfinished > 0) await sleep(POLL_INTERVAL_MS);
    return null;
  }

  /** Records the allowed requests that have no event yet, and closes the journal. Synchronous; never throws. */
  #recordTheRest(): void {
    try {
      const recorder = this.app.get(DecisionRecorder);
      for (const open of this.app.get(OpenRequests).forwarded) {
        recorder.settleUnanswered(open.exchange);
        open.cut('stop');
      }
      for (const exchange of this.frontDoor.unanswered) {
        if (exchange.decision !== null) recorder.settleUnanswered(exchange);
      }
      this.app.get(AuditShipper).close();
    } catch (error) {
      this.#logger.error('The last events cannot be recorded.', error);
    }
  }
}

function nothing(): null {
  return null;
}
