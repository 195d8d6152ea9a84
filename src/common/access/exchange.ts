import type { IncomingMessage, ServerResponse } from 'node:http';
import { headerValues } from '@scopegate/kernel';
import type { Authority } from '@scopegate/network';
import type {
  Admitted,
  ApplicationRules,
  Authenticated,
  Decision,
  Deny,
  Door,
  LoginProblem,
  RequestFacts,
} from '@scopegate/access';
import { newTraceContext, readTraceContext, type TraceContext, type UpstreamFailure } from '@scopegate/upstream';
import type { IdempotencyClaim } from '../../database/idempotent-answers.js';
import type { ProblemException } from '../http/problem.exception.js';
import { randomDigits } from '../http/random-digits.js';

/** After this wait a request is judged again, because a change acts at once (R64). */
export const JUDGED_AGAIN_AFTER_MS = 500;

/** R123. */
export const TOKEN_EXPIRES = 'X-Scopegate-Token-Expires';

/** Another protocol that the client asks for (R116). It must send nothing more until the answer. */
export interface AskedUpgrade {
  /** As one line. */
  readonly protocols: string;
  /** Bytes on the connection up to the end of the request; null until its body is complete. */
  bytesRead: number | null;
}

/** A login at the identity provider that ends with this request (R96). */
export interface EndedLogin {
  /** Of the user, or as the provider named it; null where it named nobody. */
  readonly username: string | null;
  /** Null: the user is logged in. The reason is for the audit log. */
  readonly failure: { readonly code: LoginProblem; readonly reason: string } | null;
}

/** What is known of one request. The guards fill it in, in their order. */
export class Exchange {
  admitted: Admitted | null = null;
  authenticated: Authenticated | null = null;
  decision: Decision | null = null;
  denial: Deny | null = null;
  /** Stops the request without a refusal: our failure, or a body that is too large. */
  problem: ProblemException | null = null;
  /** Why the upstream gave no answer; null if it gave one, or was not asked. */
  upstreamFailure: UpstreamFailure | null = null;
  /** Null for every other request. */
  login: EndedLogin | null = null;
  /** The `Idempotency-Key`; null without one. */
  idempotencyClaim: IdempotencyClaim | null = null;
  /** Null at the management API (R91). */
  door: Door | null = null;
  /** The request that this one asks about (R90). Its event is recorded in place of this one's. */
  asked: Exchange | null = null;
  /** The request that asks about this one. */
  asker: Exchange | null = null;
  /** A page asks whether its browser has a session (R99): no is an answer, and no failed authentication. */
  asksForSession = false;
  /** When the token of the request ends, if that is soon (R123). */
  tokenEndMs: number | null = null;
  /** The one event of the request has been recorded. */
  isSettled = false;
  /** As it is forwarded; null if the request names no host. */
  authority: Authority | null = null;
  /** Read for the decision; forwarded instead of the body. */
  readBody: Buffer | null = null;
  /** The beginning of a larger body; all of it goes upstream as a stream. */
  bodyBeginning: Buffer | null = null;
  /** Null for an ordinary request. */
  upgrade: AskedUpgrade | null = null;
  /** The client has got `100 Continue`. */
  isContinued = false;
  /** Milliseconds of a clock that never steps back. */
  readonly startedAtTick = performance.now();
  /** By the same clock. */
  forwardedAtTick: number | null = null;
  #trace: TraceContext | null = null;
  #isTraced = false;

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    readonly requestId: string,
    /** Guards and records use these, not Node's request. */
    readonly facts: RequestFacts,
    /** Null at the management API. A new judgement uses the rules of that moment. */
    public application: ApplicationRules | null,
    /** `Expect: 100-continue` (RFC 9110 10.1.1). */
    readonly expectsContinue: boolean,
    /** For a vendor call: the application that it came through. */
    readonly vendorMount: ApplicationRules | null = null,
  ) {}

  /** The request has waited so long that what was found may have changed. */
  get isJudgementOld(): boolean {
    return performance.now() - this.startedAtTick >= JUDGED_AGAIN_AFTER_MS;
  }

  /** A request that this one asks about; its event has the same request id. */
  ask(door: Door, facts: RequestFacts, application: ApplicationRules | null): Exchange {
    const asked = new Exchange(this.request, this.response, this.requestId, facts, application, false);
    asked.door = door;
    asked.asker = this;
    this.asked = asked;
    return asked;
  }

  /** Called before judging again; keeps the part of the body that was read. */
  forgetJudgement(): void {
    this.admitted = null;
    this.authenticated = null;
    this.decision = null;
  }

  /**
   * A client without `100 Continue` may send its body or not, and we could not tell it from the next request. A slow
   * client has had its time.
   */
  closesAfter(status: number): boolean {
    return (this.expectsContinue && !this.isContinued) || status === 408;
  }

  /** R123: for every answer; null if the request has no token, or its end is far. */
  get tokenExpires(): string | null {
    return this.tokenEndMs === null ? null : new Date(this.tokenEndMs).toISOString();
  }

  /** Adds the lines that every answer of the gateway has. */
  addOwnLines(lines: string[]): void {
    lines.push('X-Request-Id', this.requestId);
    const expires = this.tokenExpires;
    if (expires !== null) lines.push(TOKEN_EXPIRES, expires);
    const cors = this.application?.cors ?? null;
    // R122: an upstream that has such lines of its own decides itself.
    if (cors === null || headerValues(lines, 'access-control-allow-origin').length > 0) return;
    lines.push(...cors.answerLines(this.facts.head));
  }

  /** The caller's, or a new one. */
  get trace(): TraceContext {
    return (this.#trace ??= this.#readTrace());
  }

  /** Null without a trace of the caller. */
  get callerTraceId(): string | null {
    const { traceId } = this.trace;
    return this.#isTraced ? traceId : null;
  }

  #readTrace(): TraceContext {
    const trace = readTraceContext(this.facts.head.lines);
    this.#isTraced = trace !== null;
    return trace ?? newTraceContext(randomDigits(32));
  }
}

const EXCHANGE = Symbol('exchange');

interface WithExchange {
  [EXCHANGE]?: Exchange;
}

/** On Node's request, where Fastify's request and the gateway find it. */
export function attachExchange(exchange: Exchange): void {
  (exchange.request as IncomingMessage & WithExchange)[EXCHANGE] = exchange;
}

export function exchangeOf(request: IncomingMessage | { readonly raw: IncomingMessage }): Exchange {
  const raw = 'raw' in request ? request.raw : request;
  const exchange = (raw as IncomingMessage & WithExchange)[EXCHANGE];
  if (exchange === undefined) throw new Error('The request did not come through the front door.');
  return exchange;
}
