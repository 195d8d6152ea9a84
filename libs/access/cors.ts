import { isHttpToken } from '@scopegate/kernel';
import type { RequestHead } from './request-head.js';

/** Every origin: never with credentials of the browser. */
export const ANY_ORIGIN = '*';

export interface CorsRules {
  /** As browsers write them, such as `https://board.example.com`; or `*`. */
  readonly origins: readonly string[];
  /** Headers that pages may send and read. */
  readonly headers: readonly string[];
}

/** Pages need these to send a token and JSON. */
const ALWAYS_SENT = ['Authorization', 'Content-Type'];

/** Lines of the gateway that a script needs. Those that every page may read are not among them. */
const ALWAYS_READ = ['X-Request-Id', 'WWW-Authenticate', 'Retry-After', 'X-Scopegate-Token-Expires'];

/** Until a browser asks again. A change of the list acts on answers at once. */
const PREFLIGHT_SECONDS = '600';

/** Of a method or of the name of a header. */
const MAX_TOKEN_LENGTH = 64;

/**
 * R122, the Fetch standard 3.3: which pages of other origins may call an application. Cookies and other credentials of
 * the browser are never allowed: a page sends the token itself.
 */
export class Cors {
  readonly #origins: ReadonlySet<string>;
  readonly #sent: string;
  readonly #read: string;

  constructor({ origins, headers }: CorsRules) {
    this.#origins = new Set(origins);
    this.#sent = distinct([...ALWAYS_SENT, ...headers]).join(', ');
    this.#read = distinct([...ALWAYS_READ, ...headers]).join(', ');
  }

  /** Of a listed origin. */
  isPreflight({ method, head }: { readonly method: string; readonly head: RequestHead }): boolean {
    if (method !== 'OPTIONS' || requestedMethod(head) === null) return false;
    const origin = originOf(head);
    return origin !== null && this.#isListed(origin);
  }

  /** For an answer: names and values in turns. */
  answerLines(head: RequestHead): string[] {
    const origin = originOf(head);
    // A cache must not give one origin's answer to another.
    const lines = this.#origins.has(ANY_ORIGIN) ? [] : ['Vary', 'Origin'];
    if (origin !== null && this.#isListed(origin)) {
      lines.push('Access-Control-Allow-Origin', this.#allowed(origin), 'Access-Control-Expose-Headers', this.#read);
    }
    return lines;
  }

  /** For a preflight of a listed origin: names and values in turns. */
  preflightLines({ head }: { readonly head: RequestHead }): string[] {
    return [
      'Access-Control-Allow-Origin',
      this.#allowed(originOf(head) ?? ''),
      'Access-Control-Allow-Methods',
      requestedMethod(head) ?? '',
      'Access-Control-Allow-Headers',
      this.#sent,
      'Access-Control-Max-Age',
      PREFLIGHT_SECONDS,
      'Vary',
      'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    ];
  }

  #isListed(origin: string): boolean {
    return this.#origins.has(origin) || this.#origins.has(ANY_ORIGIN);
  }

  #allowed(origin: string): string {
    return this.#origins.has(ANY_ORIGIN) ? ANY_ORIGIN : origin;
  }
}

/** Null without exactly one. */
function originOf(head: RequestHead): string | null {
  const [origin, second] = head.values('origin');
  return origin === undefined || second !== undefined ? null : origin;
}

/** Null without exactly one. */
function requestedMethod(head: RequestHead): string | null {
  const [method, second] = head.values('access-control-request-method');
  return method === undefined || second !== undefined || !isShortToken(method) ? null : method;
}

/** Null if a list may have the text. @returns what is wrong, as a sentence that begins with the name goes on */
export function originProblem(text: string): string | null {
  if (text === ANY_ORIGIN) return null;
  if (/^https?:\/\/[^*]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text) return null;
  return 'must be an origin as browsers write it: "https://", the host in lower case, and a port other than the default';
}

export function corsHeaderProblem(text: string): string | null {
  return isShortToken(text) && text !== ANY_ORIGIN ? null : 'must be the name of a header';
}

function isShortToken(text: string): boolean {
  return text.length <= MAX_TOKEN_LENGTH && isHttpToken(text);
}

/** Without case. */
function distinct(names: readonly string[]): readonly string[] {
  const seen = new Map(names.map((name) => [name.toLowerCase(), name]));
  return [...seen.values()];
}
