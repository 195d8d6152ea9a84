import type { PathRules, ReadOnlyException } from '@scopegate/path';

/** Where an answer of the product names an account: a member of its JSON, or all of its text. */
export type AccountPlace = { readonly member: string } | 'text';

/** Everything in which a product differs from another one. A kind of application is one record of this type. */
export interface Product {
  /** What people call it. */
  readonly name: string;
  /** Whether it is one of Atlassian's: the vendor's calls and the app management are theirs alone. */
  readonly isAtlassian: boolean;
  readonly paths: PathRules;
  /** Whether it serves git below `/scm/` (R14). */
  readonly servesGit: boolean;
  /** What happens to a request without a credential by default. */
  readonly anonymous: 'allow' | 'deny';
  /** Whether `os_username` with `os_password` in a query or a form logs in (R43). */
  readonly loginFields: boolean;
  /** The product's own tokens (R52, R53); null if it has none. */
  readonly nativeTokens: NativeTokens | null;
  readonly session: ProductSession;
  /** The call that returns the current user (R126); null if it has none. */
  readonly whoAmI: { readonly path: string; readonly account: AccountPlace } | null;
  /** Where it gives its version (R52); null if it does not. */
  readonly version: VersionSource | null;
  /** Calls that only read, though by POST (R13). Proposals: none counts until an administrator adds it. */
  readonly proposedExceptions: readonly ReadOnlyException[];
}

/** Tokens that the product itself makes and accepts. */
export interface NativeTokens {
  /** The first version that has them; null if every version does. */
  readonly since: string | null;
  /** Their prefixes, if one can be a Basic password; the others work only as Bearer. */
  readonly prefixes: readonly string[];
  /** Where its administrator switches them off. */
  readonly appManagement: string;
}

/** How a product keeps its own sessions. */
export interface ProductSession {
  /** The name of its session cookie. */
  readonly cookie: string;
  /** The path parameters that hold a session's id, in lower case. */
  readonly parameters: readonly string[];
}

/** Where a product gives its version. */
export interface VersionSource {
  /** Its names in the manifest of an application link, in lower case. */
  readonly typeIds: readonly string[];
  /** A call that answers anonymously with a member `version` when application links are switched off. */
  readonly propertiesPath: string | null;
}

/** The sessions of a servlet container, with a parameter that products use besides. */
export const SERVLET_SESSION: ProductSession = { cookie: 'JSESSIONID', parameters: ['jsessionid', 'sid'] };

/** What the paths of Atlassian's products have in common. */
export const ATLASSIAN_PATHS: PathRules = {
  rest: ['/rest'],
  sessionEndpoint: false,
  remoteApi: false,
  nativeTokens: ['/rest/pat', '/rest/access-tokens'],
  rewritesStatic: true,
  encodedSlashes: false,
};
