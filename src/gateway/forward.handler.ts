import { STATUS_CODES, type ServerResponse } from 'node:http';
import { announcesBody, headerValues, mediaTypeOf } from '@scopegate/kernel';
import { answeredHeaders, faultOfAnswer, withoutLength, type SessionParameterRule } from '@scopegate/upstream';
import { errors, type Dispatcher } from 'undici';
import type { ProtectedApplication } from '../applications/application.js';
import type { HeldAnswer } from '../audit/audit.shipper.js';
import { JUDGED_AGAIN_AFTER_MS, type Exchange } from '../common/access/exchange.js';
import { ProblemException } from '../common/http/problem.exception.js';
import type { IncomingBody } from './forwarded-body.js';
import type { OpenRequests } from './open-requests.js';
import { watchForStall } from './stalled-client.js';
import type { ConnectionWaiter, Holder, UpstreamConnections } from './upstream.connections.js';

/** How a request is forwarded. */
export interface ForwardOptions {
  readonly application: ProtectedApplication;
  readonly connections: UpstreamConnections;
  /**
   * Judges the request once more, after a wait in which its token may have ended, and tells the application as it is now.
   * Null is a refusal, which is answered by then.
   */
  readonly judgeAgain: (onJudged: (application: ProtectedApplication | null) => void) => void;
  /** Whose share of the connections is used: a token's id, or the client's address where there is no token. */
  readonly holderKey: string;
  /** Takes the upstream's own sessions out of the answer to a token request (R11); null for every other request. */
  readonly sessionRule: SessionParameterRule | null;
  /** How long the upstream may pause in its answer, and the client in reading what waits for it. */
  readonly stallTimeoutMs: number;
}

/** Who is told what becomes of a forwarded request. */
export interface ForwardListener {
  /** Called once there is a connection for the request: it is to be dispatched. */
  onTurn(handler: ForwardHandler): void;
  /** Called once with the head of the answer, which leaves when it is told to. */
  onHead(exchange: Exchange, status: number, answer: HeldAnswer): void;
  /** Called when the client goes away before its answer is complete. */
  onGone(exchange: Exchange): void;
  /** Called when the upstream fails, whether or not the head has left. */
  onFailure(exchange: Exchange, error: unknown): void;
}

/** What Node takes for a reason phrase (RFC 9112 4): it has no meaning, and undici may have read it in another charset. */
const REASON_PHRASE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** The media type of server-sent events (HTML, 9.2.2). */
const EVENT_STREAM = 'text/event-stream';

/** So much may wait for a client to read it when an interim answer comes, in bytes. */
const MAX_INTERIM_BYTES = 65_536;

/** Makes the head leave at once. Node would send the head of an answer that has no bytes yet in another charset. */
const NO_BYTES = Buffer.alloc(0);

/**
 * Writes an upstream's answer straight to the client's connection, chunk by chunk, at the pace the client reads.
 * Nothing of it leaves before it is recorded (R62); an answer that is complete by then is one write. A client that goes
 * away ends the upstream request.
 */
export class ForwardHandler implements Dispatcher.DispatchHandler, HeldAnswer, ConnectionWaiter {
  private readonly response: ServerResponse;
  #application: ProtectedApplication;
  #body: Buffer | IncomingBody | null = null;
  /** Set while it waits for a connection or has one. */
  #holder: Holder | null = null;
  #hasConnection = false;
  #isStream = false;
  #abort: ((error?: Error) => void) | null = null;
  #resume: (() => void) | null = null;
  #isGone = false;
  #hasFailed = false;
  #isSent = false;
  #isComplete = false;
  #hasNoBody = false;
  #status = 0;
  #statusText = '';
  #lines: string[] = [];
  /** What has arrived of the body before the head may leave: of one turn of the event loop at the most. */
  #held: Buffer[] | null = null;
  /** Ends the wait for a connection; null while none is waited for. */
  #connectionTimer: NodeJS.Timeout | null = null;
  readonly #startedAtTick = performance.now();

  constructor(
    readonly exchange: Exchange,
    readonly options: ForwardOptions,
    private readonly listener: ForwardListener,
    openRequests: OpenRequests,
  ) {
    const { response } = exchange;
    this.response = response;
    this.#application = options.application;
    const place = openRequests.add(exchange);
    response.once('close', () => {
      openRequests.remove(place);
      if (response.writableFinished) return;
      this.#isGone = true;
      this.#endWaiting();
      this.listener.onGone(this.exchange);
      this.#abort?.(new Error('The client closed the connection.'));
    });
  }

