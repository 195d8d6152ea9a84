import { Logger } from '@nestjs/common';
import { isConnectionRefused } from '../../database/database-unavailable.js';

const INTERVAL_MS = 100;

const TASK_INTERVAL_MS = 1_000;

export type FlushTask = () => Promise<void>;

export class ShippingLoop {
  readonly #logger = new Logger(ShippingLoop.name);
  readonly #tasks: FlushTask[] = [];
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | null = null;
  #tasksAtTick = Number.NEGATIVE_INFINITY;
  #isFailing = false;
  #isRefused = false;

  constructor(private readonly ship: () => Promise<void>) {}

  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** Whether the database refuses connections: then waiting is useless. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  addTask(task: FlushTask): void {
    this.#tasks.push(task);
  }

  start(onTick: () => void): void {
    this.#timer = setInterval(() => {
      onTick();
      if (this.#round === null) void this.#begin(false);
    }, INTERVAL_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Runs a whole round, tasks included, after the one under way. */
  async flush(): Promise<void> {
    while (this.#round !== null) await this.#round;
    await this.#begin(true);
  }

  /** Catches a failure, for the log and `isFailing`. */
  async attempt(work: () => Promise<void>): Promise<void> {
    await work().catch((error: unknown) => this.#noteFailure(error));
  }

  #begin(withTasks: boolean): Promise<void> {
    return (this.#round = this.attempt(() => this.#run(withTasks)).finally(() => (this.#round = null)));
  }

  async #run(withTasks: boolean): Promise<void> {
    await this.ship();
    const nowTick = performance.now();
    if (!withTasks && nowTick - this.#tasksAtTick < TASK_INTERVAL_MS) return;
    this.#tasksAtTick = nowTick;
    for (const task of this.#tasks) await task();
    // Only a whole round shows that all is well: a task may fail while no event waits.
    if (this.#isFailing) this.#logger.log('Audit events are stored again.');
    this.#isFailing = false;
  }

  #noteFailure(error: unknown): void {
    this.#isRefused = isConnectionRefused(error);
    if (!this.#isFailing) {
      this.#logger.error(`Audit events cannot be stored and stay in the journal: ${String(error)}`);
    }
    this.#isFailing = true;
  }
}
