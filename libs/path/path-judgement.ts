import type { Brand } from '@scopegate/kernel';
import { classifyPath, isNativeTokenPath, isSessionAlias, type PathClass, type PathRules } from './path-class.js';
import { ambiguity, isDotSegment } from './path-ambiguity.js';
import { judgeReadings } from './path-readings.js';
import { encodeByte, encodedByteAt, encodingFault, isUnreserved } from './percent-encoding.js';

/**
 * The form that is judged, forwarded and audited: unreserved characters plain, other triples in upper case, slashes
 * merged, and no second reading.
 */
export type CanonicalPath = Brand<string, 'CanonicalPath'>;

/** R48: whether a path may contain `%2F` and `%25`. */
export type EncodedSlashes = 'reject' | 'allow';

/** The canonical form and class, or why the path is ambiguous. */
export type StrictJudgement =
  | { readonly ok: true; readonly canonical: CanonicalPath; readonly pathClass: PathClass }
  | { readonly ok: false; readonly detail: string };

/**
 * Without the check for path traversal. `reject`: not a URI. `ban`: one plausible reading is REST, so passwords are
 * refused if disabled. `token`: all readings accept a token.
 */
export type LenientJudgement = 'reject' | { readonly ban: boolean; readonly token: boolean };

export interface PathJudgement {
  /** For token requests, and for all others while the switch of R46 is on. */
  readonly strict: StrictJudgement;
  /** For requests without a token while it is off. */
  readonly lenient: LenientJudgement;
  /** One plausible reading is the product's token management (R53). */
  readonly nativeTokenManagement: boolean;
  /**
   * One plausible reading is jira's session endpoint under any name, so a POST may contain a password (R43). For R04's
   * exception see `rest-session`.
   */
  readonly sessionEndpoint: boolean;
  /** Certainly confluence's Remote API (R49, R50). */
  readonly remoteApiRequest: boolean;
}

export interface PathOptions {
  readonly rules: PathRules;
  readonly encodedSlashes: EncodedSlashes;
}

/** R46, R48, R49, R53. Never throws. @param rawPath as it arrived, without the query */
export function judgePath(rawPath: string, options: PathOptions): PathJudgement {
  const { rules } = options;
  if (isPlain(rawPath)) {
    // A plain path has one reading, so it is its own canonical form.
    const pathClass = classifyPath(rawPath, rules);
    return {
      strict: { ok: true, canonical: rawPath as CanonicalPath, pathClass },
      lenient: LENIENT_OF_CLASS[pathClass],
      nativeTokenManagement: isNativeTokenPath(rawPath, rules),
      sessionEndpoint: isSessionAlias(rawPath, rules),
      remoteApiRequest: pathClass === 'remote-api',
    };
  }
  const readings = judgeReadings(rawPath, rules);
  const fault = encodingFault(rawPath);
  if (fault !== null) {
    return {
      strict: { ok: false, detail: fault },
      lenient: 'reject',
      nativeTokenManagement: readings.nativeTokenManagement,
      sessionEndpoint: readings.sessionEndpoint,
      remoteApiRequest: false,
    };
  }
  const strict = judgeStrictly(rawPath, options);
  return {
    strict,
    lenient: { ban: readings.anyRest, token: readings.allRest },
    nativeTokenManagement: readings.nativeTokenManagement,
    sessionEndpoint: readings.sessionEndpoint,
    remoteApiRequest: strict.ok && strict.pathClass === 'remote-api',
  };
}

const LENIENT_OF_CLASS: Readonly<Record<PathClass, LenientJudgement>> = {
  rest: { ban: true, token: true },
  'rest-session': { ban: true, token: true },
  'remote-api': { ban: true, token: false },
  'rpc-other': { ban: true, token: false },
  other: { ban: false, token: false },
};

const SLASH = 0x2f;

/** Mean the same in every reading: RFC 3986 3.3 without `;` and `%`. */
const PLAIN_CHARACTERS: Uint8Array = charactersOf((code) => isUnreserved(code) || "!$&'()*+,=:@".includes(chr(code)));

/** Not allowed in a URI, but browsers send them (WHATWG URL). No upstream gives them a meaning; we encode them. */
const ENCODED_CHARACTERS: Uint8Array = charactersOf((code) => '[]|^'.includes(chr(code)));

/** One scan without allocation; most paths are plain. */
function isPlain(path: string): boolean {
  if (path.charCodeAt(0) !== SLASH) {
    return false;
  }
  let segmentStart = 1;
  for (let index = 1; index < path.length; index += 1) {
    const code = path.charCodeAt(index);
    if (code === SLASH) {
      if (index === segmentStart || isDotSegment(path, segmentStart, index)) {
        return false;
      }
      segmentStart = index + 1;
    } else if (PLAIN_CHARACTERS[code] !== 1) {
      return false;
    }
  }
  return !isDotSegment(path, segmentStart, path.length) && !(path.startsWith('/s/') && path.includes('/_/'));
}

function judgeStrictly(rawPath: string, { rules, encodedSlashes }: PathOptions): StrictJudgement {
  const allowsEncoded = rules.encodedSlashes && encodedSlashes === 'allow';
  let canonical = '';
  // Kept as a flag: reading the end of a string under construction copies it.
  let endsWithSlash = false;
  for (let index = 0; index < rawPath.length; index += 1) {
    const code = rawPath.charCodeAt(index);
    if (code === SLASH) {
      canonical += endsWithSlash ? '' : '/';
      endsWithSlash = true;
      continue;
    }
    endsWithSlash = false;
    const byte = encodedByteAt(rawPath, index);
    if (byte >= 0) {
      index += 2;
      if (isUnreserved(byte)) {
        canonical += chr(byte);
      } else {
        const detail = encodedFault(byte, allowsEncoded);
        if (detail !== null) {
          return { ok: false, detail };
        }
        canonical += encodeByte(byte);
      }
    } else if (PLAIN_CHARACTERS[code] === 1) {
      canonical += chr(code);
    } else if (ENCODED_CHARACTERS[code] === 1) {
      canonical += encodeByte(code);
    } else {
      return { ok: false, detail: code === 0x3b ? PATH_PARAMETER : NO_URI_SYNTAX };
    }
  }
  const pathClass = classifyPath(canonical, rules);
  const detail = ambiguity(canonical, pathClass, rules);
  return detail === null ? { ok: true, canonical: canonical as CanonicalPath, pathClass } : { ok: false, detail };
}

const PATH_PARAMETER = 'The path contains a path parameter (a semicolon).';
const NO_URI_SYNTAX = 'The path contains a character that a URI must not contain.';

/** Null if this character may be encoded in a path. */
function encodedFault(byte: number, allowsEncoded: boolean): string | null {
  switch (byte) {
    case 0x5c:
      return 'The path contains an encoded backslash.';
    case 0x3b:
      return 'The path contains an encoded semicolon.';
    case SLASH:
      return allowsEncoded ? null : 'The path contains an encoded slash.';
    case 0x25:
      return allowsEncoded ? null : 'The path contains an encoded percent sign.';
    case 0x3f:
    case 0x23:
      return allowsEncoded ? null : 'The path contains an encoded question mark or hash.';
    default:
      return null;
  }
}

function charactersOf(test: (code: number) => boolean): Uint8Array {
  const table = new Uint8Array(0x80);
  for (let code = 0x21; code < 0x7f; code += 1) {
    table[code] = test(code) ? 1 : 0;
  }
  return table;
}

function chr(code: number): string {
  return String.fromCharCode(code);
}
