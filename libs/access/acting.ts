import {
  bodyKindOf,
  isEncodedBody,
  isJsonObject,
  mediaTypesOf,
  multipartNames,
  readStrictJson,
  topLevelNames,
} from '@scopegate/kernel';
import type { ActAs } from '@scopegate/product';
import { foldFieldName, markedParameters, nameMark } from '@scopegate/scope';
import type { RequestHead } from './request-head.js';

/** What of an application's identity decides who acts. */
export interface ActingIdentity {
  /** The gateway sends a credential of the upstream's own that could act for every user. */
  readonly isService: boolean;
  /** Names of the headers that the gateway sets beside a service credential. Some readers take a parameter instead. */
  readonly headers: readonly string[];
  /** Names of the headers of a service credential. */
  readonly credentials: readonly string[];
  /** How the header is written that names the user to act for; null: none does. */
  readonly encoding: 'percent' | 'utf-8' | null;
}

/** A larger body is refused where it must be searched. */
export const MAX_ACTING_BODY_BYTES = 1_048_576;

/** No honest program sends so many fields with these names: they are sent to make the search slow (R112). */
const MAX_MARKED_FIELDS = 100;

/** RFC 6750 2.3: beside a Bearer token in Authorization, readers may prefer this one. */
const BEARER_PARAMETER = 'access_token';

/**
 * R71: a request with a token acts for its owner. No client may name another user, or present another credential, that
 * the product prefers to the lines of the gateway.
 */
export class Acting {
  readonly #names: ReadonlySet<string>;
  readonly #mark: RegExp;

  private constructor(
    names: readonly string[],
    private readonly identity: ActingIdentity,
    private readonly actAs: ActAs,
  ) {
    this.#names = new Set(names);
    this.#mark = nameMark(...names);
  }

  /** Null if there is nothing to look for. */
  static of(actAs: ActAs, identity: ActingIdentity): Acting | null {
    const headers = [...identity.headers, ...identity.credentials].map(foldFieldName);
    const own = identity.isService ? [...headers, BEARER_PARAMETER] : [];
    const names = [...actAs.parameters, ...own];
    return names.length === 0 ? null : new Acting(names, identity, actAs);
  }

  /** The folded name of a parameter that changes who acts; null if there is none. @param text one character a byte */
  parameterIn(text: string): string | null {
    let marked = 0;
    for (const { name } of markedParameters(text, this.#mark)) {
      marked += 1;
      if (marked > MAX_MARKED_FIELDS || this.#names.has(name)) return name;
    }
    return null;
  }

  /**
   * Whether the body decides who acts: a service credential could act for everyone. Files and other types are not read
   * as parameters. Where nothing names a user, a form alone could hold another credential (RFC 6750 2.2).
   */
  searchesBody({ announcesBody, lines }: RequestHead): boolean {
    if (!this.identity.isService || !announcesBody) return false;
    const format = formatOf(lines);
    return this.#actsForUsers ? format !== 'other' : format === 'form';
  }

  get #actsForUsers(): boolean {
    return this.identity.headers.length > 0 || this.actAs.parameters.length > 0;
  }

  /** What is wrong with the whole body; null if it changes nothing. */
  bodyProblem({ lines, contentLength }: RequestHead, body: Buffer): string | null {
    // NaN: in chunks.
    if (body.length !== contentLength && !Number.isNaN(contentLength)) return UNREADABLE;
    if (body.length === 0) return null;
    const names = isEncodedBody(lines) ? null : this.#namesIn(lines, body);
    if (names === null) return UNREADABLE;
    const name = names.find((candidate) => this.#names.has(foldFieldName(candidate)));
    return name === undefined ? null : actingDetail(`the body names "${foldFieldName(name)}"`);
  }

  /** Why the gateway cannot act for the user; null if it can. The name is sent as it is, or not at all. */
  userProblem(username: string): string | null {
    const { encoding } = this.identity;
    if (encoding === null) return null;
    const isWritten = encoding === 'percent' ? /^[\x20-\x24\x26-\x7e]+$/.test(username) : /^\P{Cc}+$/u.test(username);
    if (!isWritten || username.trim() !== username) return UNWRITABLE_NAME;
    return this.actAs.numbersAreIds && /^\d+$/.test(username) ? NUMBER_AS_NAME : null;
  }

  /** Null if two readers could disagree. */
  #namesIn(lines: RequestHead['lines'], body: Buffer): readonly string[] | null {
    const text = body.toString('latin1');
    switch (formatOf(lines)) {
      case 'form':
        return this.#namesInForm(text);
      case 'json':
        return namesInJson(body);
      case 'multipart':
        return multipartNames(lines, body);
      case 'xml':
        return namesInXml(text);
      case 'unknown':
        // Without a type, some readers take a form, others JSON.
        return this.#namesInForm(text)?.concat(namesInJson(body) ?? []) ?? null;
      case 'other':
        return [];
    }
  }

  /** Null if there are too many to look at. */
  #namesInForm(text: string): string[] | null {
    const name = this.parameterIn(text);
    if (name === null) return [];
    return this.#names.has(name) ? [name] : null;
  }
}

/** @param what as the sentence goes on */
export function actingDetail(what: string): string {
  return `A request with a token acts for its owner, and ${what}, which could make another user act. Leave it out.`;
}

const UNREADABLE =
  'A request with a token acts for its owner, and the gateway cannot search this body for another user. Send JSON in ' +
  'UTF-8, XML, or a form, uncompressed and in its plain form. Send a file as application/octet-stream.';

const UNWRITABLE_NAME =
  'The application acts for the owner of the token, and the user name cannot be sent to it exactly as it is. Ask an ' +
  'administrator to set "identity.encoding" to "utf-8", or to give you a user name of printable ASCII.';

const NUMBER_AS_NAME =
  'The application acts for the owner of the token, and takes a user name of digits alone for the number of another user.';

type BodyFormat = 'form' | 'json' | 'multipart' | 'xml' | 'unknown' | 'other';

function formatOf(lines: RequestHead['lines']): BodyFormat {
  const kind = bodyKindOf(lines);
  if (kind !== 'other') return kind;
  const types = mediaTypesOf(lines);
  // Rails also reads `application/jsonrequest`, and every type that an application calls so.
  if (types.some((type) => type.includes('json'))) return 'json';
  return types.some((type) => type.includes('xml')) ? 'xml' : 'other';
}

/** Null unless it is JSON in UTF-8. */
function namesInJson(body: Buffer): readonly string[] | null {
  const json = readStrictJson(body);
  if (json === null) return null;
  return isJsonObject(json.value) ? topLevelNames(json.text).map((name) => name.normalize('NFKC')) : [];
}

/**
 * Of all elements, since comments and declarations may come before the first. Null for an encoding in which they look
 * different.
 */
function namesInXml(text: string): readonly string[] | null {
  const [, encoding = 'utf-8'] =
    /^(?:\xef\xbb\xbf)?\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([^"']*)["']/i.exec(text) ?? [];
  if (/^(?:\xfe\xff|\xff\xfe)|\0/.test(text) || !/^(?:utf-8|us-ascii|iso-8859-1)$/i.test(encoding)) return null;
  return [...text.matchAll(/<\s*([^\s<>/!?]+)/g)].map(([, name = '']) => name.slice(name.lastIndexOf(':') + 1));
}
