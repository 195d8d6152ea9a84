import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Admitted, ApplicationRules, Authenticated, Decision, Deny } from '@scopegate/access';
import type { ProblemException } from '../http/problem.exception.js';

/** One request on its way through the guards: what is known of it so far. The guards fill it in, in their order. */
export class Exchange {
  admitted: Admitted | null = null;
  authenticated: Authenticated | null = null;
  decision: Decision | null = null;
  /** A guard's refusal. */
  denial: Deny | null = null;
  /** What stopped the request where it was no refusal: a failure of ours, or a body that is too large. */
  problem: ProblemException | null = null;
  /** Set once the request's one event has been recorded. */
  isSettled = false;
  /** The bytes of a body that had to be read for the decision; they are forwarded in its place. */
  readBody: Buffer | null = null;

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    readonly requestId: string,
    /** Milliseconds since the epoch. */
    readonly startedAtMs: number,
    /** Null at the management API. */
    readonly application: ApplicationRules | null,
    /** The path below the mount as it was sent, without the query. */
    readonly rawPath: string,
    readonly query: string | null,
    /** Whether the client waits for `100 Continue` before it sends the body (RFC 9110 10.1.1). */
    readonly expectsContinue: boolean,
  ) {}
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
