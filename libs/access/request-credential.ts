import { productOf } from '@scopegate/product';
import { markedParameters, nameMark } from '@scopegate/scope';
import { presentsToken, sameUserName } from '@scopegate/token';
import { misplaced, tokenReading, type CredentialReading } from './credential.js';
import type { ApplicationRules, RequestFacts, SessionBody } from './facts.js';
import { fieldWithToken, utf8Of } from './misplaced-token.js';

const PASSWORD_UNREAD: CredentialReading = { ok: true, credential: { kind: 'password', username: null, secret: null } };

/** Checks every place of a credential (R04, R36, R67), or we could judge one user and the upstream serve another. */
export function readCredential(request: RequestFacts, application: ApplicationRules | null): CredentialReading {
  const line = request.head.credential;
  if (!line.ok) return line;
  const field = request.query === null ? null : fieldWithToken(request.query);
  if (field !== null) return misplaced(`the query parameter ${field}`);
  if (application === null) return line;
  const { form, sessionBody } = request;
  const formField = form?.kind === 'fields' ? fieldWithToken(form.text) : null;
  if (formField !== null) return misplaced(`the form field ${formField}`);
  const login = readLoginFields(request, application);
  const ofBody = sessionBody === undefined ? login : readSessionBody(sessionBody, login);
  // A login in a body counts as an Authorization line: a client with an old session can log in again.
  const isLogin = sessionBody !== undefined && sessionBody.kind !== 'empty';
  const header = line.credential.kind === 'cookie' && !isLogin ? request.head.session : line;
  return ofBody === null ? header : combine(header, ofBody);
}

/** No honest program sends so many fields with these names: they are sent to make the search slow (R112). */
const MAX_LOGIN_FIELDS = 100;

const LOGIN_MARK = nameMark('os_username', 'os_password');

/**
 * R43: Jira and Confluence accept `os_username` and `os_password` in the query, in a form, or one in each. An
 * unreadable form may contain a password. @returns null without a password
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
      return misplaced('a body that may not contain one');
    case 'ambiguous':
      return {
        ok: false,
        code: 'credential_ambiguous',
        detail: 'The body contains a name more than once. Send one "username" and one "password".',
      };
    case 'credential':
      return presentsToken(body.secret)
        ? tokenReading('session-body', body.username, body.secret)
        : { ok: true, credential: { kind: 'password', username: body.username, secret: body.secret } };
  }
}

/** Two credentials: allowed if one of them is not ours to judge, or both are the same token (R04). */
function combine(header: CredentialReading, other: CredentialReading): CredentialReading {
  if (!header.ok) return header;
  if (!other.ok) return other;
  const first = header.credential;
  const second = other.credential;
  if (first.kind === 'token') {
    // A password in the query together with a session would log in another user at the upstream.
    if (first.via === 'cookie') return AMBIGUOUS;
    const same =
      second.kind === 'token' && second.secret === first.secret && mayNameOneUser(first.username, second.username);
    // A name in either place is then compared with the owner.
    return same ? { ok: true, credential: { ...first, username: first.username ?? second.username } } : AMBIGUOUS;
  }
  if (second.kind === 'token') {
    return first.kind === 'password' || first.kind === 'native-token' || first.kind === 'other' ? AMBIGUOUS : other;
  }
  // The upstream takes whichever it likes of the two, so both are judged.
  return second.kind === 'password' && first.kind === 'native-token'
    ? { ok: true, credential: { ...second, besideNativeToken: true } }
    : other;
}

function mayNameOneUser(one: string | null, other: string | null): boolean {
  return one === null || other === null || sameUserName(one, other);
}

const AMBIGUOUS: CredentialReading = { ok: false, code: 'credential_ambiguous' };
