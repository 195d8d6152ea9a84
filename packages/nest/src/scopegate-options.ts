/** What a Scopegate is asked with, and for how long its answers hold. */
export interface ScopegateOptions {
  /** The address of Scopegate's own listener, such as `https://scopegate.example.org`; a path before its routes is kept. */
  readonly url: string;
  /** A token of a user with the permission `introspect`. A read-only token is enough. */
  readonly credential: string;
  /** The key of the application whose rules hold. Without it, neutral rules hold and tokens of single applications are refused. */
  readonly application?: string;
  readonly cache?: {
    /** How long a decision holds, in milliseconds: a revoked token works no longer than this. 0 to 60,000; default 2,000. */
    readonly ttlMs?: number;
    /** How many decisions are kept. 0 to 100,000; default 1,000. */
    readonly max?: number;
  };
  /** How long to wait for a decision, in milliseconds. Then the request is refused with 503. 1 to 60,000; default 2,000. */
  readonly timeoutMs?: number;
}

/** The options after they have been checked. */
export interface ScopegateSettings {
  readonly decisionUrl: URL;
  readonly authorization: string;
  readonly application: string | undefined;
  readonly ttlMs: number;
  readonly max: number;
  readonly timeoutMs: number;
}

const DECISION_PATH = '/introspect/decision';

const MINUTE_MS = 60_000;

/**
 * Reads the options.
 * @throws Error whose message names the option, and not its value, which may be a secret
 */
export function readOptions(options: ScopegateOptions): ScopegateSettings {
  return {
    decisionUrl: readUrl(options.url),
    authorization: readCredential(options.credential),
    application: readApplication(options.application),
    ttlMs: readNumber('cache.ttlMs', options.cache?.ttlMs ?? 2000, 0, MINUTE_MS),
    max: readNumber('cache.max', options.cache?.max ?? 1000, 0, 100_000),
    timeoutMs: readNumber('timeoutMs', options.timeoutMs ?? 2000, 1, MINUTE_MS),
  };
}

function readUrl(text: unknown): URL {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : null;
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.username + url.password + url.search === '';
  if (!isPlain) throw optionError('url', 'must be an address with http or https, without a user or a query');
  return new URL(`${url.origin}${url.pathname.replace(/\/+$/, '')}${DECISION_PATH}`);
}

function readCredential(credential: unknown): string {
  if (typeof credential !== 'string' || !/^[\x21-\x7e]+$/.test(credential)) {
    throw optionError('credential', 'must be a token of Scopegate');
  }
  return `Bearer ${credential}`;
}

function readApplication(application: unknown): string | undefined {
  if (application === undefined) return undefined;
  if (typeof application === 'string' && application !== '') return application;
  throw optionError('application', 'must be the key of an application, or missing');
}

function readNumber(name: string, value: unknown, least: number, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw optionError(name, `must be a whole number from ${least} to ${most}`);
}

function optionError(name: string, what: string): Error {
  return new Error(`ScopegateModule: the option "${name}" ${what}.`);
}
