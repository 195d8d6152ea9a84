import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { lastAnswerOf } from './last-answer.js';

/** The first request of a younger connection may be on its way. */
const FIRST_REQUEST_MS = 1_000;

/** Time between searches for idle connections. */
const SWEEP_INTERVAL_MS = 50;

/** Milliseconds: a shorter turn of the event loop had almost no work. */
const QUIET_TURN_MS = 0.1;

/** The listener closes after this many, since under load no turn is quiet. */
const MAX_TURNS = 200;

export class OpenConnections {
  readonly #servers: Server[] = [];
  /** By a clock that never steps back. */
  readonly #madeAtTick = new Map<Socket, number>();
  #isClosing = false;
  /** The last request while stopping; health checks do not count. */
  #usedAtTick = Number.NEGATIVE_INFINITY;
  #onGone: () => void = () => undefined;

  watch(server: Server): void {
    this.#servers.push(server);
    server.on('connection', (socket: Socket) => {
      this.#madeAtTick.set(socket, performance.now());
      socket.once('close', () => {
        this.#madeAtTick.delete(socket);
        if (this.#madeAtTick.size === 0) this.#onGone();
      });
    });
    // For Node a connection is idle once its answer is handed over, even if nothing was sent: closing it would lose a
    // recorded answer.
    server.closeIdleConnections = () => this.#closeIdle();
  }

  /** Connections whose last answer has not left. */
  get busy(): number {
    return [...this.#madeAtTick.keys()].filter((socket) => lastAnswerOf(socket)?.writableFinished === false).length;
  }

  /** True if a request came within this time (ms) after `announceClose`; health checks do not count. */
  isInUse(withinMs: number): boolean {
    return performance.now() - this.#usedAtTick < withinMs;
  }

  /** The next answer is the last of its connection (RFC 9112 9.6). */
  announceClose(): void {
    this.#isClosing = true;
    for (const socket of this.#madeAtTick.keys()) {
      const last = lastAnswerOf(socket);
      if (last?.headersSent === false) last.shouldKeepAlive = false;
    }
  }

  /**
   * While stopping. Of pipelined answers only the last one may close: those after it would be lost.
   * @param before the previous answer on this connection
   */
  takeAnswer(response: ServerResponse, before: ServerResponse | undefined): void {
    if (!this.#isClosing) return;
    if (response.req.url?.startsWith('/health/') !== true) this.#usedAtTick = performance.now();
    if (before?.headersSent === false) before.shouldKeepAlive = true;
    response.shouldKeepAlive = false;
  }

  /**
   * Closes listeners and idle connections, waits for open requests, and cuts the rest. All connections are then closed,
   * and their listeners called. @param timeoutMs for open requests
   * @returns how many incomplete answers were cut
   */
  async close(timeoutMs: number): Promise<number> {
    await quietTurn();
    const closed = this.#servers
      .filter((server) => server.listening)
      .map(
        (server) =>
          new Promise<void>((resolve) => {
            // It would close idle connections first, which takes too long here.
            server.closeIdleConnections = () => undefined;
            server.close(() => resolve());
          }),
      );
    this.#closeIdle();
    const gone = new Promise<void>((resolve) => (this.#onGone = resolve));
    if (this.#madeAtTick.size === 0) this.#onGone();
    let cutCount = 0;
    const cut = setTimeout(() => {
      cutCount = this.busy;
      for (const socket of this.#madeAtTick.keys()) socket.destroy();
    }, timeoutMs);
    // A connection is idle after its last answer. Closed right after the system has delivered its data, so that no
    // request is lost.
    const sweep = setInterval(() => setImmediate(() => this.#closeIdle()), SWEEP_INTERVAL_MS);
    await Promise.all([...closed, gone]);
    clearTimeout(cut);
    clearInterval(sweep);
    // Sockets report their end later, and their listeners may still record something.
    await nextTurn();
    return cutCount;
  }

  #closeIdle(): void {
    const nowTick = performance.now();
    for (const [socket, madeAtTick] of this.#madeAtTick) {
      const last = lastAnswerOf(socket);
      const isIdle = last === undefined ? nowTick - madeAtTick >= FIRST_REQUEST_MS : last.writableFinished;
      if (isIdle) socket.destroy();
    }
  }
}

/**
 * Waits until the system has delivered all new connections. A closing listener resets those it still has, perhaps with
 * a POST that no load balancer repeats.
 */
async function quietTurn(): Promise<void> {
  for (let turns = 0; turns < MAX_TURNS; turns += 1) {
    const beganAtTick = performance.now();
    await nextTurn();
    if (performance.now() - beganAtTick < QUIET_TURN_MS) return;
  }
}
