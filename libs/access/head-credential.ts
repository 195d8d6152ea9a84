import { headerValues, type HeaderLines } from '@scopegate/kernel';
import type { TokenPlaces } from '@scopegate/product';
import {
  holdsTokenElement,
  parseAuthorization,
  parseSession,
  presentsToken,
  sessionsInCookies,
} from '@scopegate/token';
import { combine, misplaced, tokenReading, type CredentialReading } from './credential.js';
import { headerWithToken, presentedTokens } from './misplaced-token.js';

const NONE: CredentialReading = { ok: true, credential: { kind: 'none' } };
const COOKIE: CredentialReading = { ok: true, credential: { kind: 'cookie' } };
const NATIVE_TOKEN: CredentialReading = { ok: true, credential: { kind: 'native-token' } };

const BASIC_AND_BEARER: TokenPlaces = { headers: [], schemes: [] };

/** @param places of the product, besides Basic and Bearer (R121); several with the same token are one credential */
export function readHeaders(lines: HeaderLines, places = BASIC_AND_BEARER): CredentialReading {
  const authorization = readAuthorization(lines, places.schemes);
  if (!authorization.ok && authorization.code === 'credential_ambiguous') return authorization;
  const header = headerWithToken(lines, places.headers);
  if (header !== null) return misplaced(`the header ${header}`);
  return presentedTokens(lines, places.headers)
    .map((secret) => tokenReading('bearer', null, secret))
    .reduce(combine, authorization);
}

/** The session of the gateway in the cookies, if there is no Authorization line (R11). */
export function readSession(lines: HeaderLines): CredentialReading {
  const [secret, other] = sessionsInCookies(headerValues(lines, 'cookie'));
  if (secret === undefined) return COOKIE;
  if (other !== undefined) return SEVERAL_SESSIONS;
  const sessionId = parseSession(secret)?.id ?? null;
  return { ok: true, credential: { kind: 'token', via: 'cookie', username: null, secret, tokenId: null, sessionId } };
}

const SEVERAL_SESSIONS: CredentialReading = {
  ok: false,
  code: 'credential_ambiguous',
  detail: 'The cookies contain more than one session. Send exactly one.',
};

function readAuthorization(lines: HeaderLines, schemes: readonly string[]): CredentialReading {
  const values = headerValues(lines, 'authorization');
  const parsed = parseAuthorization(values);
  switch (parsed.kind) {
    case 'basic':
    case 'basic-non-utf8':
      return readBasic(parsed.user, parsed.secret);
    case 'bearer':
      return presentsToken(parsed.token) ? tokenReading('bearer', null, parsed.token) : NATIVE_TOKEN;
    case 'other-scheme': {
      const line = (values[0] ?? '').trim();
      const rest = line.slice(parsed.scheme.length).trim();
      if (schemes.includes(parsed.scheme) && presentsToken(rest)) return tokenReading('bearer', null, rest);
      return holdsTokenElement(line)
        ? misplaced('another Authorization scheme')
        : { ok: true, credential: { kind: 'other', scheme: parsed.isEmpty ? null : parsed.scheme } };
    }
    case 'malformed':
      if (parsed.scheme === 'unknown' && holdsTokenElement(values[0] ?? '')) {
        return misplaced('an Authorization line without a scheme');
      }
      return { ok: false, code: 'credential_malformed', detail: parsed.detail };
    case 'ambiguous':
      return { ok: false, code: 'credential_ambiguous' };
    case 'none':
      return headerValues(lines, 'cookie').length > 0 ? COOKIE : NONE;
  }
}

/** R121: git clients write these after a token in the place of the user name. */
const NO_PASSWORD: ReadonlySet<string> = new Set(['', 'x-oauth-basic']);

function readBasic(user: string, secret: string): CredentialReading {
  if (presentsToken(user)) {
    // Beside a password, the token would go upstream as part of a password login.
    return NO_PASSWORD.has(secret) ? tokenReading('basic', null, user) : misplaced('the user name of HTTP Basic');
  }
  return presentsToken(secret)
    ? tokenReading('basic', user, secret)
    : { ok: true, credential: { kind: 'password', username: user, secret } };
}
