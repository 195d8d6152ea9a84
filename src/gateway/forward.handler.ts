import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isSafeRequest } from '@scopegate/access';
import { announcesBody } from '@scopegate/kernel';
import { faultOfUpgrade, isEventStream } from '@scopegate/upstream';
import { errors, type Dispatcher } from 'undici';
import type { ProtectedApplication } from '../applications/application.js';
import type { RequestIdentity } from '../identity/upstream-identity.js';
import { JUDGED_AGAIN_AFTER_MS, type Exchange } from '../common/access/exchange.js';
import { AnswerLines } from './answer-lines.js';
import { AnswerWriter } from './answer.writer.js';
import type { ForwardListener, ForwardOptions } from './forward-listener.js';
import {
  bodyTooSlow,
  problemOfAnswer,
  tooManyStreams,
  tooManyWaiting,
  upgradeRefused,
  upstreamChanged,
} from './forward-problems.js';
import type { IncomingBody } from './forwarded-body.js';
import type { RequestCookies } from './kept-cookies.cache.js';
import type { OpenRequest, OpenRequests } from './open-requests.js';
import { UpgradeAnswer } from './upgrade.answer.js';
import type { EndCause } from './upgraded-connection.js';
import type { ConnectionWaiter, Holder } from './upstream.connections.js';
import { wasClosedWhenReused } from './upstream.connector.js';

/** Waits for the body and a connection, then passes the answer on. If the client goes, the upstream request ends. */
export class ForwardHandler implements Dispatcher.DispatchHandler, ConnectionWaiter, OpenRequest {
  cookies: RequestCookies | null = null;
  /** Of the gateway, as it went upstream. */
  credential: RequestIdentity['credential'] = null;
  readonly #answer: AnswerWriter;
  #application: ProtectedApplication;
  #body: Buffer | IncomingBody | null = null;
  /** While it waits for a connection or has one. */
  #holder: Holder | null = null;
  #hasConnection = false;
  #isStream = false;
  #isSecondTry = false;
  #upgrade: UpgradeAnswer | null = null;
  #abort: ((error?: Error) => void) | null = null;
  #isGone = false;
  #hasFailed = false;
  #connectionTimer: NodeJS.Timeout | null = null;
  readonly #startedAtTick = performance.now();

  constructor(
    readonly exchange: Exchange,
    readonly options: ForwardOptions,
    private readonly listener: ForwardListener<ForwardHandler>,
    openRequests: OpenRequests,
  ) {
    const { response } = exchange;
    this.#answer = new AnswerWriter(exchange, new AnswerLines(this), options.stallTimeoutMs);
    this.#application = options.application;
    const place = openRequests.add(this);
    response.once('close', () => {
      openRequests.remove(place);
      if (response.writableFinished) return;
      this.#isGone = true;
      this.#endWaiting();
      this.listener.onGone(this.exchange);
      this.#abort?.(new Error('The client closed the connection.'));
    });
  }

  get application(): ProtectedApplication {
    return this.#application;
  }

  /** On a new connection. */
  get isSecondTry(): boolean {
    return this.#isSecondTry;
  }

  get body(): Buffer | IncomingBody | null {
    return this.#body;
  }

  /** Waits for the client's body, as much as is needed, then for a connection. */
  awaitBody(body: IncomingBody): void {
    this.#body = body;
    body.gather(
      (whole) => this.awaitConnection(whole ?? body),
      () => this.#giveUp(bodyTooSlow()),
    );
  }

