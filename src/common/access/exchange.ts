import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Authority } from '@scopegate/network';
import type { Admitted, ApplicationRules, Authenticated, Decision, Deny, RequestFacts } from '@scopegate/access';
import { newTraceContext, readTraceContext, type TraceContext } from '@scopegate/upstream';
import type { IdempotencyClaim } from '../../database/idempotent-answers.js';
import type { ProblemException } from '../http/problem.exception.js';
import { randomDigits } from '../http/random-digits.js';

/** A request that has waited for so long is judged anew before anything comes of it: a change acts at once (R64). */
export const JUDGED_AGAIN_AFTER_MS = 500;

/** One request on its way through the guards: what is known of it so far. The guards fill it in, in their order. */
export class Exchange {
  admitted: Admitted | null = null;
  authenticated: Authenticated | null = null;
  decision: Decision | null = null;
  /** A guard's refusal. */
  denial: Deny | null = null;
  /** What stopped the request where it was no refusal: a failure of ours, or a body that is too large. */
  problem: ProblemException | null = null;
  /** The `Idempotency-Key` of a call that makes something; null where it came without one. */
  idempotencyClaim: IdempotencyClaim | null = null;
  /** Set once the request's one event has been recorded. */
  isSettled = false;
  /** The host that the request is for, in the words it is forwarded in; null where it names none. */
  authority: Authority | null = null;
  /** The bytes of a body that had to be read for the decision; they are forwarded in its place. */
  readBody: Buffer | null = null;
  /** The bytes of a larger body that a decision has read; the whole body goes upstream as a stream. */
  bodyBeginning: Buffer | null = null;
  /** Whether a client that waits for it has been told to send its body. */
  isContinued = false;
  /** Milliseconds of a clock that never steps back: when the request was taken. */
  readonly startedAtTick = performance.now();
  /** When it went upstream, by the same clock. */
  forwardedAtTick: number | null = null;
  #trace: TraceContext | null = null;
  #isTraced = false;

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    readonly requestId: string,
    /** What the door has read from the request: guards and records use this, and not Node's request. */
    readonly facts: RequestFacts,
    /** Null at the management API. A request that is judged anew is judged by the rules of that moment. */
    public application: ApplicationRules | null,
    /** Whether the client waits for `100 Continue` before it sends the body (RFC 9110 10.1.1). */
    readonly expectsContinue: boolean,
    /** The key of the application below whose mount one of the vendor's calls came; null for every other request. */
    readonly vendorMount: string | null = null,
  ) {}

  /** Whether so much time has passed since the request was taken that what was found out of it may not hold any more. */
  get isJudgementOld(): boolean {
    return performance.now() - this.startedAtTick >= JUDGED_AGAIN_AFTER_MS;
  }

  /** Forgets what the guards have found out, before they judge anew. What has been read of the body stays. */
  forgetJudgement(): void {
    this.admitted = null;
    this.authenticated = null;
    this.decision = null;
  }

  /**
   * Whether the connection ends with an answer of this status. A client that was not told to send its body may send it
   * or not, and what follows cannot be told apart from it; one that is too slow has had its time.
   */
  closesAfter(status: number): boolean {
    return (this.expectsContinue && !this.isContinued) || status === 408;
  }

  /** The trace of the request: the caller's, or one that begins here. */
  get trace(): TraceContext {
    return (this.#trace ??= this.#readTrace());
  }

  /** The id of the caller's trace; null where the request came without one. */
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

/** Attaches the exchange to Node's request, where Fastify's request and the gateway both find it. */
export function attachExchange(exchange: Exchange): void {
  (exchange.request as IncomingMessage & WithExchange)[EXCHANGE] = exchange;
}

/** The exchange of a request: Node's own, or Fastify's around it. */
export function exchangeOf(request: IncomingMessage | { readonly raw: IncomingMessage }): Exchange {
  const raw = 'raw' in request ? request.raw : request;
  const exchange = (raw as IncomingMessage & WithExchange)[EXCHANGE];
  if (exchange === undefined) throw new Error('The request did not come through the front door.');
  return exchange;
}
