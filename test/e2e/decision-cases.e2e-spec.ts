import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requirementsOf, type AccessCase, type CaseForwarded } from '../cases/access-case.js';
import { expectEvent, expectRefused } from '../cases/access-case.expectations.js';
import { CaseGateway, type GatewayOutcome } from '../cases/access-case.gateway.js';
import { ACCESS_CASES } from '../cases/access.cases.js';
import { asUpgrade } from '../cases/upgrade.cases.js';

let gateway: CaseGateway;

beforeAll(async () => {
  gateway = await CaseGateway.start();
});

afterAll(() => gateway.stop());

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

describe('the gateway of the tables', () => {
  it.each([
    'a session made with a read-only token reads',
    'a session ends with the revocation of its token',
    'a token that has long expired is refused',
  ])('R11, R65: its purge, which runs beside the cases, removes nothing of: %s', async (name) => {
    const row = ACCESS_CASES.find((candidate) => candidate.name === name);
    if (row === undefined) throw new Error('There is no such case.');
    const purged = await gateway.arranged(row, 'purged', () => gateway.purge());
    expect(purged).toMatchObject({ sessions: 0, tokens: 0, auditEvents: 0 });
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
