import { describe, expect, it } from 'vitest';
import { encodeEvent, type EventContent } from './event-content.js';
import { EMPTY_EVENT, type AuditEvent } from './event-fields.js';
import { addUse, addUsesIn, MAX_ADDRESSES, type TokenUses } from './token-uses.js';

const event = (fields: Partial<AuditEvent>): EventContent =>
  encodeEvent({
    ...EMPTY_EVENT,
    id: 'event',
    atMs: 1,
    count: 1,
    type: 'authentication.succeeded',
    outcome: 'allowed',
    tokenId: 'one',
    clientIp: '192.0.2.1',
    ...fields,
  });

describe('uses of tokens in events', () => {
  it('R81: each request that was let through with a token is one, and the last tells when and from where', () => {
    const uses: TokenUses = new Map();
    addUse(uses, 'one', { count: 3, atMs: 0, clientIp: null });
    addUsesIn(uses, [
      event({ atMs: 5 }),
      event({ atMs: 7, clientIp: '192.0.2.2' }),
      event({ tokenId: 'two', atMs: 6 }),
      event({ tokenId: null }),
      event({ outcome: 'denied' }),
      event({ outcome: 'failed' }),
      event({ outcome: 'passed' }),
    ]);
    expect([...uses]).toEqual([
      ['one', expect.objectContaining({ count: 5, atMs: 7, clientIp: '192.0.2.2' })],
      ['two', expect.objectContaining({ count: 1, atMs: 6, clientIp: '192.0.2.1' })],
    ]);
  });

  it('R98: the first use from each address is kept, from IPv6 by /64, and not more addresses than are remembered', () => {
    const uses: TokenUses = new Map();
    const use = (clientIp: string | null, atMs: number): void => addUse(uses, 'one', { count: 1, atMs, clientIp });
    const origins = (): unknown => [...(uses.get('one')?.origins ?? [])];
    use(null, 0);
    expect(origins()).toEqual([]);
    for (const [atMs, clientIp] of ['192.0.2.1', '192.0.2.1', '192.0.2.2', '192.0.2.1'].entries()) use(clientIp, atMs);
    use('2001:db8::1', 7);
    use('2001:db8::2', 8);
    expect(origins()).toEqual([
      ['192.0.2.1', { clientIp: '192.0.2.1', atMs: 0 }],
      ['192.0.2.2', { clientIp: '192.0.2.2', atMs: 2 }],
      ['2001:db8:0:0::/64', { clientIp: '2001:db8::1', atMs: 7 }],
    ]);
    for (let last = 0; last < 300; last += 1) use(`198.51.${last >> 8}.${last & 255}`, 9);
    expect(uses.get('one')?.origins.size).toBe(MAX_ADDRESSES);
  });
});
