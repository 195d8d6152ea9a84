import type { Brand } from '@scopegate/kernel';
import {
  classifyPath,
  isNativeTokenPath,
  isSessionAlias,
  type PathClass,
  type PathReading,
  type PathRules,
} from './path-class.js';
import { ambiguity, isDotSegment } from './path-ambiguity.js';
import { canonicalSpelling, PLAIN_CHARACTERS } from './canonical-spelling.js';
import { dotSegmentFault } from './dot-segments.js';
import { judgeReadings, type ReadingsVerdict } from './path-readings.js';
import { encodingFault } from './percent-encoding.js';

/**
 * The form that is judged, forwarded and audited. `tomcat`: unreserved characters plain, other triples in upper case,
 * slashes merged, and no second reading. `rfc3986`: the path as sent, with one slash at the start; no reading has a dot
 * segment, except for segments written `.`.
 */
export type CanonicalPath = Brand<string, 'CanonicalPath'>;

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
  /** Of the application. A product that reads as `tomcat` is always judged so. */
  readonly reading: PathReading;
}

/** R46, R48, R49, R53. Never throws. @param rawPath as it arrived, without the query */
export function judgePath(rawPath: string, options: PathOptions): PathJudgement {
  const { rules, reading } = options;
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
  const strict =
    rules.reading === 'tomcat' || reading === 'tomcat'
      ? judgeAsTomcat(rawPath, rules)
      : judgeAsRfc3986(rawPath, rules, readings);
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

/** What a servlet container could decode, cut or fold is refused. */
function judgeAsTomcat(rawPath: string, rules: PathRules): StrictJudgement {
  const spelling = canonicalSpelling(rawPath);
  if (!spelling.ok) return spelling;
  const { canonical } = spelling;
  const refused = REFUSED_TRIPLES.find(([triple]) => canonical.includes(triple));
  if (refused !== undefined) return { ok: false, detail: `The path contains an encoded ${refused[1]}.` };
  const pathClass = classifyPath(canonical, rules);
  const detail = ambiguity(canonical, pathClass, rules);
  return detail === null ? { ok: true, canonical: canonical as CanonicalPath, pathClass } : { ok: false, detail };
}

const REFUSED_TRIPLES = [
  ['%5C', 'backslash'],
  ['%3B', 'semicolon'],
  ['%2F', 'slash'],
  ['%25', 'percent sign'],
  ['%3F', 'question mark'],
  ['%23', 'hash'],
] as const;

/**
 * R48: byte for byte, unless a reading goes to another folder or changes the class. Slashes at the start become one:
 * `//host/x` in a request line reads as the path `/x` of another host (RFC 3986 4.2).
 */
function judgeAsRfc3986(rawPath: string, rules: PathRules, { anyRest, allRest }: ReadingsVerdict): StrictJudgement {
  const canonical = rawPath.replace(/^\/{2,}/, '/');
  const detail = rawPath.includes('\\')
    ? 'The path contains a backslash, which a URI must not contain.'
    : anyRest === allRest
      ? dotSegmentFault(canonical)
      : 'The path can be read as a REST path and as another one.';
  return detail === null
    ? { ok: true, canonical: canonical as CanonicalPath, pathClass: classifyPath(canonical, rules) }
    : { ok: false, detail };
}
