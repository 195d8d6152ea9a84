import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { lastAnswerOf } from './last-answer.js';

/** The first request of a connection that is younger than this may be on its way. */
const FIRST_REQUEST_MS = 1_000;

/** How often connections that have become idle are looked for. */
const SWEEP_INTERVAL_MS = 50;

/** A turn of the event loop that took no longer, in milliseconds, had next to nothing in it. */
const QUIET_TURN_MS = 0.1;

/** Under load there may be no quiet turn: the listener closes after so many at the latest. */
const MAX_TURNS = 200;

/** The connections of all listeners, and their end. */
export class OpenConnections {
  readonly #servers: Server[] = [];
  /** When each was made, by a clock that never steps back. */
  readonly #madeAtTick = new Map<Socket, number>();
  #isClosing = false;
  /** When the last request came that is not about health, once the server is stopping. */
  #usedAtTick = Number.NEGATIVE_INFINITY;
  #onGone: () => void = () => undefined;

  /** Looks after the connections of a listener. */
  watch(server: Server): void {
    this.#servers.push(server);
    server.on('connection', (socket: Socket) => {
      this.#madeAtTick.set(socket, performance.now());
      socket.once('close', () => {
        this.#madeAtTick.delete(socket);
        if (this.#madeAtTick.size === 0) this.#onGone();
      });
    });
    // Node counts a connection as idle once its answer has been handed over, also where nothing of it has been sent:
    // closing it then takes an answer away that is recorded as given.
    server.closeIdleConnections = () => this.#closeIdle();
  }

  /** The number of connections whose last answer has not left. */
  get busy(): number {
    return [...this.#madeAtTick.keys()].filter((socket) => lastAnswerOf(socket)?.writableFinished === false).length;
  }

  /** Whether a request has come within this time, in milliseconds, since `announceClose`; health checks do not count. */
  isInUse(withinMs: number): boolean {
    return performance.now() - this.#usedAtTick < withinMs;
  }

  /** Has the next answer of every connection say that it is the last one (RFC 9112 9.6). */
  announceClose(): void {
    this.#isClosing = true;
    for (const socket of this.#madeAtTick.keys()) {
      const last = lastAnswerOf(socket);
      if (last?.headersSent === false) last.shouldKeepAlive = false;
    }
  }

  /**
   * Makes an answer the last one of its connection, once the server is stopping. Of several that wait on one connection
   * (pipelining) it is the last one that says so: those behind it would be lost.
   * @param before the answer before it, on the same connection
   */
  takeAnswer(response: ServerResponse, before: ServerResponse | undefined): void {
    if (!this.#isClosing) return;
    if (response.req.url?.startsWith('/health/') !== true) this.#usedAtTick = performance.now();
    if (before?.headersSent === false) before.shouldKeepAlive = true;
    response.shouldKeepAlive = false;
  }

  /**
   * Closes the listeners and the idle connections, lets requests under way finish, and cuts what is left after the time.
   * When it returns, every connection is closed, and its listeners have been called.
   * @param timeoutMs how long requests under way may take
   * @returns how many connections were cut while their answer was not complete
   */
  async close(timeoutMs: number): Promise<number> {
    await quietTurn();
    const closed = this.#servers
      .filter((server) => server.listening)
      .map(
        (server) =>
          new Promise<void>((resolve) => {
            // It would close idle connections first; until it is closed itself, every moment counts.
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
    // A connection becomes idle when its last answer is complete. Closed right after the system has handed over what has
    // arrived, so that no request is lost that was on its way.
    const sweep = setInterval(() => setImmediate(() => this.#closeIdle()), SWEEP_INTERVAL_MS);
    await Promise.all([...closed, gone]);
    clearTimeout(cut);
    clearInterval(sweep);
    // The listener closes before the sockets have told those who wait for them, who have something to record then.
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
 * Waits for a moment in which the system has handed over all new connections. A listener that is closed resets those that
 * it still holds, and with them a POST that no load balancer sends again.
 */
async function quietTurn(): Promise<void> {
  for (let turns = 0; turns < MAX_TURNS; turns += 1) {
    const beganAtTick = performance.now();
    await nextTurn();
    if (performance.now() - beganAtTick < QUIET_TURN_MS) return;
  }
}
