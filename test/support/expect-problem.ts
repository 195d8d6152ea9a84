import { expect } from 'vitest';
import type { ApiAnswer, ProblemBody } from './api.client.js';

/** Expects a problem answer of the contract (RFC 9457) with this status and code, and answers its body. */
export function expectProblem(answer: ApiAnswer<unknown>, status: number, code: string): ProblemBody {
  const problem = (answer.body ?? {}) as ProblemBody;
  expect({ status: answer.status, code: problem.code }, JSON.stringify(problem)).toEqual({ status, code });
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(problem).toMatchObject({
    type: `/docs/problems/${code}`,
    title: expect.stringMatching(/\S/) as unknown,
    detail: expect.stringMatching(/\S/) as unknown,
    status,
    requestId: answer.headers.get('x-request-id'),
  });
  if (status === 401) {
    const challenges = answer.headers.get('www-authenticate') ?? '';
    expect(challenges).toMatch(/Basic realm="[^"]+", charset="UTF-8"/);
  }
  return problem;
}
