import { describe, expect, it } from 'vitest';
import { encodeEvent, type EventContent } from './event-content.js';
import { EMPTY_EVENT, type AuditEvent } from './event-fields.js';
import { addUse, addUsesIn, type TokenUses } from './token-uses.js';

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
      ['one', { count: 5, atMs: 7, clientIp: '192.0.2.2' }],
      ['two', { count: 1, atMs: 6, clientIp: '192.0.2.1' }],
    ]);
  });
});
