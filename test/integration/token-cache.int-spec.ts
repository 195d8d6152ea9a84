import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChangeFeed } from '../../src/database/change-feed.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { TokenCache } from '../../src/tokens/token.cache.js';
import { unique } from '../support/each-database.js';
import { startScopegateFixture, type ScopegateFixture } from '../support/scopegate.fixture.js';

describe('tokens in memory', () => {
  let gateway: ScopegateFixture;
  beforeAll(async () => {
    gateway = await startScopegateFixture();
  });
  afterAll(() => gateway.stop());

  /** Has the tokens changed while the database answers nothing; tells how many are in memory then, and afterwards. */
  async function sizesAround(ids: readonly string[]): Promise<readonly [number, number]> {
    const cache = gateway.provider(TokenCache);
    let goOn: () => void = () => undefined;
    const isHeld = new Promise<void>((resolve) => (goOn = resolve));
    const held = gateway.provider(UnitOfWork).run(() => isHeld);
    const acting = gateway.provider(ChangeFeed).actOn(ids.map((subject) => ({ topic: 'token', subject })));
    const during = cache.size;
    goOn();
    await held;
    await acting;
    return [during, cache.size];
  }

  it('R64: that are revoked together are forgotten together, before the first of them is read again', async () => {
    const cache = gateway.provider(TokenCache);
    const ids: string[] = [];
    for (let made = 0; made < 5; made += 1) {
      const { id } = await gateway.createToken({ scope: 'read-only' });
      expect((await cache.lookUpById(id)).found).toBe(true);
      ids.push(id);
    }
    const before = cache.size;
    expect(await sizesAround(ids)).toEqual([before - 5, before]);
  });

  it('R64: are not all read again where very many change together: the changes after them would wait', async () => {
    const cache = gateway.provider(TokenCache);
    const ids = Array.from({ length: 150 }, () => unique('nobodys'));
    for (const id of ids) await cache.lookUpById(id);
    const before = cache.size;
    expect(await sizesAround(ids)).toEqual([before - 150, before - 50]);
  });
});
