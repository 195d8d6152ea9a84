import { Injectable } from '@nestjs/common';
import type { Eventually } from '@scopegate/access';
import type { HeaderLines } from '@scopegate/kernel';
import { clientBlock } from '@scopegate/network';
import { codeProblem } from '@scopegate/problem';
import { coversWrites, isMethodOverrideHeader } from '@scopegate/scope';
import { withoutSessions } from '@scopegate/token';
import {
  failureCode,
  failureOf,
  forwardedAddress,
  forwardedHeaders,
  forwardedPath,
  traceParent,
  type UpstreamFailure,
} from '@scopegate/upstream';
import type { ProtectedApplication } from '../applications/application.js';
import { DecisionRecorder } from '../access/decision.recorder.js';
import type { PendingResponse } from '../audit/pending-response.js';
import type { Exchange } from '../common/access/exchange.js';
import { ProblemException } from '../common/http/problem.exception.js';
import { writeProblem } from '../common/http/problem.writer.js';
import { randomDigits } from '../common/http/random-digits.js';
import { NO_IDENTITY, UpstreamIdentity, type RequestIdentity } from '../identity/upstream-identity.js';
import { arrivedBody, IncomingBody } from './forwarded-body.js';
import { KeptCookies } from './kept-cookies.cache.js';
import { LoopDetector } from './loop.detector.js';
import { OpenRequests } from './open-requests.js';
import { hostFor, originOf, type Forwarded } from './request-origin.js';
import type { ForwardListener, ForwardOptions } from './forward-listener.js';
import { ForwardHandler } from './forward.handler.js';
import { upgradeToSend } from './asked-upgrade.js';
import type { ConnectionEnd } from './upgraded-connection.js';
import { UpstreamFailureLog } from './upstream-failure.log.js';
import { SAME_NAME, type UpstreamRequest } from './upstream.connections.js';
import { UpstreamPools } from './upstream.pools.js';

/** The longest pause of a client in reading its answer. */
const CLIENT_STALL_MS = 300_000;

/** undici's timers may fire one tick early. */
const UNDICI_TICK_MS = 500;

/** Forwards judged requests, byte for byte, and their answers. */
@Injectable()
export class UpstreamForwarder implements ForwardListener<ForwardHandler> {
  constructor(
    private readonly pools: UpstreamPools,
    private readonly openRequests: OpenRequests,
    private readonly recorder: DecisionRecorder,
    private readonly failures: UpstreamFailureLog,
    private readonly loops: LoopDetector,
    private readonly keptCookies: KeptCookies,
    private readonly identity: UpstreamIdentity,
  ) {}

  /**
   * For an allowed request; writes the answer.
   * @param judgeAgain see `ForwardOptions`
   */
  forward(exchange: Exchange, application: ProtectedApplication, judgeAgain: ForwardOptions['judgeAgain']): void {
    const { decision, response } = exchange;
    if (response.destroyed) {
      // The client has gone already, so nothing goes upstream.
      this.recorder.settleUnanswered(exchange);
      return;
    }
    if (decision === null || decision.kind === 'deny') {
      throw new Error('A request must not be forwarded without a decision.');
    }
    const token = decision.kind === 'allow' ? decision.authenticated.token : null;
    const options: ForwardOptions = {
      application,
      connections: this.pools.of(application),
      holderKey: token?.id ?? clientOf(decision),
      judgeAgain,
      stallTimeoutMs: Math.max(application.options.timeoutMs, CLIENT_STALL_MS),
    };
    const handler = new ForwardHandler(exchange, options, this, this.openRequests);
    const body = arrivedBody(exchange);
    if (body === undefined) handler.awaitBody(new IncomingBody(exchange));
    else handler.awaitConnection(body);
  }

  onTurn(handler: ForwardHandler): Eventually<void> {
    const { application, exchange } = handler;
    const { decision, facts } = exchange;
    if (decision === null || decision.kind === 'deny') {
      throw new Error('A request must not be forwarded without a decision.');
    }
    const path = judgedPath(decision, exchange);
    if (decision.kind === 'pass') return this.#send(handler, decision, path, NO_IDENTITY);
    const identity = this.identity.identityOf(application, decision, {
      method: facts.method,
      path: forwardedPath(application.target, path, facts.query),
    });
    if (!(identity instanceof Promise)) return this.#send(handler, decision, path, identity);
    return identity.then((found) => {
      if (handler.isOver) throw new Error('The client no longer waits for it.');
      this.#send(handler, decision, path, found);
    });
  }

