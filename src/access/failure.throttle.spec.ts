import {
  deny,
  REASONS,
  type Admitted,
  type Credential,
  type LoginResult,
  type PrincipalFacts,
  type ReasonCode,
  type TokenFacts,
} from '@scopegate/access';
import type { IpAddress } from '@scopegate/network';
import { denialProblem } from '@scopegate/problem';
import { beforeEach, describe, expect, it } from 'vitest';
import { Clock } from '../common/time/clock.js';
import type { SettingsService } from '../settings/settings.service.js';
import { MemoryFailureCounters } from '../peers/failure-counters.js';
import { FailureThrottle } from './failure.throttle.js';

const MAX_FAILURES = 3;
const WINDOW_SECONDS = 60;
const USER = { username: 'alice' } as PrincipalFacts;
/** Where an address stops, whatever the names. */
const ADDRESS_LIMIT = MAX_FAILURES * 5;
const HERE = '192.0.2.1';
const ELSEWHERE = '192.0.2.2';

class FixedClock extends Clock {
  ms = 1_800_000_000_000;

  override nowMs(): number {
    return this.ms;
  }
}

const clock = new FixedClock();
let throttling = { maxFailures: MAX_FAILURES, windowSeconds: WINDOW_SECONDS };
let throttle: FailureThrottle;

beforeEach(() => {
  throttling = { maxFailures: MAX_FAILURES, windowSeconds: WINDOW_SECONDS };
  const settings = { current: () => ({ throttling }) } as unknown as SettingsService;
  throttle = new FailureThrottle(settings, new MemoryFailureCounters(clock));
});

function admitted(credential: Credential, client: string | null = HERE): Admitted {
  const address = {
    client: client as IpAddress | null,
    source: 'peer',
    peer: client as IpAddress | null,
    header: null,
  };
  return { credential, address, path: null } as Admitted;
}

const basicToken = (username: string, client?: string | null): Admitted =>
  admitted({ kind: 'token', via: 'basic', username, secret: 'sg_x', tokenId: null }, client);
const bearerToken = (client?: string): Admitted =>
  admitted({ kind: 'token', via: 'bearer', username: null, secret: 'sg_x', tokenId: null }, client);
const password = (username: string, client?: string): Admitted =>
  admitted({ kind: 'password', username, secret: 'wrong' }, client);
const ownedBy = (ownerName: string): TokenFacts => ({ ownerName }) as TokenFacts;

/** Takes one failed check to the throttle; answers the code of what became of it. */
async function fail(
  of: Admitted,
  code: ReasonCode = 'token_unknown',
  token: TokenFacts | null = null,
): Promise<ReasonCode> {
  return (await throttle.count(deny(code, of, { token }))).code;
}

async function failTimes(times: number, of: Admitted, code?: ReasonCode, token?: TokenFacts): Promise<void> {
  for (let time = 0; time < times; time += 1) await fail(of, code, token);
}

/** Logs in: with the right password, or with a wrong one. */
async function logIn(of: Admitted, isRight: boolean): Promise<{ code: ReasonCode | 'allowed'; checked: boolean }> {
  let checked = false;
  const login = await throttle.attemptLogin(of, async () => {
    checked = true;
    await Promise.resolve();
    return isRight ? USER : null;
  });
  if (login.matched) return { code: 'allowed', checked };
  return { code: login.retryAfterSeconds === undefined ? 'password_wrong' : 'too_many_failures', checked };
}

