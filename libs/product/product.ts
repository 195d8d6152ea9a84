import type { PathPattern, PathRules, ReadOnlyException } from '@scopegate/path';
import type { BearerLine, RefusalSigns } from '@scopegate/upstream';

/** A member of the JSON answer, or of its object `of`, or `instead` if it is missing; or the whole text. */
export type AccountPlace = { readonly member: string; readonly of?: string; readonly instead?: string } | 'text';

/** Everything that differs between products. A kind of application is one record of this type. */
export interface Product {
  readonly name: string;
  /** Only Atlassian's products have the vendor's calls and the app management. */
  readonly isAtlassian: boolean;
  readonly paths: PathRules;
  /** Below `/scm/` (R14). */
  readonly servesGit: boolean;
  /** The default for requests without a credential. */
  readonly anonymous: 'allow' | 'deny';
  /** The default for user names with passwords (R42). */
  readonly passwords: 'forward' | 'deny';
  /** `os_username` and `os_password` in a query or a form log in (R43). */
  readonly loginFields: boolean;
  /** Where its clients present a token besides HTTP Basic and Bearer (R121); null: nowhere. */
  readonly tokenPlaces: TokenPlaces | null;
  /** Where a credential of its own goes that is no user name and password (R68). */
  readonly bearer: BearerLine;
  /** Of a refused credential, besides the status 401 (R70); null: none. */
  readonly refusalSigns: RefusalSigns | null;
  /**
   * Where a request names another user to act for, or another credential, besides Authorization, cookies and
   * `tokenPlaces`. With a credential of the gateway, no client may choose one (R71).
   */
  readonly actAs: ActAs;
  /** R52, R53; null: none. */
  readonly nativeTokens: NativeTokens | null;
  readonly session: ProductSession;
  /** Returns the current user (R126); null: none. */
  readonly whoAmI: { readonly path: string; readonly account: AccountPlace } | null;
  /** Answers without a credential while the product runs. */
  readonly health: string;
  /** The member of an error in which its clients look for the text (R122); null: none. */
  readonly errorMember: ErrorMember | null;
  /** Where it states its version (R52); null: nowhere. */
  readonly version: VersionSource | null;
  /** POST calls that only read (R13). They count only after an administrator adds them. */
  readonly proposedExceptions: readonly ProposedException[];
  /** Files and exports beside REST (R118). They count only after an administrator adds them. */
  readonly proposedTokenPaths: readonly PathPattern[];
  /** What shows a credential that no scope limits, or makes one (R124). Closed to every token. */
  readonly blockedPaths: readonly PathPattern[];
  /** R73: starting points for an application of this kind. */
  readonly presets: readonly Preset[];
}

/** Several calls may have one name. */
export interface ProposedException extends ReadOnlyException {
  readonly name: string;
}

export interface Preset {
  readonly name: string;
  readonly title: string;
  /** What the administrator and the users have to do. */
  readonly description: string;
  readonly identity: PresetIdentity;
}

/** Without a secret, so that nothing has to be given beside the address. */
export type PresetIdentity =
  | { readonly mode: 'credential'; readonly perUser: true }
  | { readonly mode: 'headers'; readonly headers: Readonly<Record<string, string>> };

/** What every version of a product believes: a credential of its own, of each user. */
export const OWN_CREDENTIAL: PresetIdentity = { mode: 'credential', perUser: true };

/** The last two are lists: of texts, and of objects with a `message`. */
export type ErrorMember = 'message' | 'errorMessages' | 'errors';

/** No parameters of a query or a form: addresses are logged, and bodies are forwarded byte for byte. */
export interface TokenPlaces {
  /** Folded names, such as `private-token`. */
  readonly headers: readonly string[];
  /** Schemes of Authorization in lower case, such as `token`. */
  readonly schemes: readonly string[];
}

/** The product reads these also when the gateway has logged in. */
export interface ActAs {
  /** Folded names, such as `sudo`. */
  readonly headers: readonly string[];
  /** Of a query and a body: another user or credential. As `foldFieldName` writes them. */
  readonly parameters: readonly string[];
  /** A user name of digits alone is taken for the number of a user. */
  readonly numbersAreIds: boolean;
  /** Lines with which a service account acts for the user: names and templates. */
  readonly templates: Readonly<Record<string, string>>;
}

export const NO_ACT_AS: ActAs = { headers: [], parameters: [], numbersAreIds: false, templates: {} };

export interface NativeTokens {
  /** The first version with them; null: all versions. */
  readonly since: string | null;
  /** Of tokens that work as a Basic password; others work only as Bearer. */
  readonly prefixes: readonly string[];
  /** Where its administrator disables them. */
  readonly appManagement: string;
}

export interface ProductSession {
  readonly cookie: string;
  /** With a session id, in lower case. */
  readonly parameters: readonly string[];
}

export interface VersionSource {
  /** Its names in an application link manifest, in lower case; null: it has no such manifest. */
  readonly typeIds: readonly string[] | null;
  /** Answers anonymously with `version`, without a manifest or if application links are disabled. */
  readonly propertiesPath: string | null;
}

/** Of servlet containers, with one more common parameter. */
export const SERVLET_SESSION: ProductSession = { cookie: 'JSESSIONID', parameters: ['jsessionid', 'sid'] };

/** Common to Atlassian's products. */
export const ATLASSIAN_PATHS: PathRules = {
  rest: ['/rest'],
  sessionEndpoint: false,
  remoteApi: false,
  nativeTokens: ['/rest/pat', '/rest/access-tokens'],
  rewritesStatic: true,
  reading: 'tomcat',
};

/**
 * Calls that make an access token of the product itself, which works past the gateway (R124). Reading and revoking the
 * tokens stays open while `nativeTokensDisabled` is off (R53).
 */
export const ATLASSIAN_BLOCKED_PATHS: readonly PathPattern[] = [
  { path: '/rest/oauth2/**' },
  ...['POST', 'PUT'].flatMap((method) => ATLASSIAN_PATHS.nativeTokens.map((path) => ({ method, path: `${path}/**` }))),
];

/** Patterns of a resource, also with a suffix such as `.json`, and of everything below it. */
export function atAndBelow(path: string): readonly PathPattern[] {
  return [{ path: `${path}*` }, { path: `${path}/**` }];
}
