import cluster, { type Worker } from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Leftovers } from '../common/stop/stop-sequence.js';
import type { Configuration } from '../config/env.js';
import { ConfigurationError } from '../config/environment.reader.js';
import type { StructuredLogger } from '../common/logging/structured.logger.js';
import { nodeName } from '../peers/node-name.js';
import { ProcessChannel } from '../peers/process.channel.js';
import type { ServerAddresses, StartAnswer, StartOrder } from '../peers/topics.js';
import { relayLines } from './line.relay.js';
import { passOnPendingConnections } from './pending-connections.js';
import { restartDelayMs, STEADY_AFTER_MS } from './restart-delay.js';

const CONTEXT = 'Workers';

/** The reader of a dead worker's last lines may have stalled. */
const LAST_LINES_MS = 1_000;

interface Member {
  readonly number: number;
  readonly worker: Worker;
  readonly channel: ProcessChannel;
  readonly ended: Promise<End>;
  /** Resolves once it listens to messages. */
  readonly here: Promise<void>;
  /** Resolves once it could open its ports. */
  readonly prepared: Promise<void>;
  readyAtMs: number | null;
}

interface End {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface SupervisorOptions {
  readonly configuration: Configuration;
  readonly program: string;
  readonly logger: StructuredLogger;
  /** A worker that takes longer hangs; only the worker that runs the migrations has no limit. */
  readonly startTimeoutMs: number;
  /** Answers what a new worker asks; called before the worker is started. */
  readonly serve: (channel: ProcessChannel) => void;
  /** Called with the ports once all workers listen, and again if the ports change. */
  readonly announce: (addresses: ServerAddresses) => void;
}

export class WorkerSupervisor {
  readonly #members = new Map<number, Member>();
  readonly #node = nodeName();
  readonly #stopping = new AbortController();
  readonly #opened: Promise<void>;
  #open: () => void = () => undefined;
  #announced: ServerAddresses | null = null;

