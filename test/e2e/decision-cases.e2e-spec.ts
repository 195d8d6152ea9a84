import type { CredentialKind } from '@scopegate/access';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAnsweredHere, requirementsOf, type AccessCase, type CaseForwarded } from '../cases/access-case.js';
import { CaseGateway, type CaseEvent, type GatewayOutcome } from '../cases/access-case.gateway.js';
import { peerOf } from '../cases/access-case.request.js';
import { ACCESS_CASES } from '../cases/access.cases.js';
import { asUpgrade } from '../cases/upgrade.cases.js';
import { headerValue } from '../support/http-message.js';

let gateway: CaseGateway;

beforeAll(async () => {
  gateway = await CaseGateway.start();
});

afterAll(() => gateway.stop());

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

function expectEvent(row: AccessCase, { answer, application, events, received }: GatewayOutcome): void {
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

function expectForwarded(row: AccessCase, forwarded: CaseForwarded, outcome: GatewayOutcome): void {
  const { received, sent, answer } = outcome;
  expect(received).toHaveLength(1);
  const [request] = received;
  if (request === undefined) return;
  expect(request.method).toBe(row.request.method ?? 'GET');
  expect(request.target).toBe(`/behind${forwarded.path ?? row.request.path}${sent.query}`);
  const isAllowed = row.expect.decision === 'allow';
  const keepsAuthorization = forwarded.hasAuthorization ?? (!isAllowed && sent.authorization !== undefined);
  expect(request.headerValues('authorization')).toEqual(keepsAuthorization ? [sent.authorization] : []);
  const user = forwarded.user === undefined ? (isAllowed ? 'alice' : null) : forwarded.user;
  expect(request.headerValues('x-forwarded-user')).toEqual(user === null ? [] : [user]);
  const arrived = new Set(request.headerLines.map(([name]) => name.toLowerCase()));
  for (const name of forwarded.lacksHeaders ?? []) expect(arrived).not.toContain(name);
  for (const [name, value] of forwarded.headers ?? []) {
    expect(request.headerValues(name)).toEqual([value.replace('<upstream>', outcome.upstreamAddress)]);
  }
  expect(request.body.toString('utf8')).toBe(forwarded.body ?? sent.body);
  expect(request.raw.toString('latin1').includes('sg_')).toBe(false);
  // The upstream's answer comes back unchanged (R02).
  expect(answer.status).toBe(200);
  if (row.request.method !== 'HEAD') expect(answer.text()).toBe('{"upstream":"ok"}');
}

function expectRefused(row: AccessCase, status: number, publicCode: string, outcome: GatewayOutcome): void {
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

const rows = ACCESS_CASES.filter((row) => row.notProxied === undefined).map(
  (row) => [`${requirementsOf(row)}: ${row.name}`, row] as const,
);

describe('the running gateway', () => {
  it.each(rows)('%s', async (_title, row) => {
    const outcome = await gateway.run(row);
    const { expect: expected } = row;
    if (expected.upstream.receives) {
      expectForwarded(row, expected.upstream, outcome);
    } else {
      expect(outcome.bytesReceived).toBe(0);
      if (expected.decision === 'deny') {
        expectRefused(row, expected.status, expected.publicCode, outcome);
      } else if (expected.publicCode !== undefined) {
        expectRefused(row, expected.status ?? 200, expected.publicCode, outcome);
      } else {
        expect(outcome.answer.status).toBe(expected.status ?? 200);
      }
    }
    expectEvent(row, outcome);
  });
});

/** Some refused rows for each reason. The pure decision is asked about every row as an upgrade. */
const ROWS_OF_A_REASON = 4;

const refusedRows = rows.filter(
  ([, { expect: expected }], index) =>
    expected.decision === 'deny' &&
    rows.slice(0, index).filter(([, { expect: other }]) => other.decision === 'deny' && other.code === expected.code)
      .length < ROWS_OF_A_REASON,
);

describe('the running gateway, asked for an upgrade', () => {
  it.each(refusedRows)('R116: %s', async (_title, row) => {
    const { expect: expected } = row;
    const outcome = await gateway.run(asUpgrade(row));
    expect(outcome.bytesReceived).toBe(0);
    if (expected.decision !== 'deny') throw new Error('Only refused rows are run.');
    // The detail may be another one: for a read-only token, the head alone refuses.
    expectRefused({ ...row, expect: { ...expected, detail: '' } }, expected.status, expected.publicCode, outcome);
    expectEvent(row, outcome);
  });
});
