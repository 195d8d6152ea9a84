import { announcesBody, headerValues, mediaTypeOf } from '@scopegate/kernel';
import { faultOfAnswer, type SessionParameterRule } from '@scopegate/upstream';
import { errors, type Dispatcher } from 'undici';
import type { ProtectedApplication } from '../applications/application.js';
import type { PendingResponse } from '../audit/pending-response.js';
import { JUDGED_AGAIN_AFTER_MS, type Exchange } from '../common/access/exchange.js';
import { ProblemException } from '../common/http/problem.exception.js';
import { AnswerWriter } from './answer.writer.js';
import type { IncomingBody } from './forwarded-body.js';
import type { OpenRequests } from './open-requests.js';
import type { ConnectionWaiter, Holder, UpstreamConnections } from './upstream.connections.js';

/** How a request is forwarded. */
export interface ForwardOptions {
  readonly application: ProtectedApplication;
  readonly connections: UpstreamConnections;
  /**
   * Judges the request again after a wait in which its token may have ended, and gives the current application.
   * Null means that the request was refused, and answered.
   */
  readonly judgeAgain: (onJudged: (application: ProtectedApplication | null) => void) => void;
  /** Whose share of the connections is used: a token's id, or the client's address where there is no token. */
  readonly holderKey: string;
  /** Takes the upstream's own sessions out of the answer to a token request (R11); null for every other request. */
  readonly sessionRule: SessionParameterRule | null;
  /** How long the upstream may pause in its answer, and the client in reading what waits for it. */
  readonly stallTimeoutMs: number;
}

/** Gets the events of a forwarded request. */
export interface ForwardListener {
  /** Called once, when the request has a connection: dispatches it. */
  onTurn(handler: ForwardHandler): void;
  /** Called once with the head of the answer, which is sent on `release`. */
  onHead(exchange: Exchange, status: number, answer: PendingResponse): void;
  /** Called when the client goes away before its answer is complete. */
  onGone(exchange: Exchange): void;
  /** Called when the upstream fails, whether or not the head has left. */
  onFailure(exchange: Exchange, error: unknown): void;
}

/** The media type of server-sent events (HTML, 9.2.2). */
const EVENT_STREAM = 'text/event-stream';

/**
 * One request on its way upstream: it waits for its body and for a connection, and hands the answer on. A client that
 * goes away ends the upstream request.
 */
export class ForwardHandler implements Dispatcher.DispatchHandler, ConnectionWaiter {
  readonly #answer: AnswerWriter;
  #application: ProtectedApplication;
  #body: Buffer | IncomingBody | null = null;
  /** Set while it waits for a connection or has one. */
  #holder: Holder | null = null;
  #hasConnection = false;
  #isStream = false;
  #abort: ((error?: Error) => void) | null = null;
  #isGone = false;
  #hasFailed = false;
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
    this.#answer = new AnswerWriter(exchange, options.sessionRule, options.stallTimeoutMs);
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

  /** Ends the request with an error. */
  #giveUp(error: Error): void {
    this.#endWaiting();
    this.#hasFailed = true;
    this.listener.onFailure(this.exchange, error);
    this.#abort?.(error);
  }

  /** Ends every wait. A connection that undici is about to use is given back in `onError`. */
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
    const lines = rawHeaders.map((part) => part.toString('latin1'));
    const fault = faultOfAnswer(status, lines);
    if (fault !== null) {
      this.#giveUp(new Error(fault));
      return false;
    }
    if (status < 200) {
      this.#answer.passInterim(status, lines);
      return true;
    }
    if (this.#isStreamTooMany(lines)) {
      this.#giveUp(tooManyStreams());
      return false;
    }
    this.#answer.takeHead(status, statusText, lines, resume);
    if (status === 204 && announcesBody(lines)) {
      this.#completeWithoutBody(status);
      return false;
    }
    this.listener.onHead(this.exchange, status, this.#answer);
    return true;
  }

  /** Passes on an answer whose body must not be read, and ends the connection, on which that body may follow. */
  #completeWithoutBody(status: number): void {
    this.#answer.end();
    this.listener.onHead(this.exchange, status, this.#answer);
    this.#hasFailed = true;
    this.#abort?.(new Error('An answer that must not have a body announces one.'));
  }

  onData(chunk: Buffer): boolean {
    // undici gives an empty chunk when it reads on. Pausing it then would stop it for good.
    return chunk.length === 0 || this.#answer.write(chunk);
  }

  /** Whether the answer is an event stream for which its holder has no room. Those must not block what is short. */
  #isStreamTooMany(lines: readonly string[]): boolean {
    const type = headerValues(lines, 'content-type')[0];
    if (type === undefined || mediaTypeOf(type) !== EVENT_STREAM || this.#holder === null) return false;
    this.#isStream = this.options.connections.addStream(this.#holder);
    return !this.#isStream;
  }

  onComplete(): void {
    this.#releaseConnection();
    this.#endWaiting();
    this.#answer.end();
  }

  onError(error: Error): void {
    this.#releaseConnection();
    this.#endWaiting();
    if (this.#isGone || this.#hasFailed) return;
    const { request } = this.exchange;
    if (!request.complete && request.socket.destroyed) {
      // The client broke off its body, and undici noticed it first.
      this.#isGone = true;
      this.listener.onGone(this.exchange);
      return;
    }
    // The length in a 304 is that of a body that is not sent (RFC 9110 8.6), and undici waits for that body.
    if (this.#answer.hasNoBody && error instanceof errors.ResponseContentLengthMismatchError) this.onComplete();
    else this.listener.onFailure(this.exchange, error);
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