  /** @throws ConfigurationError if this process is itself a worker */
  constructor(private readonly options: SupervisorOptions) {
    if (!cluster.isPrimary) {
      throw new ConfigurationError(
        'SCOPEGATE_WORKERS: this process is already a worker of another program. Leave it out, or start ' +
          'Scopegate itself.',
      );
    }
    this.#opened = new Promise((resolve) => (this.#open = resolve));
    cluster.schedulingPolicy = cluster.SCHED_RR;
    cluster.setupPrimary({ exec: options.program, args: [], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  }

  get channels(): readonly ProcessChannel[] {
    return [...this.#members.values()].filter(({ readyAtMs }) => readyAtMs !== null).map(({ channel }) => channel);
  }

  /**
   * The first worker starts alone: it runs the migrations, and if the server cannot start, only this worker reports it.
   * The ports open when the last worker is prepared: clients keep their connections, so the first worker would
   * otherwise keep all clients.
   * @throws Error with the reason why the server cannot start
   */
  async start(): Promise<void> {
    const [first, ...others] = Array.from({ length: this.options.configuration.workers }, (_, index) => index + 1);
    if (first === undefined) throw new Error('There is no worker to start.');
    const members = [this.#fork(first)];
    // No limit: migrations may take long, and are not cut off.
    const starts = members.map((member) => this.#startFirstTime(member, null));
    await this.#prepared(members, starts);
    this.#stopping.signal.throwIfAborted();
    for (const number of others) {
      const member = this.#fork(number);
      const start = this.#startFirstTime(member, this.options.startTimeoutMs);
      // If another worker fails to start, this one is stopped: that is not an error of its own.
      start.catch(() => undefined);
      members.push(member);
      starts.push(start);
    }
    await this.#prepared(members, starts);
    this.#open();
    await Promise.all(starts);
    if (this.#announced !== null) this.options.announce(this.#announced);
  }

  /**
   * @param timeoutMs after this time the workers are killed
   * @returns the workers that did not end normally; each has written the reason itself
   */
  async stop(timeoutMs: number): Promise<Leftovers> {
    this.#stopping.abort();
    const members = [...this.#members.values()];
    const serving = members.filter(({ readyAtMs }) => readyAtMs !== null);
    for (const { channel } of serving) channel.tell('stop', null);
    // It may not listen to messages yet. If it has begun to take requests, it finishes them.
    for (const member of members) if (!serving.includes(member)) member.worker.process.kill('SIGTERM');
    const limit = setTimeout(() => members.forEach(killMember), timeoutMs);
    const ends = await Promise.all(members.map(({ ended }) => ended));
    clearTimeout(limit);
    return members.flatMap((member, index) => {
      const { code = null, signal = null } = ends[index] ?? {};
      const isClean = code === 0 || !serving.includes(member);
      return isClean ? [] : [`worker ${member.number} (ended with ${signal ?? code})`];
    });
  }

  /** The workers close their listeners at once, after `stop`. */
  skipDraining(): void {
    for (const { channel } of this.#members.values()) channel.tell('skipDraining', null);
  }

  /** Waits until all could open their ports. @throws Error of the first that cannot start */
  async #prepared(members: readonly Member[], starts: readonly Promise<void>[]): Promise<void> {
    await Promise.race([Promise.all(members.map(({ prepared }) => prepared)), Promise.all(starts)]);
  }

  async #startFirstTime(member: Member, timeoutMs: number | null): Promise<void> {
    const answer = await this.#startWorker(member, timeoutMs);
    if (!answer.isReady) throw new Error(answer.failure);
    this.#announced ??= answer.addresses;
    void this.#keepRunning(member);
  }

  /** Waits until the worker ends, and starts the next one. */
  async #keepRunning(first: Member): Promise<void> {
    const { number } = first;
    let member: Member | null = first;
    for (let deaths = 0; ;) {
      const end = await member?.ended;
      if (this.#stopping.signal.aborted) return;
      deaths = isSteady(member) ? 0 : deaths + 1;
      const delayMs = restartDelayMs(deaths);
      if (member !== null) {
        this.options.logger.warn(
          'A worker has ended and is replaced.',
          { worker: number, workerPid: member.worker.process.pid, ...end, delayMs },
          CONTEXT,
        );
      }
      await sleep(delayMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      if (this.#stopping.signal.aborted) return;
      member = await this.#replace(number);
    }
  }

  /** @returns the next worker of a place; null if its process cannot be created */
  async #replace(number: number): Promise<Member | null> {
    let member: Member | null = null;
    let answer: StartAnswer;
    try {
      member = this.#fork(number);
      answer = await this.#startWorker(member, this.options.startTimeoutMs);
    } catch (error) {
      answer = { isReady: false, failure: error instanceof Error ? error.message : String(error) };
    }
    if (this.#stopping.signal.aborted) return member;
    if (answer.isReady) this.#noteReplaced(number, answer.addresses);
    else this.options.logger.error(`A worker cannot start: ${answer.failure}`, { worker: number }, CONTEXT);
    return member;
  }

  #noteReplaced(number: number, addresses: ServerAddresses): void {
    this.options.logger.log('A worker is ready again.', { worker: number }, CONTEXT);
    // If the system chose the port and no worker held it any more, the port is another one now.
    if (addresses.port === this.#announced?.port && addresses.managementPort === this.#announced.managementPort) return;
    this.#announced = addresses;
    this.options.announce(addresses);
  }

  /**
   * Ends the worker if it cannot start. Never rejects.
   * @param timeoutMs a worker that could not open its ports by then hangs; null for no limit
   */
  async #startWorker(member: Member, timeoutMs: number | null): Promise<StartAnswer> {
    const { number, channel, ended, here, prepared } = member;
    let isLate = false;
    const killLate = (): void => {
      isLate = true;
      killMember(member);
    };
    const limit = timeoutMs === null ? undefined : setTimeout(killLate, timeoutMs);
    void Promise.race([prepared, ended]).then(() => clearTimeout(limit));
    const order: StartOrder = { number, node: this.#node, configuration: this.options.configuration };
    await Promise.race([here, ended]);
    try {
      const answer = await channel.ask('start', order, null);
      if (answer.isReady) member.readyAtMs = Date.now();
      else killMember(member);
      return answer;
    } catch {
      const { code, signal } = await ended;
      const failure = isLate
        ? `Worker ${number} was not ready within ${Number(timeoutMs) / 1000} s and was stopped.`
        : `Worker ${number} ended while it was starting (${signal ?? code}).`;
      return { isReady: false, failure };
    }
  }

  /** @throws Error if the process cannot be created */
  #fork(number: number): Member {
    const worker = forkProcess(number);
    passOnPendingConnections(worker, () =>
      [...this.#members.values()].some((other) => other.readyAtMs !== null && other.worker.isConnected()),
    );
    const channel = new ProcessChannel((message) => {
      if (worker.isConnected()) worker.send(message, () => undefined);
    });
    worker.on('message', (message: unknown) => channel.receive(message));
    if (worker.process.stdout !== null) relayLines(worker.process.stdout, process.stdout);
    const here = new Promise<void>((resolve) => channel.on('here', () => resolve()));
    const prepared = new Promise<void>((resolve) => {
      channel.answer('listen', () => {
        resolve();
        return this.#opened;
      });
    });
    const ended = new Promise<End>((resolve) => {
      worker.process.once('exit', (code: number | null, signal: string | null) => {
        const end = (): void => {
          clearTimeout(limit);
          if (this.#members.get(number) === member) this.#members.delete(number);
          channel.close();
          resolve({ code, signal });
        };
        const limit = setTimeout(end, LAST_LINES_MS);
        // Its last lines have come by then.
        worker.process.once('close', end);
      });
    });
    const member: Member = { number, worker, channel, ended, here, prepared, readyAtMs: null };
    this.#members.set(number, member);
    this.options.serve(channel);
    return member;
  }
}

/** Without memory, Node throws; else it may return a worker with no process. @throws Error in both cases */
function forkProcess(number: number): Worker {
  let worker: Worker;
  try {
    worker = cluster.fork();
  } catch (error) {
    throw new Error(`The process of worker ${number} cannot be created (${String(error)}).`, { cause: error });
  }
  // Messages to a process that has just died may get lost.
  worker.on('error', () => undefined);
  if (worker.process.pid === undefined || typeof worker.process.send !== 'function') {
    throw new Error(`The process of worker ${number} cannot be created: the system refuses another process or file.`);
  }
  return worker;
}

function isSteady(member: Member | null): boolean {
  const readyAtMs = member?.readyAtMs ?? null;
  return readyAtMs !== null && Date.now() - readyAtMs >= STEADY_AFTER_MS;
}

function killMember({ worker }: Member): void {
  worker.process.kill('SIGKILL');
}
