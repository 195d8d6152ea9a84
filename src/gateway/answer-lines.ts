import { isOfBrowser } from '@scopegate/token';
import type { AnsweredRequest, AnswerRules, ReferenceHeader } from '@scopegate/upstream';
import type { ProtectedApplication } from '../applications/application.js';
import type { Exchange } from '../common/access/exchange.js';
import type { RequestCookies } from './kept-cookies.cache.js';
import { hostFor, originOf, outerAddressOf } from './request-origin.js';

export interface ForwardedExchange {
  readonly exchange: Exchange;
  readonly application: ProtectedApplication;
  /** Takes the upstream's cookies of a token request (R117); null if they are dropped. */
  readonly cookies: RequestCookies | null;
}

/**
 * The client's view of the lines of an answer: outer addresses (R115), and for a token request no session of the
 * upstream (R11).
 */
export class AnswerLines implements AnswerRules {
  #request: AnsweredRequest | null = null;

  constructor(private readonly forwarded: ForwardedExchange) {}

  cookie(value: string): string | null {
    // R99: an application on the same host must not put a session of its choice into the browser, or remove one.
    if (isOfBrowser(value.split(';', 1)[0] ?? '')) return null;
    if (!this.#isOfToken) return this.forwarded.application.addresses.cookie(value);
    this.forwarded.cookies?.keep(value);
    return null;
  }

  reference(header: ReferenceHeader, value: string): string {
    const { addresses, sessionParameters } = this.forwarded.application;
    const cleaned = this.#isOfToken ? sessionParameters.clean(header, value) : value;
    return addresses.reference(header, cleaned, (this.#request ??= this.#readRequest()));
  }

  get #isOfToken(): boolean {
    const { decision } = this.forwarded.exchange;
    // Without a decision, as for a token: the upstream's session stays here.
    return (
      decision?.kind !== 'pass' &&
      (decision === null || decision.kind === 'deny' || decision.authenticated.token !== null)
    );
  }

  /** Few answers have an address. */
  #readRequest(): AnsweredRequest {
    const { exchange, application } = this.forwarded;
    const { decision } = exchange;
    if (decision === null || decision.kind === 'deny') throw new Error('An answer belongs to a forwarded request.');
    const origin = originOf(decision, exchange);
    return { outer: outerAddressOf(application, origin), host: hostFor(application, origin) };
  }
}
