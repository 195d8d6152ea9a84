import { ask, headerValues, type HeaderLines } from '@scopegate/kernel';
import { isScopegateFormat, parseAuthorization, parseToken, sameUserName } from '@scopegate/token';
import type { Credential } from './decision.js';
import type { ApplicationRules, RequestFacts, SessionBody } from './facts.js';
import type { ReasonCode } from './reasons.js';

/** A credential, or the reason why its form is refused. */
export type CredentialReading =
  | { readonly ok: true; readonly credential: Credential }
  | { readonly ok: false; readonly code: ReasonCode; readonly detail?: string };

const NONE: CredentialReading = { ok: true, credential: { kind: 'none' } };
const COOKIE: CredentialReading = { ok: true, credential: { kind: 'cookie' } };
const OTHER: CredentialReading = { ok: true, credential: { kind: 'other' } };
const NATIVE_TOKEN: CredentialReading = { ok: true, credential: { kind: 'native-token' } };
const PASSWORD_UNREAD: CredentialReading = { ok: true, credential: { kind: 'password', username: null, secret: null } };
const TOKEN_MISPLACED: CredentialReading = {
  ok: false,
  code: 'credential_malformed',
  detail:
    'A Scopegate token stands where none is accepted. Send it as the password of HTTP Basic or as a Bearer token.',
};

/**
 * Tells what a request presents. Every place a credential can stand in is looked at, since a token in one place and a
 * password in another would be judged as one user and served as another (R04, R36, R67).
 */
export function readCredential(request: RequestFacts, application: ApplicationRules | null): CredentialReading {
  const header = ask(request.lines, readAuthorization);
  if (!header.ok || application === null) return header;
  const query = readQueryCredential(request.query, application);
  const besides = request.sessionBody === undefined ? query : readSessionBody(request.sessionBody, query);
  return besides === null ? header : combine(header, besides);
}

function readAuthorization(lines: HeaderLines): CredentialReading {
  const values = headerValues(lines, 'authorization');
  const parsed = parseAuthorization(values);
  switch (parsed.kind) {
    case 'basic':
      if (isScopegateFormat(parsed.secret)) {
        return tokenReading('basic', parsed.user, parsed.secret);
      }
      // A token in the place of the user name would go upstream as part of a password login.
      if (isScopegateFormat(parsed.user)) return TOKEN_MISPLACED;
      return { ok: true, credential: { kind: 'password', username: parsed.user, secret: parsed.secret } };
    case 'basic-non-utf8':
      return holdsToken(Buffer.from((values[0] ?? '').slice('Basic '.length), 'base64').toString('latin1'), ':')
        ? TOKEN_MISPLACED
        : PASSWORD_UNREAD;
    case 'bearer':
      return isScopegateFormat(parsed.token) ? tokenReading('bearer', null, parsed.token) : NATIVE_TOKEN;
    case 'other-scheme':
      return holdsToken(values[0] ?? '', ' ') ? TOKEN_MISPLACED : OTHER;
    case 'malformed':
      return { ok: false, code: 'credential_malformed', detail: parsed.detail };
    case 'ambiguous':
      return { ok: false, code: 'credential_ambiguous' };
    case 'none':
      return headerValues(lines, 'cookie').length > 0 ? COOKIE : NONE;
  }
}

function tokenReading(
  via: 'basic' | 'bearer' | 'session-body',
  username: string | null,
  secret: string,
): CredentialReading {
  return { ok: true, credential: { kind: 'token', via, username, secret, tokenId: parseToken(secret)?.id ?? null } };
}

/** Whether the text, or what follows the first separator in it, is in Scopegate's format. */
function holdsToken(text: string, separator: string): boolean {
  const at = text.indexOf(separator);
  return isScopegateFormat(text) || (at >= 0 && isScopegateFormat(text.slice(at + 1).trimStart()));
}

/**
 * Jira and Confluence log in whoever sends `os_username` and `os_password` in the query: a password request.
 * Null where the query holds no password.
 */
function readQueryCredential(query: string | null, application: ApplicationRules): CredentialReading | null {
  if (query === null || (application.kind !== 'jira' && application.kind !== 'confluence')) return null;
  // The names can be percent-encoded; without either mark there is nothing to decode.
  if (!query.includes('os_') && !query.includes('%')) return null;
  let username: string | null = null;
  let secret: string | null = null;
  for (const [name, value] of new URLSearchParams(query)) {
    if (name === 'os_username') username = value;
    else if (name === 'os_password') {
      if (isScopegateFormat(value)) return TOKEN_MISPLACED;
      secret ??= value;
    }
  }
  return secret === null ? null : { ok: true, credential: { kind: 'password', username, secret } };
}

function readSessionBody(body: SessionBody, query: CredentialReading | null): CredentialReading | null {
  if (query !== null) return body.kind === 'empty' ? query : combine(query, readSessionBody(body, null) ?? query);
  switch (body.kind) {
    case 'empty':
      return null;
    case 'unreadable':
      return PASSWORD_UNREAD;
    case 'misplaced-token':
      return TOKEN_MISPLACED;
    case 'ambiguous':
      return {
        ok: false,
        code: 'credential_ambiguous',
        detail: 'A name stands more than once in the body. Send one "username" and one "password".',
      };
    case 'credential':
      return isScopegateFormat(body.secret)
        ? tokenReading('session-body', body.username, body.secret)
        : { ok: true, credential: { kind: 'password', username: body.username, secret: body.secret } };
  }
}

/** Two places hold a credential: fine where one of them is none of ours, or both hold the same token (R04). */
function combine(header: CredentialReading, besides: CredentialReading): CredentialReading {
  if (!header.ok) return header;
  if (!besides.ok) return besides;
  const first = header.credential;
  const second = besides.credential;
  if (first.kind === 'token') {
    const same =
      second.kind === 'token' &&
      second.secret === first.secret &&
      (first.username === null || sameUserName(second.username ?? '', first.username));
    // The name in the body is then held against the owner as well.
    return same ? { ok: true, credential: { ...first, username: second.username } } : AMBIGUOUS;
  }
  if (second.kind === 'token') {
    return first.kind === 'password' || first.kind === 'native-token' || first.kind === 'other' ? AMBIGUOUS : besides;
  }
  return besides;
}

const AMBIGUOUS: CredentialReading = { ok: false, code: 'credential_ambiguous' };