describe('the throttle of failed credentials', () => {
  it('R51: an address and user name may fail as often as the setting says; then it is a 429 in place of the failure', async () => {
    for (let time = 1; time <= MAX_FAILURES; time += 1) expect(await fail(basicToken('alice'))).toBe('token_unknown');
    expect(await fail(basicToken('alice'))).toBe('too_many_failures');
    expect(await fail(basicToken('bob'))).toBe('token_unknown');
    expect(await fail(basicToken('alice', ELSEWHERE))).toBe('token_unknown');
  });

  it('R51: the name counts in lower case', async () => {
    await failTimes(MAX_FAILURES, basicToken('ALICE'));
    expect(await fail(basicToken('alice'))).toBe('too_many_failures');
    expect(await fail(basicToken('Alice'))).toBe('too_many_failures');
  });

  it('R51: an address may fail five times as often, whatever the names', async () => {
    for (let time = 1; time <= ADDRESS_LIMIT; time += 1) {
      expect(await fail(basicToken(`user${time}`))).toBe('token_unknown');
    }
    expect(await fail(basicToken('somebody'))).toBe('too_many_failures');
    expect(await fail(bearerToken())).toBe('too_many_failures');
    expect(await fail(basicToken('somebody', ELSEWHERE))).toBe('token_unknown');
  });

  it.each(Object.keys(REASONS) as ReasonCode[])('R51: %s counts by what the client sees', async (code) => {
    const counts = REASONS[code].publicCode === 'credential_invalid';
    await failTimes(MAX_FAILURES, basicToken('alice'), code);
    expect(await fail(basicToken('alice'), 'token_unknown')).toBe(counts ? 'too_many_failures' : 'token_unknown');
  });

  it('R51: what does not count is not turned into a 429 either', async () => {
    await failTimes(MAX_FAILURES + 1, basicToken('alice'));
    expect(await fail(basicToken('alice'), 'ip_not_allowed')).toBe('ip_not_allowed');
    expect(await fail(basicToken('alice'), 'authentication_required')).toBe('authentication_required');
  });

  it('R51: Bearer counts for the owner once the secret has matched', async () => {
    await failTimes(MAX_FAILURES, bearerToken(), 'owner_inactive', ownedBy('Alice'));
    expect(await fail(basicToken('alice'))).toBe('too_many_failures');
  });

  it('R51: tokens that have ended have the same limits in a count of their own, and stop no login', async () => {
    const ended = (name: string, code: ReasonCode): Promise<ReasonCode | undefined> =>
      fail(bearerToken(), code, ownedBy(name));
    for (let time = 1; time <= MAX_FAILURES; time += 1) {
      expect(await ended('alice', time === 1 ? 'token_revoked' : 'token_expired')).toMatch(/^token_/);
    }
    expect(await ended('alice', 'token_expired')).toBe('too_many_failures');
    for (let user = 1; user <= ADDRESS_LIMIT; user += 1) await ended(`user${user}`, 'token_expired');
    expect(await ended('somebody', 'token_expired')).toBe('too_many_failures');
    expect(await fail(basicToken('alice'))).toBe('token_unknown');
    expect((await logIn(password('alice'), true)).code).toBe('allowed');
    // And the other way round.
    await failTimes(ADDRESS_LIMIT + 1, basicToken('bob', ELSEWHERE));
    expect(await fail(bearerToken(ELSEWHERE), 'token_revoked', ownedBy('bob'))).toBe('token_revoked');
  });

  it('R51: IPv6 addresses count by /64', async () => {
    await failTimes(MAX_FAILURES, basicToken('alice', '2001:db8:1:2::1'));
    expect(await fail(basicToken('alice', '2001:db8:1:2:ffff::9'))).toBe('too_many_failures');
    expect(await fail(basicToken('alice', '2001:db8:1:3::1'))).toBe('token_unknown');
  });

  it('R51: Bearer with an unknown secret counts for no user', async () => {
    await failTimes(MAX_FAILURES, bearerToken());
    expect(await fail(bearerToken())).toBe('too_many_failures');
    expect(await fail(basicToken('alice'))).toBe('token_unknown');
    expect(await fail(bearerToken(), 'token_expired', ownedBy('alice'))).toBe('token_expired');
  });

  it('R51: the name that counts is the one presented, not the owner of the token', async () => {
    await failTimes(MAX_FAILURES, basicToken('mallory'), 'owner_mismatch', ownedBy('alice'));
    expect(await fail(basicToken('mallory'))).toBe('too_many_failures');
    expect(await fail(basicToken('alice'))).toBe('token_unknown');
  });

  it('R51: no name makes the failures of one address count for another', async () => {
    await failTimes(MAX_FAILURES, basicToken('1:alice', '2001:db8::1'));
    await failTimes(MAX_FAILURES, basicToken(' alice', '2001:db8::1:1'));
    expect(await fail(basicToken('alice', '2001:db8::1:1'))).toBe('token_unknown');
  });

  it('R51: maxFailures 0 switches it off', async () => {
    throttling = { ...throttling, maxFailures: 0 };
    await failTimes(10 * ADDRESS_LIMIT, basicToken('alice'));
    expect(await fail(basicToken('alice'))).toBe('token_unknown');
    for (let time = 0; time < 10; time += 1) expect((await logIn(password('alice'), false)).checked).toBe(true);
  });

  it('R51: a change of the setting acts on the next failure', async () => {
    await failTimes(MAX_FAILURES + 1, basicToken('alice'));
    throttling = { ...throttling, maxFailures: 10 };
    expect(await fail(basicToken('alice'))).toBe('token_unknown');
  });

  it('R51: Retry-After is the rest of the window in whole seconds, and after it the count begins anew', async () => {
    await failTimes(MAX_FAILURES, basicToken('alice'));
    clock.ms += 10_400;
    const denial = await throttle.count(deny('token_unknown', basicToken('alice')));
    expect(denial).toMatchObject({ code: 'too_many_failures', retryAfterSeconds: 50 });
    clock.ms += 49_600;
    for (let time = 1; time <= MAX_FAILURES; time += 1) expect(await fail(basicToken('alice'))).toBe('token_unknown');
    expect(await fail(basicToken('alice'))).toBe('too_many_failures');
  });

  it('R51: failures while refused do not make the wait longer', async () => {
    await failTimes(MAX_FAILURES + 1, basicToken('alice'));
    clock.ms += (WINDOW_SECONDS - 1) * 1000;
    await failTimes(5, basicToken('alice'));
    clock.ms += 1000;
    expect(await fail(basicToken('alice'))).toBe('token_unknown');
  });

  it('R51: the answer is the same whatever the failure was', async () => {
    await failTimes(MAX_FAILURES, basicToken('alice'));
    const problems = [];
    await failTimes(MAX_FAILURES, basicToken('alice'), 'token_expired');
    for (const code of ['token_unknown', 'token_expired', 'token_revoked', 'owner_mismatch'] as const) {
      const denial = await throttle.count(deny(code, basicToken('alice'), { token: ownedBy('alice') }));
      problems.push(denialProblem(denial, 'id'));
    }
    expect(problems).toHaveLength(4);
    expect(new Set(problems.map((problem) => JSON.stringify(problem))).size).toBe(1);
    expect(problems[0]).toMatchObject({ status: 429, code: 'too_many_failures' });
  });

  it('R51: an address that cannot be told is one of its own', async () => {
    await failTimes(ADDRESS_LIMIT, basicToken('alice', null));
    expect(await fail(basicToken('bob', null))).toBe('too_many_failures');
    expect(await fail(basicToken('alice'))).toBe('token_unknown');
  });
});