  /** Waits for a connection; usually one is free. */
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
    this.#dispatchJudged();
  }

  #dispatchJudged(): void {
    this.#stopConnectionTimer();
    this.options.judgeAgain((application) => {
      if (application === null) this.#hasFailed = true;
      if (this.#isGone || application === null || this.#hasFailed) {
        this.#releaseConnection();
      } else if (!this.options.connections.leadTo(application)) {
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
      const sent = this.listener.onTurn(this);
      if (sent instanceof Promise) sent.catch((error: unknown) => this.#failTurn(error as Error));
    } catch (error) {
      this.#failTurn(error as Error);
    }
  }

  #failTurn(error: Error): void {
    this.#releaseConnection();
    if (!this.isOver) this.#giveUp(error);
  }

  /** The client has gone, or has got an answer: nothing may go upstream any more. */
  get isOver(): boolean {
    return this.#isGone || this.#hasFailed;
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort;
    this.#stopConnectionTimer();
    if (this.isOver) abort(new Error('The client no longer waits for it.'));
  }

  #giveUp(error: Error): void {
    this.#endWaiting();
    this.#hasFailed = true;
    this.listener.onFailure(this.exchange, error);
    this.#abort?.(error);
  }

  /**
   * R114: the upstream closed a connection that waited for a request, as a server may at any time (RFC 9112 9.3.1). Once,
   * and only if a second effect does no harm.
   */
  #mayTryAgain(error: Error): boolean {
    if (this.#isSecondTry || this.#isGone || this.#hasFailed || this.#body !== null) return false;
    return wasClosedWhenReused(error) && isSafeRequest(this.exchange.facts);
  }

  /** Ends every wait. A connection that undici is about to use returns in `onError`. */
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

  /** Limits the wait for a connection; undici limits the wait for an answer. */
  #startConnectionTimer(): void {
    this.#connectionTimer = setTimeout(
      () => this.#giveUp(new errors.ConnectTimeoutError()),
      this.#application.options.timeoutMs,
    );
  }

  #stopConnectionTimer(): void {
    if (this.#connectionTimer !== null) clearTimeout(this.#connectionTimer);
    this.#connectionTimer = null;
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void, statusText: string): boolean {
    const lines = rawHeaders.map((part) => part.toString('latin1'));
    const refusal = status < 200 ? null : (this.listener.refusalIn(this, status, lines) ?? this.#streamProblem(lines));
    const problem = problemOfAnswer(status, lines) ?? refusal;
    if (problem !== null) {
      this.#giveUp(problem);
      return false;
    }
    if (status < 200) {
      this.#answer.passInterim(status, lines);
      return true;
    }
    this.#answer.takeHead(status, statusText, lines, resume);
    if (status === 204 && announcesBody(lines)) {
      this.#completeWithoutBody(status);
      return false;
    }
    this.listener.onHead(this.exchange, status, this.#answer);
    return true;
  }

  /** The upstream has switched the protocol; undici has let go of its connection. */
  onUpgrade(status: number, rawHeaders: Buffer[] | string[] | null, upstream: Duplex): void {
    const lines = (rawHeaders ?? []).map((part) => part.toString('latin1'));
    const { exchange } = this;
    const fault = faultOfUpgrade(lines, exchange.upgrade?.protocols ?? '');
    if (fault !== null || exchange.upgrade?.bytesRead !== exchange.request.socket.bytesRead) {
      exchange.response.shouldKeepAlive = false;
      this.#giveUp(fault === null ? upgradeRefused() : new Error(fault));
      return;
    }
    this.#isStream = this.#holder !== null && this.options.connections.addStream(this.#holder);
    const refusal = this.listener.refusalIn(this, status, lines) ?? (this.#isStream ? null : tooManyStreams());
    if (refusal !== null) {
      this.#giveUp(refusal);
      return;
    }
    this.#abort = null;
    const head = this.#answer.upgradeHead(lines);
    const { streamTimeoutMs } = this.#application.options;
    this.#upgrade = new UpgradeAnswer(exchange.response, head, upstream as Socket, streamTimeoutMs, (end) => {
      this.#releaseConnection();
      if (end !== null) this.listener.onConnectionEnd(exchange, end);
    });
    this.listener.onHead(exchange, status, this.#upgrade);
  }

  get isAnswering(): boolean {
    return this.#upgrade !== null || this.exchange.response.headersSent;
  }

  cut(cause: EndCause): void {
    if (this.#upgrade === null) this.exchange.response.destroy();
    else this.#upgrade.end(cause);
  }

  /** For an answer whose body must not be read: the connection ends, because the body may follow on it. */
  #completeWithoutBody(status: number): void {
    this.#answer.end();
    this.listener.onHead(this.exchange, status, this.#answer);
    this.#hasFailed = true;
    this.#abort?.(new Error('An answer that must not have a body announces one.'));
  }

  onData(chunk: Buffer): boolean {
    // undici sends an empty chunk when it reads on. A pause then would never end.
    return chunk.length === 0 || this.#answer.write(chunk);
  }

  /** Null if its holder has room for one more event stream. Streams must not block short requests. */
  #streamProblem(lines: readonly string[]): Error | null {
    if (this.#holder === null || !isEventStream(lines)) return null;
    this.#isStream = this.options.connections.addStream(this.#holder);
    return this.#isStream ? null : tooManyStreams();
  }

  onComplete(): void {
    this.#releaseConnection();
    this.#endWaiting();
    this.#answer.end();
  }

  onError(error: Error): void {
    if (this.#mayTryAgain(error)) {
      this.#isSecondTry = true;
      this.#abort = null;
      this.#dispatchJudged();
      return;
    }
    this.#releaseConnection();
    this.#endWaiting();
    if (this.#isGone || this.#hasFailed) return;
    const { request } = this.exchange;
    if (!request.complete && (!request.socket.writable || request.socket.readableEnded)) {
      // The client broke off its body, or its framing is broken; undici noticed first.
      this.#isGone = true;
      this.listener.onGone(this.exchange);
      return;
    }
    // A 304 has the length of a body that is not sent (RFC 9110 8.6), but undici waits for it.
    if (this.#answer.hasNoBody && error instanceof errors.ResponseContentLengthMismatchError) this.onComplete();
    else this.listener.onFailure(this.exchange, error);
  }
}
