import type { CredentialKind } from '@scopegate/access';
import { expect } from 'vitest';
import { headerValue } from '../support/http-message.js';
import { isAnsweredHere, type AccessCase } from './access-case.js';
import type { CaseEvent, GatewayOutcome } from './access-case.gateway.js';
import { peerOf } from './access-case.request.js';

/** The credential that the audit names, where the case does not say. */
function credentialOf(row: AccessCase): CredentialKind {
  if (row.expect.credential !== undefined) return row.expect.credential;
  const { credential, session } = row.request;
  switch (credential?.kind) {
    case undefined:
      return session === undefined ? 'none' : 'cookie';
    case 'basic':
      return credential.secret.startsWith('<') ? 'basic-token' : 'password';
    case 'bearer':
      return credential.secret.startsWith('<') ? 'bearer-token' : 'native-token';
    case 'cookie':
      return 'cookie';
    case 'raw':
      throw new Error('A case with Authorization lines of its own says what they are.');
  }
}

/** The type and outcome of the one event of a request (R55). */
function kindOfEvent(row: AccessCase): Pick<CaseEvent, 'type' | 'outcome' | 'code'> {
  const { expect: expected } = row;
  const isLogin = isAnsweredHere(row) && credentialOf(row) === 'password';
  if (expected.decision === 'pass') return { type: 'authentication.passed', outcome: 'passed', code: null };
  if (expected.decision !== 'deny') {
    return { type: isLogin ? 'login.succeeded' : 'authentication.succeeded', outcome: 'allowed', code: null };
  }
  const { code, status } = expected;
  if (code === 'upstream_credential_rejected') return { type: 'upstream.failed', outcome: 'failed', code };
  return status === 403
    ? { type: 'permission.denied', outcome: 'denied', code }
    : { type: isLogin ? 'login.failed' : 'authentication.failed', outcome: 'failed', code };
}

/** Expects the one event of a request (R55). */
export function expectEvent(row: AccessCase, { answer, application, events, received }: GatewayOutcome): void {
  expect(events).toHaveLength(row.request.times ?? 1);
  const [event] = events;
  expect(event).toMatchObject({
    ...kindOfEvent(row),
    credential: credentialOf(row),
    application: isAnsweredHere(row) ? null : application,
    method: row.request.method ?? 'GET',
    status: answer.status,
  });
  const { clientIp } = row.expect;
  expect(event?.clientIp).toBe(clientIp === undefined ? peerOf(row) : clientIp);
  // What was judged and recorded is what was forwarded (R48).
  const [forwarded] = received;
  if (forwarded !== undefined && row.expect.decision === 'allow') expect(event?.path).toBe(forwarded.path || '/');
}

/** Expects a refusal with its problem and challenge. */
export function expectRefused(row: AccessCase, status: number, publicCode: string, outcome: GatewayOutcome): void {
  const { answer, problem } = outcome;
  expect(answer.status).toBe(status);
  expect(answer.raw.toString('latin1')).not.toMatch(/sg_[0-9A-Za-z]{12}_/);
  if (row.request.method !== 'HEAD') {
    expect(problem).toMatchObject({ status, code: publicCode, requestId: answer.header('x-request-id') });
    if (row.expect.decision === 'deny') expect(problem?.detail).toContain(row.expect.detail ?? '');
  }
  if (status === 401) {
    const challenges = answer.headerValues('www-authenticate');
    expect(challenges[0]).toMatch(/^Basic realm="[^"]+", charset="UTF-8"$/);
    const isBearer = /^bearer(?: |$)/i.test(outcome.sent.authorization ?? '');
    expect(challenges.slice(1)).toEqual(isBearer ? ['Bearer realm="Scopegate", error="invalid_token"'] : []);
  }
  expect(headerValue(answer.headerLines, 'retry-after')).toEqual(
    status === 429 ? expect.stringMatching(/^[1-9]\d*$/) : undefined,
  );
}