describe('password logins at the management API', () => {
  it('R51: after too many wrong ones even the right password is refused, without being looked at', async () => {
    for (let time = 1; time <= MAX_FAILURES; time += 1) {
      expect(await logIn(password('alice'), false)).toEqual({ code: 'password_wrong', checked: true });
    }
    expect(await logIn(password('alice'), true)).toEqual({ code: 'too_many_failures', checked: false });
    expect(await logIn(password('Alice'), false)).toEqual({ code: 'too_many_failures', checked: false });
  });

  it('R51: an attacker cannot lock a user out everywhere', async () => {
    await failTimes(ADDRESS_LIMIT, password('alice'), 'password_wrong');
    expect(await logIn(password('alice', ELSEWHERE), true)).toEqual({ code: 'allowed', checked: true });
  });

  it('R51: a success does not reset the count of its address', async () => {
    for (let time = 1; time < MAX_FAILURES; time += 1) await logIn(password('alice'), false);
    expect((await logIn(password('alice'), true)).code).toBe('allowed');
    await logIn(password('alice'), false);
    expect((await logIn(password('alice'), true)).code).toBe('too_many_failures');
  });

  it('R51: logins wait where the address has failed under other names', async () => {
    for (let user = 1; user <= ADDRESS_LIMIT; user += 1) await logIn(password(`user${user}`), false);
    expect((await logIn(password('alice'), true)).code).toBe('too_many_failures');
    expect((await logIn(password('alice', ELSEWHERE), true)).code).toBe('allowed');
  });

  it('R51: failed tokens and failed passwords are one count', async () => {
    await failTimes(MAX_FAILURES, basicToken('alice'));
    expect((await logIn(password('alice'), true)).code).toBe('too_many_failures');
  });

  it('R51: a burst of guesses gets no more of them than one after the other', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => logIn(password('alice'), false)));
    expect(answers.filter(({ checked }) => checked)).toHaveLength(MAX_FAILURES);
    expect(answers.filter(({ code }) => code === 'too_many_failures')).toHaveLength(50 - MAX_FAILURES);
  });

  it('R51: a burst of right passwords is let through', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => logIn(password('alice'), true)));
    expect(answers.every(({ code }) => code === 'allowed')).toBe(true);
  });

  it('R51: a check that fails for another reason holds up nobody', async () => {
    const broken = throttle.attemptLogin(password('alice'), () => Promise.reject(new Error('no database')));
    const next = logIn(password('alice'), true);
    await expect(broken).rejects.toThrow('no database');
    expect((await next).code).toBe('allowed');
  });

  it('R51: an address with a login comes first, and one that has failed comes last', async () => {
    const standings: string[] = [];
    const attempt = (of: Admitted, isRight: boolean): Promise<LoginResult> =>
      throttle.attemptLogin(of, ({ standing }) => {
        standings.push(standing);
        return Promise.resolve(isRight ? USER : null);
      });
    await attempt(password('alice'), false);
    await attempt(password('bob'), true);
    await attempt(password('alice'), true);
    await attempt(password('alice', ELSEWHERE), true);
    expect(standings).toEqual(['new', 'failing', 'known', 'new']);
  });

  it('R51: Retry-After says when to try again', async () => {
    await failTimes(MAX_FAILURES, password('alice'), 'password_wrong');
    clock.ms += 1;
    const login = await throttle.attemptLogin(password('alice'), () => Promise.resolve(USER));
    expect(login).toEqual({ matched: false, retryAfterSeconds: WINDOW_SECONDS });
  });
});

