import { REASONS, type Allow, type Decision } from '@scopegate/access';
import { denialProblem } from '@scopegate/problem';
import { describe, expect, it } from 'vitest';
import { requirementsOf, type AccessCase } from './access-case.js';
import { decideCase, decideRepeatedCase } from './access-case.decision.js';
import { peerOf } from './access-case.request.js';
import { ACCESS_CASES } from './access.cases.js';
import { asUpgrade } from './upgrade.cases.js';

/** The address a decision attributes the request to; undefined where it was refused before that was asked. */
function clientOf(decision: Decision): string | null | undefined {
  switch (decision.kind) {
    case 'allow':
      return decision.authenticated.admitted.address.client;
    case 'pass':
      return decision.admitted.address.client;
    case 'deny':
      return decision.address === null ? undefined : decision.address.client;
  }
}

/** The canonical path that a case expects of a request that is answered here. */
function pathOf(expected: AccessCase['expect']): string | undefined {
  return expected.decision === 'deny' ? undefined : expected.path;
}

function expectDecision(row: AccessCase, decision: Decision): void {
  const { expect: expected } = row;
  expect(decision.kind).toBe(expected.decision);
  if (decision.kind === 'deny' && expected.decision === 'deny') {
    expect(decision.code).toBe(expected.code);
    expect(REASONS[decision.code]).toMatchObject({ status: expected.status, publicCode: expected.publicCode });
    const problem = denialProblem(decision, 'request-1');
    expect(problem).toMatchObject({ status: expected.status, code: expected.publicCode });
    expect(problem.detail).toContain(expected.detail ?? '');
    expect(JSON.stringify(problem)).not.toMatch(/sg_/);
  }
  const client = clientOf(decision);
  if (client !== undefined) {
    expect(client).toBe(expected.clientIp === undefined ? peerOf(row) : expected.clientIp);
  }
  if (decision.kind === 'allow' && decision.authenticated.admitted.application !== null) {
    const { path } = decision.authenticated.admitted;
    // The judged path is the one that is forwarded (R48).
    expect(path?.strict).toMatchObject({
      ok: true,
      // The mount itself is judged as / (R113).
      canonical: (expected.upstream.receives ? expected.upstream.path : pathOf(expected)) ?? (row.request.path || '/'),
    });
    expect(decision.authenticated.principal.username).toBe(
      expected.upstream.receives ? (expected.upstream.user ?? 'alice') : 'alice',
    );
  }
}

/** Whether the token of an allowed request is read-only, where HTTP has upgrades. */
function needsUpgrade({ request }: AccessCase, { authenticated }: Allow): boolean {
  return authenticated.token?.scope === 'read-only' && (request.httpVersion ?? '1.1') === '1.1';
}

const rows = ACCESS_CASES.filter((row) => row.notPure === undefined).map(
  (row) => [`${requirementsOf(row)}: ${row.name}`, row] as const,
);

describe('the pure decision about a request whose header lines are repeated', () => {
  it.each(rows)('%s', async (_title, row) => {
    const [first, ...others] = await decideRepeatedCase(row, 4);
    expect(others).toHaveLength(3);
    for (const decision of others) {
      expectDecision(row, decision);
      expect(decision).toEqual(first);
    }
  });
});

describe('the pure decision about the same request as an upgrade', () => {
  it.each(rows)('R116: %s', async (_title, row) => {
    const plain = await decideCase(row);
    const decision = await decideCase(asUpgrade(row));
    const rules = plain.kind === 'allow' ? plain.authenticated.admitted.application : null;
    const isRefused = plain.kind === 'allow' && rules?.readOnlyUpgrades === false && needsUpgrade(row, plain);
    expect(decision.kind).toBe(isRefused ? 'deny' : plain.kind);
    if (decision.kind !== 'deny') return;
    // A refusal of the plain request stays: an upgrade skips no stage.
    expect(decision.code).toBe(plain.kind === 'deny' ? plain.code : 'scope_insufficient');
  });
});

describe('the pure decision', () => {
  it.each(rows)('%s', async (_title, row) => {
    expectDecision(row, await decideCase(row));
  });
});

describe('the table', () => {
  it('R56: has a row for every reason there is', () => {
    const codes = new Set(ACCESS_CASES.flatMap((row) => (row.expect.decision === 'deny' ? [row.expect.code] : [])));
    const missing = Object.keys(REASONS).filter((code) => !codes.has(code as keyof typeof REASONS));
    // Through the gateway, a request has these reasons never: see the tests of forward authentication and of browser
    // sessions.
    expect(missing).toEqual([
      'proxy_not_trusted',
      'body_needed',
      'cross_origin_refused',
      'session_expired',
      'step_up_required',
    ]);
  });

  it('R55: names each case once', () => {
    const names = ACCESS_CASES.map((row) => `${row.application === 'management' ? 'management' : ''} ${row.name}`);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });
});