  /** What it is sent to, by the rules that it was judged by last. */
  get application(): ProtectedApplication {
    return this.#application;
  }

  /** What is sent as the body. */
  get body(): Buffer | IncomingBody | null {
    return this.#body;
  }

  /** Waits for the client's body, as much of it as is needed, and then for a connection. */
  awaitBody(body: IncomingBody): void {
    this.#body = body;
    body.gather(
      (whole) => this.awaitConnection(whole ?? body),
      () => this.#giveUp(bodyTooSlow()),
    );
  }

  /** Waits for a connection: as a rule, there is one. */
  awaitConnection(body: Buffer | IncomingBody | null): void {
    if (this.#isGone || this.#hasFailed) return;
    this.#body = body;
    this.#startConnectionTimer();
    const { connections, holderKey } = this.options;
    const holder = connections.holder(holderKey);
    this.#holder = holder;
    if (connections.take(holder)) this.onTurn();
    else if (!connections.wait(holder, this)) this.#giveUp(tooManyWaiting());
  }

  onTurn(): void {
    this.#hasConnection = true;
    if (performance.now() - this.#startedAtTick < JUDGED_AGAIN_AFTER_MS) {
      this.#dispatch();
      return;
    }
    this.#stopConnectionTimer();
    this.options.judgeAgain((application) => {
      if (application === null) this.#hasFailed = true;
      if (this.#isGone || application === null || this.#hasFailed) {
        this.#releaseConnection();
      } else if (application.target.origin !== this.options.connections.origin) {
        this.#releaseConnection();
        this.#giveUp(upstreamChanged());
      } else {
        this.#application = application;
        this.#startConnectionTimer();
        this.#dispatch();
      }
    });
  }

  #dispatch(): void {
    try {
      this.listener.onTurn(this);
    } catch (error) {
      this.#releaseConnection();
      this.#giveUp(error as Error);
    }
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort;
    this.#stopConnectionTimer();
    if (this.#isGone || this.#hasFailed) {
      abort(new Error('The client no longer waits for it.'));
    }
  }

