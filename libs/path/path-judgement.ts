import type { Brand } from '@scopegate/kernel';
import { classifyPath, isNativeTokenPath, isSessionAlias, type PathClass, type PathRules } from './path-class.js';
import { ambiguity, isDotSegment } from './path-ambiguity.js';
import { judgeReadings } from './path-readings.js';
import { encodeByte, encodedByteAt, encodingFault, isUnreserved } from './percent-encoding.js';

/**
 * The one form of a path that is judged, forwarded and audited: unreserved characters plain, the other triples in
 * upper case, slashes merged, and nothing in it that an upstream could read as another path.
 */
export type CanonicalPath = Brand<string, 'CanonicalPath'>;

/** Whether `%2F` and `%25` may stand in a path; where the product can have them (R48). */
export type EncodedSlashes = 'reject' | 'allow';

/** The strict judgement of a path: its canonical form and class, or why it is ambiguous. */
export type StrictJudgement =
  | { readonly ok: true; readonly canonical: CanonicalPath; readonly pathClass: PathClass }
  | { readonly ok: false; readonly detail: string };

/**
 * The judgement where path traversal is not prevented: `reject` where the path is no URI at all; else whether the ban
 * on passwords applies (one plausible reading is REST) and whether a token would be accepted (all readings are).
 */
export type LenientJudgement = 'reject' | { readonly ban: boolean; readonly token: boolean };

/** Everything that is decided about a path by itself. */
export interface PathJudgement {
  /** For token requests always, for the others while the switch of R46 is on. */
  readonly strict: StrictJudgement;
  /** For requests without a token while the switch of R46 is off. */
  readonly lenient: LenientJudgement;
  /** One plausible reading is the product's own token management (R53). */
  readonly nativeTokenManagement: boolean;
  /**
   * One plausible reading is jira's session endpoint under any name it answers to (`/rest/auth/latest/session`,
   * `…/session/`, `…/session.json`), so that a POST's body may hold a password (R43). R04's exception is not this but
   * the strict class `rest-session`.
   */
  readonly sessionEndpoint: boolean;
  /** The path is, beyond doubt, confluence's Remote API (R49, R50). */
  readonly remoteApiRequest: boolean;
}

/** What the judgement of a path depends on besides the path. */
export interface PathOptions {
  /** How the product reads paths. */
  readonly rules: PathRules;
  readonly encodedSlashes: EncodedSlashes;
}

/**
 * Judges the path below an application's mount (R46, R48, R49, R53). Never throws.
 * @param rawPath the path of the request target as it came off the wire, without the query
 */
export function judgePath(rawPath: string, options: PathOptions): PathJudgement {
  const { rules } = options;
  if (isPlain(rawPath)) {
    // Every reading of a plain path is the path itself, so its bytes are the canonical form and one class decides.
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

/** The characters that mean themselves in every reading: those of a path segment (RFC 3986 3.3) but `;` and `%`. */
const PLAIN_CHARACTERS: Uint8Array = charactersOf((code) => isUnreserved(code) || "!$&'()*+,=:@".includes(chr(code)));

/**
 * No URI syntax, yet sent as they are by browsers (WHATWG URL does not encode them in a path). No upstream gives them
 * a meaning: the canonical form holds them encoded.
 */
const ENCODED_CHARACTERS: Uint8Array = charactersOf((code) => '[]|^'.includes(chr(code)));

/** One scan, no allocation: most paths go no further. */
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

/** The judgement of a path whose encoding is sound. */
function judgeStrictly(rawPath: string, { rules, encodedSlashes }: PathOptions): StrictJudgement {
  const allowsEncoded = rules.encodedSlashes && encodedSlashes === 'allow';
  let canonical = '';
  // Kept beside the text: looking at the end of a string under construction would copy it each time.
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

/** Why a reserved or other character must not stand encoded in a path, or null. */
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