describe('the counters in memory', () => {
  it('R51: the table is bounded: the keys not heard of for longest go first', async () => {
    const counters = new MemoryFailureCounters(clock);
    await counters.add('kept', 60);
    await counters.add('first', 60);
    for (let index = 0; index < 49_998; index += 1) await counters.add(`key ${index}`, 60);
    await counters.add('kept', 60);
    for (const name of ['one', 'one more']) await counters.add(name, 60);
    expect((await counters.read('kept')).failures).toBe(2);
    expect((await counters.read('first')).failures).toBe(0);
    expect((await counters.read('one more')).failures).toBe(1);
  });

  it('R51: made-up keys that fail once each do not push out one that goes on failing', async () => {
    const counters = new MemoryFailureCounters(clock);
    for (let time = 0; time < 3; time += 1) await counters.add('attacker', 60);
    for (let index = 0; index < 120_000; index += 1) await counters.add(`made up ${index}`, 60);
    expect((await counters.read('attacker')).failures).toBe(3);
    expect((await counters.read('made up 0')).failures).toBe(0);
  });

  it('R51: what was never counted, or is over, is nothing', async () => {
    const counters = new MemoryFailureCounters(clock);
    expect(await counters.read('key')).toEqual({ failures: 0, remainingSeconds: 0 });
    expect(await counters.add('key', 2)).toEqual({ failures: 1, remainingSeconds: 2 });
    clock.ms += 2000;
    expect(await counters.read('key')).toEqual({ failures: 0, remainingSeconds: 0 });
  });
});