  /** Ends the request, and says why. */
  #giveUp(error: Error): void {
    this.#endWaiting();
    this.#hasFailed = true;
    this.listener.onFailure(this.exchange, error);
    this.#abort?.(error);
  }

  /** Nothing is waited for any more. A connection that undici is about to use is given back when it says so. */
  #endWaiting(): void {
    this.#stopConnectionTimer();
    if (this.#body !== null && !Buffer.isBuffer(this.#body)) this.#body.giveUp();
    if (this.#holder !== null && !this.#hasConnection) this.options.connections.leave(this.#holder, this);
  }

  #releaseConnection(): void {
    if (!this.#hasConnection || this.#holder === null) return;
    this.#hasConnection = false;
    this.options.connections.release(this.#holder, this.#isStream);
    this.#holder = null;
  }

  /** The time for a connection; undici's own timers limit the wait for an answer on it. */
  #startConnectionTimer(): void {
    this.#connectionTimer = setTimeout(
      () => this.#giveUp(new errors.ConnectTimeoutError()),
      this.#application.timeoutMs,
    );
  }

  #stopConnectionTimer(): void {
    if (this.#connectionTimer !== null) clearTimeout(this.#connectionTimer);
    this.#connectionTimer = null;
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void, statusText: string): boolean {
    const { sessionRule } = this.options;
    const lines = rawHeaders.map((part) => part.toString('latin1'));
    const fault = faultOfAnswer(status, lines);
    if (fault !== null) {
      this.#giveUp(new Error(fault));
      return false;
    }
    if (status < 200) {
      this.#passInterim(status, lines);
      return true;
    }
    if (this.#isStreamTooMany(lines)) {
      this.#giveUp(tooManyStreams());
      return false;
    }
    this.#status = status;
    this.#statusText = REASON_PHRASE.test(statusText) ? statusText : (STATUS_CODES[status] ?? '');
    const passed = answeredHeaders(lines, sessionRule);
    this.#lines = status === 204 ? withoutLength(passed) : passed;
    this.#lines.push('X-Request-Id', this.exchange.requestId);
    this.#resume = resume;
    this.#hasNoBody = status === 204 || status === 304 || this.response.req.method === 'HEAD';
    if (status === 204 && announcesBody(lines)) {
      this.#completeWithoutBody();
      return false;
    }
    this.listener.onHead(this.exchange, status, this);
    return true;
  }

  /** Passes on an answer whose body must not be read, and ends the connection, on which that body may follow. */
  #completeWithoutBody(): void {
    this.#isComplete = true;
    this.listener.onHead(this.exchange, this.#status, this);
    this.#hasFailed = true;
    this.#abort?.(new Error('An answer that must not have a body announces one.'));
  }

  /**
   * Passes on an answer before the final one, such as 103 (RFC 8297). HTTP/1.0 has none (RFC 9110 15.2). One that the
   * client does not take at once is left out, and so is one whose turn on the connection has not come.
   */
  #passInterim(status: number, lines: readonly string[]): void {
    const { response } = this;
    const { socket } = response;
    if (response.req.httpVersion !== '1.1' || response.headersSent || this.exchange.isSettled) return;
    if (socket === null || socket.writableLength > MAX_INTERIM_BYTES) return;
    const passed = withoutLength(answeredHeaders(lines, this.options.sessionRule));
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Interim'}\r\n`;
    for (let index = 0; index + 1 < passed.length; index += 2) head += `${passed[index]}: ${passed[index + 1]}\r\n`;
    socket.write(`${head}\r\n`, 'latin1');
  }

  onData(chunk: Buffer): boolean {
    // Told when undici goes on reading; one that made it pause once more would be the last.
    if (chunk.length === 0) return true;
    if (!this.#isSent) {
      (this.#held ??= []).push(chunk);
      return true;
    }
    if (this.response.write(chunk)) return true;
    this.#watchReader();
    return false;
  }

  /** Whether the answer is an event stream for which its holder has no room. Those must not block what is short. */
  #isStreamTooMany(lines: readonly string[]): boolean {
    const type = headerValues(lines, 'content-type')[0];
    if (type === undefined || mediaTypeOf(type) !== EVENT_STREAM || this.#holder === null) return false;
    this.#isStream = this.options.connections.addStream(this.#holder);
    return !this.#isStream;
  }

  onComplete(): void {
    this.#isComplete = true;
    this.#releaseConnection();
    this.#endWaiting();
    if (this.#isSent) this.response.end();
  }

  onError(error: Error): void {
    this.#releaseConnection();
    this.#endWaiting();
    if (this.#isGone || this.#hasFailed) return;
    const { request } = this.exchange;
    if (!request.complete && request.socket.destroyed) {
      // The client broke its body off: undici is told of that first.
      this.#isGone = true;
      this.listener.onGone(this.exchange);
      return;
    }
    // The length that a 304 tells is that of a body it does not have (RFC 9110 8.6), and undici misses that body.
    if (this.#hasNoBody && error instanceof errors.ResponseContentLengthMismatchError) this.onComplete();
    else this.listener.onFailure(this.exchange, error);
  }

  send(): void {
    const { response } = this;
    if (response.destroyed) return;
    this.#isSent = true;
    response.writeHead(this.#status, this.#statusText, this.#lines);
    const held = this.#held;
    this.#held = null;
    const [first] = held ?? [];
    if (this.#isComplete && (held === null || held.length === 1)) {
      response.end(first);
      return;
    }
    if (this.#resume !== null) response.on('drain', this.#resume);
    let isRead = true;
    if (held !== null) for (const chunk of held) isRead = response.write(chunk);
    // A head without a body yet (an event stream) must not wait for the first chunk.
    else if (!this.#hasNoBody) response.write(NO_BYTES);
    if (!isRead) this.#watchReader();
    if (this.#isComplete) response.end();
  }

  withhold(): void {
    this.response.destroy();
  }

  /** The connection of a client that does not go on reading is ended after a while. */
  #watchReader(): void {
    const { socket } = this.response;
    if (socket !== null) this.response.once('drain', watchForStall(socket, this.options.stallTimeoutMs));
  }
}

function bodyTooSlow(): ProblemException {
  return new ProblemException(
    'request_timeout',
    'The body of the request arrives too slowly. Send at least 64 bytes a second.',
  );
}

function tooManyWaiting(): ProblemException {
  return new ProblemException(
    'upstream_timeout',
    'Too many requests of this token or client wait for the application. Wait for some answers before you ' +
      'send more.',
  );
}

function tooManyStreams(): ProblemException {
  return new ProblemException(
    'upstream_timeout',
    'This token or client has the maximum number of event streams of this application open. Close one, or ' +
      'ask an administrator to raise "connections".',
  );
}

function upstreamChanged(): ProblemException {
  return new ProblemException(
    'policy_unavailable',
    'The upstream of the application was changed while the request waited. Send it again.',
  );
}