  #send(handler: ForwardHandler, decision: Forwarded, path: string | null, identity: RequestIdentity): void {
    const { application, exchange, body } = handler;
    handler.credential = identity.credential;
    const { connections } = handler.options;
    const { timeoutMs, streamTimeoutMs } = application.options;
    const { facts } = exchange;
    const token = decision.kind === 'allow' ? decision.authenticated.token : null;
    const { target } = application;
    const origin = originOf(decision, exchange);
    if (token !== null && application.options.cookies === 'keep') {
      const isSecure = origin.forwardedProto === 'https' || target.origin.startsWith('https:');
      handler.cookies = this.keptCookies.of(token, application, forwardedPath(target, path, null), isSecure);
    }
    const host = hostFor(application, origin);
    const headers = forwardedHeaders({
      lines: facts.head.lines,
      host,
      requestId: exchange.requestId,
      ...origin,
      forwardedPrefix: application.pathPrefix === '/' ? null : application.pathPrefix,
      hop: this.loops.hop(facts.httpVersion),
      identityNames: application.identity.names,
      identity: identity.lines,
      credentialNames: token === null ? null : application.credentialNames,
      // The gateway's own sessions never go upstream, whatever else is presented (R11).
      keepCookies: token === null ? withoutSessions : null,
      keptCookies: handler.cookies?.line ?? null,
      destination: decision.destination === null ? null : forwardedAddress(target, host, decision.destination),
      // A scope with writes allows every method (R12).
      dropLine: token === null || coversWrites(token.scope) ? null : isMethodOverrideHeader,
      trace: { parent: traceParent(exchange.trace, randomDigits(16)), state: exchange.trace.traceState },
    });
    exchange.forwardedAtTick = performance.now();
    // One literal: a copy with one member more costs some microseconds.
    const request: UpstreamRequest = {
      path: forwardedPath(target, path, facts.query),
      method: facts.method,
      headers,
      body: body instanceof IncomingBody ? body.stream() : body,
      upgrade: upgradeToSend(exchange, body),
      headersTimeout: timeoutMs + UNDICI_TICK_MS,
      bodyTimeout: streamTimeoutMs,
      servername: SAME_NAME,
    };
    if (handler.isSecondTry) connections.dispatchAgain(request, handler);
    else connections.dispatch(request, handler);
  }

  onHead(exchange: Exchange, status: number, answer: PendingResponse): void {
    this.recorder.settle(exchange, status, answer);
  }

  onConnectionEnd(exchange: Exchange, end: ConnectionEnd): void {
    this.recorder.recordConnectionEnd(exchange, end);
  }

  refusalIn({ application, exchange, credential }: ForwardHandler, status: number, lines: HeaderLines): Error | null {
    const { authenticated } = exchange;
    if (credential === null || authenticated === null) return null;
    return this.identity.refusalIn(application, authenticated.principal.id, credential, { status, lines });
  }

  /** The request may still have taken effect upstream. */
  onGone(exchange: Exchange): void {
    this.recorder.settleUnanswered(exchange);
  }

  /** An outage is a failure, not a denial. */
  onFailure(exchange: Exchange, error: unknown): void {
    if (exchange.response.headersSent) {
      exchange.response.destroy();
      return;
    }
    // A problem is a slow body or our own fault.
    if (error instanceof ProblemException) {
      exchange.problem = error;
    } else {
      exchange.upstreamFailure = failureOf(error);
      exchange.problem = upstreamProblem(exchange.upstreamFailure);
    }
    const { code, detail } = exchange.problem;
    if (code !== 'request_timeout') this.failures.note(exchange, code, error);
    const problem = codeProblem(code, detail, exchange.requestId);
    const { response } = exchange;
    this.recorder.settle(exchange, problem.status, {
      release: () => writeProblem(exchange, problem, exchange.closesAfter(problem.status)),
      drop: () => response.destroy(),
    });
  }
}

/** Clients do not learn the cause. */
function upstreamProblem(failure: UpstreamFailure): ProblemException {
  const code = failureCode(failure);
  return new ProblemException(
    code,
    code === 'upstream_timeout'
      ? 'The application behind the gateway did not answer in time. Try again later, or ask an administrator.'
      : 'The application behind the gateway cannot be reached. Try again later, or ask an administrator.',
  );
}

/** For the share of a request without a token (R112). */
function clientOf(decision: Forwarded): string {
  const { address } = decision.kind === 'allow' ? decision.authenticated.admitted : decision.admitted;
  return clientBlock(address.client ?? address.peer ?? '');
}

/**
 * The one plain reading. Without one (R46: path traversal is not prevented), the path as sent. Null for the mount
 * itself (R113).
 */
function judgedPath(decision: Forwarded, exchange: Exchange): string | null {
  if (exchange.facts.isMountItself === true) return null;
  const admitted = decision.kind === 'allow' ? decision.authenticated.admitted : decision.admitted;
  const { path, policy } = admitted;
  const isProtected = decision.kind === 'allow' || (policy.preventPathTraversal && !policy.passwordsEnabled);
  if (!isProtected) return exchange.facts.rawPath;
  if (path?.strict.ok !== true) throw new Error('A protected request has exactly one path.');
  return path.strict.canonical;
}
