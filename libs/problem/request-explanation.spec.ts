import { REASONS, STAGES, type ReasonCode } from '@scopegate/access';
import { describe, expect, it } from 'vitest';
import { PROBLEM_CODES } from './codes.js';
import { codesShownAs, explainRequest, publicCodeOf, type RecordedRequest } from './request-explanation.js';

const request = (change: Partial<RecordedRequest>): RecordedRequest => ({
  outcome: 'failed',
  code: null,
  tokenId: 'tokenOfAnna1',
  upstreamRefused: false,
  status: 401,
  ...change,
});

describe('the explanation of a request', () => {
  it.each(Object.keys(REASONS) as ReasonCode[])('R101: %s is explained by the code that the client got', (code) => {
    const { stage, publicCode } = REASONS[code];
    const explanation = explainRequest(request({ code }));
    expect(explanation.code).toBe(publicCode);
    expect(explanation.advice).toMatch(/\w/);
    expect(explanation.stages.map((one) => one.stage)).toEqual(STAGES);
    const at = STAGES.indexOf(stage);
    const outcomes = explanation.stages.map(({ outcome }) => outcome);
    expect(outcomes.slice(0, at).every((outcome) => outcome === 'passed')).toBe(true);
    expect(outcomes[at]).toBe('refused');
    expect(outcomes.slice(at + 1).every((outcome) => outcome === 'not-reached')).toBe(true);
    // What the answer hid is in no text.
    if (code !== publicCode) expect(JSON.stringify(explanation)).not.toContain(code);
  });

  it('R101: an unknown, a foreign and an inactive owner’s token cannot be told apart', () => {
    const [unknown, ...others] = (['token_unknown', 'owner_mismatch', 'owner_inactive'] as const).map((code) =>
      explainRequest(request({ code })),
    );
    for (const other of others) expect(other).toEqual(unknown);
  });

  it('R101: what happened after the decision has passed every stage; what was never judged has none', () => {
    for (const code of Object.keys(PROBLEM_CODES)) expect(explainRequest(request({ code })).code).toBe(code);
    const late = explainRequest(request({ code: 'upstream_timeout' }));
    expect(new Set(late.stages.map(({ outcome }) => outcome))).toEqual(new Set(['passed']));
    expect(explainRequest(request({ code: 'internal_error' })).stages).toEqual([]);
    expect(explainRequest(request({ code: 'of_another_version' }))).toMatchObject({ code: 'internal_error' });
  });

  it('R101: an allowed request says so, also if the application refused it', () => {
    const allowed = explainRequest(request({ outcome: 'allowed', status: 200 }));
    expect(allowed).toMatchObject({ code: null, title: 'The request was allowed', advice: null });
    const refused = explainRequest(request({ outcome: 'allowed', status: 403, upstreamRefused: true }));
    expect(refused.explanation).toContain('403');
    const passed = explainRequest(request({ outcome: 'passed', tokenId: null, status: 200 }));
    expect(new Set(passed.stages.map(({ outcome }) => outcome))).toEqual(new Set(['not-needed']));
  });

  it('R101: a filter by a public code finds every reason that looks like it, and no hidden one by its name', () => {
    expect(codesShownAs('credential_invalid')).toEqual(
      expect.arrayContaining(['token_unknown', 'owner_mismatch', 'owner_inactive', 'password_wrong']),
    );
    expect(codesShownAs('owner_mismatch')).toEqual([]);
    expect(codesShownAs('validation_failed')).toEqual(['validation_failed']);
    expect(codesShownAs('scope_insufficient')).toEqual(['scope_insufficient']);
    expect(codesShownAs('toString')).toEqual([]);
    expect(publicCodeOf('toString')).toBeNull();
  });
});
