import { isLoopbackHost } from '@scopegate/network';
import { ConfigurationError, FILE_SUFFIX, readText, readTextOrFile, type Environment } from './environment.reader.js';

/** Login at the console through an identity provider (R96). */
export interface OidcConfiguration {
  /** The issuer, exactly as the provider names itself. */
  readonly issuer: string;
  readonly clientId: string;
  /** Null for a public client: PKCE alone protects its codes. */
  readonly clientSecret: string | null;
  /** The claim that names the user. */
  readonly usernameClaim: string;
  /** The claim that lists the user's groups; null: a login changes no group. */
  readonly groupsClaim: string | null;
}

const ISSUER = 'SCOPEGATE_OIDC_ISSUER';
const CLIENT_ID = 'SCOPEGATE_OIDC_CLIENT_ID';
const CLIENT_SECRET = 'SCOPEGATE_OIDC_CLIENT_SECRET';
const USERNAME_CLAIM = 'SCOPEGATE_OIDC_USERNAME_CLAIM';
const GROUPS_CLAIM = 'SCOPEGATE_OIDC_GROUPS_CLAIM';

const NAMES = [ISSUER, CLIENT_ID, CLIENT_SECRET, CLIENT_SECRET + FILE_SUFFIX, USERNAME_CLAIM, GROUPS_CLAIM] as const;

const DEFAULT_USERNAME_CLAIM = 'preferred_username';

/** Members of a JSON object, also as addresses (`https://example.com/groups`). */
const CLAIM_NAME = /^[\x21-\x7e]{1,128}$/;

/** RFC 6749 A.1 and A.2: visible ASCII, with a bound. */
const CLIENT_TEXT = /^[\x20-\x7e]{1,1024}$/;

/**
 * @param publicUrl the provider sends the browser back to it
 * @returns null if none of the names is set
 * @throws ConfigurationError if a part is missing or not valid; the text never contains the secret
 */
export function readOidc(environment: Environment, publicUrl: string | null): OidcConfiguration | null {
  const first = NAMES.find((name) => readText(environment, name) !== null);
  if (first === undefined) return null;
  const issuer = readText(environment, ISSUER);
  const clientId = readText(environment, CLIENT_ID);
  if (issuer === null || clientId === null) {
    throw new ConfigurationError(`${first} needs ${ISSUER} and ${CLIENT_ID}. Set both, or leave ${first} out.`);
  }
  if (publicUrl === null) {
    throw new ConfigurationError(
      `${ISSUER} needs SCOPEGATE_PUBLIC_URL, the address of the console in the browser: the provider sends the browser ` +
        'back to it.',
    );
  }
  if (!CLIENT_TEXT.test(clientId)) throw new ConfigurationError(`${CLIENT_ID} must be visible ASCII characters.`);
  const clientSecret = readTextOrFile(environment, CLIENT_SECRET);
  if (clientSecret !== null && !CLIENT_TEXT.test(clientSecret)) {
    throw new ConfigurationError(`${CLIENT_SECRET} must be visible ASCII characters.`);
  }
  return {
    issuer: checkedIssuer(issuer),
    clientId,
    clientSecret,
    usernameClaim: readUsernameClaim(environment),
    groupsClaim: readClaim(environment, GROUPS_CLAIM),
  };
}

/** Without TLS, whoever is on the way could log in as anybody. */
function checkedIssuer(issuer: string): string {
  const url = URL.canParse(issuer) ? new URL(issuer) : null;
  const isSecure = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.hostname));
  if (url === null || !isSecure) {
    throw new ConfigurationError(`${ISSUER} must be an https address. http is for a provider on this machine alone.`);
  }
  if (url.username !== '' || url.password !== '' || /[?#]/.test(issuer)) {
    throw new ConfigurationError(`${ISSUER} must have no user name, no password, no query and no fragment.`);
  }
  if (url.pathname.includes('/.well-known/')) {
    throw new ConfigurationError(`${ISSUER} is the address in front of "/.well-known/openid-configuration".`);
  }
  return issuer;
}

/** An address of email is often not checked, and may belong to another person tomorrow. */
function readUsernameClaim(environment: Environment): string {
  const claim = readClaim(environment, USERNAME_CLAIM) ?? DEFAULT_USERNAME_CLAIM;
  if (claim.toLowerCase() === 'email') {
    throw new ConfigurationError(
      `${USERNAME_CLAIM} must not be "email": many providers let users choose it. Use a claim that the provider alone ` +
        `sets, such as "${DEFAULT_USERNAME_CLAIM}", "upn" or "sub".`,
    );
  }
  return claim;
}

function readClaim(environment: Environment, name: string): string | null {
  const claim = readText(environment, name);
  if (claim === null || CLAIM_NAME.test(claim)) return claim;
  throw new ConfigurationError(`${name} must be the name of a claim, at most 128 visible ASCII characters.`);
}
