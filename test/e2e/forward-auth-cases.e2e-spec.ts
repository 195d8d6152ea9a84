import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answeredNames, expectationsAtDoor, linesBehindProxy } from '../cases/access-case.door.js';
import { expectEvent, expectRefused } from '../cases/access-case.expectations.js';
import { CaseGateway, type CaseDoor, type GatewayOutcome } from '../cases/access-case.gateway.js';
import { requirementsOf, type AccessCase, type CaseExpectation, type CaseForwarded } from '../cases/access-case.js';
import { ACCESS_CASES } from '../cases/access.cases.js';
import { headerValues } from '../support/http-message.js';

let gateway: CaseGateway;

beforeAll(async () => {
  gateway = await CaseGateway.start();
});

afterAll(() => gateway.stop());

/** Lines that the gateway keeps back and that change nothing in what was decided: a proxy sends them on. */
const HARMLESS: ReadonlySet<string> = new Set(['x-http-method-override', 'upgrade', 'http2-settings']);

const FORM_CODES: ReadonlySet<string> = new Set([
  'headers_too_large',
  'http_version_unsupported',
  'method_not_allowed',
  'request_malformed',
]);

type Going = Exclude<CaseExpectation, { decision: 'deny' }>;

function expectAllowed(row: AccessCase, expected: Going, { answer, sent }: GatewayOutcome): void {
  expect(answer.status, answer.text()).toBe(200);
  expect(answer.body.length).toBe(0);
  expect(answer.header('x-scopegate-code')).toBe(codeOf(expected));
  expect(answer.header('x-request-id')).toMatch(/^[A-Za-z0-9._-]{1,64}$/);
  const names = answeredNames(answer);
  for (const name of ['authorization', 'cookie', 'x-forwarded-user']) {
    expect(names.filter((candidate) => candidate === name)).toHaveLength(1);
  }

  const lines = linesBehindProxy(sent.lines, answer);
  const isAllowed = expected.decision === 'allow';
  const forwarded: Partial<CaseForwarded> = expected.upstream.receives ? expected.upstream : {};
  const keepsAuthorization = forwarded.hasAuthorization ?? (!isAllowed && (sent.authorization ?? '') !== '');
  expect(headerValues(lines, 'authorization')).toEqual(keepsAuthorization ? [sent.authorization] : []);
  const user = forwarded.user === undefined ? (isAllowed ? 'alice' : null) : forwarded.user;
  expect(headerValues(lines, 'x-forwarded-user')).toEqual(user === null ? [] : [user]);
  const arrived = new Set(lines.map(([name]) => name.toLowerCase()));
  for (const name of forwarded.lacksHeaders ?? []) if (!HARMLESS.has(name)) expect(arrived).not.toContain(name);
  for (const [name, value] of forwarded.headers ?? []) {
    if (names.includes(name.toLowerCase())) expect(headerValues(lines, name)).toEqual([value]);
  }
  expect(JSON.stringify(lines)).not.toMatch(/sgs?_[0-9A-Za-z]{12}_/);
}

/** As the answer names it. */
function codeOf(expected: CaseExpectation): string {
  if (expected.decision === 'deny') return expected.publicCode;
  return expected.decision === 'allow' ? 'allowed' : 'passed';
}

async function expectDecisionAt(door: CaseDoor, row: AccessCase): Promise<void> {
  const possible = await expectationsAtDoor(row);
  if (typeof possible === 'string') return;
  const outcome = await gateway.run(row, door);
  const code = outcome.answer.header('x-scopegate-code');
  const [first] = possible;
  const expected = possible.find((candidate) => codeOf(candidate) === code) ?? first;
  if (expected === undefined) throw new Error('A case expects a decision.');
  expect(outcome.bytesReceived).toBe(0);
  const asDecided = { ...row, expect: expected };
  if (expected.decision === 'deny') {
    expectRefused(asDecided, expected.status, expected.publicCode, outcome);
    expect(code).toBe(expected.publicCode);
  } else {
    expectAllowed(row, expected, outcome);
  }
  // What is refused before the subject is read is not recorded, or with the method of the question.
  if (expected.decision === 'deny' && FORM_CODES.has(expected.code)) {
    expect([[], [expected.code]]).toContainEqual(outcome.events.map((event) => event.code));
    return;
  }
  expectEvent(asDecided, outcome);
  for (const event of outcome.events) {
    expect(event.door).toBe(door === 'forwarded' || door === 'original' ? 'headers' : 'request');
  }
}

const rows = ACCESS_CASES.filter((row) => row.notProxied === undefined && row.application !== 'management').map(
  (row) => [`${requirementsOf(row)}: ${row.name}`, row] as const,
);

describe('forward authentication with the request as the subject', () => {
  it.each(rows)('R84, %s', (_title, row) => expectDecisionAt('request', row));
});

describe('forward authentication with the X-Forwarded headers as the subject', () => {
  it.each(rows)('R85, %s', (_title, row) => expectDecisionAt('forwarded', row));
});

/** Enough of them: the two forms above run every row. */
const someRows = rows.filter((_row, index) => index % 8 === 0);

describe('forward authentication with the request as the subject, with its body', () => {
  const withBody = rows.filter(([, { request }], index) => request.body !== undefined && index % 3 === 0);
  it.each(withBody)('R84, %s', (_title, row) => expectDecisionAt('request-body', row));
});

describe('forward authentication with the request as the subject, without the mount', () => {
  const below = someRows.filter(([, { request }]) => request.path.startsWith('/'));
  it.each(below)('R84, %s', (_title, row) => expectDecisionAt('request-rest', row));
});

describe('forward authentication with the X-Original headers as the subject', () => {
  it.each(someRows)('R85, %s', (_title, row) => expectDecisionAt('original', row));
});
