import { deny as denyRequest, REASONS, type CredentialKind, type Deny, type ReasonCode } from '@scopegate/access';
import { describe, expect, it } from 'vitest';
import { PROBLEM_CODES, type ProblemCode } from './codes.js';
import { codeProblem, denialProblem, forClients } from './problem.js';

function deny(code: ReasonCode, credential: CredentialKind = 'none', detail?: string): Deny {
  return { ...denyRequest(code, null, { detail }), credential };
}

describe('the answer of a refusal', () => {
  it.each(Object.keys(REASONS) as ReasonCode[])('R55: %s is shown under its public code', (code) => {
    const problem = denialProblem(deny(code), 'request-1');
    expect(problem).toEqual({
      type: `/docs/problems/${REASONS[code].publicCode}`,
      title: REASONS[code].title,
      status: REASONS[code].status,
      detail: REASONS[code].detail,
      code: REASONS[code].publicCode,
      requestId: 'request-1',
    });
  });

  it.each(['token_unknown', 'owner_mismatch', 'owner_inactive'] as const)(
    'R56: the client learns nothing of %s, not even from the detail',
    (code) => {
      const told = denialProblem(deny(code, 'basic-token', 'The owner is bob.'), 'request-1');
      expect(told).toEqual(denialProblem(deny('token_unknown'), 'request-1'));
    },
  );

  it.each(['token_malformed', 'credential_malformed', 'password_wrong'] as const)(
    'R56: what the presented text alone shows is said in words of its own (%s)',
    (code) => {
      const told = denialProblem(deny(code, 'basic-token', 'A blank stands after it.'), 'request-1');
      expect([told.code, told.detail]).toEqual(['credential_invalid', 'A blank stands after it.']);
    },
  );

  it('R34: the detail of a forbidden address names it', () => {
    const problem = denialProblem(deny('ip_not_allowed', 'bearer-token', 'Not from 198.51.100.7.'), 'request-1');
    expect(problem.detail).toBe('Not from 198.51.100.7.');
  });
});

describe('any other problem', () => {
  it.each(Object.entries(PROBLEM_CODES))('R55: %s has its status and title', (code, { status, title }) => {
    expect(codeProblem(code as ProblemCode, 'Why.', 'request-1')).toEqual({
      type: `/docs/problems/${code}`,
      title,
      status,
      detail: 'Why.',
      code,
      requestId: 'request-1',
    });
  });

  it('R29: a validation tells the fields', () => {
    const errors = [{ field: 'expiresAt', message: 'lies in the past' }];
    expect(codeProblem('validation_failed', 'Why.', 'request-1', errors).errors).toEqual(errors);
  });

  it('R55: a problem type has one title, whatever the reason', () => {
    const titles = new Map<string, string>(Object.entries(PROBLEM_CODES).map(([code, { title }]) => [code, title]));
    for (const { publicCode, title } of Object.values(REASONS)) {
      expect(titles.get(publicCode) ?? title, publicCode).toBe(title);
      titles.set(publicCode, title);
    }
  });

  it('R55: a code that both lists have says the same in both', () => {
    for (const reason of Object.values(REASONS)) {
      const { publicCode, status } = reason;
      // The one code with two statuses: a version of HTTP that is not spoken is malformed as well (505).
      if (!(publicCode in PROBLEM_CODES) || status === 505) continue;
      expect(PROBLEM_CODES[publicCode as ProblemCode].status).toBe(status);
    }
  });
});

describe('a problem for the clients of a product', () => {
  const problem = codeProblem('not_found', 'The detail.', 'request-1');

  it.each([
    [null, {}],
    ['message', { message: 'The detail.' }],
    ['errorMessages', { errorMessages: ['The detail.'] }],
    ['errors', { errors: [{ message: 'The detail.' }] }],
  ] as const)('R122: has the detail in %s, too', (member, more) => {
    expect(forClients(problem, member)).toEqual({ ...problem, ...more });
  });

  it('R122: keeps its field errors, which have a message each', () => {
    const errors = [{ field: 'name', message: 'name is missing' }];
    const invalid = codeProblem('validation_failed', 'name is missing', 'request-1', errors);
    expect(forClients(invalid, 'errors')).toEqual(invalid);
  });
});
