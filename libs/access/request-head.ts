import {
  announcedLength,
  declaresForm,
  describedUpgrade,
  headerValues,
  requestedUpgrade,
  type HeaderLines,
} from '@scopegate/kernel';
import { readHostLine, type AuthorityReading } from '@scopegate/network';
import { overridingMethodsOfHeaders } from '@scopegate/scope';
import type { CredentialReading } from './credential.js';
import { readHeaders, readSession } from './head-credential.js';

/** What a proxy says of a body that it keeps. */
type Description = 'perhaps-with-body' | 'without-body';

/**
 * The header lines of a request, and what follows from them alone. Each answer is computed once: a client usually sends
 * the same lines with every request of a connection, so its requests share one head.
 */
export class RequestHead {
  /** True after a second request with the same lines: only then caching more with this head pays. */
  isRepeated = false;
  #hostLine: AuthorityReading | undefined;
  #contentLength: number | undefined;
  #transferCodings: readonly string[] | undefined;
  #announcesForm: boolean | undefined;
  #credential: CredentialReading | undefined;
  #session: CredentialReading | undefined;
  #overridingMethods: readonly string[] | undefined;
  #destinations: readonly string[] | undefined;
  #userAgent: string | null | undefined;
  #upgrade: string | null | undefined;
  #described: RequestHead | undefined;

  private constructor(
    readonly lines: HeaderLines,
    private readonly origin: 'received' | Description,
  ) {}

  /**
   * @param lines as they arrived
   * @param previous the head of the previous request on this connection
   * @returns `previous` if its lines are exactly the same, in the same order
   */
  static of(lines: HeaderLines, previous?: RequestHead): RequestHead {
    if (previous === undefined || !hasSameLines(previous.lines, lines)) return new RequestHead(lines, 'received');
    previous.isRepeated = true;
    return previous;
  }

  /**
   * The same lines, as a proxy gives them when it asks whether a request may pass (R84, R85): it keeps the body to
   * itself, and perhaps the lines about the body and the connection.
   */
  describedFor(method: string): RequestHead {
    const description: Description = mayHaveBody(method, this.lines) ? 'perhaps-with-body' : 'without-body';
    if (this.#described?.origin !== description) this.#described = new RequestHead(this.lines, description);
    this.#described.isRepeated = this.isRepeated;
    return this.#described;
  }

  /** The values of every line with this name, in wire order. @param name in lower case */
  values(name: string): readonly string[] {
    return headerValues(this.lines, name);
  }

  get hostLine(): AuthorityReading {
    return (this.#hostLine ??= readHostLine(this.lines));
  }

  /** In bytes: 0 without a body; NaN in chunks, with a length that cannot be read, or if a proxy keeps the body. */
  get contentLength(): number {
    return (this.#contentLength ??= this.#length());
  }

  #length(): number {
    if (this.origin === 'received') return announcedLength(this.lines);
    return this.origin === 'without-body' ? 0 : NaN;
  }

  get announcesBody(): boolean {
    return this.contentLength !== 0;
  }

  get transferCodings(): readonly string[] {
    return (this.#transferCodings ??= this.values('transfer-encoding'));
  }

  get announcesForm(): boolean {
    return (this.#announcesForm ??= declaresForm(this.lines) && this.announcesBody);
  }

  /** Without the cookies. */
  get credential(): CredentialReading {
    return (this.#credential ??= readHeaders(this.lines));
  }

  /** The gateway's session in the cookies (R11); otherwise the credential `cookie`. */
  get session(): CredentialReading {
    return (this.#session ??= readSession(this.lines));
  }

  /** The methods that header lines ask to be treated as (R12). */
  get overridingMethods(): readonly string[] {
    return (this.#overridingMethods ??= overridingMethodsOfHeaders(this.lines));
  }

  /** The values of `Destination` (RFC 4918 10.3). */
  get destinations(): readonly string[] {
    return (this.#destinations ??= this.values('destination'));
  }

  get userAgent(): string | null {
    if (this.#userAgent === undefined) this.#userAgent = this.values('user-agent')[0] ?? null;
    return this.#userAgent;
  }

  /** See `requestedUpgrade` and `describedUpgrade`. HTTP/1.0 has no upgrades: see `upgradeOf`. */
  get upgrade(): string | null {
    if (this.#upgrade === undefined) {
      this.#upgrade = this.origin === 'received' ? requestedUpgrade(this.lines) : describedUpgrade(this.lines);
    }
    return this.#upgrade;
  }
}

/** Some servers read the body of a DELETE, also without a type: Grape, and so GitLab. */
const USUALLY_WITHOUT_BODY: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

const CONTENT_NAMES = ['content-type', 'content-encoding'] as const;

/** A proxy may leave out the lines about a body that it does not send along. Envoy always writes the length 0. */
function mayHaveBody(method: string, lines: HeaderLines): boolean {
  if (!USUALLY_WITHOUT_BODY.has(method) || announcedLength(lines) !== 0) return true;
  return CONTENT_NAMES.some((name) => headerValues(lines, name).length > 0);
}

function hasSameLines(one: HeaderLines, other: HeaderLines): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < other.length; index += 1) if (one[index] !== other[index]) return false;
  return true;
}
