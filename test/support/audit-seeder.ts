import { AuditChain } from '../../src/audit/audit-chain.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { EMPTY_EVENT, eventIdBound, encodeEvent, type AuditEvent } from '@scopegate/audit';
import type { ScopegateFixture } from './scopegate.fixture.js';

/** Events in one transaction. */
const BATCH = 5_000;

/** The times of the seeded events: one every 100 ms, younger than what the retention removes. */
export const SEED_START_MS = Date.now() - 200 * 86_400_000;
export const SEED_STEP_MS = 100;

const APPLICATIONS = ['jira', 'jira', 'jira', 'jira', 'confluence', 'confluence', 'bitbucket'];
const AGENTS = ['curl/8.5.0', 'git/2.43.0', 'node', 'Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/132.0'];

/**
 * Fills the log as a busy gateway would: a chain of many successes, some refusals and failures, few changes. What is
 * named `rare` is in the oldest events alone, where a search that has to pass the newer ones would be slow.
 */
export async function seedAuditEvents(server: ScopegateFixture, count: number): Promise<void> {
  const chain = server.provider(AuditChain);
  for (let start = 0; start < count; start += BATCH) {
    const events = Array.from({ length: Math.min(BATCH, count - start) }, (_, index) => seededEvent(start + index));
    await server.provider(UnitOfWork).run(async ({ manager }) => {
      const head = await chain.lockHead(manager, 'seeded');
      await chain.append(manager, head, events.map(encodeEvent));
    });
  }
}

function seededEvent(index: number): AuditEvent {
  const isRare = index < 5;
  const kind = index % 100;
  const atMs = SEED_START_MS + index * SEED_STEP_MS;
  // Spread without a pattern that an index could profit from.
  const spread = (index * 7_919) % 10_007;
  const user = isRare ? 'rare' : `user${spread % 200}`;
  const common = {
    ...EMPTY_EVENT,
    id: `${eventIdBound(atMs)}${index.toString(32).toUpperCase().padStart(16, '0')}`,
    atMs,
    count: 1,
    actor: user,
    owner: user,
    tokenId: isRare ? 'rareToken000' : `token${String(spread % 300).padStart(7, '0')}`,
    tokenDescription: isRare ? 'rare description' : `Job ${spread % 300}`,
    tokenScope: 'read-only',
    credential: 'basic-token',
    clientIp: isRare ? '203.0.113.1' : `192.0.2.${spread % 250}`,
    peer: '192.0.2.1',
    method: 'GET',
    path: `/rest/api/2/issue/PROJECT-${spread}`,
    application: isRare ? 'rare' : (APPLICATIONS[spread % APPLICATIONS.length] ?? 'jira'),
    status: 200,
    durationMs: spread % 400,
    userAgent: AGENTS[spread % AGENTS.length] ?? null,
    requestId: `seeded-${index}`,
  } as const;
  if (isRare) return { ...common, type: 'user.deleted', outcome: 'changed', code: 'token_revoked' };
  if (kind < 3) {
    return { ...common, type: 'authentication.failed', outcome: 'failed', code: 'token_expired', status: 401 };
  }
  if (kind < 5) {
    return { ...common, type: 'permission.denied', outcome: 'denied', code: 'scope_insufficient', status: 403 };
  }
  return { ...common, type: 'authentication.succeeded', outcome: 'allowed', code: null };
}
