import type { TokenFacts } from '@scopegate/access';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ProtectedApplication } from '../applications/application.js';
import { Clock } from '../common/time/clock.js';
import { ChangeFeed } from '../database/change-feed.js';
import type { Change } from '../peers/change.js';
import { KeptCookies, type RequestCookies } from './kept-cookies.cache.js';

const changes = new ChangeFeed();
let kept: KeptCookies;

beforeEach(() => {
  vi.useFakeTimers();
  kept = new KeptCookies(changes, new Clock());
  kept.onModuleInit();
});

afterEach(() => {
  kept.onModuleDestroy();
  vi.useRealTimers();
});

function cookiesOf(tokenId: string, key = 'app', more: Partial<TokenFacts> = {}, version = 1): RequestCookies {
  const token = { id: tokenId, expiresAt: null, ...more } as TokenFacts;
  const application = { key, version, target: { origin: 'http://inner' } } as ProtectedApplication;
  return kept.of(token, application, '/', true);
}

function keep(tokenId: string, key?: string, more?: Partial<TokenFacts>): RequestCookies {
  const cookies = cookiesOf(tokenId, key, more);
  cookies.keep('a=1; Path=/');
  expect(cookies.line).toBe('a=1');
  return cookies;
}

async function change(...changed: readonly Change[]): Promise<void> {
  await changes.actOn(changed);
}

describe('kept cookies', () => {
  it('R117: of a token that ends are forgotten, also by its requests under way', async () => {
    const ended = keep('ended');
    const other = keep('other');
    await change({ topic: 'token', subject: 'ended' });
    expect(ended.line).toBeNull();
    ended.keep('b=2');
    expect(ended.line).toBeNull();
    expect(cookiesOf('ended').line).toBeNull();
    expect(other.line).toBe('a=1');
  });

  it('R117: of an application that changes are forgotten for all tokens', async () => {
    const changed = [keep('one', 'changed'), keep('two', 'changed')];
    const other = keep('one', 'other');
    await change({ topic: 'applications', subject: 'changed' });
    expect(changed.map(({ line }) => line)).toEqual([null, null]);
    expect(other.line).toBe('a=1');
  });

  it('R117: do not outlive the version of the application that they came from', () => {
    const before = keep('one');
    expect(cookiesOf('one', 'app', {}, 2).line).toBeNull();
    expect(before.line).toBeNull();
  });

  it('R117: of a token that expires are forgotten', () => {
    const expiring = keep('one', 'app', { expiresAt: Date.now() + 90_000 });
    const staying = keep('two', 'app', { expiresAt: Date.now() + 900_000 });
    vi.advanceTimersByTime(60_000);
    expect(expiring.line).toBe('a=1');
    vi.advanceTimersByTime(60_000);
    expect(expiring.line).toBeNull();
    expect(staying.line).toBe('a=1');
  });

  it('R117: of few tokens are kept, those that were used last', () => {
    const first = keep('first');
    const second = keep('second');
    for (let index = 0; index < 1_999; index += 1) {
      keep(`token ${index}`);
      cookiesOf('first');
    }
    expect(first.line).toBe('a=1');
    expect(second.line).toBeNull();
  });
});
