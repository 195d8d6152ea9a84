import { productOf } from '@scopegate/product';
import { markedParameters, nameMark } from '@scopegate/scope';
import { presentsToken } from '@scopegate/token';
import { actingDetail } from './acting.js';
import { combine, misplaced, tokenReading, type CredentialReading } from './credential.js';
import type { ApplicationRules, ClientLogin, RequestFacts, SessionBody } from './facts.js';
import { readHeaders } from './head-credential.js';
import { fieldWithToken, utf8Of } from './misplaced-token.js';

const PASSWORD_UNREAD: CredentialReading = { ok: true, credential: { kind: 'password', username: null, secret: null } };

/** Checks every place of a credential (R04, R36, R67), or we could judge one user and the upstream serve another. */
export function readCredential(request: RequestFacts, application: ApplicationRules | null): CredentialReading {
  const line = request.login === undefined ? readLines(request, application) : readLogin(request.login);
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
  const reading = ofBody === null ? header : combine(header, ofBody);
  return reading.ok && reading.credential.kind === 'token' ? (refuseFields(request, application) ?? reading) : reading;
}

/** A token makes no session: the session would outlive it, and be no longer held to its scope. */
function readLogin({ username, secret }: ClientLogin): CredentialReading {
  return presentsToken(secret)
    ? misplaced('the body of a login')
    : { ok: true, credential: { kind: 'password', username, secret } };
}

/** R71: beside a token, the product would take the request for one of another user. */
function refuseFields({ query, form }: RequestFacts, { acting }: ApplicationRules): CredentialReading | null {
  if (acting === null) return null;
  const parameter = query === null ? null : acting.parameterIn(query);
  const field = form?.kind === 'fields' ? acting.parameterIn(form.text) : null;
  if (parameter === null && field === null) return null;
  const place = parameter === null ? `the form has "${field ?? ''}"` : `the query has "${parameter}"`;
  return { ok: false, code: 'credential_ambiguous', detail: actingDetail(place) };
}

function readLines({ head }: RequestFacts, application: ApplicationRules | null): CredentialReading {
  const places = application === null ? null : productOf(application.kind).tokenPlaces;
  return places === null ? head.credential : readHeaders(head.lines, places);
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
