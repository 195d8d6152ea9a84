import { ask, headerValues, type HeaderLines } from '@scopegate/kernel';
import { productOf } from '@scopegate/product';
import { markedParameters, nameMark } from '@scopegate/scope';
import {
  holdsTokenElement,
  parseAuthorization,
  parseSession,
  parseToken,
  presentsToken,
  sameUserName,
  sessionsInCookies,
} from '@scopegate/token';
import type { Credential } from './decision.js';
import type { ApplicationRules, RequestFacts, SessionBody } from './facts.js';
import { fieldWithToken, headerWithToken, utf8Of } from './misplaced-token.js';
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

/** @param place where the token stands, after "stands in" */
function misplaced(place: string): CredentialReading {
  return {
    ok: false,
    code: 'credential_misplaced',
    detail: `A Scopegate token stands in ${place}. Send it as the password of HTTP Basic or as a Bearer token.`,
  };
}

/**
 * Tells what a request presents. Every place a credential can stand in is looked at, since a token in one place and a
 * password in another would be judged as one user and served as another (R04, R36, R67).
 */
export function readCredential(request: RequestFacts, application: ApplicationRules | null): CredentialReading {
  const line = ask(request.lines, readHead);
  if (!line.ok) return line;
  const field = request.query === null ? null : fieldWithToken(request.query);
  if (field !== null) return misplaced(`the query parameter ${field}`);
  if (application === null) return line;
  const { form, sessionBody } = request;
  const formField = form?.kind === 'fields' ? fieldWithToken(form.text) : null;
  if (formField !== null) return misplaced(`the form field ${formField}`);
  const login = readLoginFields(request, application);
  const besides = sessionBody === undefined ? login : readSessionBody(sessionBody, login);
  // A login in a body counts as an Authorization line does: who still holds an old session can log in anew.
  const isLogin = sessionBody !== undefined && sessionBody.kind !== 'empty';
  const header = line === COOKIE && !isLogin ? ask(request.lines, readCookies) : line;
  return besides === null ? header : combine(header, besides);
}

/** What the header lines alone present. A second Authorization line is worse than a token in the wrong place. */
function readHead(lines: HeaderLines): CredentialReading {
  const authorization = readAuthorization(lines);
  if (!authorization.ok && authorization.code === 'credential_ambiguous') return authorization;
  const header = headerWithToken(lines);
  return header === null ? authorization : misplaced(`the header ${header}`);
}

/** The session of the gateway in the cookies of a request without an Authorization line (R11). */
function readCookies(lines: HeaderLines): CredentialReading {
  const [secret, other] = sessionsInCookies(headerValues(lines, 'cookie'));
  if (secret === undefined) return COOKIE;
  if (other !== undefined) return SEVERAL_SESSIONS;
  const sessionId = parseSession(secret)?.id ?? null;
  return { ok: true, credential: { kind: 'token', via: 'cookie', username: null, secret, tokenId: null, sessionId } };
}

const SEVERAL_SESSIONS: CredentialReading = {
  ok: false,
  code: 'credential_ambiguous',
  detail: 'The cookies hold more than one session. Send only the one that is meant.',
};

function readAuthorization(lines: HeaderLines): CredentialReading {
  const values = headerValues(lines, 'authorization');
  const parsed = parseAuthorization(values);
  switch (parsed.kind) {
    case 'basic':
    case 'basic-non-utf8':
      // A token in the place of the user name would go upstream as part of a password login.
      if (presentsToken(parsed.user)) return misplaced('the user name of HTTP Basic');
      return presentsToken(parsed.secret)
        ? tokenReading('basic', parsed.user, parsed.secret)
        : { ok: true, credential: { kind: 'password', username: parsed.user, secret: parsed.secret } };
    case 'bearer':
      return presentsToken(parsed.token) ? tokenReading('bearer', null, parsed.token) : NATIVE_TOKEN;
    case 'other-scheme':
      return holdsTokenElement(values[0] ?? '') ? misplaced('another Authorization scheme') : OTHER;
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

function tokenReading(
  via: 'basic' | 'bearer' | 'session-body',
  username: string | null,
  secret: string,
): CredentialReading {
  return { ok: true, credential: { kind: 'token', via, username, secret, tokenId: parseToken(secret)?.id ?? null } };
}

/** No program sends so many fields with these names: they are there to be looked through (R112). */
const MAX_LOGIN_FIELDS = 100;

const LOGIN_MARK = nameMark('os_username', 'os_password');

/**
 * Jira and Confluence log in whoever sends `os_username` and `os_password`, in the query, in a form, or one in each: a
 * password request (R43). A form that cannot be looked through may hold one. Null where there is no password.
 */
function readLoginFields({ query, form }: RequestFacts, application: ApplicationRules): CredentialReading | null {
  if (!productOf(application.kind).loginFields) return null;
  if (form?.kind === 'unreadable') return PASSWORD_UNREAD;
  let username: string | null = null;
  let secret: string | null = null;
  let marked = 0;
  for (const text of [query, form?.text ?? null]) {
    if (text === null) continue;
    for (const { name, value } of markedParameters(text, LOGIN_MARK)) {
      marked += 1;
      if (marked > MAX_LOGIN_FIELDS) return PASSWORD_UNREAD;
      if (name === 'os_username') username ??= utf8Of(value ?? '');
      else if (name === 'os_password') secret ??= utf8Of(value ?? '');
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
      return misplaced('a body where none is taken');
    case 'ambiguous':
      return {
        ok: false,
        code: 'credential_ambiguous',
        detail: 'A name stands more than once in the body. Send one "username" and one "password".',
      };
    case 'credential':
      return presentsToken(body.secret)
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
    // A password in the query beside a session would log in somebody else at the upstream.
    if (first.via === 'cookie') return AMBIGUOUS;
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
  // The upstream takes whichever it likes of the two, so both are judged.
  return second.kind === 'password' && first.kind === 'native-token'
    ? { ok: true, credential: { ...second, besideNativeToken: true } }
    : besides;
}

const AMBIGUOUS: CredentialReading = { ok: false, code: 'credential_ambiguous' };
