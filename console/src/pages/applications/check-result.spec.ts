import { describe, expect, it } from 'vitest';
import { checkResult } from './check-result';

describe('the result of a test call', () => {
  it.each([
    [{ reachable: false, identityBelieved: 'unknown', upstreamAccount: null }, 'bad', 'does not answer'],
    [{ reachable: true, identityBelieved: true, upstreamAccount: 'anna' }, 'good', 'as anna'],
    [{ reachable: true, identityBelieved: false, upstreamAccount: 'root' }, 'bad', 'another user: root'],
    [{ reachable: true, identityBelieved: false, upstreamAccount: null }, 'bad', 'does not believe'],
    [{ reachable: true, identityBelieved: 'unknown', upstreamAccount: null }, 'warning', 'not known'],
  ] as const)('R104: %o is said in words', (result, kind, words) => {
    expect(checkResult(result)).toEqual({ kind, title: expect.stringContaining(words) as string });
  });
});
