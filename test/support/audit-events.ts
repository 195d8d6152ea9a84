import { EMPTY_EVENT, eventIdBound, encodeEvent, type AuditEvent } from '@scopegate/audit';
import { AuditChain } from '../../src/audit/audit-chain.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { unique } from './each-database.js';
import type { ScopegateFixture } from './scopegate.fixture.js';

/** Far from what the server records itself, and younger than what the retention removes; a whole second. */
export const FIRST_EVENT_MS = Math.floor(Date.now() / 1_000) * 1_000 - 200 * 86_400_000;

let made = 0;

/** An event of that time, one a second, that a test describes. */
export function eventOf(change: Partial<AuditEvent> = {}): AuditEvent {
  made += 1;
  const atMs = change.atMs ?? FIRST_EVENT_MS + made * 1_000;
  return {
    ...EMPTY_EVENT,
    id: `${eventIdBound(atMs)}${String(made).padStart(16, '0')}`,
    atMs,
    count: 1,
    type: 'authentication.succeeded',
    outcome: 'allowed',
    actor: 'Anna',
    owner: 'Anna',
    tokenId: 'tokenOfAnna1',
    tokenDescription: 'Nightly build',
    tokenScope: 'read-only',
    credential: 'basic-token',
    clientIp: '192.0.2.7',
    peer: '192.0.2.7',
    method: 'GET',
    path: '/rest/api/2/issue/A-1',
    application: 'jira',
    status: 200,
    durationMs: 12,
    userAgent: 'curl/8.5.0',
    requestId: unique('request'),
    ...change,
  };
}

/** Stores events as a chain of their own; answers its name. */
export async function storeEvents(server: ScopegateFixture, events: readonly AuditEvent[]): Promise<string> {
  const name = unique('chain');
  const chain = server.provider(AuditChain);
  for (let start = 0; start < events.length; start += 2_000) {
    await server.provider(UnitOfWork).run(async ({ manager }) => {
      const head = await chain.lockHead(manager, name);
      await chain.append(manager, head, events.slice(start, start + 2_000).map(encodeEvent));
    });
  }
  return name;
}
