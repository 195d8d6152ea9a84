import {
  ANY_ORIGIN,
  corsHeaderProblem,
  originProblem,
  passSchemeProblem,
  type ChallengeScheme,
  type CorsRules,
} from '@scopegate/access';
import { isJsonObject } from '@scopegate/kernel';
import { parseAuthority } from '@scopegate/network';
import { parsePathPattern, type PathPattern, type PathReading } from '@scopegate/path';
import { productOf, type ApplicationKind } from '@scopegate/product';
import { NO_TLS, type TlsOptions } from './upstream-tls.js';
import { present, type Note } from './member-check.js';

/**
 * The members of an application that have a default. A new one needs a type and default here, and a field with its
 * text and checks in `application-options.dto.ts`.
 */
export interface ApplicationOptions {
  /** How the application reads a path (R48). */
  readonly paths: PathReading;
  readonly passwords: 'forward' | 'deny';
  /** The Host line that goes upstream; any other text is the line itself. */
  readonly host: 'upstream' | 'client' | (string & {});
  readonly cookies: 'drop' | 'keep';
  readonly challenge: readonly ChallengeScheme[];
  readonly passSchemes: readonly string[];
  readonly tokenPaths: readonly PathPattern[];
  readonly blockedPaths: readonly PathPattern[];
  readonly readOnlyUpgrades: boolean;
  readonly cors: CorsRules | null;
  readonly closeOnRevocation: boolean;
  readonly streamTimeoutMs: number;
  readonly timeoutMs: number;
  readonly connections: number;
  readonly tls: TlsOptions;
}

/** The earlier name of `paths` and its values. */
const READING_OF_SLASHES = { reject: 'tomcat', allow: 'rfc3986' } as const satisfies Record<string, PathReading>;
export type EncodedSlashes = keyof typeof READING_OF_SLASHES;

export function encodedSlashesOf(paths: PathReading): EncodedSlashes {
  return paths === 'rfc3986' ? 'allow' : 'reject';
}

/** Under either name; null if the two names contradict each other. */
export function pathsOf({ paths, encodedSlashes }: AskedPaths): PathReading | undefined | null {
  if (encodedSlashes === undefined) return paths;
  const reading = READING_OF_SLASHES[encodedSlashes];
  return paths === undefined || paths === reading ? reading : null;
}

export interface AskedPaths {
  readonly paths?: PathReading | undefined;
  readonly encodedSlashes?: EncodedSlashes | undefined;
}

/** Also for applications that an older version stored. */
export function defaultOptions(kind: ApplicationKind): ApplicationOptions {
  return {
    paths: productOf(kind).paths.reading,
    passwords: productOf(kind).passwords,
    host: 'upstream',
    cookies: 'drop',
    challenge: ['basic'],
    passSchemes: [],
    tokenPaths: [],
    blockedPaths: [],
    readOnlyUpgrades: false,
    cors: null,
    closeOnRevocation: true,
    streamTimeoutMs: 3_600_000,
    timeoutMs: 60_000,
    connections: 512,
    tls: NO_TLS,
  };
}

type GivenOptions = {
  readonly [Name in keyof Omit<ApplicationOptions, 'tls'>]?: ApplicationOptions[Name] | undefined;
} & { readonly tls?: Partial<TlsOptions> | null | undefined };

/** The options among other members; a missing one gets its default. */
export function optionsOf(members: GivenOptions, kind: ApplicationKind): ApplicationOptions {
  const defaults = defaultOptions(kind);
  const given = Object.entries(members).filter(
    ([name, value]) => name in defaults && value !== undefined && value !== null,
  );
  return { ...defaults, ...Object.fromEntries(given), tls: { ...NO_TLS, ...present(members.tls ?? {}) } };
}

/**
 * Checks what types cannot.
 * @param anonymous what the application does with requests without a credential
 * @param note called with a field and a message that follows its name
 */
export function checkOptions(options: ApplicationOptions, anonymous: 'allow' | 'deny', note: Note): void {
  const { host, cors } = options;
  if (host !== 'upstream' && host !== 'client' && parseAuthority(host) === null) {
    note('host', 'must be "upstream", "client", or a host name with an optional port');
  }
  for (const [index, scheme] of options.passSchemes.entries()) {
    const message = passSchemeProblem(scheme);
    if (message !== null) note(`passSchemes.${index}`, message);
  }
  if (cors !== null) checkCors(cors, anonymous, note);
  checkPatterns('tokenPaths', options.tokenPaths, READING_METHODS, note);
  checkPatterns('blockedPaths', options.blockedPaths, null, note);
}

function checkCors({ origins, headers }: CorsRules, anonymous: 'allow' | 'deny', note: Note): void {
  for (const [index, origin] of origins.entries()) {
    const problem = originProblem(origin);
    if (problem !== null) note(`cors.origins.${index}`, problem);
  }
  if (origins.includes(ANY_ORIGIN) && anonymous === 'allow') {
    note(
      'cors.origins',
      'may have "*" only if "anonymous" is "deny": otherwise every page that a user opens could read what the ' +
        'application shows without a credential',
    );
  }
  for (const [index, header] of headers.entries()) {
    const problem = corsHeaderProblem(header);
    if (problem !== null) note(`cors.headers.${index}`, problem);
  }
}

/** Checks the types of a pattern. Returns a message that follows its name, or null. */
export function patternProblem(value: unknown): string | null {
  const { method = '', path, ...others } = isJsonObject(value) ? value : {};
  if (typeof method !== 'string' || typeof path !== 'string' || Object.keys(others).length > 0) {
    return 'must be {"path": "…"} or {"method": "…", "path": "…"}';
  }
  return method.length > 32 || path.length > 2048 ? 'is longer than 2048 characters' : null;
}

const READING_METHODS: readonly string[] = ['GET', 'HEAD'];

/** @param methods null: all */
function checkPatterns(
  name: string,
  patterns: readonly PathPattern[],
  methods: readonly string[] | null,
  note: Note,
): void {
  for (const [index, value] of patterns.entries()) {
    const field = `${name}.${index}`;
    const { method } = value;
    if (method !== undefined && methods?.includes(method) === false) {
      note(field, `must have the method ${methods.join(' or ')}`);
    }
    const parsing = parsePathPattern(value);
    if (!parsing.ok) note(field, `is not valid. ${parsing.message}`);
  }
}
