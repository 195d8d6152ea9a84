import { REASONS } from '@scopegate/access';
import { PROBLEM_DESCRIPTIONS } from '@scopegate/problem';
import { describe, expect, it } from 'vitest';
import { ACCESS_CASES } from '../cases/access.cases.js';
import { readSource } from './source-tree.js';

/** A row of the tables in docs/problems.md: `| \`code\` | status | when | what to do |`. */
const DOCUMENTED_ROW = /^\| `([a-z_]+)` +\| ([\d, ]+) +\| ([^|]+) \| ([^|]+) \|$/gm;

describe('the reason codes', () => {
  it('have a row in the table of cases each, with their status', () => {
    const expected = new Set(
      ACCESS_CASES.map(({ expect: answer }) => (answer.decision === 'deny' ? `${answer.code} ${answer.status}` : '')),
    );
    const reasons = Object.entries(REASONS).map(([code, { status }]) => `${code} ${status}`);
    // No request through the gateway has these: see the tests of forward authentication and of browser sessions.
    const ofOthers = [
      'proxy_not_trusted 403',
      'body_needed 403',
      'cross_origin_refused 403',
      'session_expired 401',
      'step_up_required 403',
    ];
    expect(reasons.filter((reason) => !expected.has(reason))).toEqual(ofOthers);
  });
});

describe('docs/problems.md', () => {
  it('R66: has a row for every code a client can see, with the words of its page, and no other', () => {
    const text = readSource('docs/problems.md');
    const documented = [...text.matchAll(DOCUMENTED_ROW)].map((row) => row.slice(1).map((cell) => cell.trim()));
    const told = PROBLEM_DESCRIPTIONS.map(({ code, statuses, when, remedy }) => [
      code,
      statuses.join(', '),
      when,
      remedy,
    ]);
    // Quotation marks differ: the document keeps to ASCII.
    expect(documented.map((row) => row.map(plainQuotes)).sort()).toEqual(
      told.map((row) => row.map(plainQuotes)).sort(),
    );
    // A row that is spelt in another way would be one that this test does not see.
    expect(documented).toHaveLength(text.match(/^\| `[a-z_]+` +\| \d/gm)?.length ?? 0);
  });

  it('tells which reasons of the audit log stand behind a general answer', () => {
    const text = readSource('docs/problems.md');
    const hidden = Object.entries(REASONS).filter(([code, { publicCode }]) => code !== publicCode);
    expect(hidden.filter(([code]) => !text.includes(`\`${code}\``)).map(([code]) => code)).toEqual([]);
  });
});

function plainQuotes(text: string): string {
  return text.replaceAll('’', "'");
}
