import { deny, REASONS, RequestHead, type ReasonCode } from '@scopegate/access';
import { describe, expect, it } from 'vitest';
import { challenges as challengesOf, USUAL_CHALLENGE, type Audience } from './challenge.js';
import { codeProblem, denialProblem, type Problem } from './problem.js';

const BASIC = 'Basic realm="Scopegate", charset="UTF-8"';
const BEARER = 'Bearer realm="Scopegate", error="invalid_token"';

const ANONYMOUS = ['Host', 'x'];

const BEARER_HEAD = RequestHead.of(['Authorization', 'Bearer x']);

function challenges(
  problem: Problem,
  lines: readonly string[],
  audience: Audience,
  offered = USUAL_CHALLENGE,
): readonly string[] {
  return challengesOf(problem, { denial: null, head: RequestHead.of(lines), audience, offered });
}

function refusal(code: ReasonCode): Problem {
  return denialProblem(deny(code), 'request-1');
}

describe('the challenges of a problem', () => {
  it('R67: a 401 asks for Basic with its charset alone', () => {
    for (const lines of [
      ANONYMOUS,
      ['Authorization', 'Basic eDp5'],
      ['Authorization', 'Token Bearer'],
      ['Cookie', 'a=b'],
    ]) {
      expect(challenges(refusal('token_expired'), lines, 'proxied')).toEqual([BASIC]);
    }
  });

  it.each(['Bearer x', 'bearer x', 'BEARER\tx', 'Bearer', ' Bearer x'])(
    'R67: a 401 names the error of Bearer where the request came with it (%j)',
    (value) => {
      for (const audience of ['proxied', 'own'] satisfies Audience[]) {
        const lines = ['aUTHORIZATION', value];
        expect(challenges(refusal('token_unknown'), lines, audience)).toEqual([BASIC, BEARER]);
      }
    },
  );

  it('R119: a 401 offers what the application says, and Bearer to a request that came with it', () => {
    const problem = refusal('authentication_required');
    const bearer = ['Authorization', 'Bearer x'];
    const basic = ['Authorization', 'Basic eDp5'];
    const withoutError = 'Bearer realm="Scopegate"';
    expect(challenges(problem, ANONYMOUS, 'proxied', ['bearer'])).toEqual([withoutError]);
    expect(challenges(problem, bearer, 'proxied', ['bearer'])).toEqual([BEARER]);
    expect(challenges(problem, basic, 'proxied', ['bearer'])).toEqual([BEARER]);
    expect(challenges(problem, ANONYMOUS, 'proxied', ['basic', 'bearer'])).toEqual([BASIC, withoutError]);
    expect(challenges(problem, bearer, 'proxied', ['bearer', 'basic'])).toEqual([BEARER, BASIC]);
  });

  it('R119: a client that takes the realm of Bearer for an address gets none before it has sent Bearer itself', () => {
    for (const code of Object.keys(REASONS) as ReasonCode[]) {
      for (const lines of [ANONYMOUS, ['Authorization', 'Basic eDp5'], ['Authorization', 'JWT x']]) {
        expect(challenges(refusal(code), lines, 'proxied').join()).not.toContain('Bearer realm');
      }
    }
  });

  it('R66: a 401 to a script of the own pages has no challenge, so that no dialog covers the page', () => {
    for (const script of [
      ['Sec-Fetch-Dest', 'empty'],
      ['X-Requested-With', 'XMLHttpRequest'],
    ]) {
      expect(challenges(refusal('authentication_required'), script, 'own')).toEqual([]);
      expect(challenges(refusal('token_expired'), [...script, 'Authorization', 'Bearer x'], 'own')).toEqual([]);
      expect(challenges(refusal('authentication_required'), script, 'proxied')).toEqual([BASIC]);
    }
    expect(challenges(refusal('authentication_required'), ['Sec-Fetch-Dest', 'document'], 'own')).toEqual([BASIC]);
  });

  it('R66, R99: a page that a browser opens with an ended session has none, and a program with its cookie has', () => {
    const denial = { ...deny('session_expired'), credential: 'cookie' } as const;
    const of = (lines: readonly string[], audience: Audience): readonly string[] =>
      challengesOf(denialProblem(denial, 'request-1'), {
        denial,
        head: RequestHead.of(lines),
        audience,
        offered: USUAL_CHALLENGE,
      });
    expect(of(['Accept', 'text/html,*/*;q=0.8'], 'own')).toEqual([]);
    expect(of(['Accept', 'text/html,*/*;q=0.8'], 'proxied')).toEqual([BASIC]);
    expect(of(['Accept', '*/*'], 'own')).toEqual([BASIC]);
  });

  it('R03: every client learns that its scope is not enough, and which scope is', () => {
    const expected = ['Bearer error="insufficient_scope", scope="read-write"'];
    expect(challenges(refusal('scope_insufficient'), ANONYMOUS, 'proxied')).toEqual(expected);
    expect(challenges(codeProblem('scope_insufficient', 'Why.', 'request-1'), ANONYMOUS, 'own')).toEqual(expected);
  });

  it('R125: where no token suffices, whatever its scope, no scope is named', () => {
    const denial = { ...deny('scope_insufficient'), needsPasswordLogin: true } as const;
    const problem = denialProblem(denial, 'request-1');
    expect(challengesOf(problem, { denial, head: BEARER_HEAD, audience: 'own', offered: USUAL_CHALLENGE })).toEqual([]);
  });

  it('R67: every 401 has one, and nothing else but the scope does', () => {
    for (const code of Object.keys(REASONS) as ReasonCode[]) {
      const problem = refusal(code);
      const isChallenged = challenges(problem, ANONYMOUS, 'proxied').length > 0;
      expect(isChallenged, code).toBe(problem.status === 401 || code === 'scope_insufficient');
    }
  });
});
